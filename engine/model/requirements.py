"""Requirements by number: combinations of skills, each with the weaker one that a relax step leads to."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

import msgspec

from engine.errors import Overloaded
from engine.messages.rows import pack_requirement
from engine.model.settings import CONDITIONS_MAX

NOTHING: Final = (0, -1)
"""Requirement 0: no skill, and nothing to relax."""
Condition = tuple[int, int]
"""Skill number and least level."""
Pair = tuple[int, int]
"""Packed conditions and the number of the relaxed requirement, -1 none: `a` and `b` of REQUIREMENT_DEFINED."""


class Requirements(msgspec.Struct, dict=True):
    """All requirements defined so far; a number, once given, keeps its meaning."""

    pairs: list[Pair] = msgspec.field(default_factory=lambda: [NOTHING])
    limit: int = 256
    """Requirements that the kernel has room for."""

    @cached_property
    def _numbers(self) -> dict[Pair, int]:
        return {pair: number for number, pair in enumerate(self.pairs)}

    def fold(self, number: int, packed: int, relaxed: int) -> None:
        """Take in a recorded REQUIREMENT_DEFINED."""
        while len(self.pairs) <= number:
            self.pairs.append(NOTHING)
        self.pairs[number] = packed, relaxed
        self._numbers[packed, relaxed] = number

    def intern(self, chain: Sequence[Mapping[int, int]]) -> int:
        """Return the number of the first of `chain`, where each element is what the one before relaxes to.

        Elements map skill numbers to least levels; level 0 asks for nothing. Raises ValueError when one has more
        than CONDITIONS_MAX conditions, Overloaded when there is no room for a new requirement.
        """
        number = -1
        for conditions in reversed(chain):
            pair = _pack(conditions), number
            known = self._numbers.get(pair)
            if known is None:
                if len(self.pairs) >= self.limit:
                    raise Overloaded(f"{self.limit} different requirements are in use; raise limits.requirements")
                known = len(self.pairs)
                self.pairs.append(pair)
                self._numbers[pair] = known
            number = known
        return max(number, 0)


def _pack(conditions: Mapping[int, int]) -> int:
    asked: list[Condition] = sorted((skill, level) for skill, level in conditions.items() if level > 0)
    if len(asked) > CONDITIONS_MAX:
        raise ValueError(f"{len(asked)} skills are required; at most {CONDITIONS_MAX} are possible")
    return pack_requirement(*asked)
