"""From a file to a checked scenario: all faults at once with line and column, and changes from the command line."""

import copy
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from engine.config.document import Document, Location, PlainValues, read_document
from engine.config.faults import note_faults
from engine.config.plan_files import read_plan_files
from engine.config.queues import CHANNEL_NUMBERS
from engine.errors import ConfigError
from simulations.scenario.changes import make_changes
from simulations.scenario.csv_files import NotCsv, why_unread
from simulations.scenario.factors import with_factors
from simulations.scenario.file import ScenarioFile, Stretch
from simulations.scenario.shift_files import read_shifts
from simulations.scenario.volumes import Timeline

_NAMED_BY_KEYS: Final = {
    "queue": "queues",
    "site": "sites",
    "trunk group": "trunk_groups",
    "opening hours": "opening_hours",
    "plan": "plans",
}
"""What may be referred to and is named by the keys of a section, and that section."""
_SET: Final = "--set "
"""With what a fault of a change begins."""


def is_scenario(value: Any) -> bool:
    """Tell whether what a YAML file says is a scenario rather than an engine's configuration."""
    queues = value.get("queues") if isinstance(value, dict) else None
    return isinstance(value, dict) and (
        "horizon" in value
        or "experiment" in value
        or any("handle" in queue for queue in _mapping(queues).values() if isinstance(queue, dict))
    )


class Loaded(NamedTuple):
    """A scenario, read and checked."""

    value: dict[str, Any]
    """What the file says with all changes made, as plain values."""
    file: ScenarioFile
    notes: tuple[str, ...]
    """What changes came to beside what they say."""


def load_scenario(source: Path | dict[str, Any], folder: Path, changes: Iterable[str] = ()) -> Loaded:
    """Return what a file says, or plain values, with `changes` made, and the same as a checked scenario.

    Raises ConfigError with every fault; what is wrong with changes alone, at places of the file too, begins with the
    change, as `--set horizon.interval=7m: day.yaml:1:17: the horizon must begin ...`.
    """
    said = tuple(changes)
    document, notes = load_document(source, folder, said)
    try:
        return Loaded(document.value, check_value(document, folder), notes)
    except ConfigError as error:
        raise ConfigError(_with_their_changes(error.faults, source, folder, said)) from None


def _with_their_changes(
    faults: list[str], source: Path | dict[str, Any], folder: Path, changes: tuple[str, ...]
) -> list[str]:
    """Return faults, each that the file has not by itself with the change that brought it: the last one with which it
    came."""
    told = [fault for fault in faults if fault.startswith(_SET)]
    left, brought = [fault for fault in faults if fault not in told], list[str]()
    for place in range(len(changes), 0, -1):
        before = _faults_with(source, folder, changes[: place - 1]) if left else set[str]()
        brought = [f"{_SET}{changes[place - 1]}: {fault}" for fault in left if fault not in before] + brought
        left = [fault for fault in left if fault in before]
    return [*left, *brought, *told]


def _faults_with(source: Path | dict[str, Any], folder: Path, changes: tuple[str, ...]) -> set[str]:
    try:
        document, _ = load_document(source, folder, changes)
        check_value(document, folder)
    except ConfigError as error:
        return set(error.faults)
    return set()


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
            text = "the file must be a mapping of sections, as 'queues:'"
            if document.value is None:
                text = "the file is empty; a scenario needs 'horizon' and 'queues' at least"
            document.add((), text)
        raise ConfigError(document.sentences())
    made = make_changes(document.value, folder, changes)
    if made.faults:
        raise ConfigError(made.faults)
    for location, change in made.at.items():
        document.parts[location] = PlainValues(f"{_SET}{change}", document.value_at(location))
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
        short = [raw["queues"][name] for name in _counted_queues(raw)]
        skills = [skill for one in [*agents, *short] for skill in _mapping(one.get("skills"))]
    return {
        **{what: _texts(_mapping(raw.get(key))) for what, key in _NAMED_BY_KEYS.items()},
        "skill": _texts(skills),
        "channel": list(CHANNEL_NUMBERS),
        "group": _texts([*(agent.get("group") for agent in agents), *_counted_queues(raw)]),
    }


def _counted_queues(raw: dict[str, Any]) -> list[Any]:
    """Return the queues that say how many serve nothing else: each of them is a group of its own name."""
    return [name for name, queue in _mapping(raw.get("queues")).items() if _mapping(queue).get("agents") is not None]


def _texts(names: Iterable[Any]) -> list[str]:
    """Return the names among what stands where names belong, each once; what else stands there is told elsewhere."""
    return list(dict.fromkeys(name for name in names if isinstance(name, str)))


def _check_groups(document: Document, raw: dict[str, Any]) -> None:
    """No two groups of one name, those that queues name in passing included."""
    seen = set(_counted_queues(raw))
    agents = raw.get("agents")
    for index, entry in enumerate(agents if isinstance(agents, list) else ()):
        name = _mapping(entry).get("group")
        if not isinstance(name, str):
            continue
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
        except (OSError, UnicodeDecodeError, NotCsv) as error:
            document.add(("agents", index, "shifts"), f"the shifts cannot be read: {name}: {why_unread(error)}")
        except ValueError as error:
            document.add(("agents", index, "shifts"), f"the shifts cannot be read: {error}")
        lines: dict[Location, tuple[int, int]] = {(place,): (place + 2, 1) for place in range(len(shifts))}
        document.parts["agents", index, "shifts"] = Document(str(folder / name), shifts, lines)
        read.append(entry | {"shifts": shifts})
    return {**document.value, "agents": read}
