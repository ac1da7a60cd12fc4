"""What happens by itself: contacts arrive, somebody picks up, a talk is over, patience ends, shifts begin."""

import math
from typing import Any, Final

from engine.kernel.deadlines import NEVER_NS, arm, disarm
from engine.kernel.jit import jit
from engine.kernel.lookup import find_engagement
from engine.kernel.seize import room_for
from engine.messages.kinds import (
    AGENT_STATUS_CHANGED,
    BY_CUSTOMER,
    CONTACT_ARRIVED,
    CONTACT_CONNECTED,
    CONTACT_FREE,
    CONTACT_OFFERED,
    CONTACT_RELEASED,
    CONTACT_WAITING,
    ENGAGEMENT_WRAPPING,
    FLAG_CALLS_BACK,
    FLAG_NO_CALLBACK,
    OFFER_ANSWERED,
    OFFER_DECLINED,
    STATUS_AVAILABLE,
    STEP_CALLBACK,
    TRANSFER_REQUESTED,
    WRAP_UP_FINISHED,
)
from engine.model.settings import STEPS_MAX, QueueSetting
from simulations.world import alarms
from simulations.world.chance import BALK, CALLBACK, GAP, LONGEST, PATIENCE, TRANSFER, draw, key_of, purpose, uniform
from simulations.world.reactions import arm_next, observe
from simulations.world.recorded import is_recorded, stage_of
from simulations.world.tables import AT_ONCE, SOURCE_NUMBER

CALLED_BACK_MASK: Final = (1 << 32) - 1
"""Of what an arrival carries, all but the trunk group: who is called back comes by none."""


@jit
def fact(w: Any, kind: int, contact: int, queue: int, agent: int, a: int, b: int, flags: int) -> None:
    """Write down a fact of now, where the kernel takes it up."""
    row = w.out[0]
    row.at_ns = w.book[0].now_ns
    row.kind = kind
    row.source = SOURCE_NUMBER
    row.contact = contact
    row.queue = queue
    row.agent = agent
    row.a = a
    row.b = b
    row.flags = flags


@jit
def plan_arrival(w: Any, s: int) -> None:
    """Set the timer of the source's next contact: by its trace, or an exponential gap of so much expected volume."""
    source = w.sources[s]
    at_ns = NEVER_NS
    if source.trace_at < source.trace_last:
        at_ns = w.trace[source.trace_at]
        source.trace_at += 1
    else:
        gap = -math.log(uniform(key_of(source.key, source.number, 0), GAP))
        while source.segment < source.segments_end:
            segment = w.segments[source.segment]
            rate = segment.rate * source.volume
            volume = rate * (segment.until_ns - source.since_ns)
            if gap < volume:
                at_ns = source.since_ns + int(gap / rate)
                source.since_ns = at_ns
                break
            gap -= volume
            source.since_ns = segment.until_ns
            source.segment += 1
    if at_ns == NEVER_NS:
        disarm(w.coming, w.arrivals, s)
    else:
        arm(w.coming, w.arrivals, s, at_ns)


@jit
def arrive(t: Any, w: Any, s: int, number: int, attempt: int) -> None:
    """Let a contact come, and set how long it will wait if it has to."""
    book = w.book[0]
    book.contacts += 1
    if t.book[0].slot_count == 0:
        book.lost += 1
        return
    if is_recorded(w):
        s = w.people[number].source
    source = w.sources[s]
    c = t.slots[t.book[0].slot_head]
    _become(w, c, s, number, attempt)
    if is_recorded(w):
        person = w.people[number]
        fact(w, CONTACT_ARRIVED, c, person.queue, person.agent, person.packed, person.line_ns, person.flags)
    else:
        _arrive_by_chance(t, w, c)
    observe(t, w)
    state = t.contacts[c].state
    if state == CONTACT_WAITING or (state == CONTACT_OFFERED and source.ring >= 0):
        _wait(t, w, c, state == CONTACT_WAITING)


@jit
def _become(w: Any, c: int, s: int, number: int, attempt: int) -> None:
    """Let the slot `c` be that of this attempt of somebody, who has neither talked nor heard it ring."""
    caller = w.callers[c]
    caller.key = key_of(w.sources[s].key, number, attempt)
    caller.source = s
    caller.wants = s
    caller.number = number
    caller.attempt = attempt
    caller.answered_at_ns = 0
    caller.gives_up_ns = NEVER_NS
    caller.offers = 0
    caller.talks = 0
    if is_recorded(w):
        w.people[number].slot = c + 1


