"""Child processes that never outlive this one, and the signals that ask it to stop.

Single-threaded: Linux sends a child its parent-death signal when the thread that started it ends.
StopSignals blocks its signals for good: they are seen between two steps, never inside one.
"""

import ctypes
import json
import os
import signal
import subprocess
import time
from pathlib import Path

from paths import Problem, shown

PR_SET_PDEATHSIG = 1  # From <linux/prctl.h>.
POLL_INTERVAL_S = 0.05
LAST_WORDS_LINES_MAX = 4  # As many as Valkey needs to say what is wrong with a setting.
LAST_WORDS_BYTES_MAX = 16_384
LIBC = ctypes.CDLL(None)  # Loaded before any fork: between fork and exec it would not be safe.


class Stopped(Exception):
    """Raised where a wait is cut short because this process is asked to stop."""


class StopSignals:
    """SIGINT, SIGTERM and SIGHUP, held back until wait() looks for them."""

    ASKING_TO_STOP = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})

    def __init__(self):
        signal.pthread_sigmask(signal.SIG_BLOCK, self.ASKING_TO_STOP | {signal.SIGCHLD})

    def wait(self, seconds: float) -> bool:
        """Waits so long, or until a signal arrives, a child's end included. True: asked to stop."""
        received = signal.sigtimedwait(self.ASKING_TO_STOP | {signal.SIGCHLD}, max(seconds, 0))
        return received is not None and received.si_signo in self.ASKING_TO_STOP

    def sleep(self, seconds: float) -> None:
        """The same for code that cannot go on without what it waits for: raises Stopped."""
        if self.wait(seconds):
            raise Stopped


class Child:
    """One child process, in a process group of its own: Ctrl-C reaches this process alone."""

    def __init__(
        self,
        name: str,
        argv: list,
        *,
        log: Path,
        stdout: Path | None = None,
        cwd: Path | None = None,
        env: dict | None = None,
        keep_open: tuple = (),
    ):
        """Starts it. Its stderr, and its stdout unless that has a file of its own, are appended to
        `log`. `keep_open`: descriptors that it inherits. Problem if it cannot be run."""
        self.name = name
        self.log = log
        parent = os.getpid()

        def in_child():
            signal.pthread_sigmask(signal.SIG_SETMASK, set())
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:  # It died before prctl() took effect.
                os._exit(1)

        with log.open("ab") as log_file, open(stdout or os.devnull, "wb") as stdout_file:
            self._log_start = log_file.seek(0, os.SEEK_END)
            try:
                self.process = subprocess.Popen(
                    [str(argument) for argument in argv],
                    stdin=subprocess.DEVNULL,
                    stdout=stdout_file if stdout else log_file,
                    stderr=log_file,
                    cwd=cwd,
                    env=env,
                    pass_fds=keep_open,
                    process_group=0,
                    preexec_fn=in_child,  # noqa: PLW1509 (there is one thread)
                )
            except OSError as error:
                raise Problem(
                    f"{name} cannot be run: {shown(Path(argv[0]))}: {error.strerror}."
                ) from None
        self.started_at = time.monotonic()

    def running(self) -> bool:
        return self.process.poll() is None

    def how_it_ended(self) -> str:
        status = self.process.returncode
        if status < 0:
            return f"was killed by {signal.Signals(-status).name}"
        return f"exited with status {status}"

    def last_words(self) -> str:
        """The end of what it wrote into its log, for an error's explanation."""
        lines = [line for line in self._written().splitlines() if line.strip()]
        tail = [f"  {message_of(line)}" for line in lines[-LAST_WORDS_LINES_MAX:]]
        return "\n".join(tail) or "  (it wrote nothing)"

    def wrote(self, words: str) -> bool:
        return words in self._written()

    def _written(self) -> str:
        """The end of it."""
        with self.log.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(self._log_start, size - LAST_WORDS_BYTES_MAX))
            return file.read().decode(errors="replace")

    def stop(self, signals: StopSignals, patience_s: float) -> str | None:
        """SIGTERM, then SIGKILL after `patience_s` or at a second signal to this process. Returns a
        complaint, if any."""
        if not self.running():
            return None
        self.process.terminate()
        deadline = time.monotonic() + patience_s
        while self.running():
            asked_again = signals.wait(POLL_INTERVAL_S)
            if asked_again or time.monotonic() >= deadline:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
                reason = "at your second signal" if asked_again else f"after {patience_s:.0f} s"
                return f"{self.name} had not stopped and was killed {reason}."
        if self.process.returncode not in (0, -signal.SIGTERM):
            return f"{self.name} {self.how_it_ended()} when asked to stop; see {self.log}."
        return None


def message_of(line: str) -> str:
    """Of a JSON line its level, its message and the message's cause; any other line as it is."""
    try:
        record = json.loads(line)
        text = f"{record['log.level']}: {record['message']}"
        cause = record.get("error.message")
    except (ValueError, TypeError, KeyError, AttributeError):
        return line
    return f"{text}: {cause}" if cause else text
