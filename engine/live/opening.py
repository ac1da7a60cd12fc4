"""Opening hours in real time: opens and closes queues when their hours say so, as facts of the source `hours`."""

import time
from collections.abc import Callable, Mapping
from typing import Final

from engine.config.sections import Config
from engine.live.loop import LiveEngine
from engine.live.ticker import Ticker
from engine.messages.observed import QueueClosed, QueueOpened
from engine.model.opening_hours import OpeningHours
from engine.model.settings import QueueSetting

HOURS_SOURCE: Final = "hours"
LONGEST_SLEEP_S: Final = 30.0
"""Timers of the loop stand still while the machine sleeps: so late at most is a change that passed meanwhile."""


class OpeningHoursDriver:
    """Submits QueueOpened and QueueClosed. Between two changes of the hours, what a supervisor did stays.

    Hours are times of day: `wall_ns` tells them, and not the engine's clock, which is ahead for ever once it was.
    """

    def __init__(self, engine: LiveEngine, config: Config, wall_ns: Callable[[], int] = time.time_ns) -> None:
        self._engine = engine
        self._wall_ns = wall_ns
        self._hours: Mapping[str, OpeningHours] = {}
        self._done_ns: dict[str, int] = {}
        """By queue: until when changes of its hours were carried out."""
        self._left: set[str] = set()
        """Queues that have hours no more, and are to be opened."""
        self._ticker = Ticker("what follows opening hours", LONGEST_SLEEP_S, self._look, engine.counters)
        self._configured(config)

    def start(self, stopped_ns: int) -> None:
        """Begin. `stopped_ns` is when the engine stopped: changes since then are made up for; 0 for a new log."""
        self._done_ns = dict.fromkeys(self._hours, stopped_ns)
        self.look()

    def reload(self, config: Config) -> None:
        """Follow another configuration: queues whose hours changed are opened or closed as they say now."""
        before = self._hours
        self._configured(config)
        now_ns = self._wall_ns()
        for queue in {*before, *self._hours}:
            if before.get(queue) != self._hours.get(queue):
                self._done_ns[queue] = 0 if queue in self._hours else now_ns
        self._left = before.keys() - self._hours.keys() & config.queues.keys() | self._left & config.queues.keys()
        self._left -= self._hours.keys()
        self.look()

    def stop(self) -> None:
        """Submit nothing more."""
        self._ticker.stop()

    def is_open_by_hours(self, queue: str, since_ns: int, before: bool) -> bool:
        """Whether a queue is to be open now that was as `before` at `since_ns`: as its hours said last, if they did."""
        hours, now_ns = self._hours.get(queue), self._wall_ns()
        change = hours.next_change(since_ns) if hours is not None else None
        return hours.is_open(now_ns) if hours is not None and change and change[0] <= now_ns else before

    def _configured(self, config: Config) -> None:
        named = {name: hours.opening_hours() for name, hours in config.opening_hours.items()}
        self._hours = {
            name: named[queue.opening_hours] for name, queue in config.queues.items() if queue.opening_hours is not None
        }

    def look(self) -> None:
        """Carry out what is due, and come back at the next change."""
        self._ticker.tick()

    def _look(self) -> float:
        now_ns, sleep_s = self._wall_ns(), LONGEST_SLEEP_S
        for queue in sorted(self._left):
            self._set(queue, is_open=True)
            self._left.remove(queue)
        for queue, hours in self._hours.items():
            done_ns = self._done_ns[queue] = min(self._done_ns.get(queue, 0), now_ns)
            change = hours.next_change(done_ns) if done_ns else (0, True)
            if change is not None and change[0] <= now_ns:
                self._set(queue, is_open=hours.is_open(now_ns))
                self._done_ns[queue] = now_ns
                change = hours.next_change(now_ns)
            if change is not None:
                sleep_s = min(sleep_s, (change[0] - now_ns) / 1e9)
        return sleep_s

    def _set(self, queue: str, *, is_open: bool) -> None:
        if is_open and queue in self._engine.state.plans.doors:
            return  # a continuity plan keeps it closed; `is_open_by_hours` tells what is put back at its end
        number = self._engine.state.directory.queues.number(queue)
        if bool(self._engine.state.tables.queues["settings"][number, QueueSetting.OPEN]) != is_open:
            fact = QueueOpened(queue=queue, by=HOURS_SOURCE) if is_open else QueueClosed(queue=queue, by=HOURS_SOURCE)
            self._engine.tell(HOURS_SOURCE, [fact])
