"""Plays the next hour over and over, as it is and with what a plan changes, always with the same callers."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np

from engine.errors import ForecastFailed
from engine.kernel.tables import Tables
from engine.messages.exits import GAVE_UP, SENT_AWAY
from engine.messages.kinds import CHANNELS, EXIT_ANSWERED, EXIT_CALLBACK
from engine.messages.rows import empty_rows
from engine.model.forecast import Figure, Forecast, ForecastQuestion, NextHour, QueueForecast
from engine.model.tallies import TALLY_COLUMNS, Tally
from simulations.cores import cores
from simulations.experiment.estimates import Estimate, mean, ratio
from simulations.forecast.pauses import pauses_of
from simulations.forecast.people import bring_in
from simulations.forecast.present import (
    Estimates,
    check_learnt,
    contacts_at_most,
    estimates_of,
    present_tables,
    world_parts,
)
from simulations.world.blank import RETRIALS
from simulations.world.runner import GROWTH, Beginning, Short, WorldRunner
from simulations.world.tables import WorldTables

Array = np.ndarray[Any, Any]
CONFIDENCE: Final = 0.95
REPLICATIONS: Final = 80
AT_LEAST: Final = 4
BUDGET_S: Final = 8.0
"""No replication begins later than this."""
CONTACTS_MAX: Final = 2_000_000
"""Contacts of one hour that are played at most."""
RETRIALS_MAX: Final = 1 << 20
"""Customers who are to be called back, for whom room is made at most."""
BYTES_MAX: Final = 1 << 29
"""Of the tables of an engine that is played."""
PEOPLE: Final = TALLY_COLUMNS
"""The column of those who waited when the hour began, and of those who came."""


class Hour:
    """One way that the hour may go, played over and over. Not for two threads at once; others run meanwhile."""

    def __init__(self, question: ForecastQuestion, now: Tables, expected: Estimates, rows: Array) -> None:
        self._question = question
        self._now = now
        self._expected = expected
        self._rows = rows
        self._pauses = pauses_of(now, question.now_ns, rows)
        self._retrials = RETRIALS
        self._runner = WorldRunner(self._beginning(), self._make_room)

    def play(self, replication: int) -> Array:
        """Return what was counted, shape (queues, TALLY_COLUMNS + 1), PEOPLE last. Raises ForecastFailed."""
        queues = len(self._question.queues)
        for _ in self._runner.play(lambda world: self._set_up(world, replication)):
            pass
        t, w = self._runner.tables, self._runner.world
        counted = t.tallies - self._now.tallies
        found: Array = counted.reshape(-1, CHANNELS, counted.shape[1])[:queues].sum(axis=1)
        waiting = self._now.queues["waiting"][:queues]
        return np.column_stack([found, waiting + w.sources["number"][:queues]])

    def _beginning(self) -> Beginning:
        parts = world_parts(self._question, self._now, self._expected, self._rows, self._retrials)
        parts["script"] = np.concatenate([parts["script"], self._pauses.room()])
        return Beginning(self._now, parts)

    def _make_room(self, short: Short) -> Beginning:
        """More contacts than there is room for, the engine itself turns away; callbacks it may owe without end."""
        if short is Short.CONTACTS:
            raise ForecastFailed("too_large", "more contacts would be open at once than limits.contacts allows")
        self._retrials *= GROWTH
        if self._retrials > RETRIALS_MAX:
            raise ForecastFailed("too_large", f"more than {RETRIALS_MAX // GROWTH} would wait to be called back")
        return self._beginning()

    def _set_up(self, world: WorldTables, replication: int) -> None:
        keys = np.random.default_rng([replication, 1])
        world.sources["key"] = keys.integers(0, 2**63, len(self._question.queues), np.uint64)
        self._pauses.write(world.script, self._question.now_ns, np.random.default_rng([replication, 3]))
        bring_in(world, self._now, self._expected, self._question.now_ns, np.random.default_rng([replication, 2]))


def play(question: ForecastQuestion) -> Forecast:
    """Return the forecast, made in bounded time. Raises ForecastFailed."""
    began_s = time.monotonic()
    if sum(table.nbytes for table in question.tables.values()) > BYTES_MAX:
        raise ForecastFailed("too_large", "the engine is too large to be played beside itself")
    now = present_tables(question)
    check_learnt(now, len(question.queues))
    expected = estimates_of(now, len(question.queues), question.now_ns)
    if contacts_at_most(expected, question.horizon_ns) > CONTACTS_MAX:
        raise ForecastFailed("too_large", f"more than {CONTACTS_MAX} contacts are expected")
    nothing: Array = np.asarray(empty_rows(0))
    workers = min(2, cores())
    with ThreadPoolExecutor(workers) as pool:
        hours = list(pool.map(lambda rows: Hour(question, now, expected, rows), (nothing, question.rows)))
        played: list[list[Array]] = []
        until_s = time.monotonic() + BUDGET_S
        for replication in range(REPLICATIONS):
            played.append(list(pool.map(lambda hour, number=replication: hour.play(number), hours)))
            if time.monotonic() > until_s and len(played) >= AT_LEAST:
                break
    counted: Array = np.array(played)
    return Forecast(
        as_of=question.as_of,
        horizon_s=question.horizon_ns / 1e9,
        replications=len(played),
        elapsed_s=round(time.monotonic() - began_s, 3),
        whole=_told("", counted.sum(axis=2)),
        queues=[_told(name, counted[:, :, queue]) for queue, name in enumerate(question.queues) if name],
    )


def _told(queue: str, counted: Array) -> QueueForecast:
    """`counted`: shape (replications, 2, TALLY_COLUMNS + 1)."""
    return QueueForecast(queue, without=next_hour(counted[:, 0]), with_plan=next_hour(counted[:, 1]))


def next_hour(counted: Array) -> NextHour:
    """Return what becomes of people; `counted` of shape (replications, PEOPLE + 1)."""
    answered, given_up, away = _exits(counted, EXIT_ANSWERED), _exits(counted, *GAVE_UP), _exits(counted, *SENT_AWAY)
    met, missed = counted[:, Tally.MET], counted[:, Tally.MISSED]
    # Who is called back or overflows has not come to an end yet: with a plan that does so, shares would be of others.
    ended = answered + given_up + away
    return NextHour(
        contacts=_count(counted[:, PEOPLE]),
        entries=_count(counted[:, Tally.ENTRIES]),
        answered=_count(answered),
        given_up=_count(given_up),
        service_level=_share(met, met + missed),
        abandonment=_share(given_up, ended),
        turned_away=_share(away, ended),
        called_back=_share(_exits(counted, EXIT_CALLBACK), counted[:, PEOPLE]),
        mean_wait_s=_figure(ratio(counted[:, Tally.ANSWERED_WAIT_NS] / 1e9, answered, CONFIDENCE), np.inf, 2),
    )


def _count(counted: Array) -> Figure:
    found = mean(counted, CONFIDENCE)
    return Figure(*(round(max(0.0, float(one)), 2) for one in (found.value, found.low, found.high)))


def _exits(counted: Array, *ways: int) -> Array:
    found: Array = counted[:, [int(Tally.EXIT) + way for way in ways]].sum(axis=1)
    return found


def _share(parts: Array, wholes: Array) -> Figure | None:
    return _figure(ratio(parts, wholes, CONFIDENCE), 1.0, 5)


def _figure(found: Estimate, most: float, digits: int) -> Figure | None:
    """The figure within what it can be; None where nothing was counted."""
    if not np.isfinite(found.value):
        return None
    value, low, high = (float(one) for one in (found.value, found.low, found.high))
    return Figure(round(value, digits), round(max(0.0, low), digits), round(min(most, high), digits))
