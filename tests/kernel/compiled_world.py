"""A world in compiled code: it takes rows as they come, with no Python between the kernel and what reacts to it."""

from typing import Any

from engine.kernel.jit import door
from engine.kernel.step import ROOM, take_row
from engine.messages.kinds import CONTACT_ANSWERED, OFFER_ANSWERED, OFFER_MADE


@door
def answer_all(t: Any, arrivals: Any, answer: Any, out: Any) -> tuple[int, int]:
    """Give the rows to the kernel, and answer every offer at once; return (offers answered, rows produced).

    `answer` is one row to be filled in, `out` has ROOM rows or more.
    """
    answered, produced = 0, 0
    for row in arrivals:
        t.book[0].produced = 0
        take_row(t, row, out)
        produced += t.book[0].produced
        offered = t.book[0].produced
        place = 0
        while place < offered:
            if out[place].kind == OFFER_MADE:
                answer[0].kind = OFFER_ANSWERED
                answer[0].at_ns = row.at_ns
                answer[0].contact = out[place].contact
                answer[0].agent = out[place].agent
                answer[0].queue = -1
                if len(out) - t.book[0].produced < ROOM:
                    return -1, produced
                first = t.book[0].produced
                take_row(t, answer[0], out)
                produced += t.book[0].produced - first
                for said in range(first, t.book[0].produced):
                    if out[said].kind == CONTACT_ANSWERED:
                        answered += 1
            place += 1
    t.book[0].produced = 0
    return answered, produced
