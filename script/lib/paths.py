"""Where Chaac's Python helpers find things, and the one error they explain to a person."""

from pathlib import Path

REPO_ROOT = Path(__file__).resolve().parents[2]
VAR_DIR = REPO_ROOT / "var"
LOG_DIR = VAR_DIR / "log"
VENV_PYTHON = VAR_DIR / "venv" / "bin" / "python"
SERVER_BINARY = REPO_ROOT / "build" / "release" / "chaac"


class Problem(Exception):
    """What is wrong and the way out, for a person. Ends the script with status 1."""


def shown(path: Path) -> str:
    """The path as a person at the repository's root would type it."""
    return str(path.relative_to(REPO_ROOT)) if path.is_relative_to(REPO_ROOT) else str(path)
