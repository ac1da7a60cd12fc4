"""All estimates of a record together: per queue, and of the people who served them."""

from datetime import timedelta
from typing import Any, Final

import msgspec
import numpy as np

from engine.errors import ConfigError
from simulations.fit.arrivals import (
    THURSDAY,
    WEEKDAYS,
    Arrivals,
    CutShort,
    DayCounts,
    cut_short,
    day_counts,
    fit_arrivals,
    ordinary_weekdays,
)
from simulations.fit.at_once import ChannelFit, alone, begun_during_another, capacity_of, fit_channels
from simulations.fit.between import between_calls_s
from simulations.fit.calls import SECOND_NS, Calls
from simulations.fit.durations import Durations, fit_durations
from simulations.fit.duty import at_work, signed_in, stints, who_serves
from simulations.fit.observed import EPOCH, covered, edges_ns, mean_over
from simulations.fit.observed import told as covered_told
from simulations.fit.patience import Patience, fit_patience
from simulations.fit.retrials import Retrials, fit_retrials, share_again
from simulations.fit.rings import Rings, fit_rings
from simulations.fit.statistics import Figure, mean_of, share_of
from simulations.fit.ways_on import WayOn, ways_on

Array = np.ndarray[Any, Any]
GROUPS_MAX: Final = 6
CALLS_MIN: Final = 5
"""Calls of a queue fewer than which nothing is worth fitting."""
NAMED: Final = 8
"""Queues left out that are named."""
OVERLAPPING: Final = 0.05
"""Of the talks of a record that names no channel, begun during another: with more of them, it is worth a word."""


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
    rings: Rings | None
    """None: the record does not tell of offers."""
    talk: Durations
    wrap_up: Durations | None
    """None: the record does not tell it; of none, n is 0."""
    patience: Patience
    called_again: Figure
    """Share of known customers who gave up here: called again within an hour."""
    priority: int
    """The one most calls had."""
    channel: str
    ways_on: list[WayOn]
    """Where contacts go on from here."""

    @property
    def gave_up(self) -> int:
        """How many gave up, known or not."""
        return round(self.abandoned.value * self.calls)

    @property
    def retry_share(self) -> float:
        """Share of all who gave up that are known to have called again: who is unknown did not, as far as is known."""
        return self.called_again.value * self.called_again.n / self.gave_up if self.called_again.n else 0.0


class Group(msgspec.Struct, frozen=True):
    """Agents who serve the same queues."""

    agents: list[str]
    queues: list[str]
    at_work: list[float]
    """On average over the chosen days, in each interval of the day."""
    capacity: dict[str, int]
    """By channel: contacts at once."""
    paused: float
    """Share of the time signed in that they were not ready, as far as the record tells: `at_work` is without it."""


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
    chosen: list[str]
    """The days that volumes and staff were taken from."""
    interval_s: int
    queues: list[QueueFit]
    retrials: Retrials
    groups: list[Group]
    hours_told: int
    """Agents whose hours at work the record says; those of the others are taken from whom they answered."""
    between_calls_s: Figure
    """From a call until its agent is free again: wrap-up, estimated where the record does not tell it."""
    channels: list[ChannelFit]
    """Those on which talks are at once, or stand still for others."""
    may_interrupt: dict[str, list[str]]
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
    days, remarks = _whole_days(calls, days)
    shares = covered(calls, days.days, interval_s)
    remarks |= covered_told(calls, days.days, interval_s, shares)
    channels = fit_channels(calls)
    lone = alone(calls, channels)
    queues = [
        _fit_queue(lone, number, days, shares)
        for number, name in enumerate(calls.types)
        if (calls.rows["type"] == number).sum() >= CALLS_MIN
    ]
    if not queues:
        text = f"no queue has {CALLS_MIN} calls: that is too few to learn from"
        raise ConfigError([f"{calls.source}: {text}"])
    fitted = {queue.name for queue in queues}
    remarks |= _few_told(calls, fitted)
    overlapping = 0 if calls.told else begun_during_another(calls)
    if overlapping > OVERLAPPING * len(calls.rows):
        remarks["began while their agent talked already: chats? Name their channel in a CSV"] = overlapping
    told = any(queue.wrap_up is None for queue in queues)
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
        chosen=[day_name(day) for day in days.days],
        interval_s=interval_s,
        queues=queues,
        retrials=fit_retrials(calls),
        groups=_groups(calls, days.days, shares, fitted),
        hours_told=len(np.unique(calls.signed_in["agent"])),
        between_calls_s=between_calls_s(calls) if told else mean_of(np.zeros(0)),
        channels=channels,
        may_interrupt=calls.may_interrupt,
        remarks=calls.remarks | remarks,
    )


def _few_told(calls: Calls, fitted: set[str]) -> dict[str, int]:
    """Return what to remark of queues that are left out."""
    few = [number for number, name in enumerate(calls.types) if name not in fitted]
    if not few:
        return {}
    names = ", ".join(calls.types[number] for number in few[:NAMED])
    more = f" and {len(few) - NAMED} more" if len(few) > NAMED else ""
    came = int(np.isin(calls.rows["type"], few).sum())
    return {f"queue left out, of fewer than {CALLS_MIN} calls each, {came} in all: {names}{more}": len(few)}


