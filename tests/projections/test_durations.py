"""How long things last, from turns: sums and counts equal those of the tables, cell by cell."""

from pathlib import Path

import pytest

from engine.messages.kinds import EXIT_ANSWERED
from engine.messages.observed import (
    AgentStatusChanged,
    ContactArrived,
    ContactHeld,
    ContactReleased,
    ContactResumed,
    OfferAnswered,
    OfferDeclined,
    WrapUpFinished,
)
from engine.model.tallies import Tally
from engine.projections.formulas.durations import (
    ACCEPTED,
    DECLINED,
    EDGES_S,
    HOLD,
    LOST,
    NO_ANSWER,
    OFFERS,
    TALK,
    WRAP_UP,
)
from tests.driver_support import house
from tests.projections.support import Centre
from tests.random_day import Day


@pytest.mark.parametrize("seed", range(3))
async def test_sums_and_counts_are_those_of_the_tables(tmp_path: Path, seed: int) -> None:
    async with house(tmp_path) as h:
        durations = h.engine.views.durations()
        h.engine.subscribe(durations.note)
        await Day(seed).run(h, 400)
        await h.engine.durable()
        tallies = h.state.tables.tallies.copy()
    seen = dict.fromkeys((TALK, HOLD, WRAP_UP, *OFFERS), 0)
    for cell, tally in enumerate(tallies):
        found = {what: durations.of(what, cell) for what in seen}
        counts = {what: sum(spread.counts) for what, spread in found.items()}
        handled = int(tally[Tally.HANDLED])
        assert (counts[TALK], counts[HOLD], counts[WRAP_UP]) == (handled, handled, int(tally[Tally.WRAPPED]))
        assert counts[ACCEPTED] == tally[Tally.EXIT + EXIT_ANSWERED]
        assert counts[DECLINED] == tally[Tally.OFFERS_DECLINED]
        assert counts[NO_ANSWER] == tally[Tally.OFFERS_NOT_ANSWERED]
        assert counts[LOST] == tally[Tally.OFFERS_LOST]
        for column, whats in (
            (Tally.TALK_NS, (TALK,)),
            (Tally.HOLD_NS, (HOLD,)),
            (Tally.WRAP_UP_NS, (WRAP_UP,)),
            (Tally.RING_NS, OFFERS),
        ):
            assert sum(found[what].total_s for what in whats) == pytest.approx(int(tally[column]) / 1e9), column
        for what, count in counts.items():
            seen[what] += count
    assert all(count for what, count in seen.items() if what != DECLINED), seen


async def test_bins_and_what_began_before(tmp_path: Path) -> None:
    centre = Centre(tmp_path)
    await centre.say(AgentStatusChanged(agent="carol", status="available"))
    await centre.say(ContactArrived(contact="c", queue="help", channel="chat"))
    await centre.after(10, OfferAnswered(contact="c", agent="carol"))
    durations = centre.views.durations()  # from here on: the contact's channel is known all the same
    centre.engine.subscribe(durations.note)
    await centre.after(20, ContactHeld(contact="c"))
    await centre.after(30, ContactResumed(contact="c"), ContactResumed(contact="c"))
    await centre.after(10, ContactReleased(contact="c"))
    await centre.after(7, WrapUpFinished(agent="carol"))
    chat = centre.views.queue_number("help") * 4 + 1
    talk, hold = durations.of(TALK, chat), durations.of(HOLD, chat)
    assert (talk.counts, talk.total_s) == ([0, 1, 0, 0, 0, 0, 0], 60.0)  # an edge belongs to the bin below it
    assert (hold.counts, hold.total_s) == ([0, 1, 0, 0, 0], 30.0)
    still = durations.still()
    await centre.say(AgentStatusChanged(agent="carol", status="available"))
    await centre.say(ContactArrived(contact="d", queue="help", channel="chat"))
    await centre.after(5, OfferDeclined(contact="d", agent="carol", reason="busy"))
    assert durations.of(DECLINED, chat).counts == [0, 1, 0, 0, 0]
    assert still.of(DECLINED, chat).counts == [0] * (len(EDGES_S[DECLINED]) + 1)
