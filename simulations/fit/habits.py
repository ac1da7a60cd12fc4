"""What a recorded month tells of its people: callers' credit, talk and patience, and how long agents stay away after a
call. Another month can be played with it of which nothing is known but who came and who was at work.

Patience is told by the line that callers meet, as those who meet a long one give up sooner. How long an agent is not
there after a call is seen where somebody waits, and else only known to have ended by the next answer: the law of it is
the estimate of Turnbull (1976) for observations that are known to lie between two bounds.
"""

from typing import Any, Final

import msgspec
import numpy as np

from engine.errors import ConfigError
from simulations.fit.calls import SECOND_NS, Calls
from simulations.fit.duty import BREAK_NS, last_waited_ns, served
from simulations.fit.patience import LONGEST_S, Survival, kaplan_meier

Array = np.ndarray[Any, Any]
LINES: Final = (0, 1, 2, 4, 7)
"""Callers who wait, all types together, from which on people behave otherwise; the last without an upper end."""
CREDITED: Final = 2
"""The priority whose callers are credited with waiting."""
FEW_WAITS: Final = 100
"""Fewer who waited than that tell nothing of a type: then it is as all are."""
AWAY_MAX_S: Final = BREAK_NS // SECOND_NS
ROUNDS: Final = 300
"""Of the estimate of Turnbull: by then a law's mean moves by less than a second."""


class Habits(msgspec.Struct, frozen=True):
    """What people of a month do, by type and by the line that they meet."""

    types: tuple[str, ...]
    credited: Array
    """shape (types,): share of the callers who waited that had credit in line; of others nobody knows it."""
    talks_s: list[Array]
    """By type: those seen, s."""
    patience: list[list[list[Survival]]]
    """By type, by whether credited, by line."""
    away_s: list[Array]
    """By line at the end of the call: probabilities that an agent is free again after 0 s, 1 s and so on."""


def habits_of(calls: Calls) -> Habits:
    """Return what a month tells."""
    rows = calls.rows
    kinds = [rows["type"] == number for number in range(len(calls.types))]
    waited, credited = rows["wait_ns"] > 0, rows["priority"] == CREDITED
    met = line_of(calls, rows["arrival_ns"] - 1)
    known = rows["handle_ns"] > 0
    return Habits(
        calls.types,
        np.array([credited[mine & waited].mean() if (mine & waited).any() else 0.0 for mine in kinds]),
        [rows["handle_ns"][known & mine if (known & mine).any() else known] / SECOND_NS for mine in kinds],
        [
            [
                [
                    _patience(calls, waited & (met == line), mine & (credited == has_credit))
                    for line in range(len(LINES))
                ]
                for has_credit in (False, True)
            ]
            for mine in kinds
        ],
        _away_s(calls),
    )


def line_of(calls: Calls, instants_ns: Array) -> Array:
    """Return the place in LINES of how many wait at these instants, shape (n,)."""
    rows = calls.rows[calls.rows["wait_ns"] > 0]
    came, went = np.sort(rows["arrival_ns"]), np.sort(rows["arrival_ns"] + rows["wait_ns"])
    waiting = np.searchsorted(came, instants_ns, "right") - np.searchsorted(went, instants_ns, "right")
    return np.asarray(np.searchsorted(LINES, waiting, "right") - 1)


def _patience(calls: Calls, there: Array, alike: Array) -> Survival:
    """Return the patience of those alike who were there, or of all who were there where they are few."""
    chosen = there & alike if (there & alike).sum() >= FEW_WAITS else there
    return kaplan_meier(calls.waits_s[chosen], calls.rows["abandoned"][chosen])


