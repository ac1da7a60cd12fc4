"""Scenarios with other staff: the same file with so many agents an interval, on shifts, with so many trunks."""

import copy
from collections.abc import Sequence
from typing import Any, Final

from engine.model.durations import format_duration
from simulations.queueing.arrays import Integers
from simulations.scenario.portable import portable
from simulations.scenario.scenario import Scenario
from simulations.solve.goals import Goal

ROOMY: Final = 10_000
"""Channels of a trunk group that is never full."""
TIMETABLE: Final = ("count", "shifts", "staffing")
"""Keys of a group that say who is there when."""


def plain_groups(scenario: Scenario, goals: dict[str, Goal]) -> Scenario:
    """Return the scenario with its goals as service levels, and every group in `agents`, as solving writes them."""
    raw = portable(scenario)
    for name, goal in goals.items():
        threshold = format_duration(round(goal.within_s * 1e3) * 1_000_000)
        said = raw["queues"][name].get("service_level")
        kept = said if isinstance(said, dict) else {}
        raw["queues"][name]["service_level"] = kept | {"threshold": threshold, "target": goal.service_level}
    known = {group.name: group for group in scenario.file.groups}
    short = [name for name, queue in scenario.file.queues.items() if queue.agents is not None]
    entries = list(raw.get("agents") or [])
    if short:  # who serves what is as before when no queue says any more that its agents serve it alone
        for name in scenario.file.queues:
            raw["queues"][name]["members_only"] = scenario.file.members_only(name)
        for entry in entries:
            entry["queues"] = list(known[entry["group"]].queues)
    for name in short:
        del raw["queues"][name]["agents"]
        entries.append({"group": name, "queues": [name], "skills": dict(known[name].skills)})
    raw["agents"] = entries
    for entry in entries:
        for key in TIMETABLE:
            entry.pop(key, None)
        entry["count"] = known[entry["group"]].heads
    return Scenario.of(raw, scenario.folder)


def staffed(scenario: Scenario, staffing: Integers, channels: dict[str, int] | None = None) -> Scenario:
    """Return the scenario with agents at work by group and interval, and channels by trunk group."""
    raw = copy.deepcopy(scenario.raw)
    for entry, counts in zip(raw["agents"], staffing, strict=True):
        for key in TIMETABLE:
            entry.pop(key, None)
        entry["staffing"] = [int(count) for count in counts]
    return Scenario.of(_with_channels(scenario, raw, channels), scenario.folder)


def on_shifts(
    scenario: Scenario, shifts: Sequence[list[dict[str, Any]]], channels: dict[str, int] | None = None
) -> Scenario:
    """Return the scenario with each group on shifts, as entries of `shifts` with their counts."""
    raw = copy.deepcopy(scenario.raw)
    for entry, worked in zip(raw["agents"], shifts, strict=True):
        for key in TIMETABLE:
            entry.pop(key, None)
        entry["count"] = sum(shift["count"] for shift in worked)
        if worked:
            entry["shifts"] = worked
    return Scenario.of(_with_channels(scenario, raw, channels), scenario.folder)


def _with_channels(scenario: Scenario, raw: dict[str, Any], channels: dict[str, int] | None) -> dict[str, Any]:
    for name, count in (channels or {}).items():
        group = raw["trunk_groups"][name]
        group["channels"] = count
        if scenario.file.trunk_groups[name].reserve > count:
            group["reserve"] = count  # no more can be kept than there are
    return raw
