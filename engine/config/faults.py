"""From pydantic's errors to sentences with a place: what is wrong, and the nearest word that would be right."""

import re
from collections.abc import Mapping
from contextlib import suppress
from types import SimpleNamespace
from typing import Annotated, Any, Final, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from engine.config.document import Document, Location
from engine.model.fields import nearest

_WANTED: Final = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
_BOUNDS: Final = {
    "greater_than_equal": ("at least", "ge"),
    "less_than_equal": ("at most", "le"),
    "greater_than": ("more than", "gt"),
    "less_than": ("less than", "lt"),
}
Faults = list[tuple[Location, str]]
"""What is wrong inside a section, and where, counted from the section."""
_SECRET: Final = re.compile("password|secret|token|ha1|key", re.IGNORECASE)
"""Words whose values are not repeated in a sentence."""
HIDDEN: Final = "***"
_NUMBER_IN_TEXT: Final = "; write it in quotes"
_YAML_1_1: Final = {"yes": "true", "on": "true", "no": "false", "off": "false"}
"""Words that meant truth values in older YAML, and are text in YAML 1.2."""


def several(faults: Faults) -> PydanticCustomError:
    """Return the error by which a validator of a whole section reports faults at places inside it."""
    return PydanticCustomError("several", "several faults", {"faults": faults})


def note_faults(
    document: Document,
    error: ValidationError,
    model: type[BaseModel],
    base: Location = (),
    context: Mapping[str, Any] | None = None,
) -> None:
    """Add to the document what `model` found wrong with its value at `base`, validated in `context`."""
    _note_rules(document, error, model, base, context)
    for details in error.errors(include_url=False):
        location = details["loc"]
        if details["type"] == "several":
            for inner, text in details["ctx"]["faults"]:
                document.add((*base, *location, *inner), text)
            continue
        at_key = details["type"] == "extra_forbidden" or location[-1:] == ("[key]",)
        if location[-1:] == ("[key]",):
            location = location[:-1]
        document.add((*base, *location), _sentence(details, location, model), at_key)


def _note_rules(
    document: Document, error: ValidationError, model: type[BaseModel], base: Location, context: Any
) -> None:
    """Add what the rules between keys say, which pydantic leaves out where one key of the section is wrong."""
    wrong: dict[Location, set[str | int]] = {}
    for details in error.errors(include_url=False):
        for length, part in enumerate(details["loc"]):
            wrong.setdefault(details["loc"][:length], set()).add(part)
    for location, parts in wrong.items():
        present: Any = model
        for part in location:
            present = _inside(present, part)
        section, value = _section(present), document.value_at((*base, *location))
        if section is None or not isinstance(value, dict):
            continue
        for inner, text in _rules_broken(section, value, parts, context):
            document.add((*base, *location, *inner), text)


def _rules_broken(section: type[BaseModel], value: dict[str, Any], wrong: set[str | int], context: Any) -> Faults:
    """Return what the rules of a section say of its good keys; a rule that needs one of the others says nothing."""
    found = good_part(section, value, wrong, context)
    faults: Faults = []
    for rule in section.__pydantic_decorators__.model_validators.values():
        if rule.info.mode != "after":
            continue
        try:
            rule.func(found)
        except AttributeError:
            continue
        except PydanticCustomError as broken:
            several_of = (broken.context or {}).get("faults")
            faults += several_of if several_of is not None else [((), broken.message())]
    return faults


def good_part(section: type[BaseModel], value: dict[str, Any], wrong: set[str | int], context: Any) -> BaseModel:
    """Return a section without what is wrong in it: whoever asks for that meets an AttributeError.

    `wrong` are keys known to be so, missing ones among them, `context` what the section's validators see.
    """
    for rule in section.__pydantic_decorators__.model_validators.values():
        if rule.info.mode == "before":
            with suppress(ValueError):  # told by pydantic, whose errors all are ValueErrors, at the section's place
                value = rule.func(value, SimpleNamespace(context=context))
    found = section.model_construct()
    for name, info in section.model_fields.items():
        key = info.alias or name
        if key not in value and key not in wrong:
            continue
        annotation: Any = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
        try:
            found.__dict__[name] = TypeAdapter(annotation).validate_python(value[key], strict=True, context=context)
        except (ValidationError, KeyError):
            found.__dict__.pop(name, None)
            if (rest := _good_rest(info.annotation, value.get(key), context)) is not None:
                found.__dict__[name] = rest
    return found


