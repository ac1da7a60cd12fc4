"""A month predicted from another one: the kernel routes its arrivals to the agents who were at work, and all that these
people do is drawn from what the other month's did.

Nothing is taken from the record of the predicted month but when calls of which type came, who could serve what, and
when each agent was there, from a first answer to the end of the last call before 20 minutes without one. One number is
calibrated: by how much sooner an agent who is away is back while somebody waits.
"""

from typing import Final

import msgspec
import numpy as np

from engine.messages.kinds import BY_AGENT
from simulations.fit.calls import HOUR_NS, Calls
from simulations.fit.duty import stints, who_serves
from simulations.fit.habits import LINES, Drawn, Habits, drawn, habits_of
from simulations.fit.recorded import ENDS, Crew, People, Replay, Replayed, as_recorded

NEVER_SEEN_NS: Final = 1000 * HOUR_NS
"""Longer than any stretch: then absences within a stint are not read off the record."""
HURRY_MAX: Final = 4.0
HURRY_STEP: Final = 0.1
SEEDS: Final = (1, 2)
"""Over whose mean a number is calibrated."""
_IS_BACK: Final = ENDS + 1


class Learnt(msgspec.Struct, frozen=True):
    """What a month teaches for another."""

    habits: Habits
    hurry: float
    """How many times as fast time away passes while somebody waits."""


def learn(calls: Calls, credit_ns: int) -> Learnt:
    """Return a month's habits, and the hurry at which its own mean wait comes out when all its people are drawn.

    `credit_ns`: what callers with credit are credited with in line.
    """
    habits, wanted_s = habits_of(calls), as_recorded(calls).mean_wait_s
    low, high = 1.0, HURRY_MAX
    while high - low > HURRY_STEP:
        learnt = Learnt(habits, (low + high) / 2)
        waits_s = np.mean([predict(calls, learnt, credit_ns, seed).mean_wait_s for seed in SEEDS])
        low, high = (learnt.hurry, high) if waits_s > wanted_s else (low, learnt.hurry)
    return Learnt(habits, (low + high) / 2)


def predict(calls: Calls, learnt: Learnt, credit_ns: int, seed: int = 1) -> Replayed:
    """Return what would come of the calls if their people were as those who were learnt from."""
    people = drawn(calls, learnt.habits, seed)
    crew = Crew(stints(calls, grace_ns=NEVER_SEEN_NS), who_serves(calls), 0)
    return Prediction(calls, people, crew, credit_ns, learnt.hurry).run()


class Prediction(Replay):
    """A replay whose callers look at the line, and whose agents are away after calls: shorter while somebody waits.

    A call stays with its agent until they are back, which is all that others see of it.
    """

    def __init__(self, calls: Calls, people: Drawn, crew: Crew, credit_ns: int, hurry: float) -> None:
        since_ns = calls.rows["arrival_ns"] - np.where(people.is_credited, credit_ns, 0)
        super().__init__(calls, People(since_ns, people.patience_ns[0], people.talk_ns), crew)
        self._drawn, self._hurry = people, hurry
        self._waiting: set[int] = set()
        self._back_at: dict[int, float] = {}
        """By call, when its agent is back by the clock of those who are away."""
        self._away_ns = 0.0
        self._away_told_ns = self.now_ns

    def _patience_ns(self, call: int) -> int:
        line = self._line()
        self._turn_clock()
        self._waiting.add(call)
        if len(self._waiting) == 1:
            for away in self._back_at:
                self._look_back(away)
        return int(self._drawn.patience_ns[line, call])

    def _note(self, kind: int, call: int, flags: int, a: int) -> None:
        if call in self._waiting:
            self._turn_clock()
            self._waiting.discard(call)
        super()._note(kind, call, flags, a)

    def _go_on(self, what: int, call: int) -> None:
        self._turn_clock()
        if what == ENDS:
            self._back_at[call] = self._away_ns + int(self._drawn.away_ns[self._line(), call])
        if call not in self._back_at:
            return
        if self._back_at[call] > self._away_ns + 1.0:
            self._look_back(call)
            return
        del self._back_at[call]
        self._release(call, BY_AGENT)

    def _look_back(self, call: int) -> None:
        """Come back to the call when its agent is back, unless the line's end makes that later."""
        left_ns = (self._back_at[call] - self._away_ns) / self._speed()
        self._later(self.now_ns + max(1, round(left_ns)), _IS_BACK, call)

    def _turn_clock(self) -> None:
        """Let the clock of those who are away go on until now."""
        self._away_ns += (self.now_ns - self._away_told_ns) * self._speed()
        self._away_told_ns = self.now_ns

    def _speed(self) -> float:
        return self._hurry if self._waiting else 1.0

    def _line(self) -> int:
        return int(np.searchsorted(LINES, len(self._waiting), "right")) - 1
