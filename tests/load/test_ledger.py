"""The ledger's bookkeeping and its comparison with /stats."""

import json

import pytest
from ledger import Ledger, agrees, compare, describe

REPORT = {"municipality": "mixco", "temperature": 20, "weather": "sunny"}
ACCEPTED = json.dumps({"status": "success", "id": "tweet-1"}).encode()


def problem(name):
    return json.dumps({"type": f"urn:chaac:problem:{name}", "detail": "Why."}).encode()


def stats(total, municipalities, weathers):
    return {
        "total_processed": total,
        "counts_by_municipality": municipalities,
        "counts_by_weather": weathers,
    }


EMPTY = stats(0, {}, {})


def ledger_of(*outcomes):
    ledger = Ledger()
    for report, status, body in outcomes:
        ledger.sent()
        ledger.answered(report, status, body)
    return ledger.as_dict()


def test_counts_what_was_accepted():
    without_weather = {"municipality": "chinautla", "humidity": 50}
    assert ledger_of((REPORT, 200, ACCEPTED), (without_weather, 200, ACCEPTED)) == {
        "accepted": 2,
        "by_municipality": {"mixco": 1, "chinautla": 1},
        "by_weather": {"sunny": 1},
        "unknown": 0,
    }


@pytest.mark.parametrize(
    ("status", "body", "unknown"),
    [
        (422, problem("out-of-range"), 0),
        (429, b"", 0),
        (503, problem("not-committed"), 0),
        (503, problem("queue-full"), 0),
        (503, problem("server-busy"), 0),
        (503, problem("outcome-unknown"), 1),
        (503, b"<html>a proxy's</html>", 1),
        (500, problem("internal"), 1),
        (200, b'{"status":"success"}', 1),
        (200, b"not JSON", 1),
        (200, b'"id"', 1),
    ],
)
def test_what_may_have_been_stored_stays_unknown(status, body, unknown):
    ledger = ledger_of((REPORT, status, body))
    assert (ledger["accepted"], ledger["unknown"]) == (0, unknown)


def test_a_report_without_an_answer_is_unknown():
    ledger = Ledger()
    ledger.sent()
    assert ledger.as_dict()["unknown"] == 1


def test_equal_gains_agree():
    ledger = ledger_of((REPORT, 200, ACCEPTED))
    before = stats(5, {"mixco": 3, "guatemala": 2}, {"sunny": 5})
    after = stats(6, {"mixco": 4, "guatemala": 2}, {"sunny": 6})
    rows = compare(ledger, before, after)
    assert agrees(rows)
    assert [row[0] for row in rows] == ["total", "mixco", "sunny"]
    assert describe(ledger, rows).endswith("\nagree")


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(EMPTY, id="lost"),
        pytest.param(stats(2, {"mixco": 2}, {"sunny": 2}), id="counted twice"),
        pytest.param(stats(1, {"guatemala": 1}, {"sunny": 1}), id="another municipality"),
        pytest.param(stats(1, {"mixco": 1}, {"rainy": 1}), id="another condition"),
        pytest.param(stats(1, {"mixco": 1}, {"sunny": 1, "rainy": 1}), id="one condition more"),
    ],
)
def test_any_other_gain_differs(after):
    ledger = ledger_of((REPORT, 200, ACCEPTED))
    rows = compare(ledger, EMPTY, after)
    assert not agrees(rows)
    assert "differ" in describe(ledger, rows).splitlines()[-1]


@pytest.mark.parametrize(("stored", "agreed"), [(1, True), (2, True), (3, False), (0, False)])
def test_unknown_reports_may_be_stored_or_not(stored, agreed):
    ledger = ledger_of((REPORT, 200, ACCEPTED), (REPORT, 503, problem("outcome-unknown")))
    after = stats(stored, {"mixco": stored}, {"sunny": stored})
    assert agrees(compare(ledger, EMPTY, after)) == agreed


def test_a_run_that_accepted_nothing_proves_nothing():
    ledger = ledger_of((REPORT, 422, problem("out-of-range")))
    rows = compare(ledger, EMPTY, EMPTY)
    assert not agrees(rows)
    assert describe(ledger, rows).endswith("no report was accepted")
