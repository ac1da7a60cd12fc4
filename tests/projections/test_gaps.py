"""What a gap hid: intervals say that they are incomplete, and contacts end as unknown, not as abandoned."""

from pathlib import Path

from engine.kernel.audit import audit
from engine.messages.observed import AgentStatusChanged, ContactArrived, ContactReleased, OfferAnswered, StreamGapped
from engine.projections.intervals import IntervalRow
from tests.projections.support import SECOND_NS, START_NS, Centre

QUARTER_NS = 900 * SECOND_NS


def rows(centre: Centre) -> list[IntervalRow]:
    """The quarters of an hour since the start."""
    end_ns = centre.clock.now_ns() + QUARTER_NS
    return centre.views.intervals(QUARTER_NS, START_NS, end_ns).rows


async def test_intervals_of_a_gap_are_incomplete(tmp_path: Path) -> None:
    centre = Centre(tmp_path)
    for number in range(3):
        await centre.say(ContactArrived(contact=f"c{number}", queue="vip"))
        await centre.after(900)
    await centre.say(ContactArrived(contact="c3", queue="vip"))
    assert [row.incomplete for row in rows(centre)] == [False] * 4
    await centre.say(StreamGapped(lost_since_ns=START_NS + QUARTER_NS + 1, reason="test"))
    assert [row.incomplete for row in rows(centre)] == [False, True, True, True]


async def test_who_is_gone_after_a_gap_is_neither_abandoned_nor_answered(tmp_path: Path) -> None:
    centre = Centre(tmp_path)
    await centre.say(AgentStatusChanged(agent="alice", status="available"))
    await centre.say(ContactArrived(contact="talks", queue="sales"), ContactArrived(contact="waits", queue="sales"))
    await centre.after(1, OfferAnswered(contact="talks", agent="alice"))
    await centre.after(60, StreamGapped(lost_since_ns=centre.clock.now_ns(), reason="test"))
    await centre.say(*(ContactReleased(contact=name, by="unknown") for name in ("talks", "waits")))
    waits, talks = (centre.views.history.find(name) for name in ("waits", "talks"))
    assert waits is not None
    assert talks is not None
    assert (waits.exit, talks.exit, talks.ended_by) == ("unknown", "answered", "unknown")
    (row,) = rows(centre)
    assert (row.offered, row.answered, row.abandoned, row.incomplete) == (2, 1, 0, True)
    assert audit(centre.engine.state.tables) == []
