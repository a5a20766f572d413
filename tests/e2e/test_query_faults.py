"""Reads when many ask, when clients are slow or gone, and when the store is: bounded, and told."""

import json
import signal
import socket
import threading
import time
from datetime import UTC, datetime

import pytest
from lib import metrics
from lib.processes import Server, wait_until
from lib.wire import Connection, exchange, get, post, request

REPORT = {"municipality": "mixco", "temperature": 25}
MUNICIPALITIES = 120
EXPORTED_MAX = 1_000  # Reports of one municipality.


def scrape(server, name: str) -> float:
    return metrics.total(metrics.parse(get(server.admin_port, "/metrics").body.decode()), name)


@pytest.fixture
def store(own_valkey):
    with own_valkey.client() as client:
        yield client


@pytest.fixture
def server(folder, own_valkey):
    """A server whose store belongs to the test alone."""
    server = Server(folder, own_valkey.url, "--municipalities", "open", "--loops", "2").start()
    yield server
    server.kill()


def line(slug: str, number: int) -> str:
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    identity = f"{slug}-{number}-".ljust(120, "x")
    row = {"id": identity, "municipality": slug, "temperature": 20.5, "humidity": 60, "at": at}
    return json.dumps(row, separators=(",", ":"))


def plant(server, store, count: int, reports: int) -> list[str]:
    """So many municipalities with so many reports each, straight into the store."""
    slugs = sorted(f"station-{number}" for number in range(count))
    for slug in slugs:
        store("SADD", "chaac:municipalities", slug)
        store("SET", f"count:{slug}", reports)
        lines = [line(slug, number) for number in range(reports)]
        elements = ["\n".join(lines[first : first + 8]) for first in range(0, reports, 8)]
        store("RPUSH", f"recent:{slug}", *elements)
    wait_until(
        lambda: get(server.port, "/stats").json()["total_processed"] == count * reports,
        "the planted reports are shown",
    )
    return slugs


def test_a_hundred_pages_cost_one_read(server, store):
    plant(server, store, 3, 10)
    with Connection(server.port) as connection:
        connection.send(request("GET", "/api/recent?municipality=station-1") * 100)
        answers = [connection.read() for _ in range(100)]
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    reads = scrape(server, "chaac_query_reads_total")
    assert reads + scrape(server, "chaac_query_coalesced_total") == 100
    assert reads <= 10  # One, unless this takes seconds.


def test_an_answer_is_forgotten_after_a_second(server, store):
    plant(server, store, 1, 1)
    target = "/api/recent?municipality=station-0"
    assert len(get(server.port, target).json()) == 1
    store("LPUSH", "recent:station-0", line("station-0", 2))
    wait_until(lambda: len(get(server.port, target).json()) == 2, "the new report is shown")


def read_all(connection: Connection) -> bytes:
    return b"".join(connection.chunks())


def test_an_export_waits_for_a_client_that_does_not_read(server, store):
    slugs = plant(server, store, MUNICIPALITIES, EXPORTED_MAX)
    memory_before = server.memory_kib()
    with Connection(server.port) as slow:
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        slow.send(request("GET", "/api/export.csv"))
        assert slow.read_head().status == 200
        reads = 0

        def stalled() -> bool:
            nonlocal reads
            before, reads = reads, scrape(server, "chaac_query_reads_total")
            time.sleep(0.3)
            return before == reads

        wait_until(stalled, "no more is read for a client that reads nothing")
        assert reads < MUNICIPALITIES
        assert server.memory_kib() - memory_before < 24 * 1024
        assert exchange(server.port, post(REPORT)).status == 200
        text = read_all(slow).decode()
    lines = text.split("\r\n")
    assert len(lines) == 1 + MUNICIPALITIES * EXPORTED_MAX + 1
    assert [row.split(",")[0] for row in lines[1:-1:EXPORTED_MAX]] == slugs
    assert scrape(server, "chaac_query_reads_total") == MUNICIPALITIES


def test_exports_of_all_are_bounded(folder, own_valkey, store):
    server = Server(folder / "one", own_valkey.url, "--municipalities", "open", "--loops", "1")
    server.start()
    plant(server, store, MUNICIPALITIES, EXPORTED_MAX)
    with OpenExports(server, 5) as answers:
        assert sorted(answer.status for answer in answers) == [200] * 4 + [503]
        assert get(server.port, "/api/export.csv").problem == "server-busy"
        assert get(server.port, "/api/export.csv?municipality=station-1").status == 200
    wait_until(lambda: get(server.port, "/api/export.csv").status == 200, "room for an export")
    assert server.terminate() == 0


class OpenExports:
    """So many clients that begin to read an export and go no further, until they are all gone."""

    def __init__(self, server, count: int):
        self._connections = [Connection(server.port) for _ in range(count)]

    def __enter__(self):
        for connection in self._connections:
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            connection.send(request("GET", "/api/export.csv"))
        return [connection.read_head() for connection in self._connections]

    def __exit__(self, *_):
        for connection in self._connections:
            connection.close()


