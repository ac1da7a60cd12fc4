"""A real engine with the HTTP adapter on a free port of this machine, and a client that talks to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.http.support import CENTRE, Build, House, open_house_at


@pytest.fixture
async def build(tmp_path: Path) -> AsyncIterator[Build]:
    """Return a function that opens a house with the given settings of the adapter, on top of the usual centre."""
    houses: list[House] = []

    async def open_house(settings: str = "", centre: str = CENTRE, *, hold: bool = False) -> House:
        houses.append(await open_house_at(tmp_path, settings, centre, hold=hold))
        return houses[-1]

    yield open_house
    for house in houses:
        house.engine.log.flush()
        await house.adapters.stop()
        await house.engine.stop()


@pytest.fixture
async def house(build: Build) -> House:
    """Return a house without tokens."""
    return await build()


@pytest.fixture
async def client(house: House) -> AsyncIterator[aiohttp.ClientSession]:
    """Return a client of the house without tokens."""
    async with aiohttp.ClientSession(house.url) as session:
        yield session
