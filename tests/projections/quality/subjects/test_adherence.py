"""Adherence, conformance and attendance: by hand, and against a count second by second."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pytest

from engine.config.load import load_config
from engine.messages.kinds import STATUS_AVAILABLE, STATUS_OFFLINE, STATUS_PAUSED
from engine.messages.observed import (
    AgentStatusChanged,
    ContactArrived,
    ContactReleased,
    OfferAnswered,
    ScheduleExcepted,
    WrapUpFinished,
)
from engine.model.quality import WORK, Shift
from engine.projections.quality.subjects.adherence import adherence
from engine.projections.quality.subjects.presence import Change, Exempt
from engine.projections.quality.tables.by_interval import Schedule, with_schedule
from engine.projections.queues.intervals import IntervalRow
from tests.projections.quality.support import START_NS, QualityCentre

S = 1_000_000_000
DAY = [("work", 0, 3600), ("break", 3600, 4500), ("work", 4500, 8100)]
SHIFTS = [Shift("alice", start * S, end * S, activity) for activity, start, end in DAY]
MIN_S = 60


def changes(*pairs: tuple[int, int]) -> list[Change]:
    """Return statuses from instants in seconds on; before, the agent was offline."""
    return [Change(0, STATUS_OFFLINE), *(Change(at * S, status) for at, status in pairs)]


def test_who_keeps_to_the_schedule_adheres_fully() -> None:
    kept = changes((0, STATUS_AVAILABLE), (3600, STATUS_PAUSED), (4500, STATUS_AVAILABLE), (8100, STATUS_OFFLINE))
    found = adherence("alice", SHIFTS, kept[1:], [], 0, 9000 * S, 300 * S)
    assert (found.adherence, found.conformance, found.scheduled_s, found.worked_s) == (1.0, 1.0, 8100.0, 7200.0)
    (turn,) = found.attendance
    assert (turn.late_s, turn.left_early_s, turn.absent, turn.signed_in_ns) == (0.0, 0.0, False, 0)


def test_small_delays_at_changes_are_forgiven_and_others_not() -> None:
    late = changes((240, STATUS_AVAILABLE), (3700, STATUS_PAUSED), (4900, STATUS_AVAILABLE), (8100, STATUS_OFFLINE))
    found = adherence("alice", SHIFTS, late, [], 0, 9000 * S, 300 * S)
    assert found.forgiven_s == 240 + 100
    assert found.adherent_s == 8100 - 400
    assert found.adherence == round(7700 / 8100, 4)
    assert found.worked_s == 8100 - 240 - 1200
    amid = changes((0, STATUS_AVAILABLE), (1000, STATUS_PAUSED), (1100, STATUS_AVAILABLE))
    found = adherence("alice", SHIFTS[:1], amid, [], 0, 9000 * S, 300 * S)
    assert (found.adherent_s, found.forgiven_s) == (3500.0, 0.0)


def test_who_never_came_is_absent_unless_excused() -> None:
    found = adherence("alice", SHIFTS, changes(), [], 0, 9000 * S, 300 * S)
    assert (found.adherence, found.conformance) == (round(900 / 8100, 4), 0.0)
    assert found.attendance[0].absent
    excused = [Exempt(0, 8100 * S, "sick")]
    found = adherence("alice", SHIFTS, changes(), excused, 0, 9000 * S, 300 * S)
    assert (found.adherence, found.excepted_s, found.attendance[0].absent) == (None, 8100.0, False)
    assert found.attendance[0].reason == "sick"


def test_lateness_and_leaving_early_count_beyond_the_tolerance() -> None:
    statuses = changes((600, STATUS_AVAILABLE), (7000, STATUS_OFFLINE))
    (turn,) = adherence("alice", SHIFTS, statuses, [], 0, 9000 * S, 300 * S).attendance
    assert (turn.late_s, turn.left_early_s) == (600.0, 1100.0)
    assert (turn.signed_in_ns, turn.signed_out_ns) == (600 * S, 7000 * S)
    covered = [Exempt(0, 500 * S, "doctor")]
    (turn,) = adherence("alice", SHIFTS, statuses, covered, 0, 9000 * S, 300 * S).attendance
    assert (turn.late_s, turn.reason) == (0.0, "doctor")


@pytest.mark.parametrize("seed", range(20))
def test_all_times_equal_a_count_second_by_second(seed: int) -> None:
    shifts, statuses, exceptions = drawn(seed)
    found = adherence("a", shifts, statuses, exceptions, 100 * S, 2900 * S, MIN_S * S)
    seconds = by_second(shifts, statuses, exceptions)
    counts = (
        sum(one.scheduled for one in seconds),
        sum(one.kept for one in seconds),
        sum(one.kept and one.wrong for one in seconds),
        sum(one.work for one in seconds),
    )
    assert (found.scheduled_s, found.adherent_s, found.forgiven_s, found.work_scheduled_s) == counts


@pytest.mark.parametrize("seed", range(10))
def test_intervals_equal_a_count_second_by_second(seed: int) -> None:
    shifts, statuses, exceptions = drawn(seed)
    empty: dict[str, Any] = {one.name: 0 for one in msgspec.structs.fields(IntervalRow) if one.required}
    row = IntervalRow(**empty)
    rows = [
        msgspec.structs.replace(row, queue="q", interval_start=datetime.fromtimestamp(start, UTC).isoformat())
        for start in range(600, 2400, 300)
    ]
    schedule = Schedule(1, shifts, statuses, exceptions)
    mask = np.array([False, True])
    found = with_schedule(rows, [schedule], MIN_S * S, 300 * S, 2900 * S, lambda _queue: mask)
    for told, start in zip(found, range(600, 2400, 300), strict=True):
        seconds = by_second(shifts, statuses, exceptions)[start - 100 : start + 200]
        scheduled, kept = sum(one.scheduled for one in seconds), sum(one.kept for one in seconds)
        assert told.adherence == (round(kept / scheduled, 4) if scheduled else None)
        assert told.agents_scheduled == round(sum(one.work for one in seconds) / 300, 4)
    nobody = with_schedule(rows, [schedule], MIN_S * S, 300 * S, 2900 * S, lambda _queue: ~mask)
    assert {(one.adherence, one.agents_scheduled) for one in nobody} == {(None, None)}


def drawn(seed: int) -> tuple[list[Shift], list[Change], list[Exempt]]:
    """Draw a schedule of 3000 s, what the agent did, and exceptions."""
    chance = random.Random(seed)
    edges = sorted(chance.sample(range(3000), 7))
    shifts = [
        Shift("a", start * S, end * S, chance.choice((WORK, WORK, "break")))
        for start, end in pairwise(edges)
        if chance.random() < 0.8
    ]
    at = sorted(chance.sample(range(1, 3000), 12))
    statuses = [
        Change(0, STATUS_OFFLINE),
        *(Change(t * S, chance.choice((STATUS_AVAILABLE, STATUS_AVAILABLE, STATUS_PAUSED))) for t in at),
    ]
    return shifts, statuses, [Exempt(start * S, (start + 200) * S, "x") for start in chance.sample(range(3000), 2)]


class Second(NamedTuple):
    """What was to be, and was, for one second."""

    scheduled: bool
    work: bool
    wrong: bool
    kept: bool


def by_second(shifts: Sequence[Shift], statuses: Sequence[Change], exceptions: Sequence[Exempt]) -> list[Second]:
    """Look at every second from 100 to 2900, with a tolerance of 60 s."""
    found = []
    for second in range(100, 2900):
        shift = next((s for s in shifts if s.from_ns <= second * S < s.to_ns), None)
        if shift is None or any(e.from_ns <= second * S < e.to_ns for e in exceptions):
            found.append(Second(False, False, False, False))
            continue
        status = [c.status for c in statuses if c.at_ns <= second * S][-1]
        work = shift.activity == WORK
        found.append(Second(True, work, (status == STATUS_AVAILABLE) != work, (status == STATUS_AVAILABLE) == work))
    edges = {max(100, min(2900, e // S)) for s in shifts for e in (s.from_ns, s.to_ns) if s.to_ns > 100 * S}
    run = 0
    for place in range(len(found) + 1):
        if place < len(found) and found[place].wrong:
            run += 1
            continue
        if 0 < run <= MIN_S and any(edge in edges for edge in range(100 + place - run, 100 + place + 1)):
            found[place - run : place] = [one._replace(kept=True) for one in found[place - run : place]]
        run = 0
    return found


async def test_the_report_follows_statuses_and_exceptions_of_the_log(centre: QualityCentre) -> None:
    assert START_NS == 1_800_000_000 * S  # 2027-01-15T08:00, when the schedule begins
    await centre.say(AgentStatusChanged(agent="alice", status="available"))
    await centre.after(3600, AgentStatusChanged(agent="alice", status="paused", reason="lunch"))
    await centre.after(900, AgentStatusChanged(agent="alice", status="available"))
    for queue in ("sales", "help"):
        await centre.after(600, ContactArrived(contact=queue, queue=queue))
        await centre.say(ContactReleased(contact=queue))
    await centre.after(600, AgentStatusChanged(agent="alice", status="offline"))
    begin_ns, end_ns = START_NS + 6300 * S, START_NS + 7200 * S
    meeting = ScheduleExcepted(agent="alice", reason="meeting", by="sue", from_ns=begin_ns, to_ns=end_ns)
    (receipt,) = await centre.say(meeting)
    assert not receipt.error
    await centre.after(3600)
    report = centre.quality.adherence(START_NS, 2**62, centre.clock.now_ns())
    assert report.scheduled
    (alice,) = report.agents
    assert (alice.scheduled_s, alice.excepted_s, alice.adherent_s) == (7200.0, 900.0, 6300.0)
    assert alice.attendance[0].left_early_s == 1800.0
    assert centre.quality.adherence(START_NS, 2**62, centre.clock.now_ns(), "bob").agents == []
    rows = centre.views.cut_intervals(900 * S, now_ns=centre.clock.now_ns())().rows
    told = {(row.queue, row.interval_start[11:16]): (row.adherence, row.agents_scheduled) for row in rows}
    assert told == {("sales", "09:15"): (1.0, 1.0), ("help", "09:30"): (None, None)}, "alice does not serve help"
    wrong = ScheduleExcepted(agent="alice", reason="x", from_ns=5, to_ns=5)
    (receipt,) = await centre.say(wrong)
    assert receipt.field == "to_ns"


async def test_who_still_serves_is_at_work_and_who_does_not_answer_is_not(centre: QualityCentre) -> None:
    await centre.say(AgentStatusChanged(agent="alice", status="available"))
    await centre.after(3540, ContactArrived(contact="late", queue="sales", preferred_agent="alice"))
    await centre.say(OfferAnswered(contact="late", agent="alice"))
    await centre.after(60, AgentStatusChanged(agent="alice", status="paused", reason="lunch"))
    await centre.after(400, ContactReleased(contact="late"), WrapUpFinished(agent="alice"))  # 400 s into the break
    await centre.after(500, AgentStatusChanged(agent="alice", status="available"))
    await centre.after(600, ContactArrived(contact="unheard", queue="sales", preferred_agent="alice"))
    while centre.views.agent("alice").state != "not_responding":
        await centre.after(1)
    silent_ns = centre.clock.now_ns()
    await centre.after(1000, AgentStatusChanged(agent="alice", status="available"))
    await centre.after(5000)
    (alice,) = centre.quality.adherence(START_NS, 2**62, centre.clock.now_ns()).agents
    asked_ns = silent_ns + 1000 * S
    until_ns = START_NS + 8100 * S
    assert silent_ns < until_ns
    silent_s = (min(asked_ns, until_ns) - silent_ns) / S
    assert (alice.adherent_s, alice.forgiven_s) == (8100.0 - 400 - silent_s, 0.0)
    assert alice.attendance[0].left_early_s == 0.0, "set aside, and signed in"


@pytest.mark.parametrize("seed", range(2))
async def test_who_is_at_work_is_who_the_kernel_says(centre: QualityCentre, seed: int) -> None:
    at_work, seen = ("idle", "busy", "wrapping"), set[str]()
    for part in range(40):
        await centre.live(seed * 100 + part, 15)
        presence, agents = centre.quality._folded().presence, centre.engine.state.tables.agents
        for number, status in enumerate(centre.views.agents().agents):
            hands = int(agents["connected"][number] + agents["wrapping"][number])
            assert presence.hands.get(number, 0) == hands, status
            last = presence.changes[number][-1].status if number in presence.changes else STATUS_OFFLINE
            if status.state != "offered":  # what rings on for who paused, or was set aside, is no work
                assert (last == STATUS_AVAILABLE) == (status.state in at_work), status
            seen.add(status.state)
    assert {"busy", "paused", "not_responding"} <= seen, seen


async def test_without_a_schedule_the_report_says_so(centre: QualityCentre, tmp_path: Path) -> None:
    centre.engine.configure(load_config(tmp_path / "centre.yaml", adapters={}))
    await centre.after(1, AgentStatusChanged(agent="alice", status="available"))
    report = centre.quality.adherence(0, 2**62, centre.clock.now_ns())
    assert (report.scheduled, report.agents) == (False, [])
