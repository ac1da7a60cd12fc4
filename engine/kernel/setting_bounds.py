"""The values that settings may take: what lies outside is refused, so that nothing it could break ever reads it."""

from typing import Final

import numpy as np

from engine.kernel.jit import jit
from engine.kernel.tables import Array
from engine.messages.kinds import CHANNELS, STEP_REFUSE, STRATEGIES
from engine.model.settings import (
    AGENT_COLUMNS,
    CONDITIONS_MAX,
    INHERIT,
    QUEUE_COLUMNS,
    RESERVE_AUTO,
    SECOND_NS,
    SKILLS_MAX,
    STEPS_MAX,
    STRICT_CREDIT_NS,
    TRUNK_GROUP_COLUMNS,
    WRAP_UP_BY_AGENT,
    AgentSetting,
    QueueSetting,
    TrunkGroupSetting,
)

LONGEST_NS: Final = STRICT_CREDIT_NS
"""The longest duration of any setting: eleven days, so that sums of a few never overflow."""
INTERVAL_MIN_NS: Final = SECOND_NS
COUNT_MAX: Final = 32_767
"""Of whatever is counted; a membership's position is kept in 16 bits."""
PARALLEL_MAX: Final = 1_000
"""Contacts of one channel at once, and agents that one contact rings at once."""
VALUE_MAX: Final = 1_000_000_000
TRUNK_CHANNELS_MAX: Final = 1_000_000
LEVEL_BOUND: Final = 31
"""What a requirement can ask for in its five bits."""

_DURATION: Final = (0, LONGEST_NS)
_QUEUE: Final[dict[int, tuple[int, int]]] = {
    QueueSetting.STRATEGY: (0, STRATEGIES - 1),
    QueueSetting.RING_LIMIT_NS: (1, LONGEST_NS),
    QueueSetting.WRAP_UP_NS: (WRAP_UP_BY_AGENT, LONGEST_NS),
    QueueSetting.MAX_LENGTH: (0, 1 << 31),
    QueueSetting.JOIN_EMPTY: (0, 2),
    QueueSetting.LEAVE_EMPTY: (0, 2),
    QueueSetting.OPEN: (0, 1),
    QueueSetting.VALUE: (0, VALUE_MAX),
    QueueSetting.CHANNEL: (0, CHANNELS - 1),
    QueueSetting.MEMBERS_ONLY: (0, 1),
    QueueSetting.RING_ALL_LIMIT: (1, PARALLEL_MAX),
    **{QueueSetting.FIRST_STEP + 3 * step + 1: (0, STEP_REFUSE) for step in range(STEPS_MAX)},
}
_AGENT: Final[dict[int, tuple[int, int]]] = {
    **{AgentSetting.CAPACITY + channel: (0, PARALLEL_MAX) for channel in range(CHANNELS)},
    AgentSetting.WRAP_UP_NS: (INHERIT, LONGEST_NS),
    AgentSetting.MAX_NO_ANSWER: (0, COUNT_MAX),
    AgentSetting.SITE: (-1, COUNT_MAX),
    AgentSetting.EXISTS: (0, 1),
    AgentSetting.WEIGHT: (0, COUNT_MAX),
    AgentSetting.NEEDS_PHONE: (0, 1),
}
_TRUNK_GROUP: Final[dict[int, tuple[int, int]]] = {
    TrunkGroupSetting.CHANNELS: (0, TRUNK_CHANNELS_MAX),
    TrunkGroupSetting.RESERVE: (RESERVE_AUTO, TRUNK_CHANNELS_MAX),
    TrunkGroupSetting.PROTECTED_VALUE: (0, VALUE_MAX),
}
QUEUE_BOUNDS: Final = np.array([_QUEUE.get(column, _DURATION) for column in range(QUEUE_COLUMNS)], np.int64)
AGENT_BOUNDS: Final = np.array([_AGENT.get(column, _DURATION) for column in range(AGENT_COLUMNS)], np.int64)
TRUNK_GROUP_BOUNDS: Final = np.array([_TRUNK_GROUP[column] for column in range(TRUNK_GROUP_COLUMNS)], np.int64)
"""shape (columns, 2): least and greatest value; a column that is not named is a duration."""

QUEUE_NUMBERS: Final = np.zeros(QUEUE_COLUMNS, np.bool_)
"""Columns that hold a queue's number, or -1."""
for _column in (QueueSetting.FULL_TARGET, QueueSetting.EMPTY_TARGET, QueueSetting.CLOSED_TARGET):
    QUEUE_NUMBERS[_column] = True
for _step in range(STEPS_MAX):
    QUEUE_NUMBERS[QueueSetting.FIRST_STEP + 3 * _step + 2] = True


@jit
def in_bounds(bounds: Array, column: int, value: int) -> bool:
    """Tell whether `value` lies within the bounds of its column."""
    return bounds[column, 0] <= value <= bounds[column, 1]


@jit
def is_requirement(packed: int) -> bool:
    """Tell whether these are packed conditions, each about a skill that there is."""
    if packed < 0 or packed >> (15 * CONDITIONS_MAX) != 0:
        return False
    for _ in range(CONDITIONS_MAX):
        skill = ((packed >> 5) & 0x3FF) - 1
        if packed & 0x7FFF != 0 and not 0 <= skill < SKILLS_MAX:
            return False
        packed >>= 15
    return True
