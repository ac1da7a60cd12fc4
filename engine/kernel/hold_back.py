"""When a free agent is kept from a waiting contact: other queues would lose more by it than the contact stands to lose.

Both sides are counted in lost contacts times their queue's value. The price is what `erlang` says taking the agent
costs the other queues. What the contact stands to lose is the chance that it gives up before the agents whom nobody
else needs have worked their way to it: of k who wait, each giving up at rate theta, for n slots of such agents, each
done at rate mu, the last is lost with probability

    k theta / (n mu + k theta),

the product of k departures of which none is its own giving up. The two rates of HOLD and RELEASE keep a hold from
flickering; SHARE_MIN keeps queues of equal value from holding against each other while none of them is overloaded.
"""

from typing import Final

from engine.kernel.erlang import mean_handle_ns, mean_patience_ns, price_elsewhere
from engine.kernel.jit import jit
from engine.kernel.masks import ONE, ZERO, lowest
from engine.kernel.tables import Tables
from engine.messages.kinds import ERLANG
from engine.model.settings import QueueSetting

HOLD: Final = 1.5
"""An agent is held back whose price is more than this many times what the contact stands to lose."""
RELEASE: Final = 1.0
"""The same, once held back."""
SHARE_MIN: Final = 1.0 / 3.0
"""A contact that has to wait counts as lost to this share at least."""


@jit
def weigh(t: Tables, c: int, a: int) -> tuple[bool, float, float]:
    """Return whether free agent `a` is kept from waiting contact `c`; what the contact stands to lose; a's price."""
    contact = t.contacts[c]
    settings = t.queues[contact.queue].settings
    if settings[QueueSetting.HOLD_BACK_NS] == 0 or settings[QueueSetting.STRATEGY] != ERLANG:
        return False, 0.0, 0.0
    if t.book[0].now_ns >= contact.enqueued_ns + settings[QueueSetting.HOLD_BACK_NS]:
        return False, 0.0, 0.0
    mean_ns = mean_handle_ns(t, contact.queue)
    price, dearest = price_elsewhere(t, contact.queue, a)
    price *= mean_ns
    if dearest < 0:
        return False, 0.0, 0.0
    others = _slots_without(t, contact.line, dearest)
    if others == 0:
        return False, 0.0, price  # there is nobody else to wait for
    giving_up = t.lines[contact.line].count / mean_patience_ns(t, contact.queue)
    share = max(giving_up / (others / mean_ns + giving_up), SHARE_MIN)
    stake = share * settings[QueueSetting.VALUE] / 1000.0
    return price > stake * (RELEASE if contact.held_back else HOLD), stake, price


@jit
def _slots_without(t: Tables, line: int, other: int) -> int:
    """Return the slots at work of those who may serve one line and not the other."""
    channel, slots = t.lines[line].channel, 0
    for place in range(t.agent_masks.shape[1]):
        word = t.agent_masks[line, place] & ~t.agent_masks[other, place]
        while word != ZERO:
            slots += t.agents[(place << 6) + lowest(word)].slots[channel]
            word &= word - ONE
    return slots
