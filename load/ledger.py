"""The ledger of a load run: what the client saw accepted, and how it is held against /stats.

Standard library only. Not thread-safe: Locust's users take turns within one thread.
"""

import collections
import http.client
import json
import time
import urllib.request

import answers

# /stats comes from a snapshot at most 1 s old: the last reports may take that long to appear.
SETTLE_MAX_S = 3.0
SETTLE_STEP_S = 0.25


class UnavailableError(Exception):
    """The server does not answer /stats."""


class Ledger:
    """Counts the reports of one run. A report whose answer never comes stays unknown."""

    def __init__(self):
        self.accepted = 0
        self.by_municipality = collections.Counter()
        self.by_weather = collections.Counter()
        self.unknown = 0

    def sent(self):
        self.unknown += 1

    def answered(self, report, status, body):
        """Records the answer to a report. REQUIRES: sent() was called for this report."""
        if answers.accepts(status, body):
            self.unknown -= 1
            self.accepted += 1
            self.by_municipality[report["municipality"]] += 1
            if "weather" in report:
                self.by_weather[report["weather"]] += 1
        elif answers.rules_out_storing(status, body):
            self.unknown -= 1

    def as_dict(self):
        return {
            "accepted": self.accepted,
            "by_municipality": dict(self.by_municipality),
            "by_weather": dict(self.by_weather),
            "unknown": self.unknown,
        }


def compare(ledger, before, after):
    """Holds a ledger against what /stats gained: a list of (what, ledger's count, gain, agrees).

    Up to `unknown` reports may have been stored without the client's knowing.
    """

    def row(what, accepted, gained):
        return what, accepted, gained, accepted <= gained <= accepted + ledger["unknown"]

    rows = [row("total", ledger["accepted"], after["total_processed"] - before["total_processed"])]
    for counted, served in (
        ("by_municipality", "counts_by_municipality"),
        ("by_weather", "counts_by_weather"),
    ):
        for name in sorted(ledger[counted].keys() | after[served].keys()):
            accepted = ledger[counted].get(name, 0)
            gained = after[served].get(name, 0) - before[served].get(name, 0)
            if accepted or gained:
                rows.append(row(name, accepted, gained))
    return rows


def agrees(rows):
    """False also for a run in which nothing was accepted: it would prove nothing."""
    return any(accepted for _, accepted, _, _ in rows) and all(agreed for *_, agreed in rows)


def fetch_stats(url):
    try:
        stats_url = url.rstrip("/") + "/stats"
        with urllib.request.urlopen(stats_url, timeout=answers.REPLY_TIMEOUT_S) as answer:
            return json.load(answer)
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise UnavailableError(f"no Chaac server answers at {url} ({reason})") from error


class StatsCheck:
    """Holds a ledger against what /stats gained since this was made. Raises UnavailableError."""

    def __init__(self, url):
        self._url = url
        self._before = fetch_stats(url)

    def settle(self, ledger):
        """The comparison as soon as it agrees, or as it stands once /stats must be up to date."""
        deadline = time.monotonic() + SETTLE_MAX_S
        while True:
            rows = compare(ledger, self._before, fetch_stats(self._url))
            if agrees(rows) or time.monotonic() > deadline:
                return rows
            time.sleep(SETTLE_STEP_S)


def describe(ledger, rows):
    """The comparison as a table for a person, its verdict in the last line."""
    lines = [f"{'Accepted reports':16} {'Locust':>10} {'/stats':>10}"]
    for what, accepted, gained, agreed in rows:
        lines.append(f"{what:16} {accepted:10} {gained:10}{'' if agreed else '  differs'}")
    if ledger["unknown"]:
        lines.append(f"{ledger['unknown']} more had no clear answer; /stats may hold them or not.")
    if agrees(rows):
        lines.append("agree")
    elif not ledger["accepted"]:
        lines.append("nothing to compare: no report was accepted")
    else:
        lines.append(
            "differ: did something else post at the same time, such as the replay of script/server?"
            " (--no-replay starts it without)"
        )
    return "\n".join(lines)
