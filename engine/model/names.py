"""Names and their numbers: a number, once given, is never given to another name."""

from collections.abc import Iterable, Iterator
from functools import cached_property

import msgspec

UNKNOWN = -1


class Names(msgspec.Struct, frozen=True, dict=True):
    """The names of one kind of thing, each with its place as its number."""

    names: tuple[str, ...] = ()
    """Every name there ever was, by number."""
    gone: tuple[int, ...] = ()
    """Numbers of names no longer in the configuration; their numbers stay theirs."""

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.names)}

    @cached_property
    def _gone(self) -> frozenset[int]:
        return frozenset(self.gone)

    @cached_property
    def in_force(self) -> dict[str, int]:
        """Numbers by the names that are configured."""
        return {name: number for name, number in self._numbers.items() if number not in self._gone}

    def number(self, name: str) -> int:
        """Return the number of a configured name, UNKNOWN of any other."""
        return self.in_force.get(name, UNKNOWN)

    def number_ever(self, name: str) -> int:
        """Return the number of a name that is configured or was, UNKNOWN of any other."""
        return self._numbers.get(name, UNKNOWN)

    def name(self, number: int) -> str:
        """Return the name with this number, gone ones included; empty for a number that none has."""
        return self.names[number] if 0 <= number < len(self.names) else ""

    def exists(self, number: int) -> bool:
        """Tell whether the number belongs to a configured name."""
        return 0 <= number < len(self.names) and number not in self._gone

    def __len__(self) -> int:
        """Return how many numbers are given, gone names included."""
        return len(self.names)

    def configured(self) -> Iterator[str]:
        """Yield the names that are not gone, in the order of their numbers."""
        return (name for number, name in enumerate(self.names) if number not in self._gone)

    def succeeded_by(self, wanted: Iterable[str]) -> "Names":
        """Return the names after a change of the configuration: `wanted` exist, all others are gone."""
        kept = set(wanted := list(wanted))
        names = (*self.names, *(name for name in wanted if name not in self._numbers))
        return Names(names, tuple(number for number, name in enumerate(names) if name not in kept))
