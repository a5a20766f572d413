"""A steady, small load of valid reports, so that every metric moves."""

import threading

from lib.reports import CONDITIONS, MUNICIPALITIES
from lib.wire import Connection, post, request

READS = ("/stats", "/averages", "/ready")
PAUSE_S = 0.01  # Between two requests of a thread; not a limit of anything.


class SteadyLoad:
    """Posts from `threads` threads until stop(); what the server refuses is no error of this."""

    def __init__(self, port: int, threads: int = 2, rows: int = 1):
        self._port = port
        self._rows = rows
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(threads)]
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int):
        while not self._stop.is_set():
            try:
                with Connection(self._port) as connection:
                    self._talk(connection, number)
            except (OSError, AssertionError):  # The server is away, or leaves.
                self._stop.wait(PAUSE_S * 10)

    def _talk(self, connection: Connection, number: int):
        while not self._stop.wait(PAUSE_S):
            number += 1
            report = {
                "municipality": MUNICIPALITIES[number % len(MUNICIPALITIES)],
                "temperature": 15 + number % 20,
                "humidity": 30 + number % 60,
                "weather": CONDITIONS[number % len(CONDITIONS)],
            }
            connection.exchange(post(report if self._rows == 1 else [report] * self._rows))
            if number % 10 == 0:
                connection.exchange(request("GET", READS[number // 10 % len(READS)]))
