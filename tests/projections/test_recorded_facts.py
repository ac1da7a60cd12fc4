"""What the log says of a fact is what was told, whether it was kept word for word or by its row alone."""

from pathlib import Path
from typing import get_args

import msgspec
import pytest

from engine.messages import observed
from engine.messages.observed import ContactArrived, Observed
from engine.messages.recorded import read_each
from engine.messages.rows import empty_rows
from tests.projections.quality.support import QualityCentre
from tests.projections.support import START_NS, Centre

OF_A_CONTACT: tuple[Observed, ...] = (
    observed.ContactReleased(contact="c", by="network", cause=-38),
    observed.OfferRang(contact="c", agent="bob"),
    observed.OfferAnswered(contact="c", agent="bob"),
    observed.OfferDeclined(contact="c", agent="alice", reason="unreachable", cause=480),
    observed.ContactHeld(contact="c"),
    observed.ContactResumed(contact="c"),
    observed.TransferRequested(contact="c", queue="help", keep_place=True, by="boss"),
    observed.TransferRequested(contact="c", agent="bob"),
    observed.RequeueRequested(contact="c"),
    observed.RequeueRequested(contact="c", by="boss"),
    observed.CallbackRequested(contact="c"),
    observed.CallbackRequested(contact="c", number="+8491"),
    observed.ExitKeyPressed(contact="c", key="#"),
    observed.ContactWithdrawn(contact="c", by="boss", reason="spam"),
    observed.PriorityChanged(contact="c", priority=7),
    observed.LegRecorded(contact="c", leg="caller", record=b"\x00\xff"),
    observed.TrunkRequested(contact="c", trunk_groups=["main"]),
    observed.TrunkReleased(contact="c"),
    observed.CallerMoved(contact="c", to="c"),
    observed.MessageSent(contact="c", text="hello"),
    observed.MessageSent(contact="c", by="agent", agent="bob", text="hello"),
    observed.HoldRequested(contact="c", agent="bob"),
    observed.ResumeRequested(contact="c", agent="bob"),
    observed.MessagesRead(contact="c", up_to_seq=1),
    observed.MessagesRead(contact="c", by="agent", agent="bob", up_to_seq=1),
)
OF_OTHERS: tuple[Observed, ...] = (
    observed.ContactArrived(contact="n", queue="vip", skills={"english": 4}, customer="+8491", attributes={"a": "b"}),
    observed.AgentStatusChanged(agent="bob", status="paused"),
    observed.AgentStatusChanged(agent="bob", status="paused", reason="lunch", by="boss"),
    observed.AgentReachabilityChanged(agent="carol", reachable=False),
    observed.AgentReachabilityChanged(agent="carol", reachable=True),
    observed.WrapUpFinished(agent="alice"),
    observed.QueueOpened(queue="vip"),
    observed.QueueClosed(queue="vip", by="boss"),
    observed.QueueOpened(queue="vip", reason="storm"),
    observed.AlertAcknowledged(alert="floor/vip/waiting", since_ns=5, by="boss", reason="on it"),
    observed.StreamGapped(lost_since_ns=START_NS, reason="test"),
    observed.SurveyRequested(contact="c", contact_id=1, kind="csat"),
    observed.NoteWritten(contact="c", contact_id=1, agent="alice", text="call back at noon"),
    observed.ContactClassified(contact="c", contact_id=1, agent="alice"),
    observed.SurveyAnswered(contact="c", contact_id=1, kind="nps", score=9, comment="good"),
    observed.QualityEvaluated(
        contact="c", contact_id=1, scorecard="calls", version=2, evaluator="eve", answers={"solves": 3}
    ),
    observed.ScheduleExcepted(agent="alice", from_ns=1, to_ns=2, reason="sick", by="boss"),
    observed.CaseOpened(kind="request", subject="bill", contact="c", contact_id=1, number="+8491"),
    observed.CaseResolved(case_id=1, resolution="paid", agent="carol"),
    observed.CaseReopened(case_id=1, reason="not paid"),
)


@pytest.mark.parametrize("fact", [*OF_A_CONTACT, *OF_OTHERS], ids=lambda fact: type(fact).__name__)
async def test_a_fact_is_read_as_it_was_told(tmp_path: Path, fact: Observed) -> None:
    centre = QualityCentre(tmp_path)
    await centre.say(observed.ContactArrived(contact="c", queue="sales"))
    (receipt,) = await centre.say(fact)
    assert receipt.error == ""
    assert centre.views.events.fact(receipt.seq) == fact


def test_every_fact_is_tried() -> None:
    assert {type(fact) for fact in (*OF_A_CONTACT, *OF_OTHERS)} == set(get_args(Observed))


async def test_a_wrap_up_is_read_with_the_name_of_its_contact(tmp_path: Path) -> None:
    centre = Centre(tmp_path)
    await centre.say(observed.AgentStatusChanged(agent="alice", status="available"))
    await centre.say(observed.ContactArrived(contact="c", queue="sales"))
    await centre.say(observed.OfferAnswered(contact="c", agent="alice"), observed.ContactReleased(contact="c"))
    fact = observed.WrapUpFinished(agent="alice", contact="c")
    (receipt,) = await centre.say(fact)
    assert centre.views.events.fact(receipt.seq) == fact


async def test_what_is_no_fact_is_none(tmp_path: Path) -> None:
    centre = Centre(tmp_path)
    (receipt,) = await centre.say(observed.ContactArrived(contact="c", queue="sales"))
    assert centre.views.events.fact(receipt.seq + 1) is None
    assert centre.views.events.fact(1) is None
    assert centre.views.events.fact(10**9) is None


@pytest.mark.parametrize("apart", [0, 3])
@pytest.mark.parametrize("told", [["a", "b", "c"], ["a", "", "c"], ["", "b", ""], ["a"], []])
def test_payloads_are_read_wherever_they_lie(told: list[str], apart: int) -> None:
    rows, payload = empty_rows(len(told)), b"before"
    for place, name in enumerate(told):
        text = msgspec.msgpack.encode(ContactArrived(contact=name, queue="q")) if name else b""
        rows["payload_offset"][place], rows["payload_size"][place] = len(payload) if name else 0, len(text)
        payload += text + bytes(apart)
    found = read_each(msgspec.msgpack.Decoder(list[dict[str, str]]), rows, memoryview(payload + b"behind"))
    assert [each.get("contact", "") for each in found] == told
