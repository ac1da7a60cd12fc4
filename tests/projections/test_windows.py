"""Where the window of counters begins: with an interval, and never before what is kept; answers say where."""

import pytest

from engine.messages.observed import ContactArrived, ContactReleased
from engine.projections.views import Views
from tests.projections.support import SECOND_NS, START_NS, Centre

MINUTE_NS = 60 * SECOND_NS
QUARTER_NS = 15 * MINUTE_NS


def entries(views: Views, since_ns: int) -> tuple[int, int]:
    """Entries of sales since then, and since when they are."""
    status = views.queue("sales", since_ns=since_ns)
    table = views.realtime(("queue",), since_ns=since_ns)
    assert table.since_ns == status.since_ns == views.formulas("sales", since_ns=since_ns).since_ns
    assert sum(row.contacts_queued for row in table.rows) == status.entries
    return status.entries, status.since_ns


async def come_and_go(centre: Centre, name: str, after_s: float) -> None:
    await centre.after(after_s, ContactArrived(contact=name, queue="sales"))
    await centre.say(ContactReleased(contact=name))


async def test_a_window_begins_with_its_interval(centre: Centre) -> None:
    begin_ns = START_NS // QUARTER_NS * QUARTER_NS
    await come_and_go(centre, "c1", 0)
    await come_and_go(centre, "c2", 5 * 60)
    since_ns = centre.clock.now_ns() - MINUTE_NS
    assert entries(centre.views, since_ns) == (2, begin_ns)
    assert entries(centre.views.still(None, since_ns), since_ns) == (2, begin_ns)


async def test_a_window_begins_with_what_is_kept(centre: Centre) -> None:
    for number in range(40):
        await come_and_go(centre, f"c{number}", 15 * 60)
    kept = len(centre.views.tables.intervals)
    begin_ns = centre.clock.now_ns() // QUARTER_NS * QUARTER_NS - (kept - 1) * QUARTER_NS
    assert entries(centre.views, 1) == (kept, begin_ns)
    assert entries(centre.views, 0) == (40, 0)


async def test_rows_that_are_too_old_but_were_not_used_again_do_not_count(centre: Centre) -> None:
    await come_and_go(centre, "old", 0)
    await come_and_go(centre, "new", (len(centre.views.tables.intervals) + 3) * 15 * 60)
    assert entries(centre.views, 1)[0] == 1


@pytest.mark.parametrize("back_s", [0, 1, 899, 900])
async def test_the_same_at_every_second_of_an_interval(centre: Centre, back_s: int) -> None:
    await come_and_go(centre, "c1", 3600)
    found, since_ns = entries(centre.views, centre.clock.now_ns() - back_s * SECOND_NS)
    assert (found, since_ns % QUARTER_NS) == (1, 0)
