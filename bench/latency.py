"""Latency at fixed rates, by vegeta: a late answer holds back no other request, and what waits for
a free connection waits on the clock (no coordinated omission)."""

import base64
import json
import os
import random
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.contestants import start_chaac
from bench.context import EVERYSEC, Context, Lines, Section, together
from bench.measure import check_counts, median, run_in_turn, table

TARGETS_COUNT = 4096
CONNECTIONS = 64
# Requests that may wait at once: 64 at full speed; at a fixed rate 2,000, so that 60 ms without an
# answer hold back none at 32,000/s. vegeta itself takes 25 µs of processor time a request: without
# these limits, two cores spend it on opening connections.
WORKERS = ("-max-workers", str(CONNECTIONS))
WORKERS_AT_RATE = ("-workers", "256", "-max-workers", "2000")
SPARING = ("-max-connections", str(CONNECTIONS), "-max-body", "0", "-http2=false")
SHARES = (0.1, 0.5, 0.8)
READERS = 1000
CONDITIONS = ("sunny", "cloudy", "rainy", "foggy")
PERCENTILES = ("50th", "90th", "95th", "99th", "max")


@dataclass
class Attack:
    rate: float
    sent: int
    ms: dict[str, float]  # By percentile.


def _targets(folder: Path, url: str) -> Path:
    """Reports of the synthetic mix, no two alike but by chance."""
    chance = random.Random(1)
    path = folder / "targets.json"
    with path.open("w") as file:
        for _ in range(TARGETS_COUNT):
            others = ("mixco", "guatemala", "amatitlan")
            body = {
                "municipality": "chinautla" if chance.random() < 0.7 else chance.choice(others),
                "temperature": chance.randint(150, 350) / 10,
                "humidity": chance.randint(300, 900) / 10,
                "weather": chance.choice(CONDITIONS),
            }
            target = {
                "method": "POST",
                "url": f"{url}/api/weather",
                "body": base64.b64encode(json.dumps(body).encode()).decode(),
                "header": {"Content-Type": ["application/json"]},
            }
            file.write(json.dumps(target) + "\n")
    return path


def _attack(context: Context, targets: Path, rate: int, seconds: int) -> Attack:
    """`rate` requests a second; 0: as many as CONNECTIONS can."""
    output = context.folder / "attack.bin"
    subprocess.run(
        [str(context.vegeta), "attack", "-format", "json", "-targets", str(targets)]
        + ["-rate", str(rate), "-duration", f"{seconds}s", "-output", str(output), *SPARING]
        + list(WORKERS_AT_RATE if rate else WORKERS),
        check=True, env=os.environ | {"GOGC": "800"},
    )  # fmt: skip
    report = subprocess.run(
        [str(context.vegeta), "report", "-type", "json", str(output)],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    said = json.loads(report)
    if set(said["status_codes"]) != {"200"}:
        raise SystemExit(f"vegeta saw {said['status_codes']}: {said['errors'][:3]}")
    return Attack(
        rate=said["throughput"],
        sent=said["requests"],
        ms={name: said["latencies"][name] / 1e6 for name in PERCENTILES},
    )


def rates(context: Context) -> Section:
    """Latency at 10, 50 and 80 % of what vegeta and the server manage together."""
    header = " | ".join(f"{name.replace('th', ' %')}" for name in PERCENTILES)
    lines = [
        f"| contestant | requests/s | {header} (ms) |",
        "|---|---|" + "---|" * len(PERCENTILES),
    ]
    figures = {}
    plots: list = []
    with together(
        start_chaac(context.place(), "everysec"), start_chaac(context.place(), "always")
    ) as contestants:
        for contestant in contestants:
            targets = _targets(context.folder, contestant.url)
            sent = 0
            curves = {}
            tops = [_attack(context, targets, 0, context.seconds) for _ in range(context.rounds)]
            sent += sum(attack.sent for attack in tops)
            top = statistics.median(attack.rate for attack in tops)
            lines.append(_row(f"{contestant.name}, {CONNECTIONS} connections at full speed", tops))
            for share in SHARES:
                context.say(f"rates: {contestant.name}, {share:.0%} of {top:,.0f}/s")
                attacks = [
                    _attack(context, targets, int(top * share), context.seconds)
                    for _ in range(context.rounds)
                ]
                sent += sum(attack.sent for attack in attacks)
                lines.append(_row(f"{contestant.name}, {share:.0%}", attacks))
                middle = _middle(attacks)
                curves[f"{share:.0%} of {top:,.0f}/s"] = list(middle.values())
                if share == 0.5 and contestant.name == EVERYSEC:
                    figures["p99 at half load"] = middle["99th"]
            check_counts(contestant, sent)
            plots.append(
                Lines(
                    "latency-everysec" if contestant.name == EVERYSEC else "latency-always",
                    f"Latency at fixed rates: {contestant.name}", "percentile", "ms",
                    list(range(len(PERCENTILES))), curves,
                    [name.replace("th", "") for name in PERCENTILES],
                )
            )  # fmt: skip
    return Section("Latency at fixed rates", "\n".join(lines), figures, plots)


def _middle(attacks: list[Attack]) -> dict[str, float]:
    return {name: statistics.median(a.ms[name] for a in attacks) for name in PERCENTILES}


def _row(name: str, attacks: list[Attack]) -> str:
    rate = statistics.median(attack.rate for attack in attacks)
    values = " | ".join(f"{value:.2f}" for value in _middle(attacks).values())
    return f"| {name} | {rate:,.0f} | {values} |"


def alone(context: Context) -> Section:
    """One client that sends one report at a time, as the original system's load did."""
    context.say("alone: one connection")
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


def readers(context: Context) -> tuple[str, dict[str, float]]:
    """What 1,000 readers, each with a request a second for /stats or /averages, cost the ingest."""
    context.say("reads: ingest beside 1,000 readers")
    targets = context.folder / "readers.json"
    load = context.load(64)
    results: dict[str, list] = {"alone": [], "beside 1,000 readers": []}
    with together(start_chaac(context.place(), "everysec")) as (chaac,):
        targets.write_text(
            "".join(
                json.dumps({"method": "GET", "url": chaac.url + path}) + "\n"
                for path in ("/stats", "/averages")
            )
        )
        for _ in range(context.rounds):
            for name, samples in results.items():
                with _reading(context, targets, load.seconds + 1, name != "alone"):
                    samples += run_in_turn([chaac], load, 1, lambda line: None)[chaac.name]
        text = table(results, "alone")
    cost = {name: median(s, "server_us") + median(s, "store_us") for name, s in results.items()}
    return (
        "Ingest at 64 connections, alone and beside 1,000 connections that read `/stats` and "
        f"`/averages` once a second each.\n\n{text}",
        {"readers' cost": cost["beside 1,000 readers"] / cost["alone"]},
    )


class _reading:  # noqa: N801  A context manager that is used as one.
    def __init__(self, context: Context, targets: Path, seconds: int, on: bool) -> None:
        self.command = [str(context.vegeta), "attack", "-format", "json", "-targets", str(targets)]
        self.command += ["-rate", str(READERS), "-duration", f"{seconds}s", "-output", "/dev/null"]
        self.command += ["-workers", str(READERS), "-connections", str(READERS)]
        self.on = on

    def __enter__(self) -> None:
        self.process = subprocess.Popen(self.command) if self.on else None

    def __exit__(self, *_) -> None:
        if self.process is not None and self.process.wait() != 0:
            raise SystemExit("vegeta failed")
