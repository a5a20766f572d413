"""GET /api/stream as listeners meet it: figures, a store that fails, a server that goes and comes
back, and what a thousand of them cost."""

import random
import re
import resource
import signal
import socket
import time
from pathlib import Path

import pytest
from lib import metrics
from lib.processes import Server, sanitized, wait_until
from lib.reports import MUNICIPALITIES, random_report, spell_batch
from lib.sse import TARGET, Crowd, Listener
from lib.wire import Connection, exchange, get, parse_head, post, request

REPORT = {"municipality": "mixco", "temperature": 25, "humidity": 60, "weather": "sunny"}


def listen(port: int, **options) -> Listener:
    listener = Listener(port, **options)
    status, _ = listener.read_head()
    assert status == 200
    return listener


def is_snapshot(event) -> bool:
    return event.kind == "snapshot"


def is_stale(event) -> bool:
    return event.kind == "stale"


def metric(server, name: str) -> float:
    return metrics.total(metrics.parse(get(server.admin_port, "/metrics").body.decode()), name)


def test_the_head_is_that_of_an_event_stream(server):
    with Listener(server.port, last_event_id="17") as listener:
        status, headers = listener.read_head()
    assert status == 200
    assert headers["content-type"] == "text/event-stream"
    assert headers["cache-control"] == "no-store"
    assert headers["x-accel-buffering"] == "no"


def test_the_figures_come_at_once_and_then_every_snapshot(server):
    exchange(server.port, post(REPORT))
    with listen(server.port) as first:
        event = first.read_until(lambda event: event.data["total_processed"] > 0)
        with listen(server.port) as second:
            assert second.read().number >= event.number
        for number in range(event.number + 1, event.number + 4):
            event = first.read()
            assert (event.kind, event.number, event.data["number"]) == ("snapshot", number, number)


def test_the_figures_are_those_of_the_query_api(server):
    rng = random.Random(4)
    rows = [random_report(rng, MUNICIPALITIES) for _ in range(300)]
    body, content_type = spell_batch(rng, rows)
    before = get(server.port, "/stats").json()["total_processed"]
    assert exchange(server.port, post(body, content_type=content_type)).json()["accepted"] == 300
    with listen(server.port) as listener:
        data = listener.read_until(lambda event: event.data["total_processed"] == before + 300).data
    stats = get(server.port, "/stats").json()
    averages = get(server.port, "/averages").json()["averages"]
    for name in ("total_processed", "counts_by_weather", "extremes"):
        assert data[name] == stats[name]
    assert "notice" not in data
    slugs = [row["slug"] for row in data["municipalities"]]
    assert slugs == sorted(stats["counts_by_municipality"])
    for row in data["municipalities"]:
        assert row["count"] == stats["counts_by_municipality"][row["slug"]]
        assert row["avg_temperature"] == averages[row["slug"]]["avg_temperature"]
        assert row["avg_humidity"] == averages[row["slug"]]["avg_humidity"]
        assert not {"name", "department", "lat", "lon"} & row.keys()


def test_a_notice_is_told(start_server):
    server = start_server("--notice", 'demo: "New York"')
    with listen(server.port) as listener:
        assert listener.read_until(is_snapshot).data["notice"] == 'demo: "New York"'


