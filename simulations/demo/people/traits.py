"""How the demo's people behave: what they do when, drawn from one seeded source of chance."""

import random
from collections.abc import Sequence
from typing import Final, Literal, TypeVar

import msgspec

CALLS_PER_S: Final = 0.6
"""About four fifths of what ten phones can carry: enough for lines to build up, and to empty again."""
FIRST_CALLS: Final = 5
"""Callers who are there from the beginning, so that there is something to see at once."""
FIRST_CALLS_WITHIN_S: Final = 3.0
CALL_SHARES: Final = {"sales": 0.4, "support": 0.4, "billing": 0.2}
CHATS_PER_S: Final = 0.4
TASKS_PER_S: Final = 0.06
RUSH_EVERY_S: Final = 40.0
"""Arrivals swell and ebb once in so long, so that lines build up and empty again while one looks."""
RUSH_SHARE: Final = 0.6

T = TypeVar("T")
Answer = Literal["answer", "decline", "no_answer"]


class Traits(msgspec.Struct, frozen=True):
    """Mean durations in seconds (exponential unless said otherwise) and shares of 1."""

    patience_s: float = 28.0
    chat_patience_s: float = 60.0
    talk_s: float = 14.0
    """Of each side of a call (a sum of three exponential ones): the first to have enough hangs up."""
    chat_s: float = 15.0
    """Of a chat that a program brought."""
    writing_s: float = 1.5
    """Of one line of a chat, on both sides."""
    goodbye: float = 0.5
    """Share of visitors who say goodbye; the others just leave."""
    surveyed: float = 0.6
    """Share of those who say how it was."""
    task_s: float = 8.0
    wrap_up_s: float = 2.0
    ring_s: tuple[float, float] = (1.0, 2.5)
    """Evenly between."""
    break_every_s: float = 90.0
    break_s: float = 8.0
    decline: float = 0.05
    no_answer: float = 0.02


class Chance:
    """Draws for one person after the other."""

    def __init__(self, seed: int, traits: Traits | None = None) -> None:
        self._random = random.Random(seed)
        self.traits = traits or Traits()

    def wait_s(self, mean_s: float) -> float:
        """An exponential duration."""
        return self._random.expovariate(1 / mean_s)

    def patience_s(self, mean_s: float) -> float:
        """How long somebody waits: hardly anybody leaves at once (the sum of two exponential durations)."""
        return self._random.gammavariate(2, mean_s / 2)

    def talk_s(self) -> float:
        """How long one side of a call wants to talk: hardly ever for a second, hardly ever for a minute."""
        return self._random.gammavariate(3, self.traits.talk_s / 3)

    def until_next_s(self, mean_s: float) -> float:
        """How long until the next one comes: by chance, but less wildly than strangers do, as the centre is small."""
        return self._random.gammavariate(2, mean_s / 2)

    def ring_s(self) -> float:
        """How long a phone rings until somebody takes it."""
        return self._random.uniform(*self.traits.ring_s)

    def reaction(self) -> Answer:
        """What an agent does about an offer."""
        drawn = self._random.random()
        if drawn < self.traits.decline:
            return "decline"
        return "no_answer" if drawn < self.traits.decline + self.traits.no_answer else "answer"

    def queue(self) -> str:
        """Which number a caller dials."""
        return self._random.choices(list(CALL_SHARES), list(CALL_SHARES.values()))[0]

    def one_of(self, found: Sequence[T]) -> T:
        """Anybody."""
        return self._random.choice(found)

    def score(self) -> int:
        """How satisfied somebody is, from 1 to 5: most are."""
        return self._random.choices((1, 2, 3, 4, 5), (1, 1, 2, 6, 8))[0]

    def is_one_in(self, share: float) -> bool:
        """Whether something happens that happens with this share."""
        return self._random.random() < share

    def number(self) -> str:
        """A telephone number."""
        return f"+8490{self._random.randrange(10**7):07d}"
