"""Values as planners write them: shares (`80%`), rates (`100/min`), targets (`80% in 20s`) and local times."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from engine.model.durations import parse_duration
from engine.model.fields import Share, fault, nearest

__all__ = [
    "METRICS",
    "MOMENT",
    "Growth",
    "Share",
    "figure_fault",
    "metric_fault",
    "padded",
    "plain",
    "read_moment",
    "read_rate",
    "read_target",
]

METRICS: Final = (
    *(
        "service_level",
        "service_level_answered",
        "service_level_all",
        "abandon_rate",
        "blocked_rate",
        "dismissed_rate",
        "lost_rate",
        "asa_s",
        "wait_s",
    ),
    *("aht_s", "talk_s", "hold_s", "wrap_s", "p_wait", "occupancy"),
    *("offered", "blocked", "answered", "answered_in_threshold", "abandoned", "short_abandoned", "overflowed"),
    *("callbacks", "dismissed", "moved_on", "withdrawn", "failed", "unfinished"),
)
"""Figures by which replications may be enough."""

_RATE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*(s|sec|second|m|min|minute|h|hour|d|day)")
_GROWTH: Final = re.compile(r"[+-]?\d+(?:\.\d+)?\s*%", re.ASCII)
_TARGET: Final = re.compile(r"(\d+(?:\.\d+)?)(%?)\s*(?:in|/)\s*(.+)")
MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?")


@dataclass(frozen=True)
class Growth:
    """By how much something becomes more from one time to the next, as `2%`, or less, as `-5%`; the field holds -0.05.

    More than -100 %, as something is left of it, and up to 100 %.
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    def check(self, value: Any) -> float:
        """Return the growth as a share of what was there."""
        found = value
        if isinstance(value, str) and _GROWTH.fullmatch(value):
            found = float(value.removesuffix("%")) / 100
        if isinstance(found, bool) or not isinstance(found, int | float):
            raise fault(f"{value!r} is no growth; write 2% or 0.02, and -5% or -0.05 of what becomes less")
        if not -1 < found <= 1:
            raise fault(f"{value} is out of range; allowed is more than -100% and up to 100%")
        return float(found)


def plain(check: Callable[[Any], Any]) -> Any:
    """Return the annotation of a field whose value `check` reads."""

    class _Plain:
        @staticmethod
        def __get_pydantic_core_schema__(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
            return core_schema.no_info_plain_validator_function(check)

    return _Plain


def read_rate(value: Any) -> float:
    """Return the contacts per second of `100/min`."""
    match = _RATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise fault(f"{value!r} is not a rate; write 100/min, 2.4/min or 6000/h")
    return float(match[1]) / {"s": 1, "m": 60, "h": 3600, "d": 86_400}[match[2][0]]


def read_target(value: Any) -> Any:
    """Return `80% in 20s`, or 80/20, as the engine's own section of a service level; others as they are."""
    if not isinstance(value, str):
        return value
    match = _TARGET.fullmatch(value.strip())
    if match is None:
        raise fault(f"{value!r} is not a service level; write 80% in 20s")
    threshold = f"{match[3]}s" if match[3].isdecimal() else match[3]
    try:
        parse_duration(threshold)
    except ValueError as error:
        raise fault(str(error)) from None
    share = float(match[1])
    return {"threshold": threshold, "target": share / 100 if match[2] or share > 1 else share}


def read_moment(value: Any) -> str:
    """Check a local time as 2026-11-23 07:00, or a date, and return it as written."""
    if not isinstance(value, str) or not MOMENT.fullmatch(value):
        raise fault(f"{value!r} is not a time; write 2026-11-23 07:00")
    try:
        datetime.fromisoformat(padded(value))
    except ValueError as error:
        raise fault(f"{value!r} is a time that there is not: {error}") from None
    return value


def padded(moment: str) -> str:
    """Write the hour with two digits, as `fromisoformat` wants it."""
    day, _, time = moment.replace("T", " ").partition(" ")
    return f"{day} {time.zfill(8 if time.count(':') == 2 else 5)}" if time else day


def metric_fault(metric: str, queues: Collection[str]) -> str | None:
    """Return what is wrong with a metric, which is FIGURE or QUEUE.FIGURE, None if nothing is."""
    queue, _, figure = metric.rpartition(".")
    return figure_fault(figure, queue or None, queues)


def figure_fault(figure: str, queue: str | None, queues: Collection[str]) -> str | None:
    """Return what is wrong with a figure of a queue, or of all together (None); None if nothing is."""
    if figure not in METRICS:
        hint = nearest(str(figure), METRICS)
        return f"there is no figure '{figure}'{hint}" + ("" if hint else f"; there are {', '.join(METRICS)}")
    if queue is not None and queue not in queues:
        return f"there is no queue '{queue}'{nearest(queue, queues)}"
    if queue is not None and figure == "occupancy":
        return f"'occupancy' is of agents, who may serve other queues than '{queue}', too: leave the queue out"
    return None
