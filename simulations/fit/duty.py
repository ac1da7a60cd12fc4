"""When agents were at work and what they served: as the record says, else from nothing but whom they answered."""

from typing import Any, Final

import msgspec
import numpy as np

from simulations.fit.calls import SECOND_NS, STINT, Calls

Array = np.ndarray[Any, Any]
BREAK_NS: Final = 20 * 60 * SECOND_NS
"""Without a call for so long, somebody was not there: no record says so, the longest gaps of those at work do."""
GRACE_NS: Final = 60 * SECOND_NS
"""So long after a call nobody is expected to be free: wrap-up."""
WRAP_UP_MAX_S: Final = 600
FEW_CALLS: Final = 5
"""Calls of a type fewer than which may be a slip: then the agent does not count as one who serves it."""


class Served(msgspec.Struct, frozen=True):
    """Calls that a known agent answered, agent by agent, in order of time."""

    places: Array
    """shape (n,): which calls."""
    agents: Array
    answered_ns: Array
    ended_ns: Array
    """Wrap-up included where it is known; without a known length, when it was answered."""


def served(calls: Calls) -> Served:
    """Return who answered what, when."""
    rows = calls.rows
    places = np.flatnonzero(rows["answered"] & (rows["agent"] >= 0))
    answered = rows["arrival_ns"][places] + rows["wait_ns"][places]
    order = np.lexsort((answered, rows["agent"][places]))
    places, answered = places[order], answered[order]
    busy = np.maximum(rows["handle_ns"][places], 0) + np.maximum(rows["wrap_up_ns"][places], 0)
    return Served(places, rows["agent"][places], answered, answered + busy)


def stints(calls: Calls, break_ns: int = BREAK_NS, grace_ns: int = GRACE_NS) -> Array:
    """Return when each agent was at work and ready, shape (n,), dtype STINT, in order of time."""
    return _without(signed_in(calls, break_ns, grace_ns), calls.paused)


def signed_in(calls: Calls, break_ns: int = BREAK_NS, grace_ns: int = GRACE_NS) -> Array:
    """Return when each agent was at work, ready or paused, shape (n,), dtype STINT, in order of time.

    Of whom the record says it, as it says; of the others as they answered.
    """
    told = np.isin(np.arange(len(calls.agents)), calls.signed_in["agent"])
    if told.all():
        return _in_order(calls.signed_in)
    guessed = _as_answered(calls, break_ns, grace_ns)
    return _in_order(np.concatenate([guessed[~told[guessed["agent"]]], calls.signed_in]))


def _in_order(rows: Array) -> Array:
    return np.asarray(rows[np.argsort(rows["from_ns"], kind="stable")])


def _without(stays: Array, away: Array) -> Array:
    """Return what is left of stays in order of time without the time away, dtype STINT both."""
    if not len(away):
        return stays
    by_agent: dict[int, list[tuple[int, int]]] = {}
    for agent, leaves, returns in _in_order(away)[::-1].tolist():
        by_agent.setdefault(agent, []).append((leaves, returns))
    left = []
    for agent, begin, end in stays.tolist():
        absences = by_agent.get(agent, [])  # the next one last
        while absences and absences[-1][1] <= begin:
            absences.pop()
        ready_ns = begin
        while absences and absences[-1][0] < end:
            leaves, returns = absences[-1]
            left.append((agent, ready_ns, leaves))
            ready_ns = returns
            if returns > end:  # it goes on into the next stay
                break
            absences.pop()
        left.append((agent, ready_ns, end))
    return _in_order(np.array([row for row in left if row[2] > row[1]], STINT))


def _as_answered(calls: Calls, break_ns: int, grace_ns: int) -> Array:
    """Return when each agent was at work as far as whom they answered tells, shape (n,), dtype STINT.

    From a first answer to the end of the last call before a break. A break is a gap longer than `break_ns`; and in a
    shorter one, whoever was free would have answered, so from the first to the last instant at which somebody waited
    for them, `grace_ns` after the call, they were not there.
    """
    found = served(calls)
    agents, begins = found.agents, found.answered_ns
    if not len(agents):
        return np.zeros(0, STINT)
    ends = running_end(agents, found.ended_ns)
    same = np.r_[agents[1:] == agents[:-1], False]
    gap_from, gap_to = ends, np.r_[begins[1:], 0]
    long = ~same | (gap_to - gap_from > break_ns)
    first, last = gap_to.copy(), gap_to.copy()
    serves = who_serves(calls)
    for agent in np.unique(agents):
        mine = np.flatnonzero((agents == agent) & ~long)
        waiting = _when_somebody_waits(calls.rows[serves[agent][calls.rows["type"]]])
        first[mine], last[mine] = _waiting_within(waiting, gap_from[mine] + grace_ns, gap_to[mine])
    away = long | (first < last)
    leaves = np.where(long, ends, first)[away]
    returns = np.where(long, np.r_[begins[1:], 0], last)[away]
    starts = np.r_[True, long[:-1]]
    rows = np.zeros(int(away.sum()), STINT)
    rows["agent"], rows["to_ns"] = agents[away], leaves
    rows["from_ns"] = np.r_[begins[0], returns[:-1]]
    new = np.flatnonzero(np.r_[True, rows["agent"][1:] != rows["agent"][:-1]])
    rows["from_ns"][new] = begins[starts & np.r_[True, ~same[:-1]]]
    return np.asarray(rows[rows["to_ns"] > rows["from_ns"]])


