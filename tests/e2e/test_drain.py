"""SIGTERM: what was accepted is committed and answered, then the process exits with 0."""

import contextlib
import signal
import threading

import pytest
from lib.model import differences, dump_store
from lib.processes import Server, wait_until
from lib.wire import Connection, get, post

REPORT = {"municipality": "mixco", "temperature": 25}


class Sender(threading.Thread):
    """Sends reports until the server says goodbye. A request failed if it was refused, or if the
    connection ended although the server had not announced it."""

    def __init__(self, port: int):
        super().__init__()
        self._port = port
        self.acknowledged = 0
        self.failures: list[str] = []

    def run(self):
        connection = Connection(self._port)
        while True:
            try:
                connection.send(post(REPORT))
                answer = connection.read()
            except (ConnectionError, OSError) as error:
                self.failures.append(repr(error))
                return
            if answer.status != 200:
                self.failures.append(f"{answer.status} {answer.body!r}")
                return
            self.acknowledged += 1
            if answer.headers.get("connection") == "close":
                return


@pytest.mark.parametrize("loops", ["1", "2"])
def test_under_load_no_request_fails(start_server, store, loops):
    store("FLUSHALL")
    # The delay lets keep-alive clients learn from the next answer that they should leave.
    flags = ("--loops", loops, "--list-length-max", "1000000", "--drain-delay-ms", "500")
    server = start_server(*flags)
    senders = [Sender(server.port) for _ in range(16)]
    for sender in senders:
        sender.start()
    wait_until(lambda: sum(s.acknowledged for s in senders) > 500, "load")
    assert server.terminate() == 0
    for sender in senders:
        sender.join()
    assert [failure for sender in senders for failure in sender.failures] == []
    assert store("GET", "count:mixco") == str(sum(sender.acknowledged for sender in senders))
    assert differences(dump_store(store)) == []


def test_readiness_goes_first(start_server):
    server = start_server("--drain-delay-ms", "2000")
    kept = Connection(server.port)
    server.signal(signal.SIGTERM)
    wait_until(lambda: get(server.port, "/ready").status == 503, "/ready is 503")
    assert get(server.admin_port, "/readyz").status == 503
    assert get(server.port, "/health").status == 200
    assert get(server.admin_port, "/livez").status == 200
    assert kept.exchange(post(REPORT)).status == 200  # The doors are still open.
    assert server.process.wait(60) == 0


def test_a_second_signal_cuts_the_delay_short(start_server):
    server = start_server("--drain-delay-ms", "300000")
    server.signal(signal.SIGTERM)
    wait_until(lambda: get(server.port, "/ready").status == 503, "/ready is 503")
    assert server.terminate() == 0


def test_requests_under_way_are_answered(start_server, store):
    server = start_server()
    before = int(store("GET", "count:mixco") or 0)
    data = post(REPORT)
    with Connection(server.port) as connection, Connection(server.port) as idle:
        assert connection.exchange(data).status == 200
        connection.send(data[:-5])
        get(server.port, "/health")  # By now the server has read the first part.
        server.signal(signal.SIGTERM)
        assert idle.closed_by_server()
        connection.send(data[-5:])
        answer = connection.read()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert connection.closed_by_server()
    assert server.process.wait(60) == 0
    assert int(store("GET", "count:mixco")) == before + 2


def refuses(port: int) -> bool:
    try:
        Connection(port).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_connection_that_was_let_in_is_served(start_server, store):
    """Its first request may be on its way when the doors close: it is not reset."""
    server = start_server("--drain-delay-ms", "0")
    before = int(store("GET", "count:mixco") or 0)
    with Connection(server.port) as fresh:
        get(server.port, "/health")
        server.signal(signal.SIGTERM)
        wait_until(lambda: refuses(server.port), "the doors are closed")
        answer = fresh.exchange(post(REPORT))
        assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert server.process.wait(60) == 0
    assert int(store("GET", "count:mixco")) == before + 1


def test_a_connection_that_never_asks_does_not_hold_a_drain_up(start_server):
    server = start_server("--drain-delay-ms", "0")
    with Connection(server.port) as silent:
        get(server.port, "/health")
        server.signal(signal.SIGTERM)
        assert silent.closed_by_server()
        assert server.process.wait(60) == 0
    assert "cut off" not in server.log()


def test_a_commit_in_flight_is_awaited(folder, own_valkey):
    flags = ("--store-reply-timeout-ms", "60000", "--drain-timeout-ms", "60000")
    server = Server(folder / "server", own_valkey.url, *flags).start()
    own_valkey.signal(signal.SIGSTOP)
    with Connection(server.port) as connection:
        connection.send(post(REPORT))
        get(server.port, "/health")
        server.signal(signal.SIGTERM)
        wait_until(lambda: "draining" in server.log(), "the server drains")
        own_valkey.signal(signal.SIGCONT)
        assert connection.read().status == 200
    assert server.process.wait(60) == 0
    with own_valkey.client() as store:
        assert store("GET", "count:mixco") == "1"


def test_the_budget_bounds_the_wait(folder, own_valkey):
    """A store that never answers cannot hold the process; the client is told or cut off."""
    flags = ("--store-reply-timeout-ms", "300", "--drain-timeout-ms", "300")
    server = Server(folder / "server", own_valkey.url, *flags).start()
    own_valkey.signal(signal.SIGSTOP)
    with Connection(server.port) as connection:
        connection.send(post(REPORT))
        get(server.port, "/health")
        server.signal(signal.SIGTERM)
        server.process.wait(60)
        with contextlib.suppress(ConnectionError):
            assert connection.read().status == 503
    own_valkey.signal(signal.SIGCONT)
