"""How a contact centre stands what goes wrong: without the plan, with it, with the plan late, and on a quiet day.

All four meet the same callers, so what is lost because of a disruption is a difference within replications.
"""

import copy
from typing import Any, Final

import msgspec
import numpy as np

from engine.errors import ConfigError
from engine.messages.exits import LOST
from engine.model.durations import format_duration
from simulations.compare.paired import played_alike
from simulations.compare.recovery import RULE, Served, intervals_short, untold_drop
from simulations.experiment.costs import total_benefits, total_costs
from simulations.experiment.estimates import Estimate, mean, ratio
from simulations.experiment.figures import BLOCKED, exits, with_sent_away
from simulations.experiment.result import Result
from simulations.experiment.simulate import Progress
from simulations.experiment.summary import plain
from simulations.experiment.worker_pool import Workers
from simulations.scenario.overlay import lasting
from simulations.scenario.scenario import Scenario

Array = np.ndarray[Any, Any]
QUIET: Final = "undisturbed"
NO_PLAN: Final = "no plan"
PLAN: Final = "plan"
LATE: Final = "plan late"


class Case(msgspec.Struct, frozen=True):
    """What became of one case."""

    name: str
    activated_s: float | None
    """From the break to the activation of the plan that comes last; None without one."""
    lost: Estimate
    """Contacts that nobody served, a day: gave up, hung up on, refused or cut off, less those who came again."""
    lost_more: Estimate
    """Of these, because of the disruption: beyond an undisturbed day, with the same callers."""
    level_during: dict[str, Estimate]
    """Service level of those who came while it lasted, those sent away included, by queue; of all under ''."""
    recovered_s: dict[str, float | None]
    """By queue, from the break until the service level is back for good by `recovery.RULE`, to the interval; None: not
    within the horizon. Under '': of the last queue."""
    untold_drop: dict[str, float | None]
    """By queue: by how much the level was lower than undisturbed where `recovered_s` has it back, though it may not be:
    too few replications tell it from chance. None where that is not much. Under '': of the queue of the most."""
    backlog: Estimate
    """Most who waited at once in each queue within an interval, added up, in the worst interval: never less than waited
    in all queues at one moment, and more where queues were full at other moments of it."""
    damage: Estimate
    """Costs less benefits, beyond an undisturbed day."""


