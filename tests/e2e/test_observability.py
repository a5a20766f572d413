"""Metrics and logs: well-formed, and telling the truth."""

import os
import re
import signal
import subprocess
from datetime import datetime

import pytest
from lib import metrics
from lib.processes import Server, wait_until
from lib.wire import Connection, exchange, get, post, request

REPORT = {"municipality": "mixco", "temperature": 25}


def scrape(server) -> dict[str, metrics.Family]:
    answer = get(server.admin_port, "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return metrics.parse(answer.body.decode())


@pytest.fixture
def fresh(start_server):
    """A server whose counters are at zero."""
    return start_server("--loops", "2")


def total(families, name: str, **labels: str) -> float:
    return metrics.total(families, name, **labels)


GOOD_PAGE = """# HELP a_total A.
# TYPE a_total counter
a_total{x="1",y="\\"\\\\\\n"} 1
a_total{x="2"} 2.5e3
# HELP b B.
# TYPE b histogram
b_bucket{le="1"} 1
b_bucket{le="+Inf"} 2
b_sum 3
b_count 2
"""


def test_the_parser_reads_a_good_page():
    page = metrics.parse(GOOD_PAGE)
    assert (total(page, "a_total"), total(page, "a_total", x="2")) == (2501, 2500)
    assert total(page, "b_count") == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("b_count 2\n", "b_count 2"),
        ("# TYPE a_total counter\n", ""),
        ("# HELP a_total A.\n", ""),
        ("# HELP a_total A.", "# HELP a_total "),
        ("TYPE b histogram", "TYPE b histogramme"),
        ('a_total{x="2"} 2.5e3', 'a_total{x="1",y="\\"\\\\\\n"} 1'),
        ('a_total{x="2"} 2.5e3', "a_total{x=2} 1"),
        ('a_total{x="2"} 2.5e3', 'a_total{x="2",x="3"} 1'),
        ('a_total{x="2"} 2.5e3', 'a_total{x="2"} one'),
        ('a_total{x="2"} 2.5e3', "a_total -1"),
        ("b_count 2", "b_count 3"),
        ("b_sum 3\n", ""),
        ('b_bucket{le="+Inf"} 2\n', ""),
        ('b_bucket{le="1"} 1', 'b_bucket{le="1"} 5'),
        ("b_count 2\n", "b_count 2\na_total 1\n"),
        ("b_count 2\n", "b_count 2\n\n"),
    ],
)
def test_the_parser_refuses_a_bad_page(old, new):
    assert old in GOOD_PAGE
    with pytest.raises(ValueError):
        metrics.parse(GOOD_PAGE.replace(old, new))


def test_the_page_is_well_formed_and_conventional(fresh):
    exchange(fresh.port, post(REPORT))
    families = scrape(fresh)
    for name, family in families.items():
        assert re.match(r"chaac_|process_|go_", name), name
        assert family.help.endswith(".") or len(family.help) > 10, name
        assert (family.kind == "counter") == name.endswith("_total"), name
        assert not name.endswith(("_ms", "_milliseconds", "_us", "_count")), name


def test_requests_and_reports_are_counted_exactly(fresh):
    accepted, rejected = 0, 0
    with Connection(fresh.port) as connection:
        for _ in range(7):
            assert connection.exchange(post(REPORT)).status == 200
            accepted += 1
        document = connection.exchange(post([REPORT, REPORT | {"temperature": 99}, REPORT])).json()
        accepted += document["accepted"]
        rejected += len(document["rejected"])
        for _ in range(3):
            assert connection.exchange(post(REPORT | {"municipality": "Mixko"})).status == 422
            rejected += 1
        connection.exchange(post(b"{"))
        connection.exchange(request("GET", "/stats"))
        connection.exchange(request("GET", "/nowhere"))
        connection.exchange(request("DELETE", "/api/weather"))
        page = scrape(fresh)
        assert total(page, "chaac_http_connections_open") >= 1
    assert total(page, "chaac_http_requests_total", route="/api/weather", status="200") == 8
    assert total(page, "chaac_http_requests_total", route="/api/weather", status="422") == 3
    assert total(page, "chaac_http_requests_total", route="/api/weather", status="400") == 1
    assert total(page, "chaac_http_requests_total", route="/api/weather", status="405") == 1
    assert total(page, "chaac_http_requests_total", route="/stats", status="200") == 1
    assert total(page, "chaac_http_requests_total", route="other", status="404") == 1
    assert total(page, "chaac_reports_accepted_total") == accepted
    reasons = {"out-of-range": 1, "unknown-municipality": 3, "malformed-json": 1}
    for reason, n in reasons.items():
        assert total(page, "chaac_reports_rejected_total", reason=reason) == n
    assert total(page, "chaac_reports_rejected_total") == sum(reasons.values())
    assert total(page, "chaac_batch_reports_sum") == accepted
    assert 1 <= total(page, "chaac_batch_reports_count") <= accepted
    commits = total(page, "chaac_batch_reports_count")
    assert total(page, "chaac_commit_duration_seconds_count") == commits
    durations = total(page, "chaac_http_request_duration_seconds_count", route="/api/weather")
    assert durations == 13


