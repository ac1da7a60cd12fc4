"""Shifts as patterns: which part of each interval somebody works who starts then and takes breaks there."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from engine.model.durations import format_duration
from simulations.queueing.arrays import Floats
from simulations.queueing.errors import UnfitInput

PATTERNS_MAX: Final = 100_000


class Break(msgspec.Struct, frozen=True):
    """A break of a shift; times in s from the start of the shift."""

    length_s: float
    earliest_s: float
    latest_s: float
    """When it begins at the latest."""
    paid: bool = False


class Shift(msgspec.Struct, frozen=True):
    """A kind of shift; `first_s` and `last_s` are its earliest and latest start, in s after midnight."""

    name: str
    length_s: float
    first_s: float
    last_s: float
    step_s: float = 1800.0
    """Between possible starts."""
    breaks: tuple[Break, ...] = ()
    cost: float | None = None
    """Of one agent on this shift, in any currency; None: its paid hours."""


class Patterns(NamedTuple):
    """Every way to work a shift; the first axis is the pattern."""

    works: Floats
    """Shape (patterns, intervals): the part of each interval at work, 0 to 1."""
    cost: Floats
    """Shape (patterns,): of one agent."""
    names: list[str]
    """Name of the shift."""
    starts_s: Floats
    """Shape (patterns,): s after midnight."""
    breaks_s: list[tuple[float, ...]]
    """When each break begins, s after midnight."""


def shift_patterns(
    shifts: Sequence[Shift],
    intervals: int,
    *,
    interval_s: float = 1800.0,
    begins_s: float = 0.0,
    round_the_clock: bool = False,
) -> Patterns:
    """Return all patterns of the shifts over `intervals` of `interval_s`, the first of which begins at `begins_s`.

    Breaks begin at steps of an interval from their earliest time and do not overlap. What reaches beyond the last
    interval falls away, or comes round at the first one (`round_the_clock`). Raises UnfitInput, also where there would
    be more than PATTERNS_MAX.
    """
    works, cost, names, starts, breaks = [], [], [], [], []
    edges: Floats = begins_s + np.arange(intervals + 1, dtype=np.float64) * interval_s
    for shift in shifts:
        check_shift(shift)
        for start in np.arange(shift.first_s, shift.last_s + 1e-6, shift.step_s):
            for placed in _placements(shift, interval_s):
                begins = tuple(float(start + at) for at in placed)
                works.append(_worked(shift, float(start), begins, edges, round_the_clock=round_the_clock))
                cost.append(_cost(shift))
                names.append(shift.name)
                starts.append(float(start))
                breaks.append(begins)
                if len(works) > PATTERNS_MAX:
                    raise UnfitInput(
                        f"shift '{shift.name}' brings the patterns to more than {PATTERNS_MAX}; "
                        "give starts further apart, or breaks less room"
                    )
    return Patterns(np.array(works).reshape(-1, intervals), np.array(cost), names, np.array(starts), breaks)


def check_shift(shift: Shift) -> None:
    """Raise UnfitInput for a shift that nobody can work."""
    if not shift.length_s > 0.0 or shift.last_s < shift.first_s or not shift.step_s > 0.0:
        raise UnfitInput(
            f"shift '{shift.name}' needs a length and a step above 0, and a last start not before the first"
        )
    for rest in shift.breaks:
        if not 0.0 <= rest.earliest_s <= rest.latest_s or rest.latest_s + rest.length_s > shift.length_s:
            earliest, latest, length, whole = (
                format_duration(round(seconds * 1e9))
                for seconds in (rest.earliest_s, rest.latest_s, rest.length_s, shift.length_s)
            )
            raise UnfitInput(
                f"a break of shift '{shift.name}' does not lie inside it: it begins {earliest} to {latest} after the "
                f"start and takes {length}, of {whole}"
            )


def _placements(shift: Shift, step_s: float) -> Iterator[tuple[float, ...]]:
    choices = [np.arange(rest.earliest_s, rest.latest_s + 1e-6, step_s).tolist() for rest in shift.breaks]
    for placed in itertools.product(*choices):
        spans = sorted((at, at + rest.length_s) for at, rest in zip(placed, shift.breaks, strict=True))
        if all(earlier[1] <= later[0] for earlier, later in itertools.pairwise(spans)):
            yield placed


def _worked(shift: Shift, start: float, breaks: tuple[float, ...], edges: Floats, *, round_the_clock: bool) -> Floats:
    spans = [(start, start + shift.length_s, 1.0)]
    spans += [(at, at + rest.length_s, -1.0) for at, rest in zip(breaks, shift.breaks, strict=True)]
    period = float(edges[-1] - edges[0])
    worked = np.zeros(len(edges) - 1)
    for turn in (-period, 0.0, period) if round_the_clock else (0.0,):
        for begin, end, sign in spans:
            overlap = np.minimum(edges[1:], end + turn) - np.maximum(edges[:-1], begin + turn)
            worked += sign * np.clip(overlap, 0.0, None)
    share: Floats = np.round(worked / (edges[1] - edges[0]), 9)
    return share


def _cost(shift: Shift) -> float:
    unpaid = sum(rest.length_s for rest in shift.breaks if not rest.paid)
    return (shift.length_s - unpaid) / 3600.0 if shift.cost is None else shift.cost
