"""Callbacks: queued in the place of who asked, in the queue of its step, and readable after a restart."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from engine.effects.derive import OwedCallback
from engine.errors import ContactsFull
from engine.ingest.runs import SLOTS_KEPT_FREE
from engine.kernel.audit import audit
from engine.messages.effects import AnyEffect, CallBack, InformQueued, OfferContact
from engine.messages.observed import (
    ATTRIBUTES_MAX,
    AgentStatusChanged,
    CallbackRequested,
    ContactArrived,
    ContactReleased,
    LegRecorded,
    OfferAnswered,
)
from engine.replay.restore import restore
from engine.state import EngineState
from tests.driver_support import CAPACITY, CENTRE, SECOND_NS, START_NS, house, load_centre


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


@pytest.mark.parametrize(("signed", "customer"), [("yes", "c-7"), ("no", "+84 99 2")])
async def test_a_customer_whom_somebody_vouches_for_is_the_same_at_every_number(
    tmp_path: Path, signed: str, customer: str
) -> None:
    async with house(tmp_path) as h:
        await h.tell(arrived("c", customer="c-7", attributes={"signed": signed, "name": "An"}))
        await h.tell(CallbackRequested(contact="c", number="+84 99 2"))
        await h.settle()
        (entry,) = h.state.contacts
        assert (entry.arrival.customer, entry.arrival.attributes["callback_number"]) == (customer, "+84 99 2")
        assert entry.arrival.attributes["name"] == "An"
        contacts = h.engine.views.contacts
        record = contacts.find(entry.name).contact
        assert contacts.names_of_customer(record) == list(dict.fromkeys((customer, "c-7")))


async def test_a_callback_leads_back_to_who_left_the_line_and_to_nobody_of_the_same_name(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        contacts = h.engine.views.contacts
        await h.tell(arrived("c", customer="lan"), CallbackRequested(contact="c", number="+1"))
        await h.settle()
        (first,) = [contacts.find(entry.name).contact for entry in h.state.contacts]
        asked = contacts.find("c").contact
        assert contacts.led_to(asked) == []
        assert [one.id for one in contacts.led_to(first)] == [asked.id]
        await h.tell(CallbackRequested(contact=first.contact, number="+2"))
        await h.settle()
        (second,) = [contacts.find(entry.name).contact for entry in h.state.contacts]
        assert [one.id for one in contacts.led_to(second)] == [first.id, asked.id]
        assert contacts.names_of_customer(second) == ["+2", "+1", "lan"]
        forged = arrived("callback-1", customer="eve", attributes={"callback_of": "c"})
        await h.tell(forged)
        assert contacts.led_to(contacts.find("callback-1").contact) == []
        await h.tell(arrived("c", customer="somebody else"))
        assert [one.id for one in contacts.led_to(second)] == [first.id]
        await h.tell(ContactReleased(contact="c"))
        assert contacts.names_of_customer(second) == ["+2", "+1"]


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
        waiting = h.engine.views.contacts.waiting("later")
        assert [contact.entered_ns for contact in waiting.contacts] == [START_NS, START_NS]
        assert [wait.since_ns for wait in h.engine.views.contacts.longest_waiting(5)] == [START_NS, START_NS]
        assert audit(h.state.tables) == []


@pytest.mark.parametrize(
    ("fields", "before", "after"),
    [
        ({"skills": {"vip": 1, "billing": 1}}, "billing, vip]", "billing]"),
        ({"preferred_agent": "bob"}, "  - {name: bob, skills: {english: 1}}\n", ""),
    ],
)
async def test_a_callback_outlives_a_skill_or_agent_that_a_reload_removes(
    tmp_path: Path, fields: dict[str, Any], before: str, after: str
) -> None:
    async with house(tmp_path) as h:
        await h.tell(arrived("c", queue="help", **fields))
        h.engine.configure(load_centre(tmp_path, CENTRE.replace(before, after)))
        await h.tell(CallbackRequested(contact="c", number="+1"))
        await h.settle()
        (entry,) = h.state.contacts
        assert entry.arrival.attributes["callback_of"] == "c"
        assert (entry.arrival.preferred_agent, "vip" in entry.arrival.skills) == ("", False)
        assert ("billing" in entry.arrival.skills) == ("skills" in fields)
        assert h.engine.figures()["facts_wrong"] == 0


async def test_a_callback_whose_skills_have_no_room_asks_for_those_of_its_queue(tmp_path: Path) -> None:
    text = CENTRE.replace("ring_limit: 20s", "ring_limit: 20s, skills: {billing: 1}")
    async with house(tmp_path, text) as h:
        await h.tell(arrived("c", queue="later", skills={"vip": 1}, customer="+1"))
        known = h.state.directory.requirements
        known.limit = len(known.pairs)
        await h.tell(CallbackRequested(contact="c"))
        await h.settle()
        await h.settle()
        (entry,) = h.state.contacts
        assert (entry.arrival.attributes["callback_of"], entry.arrival.skills) == ("c", {})


async def test_callbacks_use_the_places_kept_free_and_wait_for_one_when_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as h:
        asking = [f"c{number}" for number in range(SLOTS_KEPT_FREE + 1)]
        others = [f"d{number}" for number in range(CAPACITY.contacts - SLOTS_KEPT_FREE)]
        await h.tell(*(arrived(name, customer=name) for name in asking))
        promised: list[OwedCallback] = []
        with monkeypatch.context() as patch:
            patch.setattr(h.engine, "queue_callback", promised.append)  # the places are given away meanwhile
            await h.tell(*(CallbackRequested(contact=name) for name in asking))
        await h.tell(*(arrived(name) for name in others))
        for owed in promised:
            h.engine.queue_callback(owed)
        await h.settle()
        await ticks()
        assert len(h.state.contacts) == CAPACITY.contacts
        assert len(h.engine.callbacks) == h.engine.figures()["callbacks_waiting"] == 1
        await h.tell(*(ContactReleased(contact=name) for name in others[: SLOTS_KEPT_FREE + 1]))
        with pytest.raises(ContactsFull):
            await h.submit(arrived("e"))  # the one free place is promised
        h.engine.callbacks.again()
        await h.settle()
        await ticks()
        assert {entry.arrival.customer for entry in h.state.contacts} >= set(asking)
        assert (len(h.engine.callbacks), h.engine.counters["callbacks_put_off"]) == (0, 1)
        assert audit(h.state.tables) == []


async def test_a_callback_that_no_queue_takes_is_said_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(tmp_path) as h:
        await h.tell(arrived("c", queue="help", customer="+1"))
        gone = CENTRE.replace("  help: {strategy: longest-idle, wrap_up: 10s, skills: {english: 2}}\n", "")
        h.engine.configure(load_centre(tmp_path, gone))
        await h.tell(CallbackRequested(contact="c"))
        await h.settle()
        assert (len(h.state.contacts), len(h.engine.callbacks), h.engine.counters["callbacks_lost"]) == (0, 0, 1)
        assert "the customer '+1' of contact c was promised a callback and gets none: there is no queue" in caplog.text


async def test_a_contact_is_told_again_the_wait_that_it_was_told_on_entry(tmp_path: Path) -> None:
    more = "".join(f"  - {{name: a{number}, skills: {{english: 5}}}}\n" for number in range(3))
    async with house(tmp_path, CENTRE + more) as h:
        names = ("a0", "a1", "a2", "alice")
        await h.tell(*(AgentStatusChanged(agent=name, status="available") for name in names))
        await h.tell(*(arrived(f"x{number}") for number in range(4)))
        await h.tell(
            *(OfferAnswered(contact=e.contact, agent=e.agent) for e in h.effects if isinstance(e, OfferContact))
        )
        await h.tell(arrived("b", skills={"billing": 1}))
        h.clock.advance(61 * SECOND_NS)
        h.engine._inform_waiting()
        await h.settle()
        on_entry, again = (e for e in h.effects if isinstance(e, InformQueued) and e.contact == "b")
        (waiting,) = h.engine.views.contacts.waiting("sales").contacts
        assert again.wait_p50_s == waiting.expected_wait.p50_s
        of_queue = h.engine.views.queue("sales", h.clock.now_ns()).expected_wait.p50_s
        assert again.wait_p50_s is not None
        assert of_queue is not None
        assert again.wait_p50_s > of_queue, "one agent can serve it, four the queue"
        assert on_entry.position == again.position == 1


async def test_who_waits_for_a_callback_is_told_by_the_adapter_that_calls(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        told: list[AnyEffect] = []
        h.engine.outbox.callers = {"desk": "phone"}
        h.engine.outbox.routes["phone"] = told.append
        await h.tell(arrived("c", customer="+84 24 1"))
        await h.tell(CallbackRequested(contact="c", number="+84 99 2"))
        await h.settle()
        (entry,) = h.state.contacts
        before = len(told)
        h.clock.advance(61 * SECOND_NS)
        h.engine._inform_waiting()
        await h.settle()
        assert [(type(one), one.contact) for one in told[before:]] == [(InformQueued, entry.name)]
