"""script/costs, its second half: instructions, held against the figures or put in their place."""

import argparse
import sys
import tempfile
from pathlib import Path

from lib.processes import REPOSITORY

from costs import instructions
from costs.instructions import FIGURES, TOLERANCE


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="script/costs")
    parser.add_argument("--update", action="store_true", help="write the figures")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="chaac-costs-") as folder:
        measured = instructions.measure(Path(folder))
        figures = instructions.read_figures().get(measured.platform, {})
        print(f"costs: instructions a report, {measured.platform}")
        print(instructions.table(measured.instructions, figures))
        if options.update:
            instructions.update_figures(measured)
            print(f"costs: written to {FIGURES.relative_to(REPOSITORY)}")
            return 0
        return verdict(measured, figures)


def verdict(measured: instructions.Measured, figures: dict[str, int]) -> int:
    """Prints it; the last line is shown by script/test. Returns the exit status."""
    file = FIGURES.relative_to(REPOSITORY)
    total = f"instructions: {sum(measured.instructions.values()):,} a report"
    if not figures:
        print(
            f"costs: {total}, NOT COMPARED: {file} has no figures for {measured.platform};"
            " script/costs --update adds them"
        )
        return 0
    off = instructions.phases_off(measured.instructions, figures)
    for phase in off:
        figure = f"{figures[phase]:,}" if phase in figures else "missing"
        print(
            f"\ncosts: {phase} takes {measured.instructions[phase]:,} instructions a report, the"
            f" figure is {figure}. Most of them are in:"
        )
        print(
            "\n".join(instructions.top_functions(instructions.annotate(measured.profiles[phase])))
        )
    if off:
        print(
            f"\ncosts: {total}, more than {TOLERANCE:.0%} off the figure in {', '.join(off)}."
            f" If that is meant to be, script/costs --update renews {file}: commit it with the"
            " change that explains it."
        )
        return 1
    print(f"costs: {total}, each phase within {TOLERANCE:.0%} of its figure")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
