"""Many cells: what is told of a time that is not told apart any more, and who waits for whoever reckons."""

from threading import Thread
from typing import Any

import numpy as np
import pytest

from engine.projections.figures import NEVER_NS
from engine.projections.quality import quality
from engine.projections.quality.columns.cells import Counted, packed
from engine.projections.quality.folding import folded
from engine.projections.quality.quality import Quality
from engine.projections.quality.subjects import resolution
from tests.projections.quality.support import START_NS, QualityCentre

DAY_NS = 86_400 * 10**9
QUARTER_NS = 900 * 10**9


def crowd(found: Quality, before_ns: int) -> int:
    """Count a talk of each of 2,000 agents in each quarter of an hour of seven days; returns how many."""
    agents = np.arange(2_000)
    starts = np.arange(before_ns - 7 * DAY_NS, before_ns, 8 * QUARTER_NS) // QUARTER_NS * QUARTER_NS
    for start_ns in starts.tolist():
        where = packed(np.zeros_like(agents), agents, np.zeros_like(agents))
        column = np.full_like(agents, resolution.HANDLED)
        found._fold.state.flow.extend(Counted(np.full_like(agents, start_ns), where, column, np.ones_like(agents)))
    return len(starts) * len(agents)


def test_an_answer_says_from_when_on_it_is_whole(centre: QualityCentre) -> None:
    every, from_ns = crowd(centre.quality, START_NS), START_NS - 7 * DAY_NS - QUARTER_NS
    week = centre.quality.summary(None, from_ns, START_NS, START_NS)
    assert week.resolution.handled < every
    assert from_ns < week.whole_from_ns < START_NS
    again = centre.quality.summary(None, week.whole_from_ns, START_NS, START_NS)
    assert again.whole_from_ns == week.whole_from_ns
    assert again.resolution == week.resolution
    table = centre.quality.table(("queue",), from_ns, NEVER_NS, QUARTER_NS, START_NS)
    assert table.whole_from_ns == week.whole_from_ns
    whole = centre.quality.table(("queue",), 0, NEVER_NS, QUARTER_NS, START_NS)
    assert (whole.whole_from_ns, whole.rows[0].resolution.handled) == (0, every)


async def test_intervals_that_are_merged_have_no_quality(centre: QualityCentre) -> None:
    await centre.talk("c")
    (row,) = [row for row in centre.views.cut_intervals(QUARTER_NS)().rows if row.answered]
    assert (row.handled, row.surveys_requested) == (1, 0)
    crowd(centre.quality, START_NS + 8 * DAY_NS)
    (row,) = [row for row in centre.views.cut_intervals(QUARTER_NS)().rows if row.answered]
    assert (row.handled, row.no_answers, row.surveys_requested) == (None, None, 0)


def free(found: Quality) -> bool:
    """Whether another thread gets in."""
    got: list[bool] = []

    def get_in() -> None:
        got.append(found._lock.acquire(blocking=False))
        if got[0]:
            found._lock.release()

    thread = Thread(target=get_in)
    thread.start()
    thread.join()
    return got[0]


@pytest.mark.parametrize(
    ("module", "name", "ask"),
    [
        (quality, "saved", lambda found: found.save()),
        (quality, "quality_summary", lambda found: found.summary(None, 0, NEVER_NS, START_NS)),
        (quality, "quality_rows", lambda found: found.table(("agent",), 0, NEVER_NS, QUARTER_NS, START_NS)),
    ],
)
async def test_nobody_waits_for_whoever_reckons(
    centre: QualityCentre, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, ask: Any
) -> None:
    await centre.talk("c")
    real, seen = getattr(module, name), []

    def watched(*said: Any) -> Any:
        seen.append(free(centre.quality))
        return real(*said)

    monkeypatch.setattr(module, name, watched)
    ask(centre.quality)
    assert seen == [True]


async def test_a_copy_stays_as_it_was(centre: QualityCentre) -> None:
    await centre.talk("c", customer="ann")
    state = centre.quality._folded()
    before = folded.copied(state)
    written = folded.saved(before)
    await centre.talk("d", customer="bob")
    centre.quality._folded()
    assert folded.saved(before) == written != folded.saved(folded.copied(state))
    assert folded.loaded(written, state.as_of).flow.save() == before["flow"]
