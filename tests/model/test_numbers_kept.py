"""Numbers of settings and counters: a state that an older version wrote is taken over by them.

Append what is new; what is here is never renumbered, and a name that is gone leaves its number unused.
"""

from enum import IntEnum
from typing import Final

import numpy as np
import pytest

from engine.model.settings import AgentSetting, ChannelSetting, EngineSetting, QueueSetting, TrunkGroupSetting
from engine.model.tallies import Tally
from engine.state import _take_over

NUMBERS: Final[dict[type[IntEnum], str]] = {
    QueueSetting: """
        STRATEGY=0 RING_LIMIT_NS=1 WRAP_UP_NS=2 MAX_LENGTH=3 THRESHOLD_NS=4 SHORT_ABANDON_NS=5
        PRIORITY_CREDIT_NS=6 QUEUE_CREDIT_NS=7 JOIN_EMPTY=8 LEAVE_EMPTY=9 REQUIREMENT=10 OPEN=11
        FULL_TARGET=12 EMPTY_TARGET=13 CLOSED_TARGET=14 PREFERRED_WAIT_NS=15 VALUE=16 CHANNEL=17
        MEMBERS_ONLY=18 RING_ALL_LIMIT=19 FIRST_STEP=20 HOLD_BACK_NS=38 IDLE_LIMIT_NS=39
    """,
    AgentSetting: """
        CAPACITY=0 WRAP_UP_NS=4 RING_LIMIT_NS=5 MAX_NO_ANSWER=6 NO_ANSWER_DELAY_NS=7 DECLINE_DELAY_NS=8
        BUSY_DELAY_NS=9 SITE=10 EXISTS=11 WEIGHT=12 NEEDS_PHONE=13
    """,
    TrunkGroupSetting: """
        CHANNELS=0 RESERVE=1 PROTECTED_VALUE=2
    """,
    ChannelSetting: """
        MAY_INTERRUPT=0
    """,
    EngineSetting: """
        SEED=0 INTERVAL_NS=1
    """,
    Tally: """
        ENTRIES=0 EXIT=1 ANSWERED_WITHIN=17 ABANDONED_WITHIN=18 OTHER_WITHIN=19 MET=20 MISSED=21
        ANSWERED_WAIT_NS=22 ABANDONED_WAIT_NS=23 LONGEST_WAIT_NS=24 HANDLED=25 TALK_NS=26 HOLD_NS=27
        WRAPPED=28 WRAP_UP_NS=29 OFFERS=30 OFFERS_NOT_ANSWERED=31 OFFERS_DECLINED=32 OFFERS_LOST=33 RING_NS=34
        TRANSFERRED_OUT=35 TOLD=36 TOLD_WITHIN_P50=37 TOLD_WITHIN_P90=38 LONGEST_ANSWERED_NS=39
        LONGEST_LOST_NS=40 LONGEST_HANDLE_NS=41 MESSAGES_RECEIVED=42 MESSAGES_SENT=43 FIRST_RESPONSES=44
        FIRST_RESPONSE_NS=45 REPLIES=46 REPLY_NS=47 ENDED_IDLE=48 LONGEST_FIRST_RESPONSE_NS=49
        LONGEST_REPLY_NS=50
    """,
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_a_number_keeps_its_meaning(kind: type[IntEnum]) -> None:
    assert [f"{one.name}={one.value}" for one in kind] == NUMBERS[kind].split(), "append only, here as there"


def test_a_column_is_taken_over_by_what_holds_it_alone() -> None:
    before = np.array([(7, 2)], [("count", "i4"), ("gone", "i8")])
    wider = np.zeros(2, [("count", "i8"), ("new", "f8")])
    _take_over(before, wider)
    assert wider["count"].tolist() == [7, 0]
    for other in ("i2", "u8"):
        with pytest.raises(ValueError, match=f"a column of int32 is one of {np.dtype(other)} here"):
            _take_over(before, np.zeros(1, [("count", other), ("new", "f8")]))
    with pytest.raises(ValueError, match="a column of float64 is one of int64 here"):
        _take_over(np.zeros(3), np.zeros(4, np.int64))
