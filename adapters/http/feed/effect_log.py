"""The latest effects, each with a number of its own: sequences of the log are neither unique among them nor rising."""

from collections import deque
from typing import Final

import msgspec

from engine.messages.effects import AnyEffect

KEPT: Final = 10_000


class EffectLog:
    """Effects numbered from `base` on, the latest of them kept.

    `base` is the time at the start (ns): numbers of an earlier run are lower than any of this one, and known by that.
    """

    def __init__(self, base: int, kept: int = KEPT) -> None:
        self._kept: deque[tuple[int, bytes]] = deque(maxlen=kept)
        self.last = base
        """Number of the latest effect; `base` where there is none."""

    def note(self, effect: AnyEffect) -> None:
        """Keep an effect."""
        self.last += 1
        self._kept.append((effect.seq, msgspec.json.encode(effect)))

    def after(self, number: int, limit: int) -> tuple[list[tuple[int, bytes]], bool]:
        """Return (number, body) of kept effects after a number, and whether there were others that are not kept."""
        first = self.last - len(self._kept) + 1
        lost = not first - 1 <= number <= self.last
        start = first if lost else number + 1
        found = [(place, self._kept[place - first][1]) for place in range(start, min(self.last + 1, start + limit))]
        return found, lost

    def number_at(self, seq: int) -> int:
        """Return the number after which to read for those who know a sequence alone: all later ones, perhaps more."""
        first = self.last - len(self._kept) + 1
        for place, (known_seq, _) in enumerate(self._kept):
            if known_seq > seq:
                # Those before the first one kept may have come after `seq`, too.
                return first + place - (2 if place == 0 and len(self._kept) == self._kept.maxlen else 1)
        return self.last
