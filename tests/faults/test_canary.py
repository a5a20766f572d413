"""The ledger's own test: a store that is exact passes, and every kind of loss, double count and
wrong sum that is made by hand is found under the promise it breaks."""

import json

import pytest
from lib.model import dump_store, expected_keys, parse_line
from lib.reports import Report

from faults.ledger import (
    Ledger,
    Outcome,
    Row,
    check_counters,
    check_resent,
    check_stored,
    check_totals,
)

AT = "2026-01-02T03:04:05.678Z"
REPORTS = [
    Report("mixco", 21.5, 60, "sunny", "a"),
    Report("mixco", -3, 44.25, "rainy", "b"),
    Report("mixco", 25, None, None, None),
    Report("chinautla", 30.125, 80, "sunny", "c"),
]


def text_of(value) -> str:
    if isinstance(value, list):
        return " ".join("-" if number is None else repr(number) for number in value)
    return str(value)


def fill(client, lines_by_municipality: dict[str, list[str]]):
    """Stores what the server would have stored for these lines of `recent`, newest first."""
    client("FLUSHALL")
    stored = {m: [parse_line(x) for x in lines] for m, lines in lines_by_municipality.items()}
    for key, value in expected_keys(stored).items():
        if isinstance(value, dict):
            client("HSET", key, *[w for f, v in value.items() for w in (f, text_of(v))])
        elif isinstance(value, list):
            client("RPUSH", key, *value)
        else:
            client("SET", key, value)
    for m, lines in lines_by_municipality.items():
        client("RPUSH", f"recent:{m}", *lines)
        client("SADD", "chaac:municipalities", m)


@pytest.fixture
def store(valkey):
    lines: dict[str, list[str]] = {}
    for number, report in enumerate(REPORTS):
        row = {"id": report.id or f"tweet-{number}", "municipality": report.municipality, "at": AT}
        for field in ("temperature", "humidity", "weather"):
            if getattr(report, field) is not None:
                row[field] = getattr(report, field)
        lines.setdefault(report.municipality, []).insert(0, json.dumps(row))
    with valkey.client() as client:
        fill(client, lines)
        yield client


@pytest.fixture
def ledger():
    ledger = Ledger(rows=[Row(report) for report in REPORTS])
    for row in ledger.rows:
        ledger.note(row, Outcome.ACKNOWLEDGED, 0)
    return ledger


STATS = {
    "total_processed": 4,
    "counts_by_municipality": {"mixco": 3, "chinautla": 1},
    "counts_by_weather": {"sunny": 2, "rainy": 1},
}


def remove_report(store, id_: str):
    """Takes a report out of every key, as a commit that was lost would."""
    dump = dump_store(store)
    lines = {
        key.removeprefix("recent:"): [x for x in value if json.loads(x)["id"] != id_]
        for key, value in dump.items()
        if key.startswith("recent:")
    }
    fill(store, {m: rows for m, rows in lines.items() if rows})


def test_an_exact_store_passes(store, ledger):
    dump = dump_store(store)
    assert check_stored(ledger, dump) == []
    assert check_counters(dump) == []
    assert check_totals(dump, STATS) == []
    assert check_resent(ledger, dump, dump) == []


@pytest.mark.parametrize("id_", ["a", "c", "tweet-2"])
def test_a_lost_report_breaks_l1(store, ledger, id_):
    remove_report(store, id_)
    dump = dump_store(store)
    assert check_counters(dump) == []  # Consistent in itself: only the ledger knows of the loss.
    assert [p[:3] for p in check_stored(ledger, dump)] == ["L1:"]


def test_a_report_that_was_said_not_to_be_stored_breaks_l1(store, ledger):
    ledger.rows[1].outcomes = [Outcome.NOT_STORED, Outcome.NOT_STORED]
    assert any("every answer said it is not" in p for p in check_stored(ledger, dump_store(store)))


def test_an_unknown_outcome_allows_both(store, ledger):
    ledger.rows[1].outcomes = [Outcome.NOT_STORED, Outcome.UNKNOWN]
    ledger.rows[1].acknowledged_epoch = -1
    assert check_stored(ledger, dump_store(store)) == []
    remove_report(store, "b")
    assert check_stored(ledger, dump_store(store)) == []


def test_another_content_breaks_l1(store, ledger):
    ledger.rows[0].report = Report("mixco", 21.4, 60, "sunny", "a")
    assert any("another content" in problem for problem in check_stored(ledger, dump_store(store)))


