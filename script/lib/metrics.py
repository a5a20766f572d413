"""What the live status line shows, computed from two scrapes of the server's Prometheus metrics."""

import dataclasses
import http.client
import json
import math
import re
import urllib.request

SCRAPE_TIMEOUT_S = 1.0
REPORTS_ROUTE = "/api/weather"  # The durations shown are of this route alone.

LINE = re.compile(r"^(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # All is on this machine.


class NoAnswer(Exception):
    """The server did not answer 200 in time."""


@dataclasses.dataclass
class Sample:
    """The counters since the server started; `at` in seconds of the monotonic clock."""

    at: float
    accepted: float = 0
    errors: float = 0  # Requests answered with a status of 400 or above.
    store_up: bool = False
    snapshot_at: float = 0  # When what /stats shows was read from the store, Unix time.
    durations: dict[float, float] = dataclasses.field(
        default_factory=dict
    )  # By upper bound, seconds.


@dataclasses.dataclass
class Interval:
    """What happened between two samples."""

    reports_per_second: float
    p50: str
    p99: str


def parse(text: str, at: float) -> Sample:
    sample = Sample(at)
    for line in text.splitlines():
        match = LINE.match(line)
        if not match:
            continue
        labels = dict(LABEL.findall(match["labels"] or ""))
        value = float(match["value"])
        match match["name"]:
            case "chaac_reports_accepted_total":
                sample.accepted += value
            case "chaac_http_requests_total" if labels.get("status", "") >= "400":
                sample.errors += value
            case "chaac_store_up":
                sample.store_up = value == 1
            case "chaac_snapshot_timestamp_seconds":
                sample.snapshot_at = value
            case "chaac_http_request_duration_seconds_bucket" if labels["route"] == REPORTS_ROUTE:
                bound = float(labels["le"])
                sample.durations[bound] = sample.durations.get(bound, 0) + value
    return sample


def between(earlier: Sample, later: Sample) -> Interval:
    counts = {
        bound: count - earlier.durations.get(bound, 0) for bound, count in later.durations.items()
    }
    return Interval(
        reports_per_second=(later.accepted - earlier.accepted) / max(later.at - earlier.at, 1e-9),
        p50=duration_text(counts, 0.5),
        p99=duration_text(counts, 0.99),
    )


def duration_text(cumulative_counts: dict[float, float], quantile: float) -> str:
    """A Prometheus histogram's quantile, interpolated in its bucket; "–" without requests."""
    total = cumulative_counts.get(math.inf, 0)
    if total <= 0:
        return "–"
    rank = quantile * total
    lower_bound = lower_count = 0.0
    for bound, count in sorted(cumulative_counts.items()):
        if count >= rank and count > lower_count:
            if bound == math.inf:
                return f"> {milliseconds(lower_bound)}"
            share = (rank - lower_count) / (count - lower_count)
            return milliseconds(lower_bound + share * (bound - lower_bound))
        lower_bound, lower_count = bound, count
    return "–"


def milliseconds(seconds: float) -> str:
    """Three digits that count, without an exponent."""
    value = seconds * 1000
    return f"{value:.3g} ms" if value < 100 else f"{value:.0f} ms"


def fetch(url: str) -> bytes:
    try:
        with NO_PROXY.open(url, timeout=SCRAPE_TIMEOUT_S) as response:
            return response.read()
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(str(error)) from error


def total_in_store(api_url: str) -> int:
    """All reports that the store knows of."""
    try:
        return int(json.loads(fetch(f"{api_url}/stats"))["total_processed"])
    except (ValueError, TypeError, KeyError) as error:
        raise NoAnswer(f"{api_url}/stats is not as expected: {error}") from error
