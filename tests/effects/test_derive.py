"""Which effect follows from which decided row, and that some follow from none."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.effects import derive as derive_module
from engine.effects.derive import Derived, EffectDeriver
from engine.effects.waiting import WaitingLines
from engine.ingest.registry import ContactEntry, entry_of
from engine.messages import kinds
from engine.messages.effects import (
    AnyEffect,
    CallBack,
    ConnectContact,
    DenyTrunk,
    EndContact,
    EndOffer,
    HoldContact,
    InformQueued,
    MoveContact,
    OfferContact,
    RefuseContact,
    RejectFact,
    ResumeContact,
    UseTrunk,
)
from engine.messages.kinds import FLAG_CLOSES, FLAG_WAITED
from engine.messages.observed import ContactArrived
from engine.messages.rows import ROW, empty_rows
from engine.model.settings import AgentSetting, QueueSetting
from engine.state import EngineState
from tests.driver_support import SECOND_NS, load_centre, new_state

ALICE, BOB, SALES, HELP = 0, 1, 0, 1
SOURCE = 4


def arrived(state: EngineState, fact: ContactArrived) -> ContactEntry:
    """Enter a contact in slot 0."""
    entry = entry_of(0, SOURCE, 0, msgspec.msgpack.encode(fact))
    state.contacts.open(entry)
    return entry


class Bench:
    """A deriver over a state in which contact `c` is open in slot 0."""

    def __init__(self, state: EngineState) -> None:
        self.state = state
        self.entry = arrived(state, ContactArrived(contact="c", queue="sales", channel="chat"))
        lines = WaitingLines(state.tables, state.contacts, state.names, lambda _queue, _place: (None, None))
        self.deriver = EffectDeriver(state.tables, state.contacts, state.names, lines)

    def derive(self, *rows: dict[str, Any]) -> Derived:
        """Derive from a turn of these rows that begins at sequence 10; contact 0 and its queue where not said."""
        turn = empty_rows(len(rows))
        for place, fields in enumerate(rows):
            values = {"contact": 0, "queue": SALES, "cause": place} | fields
            if values["kind"] < kinds.FIRST_DECIDED:
                values["cause"] = 0
            for name, value in values.items():
                turn[name][place] = value
        assert turn.dtype == ROW
        return self.deriver.derive(10, turn)

    def effects(self, *rows: dict[str, Any]) -> list[AnyEffect]:
        """The effects of a turn, all of them for the contact's source."""
        derived = self.derive(*rows)
        assert {one.source for one in derived.effects} <= {SOURCE}
        return [one.effect for one in derived.effects]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(new_state(load_centre(tmp_path)))


def released(**fields: Any) -> dict[str, Any]:
    return {"kind": kinds.CONTACT_RELEASED, "a": kinds.BY_CUSTOMER} | fields


DEADLINE = {"kind": kinds.DEADLINE_PASSED, "contact": -1, "queue": -1}


def test_an_offer_carries_the_ring_limit_of_the_agent_else_of_the_queue(bench: Bench) -> None:
    made = {"kind": kinds.OFFER_MADE, "agent": BOB}
    bench.state.tables.queues["settings"][SALES, QueueSetting.RING_LIMIT_NS] = 20 * SECOND_NS
    offer = OfferContact(seq=11, contact="c", agent="bob", queue="sales", channel="chat", ring_limit_ns=20 * SECOND_NS)
    assert bench.effects(DEADLINE, made) == [offer]
    bench.state.tables.agents["settings"][BOB, AgentSetting.RING_LIMIT_NS] = 7 * SECOND_NS
    (own,) = bench.effects(DEADLINE, made)
    assert isinstance(own, OfferContact)
    assert own.ring_limit_ns == 7 * SECOND_NS


def test_an_answer_connects(bench: Bench) -> None:
    answered = {"kind": kinds.OFFER_ANSWERED, "agent": BOB}
    effects = bench.effects(answered, {"kind": kinds.CONTACT_ANSWERED, "agent": BOB})
    assert effects == [ConnectContact(seq=11, contact="c", agent="bob", queue="sales")]


