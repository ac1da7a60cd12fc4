"""Whether intervals of confidence became as narrow as was asked: by `--until`, or by the scenario's own `stop`."""

import math
from collections.abc import Collection
from typing import Any

from engine.errors import ConfigError
from simulations.experiment.figures import FIGURES, SHARE
from simulations.experiment.result import Result
from simulations.scenario.sections import Stop
from simulations.scenario.values import metric_fault

SHARES = frozenset({"p_wait", "occupancy", "staffed_level"})
"""Figures that are shares, beside those of FIGURES."""


def stop_of(until: str, queues: Collection[str], said: str) -> Stop:
    """Return the rule that `FIGURE=HALF` says. Raises ConfigError, which begins with how it was `said`."""
    metric, _, half = until.partition("=")
    try:
        stop = Stop.model_validate({"metric": metric, "half_width": float(half) if half[-1:].isdigit() else half})
    except ValueError as error:  # pydantic's are such, too
        text = "write FIGURE=HALF, as sales.service_level=1% or asa_s=2; HALF must be more than 0"
        raise ConfigError([f"{said} {until}: {text}"]) from error
    if wrong := metric_fault(metric, queues):
        raise ConfigError([f"{said} {until}: {wrong}"])
    return stop


def half_width(result: Result, metric: str) -> float:
    """Return half the width of a metric's interval of confidence, nan where it cannot be told."""
    queue_name, _, name = metric.rpartition(".")
    return float(result.estimate(name, queue_name or None).half_width)


def narrowed(result: Result) -> list[dict[str, Any]]:
    """Return of every rule that was to end the replications what it asked and what came of it, as values for JSON.

    Half widths are in the figure's own unit, and None where they cannot be told.
    """
    found = []
    for stop in result.stops:
        half = half_width(result, stop.metric)
        found.append(
            {
                "metric": stop.metric,
                "half_width_asked": stop.half_width,
                "half_width": half if math.isfinite(half) else None,
                "reached": half <= stop.half_width,
            }
        )
    return found


def too_wide(until: list[dict[str, Any]], replications: int) -> list[str]:
    """Return of what `narrowed` found after so many replications a sentence on every interval that is too wide."""
    return [_told(one, replications) for one in until if not one["reached"]]


def _told(one: dict[str, Any], replications: int) -> str:
    metric, half = one["metric"], one["half_width"]
    asked = _amount(metric, one["half_width_asked"])
    if half is None:
        return f"after {replications} replications the interval of {metric} cannot be told; asked was ±{asked}"
    return (
        f"after {replications} replications the interval of {metric} is ±{_amount(metric, half)}, not yet ±{asked}; "
        "play more of them by -n, or ask for a wider one"
    )


def _amount(metric: str, half: float) -> str:
    name = metric.rpartition(".")[2]
    if name in SHARES or (name in FIGURES and FIGURES[name].unit == SHARE):
        return f"{half * 100:.3g}%"
    return f"{half:.3g} s" if name in FIGURES else f"{half:.3g}"
