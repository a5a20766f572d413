"""The real processes that tests run: a private Valkey and the server's binary. Each listens on
loopback or a unix socket only, writes its output into the folder it is given, and dies with us."""

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from lib.ports import ReservedPort
from lib.resp import RespClient, RespError

REPOSITORY = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("CHAAC_BINARY", REPOSITORY / "build/release/chaac"))
START_SECONDS_MAX = 30  # A start that takes longer has failed; never reached on a healthy machine.
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


def sanitized() -> bool:
    """Whether the server's binary has a sanitizer in it, which multiplies memory and time."""
    return any(word in BINARY.read_bytes() for word in (b"__asan_init", b"__tsan_init"))


def wait_until(condition, what: str, timeout_s: float = START_SECONDS_MAX):
    """The first true value of `condition()`; AssertionError that names `what` after the limit."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout_s} s in vain: {what}")
        time.sleep(0.01)


def _die_with_parent():
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def clean_environment() -> dict[str, str]:
    """Our environment without anything that configures the server."""
    ours = ("PORT", "REDIS_HOST", "REDIS_PORT", "VALKEY_URL")
    return {
        name: value
        for name, value in os.environ.items()
        if name not in ours and not name.startswith("CHAAC_")
    }


class Child:
    """A process with its output in `<folder>/<name>.log`; the log is appended to over restarts."""

    def __init__(self, name: str, folder: Path):
        self.log_path = folder / f"{name}.log"
        self.process: subprocess.Popen | None = None

    def spawn(self, command: list, environment: dict[str, str] | None = None):
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                preexec_fn=_die_with_parent,
            )

    def start(self):
        """Starts the process and waits until it answers. Returns itself."""
        self.launch()
        self.wait_ready()
        return self

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def require_running(self):
        if not self.running:
            code = self.process.returncode
            raise AssertionError(f"{self.log_path.stem} exited with {code}:\n{self.log()[-3000:]}")

    def kill(self) -> bool:
        """SIGKILL; True when the process was alive until then."""
        was_running = self.running
        if self.process is not None:
            self.process.kill()
            code = self.process.wait()
            was_running = was_running and code == -signal.SIGKILL
        return was_running

    def signal(self, number: signal.Signals):
        self.process.send_signal(number)

    def terminate(self, timeout_s: float = 60) -> int:
        """SIGTERM, and the exit status."""
        self.process.terminate()
        return self.process.wait(timeout_s)


class ValkeyProcess(Child):
    """A valkey-server that answers PING at `address`, of a socket or a port, once it is ready."""

    PROGRAM = shutil.which("valkey-server") or "redis-server"  # Debian 12 may have Redis alone.
    address: str | tuple[str, int]

    def wait_ready(self):
        wait_until(self._answers, f"{self.log_path.stem} answers PING")

    def client(self, timeout_s: float = 30) -> RespClient:
        return RespClient(self.address, timeout_s)

    def _answers(self) -> bool:
        self.require_running()
        try:
            with self.client() as client:
                return client("PING") == "PONG"
        except (OSError, RespError):
            return False


class Valkey(ValkeyProcess):
    """A private Valkey on a unix socket in `folder`, with `appendfsync always`."""

    def __init__(self, folder: Path, *options: str):
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__("valkey", folder)
        self.folder = folder
        # Not in `folder`, whose path may be longer than the 107 bytes a socket's may have.
        self._socket_folder = tempfile.TemporaryDirectory(prefix="chaac-")
        self.socket_path = self.address = f"{self._socket_folder.name}/valkey.sock"
        self._options = options

    @property
    def url(self) -> str:
        return f"unix://{self.socket_path}"

    def launch(self):
        """Starts the process and does not wait."""
        self.spawn(
            [
                self.PROGRAM, "--port", "0", "--unixsocket", self.socket_path, "--dir", self.folder,
                "--appendonly", "yes", "--appendfsync", "always", "--save", "",
                "--maxmemory-policy", "noeviction", *self._options,
            ]
        )  # fmt: skip


class Server(Child):
    """`chaac serve` in front of `valkey_url`, with a port for the API and one for operators."""

    def __init__(self, folder: Path, valkey_url: str, *flags: str, environment=None):
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__("server", folder)
        self._ports = (ReservedPort(), ReservedPort())
        self.port, self.admin_port = (port.number for port in self._ports)
        self._environment = clean_environment() | (environment or {})
        self.command = [
            BINARY, "serve", "--listen-host", "127.0.0.1", "--port", self.port,
            "--admin-port", self.admin_port, "--valkey-url", valkey_url, *flags,
        ]  # fmt: skip

    def launch(self):
        """Starts the process and does not wait."""
        self.spawn(self.command, self._environment)

    def wait_ready(self):
        wait_until(self.is_ready, "the server is ready")

    def is_ready(self) -> bool:
        self.require_running()
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
                connection.sendall(b"GET /ready HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")
                return connection.recv(12) == b"HTTP/1.1 200"
        except OSError:
            return False

    def memory_kib(self) -> int:
        """Resident memory of the process."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("the server's process has no VmRSS")

    def log_records(self) -> list[dict]:
        """Every line of the log, which must be JSON."""
        return [json.loads(line) for line in self.log().splitlines() if line]
