"""One run of wrk against a contestant, rounds of runs in turn, and tables of medians."""

import os
import re
import resource
import statistics
import subprocess
from dataclasses import dataclass

from bench.contestants import ROOT, Contestant


@dataclass
class Load:
    """What wrk sends: `rows` reports a request by POST, or GET of `path`."""

    connections: int
    seconds: int
    rows: int = 1
    path: str | None = None
    municipalities: tuple[str, ...] = ()
    pipeline: int = 1  # Requests sent at once on a connection.
    client_threads: int = 2  # wrk's own default.


@dataclass
class Sample:
    """One run. CPU is microseconds a report, or a request where nothing is posted."""

    per_second: float  # Reports, or requests.
    p50_ms: float
    p99_ms: float
    server_us: float
    store_us: float
    client_us: float
    acknowledged: int


def run(contestant: Contestant, load: Load) -> Sample:
    """Errors end the whole measurement: a figure with errors in it says nothing."""
    command = [
        "wrk",
        f"-t{load.client_threads}",
        f"-c{load.connections}",
        f"-d{load.seconds}s",
        "--latency",
    ]
    if load.path is None:
        command += ["-s", str(ROOT / "bench/post.lua")]
    environment = os.environ | {
        "BENCH_ROWS": str(load.rows),
        "BENCH_PIPELINE": str(load.pipeline),
        "BENCH_MUNICIPALITIES": ",".join(load.municipalities),
    }
    before = contestant.cpu_seconds()
    client_before = _children_seconds()
    output = subprocess.run(
        [*command, contestant.url + (load.path or "")],
        capture_output=True, text=True, check=True, env=environment,
    ).stdout  # fmt: skip
    client = _children_seconds() - client_before
    spent = [now - then for now, then in zip(contestant.cpu_seconds(), before, strict=True)]
    if "Non-2xx" in output or "Socket errors" in output:
        raise SystemExit(f"{contestant.name}: wrk saw errors:\n{output}")
    requests = int(re.search(r"(\d+) requests in", output).group(1))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))
    reports = requests * load.rows
    return Sample(
        per_second=rate * load.rows,
        p50_ms=_percentile_ms(output, 50),
        p99_ms=_percentile_ms(output, 99),
        server_us=spent[0] * 1e6 / reports,
        store_us=sum(spent[1:]) * 1e6 / reports,
        client_us=client * 1e6 / reports,
        acknowledged=reports,
    )


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _percentile_ms(output: str, percent: int) -> float:
    value, unit = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)", output).groups()
    return float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


Results = dict[str, list[Sample]]


def run_in_turn(contestants: list[Contestant], load: Load, rounds: int, say) -> Results:
    """A B A B …, so that the machine's moods meet everyone."""
    results: Results = {contestant.name: [] for contestant in contestants}
    for number in range(rounds):
        for contestant in contestants:
            say(f"  round {number + 1} of {rounds}: {contestant.name}")
            results[contestant.name].append(run(contestant, load))
    return results


def median(samples: list[Sample], field: str) -> float:
    return statistics.median(getattr(sample, field) for sample in samples)


def table(results: Results, base: str, what: str = "reports/s") -> str:
    """One row a contestant; ratios are to the median of `base`."""
    lines = [
        f"| contestant | {what} (spread) | of {base} | CPU µs: server, Valkey, client "
        "| p50, p99 ms |",
        "|---|---|---|---|---|",
    ]
    base_rate = median(results[base], "per_second")
    for name, samples in results.items():
        rate = median(samples, "per_second")
        rates = [sample.per_second for sample in samples]
        lines.append(
            f"| {name} | {rate:,.0f} ({min(rates):,.0f}–{max(rates):,.0f}) "
            f"| {rate / base_rate:.2f} "
            f"| {median(samples, 'server_us'):.2f}, {median(samples, 'store_us'):.2f},"
            f" {median(samples, 'client_us'):.2f} "
            f"| {median(samples, 'p50_ms'):.2f}, {median(samples, 'p99_ms'):.2f} |"
        )
    return "\n".join(lines)


def check_stored(contestant: Contestant, samples: list[Sample], load: Load) -> str:
    """Everything acknowledged is stored. wrk hangs up on one request a connection and run, which
    may be stored and not acknowledged."""
    acknowledged = sum(sample.acknowledged for sample in samples)
    slack = load.connections * load.rows * load.pipeline * len(samples)
    accepted, stored = contestant.counted()
    if accepted is not None and accepted != stored:
        raise SystemExit(f"{contestant.name}: {accepted:,} accepted, but {stored:,} stored")
    if not acknowledged <= stored <= acknowledged + slack:
        raise SystemExit(f"{contestant.name}: {acknowledged:,} acknowledged, {stored:,} stored")
    return f"{contestant.name}: {acknowledged:,} acknowledged, {stored:,} stored"


def check_counts(contestant: Contestant, acknowledged: int) -> None:
    """For clients that wait for every answer: exactly what was acknowledged is stored."""
    accepted, stored = contestant.counted()
    if not accepted == stored == acknowledged:
        raise SystemExit(
            f"{contestant.name}: {acknowledged:,} acknowledged, {accepted:,} accepted, "
            f"{stored:,} stored"
        )
