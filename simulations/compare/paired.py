"""Differences of two results, replication by replication, with intervals of confidence."""

from math import sqrt
from typing import Any, Final

import numpy as np

from engine.errors import ConfigError
from simulations.experiment.costs import total_benefits, total_costs
from simulations.experiment.estimates import Estimate, mean, t_quantile
from simulations.experiment.figures import FIGURES, SERVICE_LEVELS
from simulations.experiment.result import Result
from simulations.experiment.summary import plain

Row = dict[str, Any]
MORE_IS_BETTER: Final = {"service_level": True, "abandon_rate": False, "asa_s": False, "blocked_rate": False}
"""Figures that are compared, and whether more of it is better; `cost` and `benefit` come on top."""


def compared(one: Result, other: Result) -> list[Row]:
    """Return the figures of every queue that both have, of all together, and the cost, each with other minus one.

    `better` names who wins, "one" or "other", and is None where the interval of the difference holds 0. Raises
    ConfigError where the results do not have the same seed and as many replications.
    """
    if (one.seed, one.replications) != (other.seed, other.replications):
        raise ConfigError(["the results have other seeds or numbers of replications; simulate both with the same"])
    shared = [name for name in one.queues if name in other.queues]
    rows = []
    for queue in [*shared, None]:
        for figure, more_is_better in MORE_IS_BETTER.items():
            gap = difference(one, other, figure, queue)
            rows.append(
                _row(queue, figure, one.estimate(figure, queue), other.estimate(figure, queue), gap, more_is_better)
            )
    for figure, amounts, more_is_better in (("cost", total_costs, False), ("benefit", total_benefits, True)):
        each = amounts(one), amounts(other)
        if figure == "cost" or any(amount.any() for amount in each):
            before, after, gap = (mean(amount, one.confidence) for amount in (*each, each[1] - each[0]))
            rows.append(_row(None, figure, before, after, gap, more_is_better))
    return rows


def difference(one: Result, other: Result, figure: str, queue: str | None) -> Estimate:
    """Return other minus one of a figure that is a ratio.

    The same callers come to both, so what one replication has more than the mean, it has in both; the variance is that
    of the differences of their residuals (delta method).
    """
    values, residuals = zip(*(_residuals(result, figure, queue) for result in (one, other)), strict=True)
    gap, n = values[1] - values[0], one.replications
    if n < 2:
        return Estimate(gap, np.nan, np.nan)
    error = (residuals[1] - residuals[0]).std(ddof=1) / sqrt(n)
    half = t_quantile(one.confidence, n - 1) * error
    return Estimate(gap, gap - half, gap + half)


def _residuals(result: Result, figure: str, queue: str | None) -> tuple[float, Any]:
    """Return a ratio, and how much every replication adds to its error."""
    tallies = result.tallies if queue is None else result.tallies[:, [result.queues.index(queue)]]
    tallies = tallies.sum(axis=(1, 2))
    part, whole, scale = FIGURES[figure].part, FIGURES[figure].whole, FIGURES[figure].scale
    if figure == "service_level":
        part, whole = SERVICE_LEVELS[result.model.file.service_level_formula]
    parts, wholes = np.asarray(part(tallies) * scale, float), np.asarray(whole(tallies), float)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = parts.sum() / wholes.sum()
        return value, (parts - value * wholes) / wholes.mean()


def _row(queue: str | None, figure: str, one: Estimate, other: Estimate, gap: Estimate, more_is_better: bool) -> Row:
    better = None
    if gap.low > 0 or gap.high < 0:
        better = "other" if (gap.low > 0) == more_is_better else "one"
    return {
        "queue": queue or "all",
        "figure": figure,
        "one": plain(one),
        "other": plain(other),
        "difference": plain(gap),
        "better": better,
    }
