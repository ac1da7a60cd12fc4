"""Who may serve what: the same conditions that routing applies, as masks over all agents."""

import msgspec
import numpy as np

from engine.kernel.tables import Array, Tables
from engine.messages.kinds import (
    AGENT_STATES,
    CHANNELS,
    STATUS_AVAILABLE,
    STATUS_OFFLINE,
    VOICE,
)
from engine.model.settings import CONDITIONS_MAX, AgentSetting, QueueSetting


class Condition(msgspec.Struct, frozen=True):
    """One skill, at least at this level."""

    skill: int
    level: int


def conditions(t: Tables, requirement: int) -> list[Condition]:
    """Unpack requirement number `requirement`; -1 asks for nothing."""
    if requirement < 0:
        return []
    packed = int(t.requirements[requirement, 0])
    fields = (packed >> 15 * place & 0x7FFF for place in range(CONDITIONS_MAX))
    return [Condition((field >> 5) - 1, field & 31) for field in fields if field >> 5]


def configured(t: Tables) -> Array:
    """Return the mask of agents that exist."""
    exists: Array = t.agents["settings"][:, AgentSetting.EXISTS] == 1
    return exists


def skilled(t: Tables, requirement: int) -> Array:
    """Return the mask of agents who fulfil a requirement."""
    mask = np.ones(len(t.agents), bool)
    for condition in conditions(t, requirement):
        mask &= t.skill_levels[:, condition.skill] >= condition.level
    return mask


def member(t: Tables, queue: int) -> Array:
    """Return the mask of agents whom membership does not keep from a queue."""
    if t.queues["settings"][queue, QueueSetting.MEMBERS_ONLY]:
        members: Array = t.memberships[:, queue] > 0
        return members
    return np.ones(len(t.agents), bool)


def eligible(t: Tables, queue: int, channel: int | None = None) -> Array:
    """Return the mask of agents who could ever serve a queue: skilled, members, and taking the channel at all.

    `channel`: that of the contacts; None: the queue's own.
    """
    settings = t.queues["settings"][queue]
    of_contacts = int(settings[QueueSetting.CHANNEL]) if channel is None else channel
    takes: Array = t.agents["settings"][:, AgentSetting.CAPACITY + of_contacts] > 0
    return configured(t) & takes & member(t, queue) & skilled(t, int(settings[QueueSetting.REQUIREMENT]))


def alike(t: Tables, queue: int) -> tuple[int, ...]:
    """Return what decides who is eligible for a queue: those that have it in common have the same agents."""
    settings = t.queues["settings"][queue]
    if settings[QueueSetting.MEMBERS_ONLY]:
        return (queue,)
    return int(settings[QueueSetting.CHANNEL]), int(settings[QueueSetting.REQUIREMENT])


def states_of(t: Tables, mask: Array) -> Array:
    """Count the masked agents by state, shape (AGENT_STATES,)."""
    return np.bincount(t.agents["state"][mask], minlength=AGENT_STATES)


def logged_in(t: Tables) -> Array:
    """Return the mask of agents whose status is not offline."""
    mask: Array = t.agents["status"] != STATUS_OFFLINE
    return mask


def phone_lost(t: Tables) -> Array:
    """Return the mask of agents who need a phone that is not registered."""
    mask: Array = (t.agents["settings"][:, AgentSetting.NEEDS_PHONE] == 1) & (t.agents["reachable"] == 0)
    return mask


def at_work(t: Tables) -> Array:
    """Return who can come on each channel, shape (agents, CHANNELS): at once, or once they finished what is in hand.

    The status alone tells: who is to pause or signed out takes nothing more, however long what they serve goes on.
    Nor does who is set aside for offers not answered; and no call rings at a phone that is not registered.
    """
    comes = (t.agents["status"] == STATUS_AVAILABLE) & (t.agents["suspended_until_ns"] == 0)
    mask = np.repeat(comes[:, None], CHANNELS, axis=1)
    mask[phone_lost(t), VOICE] = False
    return mask
