"""The compiled world's loop: what is due next happens, the kernel decides, people react. One crossing a replication."""

from typing import Any

from engine.kernel.deadlines import NEVER_NS
from engine.kernel.jit import jit, side_door
from engine.kernel.step import ROOM
from engine.messages.kinds import AGENT_STATES, DEADLINE_PASSED
from simulations.world.changes import FIRST_CHANGE, PERSON_CUT, change
from simulations.world.occurrences import answer_first, arrive, fact, happen, plan_arrival
from simulations.world.reactions import count_crowd, observe


@side_door
def run(t: Any, w: Any) -> bool:
    """Let the world go on, until everybody is gone or it is time to stop (True), or the log buffer is full (False)."""
    book = w.book[0]
    if book.contacts == 0 and book.script == 0:
        for s in range(len(w.sources)):
            plan_arrival(w, s)
    end_ns = book.from_ns + len(w.waits) * book.interval_ns
    quiet_ns = min(end_ns, book.stop_ns)
    while True:
        if len(w.log) > 0 and len(w.log) - book.logged < ROOM:
            return False
        if book.at_once_head != book.at_once_tail and book.same_moment == 0:
            answer_first(t, w)
            continue
        arrival_ns = w.arrivals[w.arrivals[0].order].deadline_ns if w.coming[0].timers > 0 else NEVER_NS
        due_ns = w.timers[0].due_ns if book.timers > 0 else NEVER_NS
        deadline_ns = t.timers[t.timers[0].order].deadline_ns if t.book[0].timers > 0 else NEVER_NS
        script_ns = w.script[book.script].at_ns if book.script < len(w.script) else NEVER_NS
        next_ns = min(min(arrival_ns, due_ns), min(deadline_ns, script_ns))
        if next_ns > quiet_ns and next_ns > (book.stop_ns if _is_anybody_there(t, w) else end_ns):
            break
        book.now_ns = max(book.now_ns, next_ns)
        if book.now_ns >= book.boundary_ns:
            _pass_boundaries(t, w)
        if script_ns == next_ns:
            _follow_script(t, w)
        elif deadline_ns == next_ns:
            fact(w, DEADLINE_PASSED, -1, -1, -1, 0, 0, 0)
            observe(t, w)
        elif due_ns == next_ns:
            happen(t, w, w.timers[0].subject)
        else:
            _arrive_next(t, w)
            if book.lost > 0:
                return True  # the kernel has too little room: to be played again with more
    book.now_ns = max(book.now_ns, end_ns)
    _pass_boundaries(t, w)
    return True


@jit
def _follow_script(t: Any, w: Any) -> None:
    """Let happen what the script says next."""
    line = w.script[w.book[0].script]
    w.book[0].script += 1
    w.book[0].same_moment = line.b if line.kind >= PERSON_CUT else 0
    if line.kind >= FIRST_CHANGE:
        change(t, w, line.kind, line.agent, line.queue, line.contact, line.a)
    else:
        w.out[0] = line
        observe(t, w)


@jit
def _is_anybody_there(t: Any, w: Any) -> bool:
    """Tell whether anybody is there or will be: a contact, a wrap-up, a retrial, an arrival to come."""
    return w.coming[0].timers > 0 or w.book[0].timers > 0 or t.book[0].slot_count < len(t.slots)


@jit
def _arrive_next(t: Any, w: Any) -> None:
    s = w.arrivals[0].order
    number = w.sources[s].number
    w.sources[s].number = number + 1
    plan_arrival(w, s)
    arrive(t, w, s, number, 0)


@jit
def _pass_boundaries(t: Any, w: Any) -> None:
    """Note what agents and trunks have done until each boundary that was passed."""
    book = w.book[0]
    while book.now_ns >= book.boundary_ns and book.interval < len(w.waits):
        at_ns = book.boundary_ns
        book.interval += 1
        book.boundary_ns += book.interval_ns
        _begin_counts(t, w, book.interval)
        _note_states(t, w, book.interval, at_ns)
        for g in range(w.busy_trunks.shape[1]):
            group = t.trunk_groups[g]
            w.busy_trunks[book.interval, g] = group.busy_ns + group.busy * (at_ns - group.busy_at_ns)
        if book.interval < len(w.crowd):
            count_crowd(t, w, book.interval)
    if book.interval >= len(w.waits):
        book.interval = len(w.waits)
        book.boundary_ns = NEVER_NS


@jit
def _begin_counts(t: Any, w: Any, interval: int) -> None:
    """Whoever waits and whatever is busy at the beginning of an interval was there at once in it."""
    if interval < len(w.longest):
        for q in range(w.longest.shape[1]):
            w.longest[interval, q] = t.queues[q].waiting
        for g in range(w.peaks.shape[1]):
            w.peaks[interval, g] = t.trunk_groups[g].busy


@jit
def _note_states(t: Any, w: Any, interval: int, at_ns: int) -> None:
    for a in range(len(w.groups)):
        agent = t.agents[a]
        group = w.groups[a]
        for state in range(AGENT_STATES):
            w.states[interval, group, state] += agent.state_ns[state]
        if agent.state_since_ns > 0:
            w.states[interval, group, agent.state] += at_ns - agent.state_since_ns
