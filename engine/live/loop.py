"""The live engine on one asyncio loop: facts in, turns once a tick, and everything that leaves waits for the disk."""

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from engine.config.compile import compile_directory, compile_settings
from engine.config.in_force import in_force
from engine.config.refusals import refused_settings
from engine.config.sections import Config
from engine.effects.derive import OwedCallback
from engine.effects.outbox import Outbox
from engine.errors import ContactsFull, Overloaded, SettingsRefused
from engine.ingest.inbox import DEFAULT_CAPACITY, ENDING, FREEING, Inbox, Submission, arrivals_among
from engine.ingest.runs import SLOTS_KEPT_FREE
from engine.kernel.deadlines import NEVER_NS
from engine.kernel.step import next_deadline_ns
from engine.live.callbacks import Callbacks
from engine.live.clock import LiveClock
from engine.live.hints import Hints
from engine.live.loads import ConfigurationLoads
from engine.live.settlement import Settlement
from engine.live.standstill import Standstill
from engine.live.turns import Concluded, TurnMaker
from engine.log.event_log import FATAL_EXIT_CODE
from engine.log_port import EventLog, Turn
from engine.messages.kinds import CONFIGURATION_LOADED
from engine.messages.observed import ContactArrived, Fact, Observed
from engine.messages.rows import empty_rows
from engine.model.directory import Loading, encode_directory
from engine.ports import Clock, Receipt, Timing
from engine.projections.queues.expected_wait import wait_left_s
from engine.projections.views import Views
from engine.state import EngineState, StoredState, no_state

STAGED_MAX_BYTES: Final = 32 << 20
"""Bytes waiting for the disk beyond which only facts that end something get in."""
ROUNDS_PER_TICK: Final = 16
"""Turns made before the loop looks after its sockets again."""
INFORM_EVERY_S: Final = 1.0

logger = logging.getLogger(__name__)


