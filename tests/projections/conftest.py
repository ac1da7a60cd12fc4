"""A running engine on a clock of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.projections.support import Centre


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncIterator[Centre]:
    """Return an engine whose time is moved by hand."""
    centre = Centre(tmp_path)
    yield centre
    await centre.engine.stop()
