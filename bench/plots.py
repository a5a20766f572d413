"""Plots as SVG, drawn by matplotlib."""

import statistics
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
mpl.rcParams |= {
    "svg.fonttype": "none",  # Text stays text: small files, and readable by machines.
    "svg.hashsalt": "chaac",  # The same figures make the same file.
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "white",
    "savefig.facecolor": "white",  # Readable on a dark page, too.
}
import matplotlib.pyplot as plt  # noqa: E402

from bench.context import Bars, Lines  # noqa: E402

OURS, NOBODY, THEIRS = "#0072b2", "#999999", "#d55e00"  # Safe for the colour-blind (Okabe, Ito).
CURVES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


def _colour_of(name: str) -> str:
    if name.startswith("chaac") and "nothing" not in name:
        return OURS
    return THEIRS if name.startswith("Go") else NOBODY


def draw(plot: Bars | Lines, folder: Path) -> Path:
    figure, axes = plt.subplots(figsize=(8, 4.2), layout="constrained")
    if isinstance(plot, Bars):
        names = list(plot.values)[::-1]
        middles = [statistics.median(plot.values[name]) for name in names]
        whiskers = [
            [m - min(plot.values[n]) for m, n in zip(middles, names, strict=True)],
            [max(plot.values[n]) - m for m, n in zip(middles, names, strict=True)],
        ]
        axes.barh(names, middles, xerr=whiskers, color=[_colour_of(name) for name in names],
                  ecolor="#333333", capsize=2)  # fmt: skip
        axes.set_xlabel(plot.unit)
    else:
        for (name, values), colour in zip(plot.curves.items(), CURVES, strict=False):
            axes.plot(plot.x, values, label=name, color=colour, marker="o", markersize=3)
        axes.set_xlabel(plot.x_label)
        axes.set_ylabel(plot.y_label)
        axes.set_ylim(bottom=0)
        if plot.ticks is not None:
            axes.set_xticks(plot.x, plot.ticks)
        axes.legend(frameon=False)
    axes.set_title(plot.title, loc="left")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"performance-{plot.name}.svg"
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
    return path
