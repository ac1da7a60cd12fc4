"""Matching: a contact that needs an agent, an agent who is free. Both keep one promise between them: after a turn no
free agent and no waiting contact that the agent may serve exist together, unless a row says who is held back.
"""

import math
from typing import Final

import numpy as np

from engine.kernel.eligibility import is_free
from engine.kernel.emit import DISPERSE, MATCH_AGENT, MATCH_ANY, MATCH_CONTACT, emit, then
from engine.kernel.erlang import cost_of_slot, mean_handle_ns, own_price, service_ns
from engine.kernel.hold_back import weigh
from engine.kernel.jit import jit
from engine.kernel.masks import ONE, ZERO, count_common, has, lowest
from engine.kernel.strategies import agent_key
from engine.kernel.tables import Array, Tables
from engine.kernel.waiting_line import comes_before, common_lines, effective_since_ns, head_of
from engine.messages.kinds import (
    AGENT_HELD_BACK,
    CONTACT_WAITING,
    ERLANG,
    LONGEST_IDLE,
    OFFER_MADE,
    PREFERRED_AGENT,
    RING_ALL,
    STATUS_OFFLINE,
)
from engine.model.settings import PRIORITIES, QueueSetting

_NO_SEQ: Final = np.iinfo(np.int64).max
"""Behind every sequence."""


@jit
def match_contact(t: Tables, out: Array, c: int) -> bool:
    """Offer the waiting contact to the best free agent, if there is one. Tell whether a row was written."""
    contact = t.contacts[c]
    if contact.state != CONTACT_WAITING:
        return False
    line = contact.line
    if line >= common_lines(t):
        own = line - common_lines(t)
        if not is_free(t, own, contact.channel):
            return False
        _offer(t, out, c, own, 0.0, 1, PREFERRED_AGENT, -1, 0)
        return True
    if t.lines[line].idle == 0:
        return False
    settings = t.queues[contact.queue].settings
    strategy = settings[QueueSetting.STRATEGY]
    if strategy == RING_ALL:
        return _ring_all(t, out, c, line, settings[QueueSetting.RING_ALL_LIMIT])
    # Where agents are held back somebody may be ahead, who comes first all the same.
    first = head_of(t, line) if settings[QueueSetting.HOLD_BACK_NS] != 0 else c
    best, second, tied, candidates, score = best_agent(t, strategy, line, -1, let_go_by(t, first))
    if best < 0 or (let_go_by(t, first) >= 0 and weigh(t, first, best)[0]):
        best, second, tied, candidates, score = best_agent(t, strategy, line, -1, -1)
    if _holds_back(t, out, first, best):
        return t.contacts[first].held_back == 0
    _offer(t, out, first, best, score, candidates, strategy, second, tied)
    if first != c:
        then(t, MATCH_CONTACT, c)
    return True


@jit
def _holds_back(t: Tables, out: Array, c: int, a: int) -> bool:
    """Tell whether free agent `a` is kept from contact `c`; say so once."""
    held, stake, price = weigh(t, c, a)
    if held and t.contacts[c].held_back == 0:
        stake, price = min(stake * SCORE_SCALE, 9e18), min(price * SCORE_SCALE, 9e18)
        emit(t, out, AGENT_HELD_BACK, c, t.contacts[c].queue, a, int(stake), int(price), 0)
    return held


@jit
def let_go_by(t: Tables, c: int) -> int:
    """Return the agent who let go of the contact in this turn, by a transfer, a requeue or an offer not taken: whoever
    else is free comes first. -1 if nobody did.
    """
    return t.contacts[c].let_go_by if t.contacts[c].let_go_seq > t.book[0].cause_seq else -1


@jit
def somebody_else(t: Tables, line: int, a: int) -> bool:
    """Tell whether an agent other than `a` is free to serve the line."""
    free = common_lines(t) + t.lines[line].channel
    itself = has(t.agent_masks, line, a) and has(t.agent_masks, free, a)
    return count_common(t.agent_masks, line, free) > (1 if itself else 0)


