"""A replicated store whose nodes are stopped on purpose, with real Valkeys and Sentinels, under the
load of a server that waits for one of two replicas: when a replica is ready, who is asked to
promote one, and what is taken until the node has ended. Each test leaves the store as the next one
needs it."""

import re
import shutil
import signal
import time
from pathlib import Path

import pytest
from lib.processes import Server, wait_until
from lib.threads import Repeating
from lib.wire import exchange, post

from deploy.store import SCRIPTS, Node, Replicated, load_functions

ORDER = "Executing user requested FAILOVER"  # What a Sentinel logs that was asked for it.


class Stations(Repeating):
    """Four clients whose reports are sent again under their ids until they are acknowledged."""

    def __init__(self, port: int, name: str):
        self.acknowledged_at: list[float] = []
        self._port, self._name = port, name
        self._given_up = False
        super().__init__(4)

    def _run(self, number: int):
        count = 0
        while not self._stop.is_set():
            count += 1
            report = {"municipality": "mixco", "temperature": 20}
            request = post(report, idempotency_key=f"{self._name}-{number}-{count}")
            while exchange(self._port, request).status != 200:
                if self._given_up:
                    return
                time.sleep(0.01)
            self.acknowledged_at.append(time.monotonic())
            time.sleep(0.01)

    def __enter__(self) -> "Stations":
        wait_until(lambda: self.acknowledged > 100, "reports are acknowledged")
        return self

    def __exit__(self, failure, *_):
        self._given_up = failure is not None
        self.stop()

    @property
    def acknowledged(self) -> int:
        return len(self.acknowledged_at)

    def longest_gap_s(self) -> float:
        times = sorted(self.acknowledged_at)
        return max(after - before for before, after in zip(times, times[1:], strict=False))


class Store:
    """The nodes, the server in front of them, and how much was acknowledged by now."""

    def __init__(self, folder: Path):
        self.replicated = Replicated(folder)
        self.sentinels = self.replicated.sentinels
        self.nodes = self.replicated.nodes
        self._acknowledged = 0
        password = folder / "passwords/chaac"
        names = self.nodes[0].environment["VALKEY_SENTINELS"].replace(" ", ",")
        self.server = Server(
            folder / "server", "valkey://unused",
            "--valkey-username", "chaac", "--valkey-password-file", password,
            "--valkey-sentinels", names, "--valkey-sentinel-master", "chaac",
            "--valkey-sentinel-username", "chaac", "--valkey-sentinel-password-file", password,
            "--ack", "replica", "--ack-replicas", "1",
        )  # fmt: skip
        # With less patience, for the tests that wait for its end.
        self.hurried = folder / "hurried"
        shutil.copytree(SCRIPTS, self.hurried)
        script = self.hurried / "leave.sh"
        text = script.read_text()
        for name in ("SENTINELS_S", "PROMOTION_S"):
            text = re.sub(rf"{name}=\d+", f"{name}=2", text, count=1)
        script.write_text(text)

    def start(self) -> "Store":
        self.replicated.start()
        for sentinel in self.sentinels:
            self._hurry(sentinel)
        loaded = load_functions(self.nodes[0])
        assert loaded.returncode == 0, loaded.stderr
        self.server.start()
        return self

    def start_sentinel(self, sentinel: Node):
        sentinel.start()
        wait_until(lambda: sentinel.ask("sentinel", "PING") == "PONG", "a Sentinel answers")
        self._hurry(sentinel)

    def _hurry(self, sentinel: Node):
        """Less patience than is shipped, as nodes die here; and when the Sentinels elect nobody,
        as each of them wants to do it, they try again after twice the latter."""
        patience = {"down-after-milliseconds": 2000, "failover-timeout": 6000}
        for setting, milliseconds in patience.items():
            told = sentinel.ask("sentinel", "SENTINEL", "SET", "chaac", setting, str(milliseconds))
            assert told == "OK"

    def primary(self) -> Node:
        (primary,) = self.replicated.primaries()
        return primary

    def replicas(self) -> list[Node]:
        primary = self.primary()
        return [node for node in self.nodes if node is not primary]

    def stations(self, name: str) -> Stations:
        return Stations(self.server.port, name)

    def orders(self) -> int:
        return sum(sentinel.log().count(ORDER) for sentinel in self.sentinels)

    def require_all_stored(self, stations: Stations):
        """Once all that was sent is acknowledged, the primary has just that."""
        before = stations.acknowledged
        wait_until(lambda: stations.acknowledged > before + 100, "reports are taken again", 60)
        stations.stop()
        self._acknowledged += stations.acknowledged
        wait_until(lambda: len(self.replicated.primaries()) == 1, "one primary")
        stored = int(self.primary().ask("reader", "GET", "count:mixco"))
        assert stored == self._acknowledged

    def kill(self):
        self.server.kill()
        self.replicated.kill()


