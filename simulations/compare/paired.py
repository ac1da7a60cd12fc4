"""Differences of two results, replication by replication, with intervals of confidence."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from math import sqrt
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from engine.errors import ConfigError
from engine.model.settings import SECOND_NS
from simulations.compare.unlike import unlike
from simulations.experiment.costs import total_benefits, total_costs
from simulations.experiment.estimates import Estimate, mean, ratio, t_quantile
from simulations.experiment.figures import Counted
from simulations.experiment.result import Result
from simulations.experiment.simulate import Progress, after, replications_of, seed_of, simulate
from simulations.experiment.summary import plain
from simulations.experiment.worker_pool import Workers
from simulations.scenario.scenario import Scenario

Array = np.ndarray[Any, Any]
Row = dict[str, Any]
MORE_IS_BETTER: Final = {"service_level": True} | dict.fromkeys(
    ("abandon_rate", "asa_s", "dismissed_rate", "blocked_rate"), False
)
"""Figures that are compared, and whether more of it is better; `cost` and `benefit` come on top."""


def played_alike(
    scenarios: Sequence[Scenario],
    replications: int | None = None,
    seed: int | None = None,
    *,
    workers: Workers | None = None,
    progress: Progress | None = None,
) -> list[Result]:
    """Play scenarios with the same callers, each as often: two times at least, and as the first says where not said.

    `progress` is told replications of all together. Raises ConfigError, SimulationFailed and ClusterFailed.
    """
    experiment = scenarios[0].file.experiment
    count = replications_of(replications, experiment.replications, least=2)
    seed = seed_of(seed, experiment.seed)
    planned, results = count * len(scenarios), list[Result]()
    for scenario in scenarios:
        told = after(progress, count * len(results), planned)
        results.append(simulate(scenario, count, seed, workers=workers, progress=told))
    return results


def comparison(one: Result, other: Result, files: tuple[str, str] = ("", "")) -> Row:
    """Return everything that `compare --json` prints: figures of both sides and other minus one. Raises ConfigError.

    `files` are where the two come from, which tells those apart that are called the same.
    """
    return {
        "one": one.model.file.name,
        "other": other.model.file.name,
        "one_file": files[0],
        "other_file": files[1],
        "seed": one.seed,
        "replications": one.replications,
        "confidence": one.confidence,
        **unlike(one.model.file, other.model.file),
        "figures": compared(one, other),
    }


def compared(one: Result, other: Result) -> list[Row]:
    """Return the figures of every queue that both have, of all together, and the cost, each with other minus one.

    `better` names who wins, "one" or "other", and is None where the interval of the difference holds 0. Money of two
    currencies has no difference. Raises ConfigError where the results do not have the same seed and as many
    replications.
    """
    if (one.seed, one.replications) != (other.seed, other.replications):
        raise ConfigError(["the results have other seeds or numbers of replications; simulate both with the same"])
    shared = [name for name in one.queues if name in other.queues]
    is_one_currency = one.model.file.costs.currency == other.model.file.costs.currency
    rows = []
    for queue in [*shared, None]:
        for figure, more_is_better in MORE_IS_BETTER.items():
            both = one.estimate(figure, queue), other.estimate(figure, queue)
            rows.append(row_of(queue, figure, (*both, difference(one, other, figure, queue)), more_is_better))
    for figure, amounts, more_is_better in (("cost", total_costs, False), ("benefit", total_benefits, True)):
        each = amounts(one), amounts(other)
        if figure == "cost" or any(amount.any() for amount in each):
            gap_of = each[1] - each[0] if is_one_currency else np.full(one.replications, np.nan)
            before, after, apart = (mean(amount, one.confidence) for amount in (*each, gap_of))
            rows.append(row_of(None, figure, (before, after, apart), more_is_better))
    return rows


def winner(row: Row) -> str:
    """Return who is better in a row of `compared`, in words: "one", "other", "chance", "the same", or "-" where there
    is nothing to compare."""
    apart = row["difference"]
    if apart["value"] is None:
        return "-"
    is_same = apart["value"] == apart["low"] == apart["high"] == 0.0
    return row["better"] or ("the same" if is_same else "chance")


def interval_differences(one: Result, other: Result) -> Iterator[Row]:
    """Yield a row an interval of every queue that both have: each figure of one, of other and other minus one.

    Raises ConfigError where the results have other intervals.
    """
    edges = one.edges_ns
    if not np.array_equal(edges, other.edges_ns):
        raise ConfigError(["the scenarios have other intervals; compare them as a whole"])
    zone, confidence = ZoneInfo(one.model.file.time_zone), one.confidence
    for queue in one.queues:
        if queue not in other.queues:
            continue
        both = [result.tallies[:, result.queues.index(queue)] for result in (one, other)]
        for place, start_ns in enumerate(edges[:-1].tolist()):
            row: Row = {
                "queue": queue,
                "interval_start": datetime.fromtimestamp(start_ns // SECOND_NS, zone).isoformat(),
            }
            mine, theirs = (tallies[:, place] for tallies in both)
            for figure in MORE_IS_BETTER:
                part, whole, scale = parts = one.parts_of(figure)
                sides = (plain(ratio(part(side) * scale, whole(side), confidence)) for side in (mine, theirs))
                row |= {f"{figure}_{name}": side["value"] for name, side in zip(("one", "other"), sides, strict=True)}
                row |= limited(f"{figure}_difference", plain(gap(mine, theirs, parts, confidence)))
            yield row


def limited(name: str, figure: Row) -> Row:
    """Return a figure of {value, low, high} as the columns `name`, `name_lo` and `name_hi`."""
    return {name: figure["value"], f"{name}_lo": figure["low"], f"{name}_hi": figure["high"]}


def difference(one: Result, other: Result, figure: str, queue: str | None) -> Estimate:
    """Return other minus one of a figure that is a ratio."""
    return gap(_tallies(one, queue), _tallies(other, queue), one.parts_of(figure), one.confidence)


def gap(one: Array, other: Array, parts: tuple[Counted, Counted, float], confidence: float) -> Estimate:
    """Return other minus one of a ratio: part, whole and scale, of counters of shape (replications, TALLY_COLUMNS).

    The same callers come to both, so what one replication has more than the mean, it has in both; the variance is that
    of the differences of their residuals (delta method).
    """
    values, residuals = zip(*(_residuals(tallies, *parts) for tallies in (one, other)), strict=True)
    found, n = values[1] - values[0], len(one)
    if n < 2:
        return Estimate(found, np.nan, np.nan)
    error = (residuals[1] - residuals[0]).std(ddof=1) / sqrt(n)
    half = t_quantile(confidence, n - 1) * error
    return Estimate(found, found - half, found + half)


def _tallies(result: Result, queue: str | None) -> Array:
    tallies = result.tallies if queue is None else result.tallies[:, [result.queues.index(queue)]]
    return np.asarray(tallies.sum(axis=(1, 2)))


def _residuals(tallies: Array, part: Counted, whole: Counted, scale: float) -> tuple[float, Any]:
    """Return a ratio, and how much every replication adds to its error."""
    parts, wholes = np.asarray(part(tallies) * scale, float), np.asarray(whole(tallies), float)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = parts.sum() / wholes.sum()
        return value, (parts - value * wholes) / wholes.mean()


def row_of(queue: str | None, figure: str, estimates: tuple[Estimate, Estimate, Estimate], more_is_better: bool) -> Row:
    """Return a figure of one, of the other and the difference as a row, and who wins."""
    one, other, apart = estimates
    better = None
    if apart.low > 0 or apart.high < 0:
        better = "other" if (apart.low > 0) == more_is_better else "one"
    return {
        "queue": queue or "all",
        "figure": figure,
        "one": plain(one),
        "other": plain(other),
        "difference": plain(apart),
        "better": better,
    }
