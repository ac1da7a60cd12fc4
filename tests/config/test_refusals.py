"""Whatever setting routing refuses has a name, whichever table it stands in."""

import numpy as np
import pytest

from engine.config.refusals import TOLD_MAX, refused_settings
from engine.messages import kinds
from engine.messages.rows import Rows, empty_rows
from engine.model.directory import Directory
from engine.model.names import Names
from engine.model.settings import AgentSetting, ChannelSetting, EngineSetting


def refused(table: int, index: int, column: int, other: int = 0, count: int = 1) -> Rows:
    """Rows as a turn has them: each setting with what refused it behind it."""
    rows = empty_rows(2 * count)
    settings = rows[0::2]
    settings["kind"], settings["agent"], settings["queue"] = kinds.SETTING_CHANGED, table, index
    settings["contact"], settings["a"], settings["b"] = column, 7, other
    rows["kind"][1::2], rows["cause"][1::2] = kinds.FACT_REFUSED, 1
    return rows


@pytest.fixture
def directory() -> Directory:
    return Directory(
        queues=Names(("sales",)), agents=Names(("alice",)), skills=Names(("english",)), trunk_groups=Names(("main",))
    )


@pytest.mark.parametrize(
    ("table", "column", "words"),
    [
        (kinds.TABLE_ENGINE, EngineSetting.INTERVAL_NS, "the engine: routing does not take 7 as interval_ns"),
        (kinds.TABLE_CHANNEL, ChannelSetting(0), "channel 'voice': routing does not take 7 as"),
        (kinds.TABLE_TRUNK_GROUP, 0, "trunk group 'main': routing does not take 7 as channels"),
        (kinds.TABLE_QUEUE, 1000, "queue 'sales': routing does not take 7 as setting 1000"),
        (kinds.TABLE_AGENT, AgentSetting.WEIGHT, "agent 'alice': routing does not take 7 as weight"),
        (kinds.TABLE_SKILL_LEVEL, 0, "agent 'alice': routing does not take 7 as level of skill 'english'"),
        (kinds.TABLE_MEMBERSHIP, 0, "agent 'alice': routing does not take 7 as place of queue 'sales'"),
    ],
)
def test_each_table_has_its_words(directory: Directory, table: int, column: int, words: str) -> None:
    (fault,) = refused_settings([refused(table, 0, column)], directory)
    assert fault.startswith(words)


def test_many_are_counted_and_others_are_none_of_it(directory: Directory) -> None:
    faults = refused_settings([refused(kinds.TABLE_AGENT, 0, 0, count=TOLD_MAX + 5)], directory)
    assert faults[-1] == "and 5 settings more"
    other = refused(kinds.TABLE_AGENT, 0, 0)
    other["kind"][0] = kinds.QUEUE_CLOSED
    assert refused_settings([other, other[:0]], directory) == []
    requirement = refused(kinds.TABLE_QUEUE, 3, 0)
    requirement["kind"][0] = kinds.REQUIREMENT_DEFINED
    assert refused_settings([np.asarray(requirement)], directory) == ["routing does not take requirement 3"]
