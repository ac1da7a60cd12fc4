"""A YAML file as plain values, with the line and column of each: duplicate keys and all other faults at once."""

import hashlib
import io
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Self

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from engine.model.fields import FromEnvironment

Location = tuple[str | int, ...]
"""Keys and indices from the root to a value, as pydantic's `loc`."""
Place = tuple[int, int]
"""Line and column, from 1."""

VALUES_MAX: Final = 1_000_000
"""Values in one file, aliases counted each time: a bound on what a few nested aliases can make of memory."""
_VARIABLE: Final = re.compile(r"\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_TLS_FILE: Final = re.compile(r"(?:certificate|key|(?:client_)?ca)_file")
_SECRET_FILE: Final = re.compile(r"((?:.+_)?(?:password|secret|token|ha1))_file")
_TAG: Final = "tag:yaml.org,2002:"
SECTIONS_BY_NAME: Final = (("queues",), ("sites",), ("trunk_groups",), ("opening_hours",), ("cases",), ("plans",))
"""Mappings whose keys are names: what stands under one does not depend on which."""
_WORDS: Final = {"true": True, "false": False}
_NO_NAMES: Final = frozenset({"int", "float", "bool", "null"})


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong, and where."""

    line: int
    column: int
    text: str


class Repeated(str):
    """A key that stood there before, by which what is under it is read; no name that anything could refer to."""

    __slots__ = ()


@dataclass
class Document:
    """What one file says, and where it says it."""

    path: str
    value: Any = None
    places: dict[Location, Place] = field(default_factory=dict)
    """Where each value begins."""
    key_places: dict[Location, Place] = field(default_factory=dict)
    """Where the key of each value begins."""
    faults: list[Fault] = field(default_factory=list)
    parts: dict[Location, "Document"] = field(default_factory=dict)
    """Other files whose values stand at these locations."""
    digest: str = ""
    """SHA-256 of the file, as sha256sum tells it; empty: it could not be read."""

    def place(self, location: Location, at_key: bool = False) -> Place:
        """Return the place of the value (or its key), or of the nearest enclosing one."""
        if at_key and location in self.key_places:
            return self.key_places[location]
        for length in range(len(location), 0, -1):
            if location[:length] in self.places:
                return self.places[location[:length]]
        return 1, 1

    def value_at(self, location: Location) -> Any:
        """Return the value at a location, None where there is none."""
        found = self.value
        for part in location:
            try:
                found = found[part]
            except (KeyError, IndexError, TypeError):
                return None
        return found

    def add(self, location: Location, text: str, at_key: bool = False) -> None:
        """Note a fault of the value (or its key) at `location`, of another file where that says the value."""
        for length in range(len(location), 0, -1):
            if (part := self.parts.get(location[:length])) is not None:
                part.add(location[length:], text, at_key)
                return
        self.faults.append(Fault(*self.place(location, at_key), text))

    def sentences(self) -> list[str]:
        """Return every fault once, in the order of the file, as `file:line:column: text`; then those of its parts."""
        own = [f"{self.path}:{f.line}:{f.column}: {f.text}" for f in sorted(set(self.faults))]
        return own + [text for part in self.parts.values() for text in part.sentences()]

    def without_faults(self) -> Self:
        """Return the same values at the same places, of which nothing is said yet."""
        parts = {location: part.without_faults() for location, part in self.parts.items()}
        return replace(self, faults=[], parts=parts)

    @property
    def is_faulty(self) -> bool:
        """Whether anything is wrong, in one of its parts perhaps."""
        return bool(self.faults) or any(part.is_faulty for part in self.parts.values())


class PlainValues(Document):
    """Values that stand in no file: what is wrong with them is told by where they are, as `queues.sales.max_wait`."""

    def add(self, location: Location, text: str, at_key: bool = False) -> None:
        """Note a fault of the value at `location`, of a file where that says the value."""
        if any(location[:length] in self.parts for length in range(len(location), 0, -1)):
            super().add(location, text, at_key)
        else:
            where = ".".join(map(str, location))
            self.faults.append(Fault(1, 1, f"{where}: {text}" if where else text))

    def sentences(self) -> list[str]:
        """Return every fault once, as `name: where: text`; then those of its parts."""
        own = [f"{self.path}: {fault.text}" for fault in dict.fromkeys(self.faults)]
        return own + [text for part in self.parts.values() for text in part.sentences()]


def read_document(path: Path, environment: Mapping[str, str] | None = None) -> Document:
    """Read a file; what is wrong with it stands in the document's `faults`.

    `${NAME}` in a value is replaced from the environment (`$$` is a dollar sign); `password_file: PATH` and its like
    are replaced by `password: CONTENT`. Paths of these, and of certificates and keys, are relative to the file.
    """
    document, text = Document(str(path)), ""
    try:
        content = path.read_bytes()
        document.digest = hashlib.sha256(content).hexdigest()
        text = io.StringIO(content.decode("utf-8"), newline=None).read()
        node = YAML(typ="safe", pure=True).compose(text)
        values = _Reader(document, path.parent, os.environ if environment is None else environment)
        document.value = values.value(node, ())
    except (OSError, UnicodeDecodeError) as error:
        document.faults.append(Fault(1, 1, f"cannot be read: {reason_of(error)}"))
    except YAMLError as error:
        document.faults.append(_syntax_fault(error))
    except RecursionError:
        document.faults.append(Fault(*_deepest(text), "mappings and lists are nested too deeply here"))
    return document


def _deepest(text: str) -> tuple[int, int]:
    """Return line and column where the text is nested deepest, by its brackets, or else by its indentation."""
    depth, deepest, place, line, column = 0, 0, (1, 1), 1, 0
    for character in text:
        column += 1
        if character in "[{":
            depth += 1
        elif character in "]}":
            depth -= 1
        elif character == "\n":
            line, column = line + 1, 0
        if depth > deepest:
            deepest, place = depth, (line, column)
    if deepest:
        return place
    lines = text.splitlines()
    row = max(range(len(lines)), key=lambda number: len(lines[number]) - len(lines[number].lstrip(" -")), default=0)
    return row + 1, 1


def reason_of(error: OSError | UnicodeDecodeError) -> str:
    """Return why a file could not be read, without the numbers of the system's errors."""
    return (error.strerror or str(error)) if isinstance(error, OSError) else f"it is not UTF-8 text ({error.reason})"


def _syntax_fault(error: YAMLError) -> Fault:
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        text = ", ".join(part for part in (error.context, error.problem) if part)
        if mark is not None:
            return Fault(mark.line + 1, mark.column + 1, f"this is not YAML: {text}")
    return Fault(1, 1, f"this is not YAML: {str(error).splitlines()[0]}")


@dataclass
class _Reader:
    """Turns nodes into values, and notes where each came from."""

    document: Document
    folder: Path
    environment: Mapping[str, str]
    values: int = 0
    open_nodes: set[int] = field(default_factory=set)

    def value(self, node: Node | None, location: Location) -> Any:
        if node is None:
            return None
        place = node.start_mark.line + 1, node.start_mark.column + 1
        self.document.places[location] = place
        self.values += 1
        if self.values > VALUES_MAX or id(node) in self.open_nodes:
            why = "an alias stands inside its own anchor" if id(node) in self.open_nodes else "too many values"
            self.document.faults.append(Fault(*place, why))
            return None
        if isinstance(node, ScalarNode):
            return self.scalar(node, location)
        self.open_nodes.add(id(node))
        try:
            if isinstance(node, SequenceNode):
                return [self.value(item, (*location, index)) for index, item in enumerate(node.value)]
            return self.mapping(node, location) if isinstance(node, MappingNode) else None
        finally:
            self.open_nodes.discard(id(node))

    def mapping(self, node: MappingNode, location: Location) -> dict[str, Any]:
        values: dict[str, Any] = {}
        merged: list[Node] = []
        for key_node, value_node in node.value:
            place = key_node.start_mark.line + 1, key_node.start_mark.column + 1
            if key_node.tag == f"{_TAG}merge":
                merged.extend(value_node.value if isinstance(value_node, SequenceNode) else [value_node])
            elif not isinstance(key_node, ScalarNode):
                self.document.faults.append(Fault(*place, "a key must be a single word"))
            elif key_node.value in values:
                first = self.document.key_places[(*location, key_node.value)]
                self.document.faults.append(
                    Fault(*place, f"'{key_node.value}' stands here a second time; the first is in line {first[0]}")
                )
                self.repeated(key_node, value_node, location, values)
            else:
                tag = str(key_node.tag).removeprefix(_TAG)
                if tag in _NO_NAMES and (location in SECTIONS_BY_NAME or location[-1:] == ("skills",)):
                    text = f"{key_node.value} is not a name; write '{key_node.value}', in quotes"
                    self.document.faults.append(Fault(*place, text))
                self.document.key_places[(*location, key_node.value)] = place
                values[key_node.value] = self.value(value_node, (*location, key_node.value))
        for source in merged:
            self.merge(source, location, values)
        self.read_secrets(values, location)
        self.find_files(values, location)
        return values

    def repeated(self, key_node: ScalarNode, value_node: Node, location: Location, values: dict[str, Any]) -> None:
        """Read what stands under a key for the second time, too, so that its faults show at once."""
        key = Repeated(f"{key_node.value} (line {key_node.start_mark.line + 1})")
        if location in SECTIONS_BY_NAME and key not in values:
            place = key_node.start_mark.line + 1, key_node.start_mark.column + 1
            self.document.key_places[(*location, key)] = place
            values[key] = self.value(value_node, (*location, key))
        elif isinstance(values[key_node.value], dict) and isinstance(value_node, MappingNode):
            self.merge(value_node, (*location, key_node.value), values[key_node.value])

    def merge(self, source: Node, location: Location, values: dict[str, Any]) -> None:
        """Add what `<<` brings, where the mapping itself does not say it."""
        if not isinstance(source, MappingNode):
            place = source.start_mark.line + 1, source.start_mark.column + 1
            self.document.faults.append(Fault(*place, "'<<' takes a mapping, as an alias of one"))
            return
        for key_node, value_node in source.value:
            if isinstance(key_node, ScalarNode) and key_node.value not in values:
                here = (*location, key_node.value)
                self.document.key_places[here] = key_node.start_mark.line + 1, key_node.start_mark.column + 1
                values[key_node.value] = self.value(value_node, here)

    def read_secrets(self, values: dict[str, Any], location: Location) -> None:
        for key in [key for key in values if _SECRET_FILE.fullmatch(key)]:
            name, here = key.removesuffix("_file"), (*location, key)
            if name in values:
                self.document.add(here, f"'{name}' is given too; give one of the two", at_key=True)
                continue
            try:
                values[name] = (self.folder / str(values.pop(key))).read_text(encoding="utf-8").rstrip("\r\n")
            except (OSError, UnicodeDecodeError) as error:
                values[name] = ""
                self.document.add(here, f"the file cannot be read: {reason_of(error)}")
            self.document.places[(*location, name)] = self.document.places[here]
            self.document.key_places[(*location, name)] = self.document.key_places[here]

    def find_files(self, values: dict[str, Any], location: Location) -> None:
        """Make the names of certificates and keys absolute; files that cannot be read are faults."""
        for key in [key for key in values if _TLS_FILE.fullmatch(key) and isinstance(values[key], str) and values[key]]:
            path = (self.folder / values[key]).absolute()
            try:
                path.read_bytes()
            except OSError as error:
                self.document.add((*location, key), f"{path} cannot be read: {reason_of(error)}")
            values[key] = str(path)

    def scalar(self, node: ScalarNode, location: Location) -> Any:
        tag = str(node.tag).removeprefix(_TAG)
        text = str(node.value)
        try:
            if tag == "null":
                return None
            if tag == "bool":
                return _WORDS[text.lower()]
            if tag == "int":
                return _integer(text.replace("_", ""))
            if tag == "float":
                return float(text.replace("_", "").replace(".inf", "inf").replace(".nan", "nan").replace(".NaN", "nan"))
        except (KeyError, ValueError):
            return text
        if tag not in ("str", "timestamp"):
            self.document.add(location, f"the tag {node.tag} is not supported; write the value plainly")
        return self.replace_variables(text, location)

    def replace_variables(self, text: str, location: Location) -> str:
        if "$" not in text:
            return text

        def replacement(match: re.Match[str]) -> str:
            if match[1] is None:
                return "$"
            if match[1] not in self.environment:
                self.document.add(location, f"the environment variable {match[1]} is not set")
            return self.environment.get(match[1], "")

        return FromEnvironment(_VARIABLE.sub(replacement, text))


def _integer(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        return int(text)
