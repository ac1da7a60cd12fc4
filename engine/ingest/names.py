"""Numbers for names that come from outside: who submits facts, and why agents pause. Bounded, and kept by the log."""

from collections.abc import Sequence
from typing import Final

import msgspec

from engine.errors import Overloaded, SourcesFull
from engine.ingest.stamp import RowBuffer
from engine.messages.kinds import CONFIGURATION_LOADED
from engine.model.directory import Directory

SOURCES_MAX: Final = 4096
SOURCES_RESERVED: Final = 4096
"""For sources of the engine's own: one or two of each adapter that ever was."""
REASONS_MAX: Final = 4096
NAMES_ONLY: Final = 1
"""In `a` of CONFIGURATION_LOADED: the payload is a NamesRecord, not a directory.

In `b` then: the sequence up to which adapters were told everything, where they just came up; else 0.
"""
ENGINE_SOURCE: Final = "engine"
"""Number 0: the driver itself."""


NAMELESS: Final = "source-"


UNNUMBERED: Final = -1


class Source:
    """Who submits facts, and for which adapter.

    A new one gets its number with its first row: who never says anything that counts takes no number from others.
    """

    __slots__ = ("name", "number", "owner", "reserved")

    def __init__(self, name: str, owner: str, number: int = UNNUMBERED, *, reserved: bool = False) -> None:
        self.name = name
        self.owner = owner
        self.number = number
        self.reserved = reserved
        """One of the engine's own, for which there is room beyond the others'."""


class NamesRecord(msgspec.Struct, frozen=True):
    """Names from given numbers on, as a row's payload keeps them."""

    first_source: int = 0
    sources: tuple[tuple[str, str], ...] = ()
    """(source, adapter that speaks for it)."""
    first_reason: int = 0
    reasons: tuple[str, ...] = ()


