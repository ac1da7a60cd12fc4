"""From a file to a checked configuration: all faults at once, or a `Config`."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from engine.config.adapters import Loader, check_adapters, installed_adapters
from engine.config.agents import expanded_names
from engine.config.document import Document, Repeated, read_document
from engine.config.faults import note_faults
from engine.config.plan_files import read_plan_files
from engine.config.queues import CHANNEL_NUMBERS
from engine.config.schedule import read_schedule
from engine.config.sections import Config, Limits, Token
from engine.errors import ConfigError
from engine.model.fields import TimeZone
from engine.model.scopes import Scope
from engine.model.settings import SKILLS_MAX


def load_config(
    path: Path | str,
    environment: Mapping[str, str] | None = None,
    adapters: Mapping[str, Loader] | None = None,
) -> Config:
    """Return the configuration in the file at `path`.

    `environment` is what `${NAME}` stands for (the process's own if None), `adapters` the loaders by name (those
    installed if None). Raises ConfigError with every fault of the file.
    """
    config, _ = load_placed(path, environment, adapters)
    return config


def load_placed(
    path: Path | str,
    environment: Mapping[str, str] | None = None,
    adapters: Mapping[str, Loader] | None = None,
) -> tuple[Config, Document]:
    """Return what `load_config` returns, and the document that knows where each value stands. Raises as it does."""
    document = read_document(Path(path), os.environ if environment is None else environment)
    read_schedule(document, Path(path).parent)
    read_plan_files(document, Path(path).parent, environment)
    config = _check(document, installed_adapters() if adapters is None else adapters, Path(path).parent)
    if config is None or document.is_faulty:
        raise ConfigError(document.sentences())
    return config.read_from(document.digest), document


def _check(document: Document, loaders: Mapping[str, Loader], folder: Path) -> Config | None:
    if document.value is None:
        if not document.faults:
            document.add((), "the file is empty; it needs 'queues' at least, and as a scenario 'horizon', too")
        return None
    if not isinstance(document.value, dict):
        document.add((), "the file must be a mapping of sections, as 'queues:'")
        return None
    raw = document.value
    names = names_of(raw)
    _check_agent_names(document, raw)
    _check_targets(document, raw)
    _check_limits(document, raw, names)
    sections = raw.get("adapters")
    context = names | {"tokens": _tokens(raw), "folder": folder}
    inherited = {"time_zone": zone} if (zone := _time_zone(raw)) else {}
    settings = check_adapters(document, sections, loaders, context, inherited) if isinstance(sections, dict) else {}
    try:
        config = Config.model_validate(raw, context=names)
    except ValidationError as error:
        note_faults(document, error, Config, context=names)
        return None
    return config.model_copy(update={"adapters": settings})


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _keys(value: Any) -> list[str]:
    return [key for key in _mapping(value) if not isinstance(key, Repeated)]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def names_of(raw: Any) -> dict[str, Any]:
    """Return what may be referred to, by kind: taken from the unchecked file, so that all faults show at once."""
    raw = _mapping(raw)
    agents = _list(raw.get("agents"))
    skills = raw.get("skills")
    if not isinstance(skills, list):
        skills = [skill for agent in agents for skill in _mapping(_mapping(agent).get("skills"))]
    return {
        "queue": _keys(raw.get("queues")),
        "agent": [name for agent in agents for name in expanded_names(agent)],
        "skill": list(dict.fromkeys(skill for skill in skills if isinstance(skill, str))),
        "site": _keys(raw.get("sites")),
        "trunk group": _keys(raw.get("trunk_groups")),
        "opening hours": _keys(raw.get("opening_hours")),
        "channel": list(CHANNEL_NUMBERS),
        "plan": _keys(raw.get("plans")),
    }


def _time_zone(raw: dict[str, Any]) -> str | None:
    """Return the time zone of the service, for all who have one and do not say it; None for one that is faulty."""
    zone = _mapping(raw.get("service")).get("time_zone")
    try:
        return TypeAdapter(TimeZone).validate_python(zone)
    except ValidationError:
        return None


def _tokens(raw: dict[str, Any]) -> list[Token]:
    """Return the tokens for adapters that ask for them; one with a fault of its own counts, but lets nobody in."""
    tokens = []
    for entry in _list(raw.get("tokens")):
        try:
            tokens.append(Token.model_validate(entry))
        except ValidationError:
            tokens.append(Token(id="faulty", sha256="0" * 64, scopes=[Scope.READ]))
    return tokens


def _check_agent_names(document: Document, raw: dict[str, Any]) -> None:
    for section, word in (("agents", "name"), ("tokens", "id")):
        seen: dict[str, int] = {}
        for index, entry in enumerate(_list(raw.get(section))):
            location = (section, index, word)
            for name in expanded_names(entry) if section == "agents" else [str(_mapping(entry).get(word))]:
                if name in seen:
                    text = f"'{name}' stands here a second time; the first is in line {seen[name]}"
                    document.add(location, text)
                    break
                seen[name] = document.place(location)[0]
    for section, word in (("wrap_up_codes", "code"), ("quality_fields", "field")):
        given = [_mapping(entry).get(word) for entry in _list(raw.get(section))]
        for index, said in enumerate(given):
            if said is not None and said in given[:index]:
                document.add((section, index, word), f"{said!r} stands here a second time")
    for section in ("skills", "pause_reasons"):
        entries = _list(raw.get(section))
        for index, name in enumerate(entries):
            if name in entries[:index]:
                document.add((section, index), f"{name!r} stands here a second time")


def _check_targets(document: Document, raw: dict[str, Any]) -> None:
    """A queue may lead back to itself through others, but not at once."""
    for name, queue in _mapping(raw.get("queues")).items():
        for word in ("when_full", "when_empty", "when_closed"):
            if _mapping(queue).get(word) == f"queue {name}":
                document.add(("queues", name, word), f"queue '{name}' cannot be its own target")
        for index, step in enumerate(_list(_mapping(queue).get("steps"))):
            if _mapping(step).get("to") == name and _mapping(step).get("do") == "overflow":
                document.add(("queues", name, "steps", index, "to"), f"queue '{name}' cannot be its own target")


def _check_limits(document: Document, raw: dict[str, Any], names: dict[str, Any]) -> None:
    limits = _mapping(raw.get("limits"))
    for word, count in (
        ("agents", len(names["agent"])),
        ("queues", len(names["queue"])),
        ("trunk_groups", len(names["trunk group"])),
    ):
        limit = limits.get(word, getattr(Limits(), word))
        if isinstance(limit, int) and count > limit:
            text = f"there are {count} {word.replace('_', ' ')}, but limits.{word} is {limit}; raise it"
            document.add(("limits", word) if word in limits else (word,), text)
    if len(names["skill"]) > SKILLS_MAX:
        document.add(("skills",), f"there are {len(names['skill'])} skills; at most {SKILLS_MAX} are possible")
