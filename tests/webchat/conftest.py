"""A real engine with the web chat on a free port of this machine, and visitors that talk to it."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest

from tests.webchat.support import INBOX, SHOP, Build, Guest, House, open_house_at


@pytest.fixture
async def build(tmp_path: Path) -> AsyncIterator[Build]:
    """Return a function that opens a house with the inboxes and settings given."""
    houses: list[House] = []

    async def open_house(*arguments: str, **named: str) -> House:
        houses.append(await open_house_at(tmp_path, *arguments, **named))
        return houses[-1]

    yield open_house
    for house in houses:
        await house.adapters.stop()
        await house.engine.stop()


@pytest.fixture
async def house(build: Build) -> House:
    """Return a house with one inbox, `web`, for the pages of a shop."""
    return await build()


@pytest.fixture
async def anywhere(build: Build) -> House:
    """A house whose inbox any page may show."""
    return await build(INBOX.replace("https://shop.example", "*"))


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """Return a client for everything."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def guest_at(http: aiohttp.ClientSession) -> AsyncIterator[Callable[..., Guest]]:
    """Return a function that makes visitors of a house; their pages are closed in the end."""
    made: list[Guest] = []

    def make(house: House, inbox: str = "web", origin: str | None = SHOP) -> Guest:
        made.append(Guest(http, house.url, inbox, origin))
        return made[-1]

    yield make
    for guest in made:
        await guest.close()