def _good_rest(annotation: Any, value: Any, context: Any) -> Any:
    """Return the good part of a section, or of a mapping or list of them with all their names and places; else None."""
    if isinstance(value, dict) and (section := _section(annotation)) is not None:
        return good_part(section, value, set(), context)
    holder = next((one for one in _alternatives(annotation) if get_origin(one) in (dict, list)), None)
    section = _section(_inside(holder, ""))
    if section is None or type(value) is not get_origin(holder):
        return None
    if isinstance(value, dict):
        return {name: _good_rest(section, entry, context) or _Nothing() for name, entry in value.items()}
    return [_good_rest(section, entry, context) or _Nothing() for entry in value]


class _Nothing:
    """Stands for a section of which nothing is good."""


def _sentence(details: ErrorDetails, location: Location, model: type[BaseModel]) -> str:
    kind = details["type"]
    value = HIDDEN if _SECRET.search(str(location[-1:])) else details["input"]
    if kind == "extra_forbidden":
        return f"unknown word '{location[-1]}'{nearest(str(location[-1]), _keys_at(model, location[:-1]))}"
    if kind == "missing":
        return f"'{location[-1]}' is missing"
    if kind in _WANTED:
        hint = _NUMBER_IN_TEXT if kind == "string_type" and isinstance(details["input"], int | float) else ""
        if isinstance(details["input"], str) and details["input"].lower() in _YAML_1_1:
            truth = _YAML_1_1[details["input"].lower()]
            hint = f"; in YAML 1.2 {details['input']} is text, and {truth} the truth value"
        return f"{_shown(value)} stands where {_WANTED[kind]} belongs{hint}"
    if kind in ("literal_error", "enum"):
        words = [word.strip("' ") for word in details["ctx"]["expected"].replace(" or ", ", ").split(",")]
        return f"{_shown(value)} is not a word that may stand here{nearest(str(value), words)}"
    if kind == "too_short":
        return f"at least {details['ctx']['min_length']} must be given here"
    if kind in _BOUNDS:
        word, bound = _BOUNDS[kind]
        return f"{_shown(value)} is out of range; allowed is {word} {details['ctx'][bound]}"
    message = details["msg"].removeprefix("Value error, ")
    return message if kind == "fault" else message[:1].lower() + message[1:]


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return repr(value)


def _keys_at(model: Any, location: Location) -> list[str]:
    """Return the keys that the section at `location` may have."""
    present: Any = model
    for part in location:
        present = _inside(present, part)
    present = _section(present)
    if present is None:
        return []
    return [info.alias or name for name, info in present.model_fields.items()]


def _inside(annotation: Any, part: str | int) -> Any:
    section = _section(annotation)
    if section is not None:
        found = [info for name, info in section.model_fields.items() if (info.alias or name) == part]
        return found[0].annotation if found else None
    for candidate in _alternatives(annotation):
        arguments = get_args(candidate)
        if get_origin(candidate) in (dict, list, tuple) and arguments:
            return arguments[-1] if get_origin(candidate) is not tuple else arguments[0]
    return None


def _section(annotation: Any) -> type[BaseModel] | None:
    for candidate in _alternatives(annotation):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _alternatives(annotation: Any) -> list[Any]:
    """Return what an annotation allows, without Annotated and unions."""
    if get_origin(annotation) is Annotated:
        return _alternatives(get_args(annotation)[0])
    if get_origin(annotation) in (dict, list, tuple) or not get_args(annotation):
        return [annotation]
    return [inner for argument in get_args(annotation) for inner in _alternatives(argument)]
