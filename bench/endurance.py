"""What changes with time and size: municipalities, reports accepted, connections, minutes."""

import csv
import resource
import socket
import time

from bench.contestants import ROOT, start_chaac
from bench.context import EVERYSEC, Context, Lines, Section, together
from bench.measure import check_stored, median, run, run_in_turn

IDLE_CONNECTIONS = 10_000
SOAK_SECONDS, SOAK_SECONDS_QUICK = 600, 20
SOAK_STEP_SECONDS = 10


def growth(context: Context) -> Section:
    """Cost by number of municipalities, and by number of reports that were accepted before."""
    with (ROOT / "data/municipalities.csv").open() as file:
        slugs = [row["slug"] for row in csv.DictReader(file)]
    lines = ["| municipalities | reports/s | CPU µs a report: server, Valkey |", "|---|---|---|"]
    costs = {}
    for count in (0, 60, 340, 1000):
        name = f"{count:,} alike" if count else "the mix of 4"
        name += ", open mode" if count > len(slugs) else ""
        context.say(f"growth: {name}")
        chosen = slugs[:count] if count <= len(slugs) else [f"place-{i}" for i in range(count)]
        flags = ("--municipalities", "open") if count > len(slugs) else ()
        load = context.load(64, municipalities=tuple(chosen))
        with together(start_chaac(context.place(), "everysec", *flags)) as contestants:
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
            samples = [run(chaac, context.load(64)) for _ in range(context.rounds)]
            costs.append(median(samples, "server_us") + median(samples, "store_us"))
            memory.append(chaac.memory_mib())
            rate = median(samples, "per_second")
            lines.append(f"| {before:,} | {rate:,.0f} | {costs[-1]:.2f} | {memory[-1]:.1f} |")
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


def soak(context: Context) -> Section:
    """Ten minutes at full speed: rate and memory over time."""
    seconds = SOAK_SECONDS_QUICK if context.quick else SOAK_SECONDS
    context.say(f"soak: {seconds} s")
    load = context.load(64, SOAK_STEP_SECONDS)
    minutes, server, store, rates, samples = [], [], [], [], []
    with together(start_chaac(context.place(), "everysec")) as (chaac,):
        started = time.monotonic()
        while time.monotonic() - started < seconds:
            samples.append(run(chaac, load))
            rates.append(samples[-1].per_second)
            minutes.append((time.monotonic() - started) / 60)
            server.append(chaac.memory_mib())
            store.append(chaac.memory_mib(1))
        stored = check_stored(chaac, samples, load)
    quarter = max(1, len(rates) // 4)
    first, last = sum(rates[:quarter]) / quarter, sum(rates[-quarter:]) / quarter
    text = (
        f"{seconds / 60:.0f} minutes, 64 connections. {stored}. Reports/s in the first quarter "
        f"{first:,.0f}, in the last {last:,.0f}. Memory of the server {server[0]:.1f} MiB after "
        f"{SOAK_STEP_SECONDS} s, {server[quarter]:.1f} after a quarter, {server[-1]:.1f} at the "
        f"end; of Valkey {store[0]:.1f}, {store[quarter]:.1f}, {store[-1]:.1f}."
    )
    plot = Lines(
        "soak", "Memory under full load", "minutes", "MiB", minutes,
        {"chaac": server, "Valkey": store},
    )  # fmt: skip
    return Section("Soak", text, {"soak memory": server[-1] / server[quarter]}, [plot])
