"""Every route, as the contract has it."""

import gzip
import json
import re
import time

import pytest
from lib.model import differences, dump_store, stored_reports
from lib.processes import wait_until
from lib.wire import exchange, get, post, request

REPORT = {"municipality": "chinautla", "temperature": 25, "humidity": 60, "weather": "sunny"}
GET_ROUTES = ("/stats", "/averages", "/health", "/ready", "/", "/openapi.json")
ADMIN_ROUTES = ("/metrics", "/livez", "/readyz")


@pytest.fixture(autouse=True)
def empty_store(store, server):
    """Each test counts from zero, while the server runs on."""
    store("FLUSHALL")
    wait_until(
        lambda: get(server.port, "/stats").json().get("total_processed") == 0, "an empty store"
    )


def stats_with(server, total: int) -> dict:
    """The statistics once they count `total` reports; they may be a second old."""
    return wait_until(
        lambda: (s := get(server.port, "/stats").json()).get("total_processed") == total and s,
        f"/stats counts {total}",
    )


def test_a_report_is_stored_when_it_is_acknowledged(server, store):
    answer = exchange(server.port, post(REPORT))
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    document = answer.json()
    assert document.keys() == {"status", "message", "id"}
    assert document["status"] == "success"
    assert re.fullmatch(r"tweet-\d+", document["id"])
    assert store("GET", "count:chinautla") == "1"
    assert store("LRANGE", "tweets:chinautla", 0, 9) == [document["id"]]
    assert store("GET", "weather:chinautla:sunny") == "1"
    assert store("GET", "temp_sum:chinautla") == "25"
    assert store("LLEN", "tweets:chinautla") == 1
    assert differences(dump_store(store)) == []


def test_the_same_report_without_id_is_another_report(server, store):
    ids = {exchange(server.port, post(REPORT)).json()["id"] for _ in range(3)}
    assert len(ids) == 3
    assert store("GET", "count:chinautla") == "3"


def test_a_content_type_is_not_required(server):
    body = json.dumps(REPORT).encode()
    head = f"POST /api/weather HTTP/1.1\r\nHost: t\r\nContent-Length: {len(body)}\r\n\r\n"
    assert exchange(server.port, head.encode() + body).status == 200


def batch_bodies(rows: list[dict]):
    lines = [json.dumps(row).encode() for row in rows]
    return (
        (b"[" + b",".join(lines) + b"]", "application/json"),
        (b"\n".join(lines), "application/x-ndjson"),
        (b"\r\n".join(lines) + b"\r\n", "Application/X-NDJSON; charset=utf-8"),
        (b"\n\n".join(lines) + b"\n\n", "application/x-ndjson"),
    )


@pytest.mark.parametrize("form", range(4))
def test_a_batch_commits_together(server, store, form):
    rows = [REPORT, REPORT | {"municipality": "Amatitlán"}, {"municipality": 1, "humidity": 0.5}]
    body, content_type = batch_bodies(rows)[form]
    answer = exchange(server.port, post(body, content_type=content_type))
    assert answer.status == 200
    document = answer.json()
    assert document["status"] == "success"
    assert (document["accepted"], document["rejected"]) == (3, [])
    ids = [row.id for rows in stored_reports(dump_store(store)).values() for row in rows]
    assert len(ids) == 3 and {document["first_id"], document["last_id"]} <= set(ids)
    assert differences(dump_store(store)) == []


@pytest.mark.parametrize("form", range(4))
def test_bad_rows_of_a_batch_are_explained_one_by_one(server, store, form):
    rows = [
        REPORT,
        REPORT | {"temperature": 99},
        REPORT | {"municipality": "mixco"},
        {"municipality": "mixco", "weather": "snowing"},
    ]
    body, content_type = batch_bodies(rows)[form]
    document = exchange(server.port, post(body, content_type=content_type)).json()
    assert document["accepted"] == 2
    assert [row["index"] for row in document["rejected"]] == [1, 3]
    assert "99" in document["rejected"][0]["detail"]
    assert "snowing" in document["rejected"][1]["detail"]
    assert store("GET", "count:chinautla") == "1"
    assert store("GET", "count:mixco") == "1"
    assert differences(dump_store(store)) == []


def test_a_malformed_line_of_ndjson_is_one_bad_row(server, store):
    body = b'%s\n{"municipality":\n%s\n' % ((json.dumps(REPORT).encode(),) * 2)
    document = exchange(server.port, post(body, content_type="application/x-ndjson")).json()
    assert document["accepted"] == 2
    assert [row["index"] for row in document["rejected"]] == [1]
    assert store("GET", "count:chinautla") == "2"


def test_a_batch_without_a_good_row_is_a_problem(server, nothing_stored):
    rows = [REPORT | {"temperature": 99}, REPORT | {"humidity": "60"}]
    with nothing_stored():
        answer = exchange(server.port, post(rows))
    assert answer.status == 422
    assert answer.problem
    assert [row["index"] for row in answer.json()["rejected"]] == [0, 1]


def test_stats(server):
    before = int(time.time())
    rows = [
        REPORT,
        {"municipality": "chinautla", "temperature": -3.25},
        {"municipality": "mixco", "humidity": 81.5, "weather": "lluvioso"},
    ]
    assert exchange(server.port, post(rows)).json()["accepted"] == 3
    stats = stats_with(server, 3)
    assert stats["counts_by_municipality"] == {"chinautla": 2, "mixco": 1}
    assert {c: n for c, n in stats["counts_by_weather"].items() if n} == {"sunny": 1, "rainy": 1}
    assert stats["extremes"] == {
        "temperature": {"min": -3.25, "max": 25},
        "humidity": {"min": 60, "max": 81.5},
    }
    assert stats["service"] == "chaac"
    assert before <= stats["timestamp"] <= time.time() + 1


