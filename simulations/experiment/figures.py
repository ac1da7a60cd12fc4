"""The figures of planners, as ratios of what was counted: name, unit, and what is divided by what."""

from collections.abc import Callable
from typing import Any, Final

import msgspec
import numpy as np

from engine.messages.kinds import (
    EXIT_ABANDONED,
    EXIT_ANSWERED,
    EXIT_CALLBACK,
    EXIT_OVERFLOWED,
    EXIT_REFUSED_CLOSED,
    EXIT_REFUSED_EMPTY,
    EXIT_REFUSED_FULL,
    EXIT_REFUSED_TRUNK,
    EXIT_SHORT_ABANDONED,
)
from engine.model.tallies import Tally

Array = np.ndarray[Any, Any]
Counted = Callable[[Array], Array]
"""From counters, shape (..., TALLY_COLUMNS), to what they say, shape (...)."""


def exits(*ways: int) -> Counted:
    """Return what counts contacts that left in one of these ways."""
    columns = [int(Tally.EXIT) + way for way in ways]
    return lambda tallies: tallies[..., columns].sum(axis=-1)


def column(place: int) -> Counted:
    """Return what reads one column."""
    return lambda tallies: tallies[..., place]


ANSWERED: Final = exits(EXIT_ANSWERED)
ABANDONED: Final = exits(EXIT_ABANDONED, EXIT_SHORT_ABANDONED)
BLOCKED: Final = exits(EXIT_REFUSED_FULL, EXIT_REFUSED_EMPTY, EXIT_REFUSED_CLOSED, EXIT_REFUSED_TRUNK)
COUNTS: Final[dict[str, Counted]] = {
    "offered": column(Tally.ENTRIES),
    "blocked": BLOCKED,
    "answered": ANSWERED,
    "answered_in_threshold": column(Tally.ANSWERED_WITHIN),
    "abandoned": ABANDONED,
    "short_abandoned": exits(EXIT_SHORT_ABANDONED),
    "overflowed": exits(EXIT_OVERFLOWED),
    "callbacks": exits(EXIT_CALLBACK),
}
"""Contacts, by the interval in which they entered the queue."""


class Figure(msgspec.Struct, frozen=True):
    """A figure that is a ratio."""

    title: str
    unit: str
    """`share`, `s` or nothing."""
    part: Counted
    whole: Counted
    scale: float = 1.0


def _not_short(tallies: Array) -> Array:
    return ANSWERED(tallies) + exits(EXIT_ABANDONED)(tallies)


def _served_or_lost(tallies: Array) -> Array:
    return ANSWERED(tallies) + ABANDONED(tallies)


WITHIN: Final = column(Tally.ANSWERED_WITHIN)
SERVICE_LEVELS: Final = {
    "offered": (WITHIN, _not_short),
    "answered": (WITHIN, ANSWERED),
    "all": (WITHIN, column(Tally.ENTRIES)),
    "abandons_in": (lambda t: t[..., Tally.ANSWERED_WITHIN] + t[..., Tally.ABANDONED_WITHIN], _served_or_lost),
}
"""Formulas of the service level by the engine's names: answered within T, of the offered but the short abandonments; of
the answered; of all who entered; and, of the offered, answered or abandoned within T."""
LEVEL_OF: Final = {
    "offered": "of the answered and of who gave up after more than short_abandon",
    "answered": "of the answered",
    "all": "of all who entered",
    "abandons_in": "or gave up within it, of the answered and of who gave up",
}
"""What a service level is of, by its formula, for the foot of a table."""
FIGURES: Final[dict[str, Figure]] = {
    "service_level": Figure("service level", "share", *SERVICE_LEVELS["offered"]),
    "service_level_answered": Figure("service level of the answered", "share", *SERVICE_LEVELS["answered"]),
    "service_level_all": Figure("service level of all", "share", *SERVICE_LEVELS["all"]),
    "abandon_rate": Figure("abandoned", "share", ABANDONED, _served_or_lost),
    "blocked_rate": Figure("blocked", "share", BLOCKED, column(Tally.ENTRIES)),
    "asa_s": Figure("mean wait of the answered", "s", column(Tally.ANSWERED_WAIT_NS), ANSWERED, 1e-9),
    "wait_s": Figure(
        "mean wait of all",
        "s",
        lambda t: t[..., Tally.ANSWERED_WAIT_NS] + t[..., Tally.ABANDONED_WAIT_NS],
        _served_or_lost,
        1e-9,
    ),
    "aht_s": Figure(
        "mean handling time",
        "s",
        lambda t: t[..., Tally.TALK_NS] + t[..., Tally.WRAP_UP_NS],
        column(Tally.HANDLED),
        1e-9,
    ),
    "talk_s": Figure("mean talk time", "s", column(Tally.TALK_NS), column(Tally.HANDLED), 1e-9),
    "hold_s": Figure("mean hold time", "s", column(Tally.HOLD_NS), column(Tally.HANDLED), 1e-9),
    "wrap_s": Figure("mean wrap-up", "s", column(Tally.WRAP_UP_NS), column(Tally.HANDLED), 1e-9),
}
"""By name. Every one but occupancy, which is about agents, see `Result.occupancy`."""
