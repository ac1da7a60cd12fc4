"""Alerts of the boards: which figure of which queue lies beyond a threshold, since when, and who said "seen".

A queue where somebody waits and nobody can take them is one without any threshold.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal, NamedTuple

import msgspec

from adapters.http.boards import METRICS, BoardSettings, Threshold, is_beyond
from adapters.http.wallboard.seen import Acknowledged, Seen
from adapters.http.wallboard.tiles import StreamedQueue
from engine.projections.queues.health import JUDGED_OF

NOBODY: Final = Acknowledged(0, "", "")
UNATTENDED: Final = "unattended"
"""Stands for a figure where somebody waits and nobody can take them."""
NS: Final = 1_000_000_000


class AlertTile(msgspec.Struct, frozen=True):
    """One figure beyond a threshold. How far beyond is told by the queue itself."""

    alert: str
    """BOARD/QUEUE/FIGURE: its name for as long as it stands."""
    board: str
    queue: str
    metric: str
    """A figure that has thresholds, or `unattended`: somebody waits and nobody can take them."""
    level: Literal["warn", "alert"]
    threshold: float
    """The one that was passed; 0 of `unattended`."""
    since_ns: int
    """When it was passed; 0: not known, as of a moment long past."""
    acknowledged_by: str = ""
    acknowledged_ns: int = 0
    """0: nobody has said that it was seen."""
    note: str = ""


class Passed(NamedTuple):
    """A threshold that one queue's figure has passed."""

    queue: str
    metric: str
    level: Literal["warn", "alert"]
    threshold: float
    since_ns: int
    """Where the figure itself tells it, else 0."""


def passed(board: BoardSettings, queues: Iterable[StreamedQueue], now_ns: int) -> Iterator[Passed]:
    """Yield every threshold of the board that is passed at `now_ns`, and queues where nobody can take who waits."""
    for queue in queues:
        if not board.shows(queue.queue):
            continue
        if queue.unattended:
            yield Passed(queue.queue, UNATTENDED, "alert", 0.0, 0)
        for metric in METRICS:
            pair = board.threshold(metric, queue)
            value = figure(queue, metric, now_ns) if pair is not None else None
            if pair is None or value is None:
                continue
            found = _level(metric, value, pair)
            if found is not None:
                threshold = pair.alert if found == "alert" else pair.warn
                since_ns = queue.oldest_since_ns + round(threshold * NS) if metric == "oldest_wait_s" else 0
                yield Passed(queue.queue, metric, found, threshold, since_ns)


def figure(queue: StreamedQueue, metric: str, now_ns: int) -> float | None:
    """The value of a figure that thresholds are set for; None where it says nothing (yet)."""
    if metric == "oldest_wait_s":
        return (now_ns - queue.oldest_since_ns) / NS if queue.oldest_since_ns else None
    if metric == "service_level" and queue.service_level_of < JUDGED_OF:
        return None
    if metric == "abandon_rate" and queue.abandon_rate_of < JUDGED_OF:
        return None
    if metric == "available" and not queue.open:
        return None
    value: float | None = getattr(queue, metric)
    return value


def _level(metric: str, value: float, pair: Threshold) -> Literal["warn", "alert"] | None:
    if is_beyond(metric, value, pair.alert):
        return "alert"
    return "warn" if is_beyond(metric, value, pair.warn) else None


class AlertBook:
    """The alerts of all boards as they stand, fed with every look at the queues."""

    def __init__(self, boards: Mapping[str, BoardSettings], seen: Seen) -> None:
        self._boards = boards
        self._seen = seen
        self._since: dict[str, tuple[str, int]] = {}
        """Level and since when, by alert."""

    def follow(self, boards: Mapping[str, BoardSettings]) -> None:
        """Go on with other boards; an alert that still stands keeps since when."""
        self._boards = boards

    def look(self, queues: Iterable[StreamedQueue], now_ns: int) -> dict[str, AlertTile]:
        """Return what is beyond a threshold at `now_ns`, by name."""
        listed, found = list(queues), dict[str, AlertTile]()
        since: dict[str, tuple[str, int]] = {}
        for name, board in self._boards.items():
            for one in passed(board, listed, now_ns):
                alert = f"{name}/{one.queue}/{one.metric}"
                level, began_ns = self._since.get(alert, ("", 0))
                if one.since_ns or level != one.level:
                    began_ns = one.since_ns or now_ns
                since[alert] = one.level, began_ns
                seen = self._seen.find(alert)
                if seen is None or seen.at_ns < began_ns:
                    seen = NOBODY
                found[alert] = AlertTile(
                    alert,
                    name,
                    one.queue,
                    one.metric,
                    one.level,
                    one.threshold,
                    began_ns,
                    seen.by,
                    seen.at_ns,
                    seen.note,
                )
        self._since = since
        return found
