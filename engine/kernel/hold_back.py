"""When a free agent is kept from a waiting contact: another queue would lose more by it than the contact does.

Both sides are counted in lost contacts times their queue's value, by the same chains (see `erlang`): the gain of one
waiting contact less in its own queue, against what the dearest of the other queues that the agent is apt for loses by
one slot less, for as long as the contact will take. What takes longer than that queue's own contacts takes a part of
the next slot, too, which is dearer; and an agent who is not apt for the contact costs its own queue time as well.

Chains know one queue each and so price a little high, hence HOLD; and where two queues have the same apt agents,
whoever becomes free next serves both, so nobody is held back for one of them from the other.
"""

from typing import Final

from engine.kernel.erlang import gain, level_of, service_ns
from engine.kernel.jit import jit
from engine.kernel.masks import ONE, ZERO, has, lowest
from engine.kernel.tables import Tables
from engine.messages.kinds import ERLANG
from engine.model.settings import QueueSetting

HOLD: Final = 1.1
"""An agent is held back whose price is more than this many times what the contact stands to lose."""
SLOW_SHARE: Final = 0.6
"""Share of the time that an agent who is not apt takes beyond the mean which is missing to the contact's own queue."""


@jit
def weigh(t: Tables, c: int, a: int) -> tuple[bool, float, float]:
    """Return whether free agent `a` is kept from waiting contact `c`; what the contact stands to lose; a's price."""
    contact = t.contacts[c]
    settings = t.queues[contact.queue].settings
    if settings[QueueSetting.HOLD_BACK_NS] == 0 or settings[QueueSetting.STRATEGY] != ERLANG:
        return False, 0.0, 0.0
    if t.book[0].now_ns >= contact.enqueued_ns + settings[QueueSetting.HOLD_BACK_NS]:
        return False, 0.0, 0.0
    if t.lines[contact.line].slots <= t.agents[a].slots[contact.channel]:
        return False, 0.0, 0.0  # there is nobody else to wait for
    price, stake = _price(t, c, a), gain(t, c)
    return price > stake * HOLD, stake, price


@jit
def _price(t: Tables, c: int, a: int) -> float:
    """Return what the other queues lose while agent `a` serves the contact instead of being kept for them."""
    contact = t.contacts[c]
    lasts_ns = service_ns(t, a, contact.queue)
    price, dearest, short = 0.0, 0.0, len(t.agents) + 1
    if not has(t.apt_masks, contact.line, a):
        slower = max(lasts_ns * t.queues[contact.queue].handling_rate - 1.0, 0.0)
        price = SLOW_SHARE * slower * t.prices[contact.queue, level_of(t, contact.line)]
    for place in range(t.line_masks.shape[1]):
        word = t.line_masks[a, place] & t.line_masks[short, place]
        while word != ZERO:
            line = (place << 6) + lowest(word)
            word &= word - ONE
            queue = t.lines[line].queue
            if queue == contact.queue or not has(t.apt_masks, line, a):
                continue
            taken = lasts_ns * t.queues[queue].handling_rate
            level = level_of(t, line)
            lost = t.prices[queue, level] * min(taken, 1.0) + t.prices[queue, level - 1] * max(taken - 1.0, 0.0)
            if lost > dearest and (_has_others(t, contact.line, line) or _has_others(t, line, contact.line)):
                dearest = lost
    return price + dearest


@jit
def _has_others(t: Tables, line: int, other: int) -> bool:
    """Tell whether somebody at work may serve the line who is not apt for the other one."""
    channel = t.lines[line].channel
    for place in range(t.agent_masks.shape[1]):
        word = t.agent_masks[line, place] & ~t.apt_masks[other, place]
        while word != ZERO:
            if t.agents[(place << 6) + lowest(word)].slots[channel] > 0:
                return True
            word &= word - ONE
    return False