def test_averages(server):
    rows = [
        {"municipality": "chinautla", "temperature": 20, "humidity": 60.01},
        {"municipality": "chinautla", "temperature": 21, "humidity": 60.02},
        {"municipality": "chinautla", "temperature": 21},
        {"municipality": "mixco", "weather": "sunny"},
    ]
    assert exchange(server.port, post(rows)).json()["accepted"] == 4
    stats_with(server, 4)
    averages = get(server.port, "/averages").json()
    assert abs(averages["timestamp"] - time.time()) < 60
    chinautla = averages["averages"]["chinautla"]
    assert (chinautla["avg_temperature"], chinautla["temp_samples"]) == (20.67, 3)
    assert chinautla["humidity_samples"] == 2
    assert chinautla["avg_humidity"] in (60.01, 60.02)  # 60.015: either neighbour.
    mixco = averages["averages"].get("mixco", {"temp_samples": 0, "humidity_samples": 0})
    assert (mixco["temp_samples"], mixco["humidity_samples"]) == (0, 0)


def test_statistics_are_cached_by_their_content(server):
    for target in ("/stats", "/averages"):
        answer = get(server.port, target)
        assert answer.headers["cache-control"]
        etag = answer.headers["etag"]
        assert etag.startswith('W/"')
        wait_until(
            lambda t=target, a=answer: (
                get(server.port, t).json()["timestamp"] > a.json()["timestamp"]
            ),
            "a new snapshot of the same figures",
        )
        for names in (etag, etag.removeprefix("W/"), f'"other", {etag}', "*"):
            again = get(server.port, target, if_none_match=names)
            assert (again.status, again.body) == (304, b"")
            assert again.headers["etag"] == etag
        assert get(server.port, target, if_none_match='"other"').status == 200


def test_health_and_readiness(server):
    exchange(server.port, post(REPORT))
    stats_with(server, 1)
    assert get(server.port, "/health").json() == {"status": "healthy"}
    assert get(server.port, "/ready").json() == {"ready": True, "processed": 1}
    assert get(server.port, "/ready?verbose").json()["ready"] is True


def test_the_index_names_the_endpoints(server):
    index = get(server.port, "/").json()
    assert index["service"] == "chaac"
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", index["version"])
    assert any("/api/weather" in endpoint for endpoint in index["endpoints"])


def test_the_contract_serves_itself(server):
    document = get(server.port, "/openapi.json").json()
    assert document["openapi"].startswith("3.1.")
    assert {"/api/weather", *GET_ROUTES} <= document["paths"].keys()
    operation = document["paths"]["/api/weather"]["post"]
    assert {"application/json", "application/x-ndjson"} <= operation["requestBody"][
        "content"
    ].keys()
    assert {"200", "400", "413", "415", "422", "503"} <= operation["responses"].keys()


@pytest.mark.parametrize("target", GET_ROUTES)
def test_head_is_get_without_the_body(connection, target):
    full = connection.exchange(request("GET", target))
    head = connection.exchange(request("HEAD", target))
    assert (full.status, head.status) == (200, 200)
    assert head.headers.keys() == full.headers.keys()
    assert head.headers["content-type"] == full.headers["content-type"]
    if target in ("/health", "/", "/openapi.json"):  # The others may change in between.
        assert head.headers["content-length"] == full.headers["content-length"]
    assert connection.exchange(request("GET", "/health")).status == 200  # Still in step.


@pytest.mark.parametrize("target", ADMIN_ROUTES)
def test_the_admin_port_is_for_operators_only(server, target):
    assert get(server.admin_port, target).status == 200
    assert get(server.port, target).problem == "not-found"


def test_the_admin_port_takes_no_reports(server, nothing_stored):
    with nothing_stored():
        assert exchange(server.admin_port, post(REPORT)).problem == "not-found"


@pytest.mark.parametrize("target", ["/nothing", "/api", "/api/weather/", "/stats/", "//", "/Stats"])
def test_other_paths_are_not_found(server, target):
    answer = get(server.port, target)
    assert (answer.status, answer.problem) == (404, "not-found")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_on_reports_are_refused(server, nothing_stored, method):
    with nothing_stored():
        answer = exchange(server.port, request(method, "/api/weather"))
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    if method != "HEAD":
        assert answer.problem == "method-not-allowed"


@pytest.mark.parametrize("target", GET_ROUTES)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_other_methods_on_reads_are_refused(server, method, target):
    answer = exchange(server.port, request(method, target, b""))
    assert (answer.status, answer.problem) == (405, "method-not-allowed")
    assert {"GET", "HEAD"} == set(answer.headers["allow"].split(", "))


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "application/jsonx", "x"]
)
def test_other_media_types_are_refused(server, nothing_stored, content_type):
    with nothing_stored():
        answer = exchange(server.port, post(REPORT, content_type=content_type))
    assert (answer.status, answer.problem) == (415, "unsupported-media-type")
    assert content_type in answer.detail
    assert set(answer.json()["allowed"]) == {"application/json", "application/x-ndjson"}


def test_compressed_bodies_are_refused(connection, nothing_stored):
    body = gzip.compress(json.dumps(REPORT).encode())
    with nothing_stored():
        answer = connection.exchange(post(body, content_encoding="gzip"))
        assert (answer.status, answer.problem) == (415, "unsupported-media-type")
        assert "uncompressed" in answer.detail
    assert connection.exchange(post(REPORT, content_encoding="identity")).status == 200


def test_every_answer_has_a_date_and_a_length(connection):
    for data in (post(REPORT), post(b"{"), request("GET", "/"), request("GET", "/x")):
        headers = connection.exchange(data).headers
        assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", headers["date"])
        assert int(headers["content-length"]) > 0
