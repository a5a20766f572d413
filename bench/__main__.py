"""Measures Chaac beside nginx answering a constant and beside Go services that store the same.

Contestants run in turn, round after round, with the client and the stores on the same machine;
figures are medians. What was acknowledged is held against what is stored.
"""

import argparse
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import targets
from bench.context import Context, Section
from bench.edge import edge
from bench.endurance import growth, idle, soak
from bench.latency import alone, rates
from bench.listeners import listeners
from bench.scenarios import batches, beside, client, pipelined, reads, single
from bench.tools import ROOT, build_baselines, build_vegeta, find_go

SCENARIOS = {
    "single": single,
    "beside": beside,
    "client": client,
    "pipelined": pipelined,
    "batches": batches,
    "rates": rates,
    "alone": alone,
    "reads": reads,
    "edge": edge,
    "growth": growth,
    "idle": idle,
    "listeners": listeners,
    "soak": soak,
}
QUICK = ("single", "batches", "rates", "reads", "idle")
DOCUMENT = ROOT / "docs/performance.md"
PLOTS = ROOT / "docs/images"
MARK = "<!-- Everything below is written by script/bench --write. -->"


def parse_arguments() -> argparse.Namespace:
    names = "\n".join(f"  {name:9} {f.__doc__.splitlines()[0]}" for name, f in SCENARIOS.items())
    parser = argparse.ArgumentParser(
        prog="script/bench",
        description=__doc__,
        epilog=f"scenarios:\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "scenario", nargs="*", help="these alone (default: all, in about 45 minutes)"
    )
    parser.add_argument("--rounds", type=int, default=5, help="of all contestants (default 5)")
    parser.add_argument("--seconds", type=int, default=3, help="of each run (default 3)")
    parser.add_argument(
        "--client-threads", type=int, default=2, help="of wrk (default 2, as wrk's own)"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"in two minutes, for a first look: {', '.join(QUICK)}, in little",
    )
    parser.add_argument(
        "--write",
        action="store_true",
        help=f"put the results into {DOCUMENT.relative_to(ROOT)}, with plots",
    )
    parser.add_argument(
        "--beside",
        type=Path,
        metavar="BINARY",
        help="another build of Chaac, such as that of a `git worktree`: measured in turn with this"
        " one by the scenario beside",
    )
    options = parser.parse_args()
    if "beside" in options.scenario and not options.beside:
        parser.error("the scenario beside needs --beside BINARY")
    if options.beside and not options.beside.is_file():
        parser.error(f"--beside: {options.beside} is no file")
    for name in options.scenario:
        if name not in SCENARIOS:
            parser.error(f'"{name}" is no scenario; allowed are {", ".join(SCENARIOS)}')
    if min(options.rounds, options.seconds, options.client_threads) < 1:
        parser.error("--rounds, --seconds and --client-threads are at least 1")
    return options


def first_line(*command: str) -> str:
    if shutil.which(command[0]) is None:
        return f"no {command[0]}"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip().splitlines()[0]


def machine() -> str:
    cpuinfo = Path("/proc/cpuinfo").read_text()
    model = next((x.split(":")[1].strip() for x in cpuinfo.splitlines() if "model name" in x), "?")
    # What TCP costs, all contestants alike, depends on it.
    congestion = Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()
    return (
        f"{cpuinfo.count('processor')} × {model}; Linux {platform.release()}, {congestion}; "
        f"{first_line(str(ROOT / 'build/release/chaac'), '--version')}; "
        f"{first_line('valkey-server', '--version')}; {first_line('nginx', '-v')}; "
        f"{first_line(find_go(), 'version')}; {first_line('wrk', '-v')}; vegeta 12.13"
    )


def main() -> None:
    options = parse_arguments()
    rounds, seconds = (1, 2) if options.quick else (options.rounds, options.seconds)
    names = options.scenario or (
        QUICK if options.quick else [n for n in SCENARIOS if n != "beside"]
    )
    folder = Path(tempfile.mkdtemp(prefix="chaac-bench-"))
    started = time.monotonic()
    try:
        context = Context(
            folder, rounds, seconds, options.quick, options.client_threads,
            build_baselines(folder), build_vegeta(folder),
            lambda line: print(f"{(time.monotonic() - started) / 60:5.1f} min  {line}", flush=True),
            options.beside,
        )  # fmt: skip
        sections = [SCENARIOS[name](context) for name in names]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    figures = {key: value for section in sections for key, value in section.figures.items()}
    parts = [
        f"{time.strftime('%Y-%m-%d')}, {(time.monotonic() - started) / 60:.0f} minutes, medians of "
        f"{rounds} runs of {seconds} s, threads of the client: {options.client_threads}. "
        f"`script/bench {' '.join(sys.argv[1:])}`\n\n{machine()}.",
        "## Targets",
        targets.table(figures),
    ]
    for section in sections:
        parts += [f"## {section.title}", section.text]
        if options.write:
            parts += _plots_of(section)
    text = "\n\n".join(parts) + "\n"
    print("\n" + text)
    if options.write:
        head = DOCUMENT.read_text().split(MARK)[0]
        DOCUMENT.write_text(f"{head}{MARK}\n\n{text}")


def _plots_of(section: Section) -> list[str]:
    from bench.plots import draw  # noqa: PLC0415  Only then is matplotlib needed.

    return [f"![{plot.title}](images/{draw(plot, PLOTS).name})" for plot in section.plots]


if __name__ == "__main__":
    main()
