"""The table of intervals: a row a queue and interval, in columns that live, simulated and reckoned figures share."""

import csv
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from engine.messages.kinds import CHANNEL_NAMES
from engine.model.settings import SECOND_NS
from engine.model.tallies import Tally
from simulations.experiment.costs import queue_costs
from simulations.experiment.figures import COUNTS
from simulations.experiment.result import AT_WORK, BUSY, Array, Result
from simulations.scenario.agent_time import work_s
from simulations.scenario.roster import scheduled_ns, serving_groups

Row = dict[str, Any]
COLUMNS: Final = (
    *("scenario", "queue", "channel", "interval_start", "interval_s"),
    *("offered", "offered_lo", "offered_hi", "blocked", "answered", "answered_in_threshold", "abandoned"),
    *("short_abandoned", "dismissed", "moved_on", "overflowed", "callbacks", "withdrawn", "failed", "unfinished"),
    *("service_level", "sl_lo", "sl_hi", "asa_s", "asa_lo", "asa_hi", "wait_p50_s", "wait_p90_s", "wait_max_s"),
    *("abandon_rate", "abandon_lo", "abandon_hi", "aht_s", "talk_s", "hold_s", "wrap_s", "work_s", "erlangs"),
    *("agents_required", "agents_required_with_shrinkage", "agents_scheduled", "agents_actual", "gap"),
    *("occupancy", "utilization", "shrinkage", "trunks_peak", "trunk_blocking", "max_queue", "cost", "source"),
)
"""Counts are those of one replication in the mean, times s, shares 0 to 1; those of `figures.PARTS` add up to the
offered. `_lo` and `_hi` are the limits of the interval of confidence. agents_* count those who may serve the queue,
whatever else they serve. `trunk_blocking` is of the calls that asked for a trunk channel. `work_s` is the agents' time
that a contact takes, see `scenario.agent_time`; `erlangs` are of it."""


def interval_rows(result: Result) -> list[Row]:
    """Return the rows, queue by queue; None where a figure cannot be told."""
    file, edges = result.model.file, result.edges_ns
    zone, interval_s = ZoneInfo(file.time_zone), file.horizon.interval_ns // SECOND_NS
    figures = _figures(result)
    rows = []
    for q, (name, queue) in enumerate(file.queues.items()):
        for place in range(file.intervals):
            row: Row = {
                "scenario": file.name,
                "queue": name,
                "channel": CHANNEL_NAMES[queue.channel],
                "interval_start": datetime.fromtimestamp(int(edges[place]) // SECOND_NS, zone).isoformat(),
                "interval_s": interval_s,
            }
            row |= {key: _plain(values[q, place]) for key, values in figures.items()}
            rows.append({column: row.get(column) for column in COLUMNS} | {"source": "sim"})
    return rows


def _figures(result: Result) -> dict[str, Any]:
    """Return arrays of shape (queues, intervals) by column."""
    found: dict[str, Any] = {name: result.count(name).mean(axis=0) for name in COUNTS}
    for name, lo, hi in (
        ("offered", "offered_lo", "offered_hi"),
        ("service_level", "sl_lo", "sl_hi"),
        ("asa_s", "asa_lo", "asa_hi"),
        ("abandon_rate", "abandon_lo", "abandon_hi"),
    ):
        estimate = result.by_queue(name)
        found |= {name: estimate.value, lo: estimate.low, hi: estimate.high}
    for name in ("aht_s", "talk_s", "hold_s", "wrap_s"):
        found[name] = result.by_queue(name).value
    found["wait_p50_s"], found["wait_p90_s"] = result.wait_quantile_s(0.5), result.wait_quantile_s(0.9)
    found["wait_max_s"] = result.wait_max_s()
    found["max_queue"] = result.longest.mean(axis=0)
    found |= _work(result, found["talk_s"], found["wrap_s"])
    with np.errstate(divide="ignore", invalid="ignore"):
        found["trunk_blocking"] = result.trunk_refusals.sum(axis=0) / result.trunk_calls.sum(axis=0)
    return found | _staff(result) | {"cost": queue_costs(result)}


def _work(result: Result, talk_s: Array, wrap_s: Array) -> dict[str, Array]:
    """Return the agents' time that a contact took, and how many agents that keeps busy."""
    file, handled = result.model.file, result.tallies[..., Tally.HANDLED].mean(axis=0)
    queues = zip(file.queues.values(), talk_s, wrap_s, strict=True)
    took_s = np.array([work_s(file, *one) for one in queues])
    return {"work_s": took_s, "erlangs": handled * np.nan_to_num(took_s) / (file.horizon.interval_ns / 1e9)}


def _staff(result: Result) -> dict[str, Any]:
    """Return what is known of the agents who may serve each queue."""
    file = result.model.file
    interval_ns = file.horizon.interval_ns
    paid = scheduled_ns(file, result.edges_ns) / interval_ns
    states = result.states_s.mean(axis=0) / (interval_ns / 1e9)
    at_work, busy = states[..., AT_WORK].sum(axis=-1), states[..., BUSY].sum(axis=-1)
    serves = serving_groups(file)
    scheduled, actual, occupied = serves @ paid, serves @ at_work, serves @ busy
    trunks = np.array([[group in queue.trunk_groups for group in file.trunk_groups] for queue in file.queues.values()])
    peaks = result.peak_trunks.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "agents_scheduled": scheduled,
            "agents_actual": actual,
            "occupancy": occupied / actual,
            "utilization": occupied / scheduled,
            "shrinkage": 1.0 - actual / scheduled,
            "trunks_peak": (trunks.astype(float) @ peaks) if trunks.size else np.full(scheduled.shape, np.nan),
        }


def _plain(value: Any) -> float | None:
    number = float(value)
    return round(number, 6) if np.isfinite(number) else None


def write_csv(rows: Iterable[Row], path: Path) -> None:
    """Write rows as a CSV file; empty where a figure cannot be told."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
