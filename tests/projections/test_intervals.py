"""The interval table in pages: whole intervals, nothing twice, nothing left out."""

from pathlib import Path

import pytest

from engine.messages.kinds import CHANNEL_NAMES, CHANNELS
from engine.messages.observed import AgentStatusChanged, ContactArrived, ContactReleased, OfferAnswered
from engine.model.tallies import MEASURED_ANSWERED, Tally
from engine.projections.formulas.waits import quantiles_s
from engine.projections.queues.intervals import IntervalRow
from engine.projections.views import Views
from tests.projections.support import CENTRE, SECOND_NS, Centre

STEP_NS = 900 * SECOND_NS


async def test_pages_are_whole_intervals_and_together_the_table(centre: Centre) -> None:
    for number in range(3):
        await centre.say(ContactArrived(contact=f"a{number}", queue="sales"))
        await centre.say(ContactArrived(contact=f"b{number}", queue="help", channel="chat"))
        centre.clock.advance(STEP_NS)
    every = centre.views.cut_intervals(STEP_NS)()
    assert every.next_from_ns is None
    found: list[IntervalRow] = []
    from_ns: int | None = 0
    pages = 0
    while from_ns is not None:
        page = centre.views.cut_intervals(STEP_NS, from_ns, limit=1)()
        assert len({row.interval_start for row in page.rows}) == 1
        found += page.rows
        pages += 1
        from_ns = page.next_from_ns
    assert found == every.rows
    assert pages == len({row.interval_start for row in found}) >= 3


@pytest.mark.parametrize("by", ["event", "arrival"])
async def test_what_happens_while_rows_are_made_is_not_in_them(centre: Centre, by: str) -> None:
    await served(centre)
    await centre.say(ContactArrived(contact="late", queue="sales"))
    before = centre.views.cut_intervals(STEP_NS, by=by)()
    cut = centre.views.cut_intervals(STEP_NS, by=by)
    await centre.after(3, OfferAnswered(contact="late", agent="bob"))
    await centre.after(3 * 900, ContactReleased(contact="late"))
    assert cut() == before
    assert centre.views.cut_intervals(STEP_NS, by=by)().rows != before.rows


async def served(centre: Centre) -> None:
    """Calls and chats of two queues, answered after different waits in several intervals."""
    await centre.say(AgentStatusChanged(agent="bob", status="available"))
    for number in range(30):
        name = f"c{number}"
        if number % 3:
            await centre.say(ContactArrived(contact=name, queue="sales"))
        else:
            await centre.say(ContactArrived(contact=name, queue="help", channel="chat"))
        await centre.after(0.5 + number % 7 * 2.5, OfferAnswered(contact=name, agent="bob"))
        await centre.after(5, ContactReleased(contact=name))
        await centre.after(120)


async def test_waits_of_all_intervals_are_the_kernels(centre: Centre) -> None:
    await served(centre)
    t, views = centre.views.tables, centre.views
    again = Views(t, views.directory, views.open_contacts, centre.log, views.interned, agent_times=views.agent_times)
    rows = views.cut_intervals(STEP_NS * 96 * 7)().rows
    assert any(row.answered > 5 for row in rows)
    for row in rows:
        channel = next(number for number, name in CHANNEL_NAMES.items() if name == row.channel)
        cell = views.queue_number(row.queue) * CHANNELS + channel
        longest_ns = int(t.tallies[cell, Tally.LONGEST_ANSWERED_NS])
        told = quantiles_s(t.histograms[cell, MEASURED_ANSWERED], longest_ns, (0.5, 0.9))
        assert [row.wait_p50_s, row.wait_p90_s] == told
    for step in (1, 4):
        fine = views.cut_intervals(STEP_NS * step)().rows
        assert fine == again.cut_intervals(STEP_NS * step)().rows
        assert all((row.wait_p50_s is None) == (row.answered == 0) for row in fine)
    assert all(row.wait_p50_s is None for row in views.cut_intervals(STEP_NS, by="arrival")().rows)


async def test_what_was_not_seen_whole_is_not_known(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    await served(centre)
    monkeypatch.setattr("engine.projections.followers.ROWS_REMEMBERED", 0)
    views = centre.views
    later = Views(views.tables, views.directory, views.open_contacts, centre.log, views.interned)
    assert any(row.wait_p50_s is not None for row in views.cut_intervals(STEP_NS)().rows)
    assert all(row.wait_p50_s is None for row in later.cut_intervals(STEP_NS)().rows)


async def test_the_oldest_waits_go_when_there_are_too_many(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.projections.queues.interval_waits.CELLS_MAX", 1)
    await served(centre)
    known = [row.interval_start for row in centre.views.cut_intervals(STEP_NS)().rows if row.wait_p50_s is not None]
    answered = [row.interval_start for row in centre.views.cut_intervals(STEP_NS)().rows if row.answered]
    assert set(known) == {max(answered)} < set(answered)


async def test_calls_that_found_no_trunk_are_a_share_of_the_offered(centre: Centre) -> None:
    for number in range(8):
        await centre.say(ContactArrived(contact=f"c{number}", queue="sales", trunk_group="main"))
    await centre.say(ContactArrived(contact="chat", queue="help", channel="chat"))
    found = {(row.queue, row.channel): row for row in centre.views.cut_intervals(STEP_NS)().rows}
    sales = found["sales", "voice"]
    assert (sales.offered, sales.blocked, sales.trunk_blocking) == (8, 3, 3 / 8)  # six channels, one in reserve
    assert found["help", "chat"].trunk_blocking is None


async def test_the_first_interval_of_a_new_log_is_known_whatever_its_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.projections.support.CENTRE", CENTRE.replace("interval: 15m", "interval: 30m"))
    centre = Centre(tmp_path)
    await served(centre)
    rows = centre.views.cut_intervals(2 * STEP_NS)().rows
    assert all((row.wait_p50_s is None) == (row.answered == 0) for row in rows)
