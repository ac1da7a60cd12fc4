"""Whether agents enough for everybody keep the goals: what these miss, no number of agents keeps.

They are played before any are looked for: a search for what there is not ends late, and anywhere. A few replications
tell of most scenarios that all is well; where they do not, as many as of a trial are asked. What is out of reach for
most who come is refused; what is so for a while alone, as while a site is down, leaves a plan for the rest of the day.
"""

from typing import Any, Final

import numpy as np

from simulations.experiment.result import Result
from simulations.queueing.arrays import Floats, Integers
from simulations.queueing.errors import Unreachable
from simulations.scenario.distributions import described
from simulations.scenario.scenario import Scenario
from simulations.scenario.sections import AGENTS_MAX
from simulations.solve.demand import Demand
from simulations.solve.goals import MOST, Question
from simulations.solve.staffed import staffed
from simulations.solve.stretches import named
from simulations.solve.trials import Best, Misses, Trial, Trials, proven_misses, seen_misses

REPLICATIONS: Final = 2
"""Of the first look."""
ROOM: Final = 4.0
"""Agents above the load, and as many times its root: with so many hardly anybody waits for one."""
DOUBLINGS_MAX: Final = 5
"""Of agents of queues that miss a goal: formulas know of no transfers, retrials and overflow."""
GAIN_MIN: Final = 0.01
"""Agents' worth that a queue gains where more of them are of use to it."""
WORTH_TELLING: Final = 5e-4
SOMEBODY: Final = 0.5
"""Agents at work in the mean of an interval, from which on somebody is there."""


class Plenty:
    """Agents enough for everybody, as far as so many are allowed."""

    def __init__(
        self, scenario: Scenario, question: Question, trials: Trials, most: Floats, channels: dict[str, int]
    ) -> None:
        """`most` agents of each group at once have the shape (groups, intervals)."""
        self._scenario, self._question, self._trials = scenario, question, trials
        self._most, self._channels = most, channels
        self._agents = enough_for_everybody(trials.demand, most)
        self._is_unstaffed = trials.demand.serves @ most == 0.0
        self._is_known_enough = self._is_judged = False
        self.out_of_reach = ""
        """What no number of agents keeps for a while, with its cause; empty: nothing is known to be so."""
        self.beyond: Any = np.zeros(trials.demand.loads.shape, np.bool_)
        """Where that is, shape (queues, intervals)."""

    def look(self) -> None:
        """Judge them if a few replications tell of a goal that they miss. Raises Unreachable and SimulationFailed."""
        if self._until_of_no_use(REPLICATIONS) is not None:
            self._is_known_enough = True
            self.judge()

    def judge(self) -> bool:
        """Hold agents enough for everybody against the goals; return whether anything new is known.

        Where they miss one by chance alone, or for a while, what they came to is from now on what trials ask for there.
        Raises Unreachable where most who come to a queue are missed by more than chance, and SimulationFailed.
        """
        if self._is_judged:
            return False
        self._is_judged = True
        replications = self._trials.replications
        seen = self._play(replications) if self._is_known_enough else self._until_of_no_use(replications)
        if seen is None or not seen.missed.any():
            return False
        is_nobodys = seen.missed & self._is_unstaffed
        missed = self._known(seen, is_nobodys)
        if missed.any.any():
            told = _Told(seen.result, self._question, self._trials.demand, self._agents >= self._most, self._most)
            if self._is_of_most(seen, missed):
                raise Unreachable(f"{told.text(missed)}; ask for less, or change what keeps it from being reached")
            self.out_of_reach, self.beyond = told.text(missed), seen.missed
        # Nothing is asked where it is so for want of shifts: whom the next shift still finds waiting is chance.
        self._trials.in_reach = Best(np.where(is_nobodys, 0.0, seen.levels), np.where(is_nobodys, 1.0, seen.losses))
        return True

    def _known(self, seen: Trial, is_nobodys: Any) -> Misses:
        """Return what is missed beyond chance, and where nobody has a shift: few who come then prove little alone."""
        proven, at_all = (judge(seen.result, self._trials.goals) for judge in (proven_misses, seen_misses))
        return Misses(proven.level | at_all.level & is_nobodys, proven.loss | at_all.loss & is_nobodys)

    def _is_of_most(self, seen: Trial, proven: Misses) -> bool:
        """Tell whether most who come to a queue are missed by a goal that is proven missed for some of them."""
        offered = seen.result.count("offered").sum(axis=0)
        for missed, beyond_chance in zip(seen_misses(seen.result, self._trials.goals), proven, strict=True):
            shares = (offered * missed).sum(axis=1) / np.maximum(offered.sum(axis=1), 1)
            if ((shares > MOST) & beyond_chance.any(axis=1)).any():
                return True
        return False

    def _until_of_no_use(self, replications: int) -> Trial | None:
        """Give queues that miss a goal more agents until more are of no use; return what these come to.

        None if no goal is missed then, or more are of use yet.
        """
        seen = self._play(replications)
        for _ in range(DOUBLINGS_MAX):
            if not seen.missed.any():
                break
            lacking = self._trials.demand.serves.T @ seen.missed.any(axis=1) > 0.0
            self._agents = np.where(lacking[:, None], _allowed(2 * self._agents, self._most), self._agents)
            before, seen = seen, self._play(replications)
            # Of those that miss one alone: of intervals to which nobody came nothing is known before or after. Where
            # nobody has a shift there are no more agents.
            of = before.missed & ~self._is_unstaffed
            if (before.steps[of] - seen.steps[of] <= GAIN_MIN).all():
                return seen
        return None

    def _play(self, replications: int) -> Trial:
        return self._trials.look(staffed(self._scenario, self._agents, self._channels), replications)


