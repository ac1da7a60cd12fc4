"""The exact and published points that the formulas are held against."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

VALIDATION: Final = Path(__file__).parents[3] / ".." / "shared" / "data" / "planning" / "validation.json"
needs_points = pytest.mark.skipif(not VALIDATION.exists(), reason="needs ../shared/data/planning")


def points(table: str) -> list[dict[str, Any]]:
    """The points of one table; none where the shared data is not there."""
    if not VALIDATION.exists():
        return []
    found: list[dict[str, Any]] = json.loads(VALIDATION.read_text())[table]
    return found


def columns(table: str, *names: str) -> list[list[float]]:
    """The columns of a table, by name."""
    return [[float(point[name]) for point in points(table)] for name in names]
