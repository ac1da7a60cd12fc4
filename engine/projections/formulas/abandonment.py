"""Abandonment: who left while waiting, in each form that contracts use. Exits the queue caused are never abandons."""

from collections.abc import Callable
from typing import Final

import msgspec

from engine.projections.figures import Counts, ratio


class Variant(msgspec.Struct, frozen=True):
    """One way to reckon the share of the abandoned."""

    id: str
    formula: str
    used_by: str
    lost: Callable[[Counts], int]
    of: Callable[[Counts], int]


VARIANTS: Final = (
    Variant(
        "AR_OFF",
        "B / (A + B)",
        "Genesys abandoned/offered",
        lambda c: c.abandoned,
        lambda c: c.answered + c.abandoned,
    ),
    Variant(
        "AR_NET",
        "(B - short) / (A + B - short)",
        "the usual contract form",
        lambda c: c.abandoned - c.short_abandoned,
        lambda c: c.answered + c.abandoned - c.short_abandoned,
    ),
    Variant(
        "AR_NUM",
        "(B - short) / (A + B)",
        "short abandons stay in the denominator",
        lambda c: c.abandoned - c.short_abandoned,
        lambda c: c.answered + c.abandoned,
    ),
    Variant(
        "AR_QUEUED",
        "B / (A + B + flow-outs)",
        "Amazon Connect abandoned/queued: callbacks are not abandoned",
        lambda c: c.abandoned,
        lambda c: c.answered + c.abandoned + c.flow_outs,
    ),
)
DEFAULT: Final = "AR_NET"


class Abandonment(msgspec.Struct, frozen=True):
    """One variant's value over one window."""

    id: str
    formula: str
    lost: int
    of: int
    value: float | None


def abandonment(kind: Variant, c: Counts) -> Abandonment:
    """Reckon one variant."""
    lost, of = kind.lost(c), kind.of(c)
    return Abandonment(kind.id, kind.formula, lost, of, ratio(lost, of))


def all_abandonments(c: Counts) -> list[Abandonment]:
    """Reckon every variant over the same counters."""
    return [abandonment(kind, c) for kind in VARIANTS]


def variant(name: str) -> Variant:
    """Return a variant by its id. Raises KeyError with the known names."""
    for kind in VARIANTS:
        if kind.id == name:
            return kind
    raise KeyError(f"there is no abandonment rate {name!r}; known are {', '.join(kind.id for kind in VARIANTS)}")
