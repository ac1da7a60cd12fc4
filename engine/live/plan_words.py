"""Rows that would change doors, statuses and settings, in words: what is so now, and what would be then."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from engine.kernel.tables import Array
from engine.messages import kinds
from engine.model.directory import Directory
from engine.model.durations import format_duration
from engine.model.plan_views import NAMES_TOLD, PlanChange
from engine.model.settings import (
    STEPS_MAX,
    AgentSetting,
    ChannelSetting,
    EngineSetting,
    QueueSetting,
    TrunkGroupSetting,
)
from engine.state import EngineState

Told = tuple[str, str, str, str, str]
"""What, name, setting, now, then."""
_TABLES: Final[dict[int, tuple[str, Any]]] = {
    kinds.TABLE_QUEUE: ("queue", QueueSetting),
    kinds.TABLE_AGENT: ("agent", AgentSetting),
    kinds.TABLE_TRUNK_GROUP: ("trunk_group", TrunkGroupSetting),
    kinds.TABLE_CHANNEL: ("channel", ChannelSetting),
    kinds.TABLE_ENGINE: ("engine", EngineSetting),
}
_TARGETS: Final = {
    QueueSetting.FULL_TARGET: "when_full",
    QueueSetting.EMPTY_TARGET: "when_empty",
    QueueSetting.CLOSED_TARGET: "when_closed",
}
_FILE_WORDS: Final = {QueueSetting.QUEUE_CREDIT_NS: "head_start", QueueSetting.PRIORITY_CREDIT_NS: "ageing"}
_THOUSANDTHS: Final = (
    (kinds.TABLE_QUEUE, QueueSetting.VALUE),
    (kinds.TABLE_TRUNK_GROUP, TrunkGroupSetting.PROTECTED_VALUE),
)
_OF_AGENTS: Final = {kinds.TABLE_MEMBERSHIP: "queues", kinds.TABLE_SKILL_LEVEL: "skills"}
"""Which queues an agent serves, and with which skills: each is one thing, however many rows it takes."""
_DOORS: Final = {kinds.QUEUE_OPENED: ("closed", "open"), kinds.QUEUE_CLOSED: ("open", "closed")}


def changes_in_words(state: EngineState, rows: Array) -> list[PlanChange]:
    """Return what rows would change, alike changes of many put together."""
    names: dict[tuple[str, str, str, str], list[str]] = {}
    for what, name, setting, now, then in _told(state, rows):
        names.setdefault((what, setting, now, then), []).append(name)
    return [
        PlanChange(what, found[:NAMES_TOLD], len(found), setting, now, then)
        for (what, setting, now, then), found in names.items()
    ]


def _told(state: EngineState, rows: Array) -> Iterator[Told]:
    stepping: dict[int, list[int]] = {}
    serving: dict[tuple[int, int], dict[int, int]] = {}
    settings, directory = state.settings(), state.directory
    for row in rows:
        kind, index, column, value = (int(row[name]) for name in ("kind", "queue", "contact", "a"))
        if kind in _DOORS:
            yield "queue", directory.queues.name(index), "door", *_DOORS[kind]
        elif kind == kinds.AGENT_STATUS_CHANGED:
            agent = int(row["agent"])
            now = kinds.STATUS_NAMES[int(state.tables.agents["status"][agent])]
            yield "agent", directory.agents.name(agent), "status", now, kinds.STATUS_NAMES[value]
        elif kind == kinds.SETTING_CHANGED and int(row["agent"]) in _OF_AGENTS:
            serving.setdefault((index, int(row["agent"])), {})[int(row["b"])] = value
        elif kind == kinds.SETTING_CHANGED and int(row["agent"]) in _TABLES:
            table = int(row["agent"])
            if table == kinds.TABLE_QUEUE and 0 <= column - QueueSetting.FIRST_STEP < 3 * STEPS_MAX:
                stepping.setdefault(index, settings.queues[index].tolist())[column] = value
                continue
            before = {
                kinds.TABLE_QUEUE: settings.queues,
                kinds.TABLE_AGENT: settings.agents,
                kinds.TABLE_TRUNK_GROUP: settings.trunk_groups,
                kinds.TABLE_CHANNEL: settings.channels,
                kinds.TABLE_ENGINE: settings.engine,
            }[table]
            now, then = (_value(directory, table, column, one) for one in (int(before[index, column]), value))
            yield _TABLES[table][0], _name(directory, table, index), _setting(table, column), now, then
    for index, columns in stepping.items():
        now, then = _steps(directory, settings.queues[index].tolist()), _steps(directory, columns)
        yield "queue", directory.queues.name(index), "steps", now, then
    for (agent, table), changed in serving.items():
        row = (settings.memberships if table == kinds.TABLE_MEMBERSHIP else settings.skill_levels)[agent]
        held = {int(number): int(row[number]) for number in np.flatnonzero(row)}
        now, then = (_serves(directory, table, one) for one in (held, held | changed))
        yield "agent", directory.agents.name(agent), _OF_AGENTS[table], now, then


def _serves(directory: Directory, table: int, held: Mapping[int, int]) -> str:
    """The queues that an agent serves, or its skills with their levels."""
    numbers = [number for number in sorted(held) if held[number]]
    if table == kinds.TABLE_MEMBERSHIP:
        said = [directory.queue_shown(queue) for queue in numbers]
    else:
        said = [f"{directory.skills.name(skill)} {held[skill]}" for skill in numbers]
    return ", ".join(said) or "none"


def _name(directory: Directory, table: int, index: int) -> str:
    if table == kinds.TABLE_CHANNEL:
        return kinds.CHANNEL_NAMES[index]
    of_table = {
        kinds.TABLE_QUEUE: directory.queues,
        kinds.TABLE_AGENT: directory.agents,
        kinds.TABLE_TRUNK_GROUP: directory.trunk_groups,
    }
    return of_table[table].name(index) if table in of_table else ""


def _setting(table: int, column: int) -> str:
    """A setting as the configuration calls it."""
    if table == kinds.TABLE_AGENT and column in kinds.CHANNEL_NAMES:
        return f"capacity.{kinds.CHANNEL_NAMES[column]}"
    if table == kinds.TABLE_QUEUE and column in _TARGETS:
        return _TARGETS[QueueSetting(column)]
    if table == kinds.TABLE_QUEUE and column in _FILE_WORDS:
        return _FILE_WORDS[QueueSetting(column)]
    columns = _TABLES[table][1]
    return str(columns(column).name).lower().removesuffix("_ns")


def _value(directory: Directory, table: int, column: int, value: int) -> str:
    if table == kinds.TABLE_QUEUE and column in _TARGETS:
        return f"queue {directory.queue_shown(value)}" if value >= 0 else "refuse"
    if (table, column) in _THOUSANDTHS:
        return f"{value / 1000:g}"
    is_duration = column in list(_TABLES[table][1]) and _TABLES[table][1](column).name.endswith("_NS")
    return format_duration(value) if is_duration and value >= 0 else str(value)


def _steps(directory: Directory, columns: list[int]) -> str:
    """The timed steps of a queue as one line."""
    said = []
    for place in range(QueueSetting.FIRST_STEP, QueueSetting.FIRST_STEP + 3 * STEPS_MAX, 3):
        after_ns, action, target = columns[place : place + 3]
        if action != kinds.STEP_NONE:
            to = f" to {directory.queue_shown(target)}" if target >= 0 and action in _GOING else ""
            said.append(f"{kinds.STEP_NAMES[action]} after {format_duration(after_ns)}{to}")
    return ", ".join(said) or "none"


_GOING: Final = (kinds.STEP_OVERFLOW, kinds.STEP_CALLBACK)
