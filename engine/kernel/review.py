"""Keeping the sets of who may serve which line, and of who is free, up to date: after an agent or a setting changed."""

from engine.kernel.deadlines import arm, is_armed
from engine.kernel.eligibility import comes, has_phone, is_deserted, is_free, may_serve
from engine.kernel.erlang import level_of
from engine.kernel.jit import jit
from engine.kernel.lookup import find_line, is_oldest, room_for_line
from engine.kernel.marks import put, take
from engine.kernel.masks import ONE, ZERO, has, lowest
from engine.kernel.pools import mixed, pool_again
from engine.kernel.subjects import queue_subject
from engine.kernel.tables import FREE_LEVELS, Tables
from engine.kernel.waiting_line import common_lines
from engine.messages.kinds import (
    AGENT_BUSY,
    AGENT_IDLE,
    AGENT_NOT_RESPONDING,
    AGENT_OFFERED,
    AGENT_OFFLINE,
    AGENT_PAUSED,
    AGENT_UNREACHABLE,
    AGENT_WRAPPING,
    CHANNELS,
    STATUS_OFFLINE,
    STATUS_PAUSED,
)
from engine.model.settings import AgentSetting, QueueSetting


@jit
def open_line(t: Tables, queue: int, requirement: int, channel: int) -> int:
    """Return the line of this combination, made now if need be; -1 if all lines are in use.

    Where all places are taken, a line that is kept open for nobody makes room.
    """
    line = find_line(t, queue, requirement, channel)
    if line >= 0:
        return line
    line = room_for_line(t)
    if line < 0:
        return line
    if line < t.book[0].lines:
        _give_back(t, line)
    else:
        t.book[0].lines += 1
    entry = t.lines[line]
    entry.queue = queue
    entry.requirement = requirement
    entry.channel = channel
    entry.next_line = t.queues[queue].first_line
    t.queues[queue].first_line = line
    if is_oldest(t, line):
        put(t.line_masks, len(t.agents) + 1, line)
    set_price(t, line)
    for agent in range(len(t.agents)):
        _review_line(t, agent, line)
    if is_oldest(t, line):
        _pool_all_again(t)
    return line


@jit
def hold_line(t: Tables, c: int) -> int:
    """Keep the contact's line in its queue open for it, and no other; return it. There must be room for it."""
    let_go_of_line(t, c)
    contact = t.contacts[c]
    line = open_line(t, contact.queue, contact.requirement, contact.channel)
    contact.held_line = line
    t.lines[line].holders += 1
    return line


@jit
def let_go_of_line(t: Tables, c: int) -> None:
    """No line needs to be kept open for the contact any more."""
    contact = t.contacts[c]
    if contact.held_line >= 0:
        t.lines[contact.held_line].holders -= 1
        contact.held_line = -1


@jit
def _give_back(t: Tables, line: int) -> None:
    """Close a line in which nobody waits. If it was its queue's oldest, the one after it has the prices now."""
    entry, short = t.lines[line], len(t.agents) + 1
    t.book[0].line_given_back = line
    for place in range(t.agent_masks.shape[1]):
        word = t.agent_masks[line, place]
        t.agent_masks[line, place] = ZERO
        t.apt_masks[line, place] = ZERO
        while word != ZERO:
            take(t.line_masks, (place << 6) + lowest(word), line)
            take(t.apt_lines, (place << 6) + lowest(word), line)
            word &= word - ONE
    take(t.line_masks, short, line)
    was_oldest, before = is_oldest(t, line), -1
    following = t.queues[entry.queue].first_line
    while following != line:
        before = following
        following = t.lines[following].next_line
    if before < 0:
        t.queues[entry.queue].first_line = entry.next_line
    else:
        t.lines[before].next_line = entry.next_line
        if is_oldest(t, before):
            set_price(t, before)
            if t.lines[before].apt_idle < FREE_LEVELS:
                put(t.line_masks, short, before)
    if was_oldest:
        _pool_all_again(t)
    entry.slots = 0
    entry.crew = 0
    entry.idle = 0
    entry.apt_idle = 0


@jit
def _review_line(t: Tables, agent: int, line: int) -> None:
    """Bring one agent's place in one line's set up to date."""
    wanted = may_serve(t, agent, line)
    if wanted == has(t.line_masks, agent, line):
        return
    sign = 1 if wanted else -1
    channel = t.lines[line].channel
    if wanted:
        put(t.line_masks, agent, line)
        put(t.agent_masks, line, agent)
        make_apt(t, agent, line)
    else:
        take(t.line_masks, agent, line)
        take(t.agent_masks, line, agent)
        watch_line(t, line)
    _count_crew(t, agent, line, sign * t.agents[agent].slots[channel])
    _count_idle(t, agent, line, sign * t.agents[agent].free_slots[channel])
    if not wanted:
        make_inapt(t, agent, line)


@jit
def make_apt(t: Tables, agent: int, line: int) -> None:
    """Count the agent among those who are apt for the line."""
    put(t.apt_masks, line, agent)
    put(t.apt_lines, agent, line)


@jit
def make_inapt(t: Tables, agent: int, line: int) -> None:
    """Count the agent no more among those who are apt for the line."""
    take(t.apt_masks, line, agent)
    take(t.apt_lines, agent, line)


@jit
def watch_line(t: Tables, line: int) -> None:
    """Set a deadline of now for the line's queue if those who wait in it may leave for want of agents."""
    entry = t.lines[line]
    rule = t.queues[entry.queue].settings[QueueSetting.LEAVE_EMPTY]
    if rule == 0 or entry.count == entry.promised or not is_deserted(t, line, rule):
        return
    subject = queue_subject(t, entry.queue)
    if not is_armed(t.timers, subject):
        arm(t.book, t.timers, subject, t.book[0].now_ns)