@pytest.fixture(scope="module")
def store(module_folder):
    store = Store(module_folder)
    try:
        yield store.start()
    finally:
        store.kill()


def require_closed(stations: Stations):
    """No report is acknowledged any more."""
    before = stations.acknowledged
    time.sleep(0.5)
    assert stations.acknowledged == before


def restart(node: Node):
    """The container ends and its pod has another one."""
    node.terminate()
    node.start().wait_ready()


def replace_dead(store: Store, node: Node) -> Node:
    """Starts a node as soon as another one is promoted, and returns that one. The Sentinels may not
    yet agree: the node must not be a primary again, for what it took then would be dropped."""
    (promoted,) = wait_until(store.replicated.primaries, "another primary")
    was_primary = node.log().count("role: self")
    node.start().wait_ready()
    assert node.role() == "slave" and node.log().count("role: self") == was_primary
    return promoted


def test_a_rolling_restart_hands_over_and_loses_nothing(store):
    """The primary last, as Kubernetes takes it when it is the first pod. The gap that is printed is
    the pause of that one hand-over."""
    with store.stations("rolling") as stations:
        for node in [*store.replicas(), store.primary()]:
            others = [other for other in store.nodes if other is not node]
            was_primary = node.role() == "master"
            if was_primary:
                assert all(store.replicated.sentinels_that_see(other) >= 2 for other in others)
            left = node.run("leave.sh")
            assert left.returncode == 0, left.stderr
            if was_primary:
                assert left.stderr == "leave.sh: the role is slave now.\n"
            restart(node)
            assert node.role() == "slave" and store.replicated.sentinels_that_see(node) >= 2
        store.require_all_stored(stations)
        print(
            f"{stations.acknowledged} acknowledged and stored,"
            f" {stations.longest_gap_s():.1f} s without an acknowledgement at most"
        )


def test_a_replica_is_ready_when_two_sentinels_see_it(store):
    """And stays so while they are away. The primary does not need them."""
    primary, (replica, other) = store.primary(), store.replicas()
    for sentinel in store.sentinels:
        sentinel.kill()
    assert replica.is_ready() and other.is_ready() and primary.is_ready()

    # Two Sentinels tell it its role and are gone when it follows.
    replica.kill()
    started = replica.log().count("start.sh: role: ")
    for sentinel in store.sentinels[:2]:
        sentinel.start()
    replica.start()
    wait_until(lambda: replica.log().count("start.sh: role: ") > started, "it has a role", 30)
    for sentinel in store.sentinels[:2]:
        sentinel.kill()
    follows = "master_link_status:up"
    wait_until(lambda: follows in replica.ask("reader", "INFO", "replication"), "it follows")
    assert replica.run("ready.sh", "started").returncode == 0
    for answering in range(2):
        said = replica.run("ready.sh")
        assert said.returncode == 1
        assert f"{answering} answer and may act, and two must" in said.stderr, said
        store.start_sentinel(store.sentinels[answering])
    replica.wait_ready()
    assert store.replicated.sentinels_that_see(replica) == 2
    store.start_sentinel(store.sentinels[2])
    for node in (replica, other):
        node.wait_ready()


def test_a_sentinel_that_distrusts_its_clock_is_not_asked(store):
    """It would say OK, and obey much later. The third one is asked, and all learn of it."""
    with store.stations("tilt") as stations:
        primary, orders = store.primary(), store.orders()
        in_tilt = store.sentinels[:2]
        before = sum(sentinel.log().count(ORDER) for sentinel in in_tilt)
        store.replicated.put_in_tilt(in_tilt)
        left = primary.run("leave.sh")
        assert left.stderr == "leave.sh: the role is slave now.\n"
        assert sum(sentinel.log().count(ORDER) for sentinel in in_tilt) == before
        assert store.orders() == orders + 1
        store.replicated.end_tilt()
        restart(primary)
        store.require_all_stored(stations)