@pytest.mark.parametrize(
    ("cause", "reason", "told"),
    [
        (DEADLINE, kinds.OFFER_NO_ANSWER, "no_answer"),
        (released(), kinds.OFFER_CONTACT_LEFT, "contact_left"),
        ({"kind": kinds.OFFER_ANSWERED, "agent": ALICE}, kinds.OFFER_TAKEN_ELSEWHERE, "taken_elsewhere"),
        ({"kind": kinds.AGENT_STATUS_CHANGED, "agent": BOB, "contact": -1}, kinds.OFFER_WITHDRAWN, "withdrawn"),
        ({"kind": kinds.OFFER_DECLINED, "agent": ALICE}, kinds.OFFER_WITHDRAWN, "withdrawn"),
        ({"kind": kinds.OFFER_DECLINED, "agent": BOB, "contact": 3}, kinds.OFFER_WITHDRAWN, "withdrawn"),
    ],
)
def test_an_offer_taken_back_stops_the_ringing(bench: Bench, cause: dict[str, Any], reason: int, told: str) -> None:
    effects = bench.effects(cause, {"kind": kinds.OFFER_ENDED, "agent": BOB, "a": reason})
    assert effects == [EndOffer(seq=11, contact="c", agent="bob", reason=told)]


@pytest.mark.parametrize("reason", [kinds.OFFER_REJECTED, kinds.OFFER_BUSY, kinds.OFFER_NO_ANSWER])
def test_a_phone_that_said_no_is_not_told_so(bench: Bench, reason: int) -> None:
    declined = {"kind": kinds.OFFER_DECLINED, "agent": BOB, "a": reason, "source": SOURCE}
    assert bench.effects(declined, {"kind": kinds.OFFER_ENDED, "agent": BOB, "a": reason}) == []


def test_a_phone_rings_no_more_once_somebody_else_said_no(bench: Bench) -> None:
    declined = {"kind": kinds.OFFER_DECLINED, "agent": BOB, "a": kinds.OFFER_REJECTED, "source": SOURCE + 1}
    effects = bench.effects(declined, {"kind": kinds.OFFER_ENDED, "agent": BOB, "a": kinds.OFFER_REJECTED})
    assert effects == [EndOffer(seq=11, contact="c", agent="bob", reason="declined")]


@pytest.mark.parametrize(
    ("kind", "wanted"), [(kinds.HOLD_REQUESTED, HoldContact), (kinds.RESUME_REQUESTED, ResumeContact)]
)
def test_who_has_the_call_is_asked_to_hold_it(bench: Bench, kind: int, wanted: type[HoldContact]) -> None:
    asked = {"kind": kind, "agent": BOB}
    assert bench.effects(asked) == [wanted(seq=10, contact="c", agent="bob")]
    refused = {"kind": kinds.FACT_REFUSED, "agent": BOB, "a": kinds.REFUSED_WRONG_STATE, "b": kind}
    (told,) = bench.effects(asked, refused)
    assert isinstance(told, RejectFact)


def test_a_talk_that_ends_ends_the_contact(bench: Bench) -> None:
    ended = {"kind": kinds.CONTACT_ENDED, "agent": BOB, "a": kinds.BY_AGENT, "flags": FLAG_CLOSES}
    assert bench.effects(released(), ended) == [EndContact(seq=11, contact="c", agent="bob", by="agent")]
    assert bench.state.contacts.find("c") is None


def test_a_transfer_moves_the_contact_and_keeps_it_open(bench: Bench) -> None:
    ended = {"kind": kinds.CONTACT_ENDED, "agent": BOB, "a": kinds.BY_TRANSFER}
    asked = {"kind": kinds.TRANSFER_REQUESTED, "queue": HELP}
    assert bench.effects(asked, ended) == [MoveContact(seq=11, contact="c", agent="bob", queue="sales")]
    assert bench.state.contacts.find("c") is not None