def _when_somebody_waits(rows: Array) -> tuple[Array, Array]:
    """Return the stretches in which somebody waits, (begins, ends), ns, apart from each other."""
    # While it rings at somebody, nobody waits for anybody else.
    waited_ns = rows["wait_ns"] - rows["rang_ns"]
    rows, waited_ns = rows[waited_ns > 0], waited_ns[waited_ns > 0]
    begins, ends = rows["arrival_ns"], np.maximum.accumulate(rows["arrival_ns"] + waited_ns)
    if not len(rows):
        return begins, ends
    new = np.r_[True, begins[1:] > ends[:-1]]
    return begins[new], ends[np.r_[np.flatnonzero(new)[1:] - 1, len(ends) - 1]]


def _waiting_within(waiting: tuple[Array, Array], from_ns: Array, to_ns: Array) -> tuple[Array, Array]:
    """Return the first and the last instant between `from_ns` and `to_ns` at which somebody waits, else `to_ns`."""
    begins, ends = waiting
    if not len(begins):
        return to_ns, to_ns
    after = np.searchsorted(ends, from_ns, "right")
    before = np.searchsorted(begins, to_ns, "left") - 1
    some = (after <= before) & (from_ns < to_ns)
    first = np.maximum(begins[np.minimum(after, len(begins) - 1)], from_ns)
    last = np.minimum(ends[np.maximum(before, 0)], to_ns)
    return np.where(some, first, to_ns), np.where(some, last, to_ns)


def last_waited_ns(calls: Calls, found: Served) -> Array:
    """Return until when after each call but the last somebody waited whom its agent could serve, and before the next
    answer of theirs, shape (served - 1,), ns; the end of the call where nobody did.
    """
    first, last = waited_between(calls, found)
    return np.asarray(np.where(first < found.answered_ns[1:], last, found.ended_ns[:-1]))


def waited_between(calls: Calls, found: Served) -> tuple[Array, Array]:
    """Return the first and the last instant after each call but the last at which somebody waited whom its agent could
    serve, and before the next answer of theirs, shape (served - 1,), ns; that answer where nobody did.
    """
    ends, begins = found.ended_ns[:-1], found.answered_ns[1:]
    first, last, serves = begins.copy(), begins.copy(), who_serves(calls)
    for agent in np.unique(found.agents):
        mine = np.flatnonzero((found.agents[1:] == agent) & (found.agents[:-1] == agent))
        waiting = _when_somebody_waits(calls.rows[serves[agent][calls.rows["type"]]])
        first[mine], last[mine] = _waiting_within(waiting, ends[mine], begins[mine])
    return first, last


def running_end(agents: Array, ends: Array) -> Array:
    """Return the latest end so far of each agent, whose calls stand together."""
    running = ends.copy()
    for place in range(1, len(running)):
        if agents[place] == agents[place - 1] and running[place] < running[place - 1]:
            running[place] = running[place - 1]
    return running


def who_serves(calls: Calls, few: int = FEW_CALLS) -> Array:
    """Return whether each agent serves each type, shape (agents, types).

    By the settings that routed the calls where the record has them; what nobody may serve by them, as it goes on to
    others when it has waited, is served by who answered it. Else at least `few` calls, or the most of all; of who
    answered nobody, as the record says.
    """
    rows = calls.rows[served(calls).places]
    counts = np.zeros((len(calls.agents), len(calls.types)), np.int64)
    np.add.at(counts, (rows["agent"], rows["type"]), 1)
    found = np.asarray((counts >= few) | ((counts > 0) & (counts == counts.max(axis=1, keepdims=True))))
    told: Array = np.zeros(counts.shape, np.bool_)
    for number, agent in enumerate(calls.agents):
        told[number] = [name in calls.may_serve.get(agent, ()) for name in calls.types]
    if not calls.is_routed_by_settings:
        return np.asarray(np.where(counts.any(axis=1, keepdims=True), found, told))
    return np.asarray(np.where(told.any(axis=1, keepdims=True) & told.any(axis=0), told, found))


def at_work(found: Array, edges_ns: Array) -> Array:
    """Return how many are at work on average between each two of `edges_ns`, shape (edges - 1,)."""
    count = len(edges_ns) - 1
    total = np.zeros(count)
    for place in range(count):
        low, high = edges_ns[place], edges_ns[place + 1]
        shared = np.minimum(found["to_ns"], high) - np.maximum(found["from_ns"], low)
        total[place] = np.maximum(shared, 0).sum() / max(high - low, 1)
    return total
