"""People of a record in the compiled world: which stage of theirs they are in, and what came of them."""

from typing import Any

from engine.kernel.jit import jit
from engine.messages.kinds import EXIT_ANSWERED, SETTING_CHANGED


@jit
def is_recorded(w: Any) -> bool:
    """Tell whether recorded people come rather than drawn ones."""
    return len(w.people) > 0


@jit
def stage_of(w: Any, c: int, talks: int) -> int:
    """Return the stage of contact `c` after so many talks; who has more than were recorded stays in the last."""
    person = w.people[w.callers[c].number]
    return person.first_stage + min(max(talks, 0), person.stages - 1)


@jit
def name_contact(w: Any, row: Any) -> None:
    """Write into a row for the log whose it is, in `dedupe`: the number of the record's person and 1, or else that of
    the source's, who keeps it when coming again.
    """
    if row.contact >= 0 and row.kind != SETTING_CHANGED:
        row.dedupe = w.callers[row.contact].number + 1


@jit
def note_answered(w: Any, row: Any) -> None:
    """Note the first answer."""
    person = w.people[w.callers[row.contact].number]
    if person.way_out < 0:
        person.waited_ns = row.b
        person.served_by = row.agent
        person.way_out = EXIT_ANSWERED


@jit
def note_left(w: Any, row: Any) -> None:
    """Note that somebody left without an answer."""
    person = w.people[w.callers[row.contact].number]
    if person.way_out < 0:
        person.waited_ns = w.book[0].now_ns - person.arrived_ns
        person.way_out = row.a
