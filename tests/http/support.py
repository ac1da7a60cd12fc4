"""What the HTTP tests share: one small contact centre, the house it runs in, and how to ask it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from adapters.http.adapter import HttpAdapter
from engine.config.load import load_config
from engine.kernel.tables import Capacity
from engine.live.adapters import Adapters
from engine.live.loop import LiveEngine
from tests.adapter_support import make_adapter, run_engine

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
CAPACITY = Capacity(contacts=256, agents=256, queues=8, trunk_groups=4, requirements=32, lines=320, intervals=192)
INTERVAL_S = 900.0
TEST_S = 15.0
"""As long as a test takes on a slow machine, and then some."""


class House:
    """One engine and its HTTP adapter."""

    def __init__(self, engine: LiveEngine, adapter: HttpAdapter, adapters: Adapters) -> None:
        self.engine = engine
        self.adapter = adapter
        self.adapters = adapters
        self.url = f"http://127.0.0.1:{adapter.port}"


Build = Callable[..., Awaitable[House]]


async def begin_an_interval() -> None:
    """Wait for the next interval where one ends soon: none, nor a day, may end amid what a test counts."""
    left_s = INTERVAL_S - time.time() % INTERVAL_S
    if left_s < TEST_S:
        await asyncio.sleep(left_s + 1)


async def open_house_at(folder: Path, settings: str = "", centre: str = CENTRE, *, hold: bool = False) -> House:
    """Open a house with the given settings of the adapter, on top of the given centre."""
    path = folder / "centre.yaml"
    path.write_text(f"{centre}\nadapters:\n  http: {{port: 0{', ' + settings if settings else ''}}}\n")
    config = load_config(path, adapters={"http": lambda: HttpAdapter})
    await begin_an_interval()
    engine, log = run_engine(config, CAPACITY, hold=hold)
    adapter, adapters = make_adapter(engine, config, HttpAdapter)
    await adapters.start()
    log.flush()
    return House(engine, adapter, adapters)


def stop_the_clock(house: House) -> None:
    """Let no time pass between what is asked from now on, however long it takes: limits by the second are not moved."""
    now_ns = house.adapter.context.monotonic_ns()
    house.adapter.context.monotonic_ns = lambda: now_ns


async def get(client: ClientSession, address: str, headers: dict[str, str] | None = None) -> Any:
    """Return what an address answers."""
    async with client.get(address, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def tell(client: ClientSession, address: str, expected: int = 200, **body: Any) -> Any:
    """Send a command and return what it answers."""
    method = client.put if address.endswith("/status") else client.post
    async with method(address, json=body) as answer:
        assert answer.status == expected, await answer.text()
        return await answer.json()


CONTACTS = "/api/v1/contacts"
