"""A real engine with the HTTP adapter on a free port of this machine, and a client that talks to it."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.http.adapter import HttpAdapter
from engine.config.load import load_config
from engine.hosting import Adapters
from engine.log.memory import MemoryLog
from engine.loop import LiveEngine
from engine.messages.rows import ROW
from engine.state import EngineState
from tests.http.support import CAPACITY, CENTRE, Build, House


@pytest.fixture
async def build(tmp_path: Path) -> AsyncIterator[Build]:
    """Return a function that opens a house with the given settings of the adapter, on top of the usual centre."""
    houses: list[House] = []

    async def open_house(settings: str = "", centre: str = CENTRE, *, hold: bool = False) -> House:
        path = tmp_path / "centre.yaml"
        path.write_text(f"{centre}\nadapters:\n  http: {{port: 0{', ' + settings if settings else ''}}}\n")
        config = load_config(path, adapters={"http": lambda: HttpAdapter})
        state = EngineState(CAPACITY)
        engine = LiveEngine(state)
        log = MemoryLog(row_dtype=ROW, on_durable=engine.on_durable, hold=hold)
        engine.attach(log)
        engine.run()
        engine.configure(config)
        made: list[HttpAdapter] = []

        def find(_: str) -> Callable[[Any, Any], HttpAdapter]:
            def make(section: Any, link: Any) -> HttpAdapter:
                made.append(HttpAdapter(section, link))
                return made[-1]

            return make

        adapters = Adapters(engine, config.adapters, config.endpoints(), find)
        await adapters.start()
        house = House(engine, made[0], adapters)
        houses.append(house)
        log.flush()
        return house

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
