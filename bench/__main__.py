"""Measures Chaac beside nginx answering a constant and beside Go services that store the same.

Contestants run in turn, round after round, with the client and the stores on the same machine;
figures are medians. What was acknowledged is held against what is stored.
"""

import argparse
import platform
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from bench import targets
from bench.contestants import ROOT
from bench.scenarios import SCENARIOS, Context

DOCUMENT = ROOT / "docs/performance.md"
MARK = "<!-- Everything below is written by script/bench --write. -->"


def parse_arguments() -> argparse.Namespace:
    names = "\n".join(f"  {name:9} {f.__doc__.splitlines()[0]}" for name, f in SCENARIOS.items())
    parser = argparse.ArgumentParser(
        prog="script/bench",
        description=__doc__,
        epilog=f"scenarios:\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("scenario", nargs="*", help="these alone (default: all)")
    parser.add_argument("--rounds", type=int, default=5, help="of all contestants (default 5)")
    parser.add_argument("--seconds", type=int, default=4, help="of each run (default 4)")
    parser.add_argument(
        "--client-threads", type=int, default=1, help="of wrk, whose own default is 2 (default 1)"
    )
    parser.add_argument("--quick", action="store_true", help="in two minutes, for a first look")
    parser.add_argument(
        "--write", action="store_true", help=f"put the results into {DOCUMENT.relative_to(ROOT)}"
    )
    options = parser.parse_args()
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
    return (
        f"{cpuinfo.count('processor')} × {model}, Linux {platform.release()}; "
        f"{first_line(str(ROOT / 'build/release/chaac'), '--version')}; "
        f"{first_line('valkey-server', '--version')}; {first_line('nginx', '-v')}; "
        f"{first_line('go', 'version')}; {first_line('wrk', '-v')}"
    )


def main() -> None:
    options = parse_arguments()
    rounds, seconds = (2, 2) if options.quick else (options.rounds, options.seconds)
    folder = Path(tempfile.mkdtemp(prefix="chaac-bench-"))
    context = Context(folder, rounds, seconds, options.quick, lambda line: print(line, flush=True))
    context.client_threads = options.client_threads
    started = time.monotonic()
    try:
        sections = [SCENARIOS[name](context) for name in options.scenario or SCENARIOS]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    figures = {key: value for section in sections for key, value in section.figures.items()}
    parts = [
        f"{time.strftime('%Y-%m-%d')}, {(time.monotonic() - started) / 60:.0f} minutes, medians of "
        f"{rounds} runs of {seconds} s, threads of the client: {options.client_threads}.\n"
        f"{machine()}.",
        "## Targets",
        targets.table(figures),
    ]
    for section in sections:
        parts += [f"## {section.title}", section.text]
    text = "\n\n".join(parts) + "\n"
    print("\n" + text)
    if options.write:
        head = DOCUMENT.read_text().split(MARK)[0]
        DOCUMENT.write_text(f"{head}{MARK}\n\n{text}")


if __name__ == "__main__":
    main()
