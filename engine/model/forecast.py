"""How the next hour would go, as it is and with a continuity plan: the question, and the answer with its intervals."""

from collections.abc import Mapping
from typing import Any

import msgspec


class ForecastQuestion(msgspec.Struct, frozen=True):
    """A state of the engine at one instant, and what would be changed then."""

    as_of: int
    now_ns: int
    tables: Mapping[str, Any]
    """The kernel's tables by name, as they were between two turns; the interval table left out."""
    capacity: Mapping[str, int]
    """What the tables hold."""
    rows: Any
    """What the plan would write, without times; the kernel's rows."""
    queues: tuple[str, ...]
    """Names by number, those that are gone empty."""
    horizon_ns: int


class Figure(msgspec.Struct, frozen=True):
    """A figure, and the interval in which it lies by nineteen chances of twenty; shares are fractions."""

    value: float
    low: float
    high: float


class NextHour(msgspec.Struct, frozen=True):
    """What becomes of those who wait now and those who come until the horizon; None where nobody is expected.

    They are followed to their end, an hour beyond the horizon at most.
    """

    contacts: Figure
    """People: who waits now, and who comes until the horizon; as many with a plan as without. Who is called back, or
    goes on to another queue, is one where he or she came first."""
    entries: Figure
    """Who enters from now on: arrivals, those who come from other queues, and those who are called back once more."""
    answered: Figure
    given_up: Figure
    service_level: Figure | None
    """Share of those decided from now on that are answered within the threshold."""
    abandonment: Figure | None
    """Share of the answered, given up and turned away that gave up."""
    turned_away: Figure | None
    """Share of these that found the queue closed, full or without agents, or that the queue hung up on."""
    called_back: Figure | None
    """Share of the contacts that left for a callback."""
    mean_wait_s: Figure | None
    """Of those answered. Beyond the horizon it is told as more than that: whoever still waits then is not in it."""


class QueueForecast(msgspec.Struct, frozen=True):
    """One queue, or all of them together."""

    queue: str
    """Empty: all."""
    without: NextHour
    with_plan: NextHour


class Forecast(msgspec.Struct, frozen=True):
    """The next hour played many times over with the kernel itself, from the present state."""

    as_of: int
    horizon_s: float
    replications: int
    elapsed_s: float
    whole: QueueForecast
    queues: list[QueueForecast]
