"""From a record and a policy to what a rerun goes by: the recorded facts, with those of the policy in their place."""

from itertools import groupby
from typing import Any, Final

import msgspec
import numpy as np

from engine.config.compile import queue_card, queue_columns
from engine.messages.kinds import (
    AGENT_REACHABILITY_CHANGED,
    AGENT_STATUS_CHANGED,
    REQUIREMENT_DEFINED,
    SETTING_CHANGED,
    STATUS_AVAILABLE,
    STATUS_OFFLINE,
    TABLE_AGENT,
    TABLE_MEMBERSHIP,
    TABLE_QUEUE,
    TABLE_SKILL_LEVEL,
    TABLE_TRUNK_GROUP,
)
from engine.messages.rows import empty_rows
from engine.model.directory import Directory, requirement_rows
from engine.model.opening_hours import DAYS, OpeningHours
from engine.model.requirements import Requirements
from engine.model.settings import STEPS_MAX, AgentSetting, QueueSetting, TrunkGroupSetting
from simulations.scenario.roster import spans
from simulations.whatif.policy import Added, Said
from simulations.whatif.record import Record
from simulations.whatif.rerun import Rules

Array = np.ndarray[Any, Any]
Cell = tuple[int, int, int]
"""Table, index, and column or second index."""
INTERVALS: Final = 2
"""Rows of the kernel's interval table that a rerun needs: figures are told of the whole."""
STEP_COLUMNS: Final = tuple(range(QueueSetting.FIRST_STEP, QueueSetting.FIRST_STEP + 3 * STEPS_MAX))
WAITS: Final = (QueueSetting.REQUIREMENT, *STEP_COLUMNS)
COLUMNS: Final[dict[str, tuple[int, ...]]] = {
    "strategy": (QueueSetting.STRATEGY,),
    "skills": WAITS,
    "steps": WAITS,
    "max_wait": WAITS,
    "members_only": (QueueSetting.MEMBERS_ONLY,),
    "ring_limit": (QueueSetting.RING_LIMIT_NS,),
    "ring_all_limit": (QueueSetting.RING_ALL_LIMIT,),
    "wrap_up": (QueueSetting.WRAP_UP_NS,),
    "max_length": (QueueSetting.MAX_LENGTH,),
    "when_full": (QueueSetting.FULL_TARGET,),
    "when_empty": (QueueSetting.EMPTY_TARGET,),
    "when_closed": (QueueSetting.CLOSED_TARGET,),
    "join_empty": (QueueSetting.JOIN_EMPTY,),
    "leave_empty": (QueueSetting.LEAVE_EMPTY,),
    "service_level": (QueueSetting.THRESHOLD_NS, QueueSetting.SHORT_ABANDON_NS),
    "ageing": (QueueSetting.PRIORITY_CREDIT_NS,),
    "head_start": (QueueSetting.QUEUE_CREDIT_NS,),
    "preferred_wait": (QueueSetting.PREFERRED_WAIT_NS,),
    "value": (QueueSetting.VALUE,),
    "hold_back": (QueueSetting.HOLD_BACK_NS,),
    "idle_limit": (QueueSetting.IDLE_LIMIT_NS,),
}
"""What each word of a queue writes."""


class Changed(msgspec.Struct, frozen=True):
    """The rules of a policy, and the names that hold under them."""

    rules: Rules
    agents: tuple[str, ...]
    """By number, those added included."""


def as_recorded(record: Record) -> Changed:
    """Return the rules as they were."""
    capacity = msgspec.structs.replace(record.capacity, intervals=INTERVALS)
    return Changed(Rules(record.script, capacity, record.begin_ns, record.end_ns), record.directory.agents.names)


def changed_by(record: Record, said: Said, time_zone: str) -> Changed:
    """Return the rules of a policy; hours of agents who are added are told in `time_zone`."""
    policy, before = said.policy, as_recorded(record)
    cells, requirements = _cells(record, said)
    script = _without(record.script, cells)
    away = [record.directory.agents.number(name) for name in policy.agents.remove]
    script = script[~((script["kind"] == AGENT_STATUS_CHANGED) & np.isin(script["agent"], away))]
    names, parts = list(before.agents), [script]
    for added in policy.agents.add:
        like = record.directory.agents.number(added.like)
        for number in range(added.count):
            parts.append(_copied(record, script, like, len(names), added, time_zone))
            names.append(f"{added.like}+{number + 1}")
    script = np.concatenate(parts)
    script = script[np.argsort(script["at_ns"], kind="stable")]
    first = _first_after_settings(script)
    rows = _rows_of(cells, requirements)
    rows["at_ns"] = script["at_ns"][max(first - 1, 0)]
    capacity = msgspec.structs.replace(
        before.rules.capacity,
        agents=max(record.capacity.agents, len(names)),
        requirements=max(record.capacity.requirements, len(record.directory.requirements.pairs) + len(requirements)),
    )
    script = np.concatenate([script[:first], rows, script[first:]])
    return Changed(Rules(script, capacity, record.begin_ns, record.end_ns), tuple(names))


