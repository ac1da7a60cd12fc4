"""The bank's months of 1999, as recorded; a test that asks for one is skipped where they are not there."""

from functools import cache
from pathlib import Path

import pytest

from simulations.fit.calls import Calls
from simulations.fit.read import read_calls

BANK = Path(__file__).parents[3] / ".." / "shared" / "data" / "bank1999"


@cache
def month(name: str) -> Calls:
    """The calls of january or february."""
    path = BANK / f"{name}.txt.gz"
    if not path.exists():
        pytest.skip("the bank's records are not there")
    return read_calls(path)
