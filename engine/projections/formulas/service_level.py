"""Service level: every variant the field uses, by name, with its formula and its operator stated.

The live rule: a contact counts at the first of answered, abandoned, hung up on by the queue, threshold passed. One that
still waits past T is a miss already, so it stands in the denominator of every variant that counts more than the
answered. SL_LIVE, the default, is that rule: a miss stays one, however the contact leaves. The other variants are what
products reckon of those who have left; those without flow-outs forget again who waited past T and was sent away or on.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from engine.projections.figures import Counts, ratio


class Variant(msgspec.Struct, frozen=True):
    """One way to reckon a service level. A waits up to and including T is within it."""

    id: str
    formula: str
    used_by: str
    met: Callable[[Counts], int]
    of: Callable[[Counts], int]
    counts_overdue: bool = True
    """Contacts waiting past T are already in the denominator."""
    operator: str = "<="


def _offered(c: Counts) -> int:
    return c.answered + c.abandoned


def _queue_ends(c: Counts) -> int:
    return c.abandoned + c.dismissed + c.exits["withdrawn"]


VARIANTS: Final = (
    Variant(
        "SL_LIVE",
        "A<=T / (A + B - short + hung up on + flow-outs>T)",
        "the live rule: the first of answered, abandoned, hung up on by the queue, threshold passed ('live')",
        lambda c: c.met,
        lambda c: c.met + c.missed,
    ),
    Variant(
        "SL_ANS",
        "A<=T / A",
        "Asterisk ServiceLevelPerf; the simplest reports ('answered')",
        lambda c: c.answered_within,
        lambda c: c.answered,
        counts_overdue=False,
    ),
    Variant(
        "SL_OFF",
        "A<=T / (A + B)",
        "Cisco 'abandoned calls have negative impact'; Genesys with abandons on",
        lambda c: c.answered_within,
        _offered,
    ),
    Variant(
        "SL_IGN",
        "A<=T / (A + B - B<=T)",
        "Cisco 'abandoned calls are ignored'",
        lambda c: c.answered_within,
        lambda c: _offered(c) - c.abandoned_within,
    ),
    Variant(
        "SL_POS",
        "(A<=T + B<=T) / (A + B)",
        "Cisco 'abandoned calls have positive impact' ('abandons_in')",
        lambda c: c.answered_within + c.abandoned_within,
        _offered,
    ),
    Variant(
        "SL_AST2",
        "(A<=T + B<=T) / (A + B'), B' = B + timed out + empty + withdrawn (those three count as after T)",
        "Asterisk ServiceLevelPerf2 as coded: key exits vanish",
        lambda c: c.answered_within + c.abandoned_within,
        lambda c: c.answered + _queue_ends(c),
    ),
    Variant(
        "SL_SHORT",
        "A<=T / (A + B - short)",
        "Genesys with short abandons excluded; the usual contract ('offered')",
        lambda c: c.answered_within,
        lambda c: _offered(c) - c.short_abandoned,
    ),
    Variant(
        "SL_QUEUED",
        "(A<=T + B<=T + callbacks<=T) / (A + B + flow-outs)",
        "Amazon Connect: whoever left the queue within T, a callback counts as success",
        lambda c: c.answered_within + c.abandoned_within + c.callbacks_within,
        lambda c: _offered(c) + c.flow_outs,
    ),
    Variant(
        "SL_ALL",
        "A<=T / (A + B + flow-outs)",
        "Genesys with flow-outs; audits ('all')",
        lambda c: c.answered_within,
        lambda c: _offered(c) + c.flow_outs,
    ),
)
ALIASES: Final = {"live": "SL_LIVE", "answered": "SL_ANS", "offered": "SL_SHORT", "abandons_in": "SL_POS"} | {
    "all": "SL_ALL"
}
DEFAULT: Final = "SL_LIVE"
"""Of all who were offered but the short abandonments, and those who went on within T; it cannot be bettered by hanging
up on who waits."""
_BY_ID: Final = {variant.id: variant for variant in VARIANTS}


class ServiceLevel(msgspec.Struct, frozen=True):
    """One variant's value over one window."""

    id: str
    formula: str
    operator: str
    threshold_s: float | None
    """None where the window mixes queues with different thresholds."""
    met: int
    of: int
    overdue: int
    """Contacts waiting past T that `of` includes."""
    value: float | None
    """met / of; None when nothing counts yet."""


def variant(name: str) -> Variant:
    """Return a variant by its id or alias. Raises KeyError with the known names."""
    try:
        return _BY_ID[ALIASES.get(name, name)]
    except KeyError:
        known = ", ".join([*_BY_ID, *ALIASES])
        raise KeyError(f"there is no service level {name!r}; known are {known}") from None


def service_level(kind: Variant, c: Counts, threshold_s: float | None, overdue: int = 0) -> ServiceLevel:
    """Reckon one variant; `overdue` contacts wait longer than T right now."""
    late = overdue if kind.counts_overdue else 0
    met, of = kind.met(c), kind.of(c) + late
    return ServiceLevel(kind.id, kind.formula, kind.operator, threshold_s, met, of, late, ratio(met, of))


def all_service_levels(c: Counts, threshold_s: float | None, overdue: int = 0) -> list[ServiceLevel]:
    """Reckon every variant over the same counters."""
    return [service_level(kind, c, threshold_s, overdue) for kind in VARIANTS]