def test_a_sentinel_that_hangs_is_not_waited_for_while_writes_are_paused(store, folder):
    """As when its machine is lost: the connection is neither taken nor refused."""
    asked = folder / "asked"
    wrapper = folder / "valkey-cli"
    wrapper.write_text(f'#!/bin/sh\necho "$*" >>{asked}\nexec {shutil.which("valkey-cli")} "$@"\n')
    wrapper.chmod(0o755)
    with store.stations("hangs") as stations:
        primary, hanging = store.primary(), store.sentinels[0]
        path = primary.environment["PATH"]
        hanging.signal(signal.SIGSTOP)
        try:
            primary.environment["PATH"] = f"{folder}:{path}"
            left = primary.run("leave.sh")
        finally:
            primary.environment["PATH"] = path
            hanging.signal(signal.SIGCONT)
        assert left.stderr == "leave.sh: the role is slave now.\n"
        calls = asked.read_text().splitlines()
        (paused_at,) = (number for number, call in enumerate(calls) if "CLIENT PAUSE" in call)
        to_it = f"-p {hanging.port} "
        assert any(to_it in call for call in calls[:paused_at])
        assert not any(to_it in call for call in calls[paused_at:])
        store.replicated.end_tilt()
        restart(primary)
        store.require_all_stored(stations)


def test_a_failover_that_is_under_way_is_followed(store):
    """The replica that is promoted has left the node, so nothing is left to wait for; and a second
    order could promote the other one. Without load: an order of somebody who does not pause writes
    before may lose some."""
    primary, orders = store.primary(), store.orders()
    assert store.sentinels[1].ask("sentinel", "SENTINEL", "FAILOVER", "chaac") == "OK"
    left = primary.run("leave.sh")
    assert left.stderr == "leave.sh: the role is slave now.\n"
    assert store.orders() == orders + 1
    for node in store.nodes:
        node.wait_ready()


def test_while_no_sentinel_may_act_writes_go_on_until_the_time_is_up(store):
    """Then the node ends as the primary: nobody was asked, so nobody promotes a replica later, and
    what reaches the node in its last moments is not taken."""
    with store.stations("all-in-tilt") as stations:
        primary, orders = store.primary(), store.orders()
        store.replicated.put_in_tilt(store.sentinels)
        before = stations.acknowledged
        left = primary.run(store.hurried / "leave.sh")
        assert "no Sentinel may act after 2 s, 3 of them distrust their clocks" in left.stderr
        assert left.stderr.endswith("the role is master now.\n")
        assert stations.acknowledged > before + 50
        require_closed(stations)
        assert store.orders() == orders
        store.replicated.end_tilt()
        assert store.primary() is primary
        assert primary.ask("operator", "CLIENT", "UNPAUSE") == "OK"  # Instead of its end.
        store.require_all_stored(stations)


def test_a_node_stays_closed_when_the_sentinel_that_said_yes_is_gone(store):
    """Nobody knows whether it has promoted a replica: what the node takes may be dropped."""
    with store.stations("gone") as stations:
        primary = store.primary()
        store.replicated.tell_sentinels("SIMULATE-FAILURE", "CRASH-AFTER-ELECTION")
        left = primary.run(store.hurried / "leave.sh")
        assert "no other primary after 2 s" in left.stderr, left
        assert left.stderr.endswith("the role is master now.\n")
        (asked,) = (sentinel for sentinel in store.sentinels if not sentinel.running)
        require_closed(stations)
        for sentinel in store.sentinels:  # Asked for help, it forgets that it is to crash.
            sentinel.ask("sentinel", "SENTINEL", "SIMULATE-FAILURE", "HELP")
        store.start_sentinel(asked)
        primary.terminate()
        replace_dead(store, primary)
        store.require_all_stored(stations)


def test_a_replica_that_lags_is_not_promoted(store):
    """The Sentinels see it, and what they know of its offset is old; the primary has lost it. Asked
    now, they might take it; when the primary is gone they look first, and take the other one."""
    with store.stations("lags") as stations:
        primary, (lagging, other) = store.primary(), store.replicas()
        orders = store.orders()
        password = Path(lagging.environment["VALKEY_SECRETS"], "replica").read_text()
        assert lagging.ask("operator", "CONFIG", "SET", "primaryauth", "wrong") == "OK"
        lagging.ask("operator", "CLIENT", "KILL", "TYPE", "master")
        wait_until(
            lambda: "connected_slaves:1" in primary.ask("reader", "INFO", "replication"),
            "it is cut off",
        )
        assert not lagging.is_ready()
        assert store.replicated.sentinels_that_see(lagging) == 3
        before = stations.acknowledged
        wait_until(lambda: stations.acknowledged > before + 100, "the other one has more")
        left = primary.run("leave.sh")
        assert "the replicas that may be promoted do not have all after 3 s" in left.stderr, left
        assert store.orders() == orders
        require_closed(stations)
        primary.terminate()
        assert lagging.ask("operator", "CONFIG", "SET", "primaryauth", password) == "OK"
        assert replace_dead(store, primary) is other
        lagging.wait_ready()
        store.require_all_stored(stations)