@jit
def best_agent(t: Tables, strategy: int, line: int, after_seq: int, without: int) -> tuple[int, int, int, int, float]:
    """Return (winner or -1, runner-up or -1, 1 if their keys tie, candidates, winning key) of the free agents of `line`
    who became idle after sequence `after_seq`, leaving out agent `without`.
    """
    if strategy == LONGEST_IDLE or strategy == RING_ALL:
        return _longest_idle(t, line, after_seq, without)
    free = common_lines(t) + t.lines[line].channel
    best, second, candidates = -1, -1, 0
    best_key, second_key = 0.0, 0.0
    queue = t.lines[line].queue
    own = own_price(t, queue) if strategy == ERLANG else 0.0
    for place in range(t.agent_masks.shape[1]):
        word = t.agent_masks[line, place] & t.agent_masks[free, place]
        while word != ZERO:
            a = (place << 6) + lowest(word)
            word &= word - ONE
            if t.idle_seqs[a] <= after_seq or a == without:
                continue
            candidates += 1
            if strategy == ERLANG:
                key = cost_of_slot(t, a, service_ns(t, a, queue), own, second_key if second >= 0 else math.inf)
            else:
                key = agent_key(t, strategy, line, a)
            if best < 0 or key < best_key or (key == best_key and t.idle_seqs[a] < t.idle_seqs[best]):
                second, second_key = best, best_key
                best, best_key = a, key
            elif second < 0 or key < second_key or (key == second_key and t.idle_seqs[a] < t.idle_seqs[second]):
                second, second_key = a, key
    tied = 1 if second >= 0 and second_key == best_key else 0
    return best, second, tied, candidates, best_key


@jit
def _longest_idle(t: Tables, line: int, after_seq: int, without: int) -> tuple[int, int, int, int, float]:
    """Return the same where all keys are equal: only since when each has been idle is compared."""
    free = common_lines(t) + t.lines[line].channel
    best, second, candidates = -1, -1, 0
    best_seq, second_seq = _NO_SEQ, _NO_SEQ
    for place in range(t.agent_masks.shape[1]):
        word = t.agent_masks[line, place] & t.agent_masks[free, place]
        while word != ZERO:
            a = (place << 6) + lowest(word)
            word &= word - ONE
            seq = t.idle_seqs[a]
            if seq <= after_seq or a == without:
                continue
            candidates += 1
            if seq < best_seq:
                second, second_seq = best, best_seq
                best, best_seq = a, seq
            elif seq < second_seq:
                second, second_seq = a, seq
    return best, second, 1 if second >= 0 else 0, candidates, 0.0


@jit
def match_agent(t: Tables, out: Array, a: int) -> None:
    """Offer the agent, if free, the contact that needs it most; then look again."""
    c = _own_contact(t, a)
    if c >= 0:
        _offer(t, out, c, a, 0.0, 1, PREFERRED_AGENT, -1, 0)
    else:
        c, second, lines, score, left = _best_contact(t, a)
        if left >= 0:
            then(t, MATCH_CONTACT, left)
        elif c < 0:
            return
        if c >= 0 and not _holds_back(t, out, c, a):
            strategy = t.queues[t.contacts[c].queue].settings[QueueSetting.STRATEGY]
            _offer(t, out, c, a, score, lines, strategy, second, 2)
    then(t, MATCH_AGENT, a)


@jit
def _own_contact(t: Tables, a: int) -> int:
    """Return who waits longest for this very agent on a channel on which it is free, -1 if nobody does."""
    own = common_lines(t) + a
    if t.lines[own].count == 0:
        return -1
    best = -1
    for level in range(PRIORITIES):
        c = t.lines[own].head[level]
        while c >= 0 and not is_free(t, a, t.contacts[c].channel):
            c = t.contacts[c].next
        if c >= 0 and (best < 0 or comes_before(t, c, best)):
            best = c
    return best


@jit
def match_any(t: Tables, out: Array, decision: int) -> None:
    """Serve one of those who wait and could be served, then look again: own contacts first (MATCH_ANY only), then the
    wait that weighs most among the heads of all lines.
    """
    best, best_score = -1, 0.0
    for a in range(len(t.agents) if decision == MATCH_ANY else 0):
        if t.agents[a].status == STATUS_OFFLINE and t.lines[common_lines(t) + a].count > 0:
            then(t, DISPERSE, a)
        best = _own_contact(t, a)
        if best >= 0:
            break
    if best < 0:
        for place in range(t.line_masks.shape[1]):
            word = t.line_masks[len(t.agents), place]
            while word != ZERO:
                line = (place << 6) + lowest(word)
                word &= word - ONE
                if t.lines[line].idle == 0:
                    continue
                c = head_of(t, line)
                if t.contacts[c].held_back and weigh(t, c, best_agent(t, ERLANG, line, -1, -1)[0])[0]:
                    continue
                score = contact_score(t, c, -1)
                first = score == best_score and best >= 0 and t.contacts[c].order < t.contacts[best].order
                if best < 0 or score > best_score or first:
                    best, best_score = c, score
    if best >= 0 and match_contact(t, out, best):
        then(t, decision, 0)


