"""The figures of planners, as ratios of what was counted: name, unit, and what is divided by what."""

from collections.abc import Callable
from typing import Any, Final

import msgspec
import numpy as np

from engine.messages.exits import DISMISSED as DISMISSED_EXITS
from engine.messages.exits import FAULTS, GAVE_UP, MOVED_ON, REFUSED
from engine.messages.kinds import (
    EXIT_ABANDONED,
    EXIT_ANSWERED,
    EXIT_CALLBACK,
    EXIT_OVERFLOWED,
    EXIT_REFUSED_EMPTY,
    EXIT_REFUSED_FULL,
    EXIT_SHORT_ABANDONED,
    EXIT_WITHDRAWN,
    EXITS,
)
from engine.model.tallies import Tally

Array = np.ndarray[Any, Any]
Counted = Callable[[Array], Array]
"""From counters, shape (..., TALLY_COLUMNS), to what they say, shape (...)."""

SHARE: Final = "share"
"""Unit of a figure that is a part of contacts, from 0 to 1."""


def exits(*ways: int) -> Counted:
    """Return what counts contacts that left in one of these ways."""
    columns = [int(Tally.EXIT) + way for way in ways]
    return lambda tallies: tallies[..., columns].sum(axis=-1)


def column(place: int) -> Counted:
    """Return what reads one column."""
    return lambda tallies: tallies[..., place]


ANSWERED: Final = exits(EXIT_ANSWERED)
ABANDONED: Final = exits(*GAVE_UP)
BLOCKED: Final = exits(*REFUSED)
DISMISSED: Final = exits(*DISMISSED_EXITS)
FAILED: Final = exits(*FAULTS)
UNSTAFFED: Final = exits(EXIT_REFUSED_FULL, EXIT_REFUSED_EMPTY)
"""Refused because too few agents were there, at the door or by a step."""
COUNTS: Final[dict[str, Counted]] = {
    "offered": column(Tally.ENTRIES),
    "blocked": BLOCKED,
    "answered": ANSWERED,
    "answered_in_threshold": column(Tally.ANSWERED_WITHIN),
    "abandoned": ABANDONED,
    "short_abandoned": exits(EXIT_SHORT_ABANDONED),
    "dismissed": DISMISSED,
    "moved_on": exits(*MOVED_ON),
    "overflowed": exits(EXIT_OVERFLOWED),
    "callbacks": exits(EXIT_CALLBACK),
    "withdrawn": exits(EXIT_WITHDRAWN),
    "failed": FAILED,
    "unfinished": lambda tallies: tallies[..., Tally.ENTRIES] - exits(*range(EXITS))(tallies),
}
"""Contacts, by the interval in which they entered the queue. Those of PARTS are the offered."""
PARTS: Final = (
    *("blocked", "answered", "abandoned", "dismissed", "moved_on"),
    *("callbacks", "withdrawn", "failed", "unfinished"),
)
"""Counts that add up to the offered: what became of each of them."""


class Figure(msgspec.Struct, frozen=True):
    """A figure that is a ratio."""

    title: str
    unit: str
    """SHARE, `s` or nothing."""
    part: Counted
    whole: Counted
    scale: float = 1.0


def _not_short(tallies: Array) -> Array:
    return ANSWERED(tallies) + exits(EXIT_ABANDONED)(tallies)


def _served_or_lost(tallies: Array) -> Array:
    return ANSWERED(tallies) + ABANDONED(tallies)


def _judged(tallies: Array) -> Array:
    return tallies[..., Tally.MET] + tallies[..., Tally.MISSED]


def _lost_for_want_of_agents(tallies: Array) -> Array:
    return ABANDONED(tallies) + DISMISSED(tallies) + UNSTAFFED(tallies)


WITHIN: Final = column(Tally.ANSWERED_WITHIN)
SERVICE_LEVELS: Final = {
    "live": (WITHIN, _judged),
    "offered": (WITHIN, _not_short),
    "answered": (WITHIN, ANSWERED),
    "all": (WITHIN, column(Tally.ENTRIES)),
    "abandons_in": (lambda t: t[..., Tally.ANSWERED_WITHIN] + t[..., Tally.ABANDONED_WITHIN], _served_or_lost),
}
"""Formulas of the service level by the engine's names: answered within T, of those whom the live rule judges; of the
answered and abandoned but the short abandonments; of the answered; of all who entered; and answered or abandoned within
T, of the answered and abandoned."""
DEFAULT_LEVEL: Final = "live"
RARE: Final = frozenset({"blocked_rate", "dismissed_rate"})
"""Figures that tables show only where they are not 0."""
LEVEL_OF: Final = {
    "live": "of the answered, of who gave up after more than short_abandon, and of whom the queue hung up on",
    "offered": "of the answered and of who gave up after more than short_abandon",
    "answered": "of the answered",
    "all": "of all who entered",
    "abandons_in": "or gave up within it, of the answered and of who gave up",
}
"""What a service level is of, by its formula, for the foot of a table."""
FIGURES: Final[dict[str, Figure]] = {
    "service_level": Figure("service level", SHARE, *SERVICE_LEVELS[DEFAULT_LEVEL]),
    "service_level_answered": Figure("service level of the answered", SHARE, *SERVICE_LEVELS["answered"]),
    "service_level_all": Figure("service level of all", SHARE, *SERVICE_LEVELS["all"]),
    "abandon_rate": Figure("abandoned", SHARE, ABANDONED, _served_or_lost),
    "blocked_rate": Figure("blocked", SHARE, BLOCKED, column(Tally.ENTRIES)),
    "dismissed_rate": Figure("hung up on", SHARE, DISMISSED, column(Tally.ENTRIES)),
    "lost_rate": Figure(
        "lost for want of agents",
        SHARE,
        _lost_for_want_of_agents,
        lambda tallies: ANSWERED(tallies) + _lost_for_want_of_agents(tallies),
    ),
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


def with_sent_away(formula: str, refused: Counted) -> tuple[Counted, Counted]:
    """Return what a service level divides by what, if whoever the queue hung up on or refused was not served in time.

    Nobody counts twice, whatever the formula is of.
    """
    part, whole = SERVICE_LEVELS[formula]
    if formula == "all":
        return part, whole
    staying = _not_short if formula == DEFAULT_LEVEL else whole
    return part, lambda tallies: np.maximum(whole(tallies), staying(tallies) + DISMISSED(tallies) + refused(tallies))