@pytest.mark.parametrize(
    ("way_out", "told", "retry_after_s"),
    [
        (kinds.EXIT_TIMED_OUT, "timed_out", 0),
        (kinds.EXIT_KEY, "exit_key", 0),
        (kinds.EXIT_WITHDRAWN, "withdrawn", 0),
        (kinds.EXIT_REFUSED_CLOSED, "refused_closed", 0),
        (kinds.EXIT_REFUSED_FULL, "refused_full", 30),
        (kinds.EXIT_REFUSED_TRUNK, "refused_trunk", 10),
        (kinds.EXIT_SYSTEM_ERROR, "system_error", 0),
    ],
)
def test_who_leaves_unserved_is_told_why(bench: Bench, way_out: int, told: str, retry_after_s: int) -> None:
    left = {"kind": kinds.CONTACT_LEFT, "a": way_out, "flags": FLAG_CLOSES | FLAG_WAITED}
    refused = RefuseContact(seq=11, contact="c", queue="sales", exit=told, retry_after_s=retry_after_s)
    assert bench.effects(DEADLINE, left) == [refused]
    assert bench.state.contacts.find("c") is None


def test_leaving_for_another_queue_is_no_end(bench: Bench) -> None:
    left = {"kind": kinds.CONTACT_LEFT, "a": kinds.EXIT_OVERFLOWED, "flags": FLAG_WAITED}
    assert bench.effects(DEADLINE, left) == []
    assert bench.state.contacts.find("c") is not None


def test_who_hung_up_is_told_nothing_unless_something_is_still_up(bench: Bench) -> None:
    left = {"kind": kinds.CONTACT_LEFT, "a": kinds.EXIT_ABANDONED, "flags": FLAG_CLOSES | FLAG_WAITED}
    assert bench.effects(released(), left) == []
    arrived(bench.state, ContactArrived(contact="d", queue="sales")).record_leg("caller", b"1")
    expected = EndContact(seq=11, contact="d", agent="", by="network")
    assert bench.effects(released(a=kinds.BY_NETWORK), left) == [expected]


def test_leaving_for_a_callback_owes_one_with_the_place_in_line(bench: Bench) -> None:
    bench.derive({"kind": kinds.CONTACT_ARRIVED}, {"kind": kinds.CONTACT_QUEUED, "a": 777})
    left = {"kind": kinds.CONTACT_LEFT, "a": kinds.EXIT_CALLBACK, "flags": FLAG_CLOSES | FLAG_WAITED}
    derived = bench.derive({"kind": kinds.CALLBACK_REQUESTED}, left)
    assert [one.effect for one in derived.effects] == [CallBack(seq=11, contact="c", queue="sales")]
    (owed,) = derived.callbacks
    assert (owed.seq, owed.entry, owed.queue, owed.line_ns) == (11, bench.entry, SALES, 777)


def test_a_refused_fact_is_to_be_undone_outside(bench: Bench) -> None:
    answered = {"kind": kinds.OFFER_ANSWERED, "agent": BOB}
    refused = {
        "kind": kinds.FACT_REFUSED,
        "queue": -1,
        "agent": BOB,
        "a": kinds.REFUSED_NO_SUCH_OFFER,
        "b": kinds.OFFER_ANSWERED,
    }
    rejected = RejectFact(seq=11, contact="c", agent="bob", kind="offer_answered", reason="no_such_offer")
    assert bench.effects(answered, refused) == [rejected]


def test_who_asked_for_a_trunk_is_told_which_or_none(bench: Bench) -> None:
    requested = {"kind": kinds.TRUNK_REQUESTED, "queue": -1}
    seized = {"kind": kinds.TRUNK_SEIZED, "queue": -1, "a": 0}
    refused = {"kind": kinds.TRUNK_REFUSED, "queue": -1, "a": 0, "b": 1}
    group = bench.state.names.trunk_groups[0]
    assert group
    assert bench.effects(requested, seized) == [UseTrunk(seq=11, contact="c", trunk_group=group)]
    assert bench.effects(requested, refused) == [DenyTrunk(seq=11, contact="c")]


