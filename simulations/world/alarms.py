"""The world's timers: one a subject, in a heap that holds the times themselves, each place above four others.

So what is due next is found in half as many steps as in the kernel's heap, which only knows who is where, and each step
reads one stretch of memory. Equal times are due in the order of subjects: callers, then retrials, engagements, agents.
"""

from typing import Any

from engine.kernel.jit import jit


@jit
def arm(w: Any, subject: int, due_ns: int) -> None:
    """Set when the subject is due, whether it was armed or not."""
    place = w.places[subject] - 1
    if place < 0:
        place = w.book[0].timers
        w.book[0].timers = place + 1
    _settle(w, place, subject, due_ns)


@jit
def disarm(w: Any, subject: int) -> None:
    """Forget when the subject is due, if it is armed."""
    place = w.places[subject] - 1
    if place < 0:
        return
    w.places[subject] = 0
    last = w.book[0].timers - 1
    w.book[0].timers = last
    if place < last:
        _settle(w, place, w.timers[last].subject, w.timers[last].due_ns)


@jit
def _settle(w: Any, place: int, subject: int, due_ns: int) -> None:
    """Put the subject at a place that is free, or where it belongs above or below that."""
    start = place
    while place > 0:
        above = (place - 1) >> 2
        if not _is_before(due_ns, subject, w.timers[above].due_ns, w.timers[above].subject):
            break
        _put(w, place, w.timers[above].subject, w.timers[above].due_ns)
        place = above
    while place == start:
        below = _first_below(w, place)
        if below < 0 or _is_before(due_ns, subject, w.timers[below].due_ns, w.timers[below].subject):
            break
        _put(w, place, w.timers[below].subject, w.timers[below].due_ns)
        place = start = below
    _put(w, place, subject, due_ns)


@jit
def _first_below(w: Any, place: int) -> int:
    """Return which of the places right below is due first, -1 if there is none."""
    first, count = 4 * place + 1, w.book[0].timers
    if first + 3 < count:
        left = first + 1 if _comes_first(w, first + 1, first) else first
        right = first + 3 if _comes_first(w, first + 3, first + 2) else first + 2
        return right if _comes_first(w, right, left) else left
    best = first if first < count else -1
    for other in range(first + 1, count):
        best = other if _comes_first(w, other, best) else best
    return best


@jit
def _comes_first(w: Any, one: int, other: int) -> bool:
    return _is_before(w.timers[one].due_ns, w.timers[one].subject, w.timers[other].due_ns, w.timers[other].subject)


@jit
def _is_before(due_ns: int, subject: int, other_ns: int, other: int) -> bool:
    return due_ns < other_ns or (due_ns == other_ns and subject < other)


@jit
def _put(w: Any, place: int, subject: int, due_ns: int) -> None:
    w.timers[place].subject = subject
    w.timers[place].due_ns = due_ns
    w.places[subject] = place + 1
