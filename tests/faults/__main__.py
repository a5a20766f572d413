"""script/faults: plays faults times seeds, shows progress, and ends with a table and a verdict."""

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from lib.processes import BINARY, REPOSITORY

from faults.failover import FAILOVERS, markdown
from faults.faults import FAULTS
from faults.run import PROMISES, Result, run

FOLDER = REPOSITORY / "var/faults"
COLUMNS = (
    "fault",
    "runs",
    "requests",
    "acknowledged",
    "503s",
    "resent",
    "stored",
    *PROMISES,
    "seconds",
)


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="script/faults",
        description="Breaks things under load and checks with a ledger that nothing acknowledged is"
        " lost and nothing is counted twice (L1 to L4, docs/reliability.md).",
    )
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="seeds 1..N (default 5)")
    parser.add_argument("--seed", type=int, metavar="S", help="only this seed, to play a run again")
    parser.add_argument(
        "--fault",
        choices=sorted([*FAULTS, *FAILOVERS]),
        metavar="NAME",
        help="only this fault (--list), or one of those that --failovers plays",
    )
    parser.add_argument(
        "--failovers",
        action="store_true",
        help="instead of all faults: the primary of 1, 2 and 3 nodes is killed, at each level of"
        " --ack; prints the table of docs/reliability.md",
    )
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count(), metavar="J", help="runs at a time"
    )
    parser.add_argument("--list", action="store_true", help="tell what the faults are, and stop")
    options = parser.parse_args(arguments)
    if options.seeds < 1 or options.jobs < 1:
        parser.error("--seeds and --jobs are at least 1")
    return options


def describe_faults() -> str:
    """The faults and the first sentence of what each does."""
    lines = []
    for name, function in FAULTS.items():
        words = " ".join(function.__doc__.split())
        lines.append(f"{name:20} {words}")
    return "\n\n".join(lines)


def table(results: list[Result], seconds: float) -> str:
    """One row a fault, and the totals; "4 of 5" under a promise that did not always hold."""
    rows = [COLUMNS]
    names = [*FAULTS, *FAILOVERS]
    groups = [(name, [r for r in results if r.fault == name]) for name in names]
    for name, runs in [*groups, ("all", results)]:
        if not runs:
            continue
        numbers = [
            sum(getattr(r, field) for r in runs)
            for field in ("requests", "acknowledged", "unavailable", "resent", "stored")
        ]
        verdicts = []
        for promise in PROMISES:
            held = sum(r.verdicts[promise] for r in runs)
            verdicts.append("ok" if held == len(runs) else f"{held} of {len(runs)}")
        spent = seconds if name == "all" else sum(r.seconds for r in runs)
        rows.append((name, len(runs), *numbers, *verdicts, f"{spent:.0f}"))
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(
            str(cell).rjust(w) if i else str(cell).ljust(w)
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def line_of(result: Result) -> str:
    """What one run did, on one line."""
    notes = " ".join(f"{name}={value}" for name, value in result.notes.items())
    verdict = "FAILED" if result.problems else "ok"
    return (
        f"{result.fault} seed {result.seed}: {verdict}, {result.acknowledged} acknowledged,"
        f" {result.stored} stored, slowest reply {result.slowest_reply_s:.2f} s,"
        f" {result.seconds:.1f} s {notes}"
    )


def explain(result: Result) -> str:
    """What did not hold, where the evidence is, and how to see it again."""
    lines = [f"  {problem}" for problem in result.problems[:30]]
    lines.append(f"  kept: {result.folder}")
    lines.append(f"  reproduce: script/faults --fault {result.fault} --seed {result.seed}")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    options = parse_arguments(arguments)
    if options.list:
        print(describe_faults())
        return 0
    if not Path(BINARY).exists():
        print(f"script/faults: {BINARY} is missing: build it, or name one in CHAAC_BINARY.")
        return 2
    faults = [options.fault] if options.fault else list(FAILOVERS if options.failovers else FAULTS)
    seeds = [options.seed] if options.seed is not None else range(1, options.seeds + 1)
    plan = [(fault, seed) for seed in seeds for fault in faults]
    started = time.monotonic()
    results = []
    with ProcessPoolExecutor(max_workers=options.jobs) as pool:
        futures = [pool.submit(run, f, s, FOLDER / f"{f}-{s}") for f, s in plan]
        for future in as_completed(futures):
            results.append(future.result())
            print(f"[{len(results)}/{len(plan)}] {line_of(results[-1])}", flush=True)
            if results[-1].problems:
                print(explain(results[-1]), flush=True)
    print()
    print(table(results, time.monotonic() - started))
    if options.failovers or options.fault in FAILOVERS:
        print("\n" + markdown(results))
    failed = [result for result in results if result.problems]
    if failed:
        print(f"\nFAILED: {len(failed)} of {len(results)} runs.")
        for result in failed:
            print(f"reproduce: script/faults --fault {result.fault} --seed {result.seed}")
        return 1
    print(f"\nAll {len(results)} runs held what is promised of L1, L2, L3 and L4.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
