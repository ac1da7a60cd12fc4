"""The last hour in figures, a sample a minute: what a line beside a figure is drawn from."""

from collections import deque
from collections.abc import Sequence
from typing import Final

import msgspec

from adapters.http.boards import BoardSettings
from adapters.http.wallboard.tiles import StreamedQueue

MINUTE_NS: Final = 60_000_000_000
MINUTES: Final = 61


class Sample(msgspec.Struct, frozen=True, gc=False):
    """One queue at the end of one minute, or now; counters are of today."""

    waiting: int
    entries: int
    answered: int
    abandoned: int
    service_level: float | None
    service_level_of: int
    staffed: int
    available: int


class Hour(msgspec.Struct, frozen=True):
    """The board's queues of customers together, oldest minute first; null: nobody looked in that minute."""

    minutes_ns: list[int]
    waiting: list[int | None]
    answered: list[int | None]
    """Of today, up to that minute."""
    abandoned: list[int | None]
    service_level: list[float | None]
    """Of today, over all contacts that count by the formula."""
    available: list[int | None]
    service_level_recent: float | None = None
    """Of the latest half hour, at least: counters are kept by interval. null where less than that is kept."""


class LastHour:
    """Samples of every queue by minute; bounded by an hour."""

    def __init__(self) -> None:
        self._minutes: deque[tuple[int, dict[str, Sample]]] = deque(maxlen=MINUTES)

    def note(self, queues: Sequence[StreamedQueue], now_ns: int) -> None:
        """Keep the queues of customers as the newest sample of this minute."""
        minute_ns = now_ns - now_ns % MINUTE_NS
        sample = {
            queue.queue: Sample(
                queue.waiting,
                queue.entries,
                queue.answered,
                queue.abandoned,
                queue.service_level,
                queue.service_level_of,
                queue.staffed,
                queue.available,
            )
            for queue in queues
            if not queue.for_colleagues
        }
        if self._minutes and self._minutes[-1][0] >= minute_ns:
            self._minutes[-1] = self._minutes[-1][0], sample
        else:
            self._minutes.append((minute_ns, sample))

    def of(self, board: BoardSettings, now_ns: int, recent: float | None = None) -> Hour:
        """Return the hour up to `now_ns` for the queues of a board; `recent` is its level of the latest half hour."""
        known = dict(self._minutes)
        last_ns = now_ns - now_ns % MINUTE_NS
        minutes = [last_ns - back * MINUTE_NS for back in range(MINUTES - 1, -1, -1)]
        chosen = [
            [sample for queue, sample in known[minute].items() if board.shows(queue)] if minute in known else None
            for minute in minutes
        ]
        return Hour(
            minutes_ns=minutes,
            waiting=[_sum(samples, "waiting") for samples in chosen],
            answered=[_sum(samples, "answered") for samples in chosen],
            abandoned=[_sum(samples, "abandoned") for samples in chosen],
            service_level=[_level(samples) for samples in chosen],
            available=[_most(samples) for samples in chosen],
            service_level_recent=recent,
        )


def _sum(samples: list[Sample] | None, name: str) -> int | None:
    return None if samples is None else sum(getattr(sample, name) for sample in samples)


def _most(samples: list[Sample] | None) -> int | None:
    """Agents serve several queues, so a sum would count them twice."""
    return None if samples is None else max((sample.available for sample in samples), default=0)


def _level(samples: list[Sample] | None) -> float | None:
    of = sum(sample.service_level_of for sample in samples or ())
    met = sum((sample.service_level or 0.0) * sample.service_level_of for sample in samples or ())
    return met / of if of else None
