"""The kernel's settings, as numbered columns of int64: what SETTING_CHANGED rows write and `config` compiles to.

A setting is observed like everything else, so replay sees each change where it happened. Column numbers are part of the
file format: never reused, never renumbered. Each enum's members name the column; the docstring under it gives unit and
meaning. The defaults are what a table holds before its first SETTING_CHANGED.
"""

from enum import IntEnum
from typing import Final

SECOND_NS: Final = 1_000_000_000
STRICT_CREDIT_NS: Final = 1_000_000_000_000_000
"""A head start of eleven days: in practice, strict priority."""
STEPS_MAX: Final = 6
"""Timed steps a queue may have; contact centres use two or three, Genesys allows six."""
PRIORITIES: Final = 8
"""Priorities 0 (default) to 7 (most urgent)."""
SKILLS_MAX: Final = 256
CONDITIONS_MAX: Final = 4
"""Skill conditions in one requirement."""
LEVEL_MAX: Final = 10
WRAP_UP_BY_AGENT: Final = -1
"""Wrap-up that lasts until the agent ends it."""
INHERIT: Final = -2
"""The agent's setting follows the queue's."""


class QueueSetting(IntEnum):
    """Columns of a queue."""

    STRATEGY = 0
    """A strategy number of messages.kinds."""
    RING_LIMIT_NS = 1
    """How long an offer may ring."""
    WRAP_UP_NS = 2
    """Wrap-up after each contact; 0 none, WRAP_UP_BY_AGENT until the agent ends it."""
    MAX_LENGTH = 3
    """Waiting contacts beyond which an arrival is refused or goes to FULL_TARGET; 0: no limit of its own."""
    THRESHOLD_NS = 4
    """Service-level threshold T: answered within means waited <= T."""
    SHORT_ABANDON_NS = 5
    """An abandonment after at most this wait is a short abandonment."""
    PRIORITY_CREDIT_NS = 6
    """Head start in line that each priority step is worth; STRICT_CREDIT_NS makes priority absolute (no ageing)."""
    QUEUE_CREDIT_NS = 7
    """Head start that this queue's contacts have over other queues' when one agent serves both."""
    JOIN_EMPTY = 8
    """0 always join; 1 only if somebody is logged in; 2 only if somebody is available (not paused)."""
    LEAVE_EMPTY = 9
    """0 never leave; 1 leave when nobody is logged in any more; 2 leave when nobody is available."""
    REQUIREMENT = 10
    """Requirement number of a contact that brings none."""
    OPEN = 11
    """1 open, 0 closed."""
    FULL_TARGET = 12
    """Queue an arrival goes to when this one is full; -1: refused."""
    EMPTY_TARGET = 13
    """Queue a contact goes to when this one is empty of agents; -1: refused or leaves."""
    CLOSED_TARGET = 14
    """Queue an arrival goes to when this one is closed; -1: refused."""
    PREFERRED_WAIT_NS = 15
    """How long a contact waits for its own busy agent before anybody may serve it."""
    VALUE = 16
    """Cost of losing one contact, in thousandths; the erlang strategy weighs queues by it."""
    CHANNEL = 17
    """Channel the queue serves: for reports; contacts bring their own."""
    MEMBERS_ONLY = 18
    """1: only agents with a membership; 0: any agent who fulfils the requirement."""
    RING_ALL_LIMIT = 19
    """Agents that ring-all rings at once."""
    FIRST_STEP = 20
    """From here STEPS_MAX triples: after (ns since entry), action STEP_*, target (queue number)."""
    HOLD_BACK_NS = 38
    """Wait up to which the erlang strategy may keep a free agent from a contact for dearer queues; 0: never."""

    IDLE_LIMIT_NS = 39
    """Silence of a chat's customer, while no line of theirs waits for an answer, after which it ends; 0: never."""


QUEUE_COLUMNS: Final = QueueSetting.IDLE_LIMIT_NS + 1
QUEUE_DEFAULTS: Final[dict[int, int]] = {
    QueueSetting.RING_LIMIT_NS: 20 * SECOND_NS,
    QueueSetting.THRESHOLD_NS: 20 * SECOND_NS,
    QueueSetting.SHORT_ABANDON_NS: 5 * SECOND_NS,
    QueueSetting.PRIORITY_CREDIT_NS: STRICT_CREDIT_NS,
    QueueSetting.OPEN: 1,
    QueueSetting.FULL_TARGET: -1,
    QueueSetting.EMPTY_TARGET: -1,
    QueueSetting.CLOSED_TARGET: -1,
    QueueSetting.VALUE: 1000,
    QueueSetting.RING_ALL_LIMIT: 16,
}


class AgentSetting(IntEnum):
    """Columns of an agent."""

    CAPACITY = 0
    """From here one column a channel: contacts of that channel at once."""
    WRAP_UP_NS = 4
    """INHERIT, or the agent's own wrap-up."""
    RING_LIMIT_NS = 5
    """0: the queue's, else the agent's own ring limit."""
    MAX_NO_ANSWER = 6
    """Unanswered offers in a row after which the agent counts as not responding; 0: never."""
    NO_ANSWER_DELAY_NS = 7
    """No new offer for this long after an unanswered one."""
    DECLINE_DELAY_NS = 8
    """No new offer for this long after a declined one."""
    BUSY_DELAY_NS = 9
    """No new offer for this long after the phone said busy or could not be reached."""
    SITE = 10
    """Number of the site the agent works at, -1 none."""
    EXISTS = 11
    """1 once configured, 0 when removed."""
    WEIGHT = 12
    """Relative share under weighted-random."""
    NEEDS_PHONE = 13
    """1: voice is offered only while AGENT_REACHABILITY_CHANGED last said reachable."""


AGENT_COLUMNS: Final = 14
AGENT_DEFAULTS: Final[dict[int, int]] = {
    AgentSetting.CAPACITY: 1,
    AgentSetting.WRAP_UP_NS: INHERIT,
    AgentSetting.MAX_NO_ANSWER: 3,
    AgentSetting.NO_ANSWER_DELAY_NS: 5 * SECOND_NS,
    AgentSetting.DECLINE_DELAY_NS: 2 * SECOND_NS,
    AgentSetting.BUSY_DELAY_NS: 10 * SECOND_NS,
    AgentSetting.SITE: -1,
    AgentSetting.WEIGHT: 1,
}


class TrunkGroupSetting(IntEnum):
    """Columns of a trunk group."""

    CHANNELS = 0
    """Calls the group carries at once."""
    RESERVE = 1
    """Channels that only protected traffic may take; RESERVE_AUTO: as many as cost least by the running estimates."""
    PROTECTED_VALUE = 2
    """What losing one protected call costs, in thousandths of an unprotected one."""


TRUNK_GROUP_COLUMNS: Final = 3
RESERVE_AUTO: Final = -1


class ChannelSetting(IntEnum):
    """Columns of a channel."""

    MAY_INTERRUPT = 0
    """Bit mask of the channels whose contacts an agent may be holding when one of this channel is offered."""


CHANNEL_COLUMNS: Final = 1


class EngineSetting(IntEnum):
    """Settings of the engine as a whole."""

    SEED = 0
    """Seed of every random choice."""
    INTERVAL_NS = 1
    """Length of one interval of the interval table."""


ENGINE_COLUMNS: Final = 2
ENGINE_DEFAULTS: Final[dict[int, int]] = {EngineSetting.SEED: 1, EngineSetting.INTERVAL_NS: 900 * SECOND_NS}
