"""What people do about what the kernel decided: pick up, talk, hang up, give up, call again."""

from typing import Any

from engine.kernel.deadlines import NEVER_NS
from engine.kernel.jit import jit
from engine.kernel.lookup import find_engagement
from engine.kernel.step import conclude
from engine.messages.exits import IS_LOST
from engine.messages.kinds import (
    AGENT_SUSPENDED,
    CONTACT_ANSWERED,
    CONTACT_ENDED,
    CONTACT_LEFT,
    CONTACT_OFFERED,
    CONTACT_QUEUED,
    CONTACT_RECEIVED,
    CONTACT_WAITING,
    ENGAGEMENT_OFFERED,
    EXIT_CALLBACK,
    FACT_REFUSED,
    FLAG_CLOSES,
    OFFER_ENDED,
    OFFER_MADE,
    WRAP_UP_ENDED,
    WRAP_UP_STARTED,
)
from simulations.world.alarms import arm, disarm
from simulations.world.chance import HANDLE, NO_ANSWER, RETRY, RETRY_AFTER, RING, WRAP_UP, draw, purpose, uniform
from simulations.world.recorded import is_recorded, name_contact, note_answered, note_left, stage_of
from simulations.world.tables import AT_ONCE, IN_VAIN, PICKS_UP, RINGS_ON
from simulations.world.waits import wait_bin
from simulations.world.work import begin_work, set_paces


@jit
def observe(t: Any, w: Any) -> None:
    """Give the fact in w.out[0] to the kernel, and let people react to what it decides."""
    t.book[0].produced = 0
    conclude(t, w.out)
    produced = t.book[0].produced
    w.book[0].rows += produced
    if len(w.log) > 0:
        logged = w.book[0].logged
        for place in range(produced):
            w.log[logged + place] = w.out[place]
            name_contact(w, w.log[logged + place])
        w.book[0].logged = logged + produced
    for place in range(1, produced):
        _react(t, w, w.out[place])


@jit
def _react(t: Any, w: Any, row: Any) -> None:
    kind = row.kind
    if kind == OFFER_MADE:
        _ring(t, w, row.contact, row.agent)
    elif kind == CONTACT_ANSWERED:
        _answer(t, w, row)
    elif kind == CONTACT_QUEUED:
        w.callers[row.contact].line_ns = row.a
        _count_waiting(t, w, row.queue)
    elif kind == CONTACT_ENDED:
        w.book[0].ended = row.contact
        disarm(w, row.contact)
        if t.agents[row.agent].connected > 0:
            set_paces(t, w, row.agent)
    elif kind == CONTACT_LEFT:
        if row.flags & FLAG_CLOSES:
            disarm(w, row.contact)
            if is_recorded(w):
                note_left(w, row)
            if row.a == EXIT_CALLBACK:
                _owe_callback(w, row)
            else:
                _call_again(w, row)
    elif kind == OFFER_ENDED:
        w.book[0].missed = w.callers[row.contact].wants
        _stop_ringing(t, w, row.contact, row.agent)
    elif kind == AGENT_SUSPENDED:
        _set_aside(w, row)
    elif kind == CONTACT_RECEIVED:
        _count_busy(t, w, row.a)
    elif kind == WRAP_UP_STARTED:
        _wrap_up(w, row)
    elif kind == WRAP_UP_ENDED:
        disarm(w, len(w.callers) + len(w.retrials) + row.a)
    elif kind == FACT_REFUSED:
        w.book[0].refused += 1


@jit
def _count_waiting(t: Any, w: Any, queue: int) -> None:
    interval = w.book[0].interval
    if 0 <= interval < len(w.longest):
        w.longest[interval, queue] = max(w.longest[interval, queue], t.queues[queue].waiting)
        w.book[0].crowd_spare -= 1
        if w.book[0].crowd_spare < 0:
            count_crowd(t, w, interval)


@jit
def count_crowd(t: Any, w: Any, interval: int) -> None:
    """Look how many wait at once in all queues; not again before so many came as could make it more than ever."""
    waiting = 0
    for q in range(w.longest.shape[1]):
        waiting += t.queues[q].waiting
    w.crowd[interval] = max(w.crowd[interval], waiting)
    w.book[0].crowd_spare = w.crowd[interval] - waiting


@jit
def _count_busy(t: Any, w: Any, g: int) -> None:
    interval = w.book[0].interval
    if 0 <= interval < len(w.peaks):
        w.peaks[interval, g] = max(w.peaks[interval, g], t.trunk_groups[g].busy)


