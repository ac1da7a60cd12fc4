"""Queues for colleagues: nobody is missing there, and what is told of all together is of customers."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.messages.observed import AgentStatusChanged, ContactArrived, ContactReleased, OfferAnswered
from engine.model.quality import CASE_REPORTS
from engine.projections.queues.status import QueueStatus
from tests.projections.quality.support import QualityCentre

ASKED = {"called_by": "bob", "consultation_of": "c1"}


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncIterator[QualityCentre]:
    """Return a centre in which agents ask each other in the queue `vip`."""
    found = QualityCentre(tmp_path)
    directory = found.engine.state.directory
    directory.colleague_queues = (*directory.colleague_queues, "vip")  # an adapter for phones says so
    yield found
    await found.engine.stop()


def told(centre: QualityCentre, queue: str) -> QueueStatus:
    """Return a queue as it stands."""
    return centre.views.queue(queue, centre.clock.now_ns())


async def test_nobody_is_missing_where_a_colleague_is_waited_for(centre: QualityCentre) -> None:
    for queue in ("vip", CASE_REPORTS):
        assert told(centre, queue).for_colleagues
        assert told(centre, queue).health == "ok"
    await centre.after(1, ContactArrived(contact="asked", queue="vip", attributes=ASKED))
    await centre.after(60)
    found = told(centre, "vip")
    assert (found.waiting, found.overdue, found.at_work, found.unattended) == (1, 1, 0, False)
    assert (found.health, found.health_reason) == ("ok", "no customers wait here")
    await centre.after(1, ContactArrived(contact="c1", queue="sales"))
    assert (told(centre, "sales").unattended, told(centre, "sales").health) == (True, "breached")


async def test_sums_are_of_customers_and_the_queue_tells_its_own(centre: QualityCentre) -> None:
    await centre.after(1, ContactArrived(contact="asked", queue="vip", attributes=ASKED))
    await centre.after(60, ContactReleased(contact="asked", by="customer"), ContactArrived(contact="c1", queue="sales"))
    await centre.after(1, ContactArrived(contact="asked-again", queue="vip", attributes=ASKED))
    (whole,) = centre.views.realtime([]).rows
    assert (whole.contacts_queued, whole.contacts_abandoned, whole.contacts_in_queue) == (1, 0, 1)
    voice = next(row for row in centre.views.realtime(["channel"]).rows if row.channel == "voice")
    assert (voice.contacts_queued, voice.contacts_abandoned, voice.contacts_in_queue) == (1, 0, 1)
    own = next(row for row in centre.views.realtime(["queue"]).rows if row.queue == "vip")
    assert (own.contacts_queued, own.contacts_abandoned, own.contacts_in_queue) == (2, 1, 1)
    assert (told(centre, "vip").entries, told(centre, "vip").abandoned) == (2, 1)


async def test_quality_is_of_customers_contacts(centre: QualityCentre) -> None:
    await centre.talk("c1", customer="+84241")
    await centre.say(AgentStatusChanged(agent="alice", status="available"))
    for name in ("asked", "asked-again"):
        arrived = ContactArrived(contact=name, queue="vip", customer="+84241", attributes=ASKED)
        await centre.after(1, arrived)
        await centre.after(1, OfferAnswered(contact=name, agent="alice"))
        await centre.after(9, ContactReleased(contact=name))
    now_ns = centre.clock.now_ns()
    step_ns, until_ns = centre.views.interval_ns, now_ns + 1

    def handled(*group_by: str, queue: int | None = None) -> dict[str | None, int]:
        table = centre.quality.table(group_by, 0, until_ns, step_ns, now_ns, queue=queue)
        return {row.queue: row.resolution.handled for row in table.rows}

    vip = centre.views.queue_number("vip")
    assert handled() == {None: 1}
    assert handled("agent") == {None: 1}
    assert handled("queue") == {"sales": 1, "vip": 2}
    assert handled(queue=vip) == {None: 2}
    assert centre.quality.summary(None, 0, until_ns, now_ns).resolution.handled == 1
    sales = centre.views.queue_number("sales")
    assert centre.quality.summary([sales, vip], 0, until_ns, now_ns).resolution.handled == 1
    drawn = centre.quality.sample(0, until_ns, None, 9, "s").contacts
    assert [one.queue for one in drawn] == ["sales"]
