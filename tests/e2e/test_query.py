"""The query API over a real store: municipalities, history, the latest reports, and exports."""

import csv
import io
import random
import time
from datetime import UTC, datetime, timedelta

import pytest
from lib.contract import Contract
from lib.processes import wait_until
from lib.reports import random_report, spell_batch
from lib.wire import Answer, Connection, exchange, get, post, request

ANSWERS_KEPT_S = 1.1  # The server keeps answers for a second (query/query_table.h).
REPORT = {"municipality": "chinautla", "temperature": 25, "humidity": 60, "weather": "sunny"}


@pytest.fixture(scope="module")
def contract(server):
    return Contract(get(server.port, "/openapi.json").json())


@pytest.fixture(autouse=True)
def empty_store(store, server):
    store("FLUSHALL")
    flushed_at = time.monotonic()
    wait_for_total(server, 0)
    time.sleep(max(0, flushed_at + ANSWERS_KEPT_S - time.monotonic()))


def wait_for_total(server, total: int):
    wait_until(
        lambda: get(server.port, "/stats").json().get("total_processed") == total,
        f"/stats counts {total}",
    )


@pytest.fixture
def read(server, contract):
    """GET, and the answer is one that the contract describes."""

    def read(target: str, **headers: str) -> Answer:
        answer = get(server.port, target, **headers)
        contract.check("GET", target, answer)
        return answer

    return read


def send(server, rows: list[dict], **headers: str):
    assert exchange(server.port, post(rows, **headers)).json()["accepted"] == len(rows)