@jit
def _stop_ringing(t: Any, w: Any, c: int, a: int) -> None:
    state = t.contacts[c].state
    if w.callers[c].rings_at == a:
        _find_who_answers(t, w, c)
    if state == CONTACT_WAITING or state == CONTACT_OFFERED:
        arm_next(w, c)


@jit
def _set_aside(w: Any, row: Any) -> None:
    """Who gets no more offers until the status is chosen anew, having not answered so often, chooses it after a while;
    unless the script says when.
    """
    now_ns = w.book[0].now_ns
    if row.a == 0 and now_ns >= w.returns_ns[row.agent]:
        subject = len(w.callers) + len(w.retrials) + len(w.pick_ups) + row.agent
        arm(w, subject, now_ns + w.sources[w.book[0].missed].back_after_ns)


@jit
def arm_next(w: Any, c: int) -> None:
    """Set the timer of a caller who waits: until somebody picks up, or patience ends."""
    caller = w.callers[c]
    due_ns = caller.gives_up_ns
    if caller.answered_at_ns != 0:
        due_ns = min(due_ns, caller.answered_at_ns)
    if due_ns == NEVER_NS:
        disarm(w, c)
    else:
        arm(w, c, due_ns)


@jit
def _find_who_answers(t: Any, w: Any, c: int) -> None:
    """Find who will be the first to pick up, of those at whom the contact rings."""
    caller, e = w.callers[c], t.contacts[c].engagement
    caller.answered_at_ns = 0
    while e >= 0:
        answers_ns = w.pick_ups[e] if t.engagements[e].state == ENGAGEMENT_OFFERED else 0
        # Of several at once the one at whom it began to ring first, who stands last.
        if answers_ns != 0 and (caller.answered_at_ns == 0 or answers_ns <= caller.answered_at_ns):
            caller.answered_at_ns = answers_ns
            caller.rings_at = t.engagements[e].agent
        e = t.engagements[e].next_of_contact


@jit
def _ring(t: Any, w: Any, c: int, a: int) -> None:
    caller = w.callers[c]
    source = w.sources[caller.wants]
    if is_recorded(w):
        _ring_as_recorded(t, w, c, a)
        return
    if source.ring < 0:
        _answer_at_once(w, c, a)
        return
    caller.offers += 1
    missed = purpose(NO_ANSWER, caller.talks, caller.offers)
    if source.no_answer_share > 0.0 and uniform(caller.key, missed) < source.no_answer_share:
        _ring_in_vain(t, w, c, a)
        return
    rings = purpose(RING, caller.talks, caller.offers)
    _ring_for(t, w, c, a, int(draw(w.distributions, w.samples, source.ring, caller.key, rings)))


@jit
def _answer_at_once(w: Any, c: int, a: int) -> None:
    place = w.book[0].at_once_tail & (AT_ONCE - 1)
    w.at_once[place, 0] = c
    w.at_once[place, 1] = a
    w.book[0].at_once_tail += 1


@jit
def _ring_as_recorded(t: Any, w: Any, c: int, a: int) -> None:
    caller = w.callers[c]
    stage = w.stages[stage_of(w, c, caller.talks)]
    rings_ns, how = stage.ring_ns, PICKS_UP
    if caller.offers < stage.offers:
        offer = w.offers[stage.first_offer + caller.offers]
        rings_ns, how = offer.after_ns, offer.how
    caller.offers += 1
    if how == RINGS_ON:
        rings_ns += stage.ring_ns + 1
    e = find_engagement(t, c, a)
    if e >= 0:
        w.declines[e] = max(how, 0)
    if rings_ns == IN_VAIN:
        _ring_in_vain(t, w, c, a)
    elif rings_ns == 0 and how == PICKS_UP:
        _answer_at_once(w, c, a)
    else:
        _ring_for(t, w, c, a, rings_ns)


@jit
def _ring_for(t: Any, w: Any, c: int, a: int, rings_ns: int) -> None:
    """Let it ring at the agent for so long, and find anew who will be the first: several may ring."""
    e = find_engagement(t, c, a)
    if e >= 0:
        w.pick_ups[e] = w.book[0].now_ns + rings_ns
        _find_who_answers(t, w, c)
        arm_next(w, c)


@jit
def _ring_in_vain(t: Any, w: Any, c: int, a: int) -> None:
    e = find_engagement(t, c, a)
    if e >= 0:
        # Who rang here before may have been to pick up at some time, for which the timer was set.
        w.pick_ups[e] = 0
        _find_who_answers(t, w, c)
        arm_next(w, c)


