"""Queues that share agents, in the interval with the most work, by the formula over the number of agents."""

import math
from typing import Any, Final

import msgspec
import numpy as np

from simulations.experiment.detail import pool_name, pools_of
from simulations.queueing import Figures, Patience, mmcg
from simulations.queueing import patience as laws
from simulations.report.folder import Folder, Row, limits
from simulations.report.wording import Limits
from simulations.scenario.agent_time import at_once, place_s, work_s
from simulations.scenario.distributions import Distribution
from simulations.scenario.file import ScenarioFile
from simulations.scenario.roster import serving_groups
from simulations.scenario.sections import ScenarioQueue
from simulations.world import chance

Array = np.ndarray[Any, Any]
POOLS_MAX: Final = 3
POINTS_MAX: Final = 60


class Pool(msgspec.Struct):
    """Queues that share agents, in the interval with the most work."""

    name: str
    place: int
    row: Row
    load: float
    agents: Array
    level: Array
    target: float | None
    abandoned: Array
    asa_s: Array
    occupancy: Array
    cost: Array
    """Of an hour."""
    simulated_cost: Limits
    """Of an hour, too."""
    one_by_one: bool
    """Whether agents serve one contact at a time, so that they are as busy as the formula says."""

    @property
    def present(self) -> float:
        """Agents at work in the simulation."""
        return float(self.row["agents_actual"])

    @property
    def fewest(self) -> int | None:
        """The fewest agents that reach the target by the formula."""
        kept = self.agents[self.level >= self.target] if self.target is not None else self.agents[:0]
        return int(kept[0]) if len(kept) else None


def pools_in(folder: Folder) -> list[Pool]:
    """Return the pools of queues with the most work, each in its busiest interval in which nothing goes wrong."""
    assert folder.scenario is not None
    file, found = folder.scenario.file, []
    names = list(file.queues)
    works = {name: _work_s(file, file.queues[name], rows) for name, rows in folder.queues.items()}
    for members in pools_of(file):
        queues = [names[q] for q in members]
        rows = [row for row in folder.pools if row["pool"] == pool_name(file, members)]
        offered = np.array([[one["offered"] or 0.0 for one in folder.queues[name]] for name in queues])
        loads = (offered * np.nan_to_num([works[name] for name in queues])).sum(axis=0).tolist()
        calm = [load if not _is_upset(folder, place) else 0.0 for place, load in enumerate(loads)]
        loads = calm if any(calm) else loads
        if not loads or max(loads) <= 0:
            continue
        place = loads.index(max(loads))
        if rows[place]["agents_actual"]:
            work = np.array([works[name][place] for name in queues])
            found.append(_pool(folder, folder.scenario.file, queues, place, rows[place], work))
    return sorted(found, key=lambda pool: -pool.load)[:POOLS_MAX]


def _is_upset(folder: Folder, place: int) -> bool:
    return any(one.start < place + 1 and one.end > place for one in folder.disruptions)


def _pool(folder: Folder, file: ScenarioFile, queues: list[str], place: int, row: Row, work: Array) -> Pool:
    came = [folder.queues[name][place] for name in queues]
    rates = np.array([(one["offered"] or 0.0) * 3600.0 / folder.interval_s for one in came])
    shares, rate = rates / rates.sum(), float(rates.sum())
    known = [file.queues[name] for name in queues]
    rings = np.array([queue.ring.answer.mean_ns / 1e9 if queue.ring is not None else 0.0 for queue in known])
    parts = np.array([1.0 / at_once(file, queue) for queue in known])
    expected = np.array([place_s(file, queue) for queue in known]) * parts
    handle = float(shares @ np.where(np.isnan(work), expected, work + rings * parts))
    law = _patience([queue.patience.distribution for queue in known], shares)
    ring = float(shares @ rings)
    # Who gives up while it rings, gives up whatever the agents, and takes one for half the ringing or so.
    stay = law.staying(ring)
    handle = stay * handle + (1.0 - stay) * ring / 2.0
    balk = float(shares @ np.array([queue.patience.balk for queue in known]))
    law = laws.balking(balk, law) if 0.0 < balk < 1.0 else law
    load, targets = rate * handle / 3600.0, [folder.target(name) for name in queues]
    agents = _range(load, float(row["agents_actual"]))
    found = [mmcg(rate, handle, law, agents, within_s=max(within_s - ring, 0.0)) for _, within_s in targets]
    shorts = [
        _gone_within(rate, handle, law, agents, queue.service_level.short_abandon_ns / 1e9, ring) for queue in known
    ]
    levels = [_level(file, one, stay, short) for one, short in zip(found, shorts, strict=True)]
    one, wanted = found[0], [share for share, _ in targets]
    abandoned, level = 1.0 - (1.0 - one.p_abandon) * stay, shares @ np.array(levels)
    answered_s = [found_now["talk_s"] or 0.0 for found_now in came]
    cost = _contacts_cost(file, queues, rates, answered_s, abandoned, level) + agents * _agent_hour(file, queues, row)
    return Pool(
        " + ".join(queues),
        place,
        row,
        load,
        agents,
        level,
        None if None in wanted else float(shares @ np.array(wanted, float)),
        abandoned,
        one.asa_s + ring,
        one.occupancy,
        cost,
        _an_hour(limits(row, "cost"), folder.interval_s),
        bool((parts == 1.0).all()),
    )