@jit
def review_agent(t: Tables, agent: int) -> None:
    """Bring an agent's place in every line's set up to date, after its skills or memberships changed."""
    for line in range(t.book[0].lines):
        _review_line(t, agent, line)
    pool_again(t, agent)


@jit
def review_lines_of(t: Tables, queue: int) -> None:
    """Bring the sets of all lines of a queue up to date, after its rules changed."""
    for line in range(t.book[0].lines):
        if t.lines[line].queue == queue:
            for agent in range(len(t.agents)):
                _review_line(t, agent, line)
    _pool_all_again(t)


@jit
def _pool_all_again(t: Tables) -> None:
    for agent in range(len(t.agents)):
        pool_again(t, agent)


@jit
def review_state(t: Tables, a: int) -> int:
    """Bring the agent's state up to date, after its engagements went on; return it. That is all there is to do where it
    holds as many contacts as before, and not fewer ring than could.
    """
    agent = t.agents[a]
    state = _state_of(t, a)
    if state != agent.state:
        lasted_ns = t.book[0].now_ns - agent.state_since_ns
        agent.state_ns[agent.state] += lasted_ns
        if agent.state == AGENT_OFFERED or agent.state == AGENT_BUSY or agent.state == AGENT_WRAPPING:
            agent.busy_ns += t.book[0].now_ns - max(agent.state_since_ns, agent.login_ns)
        agent.state = state
        agent.state_since_ns = t.book[0].now_ns
    return state


@jit
def review_free(t: Tables, a: int) -> None:
    """Bring the sets of free agents, the agent's slots and its state up to date, after anything about it changed."""
    agent = t.agents[a]
    review_state(t, a)
    if agent.status != STATUS_OFFLINE and t.agent_pools[a] < 0:
        pool_again(t, a)
    for channel in range(CHANNELS):
        row = common_lines(t) + channel
        capacity = agent.settings[AgentSetting.CAPACITY + channel]
        if capacity == 0 and agent.slots[channel] == 0 and agent.free_slots[channel] == 0:
            continue  # not on this channel, nor before
        slots, free_slots = 0, 0
        if comes(t, a, channel):
            slots = capacity
        if is_free(t, a, channel):
            free_slots = capacity - agent.load[channel]
            if agent.free_slots[channel] == 0:
                put(t.agent_masks, row, a)
        elif agent.free_slots[channel] != 0:
            take(t.agent_masks, row, a)
        more, more_free = slots - agent.slots[channel], free_slots - agent.free_slots[channel]
        if more != 0 or more_free != 0:
            agent.slots[channel] = slots
            agent.free_slots[channel] = free_slots
            _count_slots(t, a, channel, more, more_free)


@jit
def _state_of(t: Tables, a: int) -> int:
    agent = t.agents[a]
    if agent.connected > 0:
        return AGENT_BUSY
    if agent.ringing > 0:
        return AGENT_OFFERED
    if agent.wrapping > 0:
        return AGENT_WRAPPING
    if agent.status == STATUS_OFFLINE:
        return AGENT_OFFLINE
    if agent.status == STATUS_PAUSED:
        return AGENT_PAUSED
    if agent.suspended_until_ns != 0:
        return AGENT_NOT_RESPONDING
    return AGENT_IDLE if has_phone(t, a) else AGENT_UNREACHABLE


@jit
def _count_slots(t: Tables, agent: int, channel: int, more: int, more_free: int) -> None:
    for place in range(t.line_masks.shape[1]):
        word = t.line_masks[agent, place]
        while word != ZERO:
            line = (place << 6) + lowest(word)
            word &= word - ONE
            if t.lines[line].channel == channel:
                if more != 0:
                    _count_crew(t, agent, line, more)
                if more_free != 0:
                    _count_idle(t, agent, line, more_free)


@jit
def _count_crew(t: Tables, agent: int, line: int, more: int) -> None:
    t.lines[line].slots += more
    t.lines[line].crew += more * mark_of(agent)


@jit
def mark_of(agent: int) -> int:
    """Return by what a slot of the agent counts in a line's crew: so other agents with as many slots are told apart."""
    return mixed(int(agent) + 1, 0x45D9F3B)


@jit
def _count_idle(t: Tables, agent: int, line: int, more: int) -> None:
    t.lines[line].idle += more
    if has(t.apt_lines, agent, line):
        count_apt(t, line, more)


@jit
def count_apt(t: Tables, line: int, more: int) -> None:
    """So many more free slots of apt agents: look up the line's price, and whether it is short of them."""
    entry = t.lines[line]
    was_short = entry.apt_idle < FREE_LEVELS
    entry.apt_idle += more
    if not is_oldest(t, line):
        return
    set_price(t, line)
    is_short = entry.apt_idle < FREE_LEVELS
    if was_short and not is_short:
        take(t.line_masks, len(t.agents) + 1, line)
    elif is_short and not was_short:
        put(t.line_masks, len(t.agents) + 1, line)


@jit
def set_price(t: Tables, line: int) -> None:
    """Look up what taking one of the free slots of a queue's oldest line costs, now that its slack or the prices
    changed: for each ns that it is taken, so that a longer talk costs more. Unless somebody asks for prices, nothing.
    """
    if t.book[0].priced_by == 0:
        return
    price = t.prices[t.lines[line].queue, level_of(t, line)] if is_oldest(t, line) else 0.0
    t.line_prices[line] = price * t.queues[t.lines[line].queue].handling_rate
