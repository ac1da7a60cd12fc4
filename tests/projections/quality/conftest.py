"""A contact centre with everything that quality needs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.projections.quality.support import QualityCentre


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncIterator[QualityCentre]:
    """Return a centre whose time is moved by hand."""
    centre = QualityCentre(tmp_path)
    yield centre
    await centre.engine.stop()
