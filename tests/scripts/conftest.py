"""A checkout of its own for each test of script/server, with the real scripts, server and replay.

Only script/bootstrap and script/build are replaced in it, by scripts that find nothing to do: the
server that is tested has been built before.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from lib.ports import ReservedPort
from lib.processes import BINARY, REPOSITORY, clean_environment, wait_until

END_TIMEOUT_S = 60  # Above what a stop may take; reached by a failure alone.

sys.path.insert(0, str(REPOSITORY / "script" / "lib"))


def is_gone(pid: int) -> bool:
    """With all its threads, which hold what it has open. Also true of a process that has ended and
    waits for its parent to notice."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state == "Z" and len(list(Path(f"/proc/{pid}/task").iterdir())) == 1
    except OSError:
        return True


class Running:
    """A script/server that has said that it runs."""

    def __init__(self, process: subprocess.Popen, output: Path, port: int):
        self.process = process
        self._port = port
        self._output = output

    def output(self) -> str:
        return self._output.read_text()

    def children(self) -> dict[str, int]:
        """The process ids of what it started, by program name."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return {Path(f"/proc/{pid}/comm").read_text().strip(): int(pid) for pid in listed.split()}

    def wait_for_reports(self, more_than: int = 0) -> int:
        """Until /stats counts more reports; returns how many."""

        def total() -> int:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/stats") as response:
                    return json.load(response)["total_processed"]
            except OSError:  # 503 while the store is away.
                return 0

        return wait_until(lambda: max(total() - more_than, 0), "reports arrive") + more_than

    def wait_until_said(self, pattern: str) -> None:
        wait_until(lambda: re.search(pattern, self.output()), f"it says {pattern}")

    def send(self, **report) -> int:
        """Posts a report of Mixco; returns the status, 0 without an answer."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}/api/weather",
            json.dumps({"municipality": "mixco", **report}).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request) as response:
                return response.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    @contextlib.contextmanager
    def paused(self):
        """script/server itself sees and does nothing meanwhile; its children go on."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def kill_store(self) -> None:
        store = self.children()["valkey-server"]
        os.kill(store, signal.SIGKILL)
        wait_until(lambda: is_gone(store), "the store ends")

    def kill(self) -> None:
        """All of it at once, as when the power fails."""
        children = self.children().values()
        with self.paused():
            for pid in children:
                os.kill(pid, signal.SIGKILL)
            self.process.kill()
        self.process.wait()
        wait_until(lambda: all(is_gone(pid) for pid in children), "the children end")

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(END_TIMEOUT_S)


class Checkout:
    def __init__(self, root: Path):
        self.root = root
        self._ports = (ReservedPort(), ReservedPort())
        self.port, self.admin_port = (port.number for port in self._ports)
        self._running: list[Running] = []

    def command(self, *options: str) -> list[str]:
        ports = ["--port", str(self.port), "--admin-port", str(self.admin_port)]
        return [str(self.root / "script" / "server"), *ports, *options]

    def run(self, *options: str, **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            self.command(*options),
            capture_output=True,
            text=True,
            timeout=END_TIMEOUT_S,
            check=False,
            env=clean_environment() | environment,
        )

    def launch(self, *options: str, **environment: str) -> Running:
        """Starts it and does not wait."""
        output = self.root / f"output-{len(self._running)}"
        with output.open("w") as file:
            process = subprocess.Popen(
                self.command(*options),
                stdout=file,
                stderr=file,
                env=clean_environment() | environment,
            )
        running = Running(process, output, self.port)
        self._running.append(running)
        return running

    def start(self, *options: str, **environment: str) -> Running:
        running = self.launch(*options, **environment)
        process = running.process
        wait_until(
            lambda: "Chaac is running" in running.output() or process.poll() is not None,
            "script/server says that it runs",
        )
        assert process.poll() is None, running.output()
        return running

    def end(self) -> None:
        for running in self._running:
            if running.process.poll() is None:
                running.stop()


def number_before(words: str, text: str) -> int:
    """The number that stands before the words, for example in "1,234 reports accepted"."""
    match = re.search(rf"([\d,]+) {words}", text)
    assert match, text
    return int(match[1].replace(",", ""))


@pytest.fixture
def checkout(folder):
    assert BINARY.exists(), "build the server first: script/build release"
    root = folder / "chaac"
    for part in ("script", "load"):
        shutil.copytree(REPOSITORY / part, root / part)
    for step in ("bootstrap", "build"):
        (root / "script" / step).write_text("#!/bin/sh\n")
    links = {root / "build/release/chaac": BINARY, root / "var/venv": REPOSITORY / "var/venv"}
    for link, target in links.items():
        link.parent.mkdir(parents=True)
        link.symlink_to(target)
    checkout = Checkout(root)
    yield checkout
    checkout.end()