@jit
def _answer(t: Any, w: Any, row: Any) -> None:
    c = row.contact
    caller = w.callers[c]
    source = w.sources[caller.wants]
    caller.answered_at_ns = 0
    caller.gives_up_ns = 0
    if is_recorded(w):
        note_answered(w, row)
        caller.talks += 1
        begin_work(t, w, c, row.agent, float(w.stages[stage_of(w, c, caller.talks - 1)].talk_ns))
        return
    talk_ns = draw(w.distributions, w.samples, source.handle, caller.key, purpose(HANDLE, caller.talks, 0))
    caller.talks += 1
    begin_work(t, w, c, row.agent, talk_ns * _pace_of(w, row.agent, caller.wants) * _talk_factor(w))
    interval = _interval_of(w, w.book[0].now_ns - row.a)
    if 0 <= interval < len(w.waits):
        w.waits[interval, row.queue, wait_bin(row.a)] += 1


@jit
def _pace_of(w: Any, a: int, source: int) -> float:
    """Return how many times as long as others the agent takes for these contacts, where the agent works now."""
    return w.speeds[a, source] * w.home_factors[a]


@jit
def _interval_of(w: Any, at_ns: int) -> int:
    """Return the number of the interval of an instant, mostly the one under way; below 0 is before the first."""
    book = w.book[0]
    if book.boundary_ns != NEVER_NS and at_ns >= book.boundary_ns - book.interval_ns:
        return int(book.interval)
    return int((at_ns - book.from_ns) // book.interval_ns)


@jit
def _talk_factor(w: Any) -> float:
    for place in range(len(w.talk_factors)):
        if w.book[0].now_ns < w.talk_factors[place].until_ns:
            return w.talk_factors[place].rate
    return 1.0


@jit
def _wrap_up(w: Any, row: Any) -> None:
    c = w.book[0].ended
    if is_recorded(w):
        stage = w.stages[stage_of(w, c, w.callers[c].talks - 1)]
        if row.a != 0 and stage.wraps_early == 0:
            return
        lasts_ns = float(stage.wrap_up_ns)
    elif row.a != 0:
        return
    else:
        wraps_up = purpose(WRAP_UP, w.callers[c].talks - 1, 0)
        lasts_ns = draw(w.distributions, w.samples, w.sources[row.queue].wrap_up, w.callers[c].key, wraps_up)
        lasts_ns *= _pace_of(w, row.agent, row.queue)
    arm(w, len(w.callers) + len(w.retrials) + row.b, w.book[0].now_ns + int(lasts_ns))


@jit
def _call_again(w: Any, row: Any) -> None:
    """Whoever was lost tries again later, perhaps: who gave up, who did not get in, whom the queue hung up on."""
    caller = w.callers[row.contact]
    source = w.sources[caller.source]
    if source.retry_share == 0.0 or not IS_LOST[row.a]:
        return
    if uniform(caller.key, RETRY) >= source.retry_share:
        return
    after_ns = draw(w.distributions, w.samples, source.retry_after, caller.key, RETRY_AFTER)
    come_again(w, caller, caller.attempt + 1, 0, -1, w.book[0].now_ns + int(after_ns))


@jit
def _owe_callback(w: Any, row: Any) -> None:
    """Who left for a callback comes back at once, in the place that was given up; the same call, by its chance."""
    caller = w.callers[row.contact]
    come_again(w, caller, caller.attempt, caller.line_ns, row.queue, w.book[0].now_ns)


@jit
def come_again(w: Any, caller: Any, attempt: int, line_ns: int, queue: int, at_ns: int) -> None:
    """Let somebody come again: as another attempt, or (with a place in line) called back."""
    book = w.book[0]
    place = book.retrials_free - 1
    if place >= 0:
        book.retrials_free = w.retrials[place].next
    elif book.retrials_used < len(w.retrials):
        place = book.retrials_used
        book.retrials_used += 1
    else:
        book.not_retried += 1
        return
    retrial = w.retrials[place]
    retrial.source = caller.source
    retrial.number = caller.number
    retrial.attempt = attempt
    retrial.line_ns = line_ns
    retrial.queue = queue
    retrial.wants = caller.wants
    retrial.offers = caller.offers
    retrial.talks = caller.talks
    arm(w, len(w.callers) + place, at_ns)