def text_of(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_municipalities_agree_with_the_statistics(server, read):
    rng = random.Random(4)
    reports = [random_report(rng) for _ in range(300)]
    body, content_type = spell_batch(rng, reports)
    assert exchange(server.port, post(body, content_type=content_type)).json()["accepted"] == 300
    wait_for_total(server, 300)
    municipalities = read("/api/municipalities").json()
    stats = get(server.port, "/stats").json()
    averages = get(server.port, "/averages").json()["averages"]
    assert [m["slug"] for m in municipalities] == sorted(stats["counts_by_municipality"])
    for m in municipalities:
        mine = [r for r in reports if r.municipality == m["slug"]]
        assert m["count"] == stats["counts_by_municipality"][m["slug"]] == len(mine)
        assert m["avg_temperature"] == averages[m["slug"]]["avg_temperature"]
        assert m["avg_humidity"] == averages[m["slug"]]["avg_humidity"]
        for name in ("temperature", "humidity"):
            values = [getattr(r, name) for r in mine if getattr(r, name) is not None]
            assert m["extremes"][name] == {"min": min(values), "max": max(values)}
        named = [r.weather for r in mine if r.weather]
        assert m["by_condition"] == {c: named.count(c) for c in stats["counts_by_weather"]}
        occurring = [c for c in m["by_condition"] if m["by_condition"][c]]
        assert m["most_common"] == max(occurring, key=named.count)  # The first of the most.
        assert m["least_common"] == min(occurring, key=named.count)
        assert read(f"/api/municipalities/{m['slug']}").json() == m
        age = datetime.now(UTC) - datetime.fromisoformat(m["last_report_at"])
        assert timedelta(seconds=-1) < age < timedelta(minutes=1)


def test_all_municipalities_are_those_of_the_catalogue(server, read):
    send(server, [REPORT])
    wait_for_total(server, 1)
    reporting = read("/api/municipalities").json()
    everyone = read("/api/municipalities?all=true").json()
    assert [m["slug"] for m in reporting] == ["chinautla"]
    assert len(everyone) == 340
    assert [m for m in everyone if m["count"]] == reporting
    assert [m["slug"] for m in everyone] == sorted(m["slug"] for m in everyone)
    assert read("/api/municipalities?all=false").json() == reporting
    names = {m["slug"]: (m["name"], m["department"]) for m in everyone}
    assert names["amatitlan"] == ("Amatitlán", "Guatemala")
    assert sum(m["lat"] is not None for m in everyone) > 300


def test_a_municipality_without_reports_and_one_with_one(server, read):
    nothing = read("/api/municipalities/mixco").json()
    assert (nothing["count"], nothing["avg_temperature"], nothing["most_common"]) == (0, None, None)
    assert nothing["last_report_at"] is None
    assert read("/api/municipalities/mixco/history").json()["points"] == []
    assert read("/api/recent?municipality=mixco").json() == []
    assert read("/api/recent").json() == []
    assert read("/api/municipalities").json() == []
    send(server, [{"municipality": "mixco", "temperature": 19.5}])
    wait_for_total(server, 1)
    one = read("/api/municipalities/mixco").json()
    assert (one["count"], one["avg_temperature"], one["avg_humidity"]) == (1, 19.5, None)
    assert (one["most_common"], one["least_common"]) == (None, None)
    [point] = read("/api/municipalities/mixco/history?step=3600").json()["points"]
    assert point["count"] == 1
    assert point["temperature"] == {"mean": 19.5, "min": 19.5, "max": 19.5}
    assert point["humidity"] is None


@pytest.mark.parametrize(
    "name", ["amatitlan", "Amatitl%C3%A1n", "AMATITLAN", "amatitl%61n", "Amatitla%CC%81n"]
)
def test_municipalities_are_found_by_name(read, name):
    assert read(f"/api/municipalities/{name}").json()["slug"] == "amatitlan"
    assert read(f"/api/municipalities/{name}/history").json()["municipality"] == "amatitlan"


@pytest.mark.parametrize(
    "target",
    [
        "/api/municipalities/chinautle",
        "/api/municipalities/chinautle/history",
        "/api/recent?municipality=chinautle",
        "/api/export.csv?municipality=chinautle",
        "/api/export.csv?municipality=chinautle&kind=history",
    ],
)
def test_an_unknown_municipality_is_told_with_the_nearest(read, target):
    answer = read(target)
    assert (answer.status, answer.problem) == (404, "not-found")
    assert '"chinautle" is unknown; the nearest: chinautla' in answer.detail
    assert answer.json()["allowed"][0] == "chinautla"
    assert answer.headers["cache-control"] == "no-store"


def test_an_ambiguous_municipality_is_told_with_the_candidates(read):
    answer = read("/api/municipalities/la-libertad")
    assert answer.status == 404
    assert {"la-libertad-peten", "la-libertad-huehuetenango"} == set(answer.json()["allowed"])


MALFORMED = ("malformed-uri", 400)
INVALID = ("invalid-parameter", 422)
HISTORY = "/api/municipalities/mixco/history"


@pytest.mark.parametrize(
    ("target", "expected", "told"),
    [
        ("/api/municipalities?all=1", INVALID, ['all "1"', "true", "false"]),
        ("/api/municipalities?al=true", INVALID, ['"al" is unknown', "all"]),
        ("/api/municipalities?all=true&all=true", MALFORMED, ['"all" is given twice']),
        ("/api/municipalities/mixco?step=60", INVALID, ['"step" is unknown here; none is taken']),
        ("/api/municipalities/%", MALFORMED, ["%25"]),
        ("/api/municipalities/%4/history", MALFORMED, ["%25"]),
        (HISTORY + "?from=yesterday", INVALID, ['from "yesterday"', "RFC 3339"]),
        (HISTORY + "?from=2026-11-25", INVALID, ['from "2026-11-25"']),
        (HISTORY + "?to=1795630000", INVALID, ['to "1795630000"']),
        (HISTORY + "?to=", INVALID, ['to ""']),
        (HISTORY + "?from=2026-11-25T10:00:00Z&to=2026-11-25T09:00:00Z", INVALID,
         ["is after to 2026-11-25T09:00:00Z"]),
        (HISTORY + "?step=30", INVALID, ['step "30"', "60..86400, a multiple of 60"]),
        (HISTORY + "?step=90", INVALID, ['step "90"', "multiple of 60"]),
        (HISTORY + "?step=-60", INVALID, ['step "-60"']),
        (HISTORY + "?step=1e2", INVALID, ['step "1e2"']),
        (HISTORY + "?step=172800", INVALID, ['step "172800"']),
        (HISTORY + "?from=2026-11-20T00:00:00Z&to=2026-11-25T00:00:00Z", INVALID,
         ["7200 points", "at most 1500", "step 300..86400"]),
        (HISTORY + "?from=2026-01-01T00:00:00Z&to=2026-11-25T00:00:00Z&step=86400", INVALID,
         ["at most 31 days", "from 2026-10-25T00:00:00Z or later"]),
        (HISTORY + "?limit=5", INVALID, ['"limit" is unknown here; known: from, to, step']),
        ("/api/recent?limit=0", INVALID, ['limit "0"', "1..1000"]),
        ("/api/recent?limit=1001", INVALID, ['limit "1001"', "1..1000"]),
        ("/api/recent?limit=", INVALID, ['limit ""']),
        ("/api/recent?limit=2x", INVALID, ['limit "2x"']),
        ("/api/recent?limit=5&limit=6", MALFORMED, ['"limit" is given twice']),
        ("/api/recent?limit=%zz", MALFORMED, ["%25"]),
        ("/api/recent?muncipality=mixco", INVALID, ['"muncipality" is unknown', "limit"]),
        ("/api/export.csv?kind=all", INVALID, ['kind "all"', "recent", "history"]),
        ("/api/export.csv?step=60", INVALID, ['"step" is unknown', "with kind=history also from"]),
        ("/api/export.csv?kind=history&step=61", INVALID, ['step "61"']),
        ("/api/export.csv?kind=history&limit=1", INVALID, ['"limit" is unknown']),
    ],
)  # fmt: skip
def test_bad_parameters_are_named_with_what_is_allowed(read, target, expected, told):
    answer = read(target)
    assert (answer.problem, answer.status) == expected
    words = answer.detail + " " + " ".join(answer.json().get("allowed", []))
    for word in told:
        assert word in words, (word, words)
    assert answer.headers["cache-control"] == "no-store"


class Minutes:
    """Reports of the past, planted as the series holds them, and what they add up to."""

    def __init__(self, store, rng: random.Random, end: datetime):
        self.buckets = {}  # By the minute's time.
        for _ in range(400):
            at = end - timedelta(minutes=rng.randrange(1, 1300))
            values = [rng.randrange(-900, 600) / 10 for _ in range(rng.randrange(1, 4))]
            self.buckets[at] = values
        for at, values in self.buckets.items():
            hour, minute = divmod(int(at.timestamp()) // 60, 60)
            text = f"{len(values) + 1} {len(values)} {sum(values):.14g} {min(values)} {max(values)}"
            store("HSET", f"series:mixco:{hour}", minute, f"{text} 0 0 - -")

    def merged(self, start: datetime, end: datetime, step_s: int) -> dict[str, dict]:
        """Points by their time, computed plainly."""
        steps = {}
        for at, values in self.buckets.items():
            if start <= at < end:
                step = int(at.timestamp()) // step_s * step_s
                steps.setdefault(step, []).append(values)
        return {
            text_of(datetime.fromtimestamp(step, UTC)): {
                "count": sum(len(values) + 1 for values in minutes),
                "values": [value for values in minutes for value in values],
            }
            for step, minutes in steps.items()
        }


@pytest.fixture
def minutes(store):
    this_minute = datetime.now(UTC).replace(second=0, microsecond=0)
    return Minutes(store, random.Random(11), this_minute)


def test_history_is_what_the_minutes_add_up_to(read, minutes):
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    rng = random.Random(12)
    for _ in range(12):
        step_s = 60 * rng.choice([1, 2, 5, 7, 15, 60, 90, 1440])
        end = now - timedelta(minutes=rng.randrange(0, 600))
        start = end - timedelta(minutes=rng.randrange(0, min(1400, 1400 * step_s // 60)))
        target = f"{HISTORY}?from={text_of(start)}&to={text_of(end)}&step={step_s}"
        history = read(target).json()
        assert (history["from"], history["to"]) == (text_of(start), text_of(end))
        assert history["step"] == step_s
        expected = minutes.merged(start, end, step_s)
        assert [point["at"] for point in history["points"]] == sorted(expected)
        for point in history["points"]:
            plain = expected[point["at"]]
            values = plain["values"]
            assert point["count"] == plain["count"]
            assert (point["temperature"]["min"], point["temperature"]["max"]) == (
                min(values), max(values),
            )  # fmt: skip
            assert abs(point["temperature"]["mean"] - sum(values) / len(values)) < 0.0051
            assert point["humidity"] is None


def test_windows_that_follow_each_other_lose_and_repeat_nothing(read, minutes):
    end = datetime.now(UTC).replace(second=0, microsecond=0)
    cuts = [end - timedelta(minutes=m) for m in (1300, 777, 301, 300, 59, 0)]

    def count(start: datetime, stop: datetime, step: int) -> int:
        target = f"{HISTORY}?from={text_of(start)}&to={text_of(stop)}&step={step}"
        return sum(point["count"] for point in read(target).json()["points"])

    everything = sum(len(values) + 1 for values in minutes.buckets.values())
    for step in (60, 3600, 86400):
        assert count(cuts[0], end, step) == everything
        assert sum(count(a, b, step) for a, b in zip(cuts, cuts[1:], strict=False)) == everything


def test_history_is_the_last_hour_by_default(server, read):
    send(server, [REPORT] * 3)
    history = read("/api/municipalities/chinautla/history").json()
    start, end = (datetime.fromisoformat(history[name]) for name in ("from", "to"))
    assert end - start == timedelta(hours=1)
    assert timedelta(minutes=-1) <= end - datetime.now(UTC) <= timedelta(minutes=1)
    assert sum(point["count"] for point in history["points"]) == 3
    assert history["step"] == 60


def test_offsets_may_be_written_as_they_are(read):
    for text in ("2026-11-25T16:30:00+06:00", "2026-11-25T16:30:00%2B06:00"):
        history = read(f"{HISTORY}?to={text}").json()
        assert (history["from"], history["to"]) == ("2026-11-25T09:30:00Z", "2026-11-25T10:30:00Z")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-25T10:00:00Z", "2026-11-25T10:00:00Z"),
        ("2026-11-25T10:00:10Z", "2026-11-25T10:00:20Z"),
        ("2040-01-01T00:00:00Z", "2040-01-01T01:00:00Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T01:00:00Z"),
    ],
)
def test_an_empty_window_is_no_error(read, start, end):
    for step in (60, 86400):
        assert read(f"{HISTORY}?from={start}&to={end}&step={step}").json()["points"] == []


def test_recent_is_what_was_stored_newest_first(server, read):
    ids = [f"station-{number}" for number in range(30)]
    for identity in ids:
        send(server, [REPORT | {"id": identity}])
    newest = read("/api/recent?municipality=chinautla").json()
    assert [row["id"] for row in newest] == ids[::-1][:20]
    assert newest[0].items() >= {**REPORT, "id": "station-29"}.items()
    assert [
        row["id"] for row in read("/api/recent?municipality=chinautla&limit=1000").json()
    ] == ids[::-1]
    assert [row["id"] for row in read("/api/recent?municipality=chinautla&limit=1").json()] == ids[
        -1:
    ]


def test_recent_keeps_what_a_report_said(server, read):
    observed = text_of(datetime.now(UTC) - timedelta(minutes=30))
    send(server, [{"municipality": "mixco", "humidity": 0.5, "observed_at": observed}])
    [row] = read("/api/recent?municipality=mixco").json()
    assert row.keys() == {"id", "municipality", "humidity", "observed_at", "at"}
    assert datetime.fromisoformat(row["observed_at"]) == datetime.fromisoformat(observed)
    assert row["humidity"] == 0.5


def test_recent_of_all_is_merged_by_arrival(server, read):
    rng = random.Random(3)
    names = ["chinautla", "mixco", "guatemala", "amatitlan"]
    for number in range(120):
        name = names[0] if rng.random() < 0.7 else rng.choice(names)
        send(server, [{"municipality": name, "temperature": 1, "id": f"r{number}"}])
    wait_for_total(server, 120)
    lists = {name: read(f"/api/recent?municipality={name}&limit=1000").json() for name in names}
    everything = [row for rows in lists.values() for row in rows]
    assert len(everything) == 120
    for limit in (1, 20, 119, 1000):
        newest = read(f"/api/recent?limit={limit}").json()
        assert len(newest) == min(limit, 120)
        times = [row["at"] for row in newest]
        assert times == sorted(times, reverse=True)
        assert times == sorted((row["at"] for row in everything), reverse=True)[:limit]
        for name, rows in lists.items():  # Those of one are in their order, and none is left out.
            mine = [row for row in newest if row["municipality"] == name]
            assert mine == rows[: len(mine)]


def rows_of(answer: Answer) -> list[dict]:
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    text = answer.body.decode()
    assert text.count("\n") == text.count("\r\n")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_export_is_what_recent_tells(server, read):
    rng = random.Random(8)
    reports = [random_report(rng, id=f"id,{n}" if n % 3 else f"={n}") for n in range(200)]
    for first in range(0, 200, 20):
        body, content_type = spell_batch(rng, reports[first : first + 20])
        assert exchange(server.port, post(body, content_type=content_type)).json()["accepted"] == 20
    wait_for_total(server, 200)
    answer = read("/api/export.csv?municipality=mixco")
    assert answer.headers["content-disposition"] == 'attachment; filename="chaac-recent-mixco.csv"'
    rows = rows_of(answer)
    recent = read("/api/recent?municipality=mixco&limit=1000").json()
    assert len(rows) == len(recent) > 20
    for row, report in zip(rows, recent, strict=True):
        assert list(row) == [
            "municipality",
            "at",
            "temperature",
            "humidity",
            "weather",
            "observed_at",
            "id",
        ]
        assert row["id"].removeprefix("'") == report["id"]
        assert row["id"][0] not in "=+-@"
        for name in ("municipality", "at", "weather", "observed_at"):
            assert row[name] == report.get(name, "")
        for name in ("temperature", "humidity"):
            assert (float(row[name]) if row[name] else None) == report.get(name)
    everything = read("/api/export.csv")
    assert everything.headers["content-disposition"] == 'attachment; filename="chaac-recent.csv"'
    assert everything.headers["transfer-encoding"] == "chunked"
    slugs = [m["slug"] for m in read("/api/municipalities").json()]
    one_by_one = [rows_of(read(f"/api/export.csv?municipality={slug}")) for slug in slugs]
    assert rows_of(everything) == [row for rows in one_by_one for row in rows]


def test_no_cell_is_a_formula(server, read):
    ids = ["=1+1", "+1", "-1", "@SUM(A1)", "'quoted", "=cmd|'/C,calc'!A0", "plain"]
    for identity in ids:
        send(server, [{"municipality": "mixco", "temperature": -3.5, "id": identity}])
    rows = rows_of(read("/api/export.csv?municipality=mixco"))
    assert [row["id"] for row in rows] == [
        "plain", "'=cmd|'/C,calc'!A0", "''quoted", "'@SUM(A1)", "'-1", "'+1", "'=1+1",
    ]  # fmt: skip
    assert [row["id"].removeprefix("'") for row in rows] == ids[::-1]
    assert {row["temperature"] for row in rows} == {"-3.5"}


def test_export_of_history_is_the_history(server, read, minutes):
    send(server, [REPORT])
    wait_for_total(server, 1)
    end = text_of(datetime.now(UTC).replace(second=0, microsecond=0))
    window = f"from={text_of(datetime.now(UTC) - timedelta(hours=20))}&to={end}&step=600"
    answer = read(f"/api/export.csv?kind=history&municipality=mixco&{window}")
    assert answer.headers["content-disposition"] == 'attachment; filename="chaac-history-mixco.csv"'
    points = read(f"{HISTORY}?{window}").json()["points"]
    rows = rows_of(answer)
    assert len(rows) == len(points) > 20
    for row, point in zip(rows, points, strict=True):
        assert (row["municipality"], row["at"], int(row["count"])) == (
            "mixco",
            point["at"],
            point["count"],
        )
        for figure, value in point["temperature"].items():
            assert float(row[f"temperature_{figure}"]) == value
        assert row["humidity_mean"] == row["humidity_min"] == row["humidity_max"] == ""
    [row] = rows_of(
        read("/api/export.csv?kind=history&step=3600")
    )  # mixco has no report of its own.
    assert (row["municipality"], row["count"]) == ("chinautla", "1")


def test_an_export_of_nothing_has_a_header(read):
    for target in ("/api/export.csv", "/api/export.csv?municipality=mixco"):
        answer = read(target)
        assert answer.body == b"municipality,at,temperature,humidity,weather,observed_at,id\r\n"


@pytest.mark.parametrize(
    "target",
    [
        "/api/municipalities",
        "/api/municipalities?all=true",
        "/api/municipalities/chinautla",
        "/api/municipalities/chinautla/history?to=2026-11-25T10:00:00Z",
        "/api/recent",
        "/api/export.csv?municipality=chinautla",
    ],
)
def test_reads_are_cached_by_their_content(server, read, target):
    send(server, [REPORT])
    wait_for_total(server, 1)
    answer = read(target)
    etag = answer.headers["etag"]
    assert answer.headers["cache-control"] == "public, max-age=1"
    for names in (etag, etag.removeprefix("W/"), f'"other", {etag}', "*"):
        again = read(target, if_none_match=names)
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", etag)
    assert read(target, if_none_match='"other"').status == 200
    send(server, [REPORT | {"temperature": 26}])
    if "history" not in target:  # Whose window is in the past.
        wait_until(lambda: get(server.port, target).headers["etag"] != etag, "another tag")


def test_pipelined_reads_are_answered_in_order(server):
    send(server, [REPORT])
    wait_for_total(server, 1)
    with Connection(server.port) as connection:
        targets = [
            "/api/recent?limit=1", "/health", "/api/municipalities/chinautla/history",
            "/api/export.csv", "/stats", "/api/municipalities",
            "/api/export.csv?municipality=chinautla", "/health",
        ]  # fmt: skip
        connection.send(b"".join(request("GET", target) for target in targets))
        answers = [connection.read() for _ in targets]
    assert [answer.status for answer in answers] == [200] * 8
    assert answers[0].json()[0]["municipality"] == "chinautla"
    assert answers[1].json() == answers[7].json() == {"status": "healthy"}
    assert answers[2].json()["points"]
    assert answers[3].body == answers[6].body


def test_open_mode_knows_what_reports(start_server, contract):
    server = start_server("--municipalities", "open")
    send(server, [{"municipality": "Estación 7", "temperature": 20}])
    wait_for_total(server, 1)
    [station] = get(server.port, "/api/municipalities?all=true").json()
    assert (station["slug"], station["name"], station["lat"]) == ("estacion-7", None, None)
    assert get(server.port, "/api/municipalities/Estaci%C3%B3n%207").json() == station
    answer = get(server.port, "/api/municipalities/estacion-77")
    assert contract.check("GET", "/api/municipalities/estacion-77", answer) == 404
    assert answer.json()["allowed"] == ["estacion-7"]
    assert get(server.port, "/api/municipalities/estacion-77/history").status == 404


def test_a_series_that_is_kept_longer_is_read_further_back(start_server, store):
    server = start_server("--series-retention-s", str(40 * 86400))
    at = datetime.now(UTC) - timedelta(days=30)
    hour, minute = divmod(int(at.timestamp()) // 60, 60)
    store("HSET", f"series:mixco:{hour}", minute, "2 2 41.5 20 21.5 0 0 - -")
    window = f"from={text_of(at - timedelta(minutes=5))}&to={text_of(at + timedelta(days=30))}"
    history = get(server.port, f"{HISTORY}?{window}&step=1800").json()
    assert [point["count"] for point in history["points"]] == [2]
    assert history["points"][0]["temperature"] == {"mean": 20.75, "min": 20, "max": 21.5}


def test_reads_follow_commits(server):
    """Whoever was told that a report is stored finds it among the recent ones."""
    for number in range(20):
        name = f"limit={number + 1}"  # Another query each time: none is answered from a second ago.
        send(server, [{"municipality": "mixco", "temperature": number}])
        newest = get(server.port, f"/api/recent?municipality=mixco&{name}").json()[0]
        assert newest["temperature"] == number
        time.sleep(0)
