"""What all tests share: property tests without deadlines, as machines may be busy; nothing is kept of tests before."""

from collections.abc import Iterator

import pytest
from aiohttp import web_app
from hypothesis import HealthCheck, settings

settings.register_profile("trunkline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("trunkline")


@pytest.fixture(autouse=True)
def _forget_applications() -> Iterator[None]:
    """aiohttp keeps the applications of the last 1,024 handlers that it called: in tests, each with a whole engine."""
    yield
    web_app._cached_build_middleware.cache_clear()
