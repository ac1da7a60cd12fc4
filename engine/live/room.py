"""How much room the tables need for what is configured, and what a running engine has too little room for."""

from collections.abc import Iterator
from typing import Final

from engine.config.sections import Config
from engine.errors import ConfigError
from engine.ingest.runs import SLOTS_KEPT_FREE
from engine.kernel.tables import Capacity
from engine.model.durations import format_duration

EXACT: Final = ("intervals",)
"""Capacities that are a length of time, and wide: no more of them than asked for."""
BESIDE: Final = {"contacts": SLOTS_KEPT_FREE}
"""Rows of a table that are never in use."""


def room_for(config: Config, already: Capacity | None = None) -> Capacity:
    """Return the capacity that holds what is configured: powers of two, so that small changes need none, never less."""
    room = {
        name: limit if name in EXACT else (1 << (limit - 1).bit_length()) + BESIDE.get(name, 0)
        for name, limit in _limits(config)
    }
    for name, limit in _limits(config):
        if already is not None and limit + BESIDE.get(name, 0) <= getattr(already, name):
            room[name] = getattr(already, name)
    return Capacity(**room)


def _limits(config: Config) -> Iterator[tuple[str, int]]:
    of = config.limits.__dict__ | {"intervals": config.intervals}
    return ((name, of[name]) for name in Capacity.__struct_fields__)


def require_room(room: Capacity, config: Config) -> None:
    """Tables grow at a start only. Intervals that nobody asked for keep no file from being followed."""
    faults = [
        f"limits.{name} is {limit}, but the running engine has room for {getattr(room, name) - BESIDE.get(name, 0)}; "
        "restart it to make more"
        for name, limit in _limits(config)
        if limit + BESIDE.get(name, 0) > getattr(room, name)
        and not (name == "intervals" and config.limits.intervals is None)
    ]
    if faults:
        raise ConfigError(faults)


def too_short(room: Capacity, config: Config) -> list[str]:
    """Tell where the running engine keeps fewer intervals than a day of the length that is followed now has."""
    if config.limits.intervals is not None or config.intervals <= room.intervals:
        return []
    kept = f"{room.intervals} intervals of {format_duration(config.service.interval_ns)}"
    return [f"the running engine keeps {kept}, and a day has more: figures of today begin late until you restart it"]
