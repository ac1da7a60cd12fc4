"""What a gap hid: intervals say that they are incomplete, and contacts end as unknown, not as abandoned."""

from datetime import datetime
from pathlib import Path

from engine.kernel.audit import audit
from engine.messages.observed import AgentStatusChanged, ContactArrived, ContactReleased, OfferAnswered, StreamGapped
from engine.projections.queues.intervals import IntervalRow
from tests.projections.support import CAPACITY, SECOND_NS, START_NS, Centre

QUARTER_NS = 900 * SECOND_NS


def rows(centre: Centre, queue: str) -> list[IntervalRow]:
    """The quarters of an hour since the start, of one queue."""
    end_ns = centre.clock.now_ns() + QUARTER_NS
    return centre.views.cut_intervals(QUARTER_NS, START_NS, end_ns, queue=queue)().rows


async def test_intervals_of_a_gap_are_incomplete(tmp_path: Path) -> None:
    centre = Centre(tmp_path)
    for number in range(3):
        await centre.say(ContactArrived(contact=f"c{number}", queue="vip"))
        await centre.after(900)
    await centre.say(ContactArrived(contact="c3", queue="vip"))
    assert [row.incomplete for row in rows(centre, "vip")] == [False] * 4
    await centre.say(StreamGapped(lost_since_ns=START_NS + QUARTER_NS + 1, reason="test"))
    assert [row.incomplete for row in rows(centre, "vip")] == [False, True, True, True]


async def test_a_gap_in_which_nothing_was_told_has_a_row_for_every_queue(tmp_path: Path) -> None:
    centre = Centre(tmp_path)
    await centre.say(ContactArrived(contact="before", queue="vip"))
    await centre.after(3 * 900 + 60, StreamGapped(lost_since_ns=START_NS + QUARTER_NS + 1, reason="test"))
    await centre.say(ContactArrived(contact="after", queue="help", channel="chat"))
    found = [(START_NS + row * QUARTER_NS, queue) for row in (1, 2, 3) for queue in ("help", "sales", "vip")]
    for by in ("event", "arrival"):
        table = centre.views.cut_intervals(QUARTER_NS, START_NS, centre.clock.now_ns() + 1, by)().rows
        assert (table[0].queue, table[0].offered, table[0].incomplete) == ("vip", 1, False)
        gaps = [row for row in table if row.incomplete]
        starts = [round(datetime.fromisoformat(row.interval_start).timestamp()) * SECOND_NS for row in gaps]
        assert sorted(zip(starts, (row.queue for row in gaps), strict=True)) == found
        assert {row.channel for row in gaps if row.queue == "help"} == {"chat"}
        assert sum(row.offered for row in gaps) == 1
        assert len(table) == len(gaps) + 1
    alone = centre.views.cut_intervals(QUARTER_NS, START_NS, centre.clock.now_ns() + 1, queue="sales")().rows
    assert [(row.queue, row.service_level, row.incomplete) for row in alone] == [("sales", None, True)] * 3
    (hour,) = centre.views.cut_intervals(4 * QUARTER_NS, START_NS, START_NS + 1, queue="vip")().rows
    assert (hour.offered, hour.incomplete) == (1, True)


async def test_a_gap_that_began_long_ago_reaches_back_as_far_as_the_table(tmp_path: Path) -> None:
    centre = Centre(tmp_path)
    await centre.after(40 * 86_400, StreamGapped(lost_since_ns=0, reason="test"))
    table = centre.views.cut_intervals(QUARTER_NS, queue="vip")().rows
    assert [row.incomplete for row in table] == [True] * CAPACITY.intervals


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
    (row,) = rows(centre, "sales")
    assert (row.offered, row.answered, row.abandoned, row.incomplete) == (2, 1, 0, True)
    assert audit(centre.engine.state.tables) == []
