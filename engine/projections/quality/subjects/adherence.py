"""Adherence, conformance and attendance: what agents did against what their schedule says. Pure functions.

In a scheduled time of work an agent is to be at work, in any other activity not. Adherence is the time in which that
was so over all scheduled time; conformance is the time at work over the time scheduled for work. What disagrees,
touches a change of the schedule and lasts no longer than the tolerance, counts as agreeing. Exceptions take their time
out of the schedule.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import msgspec

from engine.messages.kinds import STATUS_AVAILABLE, STATUS_OFFLINE
from engine.model.quality import WORK, Shift
from engine.projections.figures import NS
from engine.projections.quality.subjects.presence import Change, Exempt


class Attendance(msgspec.Struct, frozen=True):
    """One day's turn: activities of the schedule without a break between them."""

    from_ns: int
    to_ns: int
    signed_in_ns: int | None
    """First instant of the turn at which the agent was signed in; null: absent."""
    signed_out_ns: int | None
    """When the agent had signed out for good; null: still in at the end, or absent."""
    late_s: float
    """0 within the tolerance, and where an exception covers it."""
    left_early_s: float
    absent: bool
    reason: str
    """Of the exception that covers the beginning of the turn; empty: none does."""


class Adherence(msgspec.Struct, frozen=True):
    """One agent in one window."""

    agent: str
    scheduled_s: float
    """Time in the schedule, exceptions taken out."""
    excepted_s: float
    adherent_s: float
    forgiven_s: float
    """Of these, what disagreed within the tolerance."""
    adherence: float | None
    """adherent / scheduled; null: nothing is scheduled."""
    work_scheduled_s: float
    worked_s: float
    """Available, in the schedule's time or out of it, from the first to the last of it."""
    conformance: float | None
    """worked / work scheduled."""
    attendance: list[Attendance]


class Stretch(NamedTuple):
    """A time in which nothing changes."""

    from_ns: int
    to_ns: int
    agrees: bool
    at_change: bool
    """It begins or ends with a change of the schedule."""


class Compared(NamedTuple):
    """What was scheduled and what of it was kept, as spans in order."""

    scheduled: list[tuple[int, int]]
    """Exceptions taken out."""
    work: list[tuple[int, int]]
    """Of these, for work."""
    adherent: list[tuple[int, int]]
    """In which the agent did as scheduled, or what was forgiven."""
    forgiven_ns: int


def compared(
    shifts: Sequence[Shift],
    statuses: Sequence[Change],
    exceptions: Iterable[Exempt],
    from_ns: int,
    to_ns: int,
    tolerance_ns: int,
) -> Compared:
    """Compare schedule and statuses in [from_ns, to_ns), see `adherence`."""
    cut, holes = _cut(shifts, from_ns, to_ns), _holes(exceptions, from_ns, to_ns)
    planned = [(part, shift.activity) for shift in cut for part in _without((shift.from_ns, shift.to_ns), holes)]
    edges = {edge for shift in cut for edge in (shift.from_ns, shift.to_ns)}
    available = _available(statuses, to_ns)
    stretches = _joined(
        stretch for (start, end), activity in planned for stretch in _compare(start, end, activity, available, edges)
    )
    forgiven = [s for s in stretches if not s.agrees and s.at_change and s.to_ns - s.from_ns <= tolerance_ns]
    return Compared(
        scheduled=[part for part, _ in planned],
        work=[part for part, activity in planned if activity == WORK],
        adherent=[(s.from_ns, s.to_ns) for s in stretches if s.agrees or s in forgiven],
        forgiven_ns=sum(s.to_ns - s.from_ns for s in forgiven),
    )


def adherence(
    agent: str,
    shifts: Sequence[Shift],
    statuses: Sequence[Change],
    exceptions: Iterable[Exempt],
    from_ns: int,
    to_ns: int,
    tolerance_ns: int,
) -> Adherence:
    """Reckon one agent's; `shifts` in order and without overlap, `statuses` as Presence.statuses gives them."""
    found = compared(shifts, statuses, exceptions, from_ns, to_ns, tolerance_ns)
    cut, holes, available = (
        _cut(shifts, from_ns, to_ns),
        _holes(exceptions, from_ns, to_ns),
        _available(statuses, to_ns),
    )
    total_ns, work_ns, adherent_ns = (_length(spans) for spans in (found.scheduled, found.work, found.adherent))
    span = [(turn[0].from_ns, turn[-1].to_ns) for turn in _turns(cut)]
    worked_ns = sum(_overlap(free, part) for turn in span for part in _without(turn, holes) for free in available)
    return Adherence(
        agent=agent,
        scheduled_s=total_ns / NS,
        excepted_s=(_length((s.from_ns, s.to_ns) for s in cut) - total_ns) / NS,
        adherent_s=adherent_ns / NS,
        forgiven_s=found.forgiven_ns / NS,
        adherence=round(adherent_ns / total_ns, 4) if total_ns else None,
        work_scheduled_s=work_ns / NS,
        worked_s=worked_ns / NS,
        conformance=round(worked_ns / work_ns, 4) if work_ns else None,
        attendance=[_attendance(turn, statuses, exceptions, tolerance_ns) for turn in _turns(cut)],
    )


