"""Who is at work when: from groups and shifts to the changes of status that the simulated engine sees."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np

from engine.messages.kinds import AGENT_STATUS_CHANGED, STATUS_AVAILABLE, STATUS_OFFLINE, STATUS_PAUSED
from engine.messages.rows import empty_rows
from engine.model.opening_hours import DAYS, OpeningHours
from simulations.scenario.file import ScenarioFile
from simulations.scenario.sections import Group, Shift


class Stint(msgspec.Struct, frozen=True):
    """One agent's stay at work: from when until when, and the breaks in it, ns."""

    agent: int
    start_ns: int
    end_ns: int
    breaks: tuple[tuple[int, int], ...] = ()
    stays: bool = False
    """Whether the agent works on when it is over, somewhere else."""


def stints(file: ScenarioFile, begin_ns: int, end_ns: int) -> list[Stint]:
    """Return who works when between two instants; agents are numbered group by group.

    Whose group has no shifts stays on until the last contact is gone.
    """
    found: list[Stint] = []
    first = 0
    for group in file.groups:
        midnights_ns = file.midnights_ns if group.absence > 0 else []
        if group.staffing is not None:
            for stint in _staffed(file, group.staffing, first, begin_ns):
                found += _by_day(stint, midnights_ns)
        for member, shift in _assigned(group):
            agent = first + member
            if shift is None:
                found += _by_day(Stint(agent, begin_ns, end_ns + file.horizon.drain_ns), midnights_ns)
            else:
                found += _stints_of(agent, shift, file.time_zone, begin_ns, end_ns)
        first += group.at_work
    return found


def _by_day(stint: Stint, midnights_ns: list[int]) -> Iterator[Stint]:
    """Yield the days of a stay without shifts: on each of them the agent may be absent."""
    bounds = [stint.start_ns, *(at for at in midnights_ns if stint.start_ns < at < stint.end_ns), stint.end_ns]
    for start_ns, end_ns in pairwise(bounds):
        yield Stint(stint.agent, start_ns, end_ns, stays=end_ns < stint.end_ns)


