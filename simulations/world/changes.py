"""Changes of the world that the engine is not told of: lines break, agents work from home, callers hear a message.

They stand in the script beside the engine's own facts, by kinds of their own, and never reach the kernel.
"""

from typing import Any, Final

from engine.kernel.deadlines import NEVER_NS
from engine.kernel.jit import jit
from engine.kernel.step import ROOM
from engine.messages.kinds import (
    BY_NETWORK,
    CHAT,
    CONTACT_CONNECTED,
    CONTACT_FREE,
    CONTACT_RELEASED,
    ENGAGEMENT_CONNECTED,
    REQUEUE_REQUESTED,
)
from simulations.world.chance import CUT_OFF, RETRY_AFTER, draw, uniform
from simulations.world.occurrences import fact
from simulations.world.reactions import come_again, observe

FIRST_CHANGE: Final = 0xFF00
LINES_CUT: Final = 0xFF00
"""What `agent` does on the channels of the mask `a` ends at once: talks break off, and what is written is put back."""
TRUNKS_CUT: Final = 0xFF01
"""All calls on the trunk group `queue` end at once."""
PLACE_CHANGED: Final = 0xFF02
"""From now on `agent` takes `a` thousandths of the usual time for each talk, and each wrap-up, that begins."""
ANNOUNCED: Final = 0xFF03
"""Whoever waits for `queue` is told that it takes long (`a` = 1), or no more (0)."""
RETURN_KNOWN: Final = 0xFF04
"""If `agent` is set aside before the instant `a`, ns, it is the script that says when the agent is back."""
PERSON_CUT: Final = 0xFF05
"""The contact of the recorded person `contact` ends, by `a` (BY_*), if it is still there. Where `b` is 1 the script's
next line belongs to the same moment: nobody answers in between."""
PERSON_PUT_BACK: Final = 0xFF06
"""What the recorded person `contact` wrote is put back in its line, if somebody is at it; `b` as of PERSON_CUT."""


@jit
def change(t: Any, w: Any, kind: int, agent: int, queue: int, contact: int, a: int) -> None:
    """Let one of them happen."""
    if kind == LINES_CUT:
        _cut_lines(t, w, agent, a)
    elif kind == TRUNKS_CUT:
        _cut_trunks(t, w, queue)
    elif kind == PLACE_CHANGED:
        w.home_factors[agent] = a / 1000.0
    elif kind == ANNOUNCED:
        w.sources[queue].announced = a
    elif kind == RETURN_KNOWN:
        w.returns_ns[agent] = a
    elif kind == PERSON_CUT or kind == PERSON_PUT_BACK:
        _cut_person(t, w, contact, kind == PERSON_PUT_BACK, a)


@jit
def _cut_lines(t: Any, w: Any, agent: int, channels: int) -> None:
    e = t.agents[agent].engagement
    while e >= 0:
        engagement = t.engagements[e]
        if engagement.state == ENGAGEMENT_CONNECTED and channels >> engagement.channel & 1:
            if engagement.channel > CHAT:
                _put_back(t, w, engagement.contact)
            else:
                _cut_off(t, w, engagement.contact)
            e = t.agents[agent].engagement  # what was cut off stands no more in the chain
        else:
            e = engagement.next_of_agent


@jit
def _cut_trunks(t: Any, w: Any, group: int) -> None:
    book = w.book[0]
    for c in range(book.cut_from, len(t.contacts)):
        if len(w.log) > 0 and len(w.log) - book.logged < ROOM:
            book.cut_from, book.same_moment = c, 1
            book.script -= 1  # the log is taken first; then this line goes on
            return
        contact = t.contacts[c]
        if contact.state == CONTACT_FREE or contact.trunk_group != group:
            continue
        if contact.state == CONTACT_CONNECTED:
            _cut_off(t, w, c)
        else:
            fact(w, CONTACT_RELEASED, c, -1, -1, BY_NETWORK, 0, 0)
            observe(t, w)
    book.cut_from = 0


@jit
def _cut_person(t: Any, w: Any, number: int, is_put_back: bool, by: int) -> None:
    c = w.people[number].slot - 1
    if c < 0 or w.callers[c].number != number or t.contacts[c].state == CONTACT_FREE:
        return
    if not is_put_back:
        fact(w, CONTACT_RELEASED, c, -1, -1, by, 0, 0)
        observe(t, w)
    elif t.contacts[c].state == CONTACT_CONNECTED:
        w.callers[c].offers = 0
        _put_back(t, w, c)


@jit
def _put_back(t: Any, w: Any, c: int) -> None:
    """Put an e-mail or a case back in its line; somebody else will begin with it anew."""
    refused = w.book[0].refused
    w.callers[c].gives_up_ns = NEVER_NS
    fact(w, REQUEUE_REQUESTED, c, -1, -1, 0, 0, 0)
    observe(t, w)
    if w.book[0].refused != refused:
        w.book[0].refused = refused  # its queue lets nobody in
        _cut_off(t, w, c)


@jit
def _cut_off(t: Any, w: Any, c: int) -> None:
    """End a talk in the middle; the customer comes again, perhaps."""
    caller = w.callers[c]
    source = w.sources[caller.source]
    interval = w.book[0].interval
    if 0 <= interval < len(w.cut_off):
        w.cut_off[interval, t.contacts[c].queue] += 1
    if source.cut_off_share > 0.0 and uniform(caller.key, CUT_OFF) < source.cut_off_share:
        after_ns = draw(w.distributions, w.samples, source.retry_after, caller.key, RETRY_AFTER)
        come_again(w, caller, caller.attempt + 1, 0, -1, w.book[0].now_ns + int(after_ns))
    fact(w, CONTACT_RELEASED, c, -1, -1, BY_NETWORK, 0, 0)
    observe(t, w)
