"""All estimates of a record together: per queue, and of the people who served them."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import numpy as np

from engine.errors import ConfigError
from simulations.fit.arrivals import WEEKDAYS, Arrivals, day_counts, fit_arrivals, ordinary_weekdays
from simulations.fit.calls import SECOND_NS, Calls, instant_ns
from simulations.fit.durations import Durations, fit_durations
from simulations.fit.duty import at_work, gaps_s, stints, who_serves
from simulations.fit.patience import Patience, fit_patience
from simulations.fit.retrials import Retrials, fit_retrials
from simulations.fit.statistics import Figure, mean_of, share_of

Array = np.ndarray[Any, Any]
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
GROUPS_MAX: Final = 6
CALLS_MIN: Final = 5
"""Calls of a queue fewer than which nothing is worth fitting."""


class QueueFit(msgspec.Struct, frozen=True):
    """What is known of one queue or type."""

    name: str
    calls: int
    abandoned: Figure
    """Share of all who came."""
    waited: Figure
    """Share who were not served at once."""
    wait_s: Figure
    """Mean of all who came."""
    arrivals: Arrivals
    """On the days that were chosen."""
    talk: Durations
    wrap_up: Durations | None
    """None: the record does not tell it."""
    patience: Patience
    priority: int
    """The one most calls had."""


class Group(msgspec.Struct, frozen=True):
    """Agents who serve the same queues."""

    agents: list[str]
    queues: list[str]
    at_work: list[float]
    """On average over the chosen days, in each interval of the day."""


class Fit(msgspec.Struct, frozen=True):
    """All that was learnt from a record."""

    source: str
    time_zone: str
    calls: int
    first_day: str
    last_day: str
    days: int
    """Days with calls."""
    weekdays: list[str]
    """On which the days lie that volumes and staff were taken from."""
    days_chosen: int
    last_chosen: str
    interval_s: int
    queues: list[QueueFit]
    retrials: Retrials
    groups: list[Group]
    between_calls_s: Figure
    """From one call of an agent to the next while somebody waited: wrap-up, where no record tells it."""
    remarks: dict[str, int]


def fit(calls: Calls, interval_s: int = 1800, weekdays: Array | None = None) -> Fit:
    """Return the estimates; `weekdays` are numbers with 0 as Monday, not said: those like the busiest.

    Raises ConfigError where there are no days of that kind, or no queue with calls enough.
    """
    all_days = day_counts(calls, interval_s)
    weekdays = ordinary_weekdays(all_days) if weekdays is None else weekdays
    days = all_days.on(weekdays)
    if not len(days.days):
        names = ", ".join(WEEKDAYS[weekday] for weekday in np.unique(all_days.weekdays))
        raise ConfigError([f"{calls.source}: no calls on such days; there are calls on {names}"])
    queues = [
        _fit_queue(name, calls.of_type(number), days)
        for number, name in enumerate(calls.types)
        if (calls.rows["type"] == number).sum() >= CALLS_MIN
    ]
    if not queues:
        text = f"no queue has {CALLS_MIN} calls: that is too few to learn from"
        raise ConfigError([f"{calls.source}: {text}"])
    fitted = {queue.name for queue in queues}
    few = sum(name not in fitted for name in calls.types)
    return Fit(
        source=calls.source,
        time_zone=calls.time_zone,
        calls=len(calls.rows),
        first_day=day_name(all_days.days[0]),
        last_day=day_name(all_days.days[-1]),
        days=len(all_days.days),
        weekdays=[WEEKDAYS[weekday] for weekday in np.unique(days.weekdays)],
        days_chosen=len(days.days),
        last_chosen=day_name(days.days[-1]),
        interval_s=interval_s,
        queues=queues,
        retrials=fit_retrials(calls),
        groups=_groups(calls, days.days, interval_s, fitted),
        between_calls_s=mean_of(gaps_s(calls)),
        remarks=calls.remarks | ({f"queue left out: fewer than {CALLS_MIN} calls": few} if few else {}),
    )


def day_name(day: int) -> str:
    """Return a day since 1970 as 2026-11-23."""
    return (EPOCH + timedelta(days=int(day))).date().isoformat()


def talk_samples_s(calls: Calls) -> Array:
    """Return the known lengths of talks, s."""
    handled = calls.rows["handle_ns"]
    return np.asarray(handled[handled > 0] / SECOND_NS)


def _fit_queue(name: str, calls: Calls, days: Any) -> QueueFit:
    rows = calls.rows
    wrapped = rows["wrap_up_ns"][rows["answered"] & (rows["wrap_up_ns"] >= 0)] / SECOND_NS
    talk = talk_samples_s(calls)
    priorities, counts = np.unique(rows["priority"], return_counts=True)
    return QueueFit(
        name=name,
        calls=len(rows),
        abandoned=share_of(int(rows["abandoned"].sum()), len(rows)),
        waited=share_of(int((rows["wait_ns"] > 0).sum()), len(rows)),
        wait_s=mean_of(calls.waits_s),
        arrivals=fit_arrivals(calls, days),
        talk=fit_durations(talk, int(rows["answered"].sum()) - len(talk)),
        wrap_up=fit_durations(wrapped) if wrapped.any() else None,
        patience=fit_patience(calls.waits_s, rows["abandoned"]),
        priority=int(priorities[counts.argmax()]),
    )


def _groups(calls: Calls, days: Array, interval_s: int, queues: set[str]) -> list[Group]:
    """Return agents by what they serve, the group most at work first."""
    known = np.array([name in queues for name in calls.types])
    if not calls.agents:
        return []
    rows = calls.rows[calls.rows["agent"] >= 0]
    counts = np.zeros((len(calls.agents), len(calls.types)), np.int64)
    np.add.at(counts, (rows["agent"], rows["type"]), 1)
    patterns, group_of = _alike(who_serves(calls) & known, counts)
    duty = stints(calls)
    edges = edges_ns(days, interval_s, calls.time_zone)
    found = []
    for number, pattern in enumerate(patterns):
        members = np.flatnonzero(group_of == number)
        of_group = duty[np.isin(duty["agent"], members)]
        mean = np.mean([at_work(of_group, day) for day in edges], axis=0)
        if pattern.any() and mean.sum() > 0:
            served = [name for name, is_served in zip(calls.types, pattern, strict=True) if is_served]
            found.append(Group([calls.agents[member] for member in members], served, mean.tolist()))
    return sorted(found, key=lambda group: -sum(group.at_work))


def _alike(serves: Array, counts: Array) -> tuple[Array, Array]:
    """Return (what each group serves, group of each agent), of GROUPS_MAX groups at most.

    The group of the fewest calls joins the one that serves most nearly the same, whose queues stay as they are; a queue
    that is then left without agents goes to the group that took most of its calls.
    """
    patterns, group_of = np.unique(serves, axis=0, return_inverse=True)
    group_of = group_of.reshape(-1)
    while len(patterns) > GROUPS_MAX:
        volumes = np.bincount(group_of, counts.sum(axis=1), len(patterns))
        least = int(volumes.argmin())
        unlike = (patterns != patterns[least]).sum(axis=1) - volumes / (volumes.sum() + 1)
        unlike[least] = np.inf
        group_of = np.where(group_of == least, unlike.argmin(), group_of)
        patterns, group_of = np.delete(patterns, least, axis=0), group_of - (group_of > least)
    for queue in np.flatnonzero(serves.any(axis=0) & ~patterns.any(axis=0)).tolist():
        patterns[np.bincount(group_of, counts[:, queue], len(patterns)).argmax(), queue] = True
    return patterns, group_of


def edges_ns(days: Array, interval_s: int, time_zone: str) -> Array:
    """Return where the intervals of each day begin and end, shape (days, intervals + 1)."""
    midnights = [instant_ns(EPOCH + timedelta(days=int(day)), time_zone) for day in days]
    steps = np.arange(round(86_400 / interval_s) + 1, dtype=np.int64) * interval_s * SECOND_NS
    return np.array(midnights, np.int64)[:, None] + steps
