"""Names that do not come from the configuration: those interned from outside, and those of open contacts."""

from collections.abc import Sequence
from typing import Protocol

from engine.messages.observed import ContactArrived
from engine.model.names import UNKNOWN, Names


class Interned(Protocol):
    """Who submits facts, and why agents pause: names by number."""

    @property
    def sources(self) -> Sequence[str]: ...
    @property
    def reasons(self) -> Sequence[str]: ...


class OpenContact(Protocol):
    """What is kept of a contact that is not closed."""

    @property
    def arrival(self) -> ContactArrived: ...
    @property
    def payload(self) -> bytes:
        """The arrival as the log has it."""


class OpenContacts(Protocol):
    """The open contacts: their slots in the kernel's tables and their names outside."""

    def at(self, slot: int) -> OpenContact | None:
        """The open contact in `slot`; None when it is free."""

    def name_of(self, slot: int) -> str:
        """Name of the contact in `slot`; empty when the slot is free."""

    def slot_of(self, contact: str) -> int:
        """Slot of the open contact called `contact`; -1 when there is none."""


def existing(names: Names) -> list[int]:
    """Numbers of the names that are configured now."""
    return [number for number in range(len(names)) if names.exists(number)]


def name_at(names: Sequence[str], number: int) -> str:
    """Name number `number`; empty for -1 and for numbers that have no name yet."""
    return names[number] if 0 <= number < len(names) else ""


def number_of(names: Names, name: str, what: str) -> int:
    """Number of a name. Raises KeyError."""
    number = names.number(name)
    if number == UNKNOWN:
        raise KeyError(f"there is no {what} {name!r}")
    return number
