"""Quality as it was: at every position the past has what the running engine had, to the byte."""

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.errors import LogError
from engine.messages.observed import CaseOpened, CaseResolved, SurveyAnswered, SurveyRequested
from engine.model.settings import SECOND_NS
from engine.projections.contacts.history import ContactHistory
from engine.projections.quality.quality import Quality
from engine.projections.views import Views
from engine.replay.past import Past
from engine.replay.past_followers import PastHistory
from engine.replay.past_quality import PastQuality
from engine.state import QUALITY, StoredState
from tests.projections.quality.support import QualityCentre
from tests.projections.support import CAPACITY
from tests.replay.test_past import Later, TurnByTurn

WEEK_NS = 7 * 86_400 * SECOND_NS


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncIterator[QualityCentre]:
    """Return a centre whose time is moved by hand."""
    centre = QualityCentre(tmp_path)
    yield centre
    await centre.engine.stop()


def told(views: Views, now_ns: int) -> bytes:
    """Everything that a board says of quality, and what it is made of."""
    quality = views.quality
    week = quality.summary(None, now_ns - WEEK_NS, now_ns + 1, now_ns)
    return msgspec.json.encode(
        (week, quality.adherence(now_ns - WEEK_NS, now_ns, now_ns), quality.case_counts(now_ns))
    ) + bytes(quality.save())


async def lived(centre: QualityCentre, seed: int, chapters: int) -> dict[int, tuple[int, bytes]]:
    """Live for a while; returns the position and what was told at some instants."""
    found = {}
    for number in range(chapters):
        name = f"talk {seed} {number}"
        contact_id = await centre.talk(name, customer="ann")
        await centre.say(SurveyRequested(contact=name, contact_id=contact_id, kind="csat"))
        await centre.say(SurveyAnswered(contact=name, contact_id=contact_id, kind="csat", score=1 + number % 5))
        if number % 2:
            (opened,) = await centre.say(CaseOpened(kind="complaint", customer="ann", customer_base="vip"))
            await centre.after(30, CaseResolved(case_id=opened.seq, resolution="paid", by="lan"))
        await centre.live(seed * 100 + number, 15)
        await centre.after(1)
        now_ns = centre.clock.now_ns()
        found[now_ns] = centre.engine.state.seq, told(centre.views, now_ns)
        centre.clock.advance(SECOND_NS)
    return found


async def test_every_instant_is_told_as_it_was(centre: QualityCentre) -> None:
    as_it_was = await lived(centre, 7, 6)
    assert len({answer for _, answer in as_it_was.values()}) == 6
    past, instants = Past(centre.log, CAPACITY), list(as_it_was)
    for at_ns in [*instants, *reversed(instants), *random.Random(1).choices(instants, k=5)]:
        assert past.ask(at_ns, told) == as_it_was[at_ns][1]


@pytest.mark.parametrize("mark_rows", [1, 60])
async def test_marks_lead_to_the_same(centre: QualityCentre, mark_rows: int) -> None:
    as_it_was = await lived(centre, 3, 6)
    log: Any = TurnByTurn(centre.log, 1)
    past = PastQuality(log, lambda: b"", mark_rows=mark_rows, marks_max=3)
    instants = list(as_it_was)
    for at_ns in [*instants, *reversed(instants), *random.Random(mark_rows).choices(instants, k=9)]:
        seq, answer = as_it_was[at_ns]
        assert answer.endswith(past.at(seq, centre.views.directory).save())
    assert 0 < len(past._marks) <= 3


async def test_what_was_kept_is_begun_at(centre: QualityCentre) -> None:
    await lived(centre, 5, 2)
    kept = centre.quality.save()
    as_it_was = await lived(centre, 6, 2)
    log: Any = Later(centre.log, Quality(centre.views.directory, kept, centre.log.durable_seq).from_seq)
    past = PastQuality(log, lambda: kept, mark_rows=10)
    for seq, answer in as_it_was.values():
        assert answer.endswith(past.at(seq, centre.views.directory).save()), "without what lies before in the log"


async def test_too_much_is_folded_in_several_goes(centre: QualityCentre) -> None:
    (*_, (seq, answer)) = (await lived(centre, 4, 3)).values()
    log: Any = TurnByTurn(centre.log, 1)
    past = PastQuality(log, lambda: b"", mark_rows=20, rows_max=seq // 2)
    with pytest.raises(LogError, match="ask once more"):
        past.at(seq, centre.views.directory)
    assert answer.endswith(past.at(seq, centre.views.directory).save())


@pytest.mark.parametrize("of_use", [True, False])
async def test_where_the_first_part_was_deleted_it_begins_at_what_is_kept(centre: QualityCentre, of_use: bool) -> None:
    await lived(centre, 5, 2)
    state = centre.engine.state
    parts, seq = state.copy().parts(), state.seq
    await lived(centre, 8, 1)  # quality is written down a moment after the rest
    kept = StoredState(state.capacity, parts | {QUALITY: centre.quality.save() if of_use else b"of old"}, seq)
    further = centre.log.durable_seq
    as_it_was = await lived(centre, 6, 3)
    later: Any = Later(centre.log, seq + 1)
    past = Past(later, CAPACITY, lambda: kept)
    assert past.ask(past.began_ns(), lambda views, _: views.as_of) == (further if of_use else seq)
    for at_ns in [*as_it_was, *reversed(as_it_was)]:
        assert (past.ask(at_ns, told) == as_it_was[at_ns][1]) == of_use
        assert past.ask(at_ns, lambda views, _: views.quality.from_seq) == as_it_was[at_ns][0] + 1


async def test_contacts_are_those_that_were_known_then(centre: QualityCentre) -> None:
    found = {}
    for number in range(5):
        await centre.live(number, 25)
        await centre.after(1)
        found[centre.clock.now_ns()] = list(centre.views.history.latest(500)), centre.views.read_events(0, 9999).events
        centre.clock.advance(SECOND_NS)
    past = Past(centre.log, CAPACITY)
    for at_ns in [*found, *reversed(found)]:
        records, events = past.ask(
            at_ns, lambda views, _: (list(views.history.latest(500)), views.read_events(0, 9999).events)
        )
        assert (records, events) == found[at_ns]


async def test_contacts_are_read_no_further_back_than_a_start_reads(centre: QualityCentre) -> None:
    await centre.live(2, 60)
    state, seq = centre.engine.state, centre.engine.state.seq
    history: ContactHistory = PastHistory(centre.log, seq // 2).at(state)
    known = [record.id for record in history.latest(500)]
    assert known == [record.id for record in centre.views.history.latest(500) if record.id >= seq - seq // 2]
    assert history.whole_from_ns > 0