def _whole_days(calls: Calls, days: DayCounts) -> tuple[DayCounts, dict[str, int]]:
    """Return the days less those of which the record certainly holds a part only, and what to remark."""
    found = cut_short(calls, days.days)
    is_whole = np.isin(days.days, [cut.day for cut in found if cut.is_certain], invert=True)
    any_whole = bool(is_whole.any())
    remarks = {_told(cut, any_whole): round(cut.missed) for cut in found}
    return (days.only(is_whole) if any_whole else days), remarks


def _told(cut: CutShort, any_whole: bool) -> str:
    """Return what follows the number of calls missed: on which day, since when, and what becomes of the day."""
    weekday = WEEKDAYS[(cut.day + THURSDAY) % 7]
    minutes = cut.at_ns // (60 * SECOND_NS)
    when = f"{'before' if cut.is_first else 'after'} {minutes // 60:02}:{minutes % 60:02}"
    within = "begins within it" if cut.is_first else "ends within it"
    if not cut.is_certain:
        why = f"kept, as no other {weekday} tells whether the record {within}; if so, volumes are too low"
        return f"call {when} on other days, none on {weekday} {day_name(cut.day)}: {why}"
    why = f"left out, as the record {within}" if any_whole else "kept, as no day is whole: volumes are too low"
    return f"call {when} on another {weekday}, none on {weekday} {day_name(cut.day)}: {why}"


def day_name(day: int) -> str:
    """Return a day since 1970 as 2026-11-23."""
    return (EPOCH + timedelta(days=int(day))).date().isoformat()


def talk_samples_s(calls: Calls) -> Array:
    """Return the known lengths of talks, s."""
    handled = calls.rows["handle_ns"]
    return np.asarray(handled[handled > 0] / SECOND_NS)


def _fit_queue(all_calls: Calls, number: int, days: DayCounts, shares: Array) -> QueueFit:
    calls = all_calls.of_type(number)
    rows = calls.rows
    wrapped = rows["wrap_up_ns"][rows["answered"] & (rows["wrap_up_ns"] >= 0)] / SECOND_NS
    talk = talk_samples_s(calls)
    priorities, counts = np.unique(rows["priority"], return_counts=True)
    return QueueFit(
        name=calls.types[number],
        calls=len(rows),
        abandoned=share_of(int(rows["abandoned"].sum()), len(rows)),
        waited=share_of(int((rows["wait_ns"] > 0).sum()), len(rows)),
        wait_s=mean_of(calls.waits_s),
        arrivals=fit_arrivals(calls, days, shares),
        rings=fit_rings(calls, number),
        talk=fit_durations(talk, int(rows["answered"].sum()) - len(talk)),
        wrap_up=fit_durations(wrapped) if len(wrapped) else None,
        patience=fit_patience(calls.waits_s, rows["abandoned"]),
        called_again=share_again(all_calls, number),
        priority=int(priorities[counts.argmax()]),
        channel=calls.channel_of(number),
        ways_on=ways_on(all_calls, number),
    )


def _groups(calls: Calls, days: Array, shares: Array, queues: set[str]) -> list[Group]:
    """Return agents by what they serve, the group most at work first.

    `shares` that the record covers of the intervals have the shape (days, intervals).
    """
    known = np.array([name in queues for name in calls.types])
    if not calls.agents:
        return []
    rows = calls.rows[calls.rows["agent"] >= 0]
    counts = np.zeros((len(calls.agents), len(calls.types)), np.int64)
    np.add.at(counts, (rows["agent"], rows["type"]), 1)
    patterns, group_of = _alike(who_serves(calls) & known, counts)
    ready, there = stints(calls), signed_in(calls)
    edges = edges_ns(days, 86_400 // shares.shape[1], calls.time_zone)
    found = []
    for number, pattern in enumerate(patterns):
        members = np.flatnonzero(group_of == number)
        mean, mean_there = (
            mean_over(np.array([at_work(of_group, day) for day in edges]), shares)
            for of_group in (duty[np.isin(duty["agent"], members)] for duty in (ready, there))
        )
        if pattern.any() and mean.sum() > 0:
            served = [name for name, is_served in zip(calls.types, pattern, strict=True) if is_served]
            names = [calls.agents[member] for member in members]
            paused = float(1.0 - mean.sum() / mean_there.sum())
            found.append(Group(names, served, mean.tolist(), _capacity(calls, names, pattern), paused))
    return sorted(found, key=lambda group: -sum(group.at_work))


def _capacity(calls: Calls, agents: list[str], serves: Array) -> dict[str, int]:
    channels = {calls.channel_of(int(number)) for number in np.flatnonzero(serves)} if calls.told else set()
    return {channel: capacity_of(calls, agents, channel) for channel in sorted(channels)}


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
