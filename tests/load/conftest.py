"""Lets these tests import what they test: the modules of load/ and the catalogue's script."""

import sys
from pathlib import Path

_REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(_REPOSITORY / "load"), str(_REPOSITORY / "script" / "lib")]
