"""The whole of a fit: what the fitted day comes to when it is played, against the days that it was fitted to."""

from typing import Any, Final

import msgspec
import numpy as np

from simulations.experiment.estimates import Estimate, mean, ratio, t_quantile
from simulations.experiment.result import Result
from simulations.experiment.simulate import simulate
from simulations.fit.calls import Calls
from simulations.fit.duty import at_work, stints
from simulations.fit.fitted import Fit
from simulations.fit.observed import covered, edges_ns
from simulations.fit.statistics import CONFIDENCE
from simulations.scenario.scenario import Scenario

Array = np.ndarray[Any, Any]
CONTACTS: Final = 150_000
"""Played in all, about."""
AT_LEAST, AT_MOST = 30, 200
"""Days that are played."""
FIGURES: Final = ("offered", "abandon_rate", "p_wait", "asa_s", "service_level")
OFF_CONFIDENCE: Final = 1.0 - (1.0 - CONFIDENCE) / len(FIGURES)
"""Of each figure, so that one of them is off by chance in one fit of twenty at most (Bonferroni)."""


class Told(msgspec.Struct, frozen=True):
    """A figure of the recorded days, of the fitted day and, where asked for, of days as busy as each other."""

    name: str
    recorded: Estimate
    fitted: Estimate
    alike: Estimate | None
    is_off: bool
    """Whether record and fitted day differ by more than chance, all figures judged together."""


class WholeDay(msgspec.Struct, frozen=True):
    """How near the fitted day is to the recorded ones."""

    days: int
    """Recorded ones."""
    replications: int
    figures: list[Told]
    covered: float
    """Share of the fitted day that the record covers, the mean of its days: both sides are told of that part."""
    staff_with_volume: float
    """Correlation of the recorded days' hours at work with their calls; NaN of fewer than three days."""
    staff_follows: bool
    """Whether that is more than chance."""

    @property
    def is_off(self) -> bool:
        """Whether any of them is."""
        return any(figure.is_off for figure in self.figures)


def whole_day(fit: Fit, calls: Calls, scenario: Scenario) -> WholeDay:
    """Play the fitted day, and compare it with the days that volumes and staff were taken from.

    Where it is off, and days are drawn busy and quiet, it is played once more with days as busy as each other: that
    tells what of it is due to one roster for all days. One day alone says nothing of how days differ: it is held
    against how fitted days differ from each other. Where the record covers a part of an interval only, so much of the
    fitted one counts. Raises SimulationFailed.
    """
    days = np.array([np.datetime64(day, "D").astype(np.int64) for day in fit.chosen])
    edges = edges_ns(days, fit.interval_s, fit.time_zone)
    recorded = _recorded(calls, edges, scenario, CONFIDENCE)
    replications = int(np.clip(CONTACTS / max(float(recorded["offered"].value), 1.0), AT_LEAST, AT_MOST))
    result = simulate(scenario, replications)
    shares = _shares_of(scenario, edges, covered(calls, days, fit.interval_s))
    fitted = _played(result, shares, CONFIDENCE)
    wide = _recorded(calls, edges, scenario, OFF_CONFIDENCE), _played(result, shares, OFF_CONFIDENCE)
    if len(days) == 1:
        recorded = _of_one_day(recorded, result, shares, CONFIDENCE)
        wide = _of_one_day(wide[0], result, shares, OFF_CONFIDENCE), wide[1]
    off = {name: _differ(*(side[name] for side in wide)) for name in FIGURES}
    steady = _as_busy(scenario) if any(off.values()) else None
    alike = _played(simulate(steady, replications), shares, CONFIDENCE) if steady is not None else {}
    figures = [Told(name, recorded[name], fitted[name], alike.get(name), off[name]) for name in FIGURES]
    together = _staff_with_volume(calls, edges)
    covers = float(shares.mean())
    return WholeDay(len(days), replications, figures, covers, together, _is_beyond_chance(together, len(days)))


def _shares_of(scenario: Scenario, edges: Array, shares: Array) -> Array:
    """Return what share of each interval of the scenario the record covers, the mean of its days, shape (intervals,).

    `edges` of shape (days, intervals of a day + 1), ns, and `shares` of shape (days, intervals of a day).
    """
    first = int(np.searchsorted(edges[-1], scenario.file.start_ns))
    return np.asarray(shares.mean(axis=0)[first : first + scenario.file.intervals])


