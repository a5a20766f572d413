"""Valkeys and Sentinels started by the scripts of deploy/valkey, on loopback ports instead of in
pods: the same files, users and passwords; a name is 127.0.0.1, and the ports differ."""

import os
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path

from lib.processes import (
    BINARY,
    REPOSITORY,
    Child,
    ReservedPort,
    clean_environment,
    wait_until,
)

SCRIPTS = REPOSITORY / "deploy/valkey"
USERS = ("loader", "chaac", "reader", "operator", "exporter", "replica", "sentinel")


def write_passwords(folder: Path) -> dict[str, str]:
    folder.mkdir(parents=True)
    passwords = {user: secrets.token_hex(16) for user in USERS}
    for user, password in passwords.items():
        (folder / user).write_text(password)
    return passwords


def tls_settings(folder: Path) -> dict[str, str]:
    """A configuration folder as components/valkey-tls mounts it: with TLS, and an authority of the
    test's own in the place of cert-manager's."""
    config, tls = folder / "config", folder / "config/tls"
    shutil.copytree(SCRIPTS, config)
    tls.mkdir()
    (config / "conf.d").mkdir()
    shipped = REPOSITORY / "deploy/kubernetes/components/valkey-tls/tls.conf"
    text = shipped.read_text()
    assert "/etc/valkey/tls/" in text
    (config / "conf.d/tls.conf").write_text(text.replace("/etc/valkey/tls/", f"{tls}/"))
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=test"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"),
            *("-keyout", tls / "tls.key", "-out", tls / "tls.crt"),
        ],
        check=True,
        capture_output=True,
    )
    shutil.copy(tls / "tls.crt", tls / "ca.crt")
    return {"VALKEY_CONFIG": str(config), "VALKEY_TLS_CA": str(tls / "ca.crt")}


