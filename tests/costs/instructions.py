"""Counts the instructions of a report's way, phase by phase, under callgrind, and compares them
with the figures of instructions.json. callgrind counts what the program does and no time, so noise
of the machine changes nothing; what the processor can do must not, either: see environment()."""

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from lib.processes import REPOSITORY

BENCH = REPOSITORY / "build/costs/tests/costs/instructions_bench"
FIGURES = Path(__file__).with_name("instructions.json")
PHASES = ("head", "decode", "batch")  # Of instructions_bench.cc, in order.
TOLERANCE = 0.1  # Of a phase's figure, either way: what became cheaper gets a new figure, too.
FUNCTIONS_SHOWN = 12
NAME_CHARACTERS_MAX = 100  # Of a function: its parameters may take lines.


@dataclass
class Measured:
    """Of one compiler and architecture, "gcc-12 x86_64": other ones make other instructions."""

    platform: str
    instructions: dict[str, int]  # A report's, by phase.
    profiles: dict[str, Path]  # callgrind's files, by phase.


def environment() -> dict[str, str]:
    """Ours, with the same code chosen on every machine. simdjson and the C library have several
    versions of their functions, by what the processor says it can do. valgrind plays a Haswell on
    every machine that has AVX2 and something older on others, so what all have is chosen; and it
    counts each byte of a `rep movsb`, which memcpy() uses where ERMS is announced."""
    ours = dict(os.environ)
    if os.uname().machine == "x86_64":
        ours["SIMDJSON_FORCE_IMPLEMENTATION"] = "westmere"
        ours["GLIBC_TUNABLES"] = (
            "glibc.cpu.hwcaps=-AVX2,-AVX_Fast_Unaligned_Load,-SSSE3,-ERMS,-FSRM"
        )
    return ours


def measure(folder: Path) -> Measured:
    """Runs the program once for each phase. Its profiles are written into `folder`."""
    if shutil.which("valgrind") is None:
        raise SystemExit("costs: valgrind is not installed: run script/bootstrap")
    measured = Measured("", {}, {})
    for phase in PHASES:
        profile = folder / f"callgrind.{phase}"
        command = ["valgrind", "--quiet", "--tool=callgrind", "--collect-atstart=no"]
        done = subprocess.run(
            [*command, f"--callgrind-out-file={profile}", BENCH, phase],
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise SystemExit(
                f"costs: {BENCH.name} {phase} ended with {done.returncode}:\n{done.stderr}"
            )
        compiler, architecture, reports = done.stdout.split()
        total = int(re.search(r"^summary: (\d+)$", profile.read_text(), re.MULTILINE).group(1))
        if total == 0:
            raise SystemExit(f"costs: callgrind counted nothing in the phase {phase}")
        measured.platform = f"{compiler} {architecture}"
        measured.instructions[phase] = round(total / int(reports))
        measured.profiles[phase] = profile
    return measured


def read_figures(file: Path = FIGURES) -> dict[str, dict[str, int]]:
    return json.loads(file.read_text()) if file.exists() else {}


def update_figures(measured: Measured, file: Path = FIGURES) -> None:
    """Replaces those of this compiler and architecture."""
    figures = read_figures(file) | {measured.platform: measured.instructions}
    file.write_text(json.dumps(figures, indent=2, sort_keys=True) + "\n")


def deviation(measured: int, figure: int) -> float:
    return measured / figure - 1


def phases_off(instructions: dict[str, int], figures: dict[str, int]) -> list[str]:
    """The phases that differ from their figures by more than TOLERANCE, or have none."""
    return [
        phase
        for phase, count in instructions.items()
        if phase not in figures or abs(deviation(count, figures[phase])) > TOLERANCE
    ]


def table(instructions: dict[str, int], figures: dict[str, int]) -> str:
    """Instructions a report: what was counted beside the figures, if there are any."""
    lines = [f"{'phase':8} {'counted':>8} {'figure':>8}"]
    for phase, count in [*instructions.items(), ("all", sum(instructions.values()))]:
        figure = sum(figures.values()) if phase == "all" else figures.get(phase, 0)
        beside = f"{figure:8,} {deviation(count, figure):+8.1%}" if figure else f"{'none':>8}"
        lines.append(f"{phase:8} {count:8,} {beside}")
    return "\n".join(lines)


def top_functions(annotation: str, shown: int = FUNCTIONS_SHOWN) -> list[str]:
    """From callgrind_annotate's list: each function's share, those of its parts that were inlined
    from other files added up."""
    counts: Counter[str] = Counter()
    row = re.compile(
        r"^\s*([\d,]+) \([ \d.]+%\)\s+[^ ]*?:((?!\d).+?)(?: \[[^ ]+\])?$", re.MULTILINE
    )
    for count, function in row.findall(annotation):
        counts[function] += int(count.replace(",", ""))
    total = sum(counts.values())
    return [
        f"{count / total:6.1%}  {function[:NAME_CHARACTERS_MAX]}"
        for function, count in counts.most_common(shown)
    ]


def annotate(profile: Path) -> str:
    return subprocess.run(
        ["callgrind_annotate", "--auto=no", "--show-percs=yes", profile],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