@jit
def _arrive_by_chance(t: Any, w: Any, c: int) -> None:
    book, caller = w.book[0], w.callers[c]
    source = w.sources[caller.source]
    flags = source.flags
    if source.callback_share < 1.0 and uniform(caller.key, CALLBACK) >= source.callback_share:
        flags |= FLAG_NO_CALLBACK
    if 0 <= book.interval < len(w.retried):
        if caller.attempt > 0:
            w.retried[book.interval, source.queue] += 1
        if source.trunks > 0:
            w.trunk_calls[book.interval, source.queue] += 1
    packed = source.packed | (_trunk_of(t, w, source) + 1) << 32
    fact(w, CONTACT_ARRIVED, c, source.queue, -1, packed, 0, flags)


@jit
def _call_back(t: Any, w: Any, retrial: Any) -> None:
    """Put a customer who is called back into the queue, in the place in line that was promised, by the kernel's rules:
    the queue that the callback step names. The call goes on where it stood, and waits as long as it takes.
    """
    if t.book[0].slot_count == 0:
        w.book[0].lost += 1
        return
    source = w.sources[retrial.source]
    c = t.slots[t.book[0].slot_head]
    _become(w, c, retrial.source, retrial.number, retrial.attempt)
    w.callers[c].wants = retrial.wants
    w.callers[c].offers = retrial.offers
    w.callers[c].talks = retrial.talks
    packed = w.people[retrial.number].packed & CALLED_BACK_MASK if is_recorded(w) else source.packed
    queue, line_ns = _callback_queue(t, retrial.queue), retrial.line_ns
    fact(w, CONTACT_ARRIVED, c, queue, -1, packed, line_ns, source.flags | FLAG_CALLS_BACK)
    observe(t, w)


@jit
def _callback_queue(t: Any, queue: int) -> int:
    settings = t.queues[queue].settings
    for step in range(STEPS_MAX):
        place = QueueSetting.FIRST_STEP + 3 * step
        if settings[place + 1] == STEP_CALLBACK and settings[place + 2] >= 0:
            return settings[place + 2]
    return queue


@jit
def _trunk_of(t: Any, w: Any, source: Any) -> int:
    """Return the trunk group by which a carrier sends the call: the first that lets it in, by the kernel's rule of who
    may take which channel; else the last.
    """
    g = -1
    for place in range(source.first_trunk, source.first_trunk + source.trunks):
        g = w.trunk_choices[place]
        if room_for(t, g, source.flags) > 0:
            return g
    return g


@jit
def _wait(t: Any, w: Any, c: int, in_line: bool) -> None:
    caller = w.callers[c]
    source = w.sources[caller.wants]
    now_ns = w.book[0].now_ns
    if is_recorded(w):
        patience_ns = w.stages[stage_of(w, c, caller.talks)].patience_ns
        caller.gives_up_ns = NEVER_NS if patience_ns >= LONGEST else now_ns + patience_ns
    elif in_line and _hangs_up(caller, _share_who_hang_up(source)):
        caller.gives_up_ns = now_ns
    else:
        patience_ns = draw(w.distributions, w.samples, source.patience, caller.key, purpose(PATIENCE, caller.talks, 0))
        caller.gives_up_ns = NEVER_NS if patience_ns >= LONGEST else now_ns + int(patience_ns)
    arm_next(w, c)


@jit
def _hangs_up(caller: Any, share: float) -> bool:
    """Tell whether somebody hangs up rather than wait, as such a share does."""
    return share > 0.0 and uniform(caller.key, purpose(BALK, caller.talks, 0)) < share


@jit
def _share_who_hang_up(source: Any) -> float:
    """Return the share of those who hang up at once when they have to wait, or hear that it takes long."""
    if source.announced == 0:
        return source.balk_share
    return 1.0 - (1.0 - source.balk_share) * (1.0 - source.announced_share)


@jit
def answer_first(t: Any, w: Any) -> None:
    """Let the agent answer whose offer is the oldest of those that are answered at once."""
    place = w.book[0].at_once_head & (AT_ONCE - 1)
    w.book[0].at_once_head += 1
    pick_up(t, w, w.at_once[place, 0], w.at_once[place, 1])


