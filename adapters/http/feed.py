"""What streams read from: boards of state, the latest turns and effects, and the signal that something is new.

Nothing is queued for a reader. Each one remembers what it has seen and asks for what is newer: state comes merged to
its newest form, events come from the latest turns or, further back, from the log itself.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from adapters.http.board import Board
from adapters.http.effect_log import EffectLog
from adapters.http.effort import is_large
from adapters.http.tiles import streamed_queue, waiting_tiles
from adapters.http.wallboard.alerts import AlertBook
from adapters.http.wallboard.boards import BoardSettings
from adapters.http.wallboard.hour import LastHour
from adapters.http.wallboard.seen import Seen
from engine.messages.effects import AnyEffect
from engine.ports import EngineLink, Turn
from engine.projections.agents.status import AgentWatch
from engine.projections.days import midnight_ns
from engine.projections.feed.events import Event
from engine.projections.feed.recent_turns import RecentTurns
from engine.projections.queues.tiles import agent_tile
from engine.projections.views import Views

logger = logging.getLogger(__name__)
STATE_TOPICS: Final = ("queues", "agents", "waiting", "alerts")
LOG_TOPICS: Final = ("events", "effects")
TOPICS: Final = (*STATE_TOPICS, *LOG_TOPICS)
REFRESH_S: Final = 0.25
"""State is told at most four times a second."""
RECHECK_S: Final = 1.0
"""Contacts pass their thresholds without an event: state is looked at this often anyway."""


class Feed:
    """The source of all streams of one adapter."""

    def __init__(
        self,
        engine: EngineLink,
        wall_ns: Callable[[], int],
        time_zone: str,
        streams_max: int,
        boards: Mapping[str, BoardSettings],
    ) -> None:
        self._engine = engine
        self._wall_ns = wall_ns
        self._time_zone = time_zone
        self.streams_max = streams_max
        self.boards = {topic: Board(topic) for topic in STATE_TOPICS}
        self.readers: dict[object, frozenset[str]] = {}
        self.skipped = 0
        """Versions of state that readers never saw, because a newer one was there before they were ready."""
        self.dropped = 0
        """Streams closed because their reader took nothing for too long."""
        self.closing = False
        self.seen = Seen()
        """Who has seen which alert."""
        self._alerts = AlertBook(boards, self.seen)
        self.hour = LastHour()
        """The latest minutes in figures, as far as anybody looked."""
        self._agents = AgentWatch()
        self.recent = RecentTurns()
        self.effects = EffectLog(wall_ns())
        self._dirty = asyncio.Event()
        self._news: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        self.durable_seq = 0

    @property
    def views(self) -> Views:
        """The engine's read models."""
        return self._engine.views

    def start(self) -> None:
        """Begin to watch the engine."""
        self.durable_seq = self.views.as_of
        self._unsubscribe = self._engine.subscribe(self._on_turn)
        self._task = asyncio.get_running_loop().create_task(self._refresh_while_read(), name="http feed")
        self._reading = asyncio.get_running_loop().create_task(asyncio.to_thread(self.seen.read_back, self.views))

    async def stop(self) -> None:
        """End all streams: each reader is told, none is waited for."""
        self.closing = True
        self._unsubscribe()
        self._tell()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, *([self._reading] if self._reading else []), return_exceptions=True)

    def join(self, reader: object, topics: frozenset[str]) -> bool:
        """Add a reader; returns False when there are too many."""
        if len(self.readers) >= self.streams_max:
            return False
        self.readers[reader] = topics
        self._dirty.set()
        return True

    def leave(self, reader: object) -> None:
        """Remove a reader."""
        self.readers.pop(reader, None)

    async def news(self, timeout_s: float) -> bool:
        """Wait until something is new; returns False when nothing was for `timeout_s`."""
        if self.closing:
            return True
        if self._news is None or self._news.done():
            self._news = asyncio.get_running_loop().create_future()
        done, _ = await asyncio.wait((self._news,), timeout=timeout_s)
        return bool(done)

    def note_effect(self, effect: AnyEffect) -> None:
        """Keep an effect for those who read them."""
        self.effects.note(effect)
        self._tell()

    async def events_after(self, seq: int, limit: int) -> list[Event]:
        """Return events after `seq`: from the latest turns, or from the log when it lies further back."""
        if self.recent.reach_back_to(seq):
            return [self.views.events.event(*row) for row in self.recent.after(seq, limit)[0]]
        if seq >= self.durable_seq:
            return []
        page = await asyncio.to_thread(self.views.read_events, seq, limit)
        return page.events

    def _on_turn(self, turn: Turn) -> None:
        self.durable_seq = turn.last_seq
        self._dirty.set()
        self.recent.note(turn)
        self.seen.note(turn)
        if any("events" in topics for topics in self.readers.values()):
            self._tell()

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    async def _refresh_while_read(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_S)
            wanted = frozenset(topic for topics in self.readers.values() for topic in topics if topic in STATE_TOPICS)
            if not wanted:
                self._dirty.clear()
                await self._dirty.wait()
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._dirty.wait(), RECHECK_S)
            self._dirty.clear()
            try:
                await self._refresh(wanted)
            except Exception:
                logger.exception("the boards could not be refreshed")

    async def _refresh(self, wanted: frozenset[str]) -> None:
        """Look at the tables now, in a thread where they are large, and tell readers once all of it is durable."""
        views, wall_ns = self.views, self._wall_ns()
        as_of, now_ns, today_ns = views.as_of, views.now_ns(wall_ns), midnight_ns(wall_ns, self._time_zone)
        found: dict[str, dict[str, bytes]] = {}
        if "waiting" in wanted:
            found["waiting"] = {tile.contact: msgspec.json.encode(tile) for tile in waiting_tiles(views, now_ns)}
        agents = views.agents_changed(self._agents) if "agents" in wanted else []
        large = is_large(len(agents), len(views.directory.queues))
        of_queues = "queues" in wanted or "alerts" in wanted
        if of_queues or "agents" in wanted:
            still = views.still(now_ns, today_ns) if large else views

            def reckon() -> None:
                if of_queues:
                    tiles = [streamed_queue(status) for status in still.queues(now_ns, today_ns).queues]
                    found["queues"] = {tile.queue: msgspec.json.encode(tile) for tile in tiles}
                    alerts = self._alerts.look(tiles, now_ns)
                    found["alerts"] = {name: msgspec.json.encode(alert) for name, alert in alerts.items()}
                    self.hour.note(tiles, now_ns)
                if "agents" in wanted:
                    listed = still.agents(now_ns, agents).agents
                    found["agents"] = {status.agent: msgspec.json.encode(agent_tile(status)) for status in listed}

            if large:
                await asyncio.to_thread(reckon)
            else:
                reckon()
        await self._engine.durable()
        news = [
            self.boards[topic].update(items, as_of, now_ns, partial=topic == "agents") for topic, items in found.items()
        ]
        if any(news):
            self._tell()
