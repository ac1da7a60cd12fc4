"""Who has seen which alert or lost contact: kept from the facts that say so, the latest of each."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import numpy as np

from engine.messages.kinds import ALERT_ACKNOWLEDGED
from engine.ports import Turn
from engine.projections.feed.payloads import who_and_why
from engine.projections.views import Views

KEPT_MAX: Final = 10_000
READ_BACK: Final = 500_000
"""Rows of the log read at a start."""
PAGE: Final = 1000


class Acknowledged(NamedTuple):
    """Somebody has seen it."""

    at_ns: int
    by: str
    note: str


class Seen:
    """The latest acknowledgement by name; bounded."""

    def __init__(self) -> None:
        self._latest: OrderedDict[str, Acknowledged] = OrderedDict()

    def find(self, name: str) -> Acknowledged | None:
        """Who has seen it; None: nobody."""
        return self._latest.get(name)

    def note(self, turn: Turn) -> bool:
        """Take in one durable turn; returns whether it says that something was seen."""
        if ALERT_ACKNOWLEDGED not in turn.kinds:
            return False
        places = np.flatnonzero(turn.rows["kind"] == ALERT_ACKNOWLEDGED).tolist()
        for place in places:
            row = turn.rows[place]
            said = who_and_why(row, turn.payload)
            self._keep(said["alert"], Acknowledged(int(row["at_ns"]), said.get("by", ""), said.get("reason", "")))
        return True

    def take_earlier(self, earlier: Mapping[str, Acknowledged]) -> None:
        """Take in what the log said already; what was noted meanwhile is later."""
        for name, found in earlier.items():
            if name not in self._latest:
                self._keep(name, found)

    def _keep(self, name: str, found: Acknowledged) -> None:
        self._latest[name] = found
        self._latest.move_to_end(name)
        if len(self._latest) > KEPT_MAX:
            self._latest.popitem(last=False)


def read_back(
    views: Views, goes_on: Callable[[], bool] = lambda: True, after_seq: int | None = None
) -> dict[str, Acknowledged]:
    """Return what the log says already behind a position, None: lately; while it `goes_on`.

    Reads the disk: call it in a thread. Raises LogError.
    """
    latest: dict[str, Acknowledged] = {}
    reached, more = max(0, views.as_of - READ_BACK) if after_seq is None else after_seq, True
    while more and goes_on():
        page = views.read_events(reached, PAGE, ("alert_acknowledged",))
        for event in page.events:
            said = event.data
            latest[said["alert"]] = Acknowledged(event.at_ns, said.get("by", ""), said.get("reason", ""))
        reached, more = page.next_after_seq, page.more
    return latest
