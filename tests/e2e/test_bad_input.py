"""Bad reports: each has its own status, problem type and sentence, and leaves nothing behind."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from lib.wire import exchange, post


def moment(**ago: float) -> str:
    return (datetime.now(UTC) - timedelta(**ago)).isoformat()


def report(**changes) -> bytes:
    """A good report with some members changed; `...` takes one out."""
    document = {"municipality": "mixco", "temperature": 25, "humidity": 60, "weather": "sunny"}
    document |= changes
    return json.dumps({k: v for k, v in document.items() if v is not ...}).encode()


def raw(text: str) -> bytes:
    """A good report with one member given as raw JSON."""
    return f'{{"municipality":"mixco","humidity":60,{text}}}'.encode()


# Body, then the words that the detail must hold.
MALFORMED = {
    "empty": (b"", ""),
    "spaces": (b" \r\n\t", ""),
    "truncated": (b'{"municipality":"mixco","temperature":2', "(at offset 39)"),
    "truncated string": (b'{"municipality":"mix', "(at offset 20)"),
    "not JSON": (b"municipality=mixco&temperature=25", ""),
    "single quotes": (b"{'municipality':'mixco','temperature':25}", ""),
    "trailing comma": (raw('"temperature":25,'), ""),
    "no comma": (b'{"municipality":"mixco" "temperature":25}', ""),
    "comment": (raw('/* warm */ "temperature":25'), ""),
    "two documents": (report() + report(), ""),
    "text behind": (report() + b"x", ""),
    "leading zero": (raw('"temperature":025'), ""),
    "plus sign": (raw('"temperature":+25'), ""),
    "bare fraction": (raw('"temperature":.5'), ""),
    "NaN": (raw('"temperature":NaN'), ""),
    "Infinity": (raw('"temperature":-Infinity'), ""),
    "hexadecimal": (raw('"temperature":0x19'), ""),
    "duplicate key": (raw('"temperature":25,"temperature":26'), "temperature"),
    "duplicate unknown key": (raw('"temperature":25,"a":1,"a":1'), "a"),
    "duplicate escaped key": (raw('"temperature":25,"temperatur\\u0065":26'), "temperature"),
    "invalid UTF-8": (b'{"municipality":"mixco\xff","temperature":25}', ""),
    "overlong UTF-8": (b'{"municipality":"mixco\xc0\x80","temperature":25}', ""),
    "UTF-8 of a surrogate": (b'{"municipality":"mixco\xed\xa0\x80","temperature":25}', ""),
    "lone surrogate": (raw('"temperature":25,"note":"\\ud800"'), ""),
    "UTF-16": (report().decode().encode("utf-16"), ""),
    "control byte in a string": (b'{"municipality":"mix\nco","temperature":25}', ""),
    "NUL in a string": (b'{"municipality":"mix\x00co","temperature":25}', ""),
    "NUL behind": (report() + b"\x00", ""),
    "deep": (raw(f'"temperature":25,"note":{"[" * 9}{"]" * 9}'), ""),
    "very deep": (b"[" * 100_000, ""),
    "deep objects": (b'{"a":' * 9000 + b"1" + b"}" * 9000, ""),
}  # fmt: skip

INVALID = {
    "number": (b"25", "object"),
    "string": (b'"mixco"', "object"),
    "null": (b"null", "object"),
    "no rows": (b"[]", "rows"),
    "no members": (b"{}", "municipality"),
    "no municipality": (report(municipality=...), "municipality"),
    "nothing measured": (report(temperature=..., humidity=..., weather=...), "temperature"),
    "string for temperature": (report(temperature="25"), "temperature"),
    "string for humidity": (report(humidity="60"), "humidity"),
    "null temperature": (report(temperature=None), "temperature"),
    "null humidity": (report(humidity=None), "humidity"),
    "null weather": (report(weather=None), "weather"),
    "null municipality": (report(municipality=None), "municipality"),
    "true temperature": (report(temperature=True), "temperature"),
    "array for temperature": (report(temperature=[25]), "temperature"),
    "object for humidity": (report(humidity={"value": 60}), "humidity"),
    "array for municipality": (report(municipality=["mixco"]), "municipality"),
    "fraction for municipality": (report(municipality=1.5), "municipality"),
    "array for weather": (report(weather=["sunny"]), "weather"),
    "true for weather": (report(weather=True), "weather"),
    "number for observed_at": (report(observed_at=1767225600), "observed_at"),
    "no date in observed_at": (report(observed_at="yesterday"), "observed_at"),
    "no zone in observed_at": (report(observed_at="2026-01-01T00:00:00"), "observed_at"),
    "February 30": (report(observed_at="2026-02-30T00:00:00Z"), "observed_at"),
}

OUT_OF_RANGE = {
    "too hot": (report(temperature=60.1), "60.1"),
    "too cold": (report(temperature=-90.01), "-90.01"),
    "much too hot": (raw('"temperature":1e300'), "temperature"),
    "negative humidity": (report(humidity=-0.5), "-0.5"),
    "humidity above all": (report(humidity=101), "101"),
    "a huge integer": (report(humidity=10**18), "humidity"),
}

UNKNOWN_MUNICIPALITY = {
    "nearly": (report(municipality="Mixko"), "Mixko"),
    "no name": (report(municipality=""), "municipality"),
    "elsewhere": (report(municipality="Reykjavík"), "Reykjavík"),
    "escaped NUL": (report(municipality="mixco\x00"), "municipality"),
    "key injection": (report(municipality="mixco:x"), "mixco:x"),
    "long": (report(municipality="m" * 10_000), "municipality"),
    "integer 5": (report(municipality=5), "5"),
    "integer 0": (report(municipality=0), "0"),
}

UNKNOWN_CONDITION = {
    "another word": (report(weather="hail"), "hail"),
    "no word": (report(weather=""), "weather"),
    "integer 5": (report(weather=5), "5"),
}

INVALID_ID = {
    "the server's own": (report(id="tweet-1"), "tweet-1"),
    "empty": (report(id=""), "id"),
    "with a space": (report(id="a b"), "a b"),
    "not ASCII": (report(id="ñ"), "ñ"),
    "long": (report(id="x" * 129), "129"),
}

TOO_LARGE = {
    "report": (raw(f'"temperature":25,"note":"{"x" * 70_000}"'), "65536"),
    "digits": (raw(f'"temperature":{"1" * 70_000}'), "65536"),
}

ALL = [
    (status, problem, name, body, words)
    for status, problem, table in (
        (400, "malformed-json", MALFORMED),
        (422, "invalid-report", INVALID),
        (422, "out-of-range", OUT_OF_RANGE),
        (422, "unknown-municipality", UNKNOWN_MUNICIPALITY),
        (422, "unknown-condition", UNKNOWN_CONDITION),
        (422, "invalid-id", INVALID_ID),
        (413, "body-too-large", TOO_LARGE),
    )
    for name, (body, words) in table.items()
]


@pytest.fixture(scope="module", autouse=True)
def one_good_report(server):
    """So that "nothing changed" is said of keys that exist."""
    assert exchange(server.port, post(report())).status == 200


@pytest.mark.parametrize(
    ("status", "problem", "body", "words"),
    [pytest.param(s, p, b, w, id=f"{p}-{n}") for s, p, n, b, w in ALL],
)
def test_is_refused(server, connection, nothing_stored, status, problem, body, words):
    with nothing_stored():
        answer = connection.exchange(post(body))
        assert (answer.status, answer.problem) == (status, problem), answer
        assert words in answer.detail
        assert answer.detail.isprintable() and len(answer.detail) < 600
    assert connection.exchange(post(report())).status == 200  # The connection is still in step.


@pytest.mark.parametrize(
    ("problem", "body", "words"),
    [
        pytest.param(p, b, w, id=f"{p}-{n}")
        for s, p, n, b, w in ALL
        if s == 422 and b.startswith(b"{")
    ],
)
def test_is_refused_as_a_row(server, store, problem, body, words):
    before = int(store("GET", "count:mixco"))
    document = exchange(server.port, post(b"[%s,%s]" % (body, report()))).json()
    assert document["accepted"] == 1
    (rejected,) = document["rejected"]
    assert rejected["index"] == 0
    assert words in rejected["detail"]
    assert rejected["type"].endswith(problem)
    assert int(store("GET", "count:mixco")) == before + 1


def test_a_number_that_no_float_holds(server, nothing_stored):
    with nothing_stored():
        answer = exchange(server.port, post(raw('"temperature":1e999')))
    assert (answer.status, answer.problem) in ((400, "malformed-json"), (422, "out-of-range"))
    assert answer.detail


def test_the_nearest_municipalities_are_named(server):
    assert "mixco" in exchange(server.port, post(report(municipality="Mixko"))).json()["allowed"]


def test_an_ambiguous_municipality_names_the_candidates(server, nothing_stored):
    with nothing_stored():
        answer = exchange(server.port, post(report(municipality="La Libertad")))
    assert (answer.status, answer.problem) == (422, "ambiguous-municipality")
    assert set(answer.json()["allowed"]) == {"la-libertad-huehuetenango", "la-libertad-peten"}
    assert "La Libertad" in answer.detail


def test_the_conditions_are_named(server):
    allowed = exchange(server.port, post(report(weather="hail"))).json()["allowed"]
    assert allowed == ["sunny", "cloudy", "rainy", "foggy", "stormy", "windy", "snowy"]


@pytest.mark.parametrize("when", [moment(hours=25), moment(days=4000), moment(hours=-1)])
def test_an_observation_out_of_the_window_is_refused(server, nothing_stored, when):
    with nothing_stored():
        answer = exchange(server.port, post(report(observed_at=when)))
    assert (answer.status, answer.problem) == (422, "observed-at-out-of-window")
    assert when[:10] in answer.detail


def test_the_edges_of_the_ranges_are_accepted(server):
    rows = [
        {"municipality": "mixco", "temperature": t, "humidity": h, "observed_at": when}
        for t, h, when in (
            (-90, 0, moment(hours=23.9)),
            (60, 100, moment(minutes=-4)),
            (-0.0, 0.0, moment()),
            (1e-300, 5e-324, moment()),
        )
    ]
    assert exchange(server.port, post(rows)).json()["accepted"] == len(rows)


@pytest.mark.parametrize("key", ["a b", "x" * 129, "tweet-5"])
def test_a_bad_idempotency_key_is_refused(server, nothing_stored, key):
    with nothing_stored():
        answer = exchange(server.port, post(report(), idempotency_key=key))
    assert (answer.status, answer.problem) == (422, "invalid-id")


def test_an_array_that_is_cut_off_commits_no_row(server, nothing_stored):
    with nothing_stored():
        answer = exchange(server.port, post(b"[%s,%s" % (report(), report())))
    assert (answer.status, answer.problem) == (400, "malformed-json")