def _cut(shifts: Sequence[Shift], from_ns: int, to_ns: int) -> list[Shift]:
    """Return what lies in [from_ns, to_ns)."""
    cut = [Shift(s.agent, max(s.from_ns, from_ns), min(s.to_ns, to_ns), s.activity) for s in shifts]
    return [shift for shift in cut if shift.from_ns < shift.to_ns]


def _holes(exceptions: Iterable[Exempt], from_ns: int, to_ns: int) -> list[tuple[int, int]]:
    return [(max(e.from_ns, from_ns), min(e.to_ns, to_ns)) for e in exceptions]


def _length(spans: Iterable[tuple[int, int]]) -> int:
    return sum(end - start for start, end in spans)


def _available(statuses: Sequence[Change], to_ns: int) -> list[tuple[int, int]]:
    """Return the spans in which the agent was available, in order."""
    ends = [*(change.at_ns for change in statuses[1:]), to_ns]
    pairs = zip(statuses, ends, strict=True)
    return [(c.at_ns, end) for c, end in pairs if c.status == STATUS_AVAILABLE and c.at_ns < end]


def _without(span: tuple[int, int], holes: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return what is left of a span."""
    left = [span]
    for begin, end in holes:
        left = (
            [
                part
                for start, stop in left
                for part in ((start, min(stop, begin)), (max(start, end), stop))
                if part[0] < part[1]
            ]
            if begin < end
            else left
        )
    return left


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> int:
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))


def _compare(
    start: int, end: int, activity: str, available: Sequence[tuple[int, int]], edges: set[int]
) -> list[Stretch]:
    """Return the stretches of one activity: agreeing or not."""
    cuts = sorted({start, end, *(c for span in available for c in span if start < c < end)})
    found = []
    for begin, stop in pairwise(cuts):
        is_in = any(span[0] <= begin and stop <= span[1] for span in available)
        at_change = begin in edges or stop in edges
        found.append(Stretch(begin, stop, is_in == (activity == WORK), at_change))
    return found


def _joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Join neighbours that disagree alike: a delay over two changes is one delay."""
    found: list[Stretch] = []
    for stretch in stretches:
        last = found[-1] if found else None
        if last is not None and last.to_ns == stretch.from_ns and not last.agrees and not stretch.agrees:
            found[-1] = Stretch(last.from_ns, stretch.to_ns, False, last.at_change or stretch.at_change)
        else:
            found.append(stretch)
    return found


def _turns(shifts: Sequence[Shift]) -> list[list[Shift]]:
    found: list[list[Shift]] = []
    for shift in shifts:
        if found and found[-1][-1].to_ns == shift.from_ns:
            found[-1].append(shift)
        else:
            found.append([shift])
    return found


def _attendance(
    turn: Sequence[Shift], statuses: Sequence[Change], exceptions: Iterable[Exempt], tolerance_ns: int
) -> Attendance:
    start, end = turn[0].from_ns, turn[-1].to_ns
    ends = [*(change.at_ns for change in statuses[1:]), max(end, statuses[-1].at_ns)]
    spans = [
        (max(change.at_ns, start), min(stop, end))
        for change, stop in zip(statuses, ends, strict=True)
        if change.status != STATUS_OFFLINE
    ]
    spans = [span for span in spans if span[0] < span[1]]
    covering = [e for e in exceptions if e.from_ns < end and e.to_ns > start]
    begins = next((e for e in covering if e.from_ns <= start < e.to_ns), None)
    ends_early = any(e.from_ns < end <= e.to_ns for e in covering)
    due = begins.to_ns if begins is not None else start
    late = max(0, spans[0][0] - due) if spans else 0
    early = 0 if ends_early or not spans else end - spans[-1][1]
    return Attendance(
        from_ns=start,
        to_ns=end,
        signed_in_ns=spans[0][0] if spans else None,
        signed_out_ns=spans[-1][1] if spans and spans[-1][1] < end else None,
        late_s=late / NS if late > tolerance_ns else 0.0,
        left_early_s=early / NS if early > tolerance_ns else 0.0,
        absent=not spans and bool(_without((start, end), [(e.from_ns, e.to_ns) for e in covering])),
        reason=begins.reason if begins is not None else "",
    )