@jit
def _best_contact(t: Tables, a: int) -> tuple[int, int, int, float, int]:
    """Return (contact, runner-up, lines compared, score, left to others): among the heads, the wait that weighs most.

    Left to others is one whom the agent let go of in this turn while somebody else is free, who may yet be given to
    another contact: so both are looked at again.
    """
    best, second, compared, left = -1, -1, 0, -1
    best_score, second_score = 0.0, 0.0
    waiting = len(t.agents)
    for place in range(t.line_masks.shape[1]):
        word = t.line_masks[a, place] & t.line_masks[waiting, place]
        while word != ZERO:
            line = (place << 6) + lowest(word)
            word &= word - ONE
            if not has(t.agent_masks, common_lines(t) + t.lines[line].channel, a):
                continue
            c = head_of(t, line)
            if t.contacts[c].held_back:
                if weigh(t, c, a)[0]:
                    continue
            elif let_go_by(t, c) == a and somebody_else(t, line, a):
                left = c
                continue
            compared += 1
            score = contact_score(t, c, a)
            if best < 0 or score > best_score or (score == best_score and t.contacts[c].order < t.contacts[best].order):
                second, second_score = best, best_score
                best, best_score = c, score
            elif second < 0 or score > second_score:
                second, second_score = c, score
    return best, second, compared, best_score, left


@jit
def contact_score(t: Tables, c: int, a: int) -> float:
    """Return how much there is to be said for contact `c`: the time it has waited, head starts included, ns.

    Under erlang it is what the contact is worth and what the first who waits in its queue stands to lose, for the time
    that agent `a` (-1: anybody) would take, the more the longer it has waited; one lost contact that takes
    HANDLE_GUESS_NS counts as a wait of LOST_NS.
    """
    contact = t.contacts[c]
    settings = t.queues[contact.queue].settings
    waited_ns = t.book[0].now_ns - effective_since_ns(t, c)
    if settings[QueueSetting.STRATEGY] != ERLANG:
        return float(waited_ns + settings[QueueSetting.QUEUE_CREDIT_NS] + 1_000_000_000)
    queue = t.queues[contact.queue]
    urgency = 1.0 + waited_ns * queue.ageing
    if settings[QueueSetting.QUEUE_CREDIT_NS] != 0:
        urgency += settings[QueueSetting.QUEUE_CREDIT_NS] / max(settings[QueueSetting.THRESHOLD_NS], 1e9)
    return queue.worth * urgency / (service_ns(t, a, contact.queue) if a >= 0 else mean_handle_ns(t, contact.queue))


@jit
def _ring_all(t: Tables, out: Array, c: int, line: int, limit: int) -> bool:
    after_seq = -1
    without = let_go_by(t, c)
    if without >= 0 and not somebody_else(t, line, without):
        without = -1
    for offered in range(limit):
        best, second, tied, candidates, score = best_agent(t, RING_ALL, line, after_seq, without)
        if best < 0:
            return offered > 0
        _offer(t, out, c, best, score, candidates, RING_ALL, second, tied)
        after_seq = t.idle_seqs[best]
    return limit > 0


@jit
def _offer(
    t: Tables, out: Array, c: int, a: int, score: float, candidates: int, strategy: int, second: int, how: int
) -> None:
    """Emit OFFER_MADE; `how` is 1 for a tie among agents, 2 when the contact was chosen for the agent."""
    packed = min(candidates, 0xFFFFF) | strategy << 20 | how << 28 | (second + 1) << 32
    emit(t, out, OFFER_MADE, c, t.contacts[c].queue, a, int(min(score * SCORE_SCALE, 9e18)), packed, 0)


SCORE_SCALE = 1000.0
"""Scores are logged in thousandths: prices are small numbers."""