def _first_after_settings(script: Array) -> int:
    """Return where settings of a policy come: right after the first recorded ones, as these may name what those do not.

    Whoever is at work from then on is so under them. In a script of settings alone that is its end.
    """
    others = np.flatnonzero(~np.isin(script["kind"], (SETTING_CHANGED, REQUIREMENT_DEFINED)))
    return int(others[0]) if len(others) else len(script)


def _cells(record: Record, said: Said) -> tuple[dict[Cell, int], Array]:
    """Return the settings that the policy writes, and the rows of requirements that are new."""
    directory = _directory_of(record.directory, said)
    known = len(directory.requirements.pairs)
    cells: dict[Cell, int] = {}
    for name, words in said.words.items():
        number, queue = directory.queues.number(name), said.policy.queues[name]
        columns = queue_columns(queue, directory, number)
        columns[QueueSetting.MEMBERS_ONLY] = int(bool(queue.members_only))
        for word in words:
            for column in COLUMNS[word]:
                cells[TABLE_QUEUE, number, column] = columns[column]
    for name, trunks in said.policy.trunk_groups.items():
        number = directory.trunk_groups.number(name)
        for setting, value in (
            (TrunkGroupSetting.CHANNELS, trunks.channels),
            (TrunkGroupSetting.RESERVE, trunks.reserve),
        ):
            if value is not None:
                cells[TABLE_TRUNK_GROUP, number, int(setting)] = value
    for name, levels in said.policy.agents.train.items():
        for skill, level in levels.items():
            cells[TABLE_SKILL_LEVEL, directory.agents.number(name), directory.skills.number(skill)] = level
    fresh = requirement_rows(directory.requirements.pairs, known)
    return cells, np.asarray(empty_rows(0) if fresh is None else fresh)


def _directory_of(directory: Directory, said: Said) -> Directory:
    """Return the directory with what the policy's queues require; its requirements are its own to add to."""
    cards = list(directory.queue_cards)
    for name, words in said.words.items():
        if words & {"skills", "steps", "max_wait"}:
            cards[directory.queues.number(name)] = queue_card(said.policy.queues[name], directory.skills)
    pairs = list(directory.requirements.pairs)
    room = len(pairs) + len(said.words) * (STEPS_MAX + 1)
    return msgspec.structs.replace(directory, queue_cards=tuple(cards), requirements=Requirements(pairs, room))


def _without(script: Array, cells: dict[Cell, int]) -> Array:
    """Return the script without what was recorded of these settings."""
    gone = np.zeros(len(script), bool)
    settings = script["kind"] == SETTING_CHANGED
    for table, index, place in cells:
        of_cell = settings & (script["agent"] == table) & (script["queue"] == index)
        gone |= of_cell & (script["b" if table == TABLE_SKILL_LEVEL else "contact"] == place)
    return script[~gone]


def _rows_of(cells: dict[Cell, int], requirements: Array) -> Array:
    rows: Array = np.asarray(empty_rows(len(cells)))
    rows["kind"] = SETTING_CHANGED
    for place, ((table, index, column), value) in enumerate(cells.items()):
        rows["agent"][place], rows["queue"][place], rows["a"][place] = table, index, value
        is_level = table == TABLE_SKILL_LEVEL
        rows["contact"][place], rows["b"][place] = (0, column) if is_level else (column, 0)
    return np.concatenate([requirements, rows])


def _copied(record: Record, script: Array, like: int, number: int, added: Added, time_zone: str) -> Array:
    """Return the rows of an agent like another: the same settings and, unless hours are said, the same shifts."""
    of_agent = np.isin(script["agent"], (TABLE_AGENT, TABLE_SKILL_LEVEL, TABLE_MEMBERSHIP)) & (script["queue"] == like)
    settings = script[(script["kind"] == SETTING_CHANGED) & of_agent]
    settings["queue"] = number
    shifts = script[np.isin(script["kind"], (AGENT_STATUS_CHANGED, AGENT_REACHABILITY_CHANGED))]
    shifts = shifts[shifts["agent"] == like]
    shifts["agent"] = number
    if added.hours is not None:
        # Whoever has hours has a phone that works.
        needs_phone = (settings["agent"] == TABLE_AGENT) & (settings["contact"] == int(AgentSetting.NEEDS_PHONE))
        settings, shifts = settings[~needs_phone], _shifts(record, number, added.hours, time_zone)
    return np.concatenate([settings, shifts])


def _shifts(record: Record, number: int, hours: list[tuple[int, int]], time_zone: str) -> Array:
    begin_ns, end_ns = record.begin_ns, record.end_ns
    found = spans(OpeningHours(time_zone, (tuple(hours),) * len(DAYS)), begin_ns, end_ns)
    changes = [change for start_ns, stop_ns in found for change in ((start_ns, True), (stop_ns, False))]
    # Two spans that touch are one: of two changes in one instant, the last counts.
    kept = [list(same)[-1] for _, same in groupby(changes, key=lambda change: change[0])]
    rows: Array = np.asarray(empty_rows(len(kept)))
    rows["kind"], rows["agent"] = AGENT_STATUS_CHANGED, number
    rows["at_ns"] = [max(at_ns, int(record.script["at_ns"][0])) for at_ns, _ in kept]
    rows["a"] = [STATUS_AVAILABLE if comes else STATUS_OFFLINE for _, comes in kept]
    return rows
