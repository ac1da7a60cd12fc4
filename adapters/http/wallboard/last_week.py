"""The same weekday and time a week ago: what the arrows beside a board's figures compare with."""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Final

import msgspec

from adapters.http.boards import BoardSettings
from engine.errors import LogError
from engine.ports import Past
from engine.projections.days import midnight_ns, week_before_ns
from engine.projections.queues.status import QueueStatus
from engine.projections.views import Views

KEPT_MAX: Final = 64


class WeekAgo(msgspec.Struct, frozen=True):
    """A board's queues of customers together at the beginning of this interval, a week ago; counters: of that day."""

    at_ns: int
    """The instant compared with; 0: the log does not reach back, or is too long to look there."""
    waiting: int | None = None
    entries: int | None = None
    answered: int | None = None
    abandoned: int | None = None
    service_level: float | None = None
    average_speed_of_answer_s: float | None = None


NOTHING: Final = WeekAgo(0)


class LastWeek:
    """Looks up what was true a week ago, once an interval. Looks into the log: call it in threads."""

    def __init__(self, past: Past) -> None:
        self._past = past
        self._known: OrderedDict[tuple[str, int], WeekAgo] = OrderedDict()
        self._lock = Lock()
        """For what is known; never held while the log is folded, as `forget` is called between two turns."""
        self._generation = 0

    def of(self, name: str, board: BoardSettings, now_ns: int, interval_ns: int, zone: str) -> WeekAgo:
        """Return the board a week before the interval of `now_ns` began."""
        at_ns = week_before_ns(now_ns // interval_ns * interval_ns, zone)
        key = name, at_ns
        with self._lock:
            generation, known = self._generation, self._known.get(key)
        if known is not None:
            return known
        found = self._look(board, at_ns, zone)
        with self._lock:
            if generation == self._generation:  # else it is of a board as it was before a reload
                self._known[key] = found
                if len(self._known) > KEPT_MAX:
                    self._known.popitem(last=False)
        return found

    def forget(self) -> None:
        """Look everything up anew: boards may show other queues now."""
        with self._lock:
            self._generation += 1
            self._known.clear()

    def _look(self, board: BoardSettings, at_ns: int, zone: str) -> WeekAgo:
        def question(views: Views, _: int) -> WeekAgo:
            queues = views.queues(at_ns, midnight_ns(at_ns, zone)).queues
            return week_ago([one for one in queues if board.shows(one.queue) and not one.for_colleagues], at_ns)

        try:
            return self._past.ask(at_ns, question) if at_ns >= self._past.began_ns() else NOTHING
        except LogError:
            return NOTHING


def week_ago(queues: Sequence[QueueStatus], at_ns: int) -> WeekAgo:
    """Add queues up, shares over all contacts that count as on the board itself."""
    spoken = [queue for queue in queues if queue.waits.average_speed_of_answer_s is not None and queue.answered]
    answered, of = sum(queue.answered for queue in spoken), sum(queue.service_level.of for queue in queues)
    waited_s = sum((queue.waits.average_speed_of_answer_s or 0.0) * queue.answered for queue in spoken)
    return WeekAgo(
        at_ns=at_ns,
        waiting=sum(queue.waiting for queue in queues),
        entries=sum(queue.entries for queue in queues),
        answered=sum(queue.answered for queue in queues),
        abandoned=sum(queue.abandoned for queue in queues),
        service_level=sum(queue.service_level.met for queue in queues) / of if of else None,
        average_speed_of_answer_s=waited_s / answered if answered else None,
    )