def _away_s(calls: Calls) -> list[Array]:
    """Return the laws of the time until an agent is free again, by line at the end of the call."""
    found = served(calls)
    begins, ends = found.answered_ns[1:], found.ended_ns[:-1]
    gaps = begins - ends
    inside = (found.agents[1:] == found.agents[:-1]) & (gaps >= 0) & (gaps <= BREAK_NS)
    had_waited = calls.rows["wait_ns"][found.places[1:]] > 0
    not_before = np.where(had_waited, begins, last_waited_ns(calls, found))
    least = np.maximum(not_before - ends, 0)[inside] / SECOND_NS
    most = gaps[inside] / SECOND_NS
    lines = line_of(calls, ends[inside])
    return [turnbull(least[lines == line], most[lines == line], AWAY_MAX_S) for line in range(len(LINES))]


def turnbull(least_s: Array, most_s: Array, longest_s: int, rounds: int = ROUNDS) -> Array:
    """Return probabilities of 0 s, 1 s, ... `longest_s`, from durations known to lie between two bounds, both included.

    Each round gives every observation to the seconds between its bounds, by what the last round says of them.
    """
    law = np.full(longest_s + 1, 1.0 / (longest_s + 1))
    last = np.clip(np.floor(most_s).astype(np.int64), 0, longest_s)
    first = np.minimum(np.clip(np.ceil(least_s).astype(np.int64), 0, longest_s), last)
    if not len(last):
        return np.asarray(np.r_[1.0, np.zeros(longest_s)])
    for _ in range(rounds):
        sums = np.r_[0.0, np.cumsum(law)]
        share = 1.0 / np.maximum(sums[last + 1] - sums[first], 1e-300)
        by_second = np.zeros(longest_s + 2)
        np.add.at(by_second, first, share)
        np.add.at(by_second, last + 1, -share)
        law = law * np.maximum(np.cumsum(by_second)[:-1], 0.0)
        law /= law.sum()
    return np.asarray(law)


class Drawn(msgspec.Struct, frozen=True):
    """What each call of another month is given, from habits and chance."""

    is_credited: Array
    """shape (calls,) of bool."""
    patience_ns: Array
    """shape (lines, calls)."""
    talk_ns: Array
    """shape (calls,)."""
    away_ns: Array
    """shape (lines, calls): until whoever served it is free again, by line at its end."""


def _check_types(calls: Calls, habits: Habits) -> None:
    unknown = [
        name
        for number, name in enumerate(calls.types)
        if name not in habits.types and (calls.rows["type"] == number).any()
    ]
    if unknown:
        text = f"there are calls of {', '.join(unknown)}, and none in the record that habits were learnt from"
        raise ConfigError([f"{calls.source}: {text}; leave them out, or learn from a record that has them"])


def drawn(calls: Calls, habits: Habits, seed: int) -> Drawn:
    """Return what these calls' people do; of the calls, only type and number are used.

    Raises ConfigError where there are calls of a type that the habits do not know.
    """
    _check_types(calls, habits)
    kinds, count = calls.rows["type"], len(calls.rows)
    credit, patience, talk, away = np.random.default_rng(seed).random((4, count))
    is_credited, talk_s = np.zeros(count, bool), np.zeros(count)
    patience_s = np.zeros((len(LINES), count))
    for number, name in enumerate(calls.types):
        mine = kinds == number
        if name not in habits.types:
            continue
        place = habits.types.index(name)
        is_credited[mine] = credit[mine] < habits.credited[place]
        talk_s[mine] = np.quantile(habits.talks_s[place], talk[mine])
        for has_credit in (False, True):
            these = mine & (is_credited == has_credit)
            for line, curve in enumerate(habits.patience[place][has_credit]):
                patience_s[line, these] = curve.quantiles(patience[these])
    away_s = np.array([np.searchsorted(np.cumsum(law), away) for law in habits.away_s]).clip(0, AWAY_MAX_S)
    return Drawn(
        is_credited,
        (np.minimum(patience_s, LONGEST_S) * SECOND_NS).astype(np.int64),
        (talk_s * SECOND_NS).astype(np.int64),
        away_s.astype(np.int64) * SECOND_NS,
    )
