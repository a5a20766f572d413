"""The scenarios. Each starts its own contestants, runs them in turn, and returns a section of the
report and the figures that targets are held against."""

import contextlib
import csv
import resource
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.contestants import ROOT, Contestant, get, go_binary, start_chaac, start_go, start_nginx
from bench.measure import Load, Sample, check_stored, median, run, run_in_turn, table

NGINX = "nginx, a constant"
EVERYSEC, ALWAYS = "chaac, everysec", "chaac, always"
IDLE_CONNECTIONS = 10_000


@dataclass
class Context:
    folder: Path
    rounds: int
    seconds: int
    quick: bool
    say: Callable[[str], None]
    go: Path | None = None
    started: int = 0
    client_threads: int = 1

    def load(self, connections: int, seconds: int | None = None, **details) -> Load:
        threads = min(self.client_threads, connections)
        return Load(connections, seconds or self.seconds, client_threads=threads, **details)

    def place(self) -> Path:
        """A folder that does not exist yet."""
        self.started += 1
        return self.folder / str(self.started)


@dataclass
class Section:
    title: str
    text: str
    figures: dict[str, float] = field(default_factory=dict)


@contextlib.contextmanager
def together(*contestants: Contestant):
    """Stops what was started, whatever happens."""
    try:
        yield list(contestants)
    finally:
        for contestant in contestants:
            contestant.stop()


def _go_contestants(context: Context) -> list[Contestant]:
    if context.go is None:
        context.go = go_binary(context.folder)
    if context.go is None:
        context.say("  the Go baselines are left out: they need Go 1.24 or newer")
        return []
    modes = (("sequential", "everysec"), ("sequential", "always"))
    modes += (("pipelined", "everysec"), ("coalescing", "everysec"), ("coalescing", "always"))
    return [start_go(context.go, context.place(), *mode) for mode in modes]


def single(context: Context) -> Section:
    """One report a request, at several numbers of connections, beside nginx and Go."""
    parts, figures = [], {}
    for connections in (64,) if context.quick else (10, 64, 256):
        load = context.load(connections)
        context.say(f"single: {connections} connections")
        with together(
            start_nginx(context.place()),
            start_chaac(context.place(), "everysec"),
            start_chaac(context.place(), "everysec", tcp=True),
            start_chaac(context.place(), "always"),
            *_go_contestants(context),
        ) as contestants:
            results = run_in_turn(contestants, load, context.rounds, context.say)
            stored = [check_stored(c, results[c.name], load) for c in contestants[1:]]
        parts += [f"### {connections} connections", table(results, NGINX)]
        parts.append("Acknowledged and stored: " + "; ".join(stored) + ".")
        figures |= _single_figures(connections, results)
    return Section("One report a request", "\n\n".join(parts), figures)


def _single_figures(connections: int, results: dict[str, list[Sample]]) -> dict[str, float]:
    rate = {name: median(samples, "per_second") for name, samples in results.items()}
    chaac = results[EVERYSEC]
    figures = {
        f"{connections} of nginx": rate[EVERYSEC] / rate[NGINX],
        f"{connections} CPU": median(chaac, "server_us") + median(chaac, "store_us"),
    }
    for fsync, ours in (("everysec", EVERYSEC), ("always", ALWAYS)):
        for mode in ("sequential", "coalescing"):
            theirs = f"Go {mode}, {fsync}"
            if theirs in rate:
                figures[f"{connections} {fsync} of {mode}"] = rate[ours] / rate[theirs]
    return figures


def batches(context: Context) -> Section:
    """NDJSON batches: reports a second by rows of a request."""
    parts, figures = [], {}
    for rows in (1000,) if context.quick else (10, 100, 1000, 10_000):
        load = context.load(4, rows=rows)
        context.say(f"batches: {rows} rows a request")
        with together(
            start_chaac(context.place(), "everysec"), start_chaac(context.place(), "always")
        ) as contestants:
            results = run_in_turn(contestants, load, context.rounds, context.say)
            for contestant in contestants:
                check_stored(contestant, results[contestant.name], load)
        parts += [f"### {rows:,} rows a request, 4 connections", table(results, EVERYSEC)]
        figures[f"NDJSON {rows}"] = median(results[EVERYSEC], "per_second")
    return Section("Batches", "\n\n".join(parts), figures)