def test_a_report_nobody_sent_breaks_l1(store, ledger):
    del ledger.rows[3]
    assert any("never sent" in problem for problem in check_stored(ledger, dump_store(store)))


def test_an_acknowledgement_from_before_the_flush_promises_nothing(store, ledger):
    ledger.epoch = 1
    remove_report(store, "a")
    assert check_stored(ledger, dump_store(store)) == []


TAMPERINGS = {
    "a count too high": [("INCR", "count:mixco")],
    "a count too low": [("DECR", "count:chinautla")],
    "a condition counted twice": [("INCR", "weather:mixco:sunny")],
    "a condition nobody reported": [("SET", "weather:mixco:windy", 1)],
    "a sum off by a little": [("INCRBYFLOAT", "temp_sum:mixco", "0.0001")],
    "a sum of humidity": [("INCRBYFLOAT", "humidity_sum:chinautla", "80")],
    "samples": [("INCR", "temp_count:mixco")],
    "a value twice in a list": [("LPUSH", "temperatures:mixco", "25")],
    "a value lost from a list": [("LPOP", "humidity:mixco")],
    "an id twice": [("LPUSH", "tweets:mixco", "a")],
    "ids in another order": [
        ("LSET", "tweets:mixco", 0, "a"),
        ("LSET", "tweets:mixco", 2, "tweet-2"),
    ],
    "an extreme nobody reported": [("HSET", "extremes:mixco", "temp_max", "40")],
    "an extreme missing": [("HDEL", "extremes:mixco", "temp_min")],
    "a key missing": [("DEL", "humidity_count:mixco")],
    "a municipality that has no reports": [("SET", "count:palin", 1)],
    "the index of municipalities": [("SREM", "chaac:municipalities", "mixco")],
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_tampering_breaks_l2(store, tampering):
    for command in TAMPERINGS[tampering]:
        store(*command)
    problems = check_counters(dump_store(store))
    assert problems and all(problem.startswith("L2:") for problem in problems)


@pytest.mark.parametrize("position", range(9))
def test_any_number_of_the_series_breaks_l2(store, position):
    dump = dump_store(store)
    key = next(key for key in dump if key.startswith("series:mixco:"))
    ((minute, text),) = dump[key].items()
    words = text.split(" ")
    words[position] = str(float(words[position]) + 1)
    store("HSET", key, minute, " ".join(words))
    assert any(key in problem for problem in check_counters(dump_store(store)))


def test_a_report_stored_twice_breaks_l2(store, ledger):
    dump = dump_store(store)
    lines = {k.removeprefix("recent:"): v for k, v in dump.items() if k.startswith("recent:")}
    lines["mixco"] = [*lines["mixco"], lines["mixco"][-1]]
    fill(store, lines)  # Every counter follows: a batch that was applied twice as a whole.
    assert any("id a is stored twice" in problem for problem in check_counters(dump_store(store)))


def test_a_report_without_id_stored_twice_breaks_l2(store, ledger):
    dump = dump_store(store)
    lines = {k.removeprefix("recent:"): v for k, v in dump.items() if k.startswith("recent:")}
    again = json.loads(lines["mixco"][0]) | {"id": "tweet-99"}
    lines["mixco"] = [json.dumps(again), *lines["mixco"]]
    fill(store, lines)
    assert any("stored twice" in problem for problem in check_counters(dump_store(store)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"total_processed": 5},
        {"counts_by_municipality": {"mixco": 2, "chinautla": 1}},
        {"counts_by_weather": {"sunny": 3, "rainy": 1}},
    ],
)
def test_a_wrong_total_breaks_l3(store, wrong):
    problems = check_totals(dump_store(store), STATS | wrong)
    assert len(problems) == 1 and problems[0].startswith("L3:")


def test_what_sending_again_must_not_do_breaks_l4(store, ledger):
    before = dump_store(store)
    remove_report(store, "a")
    lost = dump_store(store)
    assert any("sent with its id but not stored" in p for p in check_resent(ledger, before, lost))
    ledger.rows[0].outcomes = [Outcome.UNKNOWN]
    assert any("never acknowledged" in p for p in check_resent(ledger, lost, lost))
    changed = json.loads(before["recent:mixco"][-1]) | {"at": "2026-01-02T03:05:00Z"}
    fill(store, {"mixco": [*before["recent:mixco"][:-1], json.dumps(changed)]})
    assert any("was Stored" in p for p in check_resent(ledger, before, dump_store(store)))
