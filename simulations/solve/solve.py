"""The whole way from a target to a plan: demand, agents an interval, shifts, trunks, and a check by other callers."""

import time
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from simulations.experiment.cluster import Cluster
from simulations.experiment.result import Result
from simulations.experiment.simulate import replications_of, seed_of, simulate
from simulations.experiment.worker_pool import Workers
from simulations.queueing.arrays import Floats, Integers, Truths
from simulations.scenario.scenario import Scenario
from simulations.solve.demand import Demand, check_served, demand_of
from simulations.solve.goals import Goal, Question, check_groups
from simulations.solve.objective import Holds, dearness
from simulations.solve.plenty import Plenty
from simulations.solve.reach import Reach
from simulations.solve.requirement import Mixes, Needed, Search
from simulations.solve.schedule import Scheduled, Scheduler
from simulations.solve.staffed import on_shifts, plain_groups, staffed
from simulations.solve.timetable import Timetable, timetable
from simulations.solve.trials import Told, Trials, proven_missed
from simulations.solve.trunks import (
    beyond_channels,
    blocked,
    enough,
    out_of_reach,
    proven_short,
    reckoned,
    roomy,
    told_beyond,
    unsure_of_trunks,
)
from simulations.solve.unreached import unreached, unreached_with
from simulations.world.warm import warm

PASSES_MAX: Final = 3
"""How often all is found anew, from twice as many replications, while other callers do not get what is asked."""


class Solution(msgspec.Struct):
    """A plan, and what it came to with callers that nothing of it was made from."""

    scenario: Scenario
    """The one that was asked about, with the staff and the trunks found: `simulate` plays it."""
    goals: dict[str, Goal]
    demand: Demand
    needed: Needed
    scheduled: Scheduled | None
    """None where agents come and go interval by interval."""
    channels: dict[str, int]
    """Of each trunk group, those found or kept."""
    seed: int
    """That of the callers it was made from; `check` says its own."""
    check: Result
    missed: Any
    """Shape (queues, intervals): the check lies on the wrong side of the goal with its whole interval of confidence, or
    no call to the queue finds a channel at all."""
    unreached: Any
    """Shape (queues,): calls came, and every one found no channel."""
    unreachable: Any
    """Of that shape: that is so however many channels there are."""
    p_block: float | None
    """Share of calls that may find no trunk; None: the trunks are kept as they are."""
    blocked: Floats
    """Shape (trunk groups,): share of calls that found no channel in the busiest interval that channels help; nan where
    they help in none."""
    short_of_trunks: Any
    """Shape (trunk groups,): the check lies above the share asked for with its whole interval of confidence."""
    unsure_of_trunks: Any
    """Of that shape: it lies above that share, and its limits reach it."""
    beyond_channels: Any
    """Shape (trunk groups, intervals): more calls than that find none, however many there are."""
    out_of_reach: str
    """Which goals no number of agents or channels keeps for a while, where and why; empty: none that is known."""
    beyond: Any
    """Where that is, shape (queues, intervals)."""
    trials: int
    replications: int
    elapsed_s: float

    @property
    def kept(self) -> bool:
        """Whether no goal is proven missed."""
        return self.holds is Holds.ALL

    @property
    def holds(self) -> Holds:
        """Which goals hold: all but those that are proven missed."""
        if self.short_of_trunks.any() or (self.missed & ~self.beyond).any():
            return Holds.NOT_ALL
        return Holds.WITHIN_REACH if self.missed.any() or self.beyond_channels.any() else Holds.ALL


def solve(
    scenario: Scenario,
    question: Question,
    *,
    replications: int | None = None,
    seed: int | None = None,
    workers: Workers | None = None,
    told: Told | None = None,
) -> Solution:
    """Return the agents an interval, the shifts and the trunks that keep the goals at least cost: see `objective_of`.

    Each staffing is played with the same callers (`replications`, `seed`: the scenario's own where not said), and so
    are trunks. The plan is checked with as many others, of the next seed; one that is found anew with those of a seed
    that no plan was held against. `told` is called with trials done and about to be done. Raises
    ConfigError, UnfitInput, Unreachable and SimulationFailed.
    """
    check_served(scenario)
    check_groups(scenario.file, question.group_max)
    if not isinstance(workers, Cluster):
        warm()  # compiling says nothing of how long it looks for a plan
    began = time.monotonic()
    plain = plain_groups(scenario, question.goals)
    goals = list(question.goals.values())
    demand = demand_of(plain, goals)
    table = timetable(scenario, question.shifts)
    seed = seed_of(seed, scenario.file.experiment.seed)
    count = replications_of(replications, scenario.file.experiment.replications, least=2)
    trials = Trials(demand, goals, count, seed, workers, told)
    plans = _Plans(plain, question, trials, table)
    plan = plans.checked(seed)
    check = plan.check
    cut_off = unreached_with(check, plans.with_room(plan) if unreached(check).any() else None)
    return Solution(
        plan.scene,
        question.goals,
        demand,
        plan.found,
        plan.on_shift,
        plan.channels,
        seed,
        check,
        plan.missed | cut_off.intervals,
        cut_off.queues,
        cut_off.beyond,
        question.p_block,
        blocked(check, plans.beyond_channels),
        plan.short,
        unsure_of_trunks(check, question.p_block, plans.beyond_channels),
        out_of_reach(plan.scene.file, plans.beyond_channels),
        plans.out_of_reach(cut_off.told),
        plans.beyond | cut_off.beyond[:, None] & cut_off.intervals,
        trials.done,
        trials.replications,
        time.monotonic() - began,
    )


