"""What comes, as the formulas want it: contacts an interval, mean handling time and patience of every queue."""

import math
from typing import Any, NamedTuple

import numpy as np

from simulations.queueing import agents_for, erlang_a
from simulations.queueing.arrays import Floats, Integers, Numbers
from simulations.scenario.agent_time import at_once, place_s
from simulations.scenario.arrivals import read_trace
from simulations.scenario.file import ScenarioFile
from simulations.scenario.roster import serving_groups, spans
from simulations.scenario.scenario import Scenario
from simulations.scenario.sections import ScenarioQueue
from simulations.solve.goals import Goal
from simulations.staffing import Bounds, able_of, offered_loads, pooled_requirements, pools
from simulations.staffing.pools import Sets

DEFINITIONS = dict.fromkeys(("live", "offered", "all", "abandons_in"), "offered") | {"answered": "answered"}
"""Formulas of the service level that have a formula by Erlang, or the nearest one: a start only."""
FLAT_LEVELS = (0.02, 0.995)
"""Beyond them a service level says too little of how many agents are too many."""
FLAT_LOSSES = (0.002, 0.95)
"""The same of the share that gives up."""
STEP_MIN = 1e-6
"""Agents that a queue lacks at least where it misses its goal."""


class Demand(NamedTuple):
    """Queues by intervals, and who serves them."""

    contacts: Floats
    """Shape (queues, intervals)."""
    handle_s: Floats
    """Shape (queues,): how long a contact has one of an agent's places."""
    at_once: Floats
    """Shape (queues,): how many places an agent has."""
    patience_s: Floats
    """Shape (queues,)."""
    loads: Floats
    """Shape (queues, intervals), erlangs of agents: what contacts of earlier intervals still take included."""
    serves: Floats
    """Shape (queues, groups): 1.0 where the group serves the queue."""
    sets: Sets
    """Shape (sets, queues): queues that help each other."""
    able: Floats
    """Shape (sets, groups): 1.0 where the group serves any of the set."""
    needs: Integers
    """Shape (sets, intervals): agents by the formulas."""


def check_served(scenario: Scenario) -> None:
    """Raises ConfigError, with its place in the file, where a queue has no group that may serve it: such a scenario can
    be played, but has no plan.
    """
    for name, groups in zip(scenario.file.queues, serving_groups(scenario.file), strict=True):
        if not groups.any():
            text = f"no group serves queue '{name}', so no number of agents keeps its goal"
            advice = "list it in the 'queues' of a group that has the skills for it"
            raise scenario.fault(("queues", name), f"{text}; {advice}")


def demand_of(scenario: Scenario, goals: list[Goal]) -> Demand:
    """Return what comes, and the agents that it takes by the formulas.

    Raises UnfitInput where nobody serves a queue (see `check_served`), and Unreachable.
    """
    file = scenario.file
    come = coming(scenario)
    places = offered_loads(come.contacts, come.handle_s[:, None], interval_s=file.horizon.interval_ns / 1e9)
    serves = serving_groups(file)
    sets = pools(serves.T)
    return Demand(
        come.contacts[:, come.before :],
        come.handle_s,
        come.at_once,
        come.patience_s,
        places[:, come.before :] / come.at_once[:, None],
        serves,
        sets,
        able_of(sets, serves.T),
        needs_of(scenario, sets, goals),
    )


class Asked(NamedTuple):
    """What is asked of every queue and interval."""

    levels: Floats
    """Shape (queues, intervals)."""
    losses: Floats
    """Of that shape; 1.0 where any share may be lost."""
    within_s: Floats
    """Shape (queues,)."""


def asked_of(goals: list[Goal], shape: tuple[int, ...]) -> Asked:
    """Return the goals of every queue as arrays over its intervals, of `shape`."""
    levels = np.array([[goal.service_level] for goal in goals])
    losses = np.array([[1.0 if goal.p_abandon is None else goal.p_abandon] for goal in goals])
    return Asked(
        np.broadcast_to(levels, shape), np.broadcast_to(losses, shape), np.array([goal.within_s for goal in goals])
    )


class Coming(NamedTuple):
    """Who comes, and what each takes."""

    contacts: Floats
    """Shape (queues, intervals): those of the warm-up first, which is as the first interval."""
    before: int
    """Intervals of the warm-up."""
    handle_s: Floats
    """As those of `Demand`, and so below."""
    at_once: Floats
    patience_s: Floats


def coming(scenario: Scenario) -> Coming:
    """Return who comes to the queues of a scenario."""
    file = scenario.file
    queues = list(file.queues.values())
    contacts = np.array([expected_contacts(scenario, queue) for queue in queues])
    before = file.horizon.warm_up_ns // file.horizon.interval_ns
    return Coming(
        np.concatenate([np.repeat(contacts[:, :1], before, axis=1), contacts], axis=1),
        before,
        np.array([place_s(file, queue) for queue in queues]),
        np.array([float(at_once(file, queue)) for queue in queues]),
        np.array([queue.patience.distribution.mean_ns / 1e9 for queue in queues]),
    )