class InternedNames:
    """Sources and reasons by number. New ones are `unrecorded` until a row with their `NamesRecord` is written."""

    def __init__(self) -> None:
        self.sources: list[str] = [ENGINE_SOURCE]
        self.owners: list[str] = [""]
        """The adapter that brought each source, to which its contacts' effects go; empty: the engine itself."""
        self.reasons: list[str] = [""]
        self._source_numbers: dict[str, int] = {ENGINE_SOURCE: 0}
        self._reason_numbers: dict[str, int] = {"": 0}
        self._recorded_sources = 1
        self._recorded_reasons = 1

    def source(self, name: str, owner: str, *, reserved: bool = False) -> int:
        """Number of a source; a new one belongs to the adapter `owner`. Raises SourcesFull beyond SOURCES_MAX.

        `reserved`: one of the engine's own, for which there is room beyond. Raises UnicodeEncodeError for a name that
        is not Unicode.
        """
        number = self._source_numbers.get(name)
        if number is None:
            self._require_room(name, reserved)
            name.encode()  # raises here, at whoever names it so, what could not be recorded later
            number = self._source_numbers[name] = len(self.sources)
            self.sources.append(name)
            self.owners.append(owner)
        return number

    def speaker(self, name: str, owner: str, *, reserved: bool = False) -> Source:
        """Return who submits, without a number where it is new; raises as `source` does, which gives it one later."""
        number = self._source_numbers.get(name)
        if number is not None:
            return self.numbered(number)
        self._require_room(name, reserved)
        name.encode()
        return Source(name, owner, reserved=reserved)

    def numbered(self, number: int) -> Source:
        """Return the source with this number."""
        return Source(self.sources[number], self.owners[number], number)

    def find(self, source: Source) -> None:
        """Give a new source the number that its name got meanwhile. Raises SourcesFull where it could get none."""
        number = self._source_numbers.get(source.name)
        if number is None:
            self._require_room(source.name, source.reserved)
        else:
            source.number, source.owner = number, self.owners[number]

    def _require_room(self, name: str, reserved: bool) -> None:
        if len(self.sources) >= SOURCES_MAX + (SOURCES_RESERVED if reserved else 0):
            raise SourcesFull(f"{SOURCES_MAX} sources have submitted facts, and '{name}' would be one more")

    def reason(self, text: str) -> int:
        """Number of a reason. Raises Overloaded for new ones beyond REASONS_MAX."""
        number = self._reason_numbers.get(text)
        if number is None:
            if len(self.reasons) >= REASONS_MAX:
                raise Overloaded(f"{REASONS_MAX} different reasons were given, and {text!r} would be one more")
            number = self._reason_numbers[text] = len(self.reasons)
            self.reasons.append(text)
        return number

    def name_sources(self, count: int) -> None:
        """Name numbers below `count` that no row named: a log may end between a fact and the row that named its source.

        Nobody owns what they brought, so it is released as that of an adapter that is gone.
        """
        for number in range(len(self.sources), count):
            name = f"{NAMELESS}{number}"
            self._source_numbers[name] = number
            self.sources.append(name)
            self.owners.append(name)

    @property
    def unrecorded(self) -> bool:
        """Whether there are names that the log does not have yet."""
        return len(self.sources) > self._recorded_sources or len(self.reasons) > self._recorded_reasons

    def all(self) -> NamesRecord:
        """Return all names; whether the log has them is left as it is."""
        return NamesRecord(0, tuple(zip(self.sources, self.owners, strict=True)), 0, tuple(self.reasons))

    def record(self, *, everything: bool = False) -> NamesRecord:
        """Return what to write: the new names, or all of them; they count as recorded from here on."""
        first_source = 0 if everything else self._recorded_sources
        first_reason = 0 if everything else self._recorded_reasons
        self._recorded_sources, self._recorded_reasons = len(self.sources), len(self.reasons)
        sources = tuple(zip(self.sources[first_source:], self.owners[first_source:], strict=True))
        return NamesRecord(first_source, sources, first_reason, tuple(self.reasons[first_reason:]))

    def apply(self, record: NamesRecord) -> None:
        """Take in what a recorded row says."""
        for number, (name, owner) in enumerate(record.sources, record.first_source):
            if number == len(self.sources):
                self.sources.append(name)
                self.owners.append(owner)
            self.sources[number], self.owners[number] = name, owner
            self._source_numbers[name] = number
        for number, text in enumerate(record.reasons, record.first_reason):
            if number == len(self.reasons):
                self.reasons.append(text)
            self.reasons[number] = text
            self._reason_numbers[text] = number
        self._recorded_sources, self._recorded_reasons = len(self.sources), len(self.reasons)


class NamesInForce:
    """Every name by number, as of the configuration in force: what effects and read models speak in."""

    def __init__(self, directory: Directory, interned: InternedNames) -> None:
        self.directory = directory
        self.interned = interned

    @property
    def queues(self) -> Sequence[str]:
        """Names of queues by number, gone ones included."""
        return self.directory.queues.names

    @property
    def agents(self) -> Sequence[str]:
        """Names of agents by number, gone ones included."""
        return self.directory.agents.names

    @property
    def trunk_groups(self) -> Sequence[str]:
        """Names of trunk groups by number, gone ones included."""
        return self.directory.trunk_groups.names

    @property
    def skills(self) -> Sequence[str]:
        """Names of skills by number, gone ones included."""
        return self.directory.skills.names

    @property
    def sources(self) -> Sequence[str]:
        """Names of sources by number."""
        return self.interned.sources

    @property
    def reasons(self) -> Sequence[str]:
        """Reasons by number; 0 is none."""
        return self.interned.reasons


def put_names(names: InternedNames, buffer: RowBuffer) -> None:
    """Put a row that gives the new names, if there are any, before the rows that use them."""
    if names.unrecorded:
        buffer.put(CONFIGURATION_LOADED, a=NAMES_ONLY, payload=msgspec.msgpack.encode(names.record()))