def _work_s(file: ScenarioFile, queue: ScenarioQueue, rows: list[Row]) -> Array:
    """Return the agents' time that a contact took, by interval, s, ringing not included; nan where there was none."""
    talk_s, wrap_up_s = (np.array([row[key] for row in rows], float) for key in ("talk_s", "wrap_s"))
    return np.asarray(work_s(file, queue, talk_s, np.nan_to_num(wrap_up_s)))


def _level(file: ScenarioFile, found: Figures, stay: float, short: Array) -> Array:
    """Return the service level as the simulation counts it, see `experiment.figures.SERVICE_LEVELS`.

    `stay` is the share who do not give up while it rings, `short` the share of short abandonments.
    """
    within = found.service_level_offered * stay
    if file.service_level_formula == "answered":
        return np.asarray(found.service_level_answered)
    return np.asarray(within / (1.0 - short) if file.service_level_formula in ("live", "offered") else within)


def _gone_within(rate: float, handle: float, law: Patience, agents: Array, within_s: float, ring: float) -> Array:
    """Return the share who give up within a time: who is gone by then, less who is answered by then.

    Ringing comes on top of every wait, and who gives up meanwhile does so whatever the agents.
    """
    beyond_s = max(within_s - ring, 0.0)
    found = mmcg(rate, handle, law, agents, within_s=beyond_s)
    still_there = (1.0 - found.service_level_virtual) * law.staying(beyond_s)
    gave_up = 1.0 - still_there - found.service_level_offered
    return np.asarray(1.0 - (1.0 - gave_up) * law.staying(min(within_s, ring)) / law.staying(0.0))


def _an_hour(figure: Limits, interval_s: float) -> Limits:
    value, low, high = (None if end is None else end * 3600.0 / interval_s for end in figure)
    return value, low, high


def _contacts_cost(
    file: ScenarioFile, queues: list[str], rates: Array, talk_s: list[float], abandoned: Array, level: Array
) -> Array:
    """Return what the contacts of an hour cost, over the numbers of agents."""
    costs, found = file.costs, np.zeros(len(abandoned))
    for name, rate, talk in zip(queues, rates, talk_s, strict=True):
        answered = costs.contact.of(name) + costs.talk_minute.of(name) * talk / 60.0
        found += rate * ((1.0 - abandoned) * answered + level * costs.contact_in_time.of(name))
        found += rate * abandoned * costs.abandonment.of(name)
    return found


def _agent_hour(file: ScenarioFile, queues: list[str], row: Row) -> float:
    """Return what an hour of an agent at work costs, those paid and not at work included."""
    serving = serving_groups(file)[[list(file.queues).index(name) for name in queues]].any(axis=0)
    weights = np.array([float(group.at_work) for group in file.groups]) * serving
    rates = np.array([file.costs.agent_hour.of(group.name) for group in file.groups])
    paid = float(row["agents_scheduled"]) / float(row["agents_actual"])
    return paid * float(weights @ rates) / max(float(weights.sum()), 1.0)


def _range(load: float, present: float) -> Array:
    spread = math.sqrt(load)
    low = max(1, math.floor(min(load - 1.5 * spread, 0.9 * present)))
    high = math.ceil(max(load + 3.5 * spread + 2, present + spread, 1.05 * present))
    return np.arange(low, high + 1, max(1, (high - low) // POINTS_MAX))


def _patience(found: list[Distribution], shares: Array) -> Patience:
    """Return how long contacts wait: of one queue its own law, of several a mixture of exponential ones."""
    if len(found) > 1 or found[0].kind in (chance.NEVER, chance.EXPONENTIAL):
        return laws.hyperexponential(shares.tolist(), [one.mean_ns / 1e9 for one in found])
    one = found[0]
    mean_s = one.mean_ns / 1e9
    if one.kind == chance.LOGNORMAL:
        return laws.lognormal(mean_s, math.sqrt(math.expm1(one.b * one.b)))
    if one.kind == chance.ERLANG:
        return laws.erlang(mean_s, round(one.b))
    if one.kind == chance.HYPEREXPONENTIAL:
        return laws.hyperexponential((one.a, 1.0 - one.a), (one.b / 1e9, one.c / 1e9))
    if one.kind == chance.EMPIRICAL:
        return laws.empirical([sample / 1e9 for sample in one.samples])
    return laws.deterministic(mean_s)
