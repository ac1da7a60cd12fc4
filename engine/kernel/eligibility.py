"""Who may serve which line, and who is free to: kept as sets that change only when an agent or a setting does."""

from engine.kernel.deadlines import arm, is_armed
from engine.kernel.jit import jit
from engine.kernel.masks import ONE, ZERO, any_common, has, lowest, put, take
from engine.kernel.subjects import queue_subject
from engine.kernel.tables import PRICE_LEVELS, RINGING_MAX, Tables
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
    STATUS_AVAILABLE,
    STATUS_OFFLINE,
    STATUS_PAUSED,
    VOICE,
)
from engine.model.settings import CONDITIONS_MAX, AgentSetting, ChannelSetting, QueueSetting


@jit
def find_line(t: Tables, queue: int, requirement: int, channel: int) -> int:
    """Return the line of this combination, -1 if there is none yet."""
    line = t.queues[queue].first_line
    while line >= 0:
        entry = t.lines[line]
        if entry.requirement == requirement and entry.channel == channel:
            return line
        line = entry.next_line
    return -1


@jit
def open_line(t: Tables, queue: int, requirement: int, channel: int) -> int:
    """Return the line of this combination, made now if need be; -1 if all lines are in use."""
    line = find_line(t, queue, requirement, channel)
    if line >= 0 or t.book[0].lines >= common_lines(t):
        return line
    line = t.book[0].lines
    t.book[0].lines += 1
    entry = t.lines[line]
    entry.queue = queue
    entry.requirement = requirement
    entry.channel = channel
    entry.next_line = t.queues[queue].first_line
    t.queues[queue].first_line = line
    put(t.line_masks, len(t.agents) + 1, line)
    set_price(t, line)
    for agent in range(len(t.agents)):
        review_line(t, agent, line)
    return line


@jit
def may_serve(t: Tables, agent: int, line: int) -> bool:
    """Tell whether the agent is a member of the line's queue as far as it asks for that, and has the skills."""
    return qualifies(t, agent, t.lines[line].queue, t.lines[line].requirement)


@jit
def qualifies(t: Tables, agent: int, queue: int, requirement: int) -> bool:
    """Tell whether the agent may serve contacts of the queue that ask for this."""
    if t.agents[agent].settings[AgentSetting.EXISTS] == 0:
        return False
    if t.queues[queue].settings[QueueSetting.MEMBERS_ONLY] != 0 and t.memberships[agent, queue] == 0:
        return False
    packed = t.requirements[requirement, 0]
    for _ in range(CONDITIONS_MAX):
        if packed & 0x7FFF:
            if t.skill_levels[agent, ((packed >> 5) & 0x3FF) - 1] < packed & 0x1F:
                return False
        packed >>= 15
    return True


@jit
def review_line(t: Tables, agent: int, line: int) -> None:
    """Bring one agent's place in one line's set up to date."""
    wanted = may_serve(t, agent, line)
    if wanted == has(t.line_masks, agent, line):
        return
    free = has(t.agent_masks, common_lines(t) + t.lines[line].channel, agent)
    if wanted:
        put(t.line_masks, agent, line)
        put(t.agent_masks, line, agent)
        if free:
            _count_idle(t, line, 1)
    else:
        take(t.line_masks, agent, line)
        take(t.agent_masks, line, agent)
        if free:
            _count_idle(t, line, -1)
        watch_line(t, line)


@jit
def watch_line(t: Tables, line: int) -> None:
    """Set a deadline of now for the line's queue if those who wait in it may leave for want of agents."""
    entry = t.lines[line]
    rule = t.queues[entry.queue].settings[QueueSetting.LEAVE_EMPTY]
    if rule == 0 or entry.count == 0 or not is_deserted(t, line, rule):
        return
    subject = queue_subject(t, entry.queue)
    if not is_armed(t.timers, subject):
        arm(t.book, t.timers, subject, t.book[0].now_ns)


@jit
def is_deserted(t: Tables, line: int, rule: int) -> bool:
    """Tell whether nobody who may serve `line` is logged in (rule 1) or available (rule 2)."""
    return not any_common(t.agent_masks, line, common_lines(t) + CHANNELS + (1 if rule == 2 else 0))


