"""Each fact becomes the row that the log's table says, or an answer that names the field and the word that is wrong."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.ingest.admission import Admission
from engine.ingest.names import REASONS_MAX
from engine.ingest.runs import SLOTS_KEPT_FREE
from engine.ingest.seen import dedupe_key
from engine.ingest.stamp import RowBuffer
from engine.ingest.wrapping import WrapUp
from engine.messages import kinds
from engine.messages.observed import (
    AgentReachabilityChanged,
    AgentStatusChanged,
    CallbackRequested,
    CallerMoved,
    ContactArrived,
    ContactHeld,
    ContactReleased,
    ContactResumed,
    ContactWithdrawn,
    ExitKeyPressed,
    Fact,
    LegRecorded,
    MessageSent,
    MessagesRead,
    Observed,
    OfferAnswered,
    OfferDeclined,
    OfferRang,
    PriorityChanged,
    QueueClosed,
    QueueOpened,
    RequeueRequested,
    StreamGapped,
    SurveyAnswered,
    SurveyRequested,
    TransferRequested,
    TrunkReleased,
    TrunkRequested,
    WrapUpFinished,
)
from engine.messages.row_fields import fields_of
from engine.messages.rows import pack_arrival, pack_requirement
from engine.ports import Receipt
from engine.state import EngineState
from tests.driver_support import CAPACITY, CENTRE, START_NS, load_centre, new_state

ALICE, BOB = 0, 1
SALES, HELP = 0, 1


class Door:
    """An admission with its state, and one turn being built."""

    def __init__(self, state: EngineState) -> None:
        self.state = state
        self.buffer = RowBuffer(256, 1 << 20)
        self.admission = Admission(state.tables, state.names, self.buffer, state.contacts, state.interned)
        self.source = state.interned.source("desk", "desk")
        state.interned.reason("lunch")
        state.interned.record()
        self.begin()

    def begin(self) -> None:
        self.buffer.begin(START_NS)
        self.admission.begin()

    def admit(
        self, fact: Observed, source: int | None = None, own_only: frozenset[type[Fact]] = frozenset()
    ) -> int | Receipt | None:
        number = self.source if source is None else source
        speaker = self.state.interned.numbered(number)
        results = self.admission.admit(speaker, [fact], *self.state.seen.look_up(speaker.name, [fact]), own_only)
        return results[0] if results else None

    def row(self, fact: Observed) -> dict[str, Any]:
        """The row that a fact becomes, without what is blank."""
        place = self.admit(fact)
        assert isinstance(place, int), place
        row = fields_of(self.buffer.rows[place : place + 1])[0]._asdict()
        assert (row["at_ns"], row["source"], row["cause"]) == (START_NS, self.source, 0)
        for name in ("at_ns", "source", "cause"):
            del row[name]
        blanks = {"agent": -1, "queue": -1, "contact": -1}
        return {name: value for name, value in row.items() if value != blanks.get(name, 0)}

    def refuses(self, fact: Observed) -> tuple[str, str]:
        """Field and sentence of the answer to a wrong fact, of which no row may be left."""
        before = self.buffer.count
        answer = self.admit(fact)
        assert isinstance(answer, Receipt), answer
        assert answer.seq == 0
        assert self.buffer.count == before
        return answer.field, answer.error


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(new_state(load_centre(tmp_path)))


@pytest.fixture
def opened(door: Door) -> Door:
    """A door behind which contact `c` is open in slot 0, in a turn of its own."""
    door.admit(ContactArrived(contact="c", queue="sales"))
    door.begin()
    return door


def test_an_arrival_carries_everything_in_numbers_and_itself_as_payload(door: Door) -> None:
    fact = ContactArrived(
        id="1",
        contact="c",
        queue="sales",
        channel="chat",
        priority=3,
        preferred_agent="bob",
        trunk_group="main",
        protected=True,
        waiting_since_ns=START_NS - 5,
    )
    row = door.row(fact)
    size = row.pop("payload_size")
    assert row == {
        "kind": kinds.CONTACT_ARRIVED,
        "flags": kinds.FLAG_PROTECTED,
        "dedupe": dedupe_key("desk", "1"),
        "agent": BOB,
        "queue": SALES,
        "contact": 0,
        "a": pack_arrival(kinds.CHAT, 3, 0, 0),
        "b": START_NS - 5,
    }
    assert msgspec.msgpack.decode(door.buffer.payload[:size], type=ContactArrived) == fact
    assert door.state.contacts.slot_of("c") == 0


def test_arrivals_of_one_turn_take_the_free_slots_in_ring_order(door: Door) -> None:
    book, slots = door.state.tables.book, door.state.tables.slots
    book["slot_head"] = len(slots) - 1
    door.begin()
    rows = [door.row(ContactArrived(contact=name, queue="sales")) for name in "abc"]
    assert [row.get("contact", -1) for row in rows] == [len(slots) - 1, 0, 1]


def test_skills_of_a_contact_define_a_requirement_with_those_of_the_queue(door: Door) -> None:
    before = len(door.state.directory.requirements.pairs)
    first = door.row(ContactArrived(contact="a", queue="help", skills={"billing": 4}))
    defined = fields_of(door.buffer.rows[:1])[0]
    assert (defined.kind, defined.queue, defined.b) == (kinds.REQUIREMENT_DEFINED, before, -1)
    assert defined.a == pack_requirement((0, 2), (1, 4))
    assert first["a"] == pack_arrival(kinds.VOICE, 0, before)
    again = door.row(ContactArrived(contact="b", queue="help", skills={"billing": 4}))
    assert again["a"] == first["a"]
    assert door.buffer.count == 3


CONTACT_ROWS: list[tuple[Observed, dict[str, Any]]] = [
    (
        ContactReleased(contact="c", by="agent", cause=16),
        {"kind": kinds.CONTACT_RELEASED, "a": kinds.BY_AGENT, "b": 16},
    ),
    (OfferRang(contact="c", agent="bob"), {"kind": kinds.OFFER_RANG, "agent": BOB}),
    (OfferAnswered(contact="c", agent="alice"), {"kind": kinds.OFFER_ANSWERED, "agent": ALICE}),
    (
        OfferDeclined(contact="c", agent="bob", reason="busy", cause=17),
        {"kind": kinds.OFFER_DECLINED, "agent": BOB, "a": kinds.OFFER_BUSY, "b": 17},
    ),
    (
        OfferDeclined(contact="c", agent="bob", reason="no_answer"),
        {"kind": kinds.OFFER_DECLINED, "agent": BOB, "a": kinds.OFFER_NO_ANSWER},
    ),
    (ContactHeld(contact="c"), {"kind": kinds.CONTACT_HELD}),
    (ContactResumed(contact="c"), {"kind": kinds.CONTACT_RESUMED}),
    (RequeueRequested(contact="c"), {"kind": kinds.REQUEUE_REQUESTED, "flags": kinds.FLAG_KEEP_PLACE}),
    (CallbackRequested(contact="c"), {"kind": kinds.CALLBACK_REQUESTED}),
    (
        MessagesRead(contact="c", up_to_seq=7),
        {"kind": kinds.MESSAGES_READ, "a": kinds.BY_CUSTOMER, "b": 7},
    ),
    (
        MessagesRead(contact="c", by="agent", agent="bob", up_to_seq=7),
        {"kind": kinds.MESSAGES_READ, "agent": BOB, "a": kinds.BY_AGENT, "b": 7},
    ),
    (ExitKeyPressed(contact="c", key="#"), {"kind": kinds.EXIT_KEY_PRESSED, "a": ord("#")}),
    (TrunkRequested(contact="c", trunk_groups=["main"]), {"kind": kinds.TRUNK_REQUESTED, "a": 1}),
    (TrunkReleased(contact="c"), {"kind": kinds.TRUNK_RELEASED}),
    (CallerMoved(contact="c", to="c"), {"kind": kinds.CALLER_MOVED}),
]


@pytest.mark.parametrize(("fact", "expected"), CONTACT_ROWS, ids=lambda value: type(value).__name__)
def test_a_fact_about_a_contact_names_its_slot(opened: Door, fact: Observed, expected: dict[str, Any]) -> None:
    assert opened.row(fact) == expected | {"contact": 0}


SURVEYS: list[tuple[Observed, dict[str, Any]]] = [
    (
        SurveyRequested(contact="gone", contact_id=1, kind="nps"),
        {"kind": kinds.SURVEY_REQUESTED, "a": kinds.SURVEY_NPS, "b": 1},
    ),
    (
        SurveyAnswered(contact="gone", contact_id=1, kind="csat", score=5, comment="good"),
        {"kind": kinds.SURVEY_ANSWERED, "a": kinds.SURVEY_CSAT | 5 << 8, "b": 1},
    ),
]


@pytest.mark.parametrize(("fact", "expected"), SURVEYS, ids=lambda value: type(value).__name__)
def test_a_survey_is_about_a_contact_that_is_closed(opened: Door, fact: Observed, expected: dict[str, Any]) -> None:
    opened.state.tables.book["seq"] = 1
    row = opened.row(fact)
    assert row.pop("payload_size")
    assert {name: value for name, value in row.items() if name != "payload_offset"} == expected


@pytest.mark.parametrize(("kind", "score"), [("csat", 0), ("csat", 6), ("ces", 8), ("nps", 11), ("nps", -1)])
def test_a_score_that_its_survey_has_not_is_wrong(opened: Door, kind: Any, score: int) -> None:
    opened.state.tables.book["seq"] = 1
    receipt = opened.admit(SurveyAnswered(contact="gone", contact_id=1, kind=kind, score=score))
    assert isinstance(receipt, Receipt)
    assert receipt.field == "score"
    receipt = opened.admit(SurveyRequested(contact="gone", contact_id=2, kind=kind))
    assert isinstance(receipt, Receipt)
    assert receipt.field == "contact_id"


PAYLOAD_ROWS: list[tuple[Observed, dict[str, Any]]] = [
    (
        TransferRequested(contact="c", queue="help", keep_place=True),
        {"kind": kinds.TRANSFER_REQUESTED, "contact": 0, "queue": HELP, "flags": kinds.FLAG_KEEP_PLACE},
    ),
    (TransferRequested(contact="c", agent="bob"), {"kind": kinds.TRANSFER_REQUESTED, "contact": 0, "agent": BOB}),
    (RequeueRequested(contact="c", by="eve"), {"kind": kinds.REQUEUE_REQUESTED, "contact": 0, "flags": 4}),
    (CallbackRequested(contact="c", number="123"), {"kind": kinds.CALLBACK_REQUESTED, "contact": 0}),
    (ContactWithdrawn(contact="c", by="eve"), {"kind": kinds.CONTACT_WITHDRAWN, "contact": 0}),
    (PriorityChanged(contact="c", priority=7), {"kind": kinds.PRIORITY_CHANGED, "contact": 0, "a": 7}),
    (
        MessageSent(contact="c", text="hello"),
        {"kind": kinds.MESSAGE_SENT, "contact": 0, "a": kinds.BY_CUSTOMER},
    ),
    (
        MessageSent(contact="c", by="agent", agent="alice", text="hello"),
        {"kind": kinds.MESSAGE_SENT, "contact": 0, "agent": ALICE, "a": kinds.BY_AGENT},
    ),
    (LegRecorded(contact="c", leg="caller", record=b"\x00"), {"kind": kinds.LEG_RECORDED, "contact": 0}),
    (
        AgentStatusChanged(agent="bob", status="paused", reason="lunch", by="bob"),
        {"kind": kinds.AGENT_STATUS_CHANGED, "agent": BOB, "a": kinds.STATUS_PAUSED, "b": 1},
    ),
    (QueueClosed(queue="help", by="eve"), {"kind": kinds.QUEUE_CLOSED, "queue": HELP}),
    (QueueOpened(queue="help", by="eve"), {"kind": kinds.QUEUE_OPENED, "queue": HELP}),
    (StreamGapped(lost_since_ns=START_NS - 9), {"kind": kinds.STREAM_GAPPED, "a": START_NS - 9}),
]


@pytest.mark.parametrize(("fact", "expected"), PAYLOAD_ROWS, ids=lambda value: type(value).__name__)
def test_who_and_why_stand_in_the_payload(opened: Door, fact: Observed, expected: dict[str, Any]) -> None:
    row = opened.row(fact)
    expected = {name: value for name, value in expected.items() if (name, value) != ("contact", -1)}
    assert row.pop("payload_size") == len(opened.buffer.payload)
    assert row == expected
    assert msgspec.msgpack.decode(opened.buffer.payload, type=type(fact)) == fact


def test_a_reason_that_cannot_be_kept_is_not_taken_without_a_word(tmp_path: Path) -> None:
    free = Door(new_state(load_centre(tmp_path, CENTRE.replace("pause_reasons: [lunch, training]", ""))))
    names = free.state.interned
    for number in range(REASONS_MAX - len(names.reasons)):
        names.reason(f"r{number}")
    names.record()
    fact = AgentStatusChanged(agent="bob", status="paused", reason="one too many")
    assert free.refuses(fact) == (
        "reason",
        "4096 different reasons were given, and 'one too many' would be one more; say one of them, or none",
    )
    assert free.row(AgentStatusChanged(agent="bob", status="paused", reason="r7"))["b"] == names.reason("r7")


def test_a_new_reason_is_named_before_the_row_that_has_it(opened: Door) -> None:
    before = opened.buffer.count
    place = opened.admit(AgentStatusChanged(agent="bob", status="paused", reason="training"))
    assert place == before + 1
    named, status = opened.buffer.rows[before:].tolist()
    assert (named[1], status[1]) == (kinds.CONFIGURATION_LOADED, kinds.AGENT_STATUS_CHANGED)


def test_facts_about_agents_and_queues(opened: Door) -> None:
    assert opened.row(AgentStatusChanged(agent="alice", status="available")) == {
        "kind": kinds.AGENT_STATUS_CHANGED,
        "agent": ALICE,
        "a": kinds.STATUS_AVAILABLE,
    }
    reachable = {"kind": kinds.AGENT_REACHABILITY_CHANGED, "agent": BOB}
    assert opened.row(AgentReachabilityChanged(agent="bob", reachable=True)) == reachable | {"a": 1}
    assert opened.row(AgentReachabilityChanged(agent="bob", reachable=False)) == reachable
    finished = {"kind": kinds.WRAP_UP_FINISHED, "agent": BOB}
    assert opened.row(WrapUpFinished(agent="bob")) == finished
    assert opened.row(QueueOpened(queue="sales")) == {"kind": kinds.QUEUE_OPENED, "queue": SALES}


def test_a_wrap_up_is_that_of_its_contact(opened: Door) -> None:
    wrapping = opened.state.contacts.wrapping
    for wrap_up in (WrapUp(BOB, 0, 7, "d"), WrapUp(BOB, 1, 5, "d"), WrapUp(BOB, 2, 6, "e"), WrapUp(ALICE, 3, 8, "f")):
        wrapping.start(wrap_up)
    finished = {"kind": kinds.WRAP_UP_FINISHED, "agent": BOB}
    assert opened.row(WrapUpFinished(agent="bob", contact="e")) == finished | {"a": 6}
    assert opened.row(WrapUpFinished(agent="bob", contact="d")) == finished | {"a": 7}
    wrapping.end(BOB, 0)
    assert opened.row(WrapUpFinished(agent="bob", contact="d")) == finished | {"a": 5}
    wrapping.end(BOB, 1)
    opened.begin()
    for name in ("d", "f", "never was", "c"):
        sentence = f"agent 'bob' does not wrap up a contact '{name}'"
        assert opened.refuses(WrapUpFinished(agent="bob", contact=name)) == ("contact", sentence)


def test_a_wrap_up_may_begin_in_the_turn_under_way(opened: Door) -> None:
    opened.admit(ContactReleased(contact="c", by="agent"))
    assert opened.admit(WrapUpFinished(agent="bob", contact="c")) is None


WRONG: list[tuple[Observed, str, str]] = [
    (ContactArrived(contact="n", queue="sails"), "queue", "there is no queue 'sails'; did you mean 'sales'?"),
    (ContactArrived(contact="n", queue="zzz"), "queue", "there is no queue 'zzz'; there are sales, help, later"),
    (ContactArrived(contact="n", queue="sales", preferred_agent="alise"), "preferred_agent", "did you mean 'alice'?"),
    (ContactArrived(contact="n", queue="sales", trunk_group="mane"), "trunk_group", "did you mean 'main'?"),
    (ContactArrived(contact="n", queue="sales", skills={"englisch": 1}), "skills", "did you mean 'english'?"),
    (ContactArrived(contact="n", queue="sales", waiting_since_ns=START_NS + 1), "waiting_since_ns", "in the past"),
    (ContactArrived(contact="n", queue="sales", waiting_since_ns=-1), "waiting_since_ns", "in the past"),
    (ContactReleased(contact="nobody"), "contact", "there is no open contact 'nobody'"),
    (ContactReleased(contact="c", cause=2**63), "cause", "64 bits"),
    (OfferAnswered(contact="c", agent="bobb"), "agent", "did you mean 'bob'?"),
    (TransferRequested(contact="c"), "queue", "neither is given"),
    (TransferRequested(contact="c", queue="help", agent="bob"), "queue", "both are given"),
    (AgentStatusChanged(agent="bob", status="paused", reason="lynch"), "reason", "did you mean 'lunch'?"),
    (TrunkRequested(contact="c", trunk_groups=["mane"]), "trunk_groups", "did you mean 'main'?"),
    (TrunkRequested(contact="c", trunk_groups=[]), "trunk_groups", "one to 8"),
    (TrunkRequested(contact="c", trunk_groups=["main"] * 9), "trunk_groups", "one to 8"),
    (StreamGapped(lost_since_ns=START_NS + 1), "lost_since_ns", "in the past"),
    (LegRecorded(contact="c", leg="l", record=bytes(300_000)), "", "at most 262144"),
]


@pytest.mark.parametrize(("fact", "field", "sentence"), WRONG)
def test_a_wrong_fact_is_answered_with_the_field_and_what_would_be_right(
    opened: Door, fact: Observed, field: str, sentence: str
) -> None:
    found, error = opened.refuses(fact)
    assert found == field
    assert sentence in error
    assert opened.state.contacts.find("n") is None


def test_nothing_is_transferred_to_a_queue_of_calls_among_colleagues(opened: Door) -> None:
    opened.state.directory.colleague_queues = ("later",)
    field, error = opened.refuses(TransferRequested(contact="c", queue="later"))
    assert field == "queue"
    assert "'later' is for colleagues only, and nobody serves it; name another queue" in error
    assert opened.admit(TransferRequested(contact="c", queue="help")) is not None


def test_names_of_the_outside_are_shortened_in_answers(opened: Door) -> None:
    _, error = opened.refuses(ContactReleased(contact="x" * 128))
    assert len(error) < 100


def test_a_name_is_taken_while_its_contact_is_open(opened: Door) -> None:
    again = ContactArrived(contact="c", queue="sales")
    opened.admit(ContactReleased(contact="c"))
    assert opened.admit(again) is None, "the release in this turn must be decided first"
    opened.begin()
    assert opened.refuses(again) == ("contact", "contact 'c' is open already; names of open contacts are unique")


def test_slots_run_out_with_a_sentence_and_some_stay_free(door: Door) -> None:
    for number in range(CAPACITY.contacts - SLOTS_KEPT_FREE):
        assert isinstance(door.admit(ContactArrived(contact=f"c{number}", queue="sales")), int)
    one_more = ContactArrived(contact="one more", queue="sales")
    assert door.admit(one_more) is None, "what this turn frees may be enough"
    door.state.tables.book["slot_count"] = SLOTS_KEPT_FREE
    door.begin()
    assert door.refuses(one_more) == (
        "contact",
        "too many contacts: 56 are open; send it again later, or raise limits.contacts",
    )


def test_legs_of_a_contact_are_bounded_but_may_be_recorded_again(opened: Door) -> None:
    for number in range(16):
        opened.row(LegRecorded(contact="c", leg=f"l{number}", record=b"1"))
    assert opened.refuses(LegRecorded(contact="c", leg="l16", record=b"1"))[0] == "leg"
    opened.row(LegRecorded(contact="c", leg="l3", record=b"2"))
    entry = opened.state.contacts.find("c")
    assert entry is not None
    assert entry.legs["l3"] == b"2"


def test_legs_are_of_the_adapter_that_brought_the_contact(opened: Door) -> None:
    leg = LegRecorded(contact="c", leg="l", record=b"1")
    stranger = opened.state.interned.source("http", "http")
    answer = opened.admit(leg, stranger)
    assert isinstance(answer, Receipt)
    assert (answer.field, answer.error) == ("contact", "another adapter brought contact 'c'; its legs are not yours")
    sibling = opened.state.interned.source("desk:2", "desk")
    assert isinstance(opened.admit(leg, sibling), int)


def test_some_facts_may_be_about_contacts_of_the_same_source_alone(opened: Door) -> None:
    names, only = opened.state.interned, frozenset({ContactReleased})
    sibling, callbacks = names.source("desk:2", "desk"), names.source("callbacks", "desk", reserved=True)
    stranger = names.source("http", "http")
    opened.admit(ContactArrived(contact="callback-7", queue="sales"), callbacks)
    for contact, source, taken in (
        ("c", opened.source, True),
        ("c", sibling, False),
        ("callback-7", sibling, True),
        ("callback-7", stranger, False),
    ):
        answer = opened.admit(ContactReleased(contact=contact), source, only)
        assert isinstance(answer, int) is taken, (contact, source)
        assert isinstance(opened.admit(ContactHeld(contact=contact), source, only), int)


def test_a_second_fact_with_the_same_id_is_answered_as_the_first(opened: Door) -> None:
    fact = ContactHeld(contact="c", id="7")
    place = opened.admit(fact)
    assert isinstance(place, int)
    assert opened.admit(fact) == ~place
    opened.begin()
    opened.state.seen.add([dedupe_key("desk", "7")], [41], {41: kinds.REFUSED_WRONG_STATE})
    assert opened.admit(fact) == Receipt(41, duplicate=True, refused="wrong_state")
    assert opened.buffer.count == 0
    other = opened.admit(fact, opened.state.interned.source("other", ""))
    assert isinstance(other, int), "ids are names within one source"


def test_a_wrong_fact_may_be_sent_again_under_its_id(opened: Door) -> None:
    opened.refuses(ContactReleased(contact="d", id="8"))
    opened.admit(ContactArrived(contact="d", queue="sales"))
    assert isinstance(opened.admit(ContactReleased(contact="d", id="8")), int)


def test_requirements_that_no_longer_fit_are_refused_without_leaving_a_hole(door: Door) -> None:
    door.state.directory.requirements.limit = len(door.state.directory.requirements.pairs)
    field, error = door.refuses(ContactArrived(contact="n", queue="sales", skills={"vip": 3}))
    assert field == "skills"
    assert "limits.requirements" in error


def test_too_many_conditions_are_refused(door: Door, tmp_path: Path) -> None:
    text = "queues: {q: {skills: {a: 1, b: 1}}}\nskills: [a, b, c, d, e]\n"
    narrow = Door(new_state(load_centre(tmp_path, text)))
    field, error = narrow.refuses(ContactArrived(contact="n", queue="q", skills={"c": 1, "d": 1, "e": 1}))
    assert (field, error) == ("skills", "with those of the queue 5 skills are required; at most 4 are possible")
