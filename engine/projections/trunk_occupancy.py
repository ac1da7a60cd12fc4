"""Trunk groups: channels busy now and at most, calls carried and refused, and the traffic in erlangs."""

from collections import deque
from typing import Any, Final

import msgspec
import numpy as np

from engine.kernel.tables import Array, Tables
from engine.model.directory import Directory
from engine.model.settings import RESERVE_AUTO, TrunkGroupSetting
from engine.projections.figures import NS, book_now_ns, position, ratio
from engine.projections.names import existing

MARK_NS: Final = 60_000_000_000
MARKS: Final = 61
"""Marks of the busy integral, one a minute: the traffic figure looks back at most an hour."""


class TrunkGroupStatus(msgspec.Struct, frozen=True):
    """One trunk group."""

    as_of: int
    trunk_group: str
    channels: int
    reserve: int
    """Channels kept for protected calls now."""
    busy: int
    peak: int
    seized: int
    refused: int
    blocking: float | None
    """refused / (seized + refused)."""
    erlangs: float | None
    """Traffic carried over `erlangs_over_s`."""
    erlangs_over_s: float


class TrunkTraffic:
    """Remembers the groups' busy integrals minute by minute, so that traffic is of the last hour."""

    def __init__(self) -> None:
        self._marks: deque[tuple[int, Array]] = deque(maxlen=MARKS)

    def note(self, t: Tables) -> None:
        """Take a mark if a minute has passed since the last one."""
        now_ns = book_now_ns(t)
        if not self._marks or now_ns - self._marks[-1][0] >= MARK_NS:
            self._marks.append((now_ns, busy_integral_ns(t, now_ns)))

    def erlangs(self, t: Tables, now_ns: int) -> tuple[Array | None, float]:
        """Return the mean of busy channels of each group since the oldest mark, and the seconds that it covers."""
        if not self._marks or now_ns <= self._marks[0][0]:
            return None, 0.0
        since_ns, integral_ns = self._marks[0]
        span_ns = now_ns - since_ns
        return (busy_integral_ns(t, now_ns) - integral_ns) / span_ns, span_ns / NS


def busy_integral_ns(t: Tables, now_ns: int) -> Array:
    """Return the integral of busy channels over time until `now_ns`, shape (groups,)."""
    groups = t.trunk_groups
    running = np.where(groups["busy"] > 0, groups["busy"] * np.maximum(now_ns - groups["busy_at_ns"], 0), 0)
    total: Array = groups["busy_ns"] + running
    return total


def reserve_of(group: Any) -> int:
    """Return how many channels a trunk group's record keeps for protected calls."""
    reserve = int(group["settings"][TrunkGroupSetting.RESERVE])
    return int(group["reserve"]) if reserve == RESERVE_AUTO else reserve


def trunk_group_statuses(t: Tables, directory: Directory, traffic: TrunkTraffic, now_ns: int) -> list[TrunkGroupStatus]:
    """Return every configured trunk group."""
    erlangs, span_s = traffic.erlangs(t, now_ns)
    found = []
    for number in existing(directory.trunk_groups):
        group = t.trunk_groups[number]
        seized, refused = int(group["seized"]), int(group["refused"])
        found.append(
            TrunkGroupStatus(
                as_of=position(t),
                trunk_group=directory.trunk_groups.name(number),
                channels=int(group["settings"][TrunkGroupSetting.CHANNELS]),
                reserve=reserve_of(group),
                busy=int(group["busy"]),
                peak=int(group["peak"]),
                seized=seized,
                refused=refused,
                blocking=ratio(refused, seized + refused),
                erlangs=None if erlangs is None else round(float(erlangs[number]), 3),
                erlangs_over_s=round(span_s, 3),
            )
        )
    return found