class Node(Child):
    """A Valkey or a Sentinel, as a container would run it."""

    def __init__(self, name: str, folder: Path, script: str, settings: dict[str, str]):
        super().__init__(name, folder)
        self._script = script
        self._port = ReservedPort()
        self.port = self._port.number
        self.data = folder / f"{name}-data"
        run = folder / f"{name}-run"
        self.environment = {
            "PATH": os.environ["PATH"],
            "POD_NAME": "127.0.0.1",
            "VALKEY_CONFIG": str(SCRIPTS),
            "VALKEY_SECRETS": str(folder / "passwords"),
            "VALKEY_RUN": str(run),
            "VALKEY_DATA": str(self.data),
            "VALKEY_PORT": str(self.port),
            "SENTINEL_PORT": str(self.port),
            **settings,
        }
        self.data.mkdir()

    def _path(self, script: str) -> Path:
        """As in a container, the scripts lie beside the configuration."""
        return Path(self.environment["VALKEY_CONFIG"], script)

    def start(self) -> "Node":
        self.spawn(["/bin/sh", self._path(self._script)], self.environment)
        return self

    def start_on_small_volume(self, size: str, size_later: str) -> "Node":
        """On a volume of `size` (memory, seen by this process alone), which is made larger when the
        node has ended; then the node starts again, as its container would."""
        mount = f"mount -t tmpfs -o size={size} volume {self.data}"
        enlarge = f"mount -o remount,size={size_later} {self.data}"
        script = self._path(self._script)
        twice = f"/bin/sh {script} || echo ended with $?; {enlarge}; exec /bin/sh {script}"
        become_root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        self.spawn(
            ["unshare", *become_root, "--mount", "/bin/sh", "-c", f"{mount} && {{ {twice}; }}"],
            self.environment,
        )
        return self

    def lose_volume(self) -> None:
        shutil.rmtree(self.data)
        self.data.mkdir()

    def run(self, script: str, *words: str) -> subprocess.CompletedProcess:
        """What a probe or a hook would run in the container."""
        return subprocess.run(
            ["/bin/sh", self._path(script), *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def is_ready(self) -> bool:
        return self.run("ready.sh").returncode == 0

    def ask(self, user: str, *command: str, timeout_s: float = 10) -> str:
        password = Path(self.environment["VALKEY_SECRETS"], user).read_text()
        authority = self.environment.get("VALKEY_TLS_CA")
        tls = ["--tls", "--cacert", authority] if authority else []
        login = ["--user", user, "--no-auth-warning"]
        return subprocess.run(
            ["valkey-cli", "-p", str(self.port), *tls, *login, *command],
            env=self.environment | {"REDISCLI_AUTH": password},
            capture_output=True,
            text=True,
            timeout=timeout_s,
        ).stdout.strip()

    def role(self) -> str:
        return self.ask("sentinel", "ROLE").split("\n")[0]

    def wait_ready(self) -> "Node":
        wait_until(self.is_ready, f"{self.log_path.name} is ready")
        return self


def load_functions(node: Node, password_of: str = "loader") -> subprocess.CompletedProcess:
    """As the init container does."""
    passwords = node.environment["VALKEY_SECRETS"]
    load = [BINARY, "load", "--valkey-url", f"valkey://127.0.0.1:{node.port}"]
    load += ["--valkey-username", "loader", "--valkey-password-file", f"{passwords}/{password_of}"]
    return subprocess.run(load, env=clean_environment(), capture_output=True, text=True)


class Replicated:
    """One primary, two replicas, three Sentinels."""

    def __init__(self, folder: Path, settings: dict[str, str] | None = None):
        settings = settings or {}
        write_passwords(folder / "passwords")
        self.nodes = [Node(f"valkey-{i}", folder, "start.sh", settings) for i in range(3)]
        self.sentinels = [
            Node(
                f"sentinel-{i}",
                folder,
                "sentinel.sh",
                settings
                | {
                    "VALKEY_FIRST_PRIMARY": "127.0.0.1",
                    "VALKEY_PORT": str(self.nodes[0].port),
                },
            )
            for i in range(3)
        ]
        names = " ".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)
        for node in self.nodes:
            node.environment["VALKEY_SENTINELS"] = names

    def start(self) -> "Replicated":
        for node in self.nodes + self.sentinels:
            node.start()
        # They ask the primary for its replicas every ten seconds; the first answer has none.
        for sentinel in self.sentinels:
            wait_until(lambda s=sentinel: s.ask("sentinel", "PING") == "PONG", "a Sentinel answers")
        self.tell_sentinels("DEBUG", "INFO-PERIOD", "500")
        for node in self.nodes:
            node.wait_ready()
        self.tell_sentinels("DEBUG", "INFO-PERIOD", "10000")
        # A failover needs Sentinels that know the replicas and each other.
        wait_until(lambda: all(self._knows_all(s) for s in self.sentinels), "Sentinels know all")
        return self

    def tell_sentinels(self, *command: str):
        for sentinel in self.sentinels:
            assert sentinel.ask("sentinel", "SENTINEL", *command) == "OK", command

    def _knows_all(self, sentinel: Node) -> bool:
        lines = sentinel.ask("sentinel", "SENTINEL", "MASTER", "chaac").split("\n")
        facts = dict(zip(lines[::2], lines[1::2], strict=False))
        return facts.get("num-slaves") == "2" and facts.get("num-other-sentinels") == "2"

    def put_in_tilt(self, sentinels: list[Node]):
        """Their clocks seem to jump: they distrust them for 30 s, or until end_tilt()."""
        for sentinel in sentinels:
            sentinel.signal(signal.SIGSTOP)
        time.sleep(2.2)  # SENTINEL_TILT_TRIGGER is 2 s.
        for sentinel in sentinels:
            sentinel.signal(signal.SIGCONT)
        for sentinel in sentinels:
            wait_until(lambda s=sentinel: self._in_tilt(s), "a Sentinel in TILT")

    def end_tilt(self):
        self.tell_sentinels("DEBUG", "TILT-PERIOD", "100")
        wait_until(lambda: not any(map(self._in_tilt, self.sentinels)), "no Sentinel in TILT")
        self.tell_sentinels("DEBUG", "TILT-PERIOD", "30000")

    def _in_tilt(self, sentinel: Node) -> bool:
        return "sentinel_tilt:1" in sentinel.ask("sentinel", "INFO", "sentinel")

    def sentinels_that_see(self, replica: Node) -> int:
        """How many list it as one that is there."""
        count = 0
        for sentinel in self.sentinels:
            lines = sentinel.ask("sentinel", "SENTINEL", "REPLICAS", "chaac").split("\n")
            for name, flags in zip(lines[1::2], lines[9::2], strict=False):
                if name == f"127.0.0.1:{replica.port}":
                    count += not {"s_down", "o_down", "disconnected"} & set(flags.split(","))
        return count

    def primaries(self) -> list[Node]:
        return [node for node in self.nodes if node.role() == "master"]

    def kill(self) -> None:
        for node in self.nodes + self.sentinels:
            node.kill()