class _Plan(NamedTuple):
    """Who works when, behind which trunks, and what that came to with other callers."""

    found: Needed
    on_shift: Scheduled | None
    channels: dict[str, int]
    scene: Scenario
    check: Result
    missed: Truths
    """As of a Solution, but for queues that nobody reaches."""
    short: Truths


class _Plans:
    """What stays the same over the passes."""

    def __init__(self, plain: Scenario, question: Question, trials: Trials, table: Timetable | None) -> None:
        self._plain, self._question, self._trials, self._table = plain, question, trials, table
        groups = plain.file.groups
        names = [group.name for group in groups]
        self._most = np.array([float(question.group_max.get(name, np.inf)) for name in names])
        self._shares = np.array([1.0 - min(group.shrinkage, 0.99) for group in groups])
        further = np.maximum(trials.demand.serves.sum(axis=0) - 1.0, 0.0)
        self._prices = dearness(plain.file) * (1.0 + question.premium * further) / self._shares
        self._reach = Reach(plain.file, question, trials.demand, table, self._shares, self._most)
        self._roomy = roomy(plain) if question.p_block is not None else {}
        # Where a group has no shift it has nobody: more of it in that interval could be worked by no one.
        self._ceilings = np.minimum(self._reach.most, 1e6)
        self._plenty = Plenty(plain, question, trials, self._reach.most, self._roomy)
        self._search = self._new_search()
        self.beyond_channels: Any = None
        """Shape (routes, intervals): where no number of channels helps; known when trunks were looked for."""
        self._trunks_out_of_reach = ""

    def out_of_reach(self, unreached_told: str) -> str:
        """Return which goals no number of agents or channels keeps for a while; empty: none that is known. Of trunks
        that are kept it is what is known of the unreached.
        """
        of_trunks = unreached_told if self._question.p_block is None else self._trunks_out_of_reach
        return "; ".join(text for text in (self._plenty.out_of_reach, of_trunks) if text)

    @property
    def beyond(self) -> Any:
        """Where that is, shape (queues, intervals): no pass helps there."""
        return self._plenty.beyond

    def checked(self, seed: int) -> _Plan:
        """Return the plan of the first pass whose check misses nothing that could be kept, or that of the last.

        Checks have callers of the seeds after `seed`, that of the trials.
        """
        trials, found, passed = self._trials, None, 0
        while True:
            passed += 1
            found, on_shift = self._staff(found)
            channels, scene = self._trunks(found, on_shift)
            check = simulate(scene, trials.replications, seed + passed, workers=trials.workers)
            missed = proven_missed(check, trials.goals)
            short = proven_short(check, self._question.p_block, self.beyond_channels)
            if passed == PASSES_MAX or not ((missed & ~self.beyond).any() or short.any()):
                return _Plan(found, on_shift, channels, scene, check, missed, short)
            trials.replications *= 2

    def with_room(self, plan: _Plan) -> Result:
        """Return what a plan comes to with the callers of its check where every trunk group has room enough."""
        scene = self._scene(plan.found, plan.on_shift, roomy(self._plain))
        return simulate(scene, self._trials.replications, plan.check.seed, workers=self._trials.workers)

    def _staff(self, before: Needed | None) -> tuple[Needed, Scheduled | None]:
        """Return the agents an interval, and shifts that cover them; from what was found before, if anything was."""
        if before is None:
            begin = Mixes(self._trials.demand, self._prices, self._ceilings).of(self._reach.needs)
            self._try_all_allowed(begin)
            self._plenty.look()
        else:
            begin = before.staffing
        found = self._search.needed(begin, anew=before is None)
        if not found.kept and self._plenty.judge():
            self._search = self._new_search()
            found = self._search.needed(begin, anew=before is None)
        if self._table is None:
            return found, None
        hourly = self._prices * self._shares
        scheduler = Scheduler(self._plain, self._trials, self._table, hourly, self._shares, self._most, self._roomy)
        return found, scheduler.scheduled(found, self._search.effects)

    def _new_search(self) -> Search:
        return Search(self._plain, self._trials, self._prices, self._ceilings, self._roomy)

    def _try_all_allowed(self, begin: Integers) -> None:
        """Play all who are allowed where the formulas ask for more. Raises Unreachable where they are too few."""
        if self._reach.is_short:
            everybody = staffed(self._plain, self._reach.all_allowed(begin), self._roomy)
            self._reach.check(self._trials.play(everybody).missed)

    def _trunks(self, found: Needed, on_shift: Scheduled | None) -> tuple[dict[str, int], Scenario]:
        """Return the channels that are enough for the callers of the trials, or are kept, and the whole plan."""
        last = found.trial.result if on_shift is None else on_shift.trial.result
        p_block, trials = self._question.p_block, self._trials
        beyond = self.beyond_channels = beyond_channels(last, p_block)
        self._trunks_out_of_reach = told_beyond(last, beyond)
        if p_block is None:
            kept = {name: group.channels for name, group in self._plain.file.trunk_groups.items()}
            return kept, self._scene(found, on_shift, {})

        def refused(channels: dict[str, int]) -> Floats:
            scene = self._scene(found, on_shift, channels)
            return blocked(simulate(scene, trials.replications, trials.seed, workers=trials.workers), beyond)

        channels = enough(self._plain.file, reckoned(last, p_block), refused, p_block)
        return channels, self._scene(found, on_shift, channels)

    def _scene(self, found: Needed, on_shift: Scheduled | None, channels: dict[str, int]) -> Scenario:
        """Return the whole plan with these channels; with none the trunks are kept."""
        if on_shift is None:
            return staffed(self._plain, found.staffing, channels)
        return on_shifts(self._plain, on_shift.shifts, channels)
