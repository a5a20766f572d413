"""What is stored: after a random load every key equals the reference, lists keep their bounds, and
everything expires as it should."""

import random
import time

import pytest
from lib.model import data_keys, differences, dump_store, parse_line, stored_reports
from lib.processes import wait_until
from lib.reports import MUNICIPALITIES, Report, random_report, spell, spell_batch
from lib.wire import Connection, exchange, get, post


@pytest.fixture(autouse=True)
def empty_store(store, server):
    store("FLUSHALL")


def random_messages(rng: random.Random, reports: list[Report]) -> list[bytes]:
    """The reports in singles and batches of many sizes."""
    messages, start = [], 0
    while start < len(reports):
        size = rng.choice([1, 1, 1, 2, 9, 60, 300])
        rows = reports[start : start + size]
        start += size
        if len(rows) == 1 and rng.random() < 0.8:
            messages.append(post(spell(rng, rows[0])))
        else:
            body, content_type = spell_batch(rng, rows)
            messages.append(post(body, content_type=content_type))
    return messages


@pytest.mark.parametrize("seed", range(5))
def test_every_key_equals_the_reference(start_server, store, seed):
    rng = random.Random(seed)
    server = start_server("--list-length-max", "100000", "--loops", str(rng.choice([1, 2, 3])))
    everywhere = (*MUNICIPALITIES, "la-libertad-peten", "coban", "antigua-guatemala", "palin")
    reports = [random_report(rng, everywhere, f"id-{i}") for i in range(5000)]
    started = int(time.time())
    connections = [Connection(server.port) for _ in range(8)]
    accepted = 0
    messages = random_messages(rng, reports)
    for start in range(0, len(messages), len(connections)):
        burst = list(zip(connections, messages[start:], strict=False))
        for connection, message in burst:
            connection.send(message)
        for connection, _ in burst:
            answer = connection.read()
            assert answer.status == 200, answer
            accepted += answer.json().get("accepted", 1)
    assert accepted == len(reports)

    dump = dump_store(store)
    assert differences(dump) == []
    stored = {row.id: row for rows in stored_reports(dump).values() for row in rows}
    assert {id_: row.content for id_, row in stored.items()} == {r.id: r.content for r in reports}
    assert all(started <= row.at_s <= time.time() for row in stored.values())
    check_statistics(server, list(stored.values()))


def check_statistics(server, rows):
    """/stats and /averages equal a plain computation over the stored reports."""
    wait_until(lambda: get(server.port, "/stats").json()["total_processed"] == len(rows), "/stats")
    stats = get(server.port, "/stats").json()
    averages = get(server.port, "/averages").json()["averages"]
    by_municipality = {}
    for row in rows:
        by_municipality.setdefault(row.municipality, []).append(row)
    assert stats["counts_by_municipality"] == {m: len(r) for m, r in by_municipality.items()}
    for condition, n in stats["counts_by_weather"].items():
        assert n == sum(row.weather == condition for row in rows)
    for field, short in (("temperature", "temp"), ("humidity", "humidity")):
        values = [getattr(row, field) for row in rows if getattr(row, field) is not None]
        assert stats["extremes"][field] == {"min": min(values), "max": max(values)}
        for m, own in by_municipality.items():
            values = [getattr(row, field) for row in own if getattr(row, field) is not None]
            assert averages[m][f"{short}_samples"] == len(values)
            # Two decimals; half a hundredth off is the rounding.
            assert abs(averages[m][f"avg_{field}"] - sum(values) / len(values)) < 0.00501


def test_numbers_are_kept_as_they_are(server, store):
    rows = [
        {"municipality": "mixco", "temperature": 25, "humidity": 60},
        {"municipality": "mixco", "temperature": 2.5e1, "humidity": 60.5},
        {"municipality": "mixco", "temperature": 0.1, "humidity": 0.2},
        {"municipality": "mixco", "temperature": -17.123456789, "humidity": 99.999},
    ]
    for row in rows:
        assert exchange(server.port, post(row)).status == 200
    temperatures = store("LRANGE", "temperatures:mixco", 0, -1)
    assert temperatures == ["-17.123456789", "0.1", "25", "25"]
    assert store("LRANGE", "humidity:mixco", 0, -1) == ["99.999", "0.2", "60.5", "60"]
    assert differences(dump_store(store)) == []