def test_http_1_0_gets_plain_bytes(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(f"GET {TARGET} HTTP/1.0\r\n\r\n".encode())
        received = b""
        while received.count(b"\n\n") < 3:
            received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"Transfer-Encoding" not in head
    assert b"\r\nConnection: close" in head
    assert body.startswith(b"retry: 1000\n\nid: ")


def test_head_and_other_methods(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(request("HEAD", TARGET) + request("DELETE", TARGET))
        received = b""
        while received.count(b"\r\n\r\n") < 2:
            received += connection.recv(65536)
    (head, headers), (refused, more) = map(parse_head, received.split(b"\r\n\r\n")[:2])
    assert (head, headers["content-type"]) == (200, "text/event-stream")
    assert (refused, more["allow"]) == (405, "GET, HEAD")


def test_a_store_that_hangs_is_told_until_it_is_back(folder, own_valkey):
    server = Server(folder / "server", own_valkey.url, "--loops", "2").start()
    with listen(server.port) as listener:
        last = listener.read_until(is_snapshot)
        own_valkey.signal(signal.SIGSTOP)
        stale = listener.read_until(is_stale)
        assert last.data["timestamp"] <= stale.data["since"] <= time.time()
        assert "cannot be read" in stale.data["detail"]
        assert listener.read().data == stale.data  # Again and again.
        with listen(server.port) as late:
            assert late.read().data == stale.data  # At once.
            own_valkey.signal(signal.SIGCONT)
            for each in (listener, late):
                assert each.read_until(is_snapshot).number > last.number
    server.kill()


def test_a_store_that_is_gone_is_told_until_it_is_back(folder, own_valkey):
    server = Server(folder / "server", own_valkey.url).start()
    exchange(server.port, post(REPORT))
    with listen(server.port) as listener:
        listener.read_until(lambda event: is_snapshot(event) and event.data["total_processed"] == 1)
        own_valkey.kill()
        listener.read_until(is_stale)
        own_valkey.start()
        assert listener.read_until(is_snapshot).data["total_processed"] == 1
    server.kill()


def test_a_server_that_never_saw_its_store_says_so(folder):
    server = Server(folder / "server", f"unix://{folder}/nowhere.sock")
    server.launch()
    wait_until(lambda: is_listening(server), "the server listens")
    with listen(server.port) as listener:
        event = listener.read()
        assert is_stale(event)
        assert event.data["since"] <= time.time()
    server.kill()


def is_listening(server) -> bool:
    server.require_running()
    try:
        return get(server.port, "/health").status == 200
    except OSError:
        return False


def test_a_stop_ends_the_stream_and_a_restart_goes_on(start_server):
    server = start_server("--loops", "2")
    exchange(server.port, post(REPORT))
    listeners = [listen(server.port) for _ in range(8)]
    for listener in listeners:
        last = listener.read_until(is_snapshot)
    server.signal(signal.SIGTERM)
    for listener in listeners:
        while listener.read() is not None:
            pass
        listener.close()
    assert server.process.wait(60) == 0
    assert "cut off" not in server.log()
    server.start()
    with listen(server.port, last_event_id=str(last.number)) as listener:
        event = listener.read_until(is_snapshot)
        assert event.data["total_processed"] >= last.data["total_processed"]


def test_a_listener_that_does_not_read_is_dropped(start_server):
    server = start_server("--loops", "1")
    with listen(server.port) as good, Listener(server.port, receive_bytes=4096):
        wait_until(lambda: metric(server, "chaac_stream_listeners") == 2, "both listen")
        while metric(server, "chaac_stream_listeners_dropped_total") == 0:
            assert is_snapshot(good.read())
        assert metric(server, "chaac_stream_listeners") == 1
        assert is_snapshot(good.read())


def test_a_listener_that_does_not_read_does_not_hold_up_the_stop(start_server):
    server = start_server("--loops", "1", "--drain-timeout-ms", "60000")
    with listen(server.port) as good, Listener(server.port, receive_bytes=4096):
        for _ in range(4):
            good.read()
        assert server.terminate(50) == 0
    assert "cut off" not in server.log()


def test_there_is_a_limit_to_listeners_of_all_loops(start_server):
    server = start_server("--loops", "2", "--stream-listeners-max", "5")
    listeners = [listen(server.port) for _ in range(5)]
    for _ in range(10):  # Whichever loop it meets.
        answer = exchange(server.port, request("GET", TARGET))
        assert (answer.status, answer.problem) == (503, "listener-limit")
        assert "5 listen already" in answer.detail
    page = metrics.parse(get(server.admin_port, "/metrics").body.decode())
    name = "chaac_http_requests_total"
    assert metrics.total(page, name, route=TARGET, status="503") == 10
    assert metrics.total(page, name, route=TARGET, status="200") == 5
    for listener in listeners:
        listener.close()
    wait_until(lambda: metric(server, "chaac_stream_listeners") == 0, "all have left")
    with listen(server.port) as listener:
        assert is_snapshot(listener.read())


# What a thousand listeners cost.

CROWD = 1000
BYTES_A_LISTENER_MAX = 16 * 1024


@pytest.fixture
def many_descriptors():
    """Room for the crowd's sockets in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4 * CROWD), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def crowded(folder, own_valkey):
    server = Server(folder / "server", own_valkey.url, "--loops", "1").start()
    yield server
    server.kill()


def cpu_ticks(server) -> int:
    """User and system time of the server, in clock ticks of 10 ms."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def reads_of_the_store(valkey) -> int:
    with valkey.client() as store:
        found = re.search(r"cmdstat_fcall_ro:calls=(\d+)", store("INFO", "commandstats"))
    return int(found[1])


def send_reports(server, batches: int):
    """1,000 pipelined single reports a batch."""
    data = post(REPORT) * 1000
    with Connection(server.port) as connection:
        for _ in range(batches):
            connection.send(data)
            for _ in range(1000):
                assert connection.read().status == 200


def cost_of_a_report_us(server, batches: int) -> float:
    before = cpu_ticks(server)
    send_reports(server, batches)
    return (cpu_ticks(server) - before) * 10_000 / (batches * 1000)


def test_a_thousand_listeners(crowded, own_valkey, many_descriptors, record_property):
    server = crowded
    rng = random.Random(5)
    body, content_type = spell_batch(rng, [random_report(rng, MUNICIPALITIES) for _ in range(1000)])
    exchange(server.port, post(body, content_type=content_type))
    send_reports(server, 5)
    alone_us = cost_of_a_report_us(server, 40)

    before_kib = server.memory_kib()
    crowd = Crowd(server.port, CROWD)
    crowd.start()
    wait_until(lambda: min(crowd.events) >= 3, "all have heard three events")
    grown = (server.memory_kib() - before_kib) * 1024 / CROWD
    assert sanitized() or grown <= BYTES_A_LISTENER_MAX
    assert metric(server, "chaac_stream_listeners") == CROWD

    # One read of the store a snapshot, however many listen: a second apart.
    with listen(server.port) as listener:
        first, reads_before = listener.read(), reads_of_the_store(own_valkey)
        for _ in range(5):
            last = listener.read()
        reads = reads_of_the_store(own_valkey) - reads_before
    assert abs(reads - (last.number - first.number)) <= 1
    assert 3 <= last.data["timestamp"] - first.data["timestamp"]

    before = cpu_ticks(server)
    heard = sum(crowd.events)
    wait_until(lambda: sum(crowd.events) >= heard + 5 * CROWD, "five more events for each")
    event_us = (cpu_ticks(server) - before) * 10_000 / (sum(crowd.events) - heard)
    crowded_us = cost_of_a_report_us(server, 40)
    crowd.leave()
    assert crowd.failures == []
    # A send of two kilobytes to a socket takes some 10 us. Many times that would be a copy, or a
    # search, for each.
    assert sanitized() or event_us < 100
    for name, value in (
        ("bytes a listener", grown),
        ("CPU us an event", event_us),
        ("CPU us a report, alone", alone_us),
        ("CPU us a report, with the crowd", crowded_us),
    ):
        record_property(name, round(value, 2))
        print(f"{name}: {value:.2f}")
