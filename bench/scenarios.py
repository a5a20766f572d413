"""Throughput. Each scenario starts its own contestants, runs them in turn, and returns a section of
the report, plots, and the figures that targets are held against."""

import contextlib
import time

from bench.contestants import Contestant, get, start_chaac, start_floor, start_go, start_nginx
from bench.context import (
    ALWAYS,
    BEFORE,
    EVERYSEC,
    FLOOR,
    NGINX,
    Bars,
    Context,
    Lines,
    Section,
    together,
)
from bench.latency import readers
from bench.measure import Results, Sample, check_stored, median, run, run_in_turn, table

GO_MODES = (
    ("sequential", "everysec"),
    ("sequential", "always"),
    ("pipelined", "everysec"),
    ("coalescing-nethttp", "everysec"),
    ("coalescing-nethttp", "always"),
    ("coalescing", "everysec"),
    ("coalescing", "always"),
)
PIPELINE_DEPTH = 16


def _everyone(context: Context) -> list[Contestant]:
    """The first three store nothing."""
    return [
        start_nginx(context.place()),
        start_nginx(context.place(), workers=2),
        start_floor(context.place()),
        start_chaac(context.place(), "everysec"),
        start_chaac(context.place(), "everysec", name="chaac, unix socket", unix_socket=True),
        start_chaac(context.place(), "everysec", "--loops", "2", name="chaac, two loops"),
        start_chaac(context.place(), "always"),
        *(start_go(context.baselines, context.place(), *mode) for mode in GO_MODES),
    ]


def single(context: Context) -> Section:
    """One report a request, at several numbers of connections, beside nginx and Go."""
    parts, figures = [], {}
    rates: dict[str, list[float]] = {}
    plots: list[Bars | Lines] = []
    numbers = (64,) if context.quick else (10, 64, 256, 1024)
    for connections in numbers:
        load = context.load(connections)
        context.say(f"single: {connections} connections")
        with together(*_everyone(context)) as contestants:
            results = run_in_turn(contestants, load, context.rounds, context.say)
            stored = [check_stored(c, results[c.name], load) for c in contestants[3:]]
        parts += [f"### {connections:,} connections", table(results, NGINX)]
        parts.append("Acknowledged and stored: " + "; ".join(stored) + ".")
        figures |= _single_figures(connections, results)
        for name, samples in results.items():
            rates.setdefault(name, []).append(median(samples, "per_second"))
        if connections == 64:
            plots += _bars_of(results)
    if len(numbers) > 1:
        shown = (
            NGINX,
            FLOOR,
            EVERYSEC,
            ALWAYS,
            "Go coalescing, everysec",
            "Go sequential, everysec",
        )
        plots.append(
            Lines(
                "connections", "One report a request", "connections", "requests a second",
                list(range(len(numbers))), {name: rates[name] for name in shown},
                [f"{number:,}" for number in numbers],
            )
        )  # fmt: skip
    return Section("One report a request", "\n\n".join(parts), figures, plots)


def beside(context: Context) -> Section:
    """Two builds of Chaac in turn: this one, and that of --beside (not among the default ones)."""
    parts = []
    for connections in (64, 256):
        load = context.load(connections)
        context.say(f"beside: {connections} connections")
        with together(
            start_chaac(context.place(), "everysec", name=BEFORE, binary=context.beside),
            start_chaac(context.place(), "everysec"),
        ) as contestants:
            results = run_in_turn(contestants, load, context.rounds, context.say)
            stored = [check_stored(c, results[c.name], load) for c in contestants]
        before, now = (
            median(results[name], "server_us") + median(results[name], "store_us")
            for name in (BEFORE, EVERYSEC)
        )
        parts += [f"### {connections:,} connections", table(results, BEFORE)]
        parts.append(
            f"CPU of server and Valkey a report: {now:.2f} µs, before {before:.2f} µs:"
            f" {100 * (now / before - 1):+.1f} %. Acknowledged and stored: {'; '.join(stored)}."
        )
    return Section("Beside another build", "\n\n".join(parts))


def _bars_of(results: Results) -> list[Bars | Lines]:
    rate = {name: [s.per_second for s in samples] for name, samples in results.items()}
    cpu = {name: [s.server_us + s.store_us for s in samples] for name, samples in results.items()}
    return [
        Bars("rate-64", "One report a request, 64 connections", "requests a second", rate),
        Bars("cpu-64", "Processor time a report, 64 connections", "µs, server and Valkey", cpu),
    ]