def scheduled_ns(file: ScenarioFile, edges: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    """Return the paid time of each group between every two edges, shape (groups, len(edges) - 1): ns, shrinkage not
    taken off, breaks included: everybody on a shift, however many of them are at work.
    """
    begin_ns, end_ns = int(edges[0]), int(edges[-1])
    paid = np.zeros((len(file.groups), len(edges) - 1))
    for number, group in enumerate(file.groups):
        if group.staffing is not None:
            counted = [(1.0 / (1.0 - min(group.shrinkage, 0.99)), _staffed(file, group.staffing, 0, begin_ns))]
        elif group.shifts:
            counted = [
                (float(head), _stints_of(0, shift, file.time_zone, begin_ns, end_ns))
                for head, shift in zip(_heads(group), group.shifts, strict=True)
            ]
        else:
            counted = [(float(group.heads), iter((Stint(0, begin_ns, end_ns),)))]
        for count, found in counted:
            for stint in found:
                overlap = np.minimum(edges[1:], stint.end_ns) - np.maximum(edges[:-1], stint.start_ns)
                paid[number] += count * np.maximum(overlap, 0)
    return paid


def serving_groups(file: ScenarioFile) -> "np.ndarray[Any, Any]":
    """Return which group may serve which queue, as the engine sees it: shape (queues, groups), 0.0 or 1.0.

    A group of which nobody is at work counts as any other: what it lists is for those who list it.
    """
    groups = file.groups
    found = np.zeros((len(file.queues), len(groups)))
    for q, (name, queue) in enumerate(file.queues.items()):
        members_only = file.members_only(name)
        for g, group in enumerate(groups):
            has_skills = all(group.skills.get(skill, 0) >= level for skill, level in queue.skills.items())
            found[q, g] = has_skills and (name in group.queues or not members_only)
    return found


def status_rows(found: list[Stint], begin_ns: int) -> "np.ndarray[Any, Any]":
    """Return the changes of status of these stays, in order of time, agents in order within one instant."""
    changes: list[tuple[int, int, int]] = []
    for stint in found:
        changes.append((max(stint.start_ns, begin_ns), stint.agent, STATUS_AVAILABLE))
        for start_ns, end_ns in stint.breaks:
            if end_ns > begin_ns:
                changes.append((max(start_ns, begin_ns), stint.agent, STATUS_PAUSED))
                changes.append((end_ns, stint.agent, STATUS_AVAILABLE))
        if not stint.stays:
            changes.append((stint.end_ns, stint.agent, STATUS_OFFLINE))
    changes.sort(key=lambda change: (change[0], change[2] != STATUS_OFFLINE, change[1]))
    rows: np.ndarray[Any, Any] = np.asarray(empty_rows(len(changes)))
    rows["kind"] = AGENT_STATUS_CHANGED
    if changes:
        rows["at_ns"], rows["agent"], rows["a"] = np.array(changes, np.int64).T
    return rows


def begun_on(rows: "np.ndarray[Any, Any]", midnights_ns: Sequence[int]) -> "np.ndarray[Any, Any]":
    """Return of each change of status, in order of time, on which day the stay at work began that it belongs to.

    Days are numbered from 0. A night shift is of the day on which it begins; whoever is there day and night begins anew
    at midnight.
    """
    found = np.searchsorted(np.asarray(midnights_ns, np.int64), rows["at_ns"], "right")
    if not midnights_ns:
        return found
    known: dict[int, tuple[int, int]] = {}
    starts = set(midnights_ns)
    for place, (at_ns, agent, status) in enumerate(zip(rows["at_ns"], rows["agent"], rows["a"], strict=True)):
        before, day = known.get(agent, (STATUS_OFFLINE, 0))
        if before == STATUS_OFFLINE or (before == STATUS_AVAILABLE and int(at_ns) in starts):
            day = int(found[place])
        found[place] = day
        known[agent] = status, day
    return found


def _staffed(file: ScenarioFile, counts: list[int], first: int, begin_ns: int) -> Iterator[Stint]:
    """Yield stints such that in interval i the first counts[i] of the group are there; warm-up is as interval 0,
    and who is there in the last one stays on until the last contact is gone.
    """
    step_ns = file.horizon.interval_ns
    for member in range(max(counts, default=0)):
        since_ns: int | None = None
        for place, count in enumerate(counts):
            start_ns = begin_ns if place == 0 else file.start_ns + place * step_ns
            if member < count and since_ns is None:
                since_ns = start_ns
            elif member >= count and since_ns is not None:
                yield Stint(first + member, since_ns, start_ns)
                since_ns = None
        if since_ns is not None:
            yield Stint(first + member, since_ns, file.end_ns + file.horizon.drain_ns)


def _assigned(group: Group) -> Iterator[tuple[int, Shift | None]]:
    """Yield each member at work with its shift: as many as each shift says, in proportion where shrinkage takes off."""
    if group.staffing is not None:
        return
    if not group.shifts:
        yield from ((member, None) for member in range(group.at_work))
        return
    counts = _heads(group)
    # Cumulative rounding: what shrinkage takes off is spread evenly over the shifts.
    total, member = max(sum(counts), 1), 0
    reached = 0
    for shift, count in zip(group.shifts, counts, strict=True):
        reached += count
        upto = round(group.at_work * reached / total)
        while member < min(upto, group.at_work):
            yield member, shift
            member += 1


def emptied_shifts(group: Group) -> list[Shift]:
    """Return the shifts that somebody is planned for and nobody works, as shrinkage is rounded over the whole group."""
    worked = [shift for _, shift in _assigned(group)]
    return [shift for shift, heads in zip(group.shifts, _heads(group), strict=True) if heads and shift not in worked]


def _heads(group: Group) -> list[int]:
    """Return how many work each shift, those away by shrinkage included: whoever is in no other one where not said."""
    said = sum(shift.count or 0 for shift in group.shifts)
    open_ended = [shift for shift in group.shifts if shift.count is None]
    rest = group.heads - said
    counts: list[int] = []
    for shift in group.shifts:
        place = sum(one.count is None for one in group.shifts[: len(counts)])
        share = rest // len(open_ended) + (place < rest % len(open_ended)) if open_ended else 0
        counts.append(share if shift.count is None else shift.count)
    return counts


def _stints_of(agent: int, shift: Shift, zone: str, begin_ns: int, end_ns: int) -> Iterator[Stint]:
    breaks = _spans(zone, shift.breaks, shift.days, begin_ns, end_ns)
    for start_ns, stop_ns in _spans(zone, shift.hours, shift.days, begin_ns, end_ns):
        inside = tuple((one, other) for one, other in breaks if start_ns <= one and other <= stop_ns)
        yield Stint(agent, start_ns, stop_ns, inside)


def _spans(
    zone: str, found: list[tuple[int, int]], days: list[str], begin_ns: int, end_ns: int
) -> list[tuple[int, int]]:
    """Return when these hours of the day are, between two instants, ns; a span that is under way is cut short."""
    weekly = tuple(tuple(found) if not days or day in days else () for day in DAYS)
    return spans(OpeningHours(zone, weekly), begin_ns, end_ns) if found else []


def spans(hours: OpeningHours, begin_ns: int, end_ns: int) -> list[tuple[int, int]]:
    """Return when hours are open between two instants, ns; a span that is under way is cut short."""
    found: list[tuple[int, int]] = []
    open_since = begin_ns if hours.is_open(begin_ns) else None
    at_ns = begin_ns
    while at_ns < end_ns:
        change = hours.next_change(at_ns)
        if change is None:
            break
        at_ns, opens = change
        if opens:
            open_since = at_ns
        elif open_since is not None:
            found.append((open_since, at_ns))
            open_since = None
    if open_since is not None and open_since < end_ns:
        found.append((open_since, max(end_ns, open_since)))
    return [span for span in found if span[0] < end_ns]
