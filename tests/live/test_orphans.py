"""Contacts whose adapter is not configured any more are released, and leave room for everybody else's facts."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from engine.errors import Overloaded
from engine.ingest.names import ENGINE_SOURCE
from engine.live.adapters import Adapters
from engine.messages.observed import ContactArrived, ContactReleased
from tests.driver_support import House, house
from tests.live.test_adapters import ENDPOINTS, Desk, hosted

NAMES = [f"lost {number}" for number in range(5)]


async def with_orphans(h: House) -> None:
    """Leave contacts of an adapter that is not configured any more."""
    adapters, made, _ = hosted(h, "gone")
    await adapters.start()
    await made["gone"].engine.submit("gone", [ContactArrived(contact=name, queue="help") for name in NAMES])
    await h.settle()
    await adapters.stop()


def watch(h: House, monkeypatch: pytest.MonkeyPatch, full: int = 0) -> list[tuple[list[str], int]]:
    """Note what the driver submits for orphans, and how many of its submissions wait; the first `full` find no room."""
    submit, told = h.engine.submit, list[tuple[list[str], int]]()
    under_way: set[Any] = set()
    refusals = iter(range(full))

    def noted(source: str, facts: Any) -> Any:
        if source != ENGINE_SOURCE:
            return submit(source, facts)
        if next(refusals, None) is not None:
            raise Overloaded("no room")
        told.append(([fact.contact for fact in facts], len(under_way)))
        future = submit(source, facts)
        under_way.add(future)
        future.add_done_callback(under_way.discard)
        return future

    monkeypatch.setattr(h.engine, "submit", noted)
    return told


async def released(h: House) -> None:
    """Wait until no contact is left."""
    async with asyncio.timeout(10):
        while list(h.state.contacts):
            await h.settle()


async def test_they_are_released_a_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.live.orphans.AT_ONCE", 2)
    async with house(tmp_path) as h:
        await with_orphans(h)
        told = watch(h, monkeypatch)
        adapters, _, _ = hosted(h, "one")
        await adapters.start()
        await released(h)
        assert told == [(NAMES[:2], 0), (NAMES[2:4], 0), (NAMES[4:], 0)], "the next once one is decided"
        await adapters.stop()


async def test_where_there_is_no_room_they_wait_and_the_start_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.live.ticker.RETRY_S", 0.0)
    async with house(tmp_path) as h:
        await with_orphans(h)
        told = watch(h, monkeypatch, full=2)
        adapters, _, life = hosted(h, "one")
        await adapters.start()
        assert life == ["start one"]
        assert told == []
        await released(h)
        assert told == [(NAMES, 0)]
        await adapters.stop()


async def test_who_came_under_the_name_of_one_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.live.orphans.AT_ONCE", 2)
    async with house(tmp_path) as h:
        await with_orphans(h)
        adapters, made, _ = hosted(h, "one")
        await adapters.start()
        one = made["one"].engine
        await one.submit("one", [ContactReleased(contact=NAMES[4]), ContactArrived(contact=NAMES[4], queue="help")])
        async with asyncio.timeout(10):
            while len(list(h.state.contacts)) > 1:
                await h.settle()
        await h.settle()
        assert [entry.name for entry in h.state.contacts] == [NAMES[4]]
        await adapters.stop()


class Slow(Desk):
    """An adapter whose start takes as long as it is let."""

    async def start(self, contacts: Any) -> None:
        if self.fails == "hang":
            await asyncio.Event().wait()
        await super().start(contacts)


async def test_a_start_that_is_called_off_leaves_none_started(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        life: list[str] = []
        sections = {
            name: {"name": name, "life": life, "fails": fails} for name, fails in (("one", ""), ("two", "hang"))
        }
        adapters = Adapters(h.engine, sections, ENDPOINTS, lambda _name: Slow)
        starting = asyncio.ensure_future(adapters.start())
        async with asyncio.timeout(10):
            while life != ["start one"]:
                await h.settle()
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert life == ["start one", "stop two", "stop one"]
