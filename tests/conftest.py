"""Shared by all Python tests: folders that are gone afterwards, and a Valkey."""

import shutil
import tempfile
from pathlib import Path

import pytest
from lib.processes import Valkey


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


@pytest.fixture(scope="module")
def valkey(module_folder):
    """One for the tests of a module."""
    valkey = Valkey(module_folder).start()
    yield valkey
    valkey.kill()