def _single_figures(connections: int, results: dict[str, list[Sample]]) -> dict[str, float]:
    rate = {name: median(samples, "per_second") for name, samples in results.items()}
    chaac = results[EVERYSEC]
    figures = {
        f"{connections} of nginx": rate[EVERYSEC] / rate[NGINX],
        f"{connections} of the floor": rate[EVERYSEC] / rate[FLOOR],
        f"{connections} CPU": median(chaac, "server_us") + median(chaac, "store_us"),
    }
    for fsync, ours in (("everysec", EVERYSEC), ("always", ALWAYS)):
        for mode in ("sequential", "coalescing", "coalescing-nethttp"):
            figures[f"{connections} {fsync} of {mode}"] = rate[ours] / rate[f"Go {mode}, {fsync}"]
    return figures


def client(context: Context) -> Section:
    """The same with a client of one thread, which then has a core to itself."""
    parts = []
    for connections in (64,) if context.quick else (64, 256):
        load = context.load(connections, client_threads=1)
        context.say(f"client: {connections} connections, one client thread")
        with together(
            start_nginx(context.place()),
            start_floor(context.place()),
            start_chaac(context.place(), "everysec"),
            start_go(context.baselines, context.place(), "coalescing", "everysec"),
            start_go(context.baselines, context.place(), "sequential", "everysec"),
        ) as contestants:
            results = run_in_turn(contestants, load, context.rounds, context.say)
        parts += [f"### {connections:,} connections", table(results, NGINX)]
    return Section("A client of one thread", "\n\n".join(parts))


def pipelined(context: Context) -> Section:
    """Clients that send many requests before they read the answers."""
    context.say("pipelined")
    load = context.load(64, pipeline=PIPELINE_DEPTH)
    with together(
        start_nginx(context.place()),
        start_floor(context.place()),
        start_chaac(context.place(), "everysec"),
        start_chaac(context.place(), "always"),
    ) as contestants:
        results = run_in_turn(contestants, load, context.rounds, context.say)
        for contestant in contestants[2:]:
            check_stored(contestant, results[contestant.name], load)
    text = f"{PIPELINE_DEPTH} requests at once on each of 64 connections.\n\n"
    return Section("Pipelined requests", text + table(results, NGINX))


def batches(context: Context) -> Section:
    """NDJSON batches: reports a second by rows of a request."""
    parts, figures = [], {}
    rates: dict[str, list[float]] = {EVERYSEC: [], ALWAYS: []}
    numbers = (1000,) if context.quick else (10, 100, 1000, 10_000)
    for rows in numbers:
        # Eight of the largest would be more than the queue takes (--queue-reports-max): 503.
        connections = 4 if rows == 10_000 else 8
        load = context.load(connections, rows=rows)
        context.say(f"batches: {rows} rows a request")
        with together(
            start_chaac(context.place(), "everysec"), start_chaac(context.place(), "always")
        ) as contestants:
            results = run_in_turn(contestants, load, context.rounds, context.say)
            for contestant in contestants:
                check_stored(contestant, results[contestant.name], load)
        parts += [
            f"### {rows:,} rows a request, {connections} connections",
            table(results, EVERYSEC),
        ]
        figures[f"NDJSON {rows}"] = median(results[EVERYSEC], "per_second")
        for name in rates:
            rates[name].append(median(results[name], "per_second"))
    plot = Lines(
        "batches", "NDJSON batches", "rows a request", "committed reports a second",
        list(range(len(numbers))), rates, [f"{number:,}" for number in numbers],
    )  # fmt: skip
    return Section("Batches", "\n\n".join(parts), figures, [plot] if len(numbers) > 1 else [])


def reads(context: Context) -> Section:
    """Reads beside nginx that answers the same bytes, and ingest beside 1,000 readers."""
    parts, figures = [], {}
    for path in ("/stats", "/averages"):
        context.say(f"reads: {path}")
        with contextlib.ExitStack() as stack:
            (chaac,) = stack.enter_context(together(start_chaac(context.place(), "everysec")))
            run(chaac, context.load(4, 1, rows=100))
            time.sleep(2.5)
            body = get(chaac.url + path).decode()
            (nginx,) = stack.enter_context(together(start_nginx(context.place(), body)))
            load = context.load(64, path=path)
            results = run_in_turn([nginx, chaac], load, context.rounds, context.say)
        parts.append(f"GET {path}, {len(body)} bytes, 64 connections.")
        parts.append(table(results, NGINX, "requests/s"))
        rate = {name: median(samples, "per_second") for name, samples in results.items()}
        figures[f"reads of nginx, {path}"] = rate[EVERYSEC] / rate[NGINX]
    text, more = readers(context)
    return Section("Reads", "\n\n".join([*parts, text]), figures | more)
