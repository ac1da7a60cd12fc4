"""Callbacks: queued in the place of who asked, in the queue of its step, and readable after a restart."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from engine.kernel.audit import audit
from engine.messages.effects import CallBack, InformQueued, OfferContact
from engine.messages.observed import (
    ATTRIBUTES_MAX,
    AgentStatusChanged,
    CallbackRequested,
    ContactArrived,
    LegRecorded,
)
from engine.replay.restore import restore
from engine.state import EngineState
from tests.driver_support import CENTRE, SECOND_NS, START_NS, house


def arrived(name: str, queue: str = "sales", **fields: Any) -> ContactArrived:
    return ContactArrived(contact=name, queue=queue, **fields)


async def ticks(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_customer_who_wants_a_callback_keeps_the_place(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        await h.tell(arrived("c", customer="+84 24 1", priority=2))
        h.clock.advance(30 * SECOND_NS)
        await h.tell(CallbackRequested(contact="c", number="+84 99 2"))
        await h.settle()
        assert CallBack(seq=h.effects[-2].seq, contact="c", queue="sales") in h.effects
        (entry,) = h.state.contacts
        assert entry.name.startswith("callback-")
        assert (entry.arrival.customer, entry.arrival.queue) == ("+84 99 2", "sales")
        assert entry.arrival.attributes == {"callback_number": "+84 99 2", "callback_of": "c"}
        contact = h.state.tables.contacts[entry.slot]
        assert (int(contact["line_ns"]), int(contact["priority"])) == (START_NS, 2)
        assert h.state.interned.owners[entry.source] == "desk"
        informed = h.effects[-1]
        assert isinstance(informed, InformQueued)
        assert informed.contact == entry.name
        await h.tell(AgentStatusChanged(agent="alice", status="available"))
        assert isinstance(h.effects[-1], OfferContact)
        assert audit(h.state.tables) == []


async def test_a_callback_of_a_customer_with_all_attributes_can_be_read_back(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        attributes = {f"k{number}": "v" for number in range(ATTRIBUTES_MAX)}
        await h.tell(arrived("c", attributes=attributes), CallbackRequested(contact="c", number="+1"))
        await h.settle()
        (entry,) = h.state.contacts
        found = entry.arrival.attributes
        assert list(found)[-3:] == ["k31", "callback_number", "callback_of"]
        assert len(found) == ATTRIBUTES_MAX
        replayed = EngineState(h.capacity)
        restore(h.log, replayed)
        assert [again.arrival for again in replayed.contacts] == [entry.arrival]


async def test_what_was_recorded_beyond_todays_bounds_still_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An adapter in this process may say what nobody checks: then the log holds it, and has to be read."""
    async with house(tmp_path) as h:
        attributes = {f"k{number}": "v" for number in range(ATTRIBUTES_MAX + 2)}
        await h.tell(
            arrived("c", customer="x" * 200, attributes=attributes),
            LegRecorded(contact="c", leg="l" * 200, record=b"r"),
            CallbackRequested(contact="c", number="+" + "1" * 200),
        )
        await h.settle()
        replayed = EngineState(h.capacity)
        restore(h.log, replayed)
        assert [entry.arrival.customer for entry in replayed.contacts] == ["+" + "1" * 200]
        monkeypatch.setattr(h.engine, "queue_callback", lambda _owed: None)
        await h.tell(
            arrived("d", attributes=attributes),
            LegRecorded(contact="d", leg="l" * 200, record=b"r"),
            CallbackRequested(contact="d"),
        )
        (owed,) = restore(h.log, EngineState(h.capacity)).owed
        assert owed.entry.arrival.attributes == attributes


async def test_a_timed_callback_goes_to_the_queue_of_its_step(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        await h.tell(arrived("c", queue="later", customer="+84 1"))
        await h.pass_time(61)
        (entry,) = h.state.contacts
        assert (entry.arrival.queue, entry.arrival.customer) == ("sales", "+84 1")


async def test_a_callback_of_the_same_queue_meets_no_callback_step_and_its_whole_wait_counts(tmp_path: Path) -> None:
    text = CENTRE.replace("do: callback, to: sales", "do: callback").replace("after: 60s", "after: 2s")
    async with house(tmp_path, text) as h:
        await h.tell(*(arrived(name, queue="later", customer=f"+84 {name}") for name in "cd"))
        for _ in range(25):
            await h.pass_time(1)
        status = h.engine.views.queue("later", h.clock.now_ns())
        assert (status.waiting, status.entries, status.exits["callback"], status.overdue) == (2, 4, 2, 2)
        assert (status.oldest_since_ns, status.oldest_arrival_since_ns) == (START_NS, START_NS)
        waiting = h.engine.views.waiting("later")
        assert [contact.entered_ns for contact in waiting.contacts] == [START_NS, START_NS]
        assert [wait.since_ns for wait in h.engine.views.longest_waiting(5)] == [START_NS, START_NS]
        assert audit(h.state.tables) == []
