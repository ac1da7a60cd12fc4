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

from adapters.http.boards import BoardSettings
from adapters.http.feed.board import Board
from adapters.http.feed.effect_log import EffectLog
from adapters.http.feed.spent import Spent
from adapters.http.feed.state_boards import STATE_TOPICS, StateBoards, View
from adapters.http.wallboard.alerts import AlertBook
from adapters.http.wallboard.hour import LastHour
from adapters.http.wallboard.seen import Seen, read_back
from engine.messages.effects import AnyEffect
from engine.ports import EngineLink, Turn
from engine.projections.days import midnight_ns
from engine.projections.feed.recent_turns import RecentTurns
from engine.projections.views import Views

logger = logging.getLogger(__name__)
LOG_TOPICS: Final = ("events", "effects")
TOPICS: Final = (*STATE_TOPICS, *LOG_TOPICS)
REFRESH_S: Final = 0.1
"""State is told at most ten times a second."""
REST: Final = 1.0
"""However much processor time telling takes, as much is left for everything else before it goes on."""
PLACES_TOLD: Final = 8
"""Places in the log from which events are kept as they were told: readers who keep up are all at the same one."""
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
        self.state = StateBoards(boards)
        self.readers: dict[object, tuple[frozenset[str], View]] = {}
        self.round: dict[object, tuple[bytes, tuple[int, ...], int]] = {}
        """What was told since the last look, by what a reader had seen: made once for all who saw as much."""
        self._events_told: dict[tuple[int, int], list[tuple[int, bytes]]] = {}
        """Events that were told since the last turn, by where they follow."""
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
        self.recent = RecentTurns()
        self.effects = EffectLog(wall_ns())
        self._dirty = asyncio.Event()
        self._of_state = asyncio.Event()
        self._of_log = asyncio.Event()
        self._events_wanted = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._unsubscribe: Callable[[], None] = lambda: None
        self.durable_seq = 0

    @property
    def views(self) -> Views:
        """The engine's read models."""
        return self._engine.views

    @property
    def now_ns(self) -> int:
        """The service's time, by which ages are reckoned."""
        return self.views.now_ns(self._wall_ns())

    def start(self) -> None:
        """Begin to watch the engine."""
        self.durable_seq = self.views.as_of
        self._unsubscribe = self._engine.subscribe(self._on_turn)
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._refresh_while_read(), name="http feed"),
            loop.create_task(self._beat(), name="http feed beat"),
            loop.create_task(self._read_back(), name="http feed history"),
        ]

    async def stop(self) -> None:
        """End all streams: each reader is told, none is waited for."""
        self.closing = True
        self._unsubscribe()
        self._tell()
        for task in self._tasks[:2]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def follow(self, boards: Mapping[str, BoardSettings]) -> None:
        """Go on with other boards."""
        self.state.follow(boards)
        self._alerts.follow(boards)
        self._dirty.set()

    def join(self, reader: object, topics: frozenset[str], view: View) -> list[Board] | None:
        """Add a reader; returns the boards that it reads, in the order of STATE_TOPICS, or None: there are too many."""
        if len(self.readers) >= self.streams_max:
            return None
        self.readers[reader] = topics, view
        self._events_wanted += "events" in topics
        self._dirty.set()
        boards = [self.state.open(topic, view) for topic in STATE_TOPICS if topic in topics]
        if not all(board.version for board in boards):
            self.round.clear()  # what a new reader was told first may be of a board that is gone
        return boards

    def leave(self, reader: object) -> None:
        """Remove a reader."""
        topics, view = self.readers.pop(reader, (frozenset[str](), View()))
        self._events_wanted -= "events" in topics
        for topic in STATE_TOPICS:
            if topic in topics:
                self.state.close(topic, view)

    def news(self, topics: frozenset[str]) -> asyncio.Event:
        """Return what is set when something of these topics is new after this call, or a second has passed."""
        return self._of_log if topics.intersection(LOG_TOPICS) else self._of_state

    def note_effect(self, effect: AnyEffect) -> None:
        """Keep an effect for those who read them."""
        self.effects.note(effect)
        self._tell(of_state=False)

    async def events_after(self, seq: int, limit: int) -> list[tuple[int, bytes]]:
        """Return events after `seq`, each with its sequence, as JSON: made once for all readers who are as far.

        They come from the latest turns, or from the log when they lie further back.
        """
        if seq >= self.durable_seq:
            return []
        found = self._events_told.get((seq, limit))
        if found is None and self.recent.reach_back_to(seq):
            if len(self._events_told) >= PLACES_TOLD:
                self._events_told.clear()
            events = [self.views.events.event(*row) for row in self.recent.after(seq, limit)[0]]
            found = self._events_told[seq, limit] = [(event.seq, msgspec.json.encode(event)) for event in events]
        if found is None:
            page = await asyncio.to_thread(self.views.read_events, seq, limit)
            found = [(event.seq, msgspec.json.encode(event)) for event in page.events]
        return found

    def _on_turn(self, turn: Turn) -> None:
        self.durable_seq = turn.last_seq
        self._events_told.clear()
        self._dirty.set()
        self.recent.note(turn)
        self.seen.note(turn)
        if self._events_wanted:
            self._tell(of_state=False)

    def _tell(self, *, of_state: bool = True) -> None:
        """Wake those who read the log, and with `of_state` all others too."""
        self._of_log.set()
        self._of_log = asyncio.Event()
        if of_state:
            self._of_state.set()
            self._of_state = asyncio.Event()

    async def _read_back(self) -> None:
        try:
            self.seen.take_earlier(await asyncio.to_thread(read_back, self.views, lambda: not self.closing))
        except Exception:
            logger.exception("which alerts were acknowledged before the start could not be read")
        self._dirty.set()

    async def _beat(self) -> None:
        """Let every reader look at the clock, for its pings."""
        while True:
            await asyncio.sleep(RECHECK_S)
            self._tell()

    async def _refresh_while_read(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if not self.state.wanted:
                self._dirty.clear()
                await self._dirty.wait()
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._dirty.wait(), RECHECK_S)
            self._dirty.clear()
            began_s, spent_s = loop.time(), 0.0
            try:
                spent_s = await self._refresh()
            except Exception:
                self.state.look_anew()
                logger.exception("the boards could not be refreshed")
            await asyncio.sleep(max(REFRESH_S - (loop.time() - began_s), REST * spent_s))

    async def _refresh(self) -> float:
        """Look at the tables now, in a thread where they are large, and tell readers once all of it is durable.

        Return the processor time that this took, s: not that of turns, nor of others' threads meanwhile.
        """
        spent = Spent()
        views, wall_ns = self.views, self._wall_ns()
        as_of, now_ns, today_ns = views.as_of, views.now_ns(wall_ns), midnight_ns(wall_ns, self._time_zone)
        plans = self._engine.plans.overview
        with spent:
            look = self.state.look(
                *(views, now_ns, today_ns, self._alerts, lambda tiles: self.hour.note(tiles, now_ns)), plans=plans
            )
        if look.large:
            await asyncio.to_thread(spent.on, look.reckon)
        else:
            spent.on(look.reckon)
        await self._engine.durable()
        with spent:
            news = self.state.take_in(look, as_of)
            self.round.clear()  # also where nothing is new: it bears the time of the look before
            if news:
                self._tell()
            await asyncio.sleep(0)  # all readers write in the loop's next round, which counts as telling
            await asyncio.sleep(0)
        return spent.seconds