class LiveEngine:
    """The driver of real time; an EngineLink for facts that no adapter brings (see `link` for adapters).

    Make it with the state that a log holds, give it the log by `attach`, then `run` it on the running loop. All methods
    but `on_durable` belong to the loop's thread.
    """

    def __init__(
        self,
        state: EngineState,
        *,
        clock: Clock | None = None,
        inbox_capacity: int = DEFAULT_CAPACITY,
        on_fatal: Callable[[str], None] | None = None,
    ) -> None:
        self.state = state
        self.clock: Clock = clock or LiveClock(state.now_ns)
        self.outbox = Outbox()
        self.inbox = Inbox(inbox_capacity)
        self.counters: Counter[str] = Counter()
        self.hints = Hints(self.counters)
        self.callbacks = Callbacks(state, self._bring, self.counters)
        self.config: Config | None = None
        """The configuration as written, without the plans in force."""
        self.loads = ConfigurationLoads()
        self.beginning_of_past: Callable[[], StoredState | None] = no_state
        """See `Snapshots.beginning_of_past`."""
        self._on_fatal = on_fatal or end_process
        self._log: EventLog | None = None
        self._views: Views | None = None
        self._maker: TurnMaker | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._settlement: Settlement | None = None
        self._turn_due = False
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_ns = NEVER_NS
        self._deadline_ns = NEVER_NS
        self._informer: asyncio.TimerHandle | None = None
        self._stopping = self._stopped = False
        self.standstill = Standstill(state, self._schedule)

    # --- life

    def attach(self, log: EventLog, quality: bytes = b"") -> None:
        """Continue `log`, which the state must equal; makes the read models, `quality` being a snapshot's part."""
        self._log = log
        self._deadline_ns = next_deadline_ns(self.state.tables)
        state = self.state
        views = Views(
            *(state.tables, state.directory, state.contacts, log, state.interned, quality),
            agent_times=state.agent_times,
            plans=state.plans,
        )
        self._views = views
        self._settlement = Settlement(log, views, self.outbox, self.counters, self._on_fatal)
        self._maker = TurnMaker(self.state, log, self.inbox, partial(wait_left_s, self.state.tables))

    def run(self) -> None:
        """Begin to make turns on the running loop."""
        self._loop = asyncio.get_running_loop()
        self._attached().run()
        self._informer = self._loop.call_later(INFORM_EVERY_S, self._inform_waiting)
        self._schedule()

    def wake(self) -> None:
        """Look at the clock and the inbox in the next tick."""
        self._schedule()

    async def stop(self) -> None:
        """Take no more facts, decide those taken, and wait until everything is durable and answered."""
        self._stopping = True
        while self.inbox or self.standstill.is_on:
            await self.standstill.over()
            self._make_turns()
        await self.durable()
        self._stopped = True  # a deadline that passes from here on is the next start's
        for timer in (self._alarm, self._informer):
            if timer is not None:
                timer.cancel()

    # --- EngineLink

    @property
    def views(self) -> Views:
        """The read models."""
        assert self._views is not None, "the engine has no log yet"
        return self._views

    @property
    def log(self) -> EventLog:
        """The log that the engine writes."""
        assert self._log is not None, "the engine has no log yet"
        return self._log

    def submit(self, source: str, facts: Sequence[Observed]) -> "asyncio.Future[list[Receipt]]":
        """Hand facts in, as `ports.EngineLink` says. Raises Overloaded."""
        return self.submit_for("", source, facts)

    def submit_for(
        self, adapter: str, source: str, facts: Sequence[Observed], own_only: frozenset[type[Fact]] = frozenset()
    ) -> "asyncio.Future[list[Receipt]]":
        """Hand in facts whose contacts' effects go to `adapter`; empty: to nobody."""
        assert self._loop is not None, "the engine does not run yet"
        try:
            self._require_room(facts)
            speaker = self.state.interned.speaker(source, adapter, reserved=not adapter)
            submission = Submission(speaker, facts, self._loop.create_future(), own_only)
            self.inbox.put(submission)
        except Overloaded:
            self.counters["facts_overloaded"] += len(facts)
            raise
        self._schedule()
        return submission.future

    def tell(self, source: str, facts: Sequence[Observed]) -> None:
        """Hand in facts of the driver's own; what becomes of them stands in the log. Raises Overloaded."""
        _ = self.submit_for("", source, facts)

    def durable(self) -> "asyncio.Future[int]":
        """Resolve with the position once everything applied so far is durable."""
        assert self._loop is not None, "the engine does not run yet"
        future: asyncio.Future[int] = self._loop.create_future()
        self._attached().wait(future, self.state.seq)
        return future

    def on_durable(self, _seq: int) -> None:
        """The log's signal, from any thread."""
        if self._settlement is not None:
            self._settlement.on_durable()

    def subscribe(self, watcher: Callable[[Turn], None]) -> Callable[[], None]:
        """Call `watcher` with every durable turn; returns the function that unsubscribes."""
        return self._attached().subscribe(watcher)

    def figures(self) -> dict[str, int]:
        """Counters of the driver, and how full its rooms are."""
        figures = dict(self.counters)
        figures["inbox_facts"], figures["inbox_refused"] = self.inbox.count, self.inbox.refused
        figures["log_staged_bytes"] = self.log.staged_bytes
        figures["log_rows_not_durable"] = self.state.seq - self.log.durable_seq
        figures["effects_held"], figures["effects_done"] = len(self.outbox), self.outbox.acted
        figures["effects_failed"] = self.outbox.failed
        figures["effects_without_adapter"] = self.outbox.unaddressed.total()
        figures["callbacks_waiting"] = self.callbacks.waiting
        figures["contacts_open"] = len(self.state.contacts)
        figures |= self.loads.figures()
        figures["sources"] = len(self.state.interned.sources)
        maker = self._working_maker()
        figures["facts"], figures["facts_wrong"] = maker.facts, maker.wrong
        figures["facts_duplicate"] = maker.duplicates
        return figures

    def timings(self) -> dict[str, Timing]:
        """How long the driver's work takes."""
        return {"routing_decision": self._working_maker().deciding.timing()}

    # --- configuration

    def configure(self, config: Config) -> int:
        """Record and apply a configuration: CONFIGURATION_LOADED and the settings that differ; returns how many,
        those that nothing but people read included.

        Continuity plans in force stay so. Raises ConfigError before anything is changed; SettingsRefused after, naming
        the settings that routing refused: those keep what they were.
        """
        directory = compile_directory(config, self.state.directory)
        changes = compile_settings(in_force(config, self.state.plans.effects()), directory, self.state.settings())
        self.config = config
        described = directory.changes_since(self.state.directory)
        self.state.directory = directory
        self.views.settle()
        loaded = empty_rows(1)
        loaded["kind"] = CONFIGURATION_LOADED
        changed = len(changes) + described
        self.record(loaded, encode_directory(directory, Loading(config.digest, changed)))
        frames = self.record(changes)
        self.views.reconfigure(directory)
        refused = refused_settings((frame.turn.rows for frame in frames), directory)
        if refused:
            raise SettingsRefused(refused)
        return changed

    def record(self, rows: Any, payload: bytes = b"") -> list[Concluded]:
        """Record rows that are the driver's own, decided like all others; return what became of them."""
        if not len(rows):
            return []
        frames = self._working_maker().record(self._now_ns(), rows, payload)
        self._take_in(frames)
        self._deadline_ns = next_deadline_ns(self.state.tables)
        self._set_alarm()
        return frames

    # --- turns

    def _require_room(self, facts: Sequence[Observed]) -> None:
        log = self.log
        if self._stopping:
            raise Overloaded("the engine is stopping")
        if log.staged_bytes > STAGED_MAX_BYTES and not all(type(fact) in ENDING for fact in facts):
            raise Overloaded(f"{log.staged_bytes} bytes are waiting for the disk")
        if not log.admitting and any(type(fact) is ContactArrived for fact in facts):
            if log.disk_full:
                raise Overloaded("there is no disk space for new contacts", retry_after_s=30)
            raise Overloaded("the disk is slow: the log waits for its next segment", retry_after_s=2)
        arrivals = arrivals_among(facts)
        if arrivals and FREEING.isdisjoint(map(type, facts)):
            self._require_slots(arrivals)

    def _require_slots(self, arrivals: int) -> None:
        """Raise ContactsFull where so many contacts do not fit; more than ever fit are answered one by one instead."""
        free = int(self.state.tables.book["slot_count"][0]) - SLOTS_KEPT_FREE
        free -= self.inbox.arrivals + self.callbacks.waiting
        if free < min(arrivals, len(self.state.tables.slots) - SLOTS_KEPT_FREE):
            fits = f"there is room for {free} more, not for {arrivals}" if free > 0 else "no more fit"
            open_now = len(self.state.contacts)
            raise ContactsFull(f"{open_now} contacts are open, and {fits}; raise limits.contacts", retry_after_s=2)

    def _schedule(self) -> None:
        if not self._turn_due and self._loop is not None:
            self._turn_due = True
            self._loop.call_soon(self._tick)

    def _tick(self) -> None:
        self._turn_due = False
        try:
            self._make_turns()
        except Exception as error:
            # State and log may differ from here on; only a restart from the log is safe.
            logger.exception("a turn could not be made")
            self._on_fatal(f"a turn could not be made: {type(error).__name__}: {error}")

    def _make_turns(self) -> None:
        maker = self._working_maker()
        if self.standstill.is_on or self._stopped:
            return
        for _ in range(ROUNDS_PER_TICK):
            now_ns = self._now_ns()
            due = self._deadline_ns <= now_ns
            if not due and not self.inbox:
                break
            made = maker.make(now_ns, with_deadline=due)
            self._deadline_ns = next_deadline_ns(self.state.tables)
            self._take_in(made.frames)
            self._attached().promise(made.finished)
            self.counters["turns"] += 1
        else:
            self._schedule()
        self._set_alarm()

    def _now_ns(self) -> int:
        return max(self.clock.now_ns(), self.state.now_ns)

    def _take_in(self, frames: list[Concluded]) -> None:
        owners, settlement = self.state.interned.owners, self._attached()
        for turn, effects, callbacks in frames:
            settlement.add(turn)
            if effects:
                carrier = self.outbox.carrier
                held = [(carrier(owners[source], calls_back), effect) for source, effect, calls_back in effects]
                self.outbox.hold(turn.last_seq, held)
            self.counters["rows"] += len(turn.rows)
            self.counters["frames"] += 1
            for owed in callbacks:
                self.queue_callback(owed)
        settlement.look()

    def queue_callback(self, owed: OwedCallback) -> None:
        """Queue the contact that calls a customer back, in the place that was given up; once, however often asked."""
        if self._loop is not None:
            self.callbacks.queue(owed)

    def _bring(self, source: int, arrival: ContactArrived) -> "asyncio.Future[list[Receipt]]":
        """Hand in a contact of the engine's own, whatever is waiting."""
        assert self._loop is not None, "the engine does not run yet"
        submission = Submission(self.state.interned.numbered(source), [arrival], self._loop.create_future())
        self.inbox.put(submission, always=True)
        self._schedule()
        return submission.future

    # --- time

    def _set_alarm(self) -> None:
        """Wake up for the next deadline. An alarm that is too early stays: it finds nothing due and is set anew."""
        deadline_ns = self._deadline_ns
        if self._loop is None or deadline_ns >= self._alarm_ns:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_ns = deadline_ns
        delay_s = max(0.0, (deadline_ns - self.clock.now_ns()) / 1e9)
        self._alarm = self._loop.call_later(delay_s, self._ring)

    def _ring(self) -> None:
        self._alarm, self._alarm_ns = None, NEVER_NS
        self._schedule()

    def _inform_waiting(self) -> None:
        """Tell waiting customers where they are; what is told is true at the last turn, so it waits for that one."""
        assert self._loop is not None
        self._informer = self._loop.call_later(INFORM_EVERY_S, self._inform_waiting)
        if self._deadline_ns <= self._now_ns():  # timers of the loop stand still while the machine sleeps
            self._schedule()
        self.callbacks.again()
        if self._maker is None or not len(self.state.contacts):
            return
        owners, carrier, due = self.state.interned.owners, self.outbox.carrier, self._maker.lines.due(self._now_ns())
        effects = [(carrier(owners[source], calls_back), effect) for source, effect, calls_back in due]
        self.outbox.hold(self.state.seq, effects)
        self.outbox.release(self.log.durable_seq)

    def _attached(self) -> Settlement:
        assert self._settlement is not None, "the engine has no log yet"
        return self._settlement

    def _working_maker(self) -> TurnMaker:
        assert self._maker is not None, "the engine has no log yet"
        return self._maker


def end_process(reason: str) -> None:
    """Say why and end the process at once: whatever state and log say, the log is right, and a restart reads it."""
    logger.critical("the engine cannot go on: %s", reason)
    logging.shutdown()
    os._exit(FATAL_EXIT_CODE)
