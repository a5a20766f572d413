"""The store of script/server: a Valkey of its own in var/valkey, started again whenever it exits.

Every write is on disk before it is acknowledged (appendonly yes, appendfsync always); what a crash
left half written is cut off before the next start (torn_end.py). One process at a time may use the
folder: its lock is inherited by Valkey, so that it holds until both are gone. The server uses a
socket; the TCP port is for a person who looks into the store, or for a path too long for a socket.
"""

import errno
import fcntl
import os
import shutil
import socket
import time
import urllib.parse
from pathlib import Path

import ports
import torn_end
from children import Child, StopSignals
from paths import LOG_DIR, VAR_DIR, Problem, shown
from screen import Screen

DATA_DIR = VAR_DIR / "valkey"
LOCK_FILE = VAR_DIR / "valkey.lock"
LOG = LOG_DIR / "valkey.log"
CHECK_LOG = LOG_DIR / "valkey-check-aof.log"
SOCKET = DATA_DIR / "valkey.sock"
TORN_DIR = DATA_DIR / "torn"

PORTS = range(6380, 6400)  # The first free one; 6379 is left to a Valkey of the machine's own.
SOCKET_PATH_MAX_BYTES = 107  # Linux's sun_path, less its final NUL.
ANSWER_TIMEOUT_S = 1.0
START_TIMEOUT_S = 30.0  # To answer at all; loading its data may then take as long as it needs.
LOCK_TIMEOUT_S = 10.0  # For what an earlier, killed run left to end by itself.
BACKOFF_FIRST_S = 0.5
BACKOFF_MAX_S = 8.0
STABLE_AFTER_S = 10.0  # An exit after so long is the first of a new series.
QUICK_EXITS_MAX = 6
ADDRESS_IN_USE = os.strerror(errno.EADDRINUSE)


