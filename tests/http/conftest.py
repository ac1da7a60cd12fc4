"""A real engine with the HTTP adapter on a free port of this machine, and a client that talks to it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.http.adapter import HttpAdapter
from engine.config.load import load_config
from engine.hosting import Adapters
from engine.kernel.tables import Capacity
from engine.log.memory import MemoryLog
from engine.loop import LiveEngine
from engine.messages.rows import ROW
from engine.state import EngineState

CENTRE = """
service: {name: test centre, interval: 15m}
skills: [english, billing]
pause_reasons: [lunch, training]
trunk_groups:
  main: {channels: 10}
queues:
  sales:
    display_name: Sales
    strategy: longest-idle
    service_level: {threshold: 20s, target: 0.8}
    members_only: true
    wrap_up: 10s
  help:
    channel: chat
    members_only: true
agents:
  - {name: alice, queues: [sales], skills: {english: 5}}
  - {name: bob, queues: [sales, help]}
"""
CAPACITY = Capacity(
    contacts=256, agents=16, queues=8, trunk_groups=4, requirements=32, lines=32, intervals=16
)


class House:
    """One engine and its HTTP adapter."""

    def __init__(self, engine: LiveEngine, adapter: HttpAdapter, adapters: Adapters) -> None:
        self.engine = engine
        self.adapter = adapter
        self.adapters = adapters
        self.url = f"http://127.0.0.1:{adapter.port}"


Build = Callable[..., Awaitable[House]]


@pytest.fixture
async def build(tmp_path: Path) -> AsyncIterator[Build]:
    """Return a function that opens a house with the given settings of the adapter, on top of the usual centre."""
    houses: list[House] = []

    async def open_house(settings: str = "", centre: str = CENTRE, log: Any = None) -> House:
        path = tmp_path / "centre.yaml"
        path.write_text(f"{centre}\nadapters:\n  http: {{port: 0{', ' + settings if settings else ''}}}\n")
        config = load_config(path, adapters={"http": lambda: HttpAdapter})
        state = EngineState(CAPACITY)
        engine = LiveEngine(state)
        engine.attach(log if log is not None else MemoryLog(row_dtype=ROW, on_durable=engine.on_durable))
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
        return house

    yield open_house
    for house in houses:
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
