"""Who really talks to whom: the connections in every container's network, as its kernel lists them,
are held against the NetworkPolicies of the overlay, which docs/deploy.md draws."""

import socket
import struct
import time
from pathlib import Path

from lib.processes import wait_until

from containers.deployment import NETWORK, SERVERS
from containers.docker import docker
from deploy import arrows

LISTENING = "0A"
LOOK_SECONDS = 0.3  # After each prompt to connect anew; looking goes on until all was seen.
OURSELVES = f"{NETWORK}.1"  # The tests, which come by the bridge.
# Each is seen in a run: a check that sees nothing would pass.
EXPECTED = {
    ("edge", "chaac", 8081),
    ("chaac", "valkey", 6379),
    ("chaac", "sentinel", 26379),
    ("valkey", "valkey", 6379),
    ("sentinel", "valkey", 6379),
    ("sentinel", "sentinel", 26379),
    ("prometheus", "chaac", 9081),
}


def _address(text: str) -> tuple[str, int]:
    """An address of /proc/net/tcp or tcp6: words of 32 bits in the machine's own order."""
    host, port = text.split(":")
    words = [struct.pack("=I", int(host[i : i + 8], 16)) for i in range(0, len(host), 8)]
    return socket.inet_ntoa(words[-1]), int(port, 16)


def _workload(pod: str) -> str:
    return "chaac" if pod in SERVERS else pod.split("-")[0]


class Looker:
    """Collects the arrows of all TCP connections that it has seen, those within a container and our
    own left out. A host that has no name here is named by its address."""

    def __init__(self, deployment):
        hosts = deployment.cluster.addresses.items()
        self._names = {address: _workload(host.split(".")[0]) for host, address in hosts}
        self._tables = [
            [Path(f"/proc/{container.state()['Pid']}/net/{table}") for table in ("tcp", "tcp6")]
            for container in deployment.containers
        ]
        self.found: set[arrows.Arrow] = set()

    def look(self, seconds: float = 0):
        """At least once, then over and over: some connections live for milliseconds."""
        deadline = time.monotonic() + seconds
        while True:
            for tables in self._tables:
                self._look_into(tables)
            if time.monotonic() >= deadline:
                return

    def _look_into(self, tables: list[Path]):
        lines = [line.split()[1:4] for t in tables for line in t.read_text().splitlines()[1:]]
        ends = [(_address(own), _address(other), state) for own, other, state in lines]
        listening = {own[1] for own, _, state in ends if state == LISTENING}
        for own, other, state in ends:
            if state == LISTENING or own[0].startswith("127.") or other[0] == OURSELVES:
                continue
            came_in = own[1] in listening
            source, target = (other, own) if came_in else (own, other)
            self.found.add((self._name(source[0]), self._name(target[0]), target[1]))

    def _name(self, address: str) -> str:
        return self._names.get(address, address)


def drawn(deployment) -> set[arrows.Arrow]:
    return arrows.of_policies(deployment.cluster.objects)


def test_only_what_is_drawn_is_open(deployment):
    """The store ends the servers' connections meanwhile, so that they ask the Sentinels again."""
    looker, store = Looker(deployment), deployment.store

    def all_seen():
        store.ask(store.primary(), "client", "kill", "user", "chaac", user="operator")
        looker.look(LOOK_SECONDS)
        return looker.found >= EXPECTED

    try:
        wait_until(all_seen, "every drawn connection is open", 60)
    except AssertionError as error:
        raise AssertionError(f"never seen: {EXPECTED - looker.found}") from error
    assert looker.found - drawn(deployment) == set()
    deployment.wait_edge_ready()


def test_what_is_not_drawn_is_seen(deployment):
    """The edge may not talk to the store."""
    store = deployment.cluster.addresses["valkey.weather-system.svc.cluster.local"]
    connect = f"exec 3<>/dev/tcp/{store}/6379; sleep 5"
    docker("exec", "--detach", deployment.edge.name, "bash", "-c", connect)
    looker = Looker(deployment)
    wait_until(lambda: looker.look() or ("edge", "valkey", 6379) in looker.found, "it is seen")
    assert looker.found - drawn(deployment) == {("edge", "valkey", 6379)}
