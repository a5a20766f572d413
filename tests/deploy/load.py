"""A steady, small load of valid reports, so that every metric moves."""

from lib.reports import CONDITIONS, MUNICIPALITIES
from lib.threads import Repeating
from lib.wire import Connection, post, request

READS = ("/stats", "/averages", "/ready")
PAUSE_S = 0.01  # Between two requests of a thread; not a limit of anything.


class SteadyLoad(Repeating):
    """Posts from `threads` threads until stop(); what the server refuses is no error of this."""

    def __init__(self, port: int, threads: int = 2, rows: int = 1):
        self._port = port
        self._rows = rows
        super().__init__(threads)

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
