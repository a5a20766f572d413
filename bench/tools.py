"""What the measurements build: the Go baselines, vegeta, and the floor."""

import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GO_VERSION_MIN = (1, 21)  # From here on, Go fetches by itself the toolchain that go.mod asks for.


def find_go() -> str:
    """A Go that is new enough: the one on the PATH, or one beside it from a package."""
    for go in [shutil.which("go"), *map(str, sorted(Path("/usr/lib").glob("go-*/bin/go")))]:
        if go is None:
            continue
        said = subprocess.run([go, "version"], capture_output=True, text=True).stdout
        found = re.search(r"go(\d+)\.(\d+)", said)
        if found and tuple(map(int, found.groups())) >= GO_VERSION_MIN:
            return go
    raise SystemExit(
        "bench: no Go of at least "
        + ".".join(map(str, GO_VERSION_MIN))
        + " was found: run script/bootstrap --for bench"
    )


def _build(source: Path, package: str, binary: Path) -> Path:
    environment = os.environ | {"GOTOOLCHAIN": "auto"}
    subprocess.run(
        [find_go(), "build", "-o", str(binary), package], cwd=source, check=True, env=environment
    )
    return binary


def build_baselines(folder: Path) -> Path:
    return _build(ROOT / "bench/baselines/go", ".", folder / "baseline")


def build_vegeta(folder: Path) -> Path:
    return _build(ROOT / "bench/tools", "github.com/tsenart/vegeta/v12", folder / "vegeta")


def floor_binary() -> Path:
    """The server without its store, built by script/bench."""
    return ROOT / "build/floor/chaac"
