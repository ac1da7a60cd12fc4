"""Settings that routing did not take, in words: its bounds are the last, whatever the configuration's own allow."""

from collections.abc import Iterable
from enum import IntEnum
from typing import Any, Final

import numpy as np

from engine.messages import kinds
from engine.model.directory import Directory
from engine.model.names import Names
from engine.model.settings import AgentSetting, ChannelSetting, EngineSetting, QueueSetting, TrunkGroupSetting

TOLD_MAX: Final = 20
_SETTINGS: Final = (kinds.SETTING_CHANGED, kinds.REQUIREMENT_DEFINED)
_COLUMNS: Final[dict[int, tuple[str, type[IntEnum] | None]]] = {
    kinds.TABLE_ENGINE: ("the engine", EngineSetting),
    kinds.TABLE_CHANNEL: ("channel", ChannelSetting),
    kinds.TABLE_TRUNK_GROUP: ("trunk group", TrunkGroupSetting),
    kinds.TABLE_QUEUE: ("queue", QueueSetting),
    kinds.TABLE_AGENT: ("agent", AgentSetting),
    kinds.TABLE_SKILL_LEVEL: ("agent", None),
    kinds.TABLE_MEMBERSHIP: ("agent", None),
}


def refused_settings(runs: Iterable[np.ndarray[Any, Any]], directory: Directory) -> list[str]:
    """Name each setting among recorded rows that a FACT_REFUSED set aside; empty if all were taken."""
    faults: list[str] = []
    for rows in runs:
        places = np.flatnonzero(rows["kind"] == kinds.FACT_REFUSED)
        causes = rows[places - rows["cause"][places].astype(np.int64)]
        faults += [_in_words(row, directory) for row in causes if row["kind"] in _SETTINGS]
    more = len(faults) - TOLD_MAX
    return faults if more <= 0 else [*faults[:TOLD_MAX], f"and {more} settings more"]


def _in_words(row: Any, directory: Directory) -> str:
    value, index = int(row["a"]), int(row["queue"])
    if row["kind"] == kinds.REQUIREMENT_DEFINED:
        return f"routing does not take requirement {index}"
    table, column = int(row["agent"]), int(row["contact"])
    what, columns = _COLUMNS[table]
    names: dict[int, Names] = {
        kinds.TABLE_TRUNK_GROUP: directory.trunk_groups,
        kinds.TABLE_QUEUE: directory.queues,
        kinds.TABLE_AGENT: directory.agents,
        kinds.TABLE_SKILL_LEVEL: directory.agents,
        kinds.TABLE_MEMBERSHIP: directory.agents,
    }
    if table == kinds.TABLE_CHANNEL:
        who = f"{what} '{kinds.CHANNEL_NAMES[index]}'"
    else:
        who = f"{what} '{names[table].names[index]}'" if table in names else what
    if columns is not None:
        setting = columns(column).name.lower() if column in list(columns) else f"setting {column}"
    elif table == kinds.TABLE_SKILL_LEVEL:
        setting = f"level of skill '{directory.skills.names[int(row['b'])]}'"
    else:
        setting = f"place of queue '{directory.queues.names[int(row['b'])]}'"
    return f"{who}: routing does not take {value} as {setting}"