@jit
def lacks_agents(t: Tables, queue: int, requirement: int, channel: int, rule: int) -> bool:
    """Tell the same of a line that need not have been opened yet."""
    line = find_line(t, queue, requirement, channel)
    if line >= 0:
        return is_deserted(t, line, rule)
    present = common_lines(t) + CHANNELS + (1 if rule == 2 else 0)
    for agent in range(len(t.agents)):
        if has(t.agent_masks, present, agent) and qualifies(t, agent, queue, requirement):
            return False
    return True


@jit
def review_agent(t: Tables, agent: int) -> None:
    """Bring an agent's place in every line's set up to date, after its skills or memberships changed."""
    for line in range(t.book[0].lines):
        review_line(t, agent, line)


@jit
def review_lines_of(t: Tables, queue: int) -> None:
    """Bring the sets of all lines of a queue up to date, after its rules changed."""
    for line in range(t.book[0].lines):
        if t.lines[line].queue == queue:
            for agent in range(len(t.agents)):
                review_line(t, agent, line)


@jit
def is_free(t: Tables, a: int, channel: int) -> bool:
    """Tell whether the agent can be offered one more contact of this channel now."""
    agent = t.agents[a]
    if agent.status != STATUS_AVAILABLE or agent.suspended_until_ns != 0 or agent.ringing >= RINGING_MAX:
        return False
    if channel == VOICE and agent.settings[AgentSetting.NEEDS_PHONE] != 0 and agent.reachable == 0:
        return False
    if agent.load[channel] >= agent.settings[AgentSetting.CAPACITY + channel]:
        return False
    may_interrupt = t.channel_settings[channel, ChannelSetting.MAY_INTERRUPT]
    for other in range(CHANNELS):
        if other != channel and agent.load[other] > 0 and (may_interrupt >> other) & 1 == 0:
            return False
    return True


@jit
def review_free(t: Tables, a: int) -> None:
    """Bring the sets of free agents and the agent's state up to date, after anything about the agent changed."""
    lines = common_lines(t)
    for channel in range(CHANNELS):
        row = lines + channel
        free = is_free(t, a, channel)
        if free != has(t.agent_masks, row, a):
            if free:
                put(t.agent_masks, row, a)
            else:
                take(t.agent_masks, row, a)
            _count_idle_of(t, a, channel, 1 if free else -1)
    state = _state_of(t, a)
    agent = t.agents[a]
    if state != agent.state:
        lasted_ns = t.book[0].now_ns - agent.state_since_ns
        agent.state_ns[agent.state] += lasted_ns
        if agent.state == AGENT_OFFERED or agent.state == AGENT_BUSY or agent.state == AGENT_WRAPPING:
            agent.busy_ns += t.book[0].now_ns - max(agent.state_since_ns, agent.login_ns)
        agent.state = state
        agent.state_since_ns = t.book[0].now_ns


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
    if agent.settings[AgentSetting.NEEDS_PHONE] != 0 and agent.reachable == 0:
        return AGENT_UNREACHABLE
    return AGENT_IDLE


@jit
def _count_idle_of(t: Tables, agent: int, channel: int, step: int) -> None:
    for place in range(t.line_masks.shape[1]):
        word = t.line_masks[agent, place]
        while word != ZERO:
            line = (place << 6) + lowest(word)
            word &= word - ONE
            if t.lines[line].channel == channel:
                _count_idle(t, line, step)


@jit
def _count_idle(t: Tables, line: int, step: int) -> None:
    entry = t.lines[line]
    entry.idle += step
    set_price(t, line)
    short = len(t.agents) + 1
    if entry.idle == PRICE_LEVELS:
        take(t.line_masks, short, line)
    elif entry.idle == PRICE_LEVELS - 1:
        put(t.line_masks, short, line)


@jit
def set_price(t: Tables, line: int) -> None:
    """Look up what taking one of the line's idle agents costs, now that their count or the prices changed."""
    entry = t.lines[line]
    t.line_prices[line] = t.prices[entry.queue, min(max(entry.idle, 1), PRICE_LEVELS - 1)]