def test_who_waits_after_the_turn_is_told_the_place_and_who_is_offered_already_is_not(bench: Bench) -> None:
    arrived, queued = {"kind": kinds.CONTACT_ARRIVED}, {"kind": kinds.CONTACT_QUEUED, "a": 5}
    contact = bench.state.tables.contacts[0]
    contact["queue"], contact["told_p50_ns"], contact["told_p90_ns"] = SALES, 3 * SECOND_NS, -1
    bench.state.tables.contacts["state"][0] = kinds.CONTACT_OFFERED
    assert bench.effects(arrived, queued) == []
    bench.state.tables.contacts["state"][0] = kinds.CONTACT_WAITING
    informed = InformQueued(seq=11, contact="c", queue="sales", position=1, wait_p50_s=3.0, wait_p90_s=None)
    assert bench.effects(arrived, queued) == [informed]
    assert bench.entry.arrival_seq == 10


def test_rows_without_a_known_contact_have_no_effect(bench: Bench) -> None:
    suspended = {"kind": kinds.AGENT_SUSPENDED, "contact": -1, "agent": BOB}
    stranger = {"kind": kinds.CONTACT_ANSWERED, "contact": 9, "agent": BOB}
    assert bench.effects(DEADLINE, suspended, stranger) == []


def test_many_rows_conclude_what_a_few_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = {"kind": kinds.CONTACT_LEFT, "a": kinds.EXIT_ABANDONED, "flags": FLAG_CLOSES | FLAG_WAITED}
    again = {"kind": kinds.FACT_REFUSED, "a": kinds.REFUSED_NO_SUCH_OFFER, "b": kinds.CONTACT_RELEASED, "cause": 1}
    of_slots: list[tuple[dict[str, Any], ...]] = [
        (released(), gone),
        (released(a=kinds.BY_NETWORK), gone),  # has a leg
        (released(), gone, released(), again),
        (released(), gone | {"a": kinds.EXIT_CALLBACK}),
        ({"kind": kinds.CONTACT_ENDED, "agent": BOB, "a": kinds.BY_CUSTOMER, "flags": FLAG_CLOSES},),
        (gone | {"flags": FLAG_WAITED},),
        ({"kind": kinds.OFFER_ENDED, "agent": BOB, "a": kinds.OFFER_WITHDRAWN}, gone),
        ({"kind": kinds.CONTACT_ARRIVED}, {"kind": kinds.CONTACT_QUEUED, "a": 5}, gone | {"a": kinds.EXIT_UNKNOWN}),
        (released(), gone | {"a": kinds.EXIT_TIMED_OUT}),
    ]
    rows = [{"contact": slot} | row for slot, some in enumerate(of_slots) for row in some]
    found = []
    for few in (0, len(rows)):
        monkeypatch.setattr(derive_module, "FEW", few)
        bench = Bench(new_state(load_centre(tmp_path)))
        contacts = bench.state.contacts
        for slot in range(1, len(of_slots) - 1):
            contacts.open(
                entry_of(slot, SOURCE, 0, msgspec.msgpack.encode(ContactArrived(contact=f"{slot}", queue="s")))
            )
        contacts.find("1").record_leg("caller", b"1")  # type: ignore[union-attr]
        derived = bench.derive(DEADLINE, *rows)
        found.append((derived.effects, derived.callbacks, sorted(entry.name for entry in contacts), contacts.slots()))
    (effects, callbacks, names, slots), by_rows = found[0], found[1]
    assert (effects, callbacks, names, slots.tolist()) == (*by_rows[:3], by_rows[3].tolist())
    assert [type(one.effect) for one in effects] == [EndContact, CallBack, EndContact, EndOffer]
    assert (len(callbacks), names, slots.tolist()) == (1, ["5"], [5])
