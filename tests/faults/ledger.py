"""The ledger: every report that was sent, under which id, and every answer about it; and the checks
of the promises L1 to L4 against what the store holds. Not thread-safe: one run owns it."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from lib.model import Dump, Stored, differences, stored_reports
from lib.reports import Report


class Outcome(StrEnum):
    ACKNOWLEDGED = "acknowledged"
    NOT_STORED = "not stored"  # The server says so: not-committed, queue-full, store-key-invalid.
    UNKNOWN = "unknown"  # outcome-unknown, or the connection ended before the answer.


@dataclass
class Row:
    """One report and what was answered to each time it was sent."""

    report: Report  # With its id, "key#index" included; None: the server gives one.
    outcomes: list[Outcome] = field(default_factory=list)
    # The last acknowledgement answers a request that was sent after Ledger.epoch began.
    acknowledged_epoch: int = -1

    @property
    def acknowledged(self) -> bool:
        return Outcome.ACKNOWLEDGED in self.outcomes

    @property
    def certainly_not_stored(self) -> bool:
        return bool(self.outcomes) and all(o is Outcome.NOT_STORED for o in self.outcomes)


@dataclass
class Ledger:
    """`epoch` is raised when the store is emptied on purpose: acknowledgements of requests sent
    earlier promise nothing any more."""

    rows: list[Row] = field(default_factory=list)
    epoch: int = 0
    requests: int = 0
    acknowledged: int = 0  # Rows acknowledged at least once.
    unavailable: int = 0  # Answers with status 503.
    resent: int = 0  # Rows sent again.
    # Rows refused because a key of their municipality is of another type, by municipality.
    key_invalid: Counter[str] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)  # Answers that no fault explains.
    slowest_reply_s: float = 0

    def note(self, row: Row, outcome: Outcome, epoch: int):
        if outcome is Outcome.ACKNOWLEDGED:
            self.acknowledged += not row.acknowledged
            row.acknowledged_epoch = max(row.acknowledged_epoch, epoch)
        row.outcomes.append(outcome)

    @property
    def refused(self) -> int:
        return self.key_invalid.total()

    def describe(self) -> str:
        """A line a report, for the folder of a run."""
        return "".join(
            f"{row.report.id or '-'}\t{row.report.content}\t{','.join(row.outcomes)}\n"
            for row in self.rows
        )


# Reports without an id are told apart by their contents, which a run never repeats.
def _identity(report: Report) -> tuple:
    return (report.id,) if report.id is not None else report.content


def _stored_identity(stored: Stored, ids_sent: set[str]) -> tuple:
    return (stored.id,) if stored.id in ids_sent else stored.content


def all_stored(dump: Dump) -> list[Stored]:
    return [row for rows in stored_reports(dump).values() for row in rows]


def _first(items: list[str], prefix: str) -> list[str]:
    """At most ten of `items`, and how many more there are."""
    more = [f"{prefix}: and {len(items) - 10} more"] if len(items) > 10 else []
    return [f"{prefix}: {item}" for item in items[:10]] + more


def lost_rows(ledger: Ledger, dump: Dump) -> list[Row]:
    """What was acknowledged and is not stored."""
    ids_sent = {row.report.id for row in ledger.rows if row.report.id is not None}
    stored = {_stored_identity(row, ids_sent) for row in all_stored(dump)}
    return [
        row
        for row in ledger.rows
        if row.acknowledged_epoch >= ledger.epoch and _identity(row.report) not in stored
    ]


def check_stored(ledger: Ledger, dump: Dump) -> list[str]:
    """L1: everything acknowledged is stored; and nothing is stored that was not sent, or of which
    the server said it is not."""
    ids_sent = {row.report.id for row in ledger.rows if row.report.id is not None}
    stored = {_stored_identity(row, ids_sent): row for row in all_stored(dump)}
    problems = []
    for row in ledger.rows:
        found = stored.pop(_identity(row.report), None)
        if found is None:
            if row.acknowledged_epoch >= ledger.epoch:
                problems.append(f"acknowledged but not stored: {row.report}")
        elif found.content != row.report.content:
            problems.append(f"stored with another content: {row.report} as {found}")
        elif row.certainly_not_stored:
            problems.append(f"stored though every answer said it is not: {row.report}")
    problems += [f"stored but never sent: {row}" for row in stored.values()]
    return _first(problems, "L1")


def check_counters(dump: Dump) -> list[str]:
    """L2: every counter equals the distinct reports stored, and none is stored twice."""
    stored = all_stored(dump)
    contents = Counter(row.content for row in stored if row.id.startswith("tweet-"))
    twice = [f"stored twice: {content}" for content, n in contents.items() if n > 1]
    return _first(twice + differences(dump), "L2")


def check_totals(dump: Dump, stats: dict) -> list[str]:
    """L3: the total the server tells is the sum of the municipalities, and of the conditions where
    given. REQUIRES: nothing was committed between `dump` and `stats`."""
    stored = all_stored(dump)
    by_municipality = dict(Counter(row.municipality for row in stored))
    by_weather = dict(Counter(row.weather for row in stored if row.weather is not None))
    told = {m: n for m, n in stats.get("counts_by_municipality", {}).items() if n}
    told_weather = {c: n for c, n in stats.get("counts_by_weather", {}).items() if n}
    problems = []
    if stats.get("total_processed") != len(stored):
        problems.append(f"total {stats.get('total_processed')}, stored {len(stored)}")
    if told != by_municipality:
        problems.append(f"municipalities {told}, stored {by_municipality}")
    if told_weather != by_weather:
        problems.append(f"conditions {told_weather}, stored {by_weather}")
    return _first(problems, "L3")


def check_resent(ledger: Ledger, before: Dump, after: Dump) -> list[str]:
    """L4: after everything was sent again with its ids, all of it is acknowledged and stored once,
    and what was stored before is unchanged."""
    problems = []
    ids = {row.report.id: row for row in ledger.rows if row.report.id is not None}
    problems += [
        f"never acknowledged: {row.report}" for row in ids.values() if not row.acknowledged
    ]
    then = {row.id: row for row in all_stored(before)}
    now = {row.id: row for row in all_stored(after)}
    for id_, stored in then.items():
        if now.get(id_) != stored:
            problems.append(f"was {stored}, is {now.get(id_)}")
    problems += [f"sent with its id but not stored: {i}" for i in ids.keys() - now.keys()]
    return _first(problems + differences(after), "L4")