class PrivateStore:
    def __init__(self, lock: int, screen: Screen, signals: StopSignals):
        """`lock`: what take_lock() returned."""
        self._lock = lock
        self._screen = screen
        self._signals = signals
        self.child: Child | None = None  # SIGTERM ends it cleanly, its data on disk.
        self._start_at = 0.0  # When to start it again, while it is down.
        self._backoff_s = BACKOFF_FIRST_S
        self._quick_exits = 0
        self._port: int | None = None
        self._has_socket = len(os.fsencode(SOCKET)) <= SOCKET_PATH_MAX_BYTES
        self._fault = ""  # What is wrong with its data besides a torn end.

    @property
    def url(self) -> str:
        if self._has_socket:
            return f"unix://{urllib.parse.quote(str(SOCKET))}"
        return f"valkey://127.0.0.1:{self._port}"

    def describe(self) -> str:
        program = "Valkey" if self._program == "Valkey" else "Redis (no Valkey is installed)"
        return f"{program}, {self.url} and 127.0.0.1:{self._port}"

    def move_old_data_away(self) -> None:
        if not DATA_DIR.exists():
            return
        kept = VAR_DIR / time.strftime("valkey.%Y-%m-%d-%H%M%S")
        DATA_DIR.rename(kept)
        self._screen.say(f"Moved the old data to {shown(kept)}: delete it when you do not need it.")

    def start(self) -> None:
        """Starts it and waits until it has loaded its data; Problem if it does not come up."""
        binary = shutil.which("valkey-server") or shutil.which("redis-server")
        if not binary:
            raise Problem(
                "neither valkey-server nor redis-server is installed: run script/bootstrap."
            )
        self._binary = binary
        self._program = "Valkey" if Path(binary).name == "valkey-server" else "Redis"
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        for _ in PORTS:
            self._port = self._free_port()
            self._launch()
            if self._loads():
                return
        raise self._does_not_stay_up()

    def tend(self) -> float:
        """Starts it again if it has exited; the caller calls again within the returned seconds.
        Raises Problem if it does not stay up."""
        now = time.monotonic()
        if self.child is None:
            if now >= self._start_at:
                self._launch_again()
            return max(self._start_at - now, 0.0)
        if self.child.running():
            return BACKOFF_MAX_S
        if now - self.child.started_at > STABLE_AFTER_S:
            self._backoff_s, self._quick_exits = BACKOFF_FIRST_S, 0
        self._quick_exits += 1
        if self._quick_exits > QUICK_EXITS_MAX:
            raise self._does_not_stay_up()
        self._screen.say(
            f"{self._program} {self.child.how_it_ended()}; starting it again in"
            f" {self._backoff_s:g} s. What it acknowledged is on disk."
        )
        self.child = None
        self._start_at = now + self._backoff_s
        self._backoff_s = min(2 * self._backoff_s, BACKOFF_MAX_S)
        return self._start_at - now

    def _free_port(self) -> int:
        port = ports.first_free(PORTS)
        if port is None:
            raise Problem(
                f"every port from {PORTS[0]} to {PORTS[-1]} is in use, and the store needs one:"
                " stop what holds them, or use a store of your own with --valkey URL."
            )
        return port

    def _launch_again(self) -> None:
        # The server has been told of the port where there is no socket: then it must stay.
        if self._has_socket and not ports.is_free(self._port):
            taken, self._port = self._port, self._free_port()
            self._screen.say(f"Port {taken} is taken: {self._program} is at {self._port} now.")
        self._launch()

    def _launch(self) -> None:
        self._heal()
        settings = {
            "bind": "127.0.0.1",
            "port": self._port,
            "dir": DATA_DIR,
            "appendonly": "yes",
            "appendfsync": "always",
            # About 200 bytes a report: rewriting from the default 64 MiB on would never end.
            "auto-aof-rewrite-min-size": "256mb",
            "maxmemory-policy": "noeviction",
            "save": "",  # The append-only file is the record; snapshots would add nothing.
            "daemonize": "no",
        }
        if self._has_socket:
            settings |= {"unixsocket": SOCKET, "unixsocketperm": "700"}
        argv = [self._binary]
        for name, value in settings.items():
            argv += [f"--{name}", value]
        self.child = Child(self._program, argv, log=LOG, cwd=DATA_DIR, keep_open=(self._lock,))

    def _heal(self) -> None:
        """Cuts a torn end off its data. Problem if Valkey would drop more than that."""
        self._fault = ""
        file = torn_end.last_file(DATA_DIR)
        if not file or (whole := self._whole_up_to(file)) is None:
            return
        size = file.stat().st_size
        if whole >= size:
            return
        with file.open("rb") as data:
            data.seek(whole)
            tail = data.read(torn_end.TAIL_BYTES_MAX)
        at = torn_end.torn_at(tail) if whole + len(tail) == size else None
        if at is None:
            self._fault = f"{shown(file)} has a fault at byte {whole} of {size}, not at its end."
            self._screen.say(
                f"Note: {self._fault} {self._program} decides whether it starts with that;"
                f" {shown(CHECK_LOG)} has the details."
            )
            return
        whole, tail = whole + at, tail[at:]
        if torn_end.END_OF_TRANSACTION in tail:
            raise Problem(
                f"{shown(file)} has a fault at byte {whole}, and whole transactions stand behind"
                f" it. {self._program} would drop these without a word, so it is not started. Copy"
                f" {shown(DATA_DIR)} if you need them; then drop them with truncate -s {whole}"
                f" {shown(file)}, or begin with an empty store: script/server --fresh."
            )
        kept = torn_end.cut(file, whole, tail, TORN_DIR)
        self._screen.say(
            f"The end of {shown(file)} was half written when {self._program} ended: cut {len(tail)}"
            f" bytes off it. Nothing that was acknowledged is in them; {shown(kept)} keeps them."
        )

    def _whole_up_to(self, file: Path) -> int | None:
        name = Path(self._binary).name.replace("server", "check-aof")
        if not (program := shutil.which(name)):
            self._screen.say(
                f"Note: {name} is not installed, so a half-written end of the data is not noticed."
            )
            return None
        self._screen.progress("Checking the end of the store's data …")
        check = Child(name, [program, file], log=CHECK_LOG, stdout=CHECK_LOG)
        try:
            while check.running():
                self._signals.sleep(0.05)
        finally:
            check.process.kill()
            check.process.wait()
        return torn_end.whole_up_to(CHECK_LOG.read_bytes())

    def _loads(self) -> bool:
        """Waits until it has loaded its data. False if its port was taken before it had it."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while (answer := self._ping()) != b"+PONG":
            if not self.child.running():
                if self.child.wrote(ADDRESS_IN_USE):
                    return False
                raise self._does_not_stay_up()
            if answer.startswith(b"-LOADING"):
                self._screen.progress(f"{self._program} is loading its data …")
            elif time.monotonic() > deadline:
                raise Problem(
                    f"{self._program} has not answered for {START_TIMEOUT_S:.0f} s. Its last lines"
                    f" ({shown(LOG)}):\n{self.child.last_words()}"
                )
            self._signals.sleep(0.05)
        return True

    def _ping(self) -> bytes:
        """The first line of its answer to PING; empty if there is none."""
        if not ports.listens(self.child.process.pid, self._port):
            return b""  # Whoever else has the port may be a Valkey too.
        try:
            with socket.create_connection(
                ("127.0.0.1", self._port), ANSWER_TIMEOUT_S
            ) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(512).partition(b"\r\n")[0]
        except OSError:
            return b""

    def _does_not_stay_up(self) -> Problem:
        advice = "If its data cannot be read any more,"
        if self._fault:
            advice = (
                f"{self._fault} valkey-check-aof --fix would cut off all that stands behind that,"
                f" acknowledged reports too: copy {shown(DATA_DIR)} first. Or"
            )
        return Problem(
            f"{self._program} {self.child.how_it_ended()} as soon as it was started. Its last"
            f" lines ({shown(LOG)}):\n{self.child.last_words()}\n{advice}"
            " script/server --fresh moves it away and begins with an empty store."
        )


def take_lock() -> int:
    """A descriptor that holds var/valkey for this process; Problem if another one has it."""
    lock = os.open(LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o644)
    deadline = time.monotonic() + LOCK_TIMEOUT_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            owner = os.pread(lock, 32, 0).decode().strip()
            # Without its owner, the lock is held by a Valkey that is about to end.
            if Path(f"/proc/{owner}").exists() or time.monotonic() > deadline:
                raise Problem(
                    f"another script/server (pid {owner}) is using {shown(DATA_DIR)}: stop it"
                    " first, or give this one a store of its own with --valkey URL."
                ) from None
            time.sleep(0.1)
    os.truncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock
