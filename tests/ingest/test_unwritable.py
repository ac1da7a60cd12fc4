"""What no row can hold is answered as a wrong fact, whichever field it stands in; nothing is half done by it."""

from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from engine.ingest.names import InternedNames
from engine.messages.observed import (
    AgentStatusChanged,
    CallbackRequested,
    ContactArrived,
    ContactReleased,
    ExitKeyPressed,
    LegRecorded,
    MessageSent,
    MessagesRead,
    Observed,
    QueueClosed,
    TransferRequested,
)
from engine.model.quality import CaseKind, Criterion, QualityPlan, Scorecard, ScorecardSection
from engine.ports import Receipt
from tests.driver_support import load_centre, new_state
from tests.ingest.test_admission import Door

LONE = "\udcff"
"""What the byte FF becomes in a header that is read as UTF-8."""
RIGHT: dict[str, Any] = {
    "trunk_groups": ["main"],
    "contact": "c",
    "to": "c",
    "queue": "sales",
    "agent": "alice",
    "leg": "l",
    "record": b"x",
    "key": "1",
    "status": "paused",
    "reachable": True,
    "lost_since_ns": 1,
    "priority": 1,
    "text": "hello",
    "up_to_seq": 1,
    "contact_id": 1,
    "kind": "csat",
    "score": 1,
    "alert": "a",
    "scorecard": "calls",
    "version": 1,
    "evaluator": "eve",
    "answers": {"greets": 1},
    "from_ns": 1,
    "to_ns": 2,
    "reason": "lunch",
    "case_id": 1,
    "resolution": "done",
}


@pytest.fixture
def door(tmp_path: Path) -> Door:
    state = new_state(load_centre(tmp_path))
    state.tables.book["seq"] = 1
    card = Scorecard("calls", 1, (ScorecardSection("all", (Criterion("greets", 100),)),))
    plan = QualityPlan(scorecards=(card,), cases={"csat": CaseKind("sales", 10**9)})
    state.directory = msgspec.structs.replace(state.directory, quality=plan)
    made = Door(state)
    made.row(ContactArrived(contact="c", queue="sales"))
    return made


def cases() -> list[tuple[type[Any], str]]:
    """Every field of every fact that has a text."""
    return [
        (shape, field.name)
        for shape in get_args(Observed)
        for field in msgspec.structs.fields(shape)
        if field.type is str or "str" in str(field.type)
    ]


@pytest.mark.parametrize(("shape", "field"), cases())
def test_a_text_that_is_not_unicode_is_an_answer(door: Door, shape: type[Any], field: str) -> None:
    fields = {name: value for name, value in RIGHT.items() if name in shape.__struct_fields__}
    if shape is ContactArrived:
        fields["contact"] = "d"
    if shape is TransferRequested:
        del fields["agent" if field != "agent" else "queue"]
    if shape in (MessageSent, MessagesRead):
        fields["by"] = "agent"
    mapping = field in ("attributes", "skills", "fields", "answers")
    fields[field] = {LONE: 1 if field in ("skills", "answers") else LONE} if mapping else LONE
    before = door.buffer.count
    result = door.admit(shape(**fields))
    if isinstance(result, int) and (shape, field) == (ExitKeyPressed, "key"):
        return  # of this a row holds a number alone
    assert isinstance(result, Receipt), result
    assert result.error
    assert (result.field, door.buffer.count) == (field, before)


def test_the_sentence_says_what_to_do(door: Door) -> None:
    assert door.refuses(QueueClosed(queue="sales", id=LONE)) == ("id", "the text is not Unicode; send it as UTF-8")
    assert door.refuses(QueueClosed(queue="sales", by="a", at_ns=10**30)) == (
        "at_ns",
        "the number is no instant; send nanoseconds since 1970, up to 9223372036854775807",
    )
    wrong: Any = {"x": object()}
    assert door.refuses(ContactArrived(contact="d", queue="sales", attributes=wrong))[0] == "attributes"


@pytest.mark.parametrize("at_ns", [-1, 2**63, 2**70, 10**400])
@pytest.mark.parametrize("shape", get_args(Observed))
def test_no_fact_happens_when_no_row_could_say_it(door: Door, shape: type[Any], at_ns: int) -> None:
    fields = {name: value for name, value in RIGHT.items() if name in shape.__struct_fields__}
    assert door.refuses(shape(**fields, at_ns=at_ns))[0] == "at_ns"


def test_a_fact_that_raises_anything_is_an_answer(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_fact: Any) -> bytes:
        raise ZeroDivisionError

    monkeypatch.setattr(door.admission, "_payload", broken)
    assert door.refuses(QueueClosed(queue="sales", by="a")) == (
        "",
        "the engine cannot take this fact in: ZeroDivisionError; its log says more",
    )


def test_nothing_is_half_done(door: Door) -> None:
    entry = door.state.contacts.find("c")
    assert entry is not None
    door.refuses(CallbackRequested(contact="c", number=LONE))
    door.refuses(LegRecorded(contact="c", leg=LONE, record=b"x"))
    door.refuses(AgentStatusChanged(agent="bob", status="available", reason="r", by=LONE))
    assert (entry.callback_number, dict(entry.legs), door.state.interned.reasons) == ("", {}, ["", "lunch"])
    assert isinstance(door.admit(ContactReleased(contact="c", id="1")), int)


def test_a_source_is_refused_to_who_names_it() -> None:
    names = InternedNames()
    with pytest.raises(UnicodeEncodeError):
        names.source(LONE, "desk")
    assert not names.unrecorded
