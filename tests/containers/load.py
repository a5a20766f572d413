"""A load whose every request is watched: keep-alive connections that post one report after the
other and hold every answer but 200 against the system."""

import threading

from lib.processes import wait_until
from lib.wire import Connection, post

CONNECTIONS = 16


class Sender(threading.Thread):
    """One connection. It connects again where an answer announced the end, and nowhere else."""

    def __init__(self, port: int, report: dict, stopping: threading.Event):
        super().__init__()
        self._port = port
        self._message = post(report)
        self._stopping = stopping
        self.acknowledged = 0
        self.failures: list[str] = []

    def run(self):
        connection = None
        while not self._stopping.is_set() and len(self.failures) < 10:
            try:
                connection = connection or Connection(self._port)
                answer = connection.exchange(self._message)
            except OSError as error:
                self.failures.append(repr(error))
                connection = None
                continue
            if answer.status == 200:
                self.acknowledged += 1
            else:
                self.failures.append(f"{answer.status} {answer.body!r}")
            if answer.headers.get("connection") == "close":
                connection.close()
                connection = None
        if connection:
            connection.close()


class Load:
    """Sends from its beginning to its end, as a context."""

    def __init__(self, port: int, report: dict):
        self._stopping = threading.Event()
        self._senders = [Sender(port, report, self._stopping) for _ in range(CONNECTIONS)]

    def __enter__(self):
        for sender in self._senders:
            sender.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        for sender in self._senders:
            sender.join()

    @property
    def acknowledged(self) -> int:
        return sum(sender.acknowledged for sender in self._senders)

    @property
    def failures(self) -> list[str]:
        return [failure for sender in self._senders for failure in sender.failures]

    def wait_for(self, total: int):
        """Until `total` reports are acknowledged; at once after a failure."""
        wait_until(
            lambda: self.acknowledged >= total or self.failures, f"{total} acknowledged", 600
        )
