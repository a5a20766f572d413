"""Shared by all Python tests: folders that are gone afterwards."""

import shutil
import tempfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def module_folder():
    """A folder of the module, gone after its tests."""
    folder = Path(tempfile.mkdtemp(prefix="chaac-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def folder():
    """A folder of the test, gone after it."""
    folder = Path(tempfile.mkdtemp(prefix="chaac-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
