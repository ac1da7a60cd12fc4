"""What the read models need to know to speak in names: the directory of the configuration and the open contacts."""

from collections.abc import Sequence
from typing import Protocol


class Directory(Protocol):
    """Names by number, as configured; a number keeps its name when the thing is removed."""

    @property
    def queues(self) -> Sequence[str]: ...
    @property
    def agents(self) -> Sequence[str]: ...
    @property
    def trunk_groups(self) -> Sequence[str]: ...
    @property
    def skills(self) -> Sequence[str]: ...
    @property
    def reasons(self) -> Sequence[str]: ...
    @property
    def sources(self) -> Sequence[str]: ...


class ContactNames(Protocol):
    """The open contacts: their slots in the kernel's tables and their names outside."""

    def name_of(self, slot: int) -> str:
        """Name of the contact in `slot`; empty when the slot is free."""

    def slot_of(self, contact: str) -> int:
        """Slot of the open contact called `contact`; -1 when there is none."""


def name_at(names: Sequence[str], number: int) -> str:
    """Name number `number`; empty for -1 and for numbers that have no name yet."""
    return names[number] if 0 <= number < len(names) else ""


def number_of(names: Sequence[str], name: str) -> int:
    """Number of `name`; -1 when nothing is called so."""
    try:
        return names.index(name)
    except ValueError:
        return -1