def enough_for_everybody(demand: Demand, most: Floats) -> Integers:
    """Return agents with whom hardly anybody waits, as far as `most` allows, shape (groups, intervals)."""
    room = demand.loads + ROOM * (1.0 + np.sqrt(demand.loads))
    parts = demand.serves / demand.serves.sum(axis=1, keepdims=True)
    return _allowed(np.ceil(parts.T @ room), most)


def _allowed(agents: Floats | Integers, most: Floats) -> Integers:
    """Return so many agents, no more than may be said of a group."""
    found: Integers = np.minimum(np.minimum(agents, most), AGENTS_MAX).astype(np.int64)
    return found


class _Told:
    """Says which goals agents without end miss, by how much and why."""

    def __init__(self, result: Result, question: Question, demand: Demand, is_most: Any, most: Floats) -> None:
        """`is_most` of shape (groups, intervals): no more of the group are allowed than the `most` of that shape."""
        self._result, self._question, self._demand = result, question, demand
        self._file = result.model.file
        self._at_work = demand.serves @ result.agents_at_work()
        self._has_shift = demand.serves @ most > 0.0
        # More of those of whom nobody is there, as while their site is down, would be of no more use.
        is_barred = demand.serves @ is_most == demand.serves.sum(axis=1)[:, None]
        self._barred = np.asarray(is_barred & self._has_shift & (self._at_work >= SOMEBODY))

    def text(self, missed: Misses) -> str:
        """Return which goals are missed, where and why."""
        told = []
        for q, (name, goal) in enumerate(self._question.goals.items()):
            if missed.level[q].any():
                asked = f"{100 * goal.service_level:.4g} % within {goal.within_s:g} s"
                told.append(self._one(q, name, asked, "staffed_level", "are in time", missed.level[q]))
            if missed.loss[q].any():
                asked = f"at most {100 * (goal.p_abandon or 0.0):.4g} % lost"
                told.append(self._one(q, name, asked, "lost_rate", "are lost", missed.loss[q]))
        return "; ".join(told)

    def _one(self, q: int, name: str, asked: str, figure: str, words: str, missed: Any) -> str:
        found = self._result.by_queue(figure)
        sign = 1.0 if figure == "staffed_level" else -1.0
        worst = int(np.where(missed, sign * found.value[q], np.inf).argmin())
        value, low, high = (f"{100 * end[q, worst]:.1f}" for end in (found.value, found.low, found.high))
        # Whose shift is over still ends the contact at hand: so many at work would be no staff.
        there = f", with {self._at_work[q, worst]:.0f} at work" if self._has_shift[q, worst] else ""
        text = f"at {self._file.clock(worst)}{there}, {value} % ({low} to {high}) {words}{self._why(q, worst)}"
        text = f"queue {name}: {self._whose(q, worst)} {asked}: {text}"
        others = [place for place in np.flatnonzero(missed).tolist() if place != worst]
        if not others:
            return text
        best = float((sign * found.value[q])[missed].max()) * sign
        when = named(self._file, others)
        more = f"so in {len(others)} more interval{'' if len(others) == 1 else 's'}"
        return f"{text}; {more}: {when}, {100 * best:.1f} % at best"

    def _whose(self, q: int, interval: int) -> str:
        if not self._barred[q, interval]:
            return "no number of agents keeps"
        bars = ", ".join(f"{name}={count}" for name, count in self._question.group_max.items())
        return f"all agents that are allowed{f' (--group-max {bars})' if bars else ''} do not keep"

    def _why(self, q: int, interval: int) -> str:
        """Return what is known of the causes."""
        queue, said = list(self._file.queues.values())[q], []
        if not self._has_shift[q, interval]:
            said.append("nobody who may serve has a shift then")
        if queue.ring is not None:
            missed = f", {100 * queue.ring.no_answer:g} % of offers are not answered" if queue.ring.no_answer else ""
            wait_s = self._result.by_queue("asa_s").value[q, interval]
            said.append(
                f"it rings {described(queue.ring.answer)} (ring){missed}: {wait_s:.1f} s until answered in the mean"
            )
        if queue.patience.balk:
            said.append(f"{100 * queue.patience.balk:g} % hang up rather than wait (patience.balk)")
        offered = self._result.count("offered")[:, q, interval].sum()
        for count, words in (("abandoned", "gave up"), ("dismissed", "were hung up on"), ("blocked", "were refused")):
            share = self._result.count(count)[:, q, interval].sum() / max(offered, 1)
            if share > WORTH_TELLING:
                said.append(f"{100 * share:.1f} % {words}")
        return f"; {', '.join(said)}" if said else ""
