"""The interval table in pages: whole intervals, nothing twice, nothing left out."""

from engine.messages.observed import ContactArrived
from engine.projections.queues.intervals import IntervalRow
from tests.projections.support import SECOND_NS, Centre

STEP_NS = 900 * SECOND_NS


async def test_pages_are_whole_intervals_and_together_the_table(centre: Centre) -> None:
    for number in range(3):
        await centre.say(ContactArrived(contact=f"a{number}", queue="sales"))
        await centre.say(ContactArrived(contact=f"b{number}", queue="help", channel="chat"))
        centre.clock.advance(STEP_NS)
    every = centre.views.intervals(STEP_NS)
    assert every.next_from_ns is None
    found: list[IntervalRow] = []
    from_ns: int | None = 0
    pages = 0
    while from_ns is not None:
        page = centre.views.intervals(STEP_NS, from_ns, limit=1)
        assert len({row.interval_start for row in page.rows}) == 1
        found += page.rows
        pages += 1
        from_ns = page.next_from_ns
    assert found == every.rows
    assert pages == len({row.interval_start for row in found}) >= 3
