"""What waits for the disk: turns in order, the promises made with each, and who watches once it is durable."""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable
from threading import get_ident

from engine.effects.outbox import Outbox
from engine.ingest.inbox import Submission
from engine.log_port import EventLog, Turn
from engine.projections.views import Views

logger = logging.getLogger(__name__)


class Unsettled:
    """A turn that is not durable yet, and who waits for it."""

    __slots__ = ("last_seq", "submissions", "turn", "waiters")

    def __init__(self, turn: Turn) -> None:
        self.last_seq = turn.last_seq
        self.turn = turn
        self.submissions: list[Submission] = []
        self.waiters: list[asyncio.Future[int]] = []


class Settlement:
    """Keeps turns until `log` has made them durable, then promises, read models, effects and watchers, in that order.

    `on_durable` may be called from any thread; everything else belongs to the loop's.
    """

    def __init__(
        self, log: EventLog, views: Views, outbox: Outbox, counters: Counter[str], on_fatal: Callable[[str], None]
    ) -> None:
        self._log = log
        self._views = views
        self._outbox = outbox
        self._counters = counters
        self._on_fatal = on_fatal
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._unsettled: deque[Unsettled] = deque()
        self._watchers: list[Callable[[Turn], None]] = []
        self._settling = False

    def run(self) -> None:
        """Begin to settle on the running loop."""
        self._thread = get_ident()
        self._loop = asyncio.get_running_loop()

    def add(self, turn: Turn) -> None:
        """Keep a turn that was appended; turns come in order."""
        self._unsettled.append(Unsettled(turn))

    def promise(self, finished: list[Submission]) -> None:
        """Resolve submissions as soon as everything that their receipts speak of is durable."""
        for submission in finished:
            if self._unsettled and submission.waits_for_seq > self._log.durable_seq:
                self._unsettled[-1].submissions.append(submission)
            else:
                submission.resolve()

    def wait(self, waiter: "asyncio.Future[int]", seq: int) -> None:
        """Resolve `waiter` once every turn added so far is durable, the last of which ends at `seq`."""
        if self._unsettled:
            self._unsettled[-1].waiters.append(waiter)
        else:
            waiter.set_result(seq)

    def subscribe(self, watcher: Callable[[Turn], None]) -> Callable[[], None]:
        """Call `watcher` with every durable turn; returns the function that unsubscribes."""
        self._watchers.append(watcher)

        def unsubscribe() -> None:
            if watcher in self._watchers:
                self._watchers.remove(watcher)

        return unsubscribe

    def on_durable(self) -> None:
        """The log's signal, from any thread."""
        if self._loop is not None and not self._settling:
            self._settling = True
            is_own_thread = get_ident() == self._thread
            try:
                (self._loop.call_soon if is_own_thread else self._loop.call_soon_threadsafe)(self._settle)
            except RuntimeError:
                logger.debug("durable after the loop was closed")

    def look(self) -> None:
        """Look again: a log may be durable before the turn was noted here."""
        if self._loop is not None and self._unsettled and self._unsettled[0].last_seq <= self._log.durable_seq:
            self.on_durable()

    def _settle(self) -> None:
        self._settling = False
        durable_seq = self._log.durable_seq
        while self._unsettled and self._unsettled[0].last_seq <= durable_seq:
            settled = self._unsettled.popleft()
            # Promises first: whoever waits goes on after this turn of the loop, when the read models have followed.
            for submission in settled.submissions:
                submission.resolve()
            for waiter in settled.waiters:
                if not waiter.done():
                    waiter.set_result(settled.last_seq)
            self._follow(settled.turn)
            self._outbox.release(settled.last_seq)
            for watcher in tuple(self._watchers):
                try:
                    watcher(settled.turn)
                except Exception:
                    self._counters["watchers_failed"] += 1
                    logger.exception("a watcher failed")

    def _follow(self, turn: Turn) -> None:
        """Let the read models see a turn; one that fails would tell wrong figures for ever."""
        try:
            self._views.apply(turn)
        except Exception as error:
            logger.exception("the read models cannot follow the turn up to sequence %d", turn.last_seq)
            self._on_fatal(f"a read model failed: {type(error).__name__}: {error}")