def _recorded(calls: Calls, edges: Array, scenario: Scenario, confidence: float) -> dict[str, Estimate]:
    """Return the figures of the recorded days; days are what differs by chance."""
    queues = scenario.file.queues
    rows = calls.rows[np.isin(calls.rows["type"], [calls.types.index(name) for name in queues])]
    levels = [queues[name].service_level if name in queues else None for name in calls.types]
    within_ns, short_ns = (
        np.array([getattr(level, name) if level is not None else 0 for level in levels], np.int64)[rows["type"]]
        for name in ("threshold_ns", "short_abandon_ns")
    )
    met = rows["answered"] & (rows["wait_ns"] <= within_ns)
    judged = rows["answered"] | (rows["abandoned"] & (rows["wait_ns"] > short_ns))
    begins, ends = edges[:, 0], edges[:, -1]

    def by_day(values: Any) -> Array:
        up_to = np.r_[0.0, np.cumsum(values, dtype=float)]
        first, last = (np.searchsorted(rows["arrival_ns"], at) for at in (begins, ends))
        return np.asarray(up_to[last] - up_to[first])

    came = by_day(np.ones(len(rows)))
    answered = by_day(rows["answered"])
    return {
        "offered": mean(came, confidence),
        "abandon_rate": ratio(by_day(rows["abandoned"]), came, confidence),
        "p_wait": ratio(by_day(rows["wait_ns"] > 0), came, confidence),
        "asa_s": ratio(by_day(np.where(rows["answered"], rows["wait_ns"] / 1e9, 0.0)), answered, confidence),
        "service_level": ratio(by_day(met), by_day(judged), confidence),
    }


def _played(result: Result, shares: Array, confidence: float) -> dict[str, Estimate]:
    return {
        name: mean(parts, confidence) if wholes is None else ratio(parts, wholes, confidence)
        for name, (parts, wholes) in _parts_of(result, shares).items()
    }


def _parts_of(result: Result, shares: Array) -> dict[str, tuple[Array, Array | None]]:
    """Return what each figure of a fitted day divides by what, of these `shares` of the intervals; of a count, by None.

    All have the shape (replications,).
    """

    def by_day(counts: Any) -> Array:
        return np.asarray((counts * shares).sum(axis=(1, 2)))

    offered, found = result.count("offered"), dict[str, tuple[Array, Array | None]]()
    for name in FIGURES:
        if name == "offered":
            found[name] = by_day(offered), None
        elif name == "p_wait":
            found[name] = by_day(offered - result.waits[..., 0]), by_day(offered)
        else:
            part, whole, scale = result.parts_of(name)
            found[name] = by_day(part(result.tallies) * scale), by_day(whole(result.tallies))
    return found


def _of_one_day(recorded: dict[str, Estimate], result: Result, shares: Array, confidence: float) -> dict[str, Estimate]:
    """Return the figures of the only recorded day with limits as wide as fitted days differ from each other."""
    found = {}
    for name, (parts, wholes) in _parts_of(result, shares).items():
        each = parts if wholes is None else parts[wholes > 0.0] / wholes[wholes > 0.0]
        half = t_quantile(confidence, len(each) - 1) * float(each.std(ddof=1)) if len(each) > 1 else float("nan")
        value = float(recorded[name].value)
        found[name] = Estimate(value, value - half, value + half)
    return found


def _differ(one: Estimate, other: Estimate) -> bool:
    """Tell whether two independent estimates differ by more than chance; where limits are not known, nobody can."""
    half = np.hypot(one.half_width, other.half_width)
    return bool(np.isfinite(half) and abs(one.value - other.value) > half)


def _as_busy(scenario: Scenario) -> Scenario | None:
    """Return the scenario with days as busy as each other; None where they are."""
    queues = dict(scenario.raw["queues"])
    for name, queue in queues.items():
        if "arrivals" in queue:
            queues[name] = queue | {"arrivals": queue["arrivals"] | {"busyness": 0.0}}
    if not any(queue.arrivals and queue.arrivals.busyness for queue in scenario.file.queues.values()):
        return None
    return Scenario.of(scenario.raw | {"queues": queues}, scenario.folder)


def _is_beyond_chance(correlation: float, n: int) -> bool:
    """Tell whether a correlation of n pairs is above 0 by more than chance, by Student's t."""
    if not np.isfinite(correlation):
        return False
    rest = max(1.0 - correlation**2, 1e-12)
    return bool(correlation * np.sqrt((n - 2) / rest) > t_quantile(CONFIDENCE, n - 2))


def _staff_with_volume(calls: Calls, edges: Array) -> float:
    duty, arrivals = stints(calls), calls.rows["arrival_ns"]
    staff = [float(at_work(duty, day) @ np.diff(day)) for day in edges]
    volume = [int(((arrivals >= day[0]) & (arrivals < day[-1])).sum()) for day in edges]
    if len(edges) < 3 or np.ptp(staff) == 0.0 or np.ptp(volume) == 0:
        return float("nan")
    return float(np.corrcoef(staff, volume)[0, 1])
