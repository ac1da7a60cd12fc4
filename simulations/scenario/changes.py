"""Changes from the command line, each as `queues.sales.agents=12`, made in what a file says, and notes on them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from engine.config.document import Location
from engine.model.fields import nearest
from simulations.scenario.heads import in_proportion, shifts_of
from simulations.scenario.values import MOMENT

SHIFTS_TOLD: Final = 4
"""Of the shifts of a group whose counts were changed with it, so many are named."""


class Made(NamedTuple):
    """What changes came to."""

    faults: list[str]
    notes: tuple[str, ...]
    """What was done beside what they say."""
    at: dict[Location, str]
    """Where the value of each change stands now, and the section made for it if there was none; and the change."""


class _Counted(NamedTuple):
    """A change of how many a group has, or of how many work one of its shifts."""

    entry: int
    of_shift: bool
    change: str


def make_changes(raw: dict[str, Any], folder: Path, changes: Iterable[str]) -> Made:
    """Make changes in `raw`; files of shifts are relative to `folder`.

    A count of a group whose shifts say counts scales these in proportion. A count of a shift changes that of its group.
    """
    faults: list[str] = []
    notes: list[str] = []
    counts: list[_Counted] = []
    at: dict[Location, str] = {}
    for change in changes:
        try:
            where, value = _read(change)
            where, note = _meant(raw, where)
            counted = _counted(raw, where, change)
            if counted is not None and counted.of_shift:
                _read_in(raw["agents"][counted.entry], folder)
            put, made = _put(raw, where, value)
            at = {place: said for place, said in at.items() if place[: len(put)] != put} | {put: change, made: change}
            counts += [counted] if counted is not None else []
            notes += [f"--set {change}: {note}={value}"] if note else []
        except ValueError as error:
            faults.append(f"--set {change}: {error}")
    by_shift = {one.entry for one in counts if one.of_shift}
    entries = dict(enumerate(_entries(raw)))  # a later change may have put something else there
    for place, change in {one.entry: one.change for one in counts}.items():
        if note := _balanced(_mapping(entries.get(place)), folder, is_scaled=place not in by_shift):
            notes.append(f"--set {change}: {note}")
    return Made(faults, tuple(notes), at)


def _read(change: str) -> tuple[list[str], Any]:
    where, equals, text = change.partition("=")
    if not equals or not where.strip():
        raise ValueError("write WHERE=VALUE, as queues.sales.agents=12")
    parts = where.strip().split(".")
    if MOMENT.fullmatch(text.strip()):
        return parts, text.strip()  # of which YAML would make a date
    try:
        return parts, YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise ValueError(f"the value is not YAML: {str(error).splitlines()[0]}") from None


def _put(raw: dict[str, Any], parts: list[str], value: Any) -> tuple[Location, Location]:
    """Put a value in its place; return where that is, and what had to be made for it: the outermost, or it itself."""
    place: Any = raw
    location: list[str | int] = []
    made: Location = ()
    for depth, part in enumerate(parts):
        last = depth == len(parts) - 1
        if isinstance(place, list):
            found = _in_list(place, part)
            if found is None:
                raise ValueError(f"there is no '{part}' in '{'.'.join(parts[:depth])}'")
            if last:
                place[found] = value
            place = place[found]
            location.append(found)
        elif isinstance(place, dict):
            if part not in place and not made:
                made = (*location, part)
            if last:
                place[part] = value
            elif part not in place and depth < 2 and parts[0] in ("queues", "agents", "trunk_groups"):
                raise ValueError(f"there is no '{part}' in the file{nearest(part, place)}")
            else:
                place = place.setdefault(part, {})
            location.append(part)
        else:
            raise ValueError(f"'{'.'.join(parts[:depth])}' holds no sections")
    return tuple(location), made or tuple(location)


def _in_list(entries: list[Any], part: str) -> int | None:
    """Return which entry is meant: by number from 0, or by the name of a group."""
    if part.isdecimal():
        return int(part) if int(part) < len(entries) else None
    for number, entry in enumerate(entries):
        if isinstance(entry, dict) and part in (entry.get("group"), entry.get("name")):
            return number
    return None


def _meant(raw: dict[str, Any], parts: list[str]) -> tuple[list[str], str]:
    """Return the place that is meant, and how to say so where another was written.

    `queues.NAME.agents` of a queue whose agents are groups means the group of that name, or the one that serves
    nothing else. Raises ValueError where it may mean several.
    """
    if len(parts) != 3 or parts[0] != "queues" or parts[2] != "agents":
        return parts, ""
    name, queues = parts[1], _mapping(raw.get("queues"))
    if _mapping(queues.get(name)).get("agents") is not None:
        return parts, ""
    groups = [one for one in _sections(raw.get("agents")) if isinstance(one.get("group"), str)]
    serving = [one for one in groups if name in _served(one, groups, queues)]
    named = [one for one in serving if one["group"] == name]
    alone = named or [one for one in serving if _served(one, groups, queues) == [name]]
    if len(alone) == 1:
        group = alone[0]["group"]
        if alone[0].get("staffing") is not None:
            text = f"group '{group}' says how many are at work in each interval"
            raise ValueError(f"{text}; write agents.{group}.staffing=[...], a number an interval")
        who = "the group of that name" if named else f"the one group that serves '{name}' alone"
        return ["agents", group, "count"], f"taken for {who}, agents.{group}.count"
    if serving or any(one["group"] == name for one in groups):
        choices = serving or [one for one in groups if one["group"] == name]
        written = " or ".join(f"agents.{one['group']}.count" for one in choices)
        raise ValueError(f"'{name}' has its agents from groups; write {written}")
    return parts, ""


def _served(group: dict[str, Any], groups: list[dict[str, Any]], queues: dict[str, Any]) -> list[str]:
    """Return which queues a group serves, as `serving_groups` tells it of a scenario that is checked."""
    listed = {name for one in groups for name in _listed(one)}
    listed |= {name for name, queue in queues.items() if _mapping(queue).get("agents") is not None}
    found = []
    for name, queue in ((name, _mapping(one)) for name, one in queues.items()):
        has_skills = all(_level(group, skill) >= level for skill, level in _levels(queue).items())
        members_only = queue.get("members_only")
        if has_skills and (name in _listed(group) or not (name in listed if members_only is None else members_only)):
            found.append(name)
    return found


def _listed(group: dict[str, Any]) -> list[str]:
    said = group.get("queues")
    return [name for name in said if isinstance(name, str)] if isinstance(said, list) else []


def _levels(section: dict[str, Any]) -> dict[str, int]:
    return {name: level for name, level in _mapping(section.get("skills")).items() if isinstance(level, int)}


def _level(group: dict[str, Any], skill: str) -> int:
    return _levels(group).get(skill, 0)


def _counted(raw: dict[str, Any], parts: list[str], change: str) -> _Counted | None:
    """Return what a change counts; None if it counts nobody of a group."""
    of_shift = len(parts) == 5 and parts[2] == "shifts"
    if parts[0] != "agents" or parts[-1] != "count" or not (of_shift or len(parts) == 3):
        return None
    entries = _entries(raw)
    entry = _in_list(entries, parts[1])
    if entry is None or not isinstance(entries[entry], dict):
        return None
    return _Counted(entry, of_shift, change)


def _entries(raw: dict[str, Any]) -> list[Any]:
    agents = raw.get("agents")
    return agents if isinstance(agents, list) else []


def _read_in(entry: dict[str, Any], folder: Path) -> None:
    """Let the shifts of a file stand in the group itself, where one of them can be changed."""
    if isinstance(entry.get("shifts"), str):
        entry["shifts"] = shifts_of(entry, folder) or entry["shifts"]


def _balanced(entry: dict[str, Any], folder: Path, *, is_scaled: bool) -> str:
    """Make the counts of a group and of its shifts agree: those of shifts in proportion where `is_scaled`, else the
    group's. Return what was done; nothing where a shift says no count.
    """
    shifts = shifts_of(entry, folder)
    counts = [one.get("count") for one in shifts]
    count, whole = entry.get("count"), [one for one in counts if type(one) is int]
    total = sum(whole)
    if len(whole) < len(counts) or not shifts or type(count) is not int or count == total:
        return ""
    if not is_scaled:
        entry["count"] = total
        return f"the group has {total} with it, as its shifts say, where it had {count}"
    if not total or count < 0:
        return ""
    scaled = in_proportion(whole, count)
    entry["shifts"] = [one | {"count": head} for one, head in zip(shifts, scaled, strict=True)]
    told = [f"{one.get('hours')} from {one['count']} to {n}" for one, n in zip(shifts, scaled, strict=True)]
    more = f" and {len(told) - SHIFTS_TOLD} more" if len(told) > SHIFTS_TOLD else ""
    return f"its shifts, which say {total}, are scaled in proportion: {', '.join(told[:SHIFTS_TOLD])}{more}"


def _sections(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
