"""What deciding may do: write a decided row, and put a further decision on the agenda.

A row is applied by the loop in `step`, before the next item of the agenda is taken; so whatever a decision reads is the
state before its own rows, and a decision that must see them applied is an item of its own.
"""

from typing import Final

from engine.kernel.jit import jit
from engine.kernel.tables import AGENDA, Array, Tables

MATCH_CONTACT: Final = 1
"""Find an agent for a waiting contact."""
MATCH_AGENT: Final = 2
"""Find contacts for an agent who may be free."""
MATCH_ANY: Final = 3
"""Find agents for whoever waits: after rules changed, or after a row's conclusions were cut short."""
PASS_DEADLINE: Final = 4
"""Fire the next deadline that is due."""
DISPERSE: Final = 5
"""Let those who wait for an agent who is gone wait for anybody."""
MATCH_HELD: Final = 6
"""Find agents for those who stand in line beside free ones, who were held back: whatever happens may change that."""


@jit
def emit(t: Tables, out: Array, kind: int, contact: int, queue: int, agent: int, a: int, b: int, flags: int) -> None:
    """Append one decided row to `out`; `step` applies it."""
    book = t.book[0]
    row = out[book.produced]
    book.produced += 1
    row.at_ns = book.now_ns
    row.kind = kind
    row.flags = flags
    row.source = 0
    row.dedupe = 0
    row.agent = agent
    row.queue = queue
    row.contact = contact
    row.a = a
    row.b = b
    row.payload_offset = 0
    row.payload_size = 0


@jit
def then(t: Tables, decision: int, subject: int) -> None:
    """Put a decision about `subject` at the end of the agenda.

    Should it ever be full, MATCH_ANY has the last place and finds whoever would be forgotten beyond it; a deadline that
    is due stays so until the driver asks again.
    """
    book = t.book[0]
    taken = book.agenda_tail - book.agenda_head
    if taken >= AGENDA - 1:
        if taken >= AGENDA:
            return
        decision, subject = MATCH_ANY, 0
    place = book.agenda_tail & (AGENDA - 1)
    t.agenda[place, 0] = decision
    t.agenda[place, 1] = subject
    book.agenda_tail += 1