@jit
def pick_up(t: Any, w: Any, c: int, a: int) -> None:
    """Let an agent answer, or decline as was recorded, if it still rings there."""
    e = find_engagement(t, c, a)
    if t.contacts[c].state != CONTACT_OFFERED or e < 0:
        return
    if is_recorded(w) and w.declines[e] != 0:
        fact(w, OFFER_DECLINED, c, -1, a, w.declines[e], 0, 0)
    else:
        fact(w, OFFER_ANSWERED, c, -1, a, 0, 0, 0)
    observe(t, w)


@jit
def happen(t: Any, w: Any, subject: int) -> None:
    """Let happen what the timer of `subject` stands for."""
    alarms.disarm(w, subject)
    if subject < len(w.callers):
        _happen_to(t, w, subject)
        return
    subject -= len(w.callers)
    if subject < len(w.retrials):
        retrial = w.retrials[subject]
        retrial.next = w.book[0].retrials_free
        w.book[0].retrials_free = subject + 1
        if retrial.line_ns == 0:
            arrive(t, w, retrial.source, retrial.number, retrial.attempt)
        else:
            _call_back(t, w, retrial)
        return
    subject -= len(w.retrials)
    if subject >= len(w.pick_ups):
        _come_back(t, w, subject - len(w.pick_ups))
        return
    engagement = t.engagements[subject]
    if engagement.state == ENGAGEMENT_WRAPPING:
        fact(w, WRAP_UP_FINISHED, -1, -1, engagement.agent, engagement.arrival_seq, 0, 0)
        observe(t, w)


@jit
def _come_back(t: Any, w: Any, a: int) -> None:
    """Let an agent who is still set aside say to be there again, as at a desk or a phone."""
    if t.agents[a].status == STATUS_AVAILABLE and t.agents[a].suspended_until_ns < 0:
        fact(w, AGENT_STATUS_CHANGED, -1, -1, a, STATUS_AVAILABLE, 0, 0)
        observe(t, w)


@jit
def _happen_to(t: Any, w: Any, c: int) -> None:
    """An agent picks up; or the caller hangs up: after the talk, or before it."""
    caller = w.callers[c]
    if caller.answered_at_ns != 0 and caller.answered_at_ns < caller.gives_up_ns:
        caller.answered_at_ns = 0
        arm_next(w, c)
        pick_up(t, w, c, caller.rings_at)
        return
    state = t.contacts[c].state
    if state == CONTACT_CONNECTED and _goes_on(w, c):
        caller.offers = 0
        refused = w.book[0].refused
        observe(t, w)
        if w.book[0].refused == refused:
            if t.contacts[c].state == CONTACT_WAITING or t.contacts[c].state == CONTACT_OFFERED:
                _wait(t, w, c, False)
            return
        w.book[0].refused = refused  # the other queue lets nobody in: the talk ends here
    if state == CONTACT_CONNECTED:
        fact(w, CONTACT_RELEASED, c, -1, -1, BY_CUSTOMER, 0, 0)
        observe(t, w)
    elif state != CONTACT_FREE:
        _leave(w, c)
        observe(t, w)


@jit
def _goes_on(w: Any, c: int) -> bool:
    """Write down what goes on after the talk, if anything does."""
    caller = w.callers[c]
    if is_recorded(w):
        stage = w.stages[stage_of(w, c, caller.talks - 1)]
        if stage.then == 0 or caller.talks > w.people[caller.number].stages:
            return False
        fact(w, stage.then, c, stage.then_queue, stage.then_agent, 0, 0, stage.then_flags)
        return True
    source = w.sources[caller.wants]
    if source.transfer_share == 0.0 or source.queue == source.transfer_to:
        return False
    if uniform(caller.key, purpose(TRANSFER, caller.talks, 0)) >= source.transfer_share:
        return False
    caller.wants = source.transfer_to
    fact(w, TRANSFER_REQUESTED, c, source.transfer_to, -1, 0, 0, 0)
    return True


@jit
def _leave(w: Any, c: int) -> None:
    """Write down that patience is at its end."""
    kind, how = CONTACT_RELEASED, BY_CUSTOMER
    if is_recorded(w):
        stage = w.stages[stage_of(w, c, w.callers[c].talks)]
        kind, how = stage.leaves_by, stage.leaves_with
    fact(w, kind, c, -1, -1, how, 0, 0)
