"""The store as deployed: three Valkeys and three Sentinels in containers, by the scripts, the users
and the configuration of deploy/valkey, with TLS."""

import json
import subprocess
from pathlib import Path

from lib.model import DUMP_SCRIPT, Dump, dump_of
from lib.processes import wait_until

from containers.docker import Container
from containers.pods import Cluster

NODES = 3
NODE_DOMAIN = "valkey-nodes.weather-system.svc.cluster.local"
SENTINEL_DOMAIN = "sentinel.weather-system.svc.cluster.local"
GROUP = "chaac"
PORT, SENTINEL_PORT = 6379, 26379
_CONNECT = ("valkey-cli", "-h", "127.0.0.1", "--no-auth-warning", "--tls",
            "--cacert", "/etc/valkey/tls/ca.crt")  # fmt: skip
_START_SECONDS_MAX = 120


class Store:
    """Nodes and Sentinels by their numbers. At first the first node is the primary."""

    def __init__(self, cluster: Cluster, image: str, keep):
        """`keep` is given each container as soon as there is one."""
        self._cluster = cluster
        self._image = image
        self.sentinels = [keep(self._start("sentinel", number)) for number in range(NODES)]
        self.nodes = [keep(self._start("valkey", number)) for number in range(NODES)]

    def _start(self, workload: str, number: int) -> Container:
        return self._cluster.pod(workload, f"{workload}-{number}").start(workload, self._image)

    def wait_ready(self):
        """Until the shipped probe says so of every node, and the Sentinels know all of them."""
        for node in self.nodes:
            wait_until(
                lambda n=node: n.succeeds("/bin/sh", "/etc/valkey/ready.sh"),
                f"{node.name} is ready:\n{node.log()[-2000:]}",
                _START_SECONDS_MAX,
            )
        wait_until(
            lambda: all(self._knows_all(sentinel) for sentinel in self.sentinels),
            "the Sentinels know all",
            _START_SECONDS_MAX,
        )

    def ask(self, node: Container, *words: str, user: str | None = "reader") -> str:
        """What a node answers, errors too; without a user, to somebody without a password."""
        login = ("--user", user) if user else ()
        return node.run(
            *_CONNECT, "-p", str(PORT), *login, *words, environment=self._password(user)
        )

    def primary(self) -> Container:
        """As the Sentinels say; they are asked until one does."""
        host = wait_until(self._named_primary, "a Sentinel names the primary")
        return self.nodes[int(host.split(".")[0].removeprefix("valkey-"))]

    def url(self, node: Container, scheme: str = "valkeys", port: int = PORT) -> str:
        """Of one node, for a server that is told of no Sentinel."""
        return f"{scheme}://valkey-{self.nodes.index(node)}.{NODE_DOMAIN}:{port}"

    def dump(self) -> Dump:
        """All keys and values of the primary at one instant, as somebody who may read them all."""
        text = self.ask(self.primary(), "--json", "EVAL", DUMP_SCRIPT, "0", user="operator")
        return dump_of(json.loads(text))

    def _named_primary(self) -> str | None:
        for sentinel in self.sentinels:
            lines = self._ask_sentinel(sentinel, "get-primary-addr-by-name").splitlines()
            if len(lines) == 2 and lines[0].startswith("valkey-"):
                return lines[0]
        return None

    def _knows_all(self, sentinel: Container) -> bool:
        lines = self._ask_sentinel(sentinel, "primary").splitlines()
        facts = dict(zip(lines[::2], lines[1::2], strict=False))
        known = (facts.get("num-slaves"), facts.get("num-other-sentinels"))
        return known == (str(NODES - 1),) * 2 and facts.get("flags") == "master"

    def _ask_sentinel(self, sentinel: Container, question: str) -> str:
        return sentinel.run(
            *_CONNECT, "-p", str(SENTINEL_PORT), "--user", "sentinel",
            "SENTINEL", question, GROUP, environment=self._password("sentinel"),
        )  # fmt: skip

    def _password(self, user: str | None) -> dict[str, str]:
        return {"REDISCLI_AUTH": self._cluster.passwords[user]} if user else {}


def make_certificates(folder: Path, names: list[str], addresses: list[str]) -> dict[str, bytes]:
    """The Secret that cert-manager would make: an authority of the test's own, and a certificate.
    In `folder` lies another authority besides, other.pem, which signed nothing."""

    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    new = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
           "-nodes", "-days", "2")  # fmt: skip
    alternatives = [f"DNS:{name}" for name in names] + [f"IP:{address}" for address in addresses]
    openssl(*new, "-subj", "/CN=Chaac test", "-keyout", "ca.key", "-out", "ca.crt")
    openssl(*new, "-subj", "/CN=Another", "-keyout", "other.key", "-out", "other.pem")
    openssl(
        *new, "-subj", "/CN=valkey", "-keyout", "tls.key", "-out", "tls.crt",
        "-CA", "ca.crt", "-CAkey", "ca.key",
        "-addext", f"subjectAltName={','.join(alternatives)}",
        "-addext", "basicConstraints=critical,CA:false",
    )  # fmt: skip
    return {name: (folder / name).read_bytes() for name in ("ca.crt", "tls.crt", "tls.key")}