def test_an_export_is_cut_when_the_store_fails_midway(server, store, own_valkey):
    plant(server, store, MUNICIPALITIES, EXPORTED_MAX)
    with Connection(server.port) as connection:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.send(request("GET", "/api/export.csv"))
        assert connection.read_head().status == 200
        own_valkey.kill()
        with pytest.raises(ConnectionError):
            read_all(connection)


def test_an_export_on_http_1_0_ends_with_the_connection(server, store):
    plant(server, store, 3, 10)
    with Connection(server.port) as connection:
        connection.send(b"GET /api/export.csv HTTP/1.0\r\nHost: t\r\n\r\n")
        data = b""
        while piece := connection.socket.recv(65536):
            data += piece
    head, body = data.split(b"\r\n\r\n", 1)
    assert b"transfer-encoding" not in head.lower() and b"content-length" not in head.lower()
    assert body.count(b"\r\n") == 1 + 30


READS = (
    "/api/recent",
    "/api/recent?municipality=station-0",
    "/api/municipalities/station-0/history",
    "/api/export.csv",
    "/api/export.csv?municipality=station-0&kind=history",
)


def test_a_store_that_hangs_is_told_in_time(server, store, own_valkey):
    plant(server, store, 1, 1)
    own_valkey.signal(signal.SIGSTOP)
    try:
        answers = [None] * len(READS)

        def ask(number: int):
            answers[number] = get(server.port, READS[number])

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(READS))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for answer in answers:
            assert (answer.status, answer.problem) in (
                (503, "store-unavailable"),
                (503, "server-busy"),  # It waited behind reads that were not answered.
            )
            assert answer.headers["cache-control"] == "no-store"
        assert scrape(server, "chaac_query_timeouts_total") >= 1
        wait_until(
            lambda: get(server.port, "/api/municipalities").status == 503,
            "old figures are not shown",
        )
    finally:
        own_valkey.signal(signal.SIGCONT)
    for target in READS:
        wait_until(lambda t=target: get(server.port, t).status == 200, f"{target} is read again")


def test_reads_that_wait_are_bounded_and_those_of_clients_that_left_end(server, store, own_valkey):
    plant(server, store, 1, 1)
    own_valkey.signal(signal.SIGSTOP)
    try:
        with Connection(server.port) as connection:
            for limit in range(1, 101):
                connection.send(request("GET", f"/api/recent?limit={limit}"))
            answers = [connection.read() for _ in range(100)]
            assert {answer.status for answer in answers} == {503}
            busy = [a for a in answers if "different reads" in a.detail]
            assert len(busy) == scrape(server, "chaac_query_refused_total") == 100 - 64
        for limit in range(1, 31):
            with Connection(server.port) as connection:
                connection.send(request("GET", f"/api/recent?limit={limit}"))
        wait_until(lambda: scrape(server, "chaac_query_reads_waiting") == 0, "nobody waits")
    finally:
        own_valkey.signal(signal.SIGCONT)
    wait_until(lambda: get(server.port, "/api/recent").status == 200, "the store is read again")


def test_a_store_that_is_gone_is_told_at_once(server, store, own_valkey):
    plant(server, store, 1, 1)
    own_valkey.kill()
    for target in READS:
        wait_until(lambda t=target: get(server.port, t).status == 503, f"{target} cannot be read")
        assert get(server.port, target).problem == "store-unavailable"
    assert scrape(server, "chaac_query_failures_total") >= 1
    own_valkey.start()
    for target in READS:
        wait_until(lambda t=target: get(server.port, t).status == 200, f"{target} is read again")


def test_what_is_read_while_the_server_drains_is_answered(server, store):
    plant(server, store, MUNICIPALITIES, EXPORTED_MAX)
    with Connection(server.port) as connection:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.send(request("GET", "/api/export.csv"))
        assert connection.read_head().status == 200
        server.signal(signal.SIGTERM)
        text = read_all(connection).decode()
        assert text.count("\r\n") == 1 + MUNICIPALITIES * EXPORTED_MAX
    assert server.process.wait(30) == 0


def test_reads_and_reports_go_on_together(server, store):
    """Eight clients that read all they can beside one that reports: all are answered in order."""
    plant(server, store, 5, 100)
    targets = [
        "/api/recent?limit=1000",
        *READS,
        "/api/municipalities",
        "/api/municipalities/station-1",
    ]
    failures = []
    stop = threading.Event()

    def read_on():
        with Connection(server.port) as connection:
            while not stop.is_set():
                for target in targets:
                    answer = connection.exchange(request("GET", target))
                    busy = answer.status == 503 and target == "/api/export.csv"
                    if answer.status != 200 and not busy:
                        failures.append((target, answer))

    threads = [threading.Thread(target=read_on) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(200):
            assert exchange(server.port, post(REPORT)).status == 200
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert store("GET", "count:mixco") == "200"