def resilience(
    scenario: Scenario,
    late_ns: int,
    replications: int | None = None,
    seed: int | None = None,
    *,
    workers: Workers | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Play the cases, and return everything that `resilience --json` prints.

    `progress` is told replications of all cases. Raises ConfigError, SimulationFailed and ClusterFailed.
    """
    played = cases(scenario, late_ns)
    results = played_alike(list(played.values()), replications, seed, workers=workers, progress=progress)
    first, file = results[0], scenario.file
    return {
        "scenario": file.name,
        "seed": first.seed,
        "replications": first.replications,
        "confidence": first.confidence,
        "currency": file.costs.currency,
        "recovery": RULE,
        "cases": [plain_case(case) for case in told(dict(zip(played, results, strict=True)))],
    }


def cases(scenario: Scenario, late_ns: int) -> dict[str, Scenario]:
    """Return the scenarios to be played. Raises ConfigError if nothing goes wrong in it."""
    if not scenario.file.disruptions:
        raise ConfigError(["nothing goes wrong in this scenario: it has no 'disruptions'"])
    found = {QUIET: _with(scenario, []), NO_PLAN: _with(scenario, [_late(one, None) for one in _raw(scenario)])}
    if any(one.respond is not None for one in scenario.file.disruptions):
        found[PLAN] = scenario
        later = zip(_raw(scenario), scenario.file.disruptions, strict=True)
        found[LATE] = _with(
            scenario, [_late(raw, one.respond.after_ns + late_ns if one.respond else None) for raw, one in later]
        )
    return found


def _raw(scenario: Scenario) -> list[dict[str, Any]]:
    return copy.deepcopy(scenario.raw["disruptions"])


def _with(scenario: Scenario, disruptions: list[dict[str, Any]]) -> Scenario:
    return Scenario.of({**scenario.raw, "disruptions": disruptions}, scenario.folder)


def _late(disruption: dict[str, Any], after_ns: int | None) -> dict[str, Any]:
    """Return the disruption with its plan after another while, or without one."""
    plan = disruption.pop("respond", None)
    if plan is None or after_ns is None:
        return disruption
    return disruption | {"respond": {**plan, "after": format_duration(after_ns)}}


def told(results: dict[str, Result]) -> list[Case]:
    """Return what became of each case; `results` are those of `cases`, all of one seed and as many replications."""
    quiet = results[QUIET]
    broken = next(result for name, result in results.items() if name != QUIET)
    return [_case(name, result, quiet, broken) for name, result in results.items()]


def _case(name: str, result: Result, quiet: Result, broken: Result) -> Case:
    confidence, events = result.confidence, lasting(result.model.file)
    lost, before = _lost(result), _lost(quiet)
    net, net_before = (total_costs(one) - total_benefits(one) for one in (result, quiet))
    span = _span(broken)
    during = result.tallies[:, :, slice(*span)].sum(axis=2)
    levels = {queue: ratio(*_served(result, during[:, place]), confidence) for place, queue in enumerate(result.queues)}
    levels[""] = ratio(*_served(result, during.sum(axis=1)), confidence)
    back = {queue: _back(result, quiet, place, span) for place, queue in enumerate(result.queues)}
    recovered, untold = ({queue: one[part] for queue, one in back.items()} for part in (0, 1))
    known = [value for value in recovered.values() if value is not None]
    recovered[""] = max(known) if len(known) == len(recovered) else None
    untold[""] = max((drop for drop in untold.values() if drop is not None), default=None)
    activated = [one.activated_ns - one.start_ns for one in events if one.what.respond is not None]
    return Case(
        name=name,
        activated_s=max(activated) / 1e9 if activated else None,
        lost=mean(lost, confidence),
        lost_more=mean(lost - before, confidence),
        level_during=levels,
        recovered_s=recovered,
        untold_drop=untold,
        backlog=mean(result.crowd.max(axis=1), confidence),
        damage=mean(net - net_before, confidence),
    )


def _span(broken: Result) -> tuple[int, int]:
    """Return the intervals from the first break to the last end."""
    events, edges = lasting(broken.model.file), broken.edges_ns
    first = int(np.searchsorted(edges, min(one.start_ns for one in events), "right")) - 1
    last = int(np.searchsorted(edges, max(one.end_ns for one in events), "left"))
    return first, min(last, len(edges) - 1)


def _served(result: Result, tallies: Array) -> tuple[Array, Array]:
    """Return what the service level divides by what; who was refused, as at a closed queue, was not served in time."""
    part, whole = with_sent_away(result.model.file.service_level_formula, BLOCKED)
    return part(tallies), whole(tallies)


def _lost(result: Result) -> Array:
    """Return the contacts that were lost for good, shape (replications,)."""
    tallies = result.tallies
    tries = exits(*LOST)(tallies).sum(axis=(1, 2)) + result.cut_off.sum(axis=(1, 2))
    return np.asarray(tries - result.retried.sum(axis=(1, 2)), float)


def _back(result: Result, quiet: Result, place: int, span: tuple[int, int]) -> tuple[float | None, float | None]:
    """Return how long after the break a queue's service level is back, s: 0.0 if it never went, None if never back; and
    by how much it was lower all the same, see `untold_drop`.
    """
    first, last = span
    target = list(result.model.file.queues.values())[place].service_level.target
    now, usual = (
        Served(*(counts[:, first:] for counts in _served(one, one.tallies[:, place]))) for one in (result, quiet)
    )
    after = intervals_short(now, usual, target, result.confidence, len(result.queues))
    if first + after == len(result.edges_ns) - 1:
        return None, None
    drop = untold_drop(now, usual, target, after, last - first)
    if after == 0:
        return 0.0, drop
    start_ns = min(one.start_ns for one in lasting(result.model.file)) if result.model.file.disruptions else 0
    return float(result.edges_ns[first + after] - start_ns) / 1e9, drop


def plain_case(case: Case) -> dict[str, Any]:
    """Return a case as values for JSON: times in s, shares 0 to 1."""
    return {
        "case": case.name,
        "activated_s": case.activated_s,
        **{name: plain(getattr(case, name)) for name in ("lost", "lost_more", "backlog", "damage")},
        "service_level_during": {queue or "all": plain(level) for queue, level in case.level_during.items()},
        "recovered_s": {queue or "all": value for queue, value in case.recovered_s.items()},
        "untold_drop": {
            queue or "all": None if drop is None else round(drop, 6) for queue, drop in case.untold_drop.items()
        },
    }