def reads(context: Context) -> Section:
    """GET /stats beside nginx that answers the same bytes."""
    context.say("reads: /stats")
    with contextlib.ExitStack() as stack:
        (chaac,) = stack.enter_context(together(start_chaac(context.place(), "everysec")))
        run(chaac, context.load(4, 1, rows=100))
        time.sleep(2.5)
        body = get(f"{chaac.url}/stats").decode()
        (nginx,) = stack.enter_context(together(start_nginx(context.place(), body)))
        load = context.load(64, path="/stats")
        results = run_in_turn([nginx, chaac], load, context.rounds, context.say)
    rate = {name: median(samples, "per_second") for name, samples in results.items()}
    return Section(
        "Reads",
        f"GET /stats, {len(body)} bytes, 64 connections.\n\n{table(results, NGINX, 'requests/s')}",
        {"reads of nginx": rate[EVERYSEC] / rate[NGINX]},
    )


def growth(context: Context) -> Section:
    """Cost by number of municipalities, and by number of reports that were accepted before."""
    with (ROOT / "data/municipalities.csv").open() as file:
        slugs = [row["slug"] for row in csv.DictReader(file)]
    lines = ["| municipalities | reports/s | CPU µs a report: server, Valkey |", "|---|---|---|"]
    costs = {}
    for count in (0, 60, 340):
        name = f"{count} alike" if count else "the mix of 4"
        context.say(f"growth: {name}")
        load = context.load(64, municipalities=tuple(slugs[:count]))
        with together(start_chaac(context.place(), "everysec")) as contestants:
            samples = run_in_turn(contestants, load, context.rounds, context.say)[EVERYSEC]
        server, store = median(samples, "server_us"), median(samples, "store_us")
        costs[count] = server + store
        rate = median(samples, "per_second")
        lines.append(f"| {name} | {rate:,.0f} | {server:.2f}, {store:.2f} |")
    text, figures = _after_many_reports(context)
    figures["340 municipalities"] = costs[340] / costs[0]
    return Section("Growth", "\n".join(lines) + "\n\n" + text, figures)


def _after_many_reports(context: Context) -> tuple[str, dict[str, float]]:
    """The same load after 10^4 … 10^7 accepted reports, sent as batches."""
    lines = [
        "| accepted before | reports/s at 64 connections | CPU µs a report | server's memory MiB |",
        "|---|---|---|---|",
    ]
    costs, memory = [], []
    with together(start_chaac(context.place(), "everysec")) as (chaac,):
        for exponent in (4, 5) if context.quick else (4, 5, 6, 7):
            while chaac.counted()[1] < 10**exponent:
                run(chaac, context.load(4, 1, rows=1000 if exponent > 4 else 100))
            before = chaac.counted()[1]
            context.say(f"growth: after {before:,} reports")
            sample = run(chaac, context.load(64))
            costs.append(sample.server_us + sample.store_us)
            memory.append(chaac.memory_mib())
            lines.append(
                f"| {before:,} | {sample.per_second:,.0f} | {costs[-1]:.2f} | {memory[-1]:.1f} |"
            )
    figures = {"growth of cost": max(costs) / costs[0], "memory after growth": memory[-1]}
    return "\n".join(lines), figures


def idle(context: Context) -> Section:
    """Memory with many idle connections."""
    context.say(f"idle: {IDLE_CONNECTIONS:,} connections")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, IDLE_CONNECTIONS + 1000), hard))
    request = b"GET /health HTTP/1.1\r\nHost: bench\r\n\r\n"
    with together(start_chaac(context.place(), "everysec")) as (chaac,):
        before = chaac.memory_mib()
        connections = []
        for _ in range(IDLE_CONNECTIONS):
            connections.append(socket.create_connection(("127.0.0.1", chaac.port)))
            connections[-1].sendall(request)
            assert connections[-1].recv(4096).startswith(b"HTTP/1.1 200")
        after = chaac.memory_mib()
        for connection in connections:
            connection.close()
    text = (
        f"{IDLE_CONNECTIONS:,} keep-alive connections, each used once: {before:.1f} MiB before, "
        f"{after:.1f} MiB with them."
    )
    return Section("Idle connections", text, {"memory at idle": after})


def slow(context: Context) -> Section:
    """Latency of a client that sends what the original system's load did: one report at a time."""
    context.say("slow: one connection")
    load = context.load(1)
    with together(
        start_chaac(context.place(), "everysec"), start_chaac(context.place(), "always")
    ) as contestants:
        results = run_in_turn(contestants, load, context.rounds, context.say)
    return Section(
        "One client alone",
        table(results, EVERYSEC),
        {"p50 alone": median(results[EVERYSEC], "p50_ms")},
    )


SCENARIOS = {
    "single": single,
    "batches": batches,
    "reads": reads,
    "growth": growth,
    "idle": idle,
    "slow": slow,
}
