"""A policy: what a what-if changes of the recorded rules and staff, in the words of the engine's configuration."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import numpy as np
from pydantic import BeforeValidator, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from engine.config.document import Document, PlainValues, read_document
from engine.config.faults import note_faults
from engine.config.hours import Spans
from engine.config.queues import Queue, SkillLevels
from engine.errors import ConfigError
from engine.messages.kinds import CHANNEL_NAMES, STEP_NAMES, STEP_RELAX, STEP_TIME_OUT, STRATEGY_NAMES
from engine.model.directory import Directory
from engine.model.durations import format_duration
from engine.model.fields import Ref, Section, Whole
from engine.model.setting_tables import SettingTables, default_tables, fold_settings
from engine.model.settings import RESERVE_AUTO, STEPS_MAX, QueueSetting
from simulations.whatif.record import Record

Array = np.ndarray[Any, Any]
AGENTS_MAX: Final = 1000
UNCHANGEABLE: Final = ("opening_hours", "channel", "display_name")
"""Of a queue: what the record decides, or what changes nothing."""


class Added(Section):
    """Agents who were not there."""

    like: Annotated[str, Ref("agent")]
    """Who they are like: skills, queues, capacity."""
    count: Annotated[int, Whole(1, AGENTS_MAX)] = 1
    hours: Spans | None = None
    """When they are at work, every day; not said: whenever the one they are like is."""


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


class Staff(Section):
    """Who comes, who stays away, who learns."""

    add: Annotated[list[Added], BeforeValidator(_listed)] = Field(default_factory=list)
    remove: list[Annotated[str, Ref("agent")]] = Field(default_factory=list)
    train: dict[Annotated[str, Ref("agent")], SkillLevels] = Field(default_factory=dict)
    """Levels of skills that agents have instead of the recorded ones."""


class Trunks(Section):
    """What is other of a trunk group."""

    channels: Annotated[int, Whole(0, 1_000_000)] | None = None
    reserve: Annotated[int, Whole(0, 1_000_000, {"auto": RESERVE_AUTO})] | None = None


class Policy(Section):
    """Everything that is other than recorded; what is not said stays as it was."""

    queues: dict[Annotated[str, Ref("queue")], Queue] = Field(default_factory=dict)
    trunk_groups: dict[Annotated[str, Ref("trunk group")], Trunks] = Field(default_factory=dict)
    agents: Staff = Staff()


class Said(msgspec.Struct, frozen=True):
    """A policy, and which words it used of each queue; the rest of a queue is as recorded."""

    policy: Policy
    words: dict[str, frozenset[str]]


def load_policy(text: str, record: Record) -> Said:
    """Return the policy in a YAML file, or in the text itself where it begins with a brace.

    Raises ConfigError with every fault, with line and column.
    """
    document = _inline(text) if text.lstrip().startswith("{") else read_document(Path(text))
    if not isinstance(document.value, dict) and not document.is_faulty:
        document.add((), "a policy is a mapping of sections, as 'queues:' and 'agents:'")
    if document.is_faulty:
        raise ConfigError(document.sentences())
    queues = document.value.get("queues")
    said = (
        {name: queue for name, queue in queues.items() if isinstance(queue, dict)} if isinstance(queues, dict) else {}
    )
    for name, queue in said.items():
        for word in UNCHANGEABLE:
            if word in queue:
                document.add(("queues", name, word), f"'{word}' cannot be changed in a record")
    tables, directory = settings_of(record), record.directory
    whole = {name: _merged(queue, name, tables, directory) for name, queue in said.items()}
    merged = document.value | ({"queues": {**queues, **whole}} if whole else {})
    context = _names(directory)
    try:
        policy = Policy.model_validate(merged, context=context)
    except ValidationError as error:
        note_faults(document, error, Policy, context=context)
        raise ConfigError(document.sentences()) from None
    if document.is_faulty:
        raise ConfigError(document.sentences())
    return Said(policy, {name: frozenset(queue) for name, queue in said.items()})


def _inline(text: str) -> Document:
    try:
        return PlainValues("--policy", YAML(typ="safe", pure=True).load(text))
    except YAMLError as error:
        raise ConfigError([f"--policy: that is no YAML: {str(error).splitlines()[0]}"]) from None


def settings_of(record: Record) -> SettingTables:
    """Return the settings that hold when the record ends."""
    capacity = record.capacity
    tables = default_tables().resized(
        requirements=max(capacity.requirements, len(record.directory.requirements.pairs)),
        trunk_groups=capacity.trunk_groups,
        queues=capacity.queues,
        agents=capacity.agents,
        skills=max(len(record.directory.skills), 1),
    )
    fold_settings(tables, record.script.view(np.recarray))
    return tables


def _names(directory: Directory) -> Mapping[str, Any]:
    return {
        "queue": list(directory.queues.configured()),
        "agent": list(directory.agents.configured()),
        "skill": list(directory.skills.configured()),
        "trunk group": list(directory.trunk_groups.configured()),
        "channel": list(CHANNEL_NAMES.values()),
    }


def _merged(said: dict[str, Any], name: str, tables: SettingTables, directory: Directory) -> dict[str, Any]:
    """Return what is said of a queue over what was recorded, as far as one word depends on another."""
    number = directory.queues.number(name)
    if number < 0:
        return said
    chain = [
        {directory.skills.name(skill): level for skill, level in needed.items()}
        for needed in directory.queue_cards[number].chain
    ]
    columns = tables.queues[number]
    steps = _recorded_steps(columns, directory, chain[1:])
    if "max_wait" in said:
        steps = [step for step in steps if step["do"] != STEP_NAMES[STEP_TIME_OUT]]
    recorded = {"strategy": STRATEGY_NAMES[int(columns[QueueSetting.STRATEGY])], "skills": chain[0], "steps": steps}
    return recorded | said


def _recorded_steps(columns: Array, directory: Directory, relaxed: list[dict[str, int]]) -> list[dict[str, Any]]:
    """Return the timed steps of a queue as a file would say them."""
    found: list[dict[str, Any]] = []
    for place in range(STEPS_MAX):
        after_ns, do, target = columns[QueueSetting.FIRST_STEP + 3 * place :][:3].tolist()
        if do == 0:
            continue
        step: dict[str, Any] = {"after": format_duration(after_ns), "do": STEP_NAMES[do]}
        if target >= 0:
            step["to"] = directory.queues.name(target)
        if do == STEP_RELAX and relaxed:
            step["skills"] = relaxed.pop(0)
        found.append(step)
    return found
