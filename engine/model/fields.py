"""Field types of configuration sections: what a word in the file may be, and the sentence when it is something else.

For use in pydantic models as `Annotated[int, Duration("1s", "10m")]`, by the engine's own sections and by adapters'
`Settings` alike. Names of queues, agents and the like are checked against the validation context that the loader gives.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from engine.model.durations import format_duration, parse_duration
from engine.model.time_zones import meant

LIST_MAX: Final = 12
"""Choices that a sentence lists in full when none is near."""


class Section(BaseModel):
    """What every section has: unknown keys are faults, and nothing is converted silently."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class FromEnvironment(str):
    """Text that `${NAME}` was replaced by: it may stand for a number, as quoting it is not possible."""

    __slots__ = ()


def fault(text: str) -> PydanticCustomError:
    """Return the error that says `text`, whole and unchanged."""
    return PydanticCustomError("fault", "{text}", {"text": text})


def nearest_of(word: str, choices: Iterable[str]) -> str:
    """Return the choice that a word comes so near to that it may have been meant; empty: none."""
    folded = {choice.casefold(): choice for choice in choices}
    close = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else ""


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return the end of a sentence that helps: the nearest of the choices, or all of them if they are few."""
    known = list(choices)
    near = nearest_of(word, known)
    if near:
        return f"; did you mean '{near}'?"
    return "; there is " + ", ".join(known) if 0 < len(known) <= LIST_MAX else ""


def _plain(function: Any) -> CoreSchema:
    return core_schema.no_info_plain_validator_function(function)


@dataclass(frozen=True)
class Duration:
    """A duration with its unit, within bounds; the field holds nanoseconds. A bare 0 is allowed where zero is."""

    low: str
    high: str
    words: Mapping[str, int] = field(default_factory=dict, hash=False)
    """Words allowed instead, with the number each stands for."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return _plain(self.check)

    def check(self, value: Any) -> int:
        """Return the nanoseconds of `value`."""
        if isinstance(value, str) and value in self.words:
            return self.words[value]
        range_ = f"{self.low}" if self.low == self.high else f"{self.low} to {self.high}"
        bounds = range_ + "".join(f", or '{word}'" for word in self.words)
        if value == 0 and not isinstance(value, (bool, str)):
            value = "0s"
        if not isinstance(value, str):
            raise fault(f"{value!r} has no unit; write a duration from {bounds}, as 20s or 1m30s")
        try:
            duration_ns = parse_duration(value)
        except ValueError as error:
            raise fault(f"{error} ({bounds})" if self.words else str(error)) from None
        if not parse_duration(self.low) <= duration_ns <= parse_duration(self.high):
            raise fault(f"{format_duration(duration_ns)} is out of range; allowed is {bounds}")
        return duration_ns


@dataclass(frozen=True)
class Whole:
    """A whole number within bounds."""

    low: int
    high: int
    words: Mapping[str, int] = field(default_factory=dict, hash=False)
    """Words allowed instead, with the number each stands for."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return _plain(self.check)

    def check(self, value: Any) -> int:
        """Return `value` if it is one of the numbers."""
        if isinstance(value, str) and value in self.words:
            return self.words[value]
        if isinstance(value, FromEnvironment) and value.isdecimal():
            value = int(value)
        range_ = f"{self.low}" if self.low == self.high else f"{self.low} to {self.high}"
        bounds = range_ + "".join(f", or '{word}'" for word in self.words)
        if isinstance(value, bool) or not isinstance(value, int):
            raise fault(f"{value!r} is not a whole number; allowed is {bounds}")
        if not self.low <= value <= self.high:
            raise fault(f"{value} is out of range; allowed is {bounds}")
        return value


@dataclass(frozen=True)
class Number:
    """A number within bounds, whole or not."""

    low: float
    high: float

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return _plain(self.check)

    def check(self, value: Any) -> float:
        """Return `value` as a float."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise fault(f"{value!r} is not a number; allowed is {self.low:g} to {self.high:g}")
        if not self.low <= value <= self.high:
            raise fault(f"{value:g} is out of range; allowed is {self.low:g} to {self.high:g}")
        return float(value)


@dataclass(frozen=True)
class Share:
    """A share of something as `80%` or 0.8; the field holds 0.8."""

    most: float = 1.0

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return _plain(self.check)

    def check(self, value: Any) -> float:
        """Return the share."""
        found = value
        if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?\s*%", value):
            found = float(value.removesuffix("%")) / 100
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise fault(f"{value!r} is not a share; write 80% or 0.8")
        if not 0 <= found <= self.most:
            raise fault(f"{value} is out of range; allowed is 0 to {self.most * 100:g}%")
        return float(found)


@dataclass(frozen=True)
class Word:
    """One of a set of words; the field holds the number that the word stands for."""

    what: str
    numbers: Mapping[str, int] = field(hash=False)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return _plain(self.check)

    def check(self, value: Any) -> int:
        """Return the number of the word."""
        if not isinstance(value, str) or value not in self.numbers:
            raise fault(f"{value!r} is not a {self.what}{nearest(str(value), self.numbers)}")
        return self.numbers[value]


@dataclass(frozen=True)
class Text:
    """Text of a certain form; `form` says in words what it looks like."""

    pattern: str
    form: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return _plain(self.check)

    def check(self, value: Any) -> str:
        """Return `value` if it has the form."""
        if not isinstance(value, str) or not re.fullmatch(self.pattern, value):
            raise fault(f"{value!r} is not {self.form}")
        return str(value)


@dataclass(frozen=True)
class Ref:
    """The name of something that the file defines elsewhere, as `Ref("queue")`; `what` is its key in the context."""

    what: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(self.check)

    def check(self, value: Any, info: ValidationInfo) -> str:
        """Return the name if the context knows it; without a context every name is good."""
        if not isinstance(value, str):
            raise fault(f"{value!r} is not the name of a {self.what}; write it in quotes if it is one")
        known = (info.context or {}).get(self.what)
        if known is not None and value not in known:
            verb = "are" if self.what.endswith("s") else "is"
            raise fault(f"there {verb} no {self.what} '{value}'{nearest(value, known)}")
        return str(value)


@dataclass(frozen=True)
class Beside:
    """A path relative to the configuration file, made absolute by the context's `folder`; the file may come later."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_after_validator_function(self.find, handler(source))

    def find(self, value: str, info: ValidationInfo) -> str:
        """Return the absolute path; nothing stays nothing, and without a context the path is as it was said."""
        folder = (info.context or {}).get("folder")
        return str((folder / value).absolute()) if value and folder is not None else value


@dataclass(frozen=True)
class Target:
    """Where a contact goes that a queue does not take: `refuse` (the field is None) or `queue NAME`."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(self.check)

    def check(self, value: Any, info: ValidationInfo) -> str | None:
        """Return the queue's name, or None for `refuse`."""
        if value == "refuse":
            return None
        word, _, name = value.partition(" ") if isinstance(value, str) else ("", "", "")
        if word != "queue" or not name.strip():
            hint = f"; did you mean 'queue {value}'?" if value in (info.context or {}).get("queue", ()) else ""
            raise fault(f"{value!r} is neither 'refuse' nor 'queue NAME'{hint}")
        return Ref("queue").check(name.strip(), info)


def _zone_name(value: Any) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, OSError, ValueError, TypeError):
        raise fault(f"{value!r} is not a time zone{meant(str(value))}") from None
    return str(value)


TimeZone = Annotated[str, BeforeValidator(_zone_name)]
"""The name of a time zone, as `Asia/Ho_Chi_Minh`."""
