"""The whole system in containers: Valkey with TLS and users, two servers, NGINX in front of them,
on a network of its own with fixed addresses. Stand-ins for what deployments pull: docs/deploy.md.
"""

import subprocess
import uuid
from pathlib import Path

from lib.metrics import parse
from lib.processes import REPOSITORY, wait_until
from lib.wire import get

from containers.docker import Container, docker

HERE = Path(__file__).resolve().parent
SERVER_IMAGE = "chaac/server:test"
LOCUST_IMAGE = "chaac/locust:test"
STAND_INS_IMAGE = "chaac/stand-ins:test"
NETWORK = "172.31.199"  # Fixed addresses: NGINX must find a restarted server where it was.
USER = "65532:65532"
DRAIN_DELAY_MS = 5000


class Deployment:
    """Starts everything; close() removes everything. One at a time: its addresses are fixed."""

    def __init__(self, folder: Path):
        self.name = f"chaac-{uuid.uuid4().hex[:8]}"
        self.folder = folder
        folder.chmod(0o755)  # Containers read it as another user.
        self.passwords = {user: uuid.uuid4().hex for user in ("chaac", "reader", "blind")}
        self.containers: list[Container] = []
        self._write_secrets()
        docker("network", "create", "--subnet", f"{NETWORK}.0/24", self.name)
        try:
            self.valkey = self._start_valkey()
            self.servers = [self.start_server(f"chaac-{n}", address=10 + n) for n in (1, 2)]
            for server in self.servers:
                server.wait_healthy()
            self.edge = self._start_edge()
            wait_until(lambda: self._edge_ready(), "the edge reaches a server")
        except BaseException:
            self.close()
            raise

    def close(self):
        for container in reversed(self.containers):
            container.remove()
        docker("network", "rm", self.name, check=False)

    @property
    def port(self) -> int:
        """The edge's."""
        return self.edge.port(8080)

    def on_network(self, address: int, alias: str | None = None) -> tuple:
        options = ("--network", self.name, "--ip", f"{NETWORK}.{address}")
        return (*options, "--network-alias", alias) if alias else options

    def start_server(self, alias: str, address: int, **environment: str) -> Container:
        """A server; `environment` overrides what it is told, None leaves a variable out."""
        settings = {
            "CHAAC_VALKEY_URL": "valkeys://valkey:6379",
            "CHAAC_VALKEY_CA_FILE": "/secrets/ca.pem",
            "CHAAC_VALKEY_USERNAME": "chaac",
            "CHAAC_VALKEY_PASSWORD_FILE": "/secrets/chaac",
            "CHAAC_LOOPS": "1",
            "CHAAC_DRAIN_DELAY_MS": str(DRAIN_DELAY_MS),
            "CHAAC_LOG_FORMAT": "json",
        } | environment
        variables = [
            word
            for name, value in settings.items()
            if value is not None
            for word in ("--env", f"{name}={value}")
        ]
        options = (
            *self.on_network(address, alias), *variables,
            "--volume", f"{self.folder}/secrets:/secrets:ro",
            "--publish", "127.0.0.1::8081", "--publish", "127.0.0.1::9081",
            "--health-interval", "1s",
        )  # fmt: skip
        return self._keep(Container(f"{self.name}-{alias}", SERVER_IMAGE, options=options))

    def valkey_cli(self, *words: str, user: str | None = "reader") -> str:
        """What valkey-cli prints, error replies too; without a user it gives no password."""
        known = ("--env", f"REDISCLI_AUTH={self.passwords[user]}") if user else ()
        return docker(
            "exec", *known, self.valkey.name, "valkey-cli", *(("--user", user) if user else ()),
            "--no-auth-warning", "--tls", "--cacert", "/secrets/ca.pem", *words, check=False,
        )  # fmt: skip

    def stored(self, municipality: str) -> int:
        return int(self.valkey_cli("get", f"count:{municipality}") or 0)

    def _keep(self, container: Container) -> Container:
        self.containers.append(container)
        return container

    def _write_secrets(self):
        secrets = self.folder / "secrets"
        secrets.mkdir()
        users = (HERE / "stand_ins/users.acl").read_text()
        for user, password in self.passwords.items():
            (secrets / user).write_text(password + "\n")
            users = users.replace(f"%{user}%", password)
        (secrets / "users.acl").write_text(users)
        make_certificates(secrets)
        for path in secrets.iterdir():
            path.chmod(0o644)

    def _start_valkey(self) -> Container:
        options = (
            *self.on_network(10, "valkey"), "--user", USER, "--volume", "/data",
            "--volume", f"{self.folder}/secrets:/secrets:ro",
        )  # fmt: skip
        command = (
            "valkey-server", "--port", "0", "--tls-port", "6379", "--tls-auth-clients", "no",
            "--tls-ca-cert-file", "/secrets/ca.pem", "--tls-cert-file", "/secrets/valkey.pem",
            "--tls-key-file", "/secrets/valkey.key", "--aclfile", "/secrets/users.acl",
            "--protected-mode", "no", "--dir", "/data", "--appendonly", "yes",
            "--appendfsync", "always", "--maxmemory-policy", "noeviction", "--save", "",
        )  # fmt: skip
        valkey = self._keep(
            Container(f"{self.name}-valkey", STAND_INS_IMAGE, *command, options=options)
        )
        wait_until(
            lambda: "Ready to accept connections" in valkey.log(), f"Valkey:\n{valkey.log()}"
        )
        return valkey

    def _start_edge(self) -> Container:
        options = (
            *self.on_network(20, "edge"), "--user", USER, "--tmpfs", "/tmp:mode=1777,size=64m",
            "--volume", f"{REPOSITORY}/deploy/nginx:/etc/nginx:ro",
            "--publish", "127.0.0.1::8080",
        )  # fmt: skip
        command = ("nginx", "-c", "/etc/nginx/nginx.conf", "-g", "daemon off;")
        return self._keep(
            Container(f"{self.name}-edge", STAND_INS_IMAGE, *command, options=options)
        )

    def _edge_ready(self) -> bool:
        assert self.edge.state()["Running"], self.edge.log()
        try:
            return get(self.port, "/ready").status == 200
        except OSError:
            return False


def metrics_of(server: Container) -> dict:
    """The server's own figures, from its admin port."""
    return parse(get(server.port(9081), "/metrics").body.decode())


def make_certificates(folder: Path):
    """An authority of the test's own (ca.pem), and a certificate of the name valkey."""

    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    new = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
    openssl(*new, "-subj", "/CN=Chaac test", "-keyout", "ca.key", "-out", "ca.pem")
    openssl(*new, "-subj", "/CN=Another", "-keyout", "other.key", "-out", "other.pem")
    openssl(
        *new, "-subj", "/CN=valkey", "-keyout", "valkey.key", "-out", "valkey.pem",
        "-CA", "ca.pem", "-CAkey", "ca.key",
        "-addext", "subjectAltName=DNS:valkey,DNS:localhost,IP:127.0.0.1",
        "-addext", "basicConstraints=critical,CA:false",
    )  # fmt: skip
