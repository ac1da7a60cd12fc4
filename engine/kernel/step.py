"""The kernel's door: a batch of observed rows in, the same rows with their conclusions out. One crossing a batch."""

from typing import Any, Final

from engine.kernel.check import refusal
from engine.kernel.deadlines import NEVER_NS
from engine.kernel.decide import decide, decide_next
from engine.kernel.emit import MATCH_HELD, emit, then
from engine.kernel.evolve import apply
from engine.kernel.jit import door, jit
from engine.kernel.prices import look_around
from engine.kernel.tables import AGENDA, CONCLUSIONS_MAX, Array, Tables
from engine.kernel.tally import advance
from engine.messages.kinds import FACT_REFUSED, FIRST_DECIDED

ROOM: Final = 4096
"""Rows that must be free in `out` before another observed row is taken: more than any one row's conclusions."""


@door
def step(t: Tables, observed: Array, out: Array) -> tuple[int, int]:
    """Apply and decide; return (observed rows consumed, rows written to `out`).

    `observed` and `out` have dtype ROW. Each observed row is written to `out`, followed by what was decided because of
    it. Fewer rows than given are consumed when `out` has less than ROOM rows left: call again with the rest.
    """
    book = t.book[0]
    book.produced = 0
    consumed = 0
    for row in observed:
        if len(out) - book.produced < ROOM:
            break
        take_row(t, row, out)
        consumed += 1
    produced = book.produced
    book.produced = 0
    return consumed, produced


@jit
def take_row(t: Tables, row: Any, out: Array) -> None:
    """Apply one observed row; emit it with its conclusions from out[book.produced] on. ROOM rows must be left there."""
    out[t.book[0].produced] = row
    conclude(t, out)


@jit
def conclude(t: Tables, out: Array) -> None:
    """Apply the observed row that stands at out[book.produced] and write its conclusions behind it.

    Compiled worlds call this too, in a loop of their own (`jit.door`); they set book.produced to 0 when `out` is read.
    """
    book = t.book[0]
    first = book.produced
    row = out[first]
    held_back, looked_again = book.held_back, False
    advance(t, row.at_ns)
    look_around(t)
    row.cause = 0
    book.produced += 1
    book.seq += 1
    book.cause_seq = book.seq
    reason = refusal(t, row)
    if reason != 0:
        emit(t, out, FACT_REFUSED, row.contact, -1, row.agent, reason, row.kind, 0)
    else:
        apply(t, row)
        decide(t, row, out)
    applied = first + 1
    while True:
        while applied < book.produced:
            out[applied].cause = applied - first
            book.seq += 1
            apply(t, out[applied])
            applied += 1
        if book.agenda_head == book.agenda_tail:
            if (held_back == 0 and book.held_back == 0) or looked_again:
                break
            looked_again = True  # whatever happened may have changed what an agent is worth elsewhere
            then(t, MATCH_HELD, 0)
        item = book.agenda_head & (AGENDA - 1)
        book.agenda_head += 1
        if book.seq - book.cause_seq < CONCLUSIONS_MAX:
            decide_next(t, t.agenda[item, 0], t.agenda[item, 1], out)
    book.fired = 0
    book.agenda_head = 0
    book.agenda_tail = 0


@door
def fold(t: Tables, rows: Array) -> None:
    """Apply recorded rows, each fact with all of its conclusions. Nothing is decided, not even what was refused: a fact
    is if the row behind it says so, whatever the rules are today.
    """
    book = t.book[0]
    for place in range(len(rows)):
        row = rows[place]
        book.seq += 1
        if row.kind >= FIRST_DECIDED:
            apply(t, row)
        else:
            advance(t, row.at_ns)
            look_around(t)
            book.cause_seq = book.seq
            if place + 1 == len(rows) or rows[place + 1].kind != FACT_REFUSED:
                apply(t, row)


@door
def next_deadline_ns(t: Tables) -> int:
    """Return when the next deadline is due, NEVER_NS if none is set."""
    if t.book[0].timers == 0:
        return NEVER_NS
    return t.timers[t.timers[0].order].deadline_ns