def test_integer_sums_stay_integers(server, store):
    for _ in range(3):
        exchange(server.port, post({"municipality": "mixco", "temperature": 25, "humidity": 60}))
    assert store("GET", "temp_sum:mixco") == "75"
    assert store("GET", "humidity_sum:mixco") == "180"


def test_the_observation_time_never_moves_the_series(server, store):
    """It is kept with the report; what is counted per minute goes by arrival."""
    observed = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 20 * 3600))
    report = {"municipality": "mixco", "temperature": 25, "observed_at": observed}
    before = int(time.time()) // 3600
    assert exchange(server.port, post(report)).status == 200
    hours = [int(key.rsplit(":", 1)[1]) for key in store("KEYS", "series:mixco:*")]
    assert len(hours) == 1 and before <= hours[0] <= time.time() // 3600
    assert observed[:19] in store("LINDEX", "recent:mixco", 0)
    assert differences(dump_store(store)) == []


def test_lists_keep_the_newest_within_their_bounds(start_server, store):
    server = start_server()
    rng = random.Random(1)
    reports = [
        Report("mixco", temperature=round(i / 100 - 50, 2), humidity=i % 101, id=f"n{i}")
        for i in range(5000)
    ]
    start = 0
    with Connection(server.port) as connection:
        while start < len(reports):
            size = rng.choice([1, 3, 50, 700, 2500])
            body, content_type = spell_batch(rng, reports[start : start + size])
            start += size
            assert connection.exchange(post(body, content_type=content_type)).status == 200
            newest = [report for report in reports[:start]][::-1]
            check_bounds(store, newest)
    assert store("GET", "count:mixco") == "5000"
    assert float(store("GET", "temp_sum:mixco")) == pytest.approx(
        sum(r.temperature for r in reports)
    )


def check_bounds(store, newest: list[Report]):
    """`newest`: all reports so far, newest first."""
    assert store("LRANGE", "tweets:mixco", 0, -1) == [report.id for report in newest[:1000]]
    for key, field in (("temperatures:mixco", "temperature"), ("humidity:mixco", "humidity")):
        values = [float(text) for text in store("LRANGE", key, 0, -1)]
        assert min(len(newest), 1000) <= len(values) <= 1300
        assert values == [getattr(report, field) for report in newest[: len(values)]]
    lines = "\n".join(store("LRANGE", "recent:mixco", 0, -1)).split("\n")
    assert min(len(newest), 1000) <= len(lines) <= 1300 * 8
    ids = [parse_line(line).id for line in lines]
    assert ids[:1000] == [report.id for report in newest[:1000]]
    numbers = [
        int(id_[1:]) for id_ in ids
    ]  # A large batch leaves out its oldest: gaps, no disorder.
    assert numbers == sorted(numbers, reverse=True)


def test_dashboards_of_the_original_read_their_keys(server, store):
    for weather, temperature in (("sunny", 20), ("sunny", 30), ("foggy", 25)):
        document = {"municipality": "chinautla", "temperature": temperature, "humidity": 50}
        assert exchange(server.port, post(document | {"weather": weather})).status == 200
    assert store("GET", "count:chinautla") == "3"
    assert store("GET", "weather:chinautla:sunny") == "2"
    assert store("GET", "weather:chinautla:foggy") == "1"
    assert store("LLEN", "tweets:chinautla") == 3
    tweets = store("LRANGE", "tweets:chinautla", 0, 9)
    assert len(tweets) == 3 and all(tweet.startswith("tweet-") for tweet in tweets)
    assert store("LRANGE", "temperatures:chinautla", 0, 999) == ["25", "30", "20"]
    assert store("GET", "temp_sum:chinautla") == "75"
    assert store("GET", "humidity_count:chinautla") == "3"


def ttl_s(store, key: str) -> int:
    return store("TTL", key)


