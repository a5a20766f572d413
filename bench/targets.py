"""The targets that the measurements are held against, with what reaches them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    figure: str  # A key of Section.figures.
    what: str
    must: float
    moonshot: float | None = None
    more_is_better: bool = True


TARGETS = (
    Target("64 of nginx", "64 connections, everysec: of nginx answering a constant", 0.9, 1.0),
    Target("64 everysec of sequential", "the same: times sequential Go", 13, 15),
    Target("64 everysec of coalescing-nethttp", "the same: times coalescing Go, net/http", 2.2,
           2.5),
    Target("64 everysec of coalescing", "the same: times coalescing Go, fasthttp", 2.2, 2.5),
    Target("64 CPU", "the same: CPU µs a report, server and Valkey", 13, 11, False),
    Target("256 of nginx", "256 connections, everysec: of nginx", 1.0, 1.1),
    Target("256 CPU", "the same: CPU µs a report", 10.5, None, False),
    Target("64 always of sequential", "64 connections, always: times sequential Go", 12, 16),
    Target("NDJSON 1000", "NDJSON of 1,000 rows: committed reports/s", 1_000_000, 1_500_000),
    Target("p99 at half load", "fixed rate, half of the maximum: p99 ms", 3, 1.5, False),
    Target("p50 alone", "one client alone: p50 ms", 1, None, False),
    Target("memory at idle", "10,000 idle connections: MiB", 64, 32, False),
    Target("memory after growth", "memory after 10 million reports: MiB", 64, 32, False),
    Target("soak memory", "memory after 10 minutes: times that after a quarter", 1.1, None, False),
    Target("growth of cost", "cost after 10 million reports: times that after 10,000", 1.25, None,
           False),
    Target("340 municipalities", "cost at 340 municipalities: times that of the mix", 4, 2.5,
           False),
    Target("reads of nginx, /stats", "GET /stats: of nginx serving the same bytes", 0.9),
    Target("reads of nginx, /averages", "GET /averages: of nginx serving the same bytes", 0.9),
    Target("readers' cost", "1,000 readers, once a second: times the ingest's CPU a report", 1.1,
           None, False),
    Target("listeners' cost", "1,000 listeners to the stream: times the ingest's CPU a report",
           1.1, None, False),
    Target("memory of a listener", "memory of a listener: KiB", 16, None, False),
)  # fmt: skip


def _reaches(value: float, limit: float | None, more_is_better: bool) -> bool:
    if limit is None:
        return False
    return value >= limit if more_is_better else value <= limit


def table(figures: dict[str, float]) -> str:
    lines = ["| what | must | moonshot | measured | |", "|---|---|---|---|---|"]
    for target in TARGETS:
        if target.figure not in figures:
            continue
        value = figures[target.figure]
        sign = "≥" if target.more_is_better else "≤"
        verdict = "**missed**"
        if _reaches(value, target.must, target.more_is_better):
            verdict = "reached"
        if _reaches(value, target.moonshot, target.more_is_better):
            verdict = "moonshot"
        moonshot = "" if target.moonshot is None else f"{sign} {target.moonshot:,}"
        shown = f"{value:,.0f}" if value >= 1000 else f"{value:.2f}"
        lines.append(
            f"| {target.what} | {sign} {target.must:,} | {moonshot} | {shown} | {verdict} |"
        )
    return "\n".join(lines)
