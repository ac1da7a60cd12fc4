"""From a file to a checked scenario: all faults at once with line and column, and changes from the command line."""

import copy
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from engine.config.document import Document, Location, PlainValues, read_document, reason_of
from engine.config.faults import note_faults
from engine.config.plan_files import read_plan_files
from engine.config.queues import CHANNEL_NUMBERS
from engine.errors import ConfigError
from simulations.scenario.changes import make_changes
from simulations.scenario.factors import with_factors
from simulations.scenario.file import ScenarioFile, Stretch
from simulations.scenario.shift_files import read_shifts
from simulations.scenario.volumes import Timeline


def is_scenario(value: Any) -> bool:
    """Tell whether what a YAML file says is a scenario rather than an engine's configuration."""
    queues = value.get("queues") if isinstance(value, dict) else None
    return isinstance(value, dict) and (
        "horizon" in value
        or "experiment" in value
        or any("handle" in queue for queue in _mapping(queues).values() if isinstance(queue, dict))
    )


def load_document(
    source: Path | dict[str, Any], folder: Path, changes: Iterable[str] = ()
) -> tuple[Document, tuple[str, ...]]:
    """Return what a file says, or plain values, with `changes` made, each as `queues.sales.agents=12`; and notes on
    what these came to beside what they say.

    Plans in files of their own are read from `folder`.

    Raises ConfigError for a file that is no YAML, and for changes that cannot be made, each with its text.
    """
    document = read_document(source) if isinstance(source, Path) else PlainValues("scenario", copy.deepcopy(source))
    read_plan_files(document, folder)
    if not isinstance(document.value, dict):
        if not document.faults:
            document.add((), "the file must be a mapping of sections, as 'queues:'")
        raise ConfigError(document.sentences())
    made = make_changes(document.value, folder, changes)
    if made.faults:
        raise ConfigError(made.faults)
    return document, made.notes


def check_value(document: Document, folder: Path) -> ScenarioFile:
    """Return the scenario, checked; files named in it are relative to `folder`. Raises ConfigError with every fault."""
    value = _with_shifts(document, folder)
    context = _names(value) | {"folder": folder, "timeline": _timeline(value)}
    _check_groups(document, value)
    try:
        checked = ScenarioFile.model_validate(value, context=context)
    except ValidationError as error:
        note_faults(document, error, ScenarioFile, context=context)
        raise ConfigError(document.sentences()) from None
    if document.is_faulty:
        raise ConfigError(document.sentences())
    return with_factors(checked)


def _timeline(raw: dict[str, Any]) -> Timeline | None:
    """Return the intervals of the horizon; None where what the file says of it is wrong, which is told elsewhere."""
    said = {key: raw[key] for key in ("horizon", "time_zone") if key in raw}
    try:
        return Stretch.model_validate(said).timeline
    except ValidationError:
        return None


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _names(raw: dict[str, Any]) -> dict[str, Any]:
    """Return what may be referred to, by kind: taken from the unchecked file, so that all faults show at once."""
    entries = raw.get("agents")
    agents = [_mapping(entry) for entry in entries] if isinstance(entries, list) else []
    skills = raw.get("skills")
    if not isinstance(skills, list):
        short = [_mapping(queue) for queue in _mapping(raw.get("queues")).values()]
        having = [*agents, *(queue for queue in short if queue.get("agents") is not None)]
        skills = [skill for one in having for skill in _mapping(one.get("skills"))]
    return {
        "queue": list(_mapping(raw.get("queues"))),
        "skill": list(dict.fromkeys(skill for skill in skills if isinstance(skill, str))),
        "site": list(_mapping(raw.get("sites"))),
        "trunk group": list(_mapping(raw.get("trunk_groups"))),
        "opening hours": list(_mapping(raw.get("opening_hours"))),
        "channel": list(CHANNEL_NUMBERS),
        "plan": list(_mapping(raw.get("plans"))),
        "group": [
            *(name for name in (agent.get("group") for agent in agents) if isinstance(name, str)),
            *(name for name, queue in _mapping(raw.get("queues")).items() if _mapping(queue).get("agents") is not None),
        ],
    }


def _check_groups(document: Document, raw: dict[str, Any]) -> None:
    """No two groups of one name, those that queues name in passing included."""
    seen: set[Any] = {
        name for name, queue in _mapping(raw.get("queues")).items() if _mapping(queue).get("agents") is not None
    }
    agents = raw.get("agents")
    for index, entry in enumerate(agents if isinstance(agents, list) else ()):
        name = _mapping(entry).get("group")
        if name in seen:
            document.add(("agents", index, "group"), f"there is a group '{name}' already")
        seen.add(name)


def _with_shifts(document: Document, folder: Path) -> dict[str, Any]:
    """Return the values with what the file of `shifts: FILE.csv` says in its place: hours, count, breaks, days.

    Faults of these are told at the lines of that file.
    """
    entries = document.value.get("agents")
    if not isinstance(entries, list):
        return dict(document.value)
    read = []
    for index, entry in enumerate(entries):
        name = _mapping(entry).get("shifts")
        if not isinstance(name, str):
            read.append(entry)
            continue
        shifts: list[dict[str, Any]] = []
        try:
            shifts = read_shifts(folder / name)
        except (OSError, UnicodeDecodeError) as error:
            document.add(("agents", index, "shifts"), f"the shifts cannot be read: {name}: {reason_of(error)}")
        except ValueError as error:
            document.add(("agents", index, "shifts"), f"the shifts cannot be read: {error}")
        lines: dict[Location, tuple[int, int]] = {(place,): (place + 2, 1) for place in range(len(shifts))}
        document.parts["agents", index, "shifts"] = Document(str(folder / name), shifts, lines)
        read.append(entry | {"shifts": shifts})
    return {**document.value, "agents": read}