def test_a_municipality_expires_as_a_whole(start_server, store):
    server = start_server("--data-ttl-s", "7200", "--series-retention-s", "36000")
    rows = [
        {
            "municipality": "mixco",
            "temperature": 25,
            "humidity": 60,
            "weather": weather,
            "id": weather,
        }
        for weather in ("sunny", "rainy")
    ]
    assert exchange(server.port, post(rows)).json()["accepted"] == 2
    keys = [key for key in data_keys(dump_store(store)) if not key.startswith("series:")]
    assert len(keys) == 12
    assert all(7190 <= ttl_s(store, key) <= 7200 for key in keys)
    (series,) = store("KEYS", "series:mixco:*")
    assert 36_000 <= ttl_s(store, series) <= 36_000 + 3600


def test_a_condition_that_comes_later_expires_with_the_rest(start_server, store):
    server = start_server("--data-ttl-s", "7200")
    report = {"municipality": "mixco", "temperature": 25, "weather": "sunny"}
    exchange(server.port, post(report))
    for key in store("KEYS", "*mixco*"):
        store("EXPIRE", key, 100)  # As if most of the time had passed.
    exchange(server.port, post(report | {"weather": "rainy", "humidity": 1}))
    keys = [key for key in data_keys(dump_store(store)) if not key.startswith("series:")]
    assert {ttl_s(store, key) > 7000 for key in keys} == {True}


def counts(server) -> dict[str, int]:
    return get(server.port, "/stats").json()["counts_by_municipality"]


def test_statistics_forget_a_municipality_that_expired(server, store):
    report = {"municipality": "mixco", "temperature": 50, "humidity": 60, "weather": "sunny"}
    exchange(server.port, post([report, report | {"municipality": "palin"}]))
    wait_until(lambda: counts(server) == {"mixco": 1, "palin": 1}, "/stats knows both")
    for key in store("KEYS", "*:mixco*"):
        store("DEL", key)  # What expiry does, sooner.
    wait_until(lambda: counts(server) == {"palin": 1}, "/stats forgets the municipality")
    assert get(server.port, "/stats").json()["total_processed"] == 1
    assert list(get(server.port, "/averages").json()["averages"]) == ["palin"]


KEYS = (
    *("count:mixco", "weather:mixco:sunny", "temp_count:mixco", "temp_sum:mixco"),
    *("humidity_count:mixco", "humidity_sum:mixco", "temperatures:mixco", "humidity:mixco"),
    *("tweets:mixco", "recent:mixco", "extremes:mixco"),
)


@pytest.mark.parametrize("key", KEYS)
def test_a_key_of_another_type_refuses_its_municipality_alone(server, store, key):
    good = {"municipality": "mixco", "temperature": 25, "humidity": 60, "weather": "sunny"}
    other = good | {"municipality": "palin"}
    assert exchange(server.port, post([good, other])).json()["accepted"] == 2
    store.transaction([("RENAME", key, "kept"), ("SADD", key, "x")])
    hot = good | {"temperature": 50}  # Beyond the extremes, so that these are looked at too.
    answer = exchange(server.port, post(hot | {"id": "again"}))
    assert (answer.status, answer.problem) == (500, "store-key-invalid")
    assert key in answer.detail
    document = exchange(server.port, post([other, hot, other])).json()
    assert document["accepted"] == 2
    assert [row["index"] for row in document["rejected"]] == [1]
    assert key in document["rejected"][0]["detail"]
    store.transaction([("DEL", key), ("RENAME", "kept", key)])
    assert differences(dump_store(store)) == []  # Undone to the last counter.
    assert store("GET", "count:mixco") == "1"
    assert exchange(server.port, post(hot | {"id": "again"})).status == 200
    assert store("GET", "count:mixco") == "2"
    assert differences(dump_store(store)) == []


def test_writers_leave_nothing_behind_forever(start_server, store):
    """Fences and remembered ids of servers that have gone expire."""
    server = start_server()
    exchange(server.port, post({"municipality": "mixco", "temperature": 1, "id": "x"}))
    server.kill()
    for pattern in ("chaac:fence:*", "chaac:seen*"):
        keys = store("KEYS", pattern)
        assert keys and all(ttl_s(store, key) > 3600 for key in keys)
