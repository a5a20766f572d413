"""A few seeds of every fault; script/faults plays any number. CHAAC_FAULT_SEEDS: how many here."""

import os

import pytest

from faults.__main__ import FOLDER, explain
from faults.faults import FAULTS
from faults.run import run

SEEDS = int(os.environ.get("CHAAC_FAULT_SEEDS", "2"))


@pytest.mark.parametrize("seed", range(1, SEEDS + 1))
@pytest.mark.parametrize("fault", FAULTS)
def test_promises_hold(fault, seed):
    result = run(fault, seed, FOLDER / f"{fault}-{seed}")
    assert not result.problems, explain(result)
