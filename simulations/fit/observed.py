"""How much of each interval a record covers: one that begins or ends within an interval holds a part of it only."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np

from engine.model.durations import format_duration
from simulations.fit.calls import SECOND_NS, Calls, instant_ns, local_ns

Array = np.ndarray[Any, Any]
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
WHOLE: Final = 0.9
"""Of an interval: with so much of it covered, it is taken as it is."""
LITTLE: Final = 1 / 3
"""Of an interval: with less of it covered, it is taken together with its neighbour, as far as there is one."""
INTERVALS: Final = ("1m", 60), ("2m", 120), ("3m", 180), ("5m", 300), ("10m", 600), ("15m", 900), ("30m", 1800)
FINE: Final = 5
"""Intervals that a short record should have at least: `--interval` is told so."""


def edges_ns(days: Array, interval_s: int, time_zone: str) -> Array:
    """Return where the intervals of each day begin and end by the clock on the wall, shape (days, intervals + 1).

    Where clocks are put forward an interval has no length, and where they are put back one lasts longer.
    """
    steps = [timedelta(seconds=step * interval_s) for step in range(round(86_400 / interval_s) + 1)]
    found = [[instant_ns(EPOCH + timedelta(days=int(day)) + step, time_zone) for step in steps] for day in days]
    return np.asarray(np.minimum.accumulate(np.array(found, np.int64)[:, ::-1], axis=1)[:, ::-1])


def span_of(calls: Calls, interval_s: int) -> tuple[int, int] | None:
    """Return from when to when a record certainly tells of: what it says, or its calls, if all are within an interval's
    length. Else a first call says no more than that nobody called before, or that the doors were shut.
    """
    if calls.span_ns is not None:
        return calls.span_ns
    rows = calls.rows
    ends = rows["arrival_ns"] + rows["wait_ns"] + np.maximum(rows["handle_ns"], 0)
    begin_ns, end_ns = int(rows["arrival_ns"].min()), int(ends.max())
    return (begin_ns, end_ns) if 0 < end_ns - begin_ns < interval_s * SECOND_NS else None


def covered(calls: Calls, days: Array, interval_s: int) -> Array:
    """Return the share of each interval that the record covers, shape (days, intervals), 0 to 1."""
    span = span_of(calls, interval_s)
    edges = edges_ns(days, interval_s, calls.time_zone)
    begins, ends = edges[:, :-1], edges[:, 1:]
    if span is None:
        return np.ones(begins.shape)
    shared = np.minimum(ends, span[1]) - np.maximum(begins, span[0])
    shares = np.where(ends > begins, np.maximum(shared, 0) / np.maximum(ends - begins, 1), 1.0)
    return np.asarray(np.where(shares >= WHOLE, 1.0, shares))


def mean_over(values: Array, shares: Array) -> Array:
    """Return the mean of each interval over the days, per interval covered, shape (intervals,).

    `values` and the `shares` covered have the shape (days, intervals). Of an interval with little of it covered on all
    days together, that of both it and the neighbour that is covered more, if anything came. 0 where nothing is.
    """
    total, time = values.sum(axis=0).astype(float), shares.sum(axis=0)
    partly = (shares > 0.0) & (shares < 1.0)
    found = np.divide(total, time, out=np.zeros(len(total)), where=time > 0.0)
    for place in np.flatnonzero(partly.any(axis=0) & (time < LITTLE) & (total > 0)).tolist():
        beside = [other for other in (place - 1, place + 1) if 0 <= other < len(time)]
        other = max(beside, key=lambda one: time[one])
        found[place] = (total[place] + total[other]) / (time[place] + time[other])
    return np.asarray(found)


def told(calls: Calls, days: Array, interval_s: int, shares: Array) -> dict[str, int]:
    """Return what to remark: how many calls lie in intervals that are covered in part, and what is made of these."""
    span = span_of(calls, interval_s)
    if span is None:
        return {}
    edges = edges_ns(days, interval_s, calls.time_zone)
    came = calls.rows["arrival_ns"]
    partly = np.argwhere((shares > 0.0) & (shares < 1.0)).tolist()
    count = sum(int(((came >= edges[day, at]) & (came < edges[day, at + 1])).sum()) for day, at in partly)
    if not count:
        return {}
    begin, end = (f"{EPOCH + timedelta(microseconds=int(at) // 1000):%H:%M}" for at in _clocks(span, calls.time_zone))
    lasts_s = (span[1] - span[0]) / SECOND_NS
    finer = [text for text, length in INTERVALS if length * FINE <= lasts_s and length < interval_s]
    short = lasts_s < FINE * interval_s
    hint = f"; --interval {finer[-1]} follows it closer" if finer and short else ""
    unit = format_duration(interval_s * SECOND_NS)
    text = f"call in an interval of {unit} of which the record, {begin} to {end}, covers a part"
    return {f"{text}: volumes and staff of all of it are at the same rate{hint}": count}


def _clocks(span: tuple[int, int], time_zone: str) -> Array:
    return local_ns(np.array(span, np.int64), time_zone)
