"""The kernel's settings as plain tables, and the rows that lead from one state of them to another."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np

from engine.messages import kinds
from engine.messages.rows import Rows, empty_rows
from engine.model.settings import (
    AGENT_COLUMNS,
    AGENT_DEFAULTS,
    CHANNEL_COLUMNS,
    ENGINE_COLUMNS,
    ENGINE_DEFAULTS,
    QUEUE_COLUMNS,
    QUEUE_DEFAULTS,
    TRUNK_GROUP_COLUMNS,
)

Table = np.ndarray[Any, Any]


@dataclass(frozen=True)
class SettingTables:
    """What SETTING_CHANGED and REQUIREMENT_DEFINED have written so far; the kernel's own arrays serve as well."""

    requirements: Table
    """shape (requirements, 2): packed conditions, relaxed requirement or -1."""
    engine: Table
    """shape (1, ENGINE_COLUMNS)."""
    channels: Table
    """shape (CHANNELS, CHANNEL_COLUMNS)."""
    trunk_groups: Table
    """shape (trunk groups, TRUNK_GROUP_COLUMNS)."""
    queues: Table
    """shape (queues, QUEUE_COLUMNS)."""
    agents: Table
    """shape (agents, AGENT_COLUMNS)."""
    skill_levels: Table
    """shape (agents, skills)."""
    memberships: Table
    """shape (agents, queues): position + 1, 0 none."""

    def resized(self, requirements: int, trunk_groups: int, queues: int, agents: int, skills: int) -> "SettingTables":
        """Return a copy as int64 with at least these sizes, new places holding the defaults."""
        return SettingTables(
            requirements=_grown(self.requirements, requirements, 2, {1: -1}),
            engine=_grown(self.engine, 1, ENGINE_COLUMNS, ENGINE_DEFAULTS),
            channels=_grown(self.channels, kinds.CHANNELS, CHANNEL_COLUMNS, {}),
            trunk_groups=_grown(self.trunk_groups, trunk_groups, TRUNK_GROUP_COLUMNS, {}),
            queues=_grown(self.queues, queues, QUEUE_COLUMNS, QUEUE_DEFAULTS),
            agents=_grown(self.agents, agents, AGENT_COLUMNS, AGENT_DEFAULTS),
            skill_levels=_grown(self.skill_levels, agents, skills, {}),
            memberships=_grown(self.memberships, agents, queues, {}),
        )

    def changes_from(self, previous: "SettingTables") -> "Rows":
        """Return the rows that make `previous`, of the same sizes, equal to this."""
        parts = [_requirement_changes(previous.requirements, self.requirements)]
        for name, table in _SETTING_TABLES:
            parts.append(_setting_changes(table, getattr(previous, name), getattr(self, name)))
        rows: Rows = np.concatenate(parts).view(np.recarray)
        return rows


_SETTING_TABLES: Final = (
    ("engine", kinds.TABLE_ENGINE),
    ("channels", kinds.TABLE_CHANNEL),
    ("trunk_groups", kinds.TABLE_TRUNK_GROUP),
    ("queues", kinds.TABLE_QUEUE),
    ("agents", kinds.TABLE_AGENT),
    ("skill_levels", kinds.TABLE_SKILL_LEVEL),
    ("memberships", kinds.TABLE_MEMBERSHIP),
)
_PAIRED: Final = (kinds.TABLE_SKILL_LEVEL, kinds.TABLE_MEMBERSHIP)
"""Tables whose second index stands in `b`, not in the column."""


def default_tables() -> SettingTables:
    """Return the tables before anything was written, without room: `resized` makes it."""
    return SettingTables(**{field.name: np.zeros((0, 0), np.int64) for field in fields(SettingTables)})


def _grown(table: Table, rows: int, columns: int, defaults: Mapping[int, int]) -> Table:
    grown = np.zeros((max(rows, table.shape[0]), max(columns, table.shape[1])), np.int64)
    for column, value in defaults.items():
        grown[:, column] = value
    grown[: table.shape[0], : table.shape[1]] = table
    return grown


def _requirement_changes(previous: Table, wanted: Table) -> "Rows":
    (numbers,) = np.nonzero((previous != wanted).any(axis=1))
    rows = empty_rows(len(numbers))
    rows["kind"] = kinds.REQUIREMENT_DEFINED
    rows["queue"] = numbers
    rows["a"], rows["b"] = wanted[numbers].T
    return rows


def _setting_changes(table: int, previous: Table, wanted: Table) -> "Rows":
    indices, columns = np.nonzero(previous != wanted)
    rows = empty_rows(len(indices))
    rows["kind"] = kinds.SETTING_CHANGED
    rows["agent"] = table
    rows["queue"] = indices
    rows["contact"] = 0 if table in _PAIRED else columns
    rows["a"] = wanted[indices, columns]
    rows["b"] = columns if table in _PAIRED else 0
    return rows


def fold_settings(tables: SettingTables, rows: "Rows") -> None:
    """Write the SETTING_CHANGED and REQUIREMENT_DEFINED among `rows` into `tables`, which must have room."""
    by_number = {number: getattr(tables, name) for name, number in _SETTING_TABLES}
    for row in _of_kind(rows, kinds.REQUIREMENT_DEFINED):
        tables.requirements[row["queue"]] = row["a"], row["b"]
    for row in _of_kind(rows, kinds.SETTING_CHANGED):
        table = int(row["agent"])
        by_number[table][row["queue"], row["b"] if table in _PAIRED else row["contact"]] = row["a"]


def _of_kind(rows: "Rows", kind: int) -> Iterator[Any]:
    return iter(rows[rows["kind"] == kind])