def needs_of(scenario: Scenario, sets: Any, goals: list[Goal]) -> Integers:
    """Return the agents that each set of queues needs in each interval by the formulas, shape (sets, intervals).

    `sets` of shape (sets, queues) holds which queues are taken as one. What contacts of earlier intervals still take is
    included, retrials are not. Raises UnfitInput and Unreachable.
    """
    file, come = scenario.file, coming(scenario)
    definition = DEFINITIONS[file.service_level_formula]
    return pooled_requirements(
        np.asarray(sets, np.bool_),
        come.contacts,
        come.handle_s,
        patience_s=come.patience_s,
        at_once=come.at_once,
        bounds=[Bounds(goal.service_level, goal.within_s, definition, goal.p_abandon) for goal in goals],
        interval_s=file.horizon.interval_ns / 1e9,
        method="offered_load",
    )[:, come.before :]


def expected_contacts(scenario: Scenario, queue: ScenarioQueue) -> Floats:
    """Return the contacts expected to be let in, by interval, shape (intervals,); retrials and overflow come on top."""
    return _arrivals(scenario, queue) * _open_shares(scenario.file, queue)


def _open_shares(file: ScenarioFile, queue: ScenarioQueue) -> Floats:
    """Return the share of each interval in which a queue is open, shape (intervals,)."""
    if queue.opening_hours is None:
        return np.ones(file.intervals)
    edges = file.start_ns + np.arange(file.intervals + 1) * file.horizon.interval_ns
    open_ns = np.zeros(file.intervals)
    for begin_ns, end_ns in spans(file.opening_hours[queue.opening_hours].opening_hours(), file.start_ns, file.end_ns):
        open_ns += np.maximum(np.minimum(edges[1:], end_ns) - np.maximum(edges[:-1], begin_ns), 0)
    return open_ns / file.horizon.interval_ns


def _arrivals(scenario: Scenario, queue: ScenarioQueue) -> Floats:
    """Return the contacts that come in each interval, shape (intervals,), open or not."""
    file, arrivals = scenario.file, queue.arrivals
    step_s, count = file.horizon.interval_ns / 1e9, file.intervals
    if arrivals is None:
        return np.zeros(count)
    if arrivals.trace is not None:
        edges = np.arange(count + 1) * step_s
        found: Any = np.histogram(read_trace(scenario.folder / arrivals.trace), edges)[0]
        return np.asarray(found, float)
    if arrivals.rate is not None:
        return np.full(count, arrivals.rate * step_s * arrivals.volume)
    return np.array(arrivals.volumes) * arrivals.volume


def steps_to(demand: Demand, asked: Asked, levels: Floats, losses: Floats) -> Floats:
    """Return how many agents more (or, below 0, fewer) each queue and interval needs, shape (queues, intervals).

    `levels` and `losses` are what a simulation found, of that shape. The formulas say how many agents, parts of one
    too, lie between what was found and what is asked. 0 at most where the goal is kept, STEP_MIN at least where it is
    missed; -inf where nobody came.
    """
    found = np.full(levels.shape, -np.inf)
    for q, within_s in enumerate(asked.within_s.tolist()):
        came = np.isfinite(levels[q])
        queue = _Queue(
            np.maximum(demand.loads[q, came] * demand.at_once[q] / demand.handle_s[q] * 3600.0, 0.01),
            float(demand.handle_s[q]),
            float(demand.at_once[q]),
            float(demand.patience_s[q]),
            within_s,
        )
        level, wanted = levels[q, came], asked.levels[q, came]
        steps = queue.for_level(wanted) - queue.for_level(np.clip(level, *FLAT_LEVELS))
        missed = level < wanted
        allowed = asked.losses[q, came]
        if (allowed < 1.0).any():
            share = np.nan_to_num(losses[q, came])
            missed |= share > allowed
            if math.isfinite(queue.patience_s):
                by_loss = queue.for_loss(allowed) - queue.for_loss(np.clip(share, *FLAT_LOSSES))
                steps = np.maximum(steps, by_loss)
        found[q, came] = np.where(missed, np.maximum(steps, STEP_MIN), np.minimum(steps, 0.0))
    return found


class _Queue(NamedTuple):
    """A queue alone, in the intervals in which somebody came."""

    rates_per_h: Floats
    handle_s: float
    at_once: float
    patience_s: float
    within_s: float

    def for_level(self, level: Numbers) -> Floats:
        """Return the agents, in parts of one, that answer this share in time."""
        whole = agents_for(
            self.rates_per_h, self.handle_s, patience=self.patience_s, service_level=level, within_s=self.within_s
        )
        return self._between(whole, level, "service_level_offered", 0.0)

    def for_loss(self, share: Numbers) -> Floats:
        """Return the agents, in parts of one, with whom this share gives up."""
        whole = agents_for(self.rates_per_h, self.handle_s, patience=self.patience_s, p_abandon=share)
        return self._between(whole, share, "p_abandon", 1.0)

    def _between(self, whole: Any, wanted: Numbers, figure: str, of_none: float) -> Floats:
        """Return where between one server fewer and so many it lies, in agents; `of_none` is the figure of none."""
        agents = np.asarray(whole, float)
        fewer, enough = (
            np.asarray(
                getattr(
                    erlang_a(self.rates_per_h, self.handle_s, self.patience_s, count, within_s=self.within_s), figure
                )
            )
            for count in (np.maximum(agents - 1.0, 1.0), np.maximum(agents, 1.0))
        )
        fewer = np.where(agents > 1.0, fewer, of_none)
        with np.errstate(divide="ignore", invalid="ignore"):
            part = np.nan_to_num((np.asarray(wanted) - fewer) / (enough - fewer), nan=1.0)
        found: Floats = np.where(agents > 0.0, agents - 1.0 + np.clip(part, 0.0, 1.0), 0.0)
        return found / self.at_once
