"""Who may serve which line, and who is free to. `review` keeps the answers as sets."""

from engine.kernel.jit import jit
from engine.kernel.lookup import find_line
from engine.kernel.masks import any_common, has
from engine.kernel.tables import RINGING_MAX, Tables
from engine.kernel.waiting_line import common_lines
from engine.messages.kinds import CHANNELS, STATUS_AVAILABLE, VOICE
from engine.model.settings import CONDITIONS_MAX, AgentSetting, ChannelSetting, QueueSetting


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
def level_in(t: Tables, requirement: int, a: int) -> int:
    """Return the agent's levels in the skills that a requirement asks for, added up."""
    total = 0
    packed = t.requirements[requirement, 0]
    for _ in range(CONDITIONS_MAX):
        if packed & 0x7FFF:
            total += int(t.skill_levels[a, ((packed >> 5) & 0x3FF) - 1])
        packed >>= 15
    return total


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
def has_phone(t: Tables, a: int) -> bool:
    """Tell whether calls can ring at the agent: at a phone that is registered, or at none that is asked for."""
    agent = t.agents[a]
    return agent.settings[AgentSetting.NEEDS_PHONE] == 0 or agent.reachable != 0


@jit
def comes(t: Tables, a: int, channel: int) -> bool:
    """Tell whether the agent takes contacts of this channel: at once, or once it has finished what it has in hand."""
    agent = t.agents[a]
    if agent.status != STATUS_AVAILABLE or agent.suspended_until_ns != 0:
        return False
    return channel != VOICE or has_phone(t, a)


@jit
def is_free(t: Tables, a: int, channel: int) -> bool:
    """Tell whether the agent can be offered one more contact of this channel now."""
    agent = t.agents[a]
    if not comes(t, a, channel) or agent.ringing >= RINGING_MAX:
        return False
    if agent.load[channel] >= agent.settings[AgentSetting.CAPACITY + channel]:
        return False
    may_interrupt = t.channel_settings[channel, ChannelSetting.MAY_INTERRUPT]
    for other in range(CHANNELS):
        if other != channel and agent.load[other] > 0 and (may_interrupt >> other) & 1 == 0:
            return False
    return True


@jit
def slots_for(t: Tables, queue: int, requirement: int, channel: int) -> tuple[int, int]:
    """Return how many contacts of this kind those at work can hold at once, and how many more could be offered now: an
    agent who takes three chats counts as three, and with one chat as two free ones.
    """
    line = find_line(t, queue, requirement, channel)
    if line >= 0:
        return t.lines[line].slots, t.lines[line].idle
    slots, free_slots = 0, 0
    for agent in range(len(t.agents)):
        if t.agents[agent].slots[channel] != 0 and qualifies(t, agent, queue, requirement):
            slots += t.agents[agent].slots[channel]
            free_slots += t.agents[agent].free_slots[channel]
    return slots, free_slots
