"""The whole system in containers: three Valkeys and three Sentinels, two servers, NGINX in front of
them, Prometheus, on a network of its own with fixed addresses. Pods are as the manifests have them
(pods.py); what stands in for what a deployment pulls: docs/deploy.md."""

import contextlib
import uuid
from pathlib import Path

from lib.metrics import parse
from lib.processes import REPOSITORY, wait_until
from lib.wire import get

from containers.docker import NOBODY, Container, docker
from containers.pods import Cluster
from containers.store import NODE_DOMAIN, NODES, SENTINEL_DOMAIN, Store, make_certificates
from containers.watch import Watch

SERVER_IMAGE = "chaac/server:test"
LOCUST_IMAGE = "chaac/locust:test"
STAND_INS_IMAGE = "chaac/stand-ins:test"
NETWORK = "172.31.199"  # Fixed addresses: NGINX must find a restarted server where it was.
SERVERS = ("chaac-1", "chaac-2")  # As deploy/nginx/upstream.conf names them.
WRONG = "chaac-wrong"  # A server that is given something wrong.
EXTRA_SECRETS = "/secrets"  # Where a server of a test finds other passwords and authorities.


class Deployment:
    """Starts everything; close() removes everything. One at a time: its addresses are fixed."""

    def __init__(self, folder: Path):
        self.name = f"chaac-{uuid.uuid4().hex[:8]}"
        self.folder = folder
        folder.chmod(0o755)  # Containers read it as another user.
        self.containers: list[Container] = []
        self.cluster = Cluster(self.name, folder, self.name)
        self.cluster.addresses = _addresses()
        self._write_secrets()
        docker("network", "create", "--subnet", f"{NETWORK}.0/24", self.name)
        try:
            self.store = Store(self.cluster, STAND_INS_IMAGE, self._keep)
            self.store.wait_ready()
            self._load_functions()
            self.servers = [self.start_server(name) for name in SERVERS]
            for server in self.servers:
                server.wait_healthy()
            self.edge = self._start_edge()
            self.wait_edge_ready()
            self.watch = Watch(self.cluster, SERVERS, STAND_INS_IMAGE, self._keep)
        except BaseException:
            self.close()
            raise

    def close(self):
        for container in reversed(self.containers):
            container.remove()
        docker("network", "rm", self.name, check=False)
        self.cluster.remove_volumes()

    @property
    def port(self) -> int:
        """The edge's."""
        return self.edge.port(8080)

    def start_server(self, name: str, **environment: str | None) -> Container:
        """A server; `environment` overrides the manifest's, None leaves a variable out."""
        return self._keep(
            self.cluster.pod("chaac", name).start(
                "chaac",
                SERVER_IMAGE,
                "--volume",
                f"{self.folder}/secrets:{EXTRA_SECRETS}:ro",
                "--publish",
                "127.0.0.1::8081",
                "--publish",
                "127.0.0.1::9081",
                "--health-interval",
                "1s",
                **environment,
            )  # fmt: skip
        )

    def discard(self, container: Container):
        self.containers.remove(container)
        container.remove()

    @contextlib.contextmanager
    def empty_store_and(self, **environment: str):
        """Nothing is stored, and the servers are told more, while the block runs."""
        self._replace_servers(environment)
        try:
            yield
        finally:
            self._replace_servers({})

    def stored(self, municipality: str) -> int:
        return int(self.store.ask(self.store.primary(), "get", f"count:{municipality}") or 0)

    def wait_edge_ready(self):
        wait_until(self._edge_ready, "the edge reaches a server")

    def _keep(self, container: Container) -> Container:
        self.containers.append(container)
        return container

    def _write_secrets(self):
        secrets = self.folder / "secrets"
        secrets.mkdir()
        asked = self.cluster.certificate("valkey")
        self.cluster.secrets["valkey-tls"] = make_certificates(
            secrets, asked["dnsNames"], asked["ipAddresses"]
        )
        for user, password in self.cluster.passwords.items():
            (secrets / user).write_text(password + "\n")
        for path in secrets.iterdir():
            path.chmod(0o644)

    def _load_functions(self):
        """The server's init container."""
        loader = self._keep(self.cluster.pod("chaac", SERVERS[0]).start("load", SERVER_IMAGE))
        wait_until(lambda: not loader.state()["Running"], "the library is installed")
        assert loader.state()["ExitCode"] == 0, loader.log()
        self.discard(loader)

    def _replace_servers(self, environment: dict[str, str]):
        for server in self.servers:
            self.discard(server)
        self.store.ask(self.store.primary(), "flushall", user="operator")
        self._load_functions()
        self.servers = [self.start_server(name, **environment) for name in SERVERS]
        for server in self.servers:
            server.wait_healthy()
            wait_until(lambda s=server: get(s.port(8081), "/ready").status == 200, "it is ready")
        self.wait_edge_ready()

    def _start_edge(self) -> Container:
        options = (
            *self.cluster.network_options("edge"), "--network-alias", "edge",
            "--tmpfs", "/tmp:mode=1777,size=64m",
            "--volume", f"{REPOSITORY}/deploy/nginx:/etc/nginx:ro",
            "--publish", "127.0.0.1::8080",
        )  # fmt: skip
        command = ("nginx", "-c", "/etc/nginx/nginx.conf", "-g", "daemon off;")
        return self._keep(
            Container(f"{self.name}-edge", STAND_INS_IMAGE, *command, options=options, user=NOBODY)
        )

    def _edge_ready(self) -> bool:
        assert self.edge.state()["Running"], self.edge.log()
        try:
            return get(self.port, "/ready").status == 200
        except OSError:
            return False


def _addresses() -> dict[str, str]:
    hosts = {"edge": 20, "prometheus-0": 30, "valkey.weather-system.svc.cluster.local": 50}
    hosts |= {name: 11 + number for number, name in enumerate((*SERVERS, WRONG))}
    for number in range(NODES):
        hosts[f"valkey-{number}.{NODE_DOMAIN}"] = 50 + number
        hosts[f"sentinel-{number}.{SENTINEL_DOMAIN}"] = 60 + number
    return {host: f"{NETWORK}.{address}" for host, address in hosts.items()}


def metrics_of(server: Container) -> dict:
    """The server's own figures, from its admin port."""
    return parse(get(server.port(9081), "/metrics").body.decode())
