"""Deadlines: one timer a subject, in a binary heap that knows where everybody is, so disarming is exact.

Subjects are contacts, then engagements, then agents, then queues. Equal deadlines fire in the order of subjects.
"""

from typing import Final

import numpy as np

from engine.kernel.jit import jit
from engine.kernel.tables import Array

NEVER_NS: Final = np.iinfo(np.int64).max


@jit
def arm(book: Array, timers: Array, subject: int, deadline_ns: int) -> None:
    """Set the subject's deadline, whether it had one or not."""
    timers[subject].deadline_ns = deadline_ns
    place = timers[subject].place - 1
    if place < 0:
        place = book[0].timers
        book[0].timers += 1
        timers[place].order = subject
        timers[subject].place = place + 1
    _sift_down(timers, _sift_up(timers, place), book[0].timers)


@jit
def disarm(book: Array, timers: Array, subject: int) -> None:
    """Forget the subject's deadline, if it has one."""
    place = timers[subject].place - 1
    if place < 0:
        return
    timers[subject].place = 0
    book[0].timers -= 1
    last = book[0].timers
    if place == last:
        return
    moved = timers[last].order
    timers[place].order = moved
    timers[moved].place = place + 1
    _sift_down(timers, _sift_up(timers, place), last)


@jit
def is_armed(timers: Array, subject: int) -> bool:
    """Whether the subject has a deadline."""
    return timers[subject].place > 0


@jit
def _before(timers: Array, one: int, other: int) -> bool:
    if timers[one].deadline_ns != timers[other].deadline_ns:
        return timers[one].deadline_ns < timers[other].deadline_ns
    return one < other


@jit
def _sift_up(timers: Array, place: int) -> int:
    subject = timers[place].order
    while place > 0:
        parent = (place - 1) >> 1
        above = timers[parent].order
        if not _before(timers, subject, above):
            break
        timers[place].order = above
        timers[above].place = place + 1
        place = parent
    timers[place].order = subject
    timers[subject].place = place + 1
    return place


@jit
def _sift_down(timers: Array, place: int, count: int) -> None:
    subject = timers[place].order
    while True:
        child = 2 * place + 1
        if child >= count:
            break
        if child + 1 < count and _before(timers, timers[child + 1].order, timers[child].order):
            child += 1
        below = timers[child].order
        if not _before(timers, below, subject):
            break
        timers[place].order = below
        timers[below].place = place + 1
        place = child
    timers[place].order = subject
    timers[subject].place = place + 1