def test_refusals_before_any_route_are_counted(fresh):
    for data in (
        b"BROKEN\r\n\r\n",
        request("GET", "/" + "x" * 5000),
        request("GET", "/", expect="miracles"),
        b"POST /api/weather HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: t\r\n\r\n",
    ):
        exchange(fresh.port, data)
    page = scrape(fresh)
    for status in ("400", "414", "417", "413", "505"):
        assert total(page, "chaac_http_requests_total", route="other", status=status) == 1, status
    assert total(page, "chaac_http_refused_total") == 5


def test_what_is_answered_at_once_takes_time_too(fresh):
    with Connection(fresh.port) as connection:
        for _ in range(100):
            connection.exchange(request("GET", "/stats"))
    seconds = total(scrape(fresh), "chaac_http_request_duration_seconds_sum", route="/stats")
    assert 0 < seconds < 10


def test_repeats_are_not_counted_as_accepted_twice_in_the_store(fresh, store):
    for _ in range(3):
        exchange(fresh.port, post(REPORT | {"id": "metrics-1"}))
    page = scrape(fresh)
    assert total(page, "chaac_batch_reports_sum") <= 3
    assert total(page, "chaac_http_requests_total", route="/api/weather", status="200") == 3


def test_the_store_and_the_queue_are_shown(folder, own_valkey):
    server = Server(folder / "server", own_valkey.url, "--store-reply-timeout-ms", "200").start()
    try:
        page = scrape(server)
        assert total(page, "chaac_store_up") >= 1
        assert total(page, "chaac_queue_reports") == 0
        assert total(page, "chaac_build_info") == 1
        connects = total(page, "chaac_store_connects_total")
        own_valkey.kill()
        wait_until(lambda: total(scrape(server), "chaac_store_up") == 0, "chaac_store_up is 0")
        own_valkey.start()
        server.wait_ready()
        assert total(scrape(server), "chaac_store_connects_total") > connects
        assert total(scrape(server), "chaac_store_up") >= 1
    finally:
        server.kill()


def test_logs_are_json_with_ecs_names_and_no_line_a_request(fresh):
    with Connection(fresh.port) as connection:
        for number in range(200):
            connection.exchange(post(REPORT | {"temperature": number}))
        connection.exchange(b"BROKEN\r\n\r\n")
    fresh.signal(signal.SIGTERM)
    assert fresh.process.wait(60) == 0
    records = fresh.log_records()
    assert 1 <= len(records) <= 30
    for record in records:
        assert datetime.fromisoformat(record["@timestamp"]).utcoffset() is not None
        assert record["log.level"] in ("debug", "info", "warning", "error")
        assert record["message"]
        assert record["ecs.version"]
    assert [record["@timestamp"] for record in records] == sorted(r["@timestamp"] for r in records)


def test_logs_for_people(start_server):
    server = start_server("--log-format", "text")
    assert "serving" in server.log()
    assert not server.log().lstrip().startswith("{")


def test_an_outage_is_logged_once_not_at_every_request(folder, own_valkey):
    server = Server(folder / "server", own_valkey.url, "--store-reply-timeout-ms", "100").start()
    try:
        own_valkey.kill()
        with Connection(server.port) as connection:
            for _ in range(300):
                assert connection.exchange(post(REPORT)).status == 503
        assert len(server.log_records()) < 60
        assert any(record["log.level"] in ("warning", "error") for record in server.log_records())
    finally:
        server.kill()


def test_a_log_that_nobody_reads_ends_nothing(start_server):
    """Its reader has gone: the next line must not be the last thing the server does."""
    server = start_server()
    reader, writer = os.pipe()
    server.terminate()
    server.process = subprocess.Popen(
        [str(word) for word in server.command], stdin=subprocess.DEVNULL, stderr=writer
    )
    os.close(writer)
    server.wait_ready()
    os.close(reader)
    assert server.terminate() == 0  # It logs that it drains.
