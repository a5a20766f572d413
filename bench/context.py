"""What every scenario is given, and what it returns."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.contestants import Contestant
from bench.measure import Load

NGINX = "nginx, a constant"
FLOOR = "chaac, nothing stored"
BEFORE = "chaac, the other build"
EVERYSEC, ALWAYS = "chaac, everysec", "chaac, always"


@dataclass
class Context:
    folder: Path
    rounds: int
    seconds: int
    quick: bool
    client_threads: int
    baselines: Path
    vegeta: Path
    say: Callable[[str], None]
    beside: Path | None = None  # Another build of Chaac, for the scenario "beside".
    started: int = 0

    def load(self, connections: int, seconds: int | None = None, **details) -> Load:
        details = {"client_threads": self.client_threads} | details
        details["client_threads"] = min(details["client_threads"], connections)
        return Load(connections, seconds or self.seconds, **details)

    def place(self) -> Path:
        """A folder that does not exist yet."""
        self.started += 1
        return self.folder / str(self.started)


@dataclass
class Bars:
    """One bar a contestant: the median, with the whole spread as a whisker."""

    name: str  # Of the file.
    title: str
    unit: str
    values: dict[str, list[float]]


@dataclass
class Lines:
    """Curves over `x`. Ticks name its values where they are no scale."""

    name: str
    title: str
    x_label: str
    y_label: str
    x: list[float]
    curves: dict[str, list[float]]
    ticks: list[str] | None = None


@dataclass
class Section:
    title: str
    text: str
    figures: dict[str, float] = field(default_factory=dict)
    plots: list[Bars | Lines] = field(default_factory=list)


@contextlib.contextmanager
def together(*contestants: Contestant):
    """Stops what was started, whatever happens."""
    try:
        yield list(contestants)
    finally:
        for contestant in contestants:
            contestant.stop()
