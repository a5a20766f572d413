"""The reference: what every key of the store must hold, computed plainly from the reports that the
store lists in `recent:*`. Knows the contract and not the code; slow and simple on purpose."""

import json
import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from lib.resp import RespClient

Dump = dict[str, object]  # Key to str, list, dict or set.

# Sums of decimal fractions differ in the last binary digits with the order of adding. Reports in
# tests have at most four decimals, so a value lost or added twice is far beyond this.
SUM_TOLERANCE = 2e-5

DUMP_SCRIPT = """
local readers = {string = 'GET', hash = 'HGETALL', set = 'SMEMBERS'}
local rows = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  local kind = redis.call('TYPE', key).ok
  rows[#rows + 1] = {key, kind, kind == 'list' and redis.call('LRANGE', key, 0, -1)
    or redis.call(readers[kind], key)}
end
return rows
"""


@dataclass(frozen=True)
class Stored:
    """A report as the store lists it."""

    id: str
    municipality: str
    temperature: float | None
    humidity: float | None
    weather: str | None
    at_s: int

    @property
    def content(self) -> tuple:
        return (self.municipality, self.temperature, self.humidity, self.weather)


def dump_store(client: RespClient) -> Dump:
    """All keys and values at one instant."""
    return dump_of(client("EVAL", DUMP_SCRIPT, 0))


def dump_of(rows: list) -> Dump:
    """What DUMP_SCRIPT has answered."""
    dump = {}
    for key, kind, value in rows:
        if kind == "hash":
            value = dict(zip(value[::2], value[1::2], strict=True))
        elif kind == "set":
            value = set(value)
        dump[key] = value
    return dump


def data_keys(dump: Dump) -> Dump:
    """The dump without the server's own bookkeeping."""
    return {key: value for key, value in dump.items() if not key.startswith("chaac:")}


def parse_line(line: str) -> Stored:
    """One line of an element of `recent:*`."""
    row = json.loads(line)
    at = datetime.fromisoformat(row["at"])
    if at.utcoffset() is None:
        raise ValueError(f"no time zone in {line!r}")
    return Stored(
        row["id"],
        row["municipality"],
        row.get("temperature"),
        row.get("humidity"),
        row.get("weather"),
        math.floor(at.timestamp()),
    )


def stored_reports(dump: Dump) -> dict[str, list[Stored]]:
    """Every municipality's reports as `recent:*` lists them, newest first."""
    reports = {}
    for key, elements in dump.items():
        if key.startswith("recent:"):
            lines = [line for element in elements for line in element.split("\n")]
            reports[key.removeprefix("recent:")] = [parse_line(line) for line in lines]
    return reports


def _values(reports: list[Stored], field: str) -> list[float]:
    return [getattr(report, field) for report in reports if getattr(report, field) is not None]


def _series_field(reports: list[Stored]) -> list:
    """The numbers of one minute, in the order of the stored text; None for an absent min or max."""
    numbers = [len(reports)]
    for field in ("temperature", "humidity"):
        values = _values(reports, field)
        numbers += [len(values), math.fsum(values)]
        numbers += [min(values), max(values)] if values else [None, None]
    return numbers


def expected_keys(reports: dict[str, list[Stored]]) -> Dump:
    """What the store must hold for `reports`, each municipality's newest first."""
    keys: Dump = {}
    for m, rows in reports.items():
        keys[f"count:{m}"] = len(rows)
        keys[f"tweets:{m}"] = [row.id for row in rows]
        extremes = {}
        for field, short, values_key in (
            ("temperature", "temp", f"temperatures:{m}"),
            ("humidity", "humidity", f"humidity:{m}"),
        ):
            values = _values(rows, field)
            if values:
                keys[values_key] = values
                keys[f"{short}_count:{m}"] = len(values)
                keys[f"{short}_sum:{m}"] = math.fsum(values)
                extremes |= {f"{short}_min": min(values), f"{short}_max": max(values)}
        if extremes:
            keys[f"extremes:{m}"] = extremes
        minutes = defaultdict(lambda: defaultdict(list))
        for row in rows:
            if row.weather is not None:
                keys[f"weather:{m}:{row.weather}"] = keys.get(f"weather:{m}:{row.weather}", 0) + 1
            minutes[row.at_s // 3600][str(row.at_s // 60 % 60)].append(row)
        for hour, fields in minutes.items():
            keys[f"series:{m}:{hour}"] = {
                minute: _series_field(rows_of_minute) for minute, rows_of_minute in fields.items()
            }
    return keys


def _parsed(key: str, value):
    """A stored value with its numbers as numbers, in the form of expected_keys()."""
    kind = key.split(":", 1)[0]
    if kind == "tweets":
        return value
    if kind == "series":
        return {
            minute: [None if word == "-" else float(word) for word in text.split(" ")]
            for minute, text in value.items()
        }
    if isinstance(value, dict):
        return {field: float(text) for field, text in value.items()}
    if isinstance(value, list):
        return [float(text) for text in value]
    return float(value)


def _same(expected, actual) -> bool:
    if isinstance(expected, dict):
        return (
            isinstance(actual, dict)
            and expected.keys() == actual.keys()
            and all(_same(expected[field], actual[field]) for field in expected)
        )
    if isinstance(expected, list):
        return (
            isinstance(actual, list)
            and len(expected) == len(actual)
            and all(map(_same, expected, actual))
        )
    if isinstance(expected, float | int) and isinstance(actual, float | int):
        return abs(expected - actual) <= SUM_TOLERANCE
    return expected == actual


def _shortened(value) -> str:
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:300]}… ({len(text)} characters)"


def differences(dump: Dump) -> list[str]:
    """What in `dump` does not follow from the reports it lists itself; empty when all is exact.
    REQUIRES: lists long enough that nothing was trimmed."""
    try:
        reports = stored_reports(dump)
    except (ValueError, KeyError, TypeError) as error:
        return [f"recent:* cannot be read: {error!r}"]
    found = []
    seen = set()
    for m, rows in reports.items():
        for row in rows:
            if row.id in seen:
                found.append(f"id {row.id} is stored twice")
            if row.municipality != m:
                found.append(f"recent:{m} lists a report of {row.municipality}: {row.id}")
            seen.add(row.id)
    expected = expected_keys(reports)
    actual = {key: v for key, v in data_keys(dump).items() if not key.startswith("recent:")}
    for key in sorted(expected.keys() | actual.keys()):
        if key not in actual:
            found.append(f"{key} is missing, expected {_shortened(expected[key])}")
        elif key not in expected:
            found.append(f"{key} should not exist: {_shortened(actual[key])}")
        else:
            try:
                value = _parsed(key, actual[key])
            except (ValueError, TypeError) as error:
                found.append(f"{key} cannot be read: {error}: {_shortened(actual[key])}")
                continue
            if not _same(expected[key], value):
                found.append(f"{key} is {_shortened(value)}, expected {_shortened(expected[key])}")
    if reports and dump.get("chaac:municipalities", set()) != reports.keys():
        found.append(
            f"chaac:municipalities is {dump.get('chaac:municipalities')}, expected {set(reports)}"
        )
    return found
