"""Fixtures of the SIP adapter's tests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import uvloop

from engine.live.loop import LiveEngine
from engine.log.memory import MemoryLog
from engine.messages.rows import ROW
from engine.state import EngineState
from tests.sip.baresip import Baresip
from tests.sip.support import CAPACITY, Exchange, Sipps, make_exchange
from tests.sip.user_agent import TcpUserAgent, UserAgent

OpenExchange = Callable[..., Awaitable[Exchange]]
OpenPhone = Callable[[str], Awaitable[UserAgent]]
OpenTcp = Callable[[str], TcpUserAgent]
OpenBaresip = Callable[[str], Awaitable[Baresip]]


@pytest.hookimpl(optionalhook=True)
def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop that the service runs on: its sockets differ from asyncio's own."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
async def open_exchange(tmp_path: Path) -> AsyncIterator[OpenExchange]:
    """Return a function that opens an exchange with the given configuration file; `hold`: durable only by flush."""
    opened: list[Exchange] = []

    async def start(config: str, *, hold: bool = False, **options: Any) -> Exchange:
        path = tmp_path / f"centre{len(opened)}.yaml"
        path.write_text(config)
        engine = LiveEngine(EngineState(CAPACITY))
        engine.attach(MemoryLog(row_dtype=ROW, on_durable=engine.on_durable, hold=hold))
        engine.run()
        adapter, adapters = make_exchange(engine, path, **options)
        await adapters.start()
        exchange = Exchange(engine, adapter, adapters)
        opened.append(exchange)
        engine.log.flush()
        if not hold:
            await engine.durable()
        return exchange

    yield start
    for exchange in opened:
        exchange.engine.log.flush()
        await exchange.adapters.stop()
        await exchange.engine.stop()


@pytest.fixture
async def sipps(tmp_path: Path) -> AsyncIterator[Sipps]:
    """Starts sipp."""
    started = Sipps(tmp_path)
    yield started
    await started.end()


@pytest.fixture
async def open_phone() -> AsyncIterator[OpenPhone]:
    """Return a function that opens a scripted phone."""
    opened: list[UserAgent] = []

    async def start(name: str) -> UserAgent:
        opened.append(await UserAgent(name).open())
        return opened[-1]

    yield start
    for phone in opened:
        phone.close()


@pytest.fixture
async def tcp_phone() -> AsyncIterator[OpenTcp]:
    """Return a function that makes a phone which speaks TCP."""
    made: list[TcpUserAgent] = []

    def make(name: str) -> TcpUserAgent:
        made.append(TcpUserAgent(name))
        return made[-1]

    yield make
    for phone in made:
        phone.close()


@pytest.fixture
async def open_baresip(tmp_path: Path) -> AsyncIterator[OpenBaresip]:
    """Return a function that starts a baresip with an account."""
    started: list[Baresip] = []

    async def start(account: str) -> Baresip:
        started.append(Baresip(tmp_path / f"baresip{len(started)}", account))
        await started[-1].start()
        return started[-1]

    yield start
    for phone in started:
        await phone.end()
