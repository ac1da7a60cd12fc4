"""One engine with its log, its adapters and its opening hours, from recovery to a clean stop."""

import asyncio
import contextlib
import gc
import logging
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from engine.config.sections import Config
from engine.errors import SettingsRefused
from engine.live.adapters import Adapters, callers_among
from engine.live.cases import CaseWork
from engine.live.clock import LiveClock
from engine.live.files_in_doubt import settle_files
from engine.live.forecasters import installed_forecaster
from engine.live.left_behind import left_behind
from engine.live.loop import LiveEngine
from engine.live.opening import OpeningHoursDriver
from engine.live.plans import PlanDriver
from engine.live.recovered import Recovered, record_told
from engine.live.room import require_room, room_for, too_short
from engine.live.snapshots import Snapshots, newest_seq
from engine.live.ticker import Ticker
from engine.live.upkeep import Upkeep
from engine.log.attachments import AttachmentStore
from engine.log.event_log import SegmentLog
from engine.log.segment import DEFAULT_SEGMENT_BYTES
from engine.log.snapshot import SnapshotStore
from engine.messages.kinds import ENGINE_STARTED
from engine.messages.rows import ROW, SCHEMA, empty_rows
from engine.model.directory import Directory
from engine.ports import AdapterStatus
from engine.replay.base import load_base
from engine.replay.restore import LOG_FOLDER, SNAPSHOT_FOLDER, capacity_of_log, restore
from engine.state import EngineRecord, EngineState
from engine.version import installed_version

SWITCH_INTERVAL_S: Final = 1e-4
"""How long the loop may keep the log's thread from running: twenty times shorter commits than by default."""
MIB: Final = 1 << 20
LOOK_AT_SPACE_EVERY_S: Final = 1.0
ADAPTER_FOLDER: Final = "adapters"
"""Of the data folder: what adapters keep as caches."""
ATTACHMENT_FOLDER: Final = "attachments"
"""Of the data folder: the bytes of files that went with messages."""
STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)

logger = logging.getLogger(__name__)


class SpaceWatch:
    """Says in the log when new contacts are kept out for lack of disk space, and when that is over."""

    def __init__(self, log: SegmentLog, folder: Path, segment_bytes: int, counters: Counter[str]) -> None:
        self._log = log
        self._folder = folder
        self._needed_bytes = segment_bytes
        self._said = (True, False)
        self._ticker = Ticker("the watch over disk space", LOOK_AT_SPACE_EVERY_S, self._look, counters)

    def look(self) -> None:
        """Compare with the last look, say what changed, and look again in a while."""
        self._ticker.tick()

    def _look(self) -> None:
        admitting = self._log.admitting
        found = (admitting, not admitting and self._log.disk_full)
        if found != self._said:
            self._say(*found)
            self._said = found

    def _say(self, admitting: bool, disk_full: bool) -> None:
        if admitting:
            logger.warning("the log in %s has room again: new contacts are taken", self._folder)
        elif disk_full:
            needed_bytes, free_bytes = self._needed_bytes, shutil.disk_usage(self._folder).free
            logger.warning(
                "new contacts are refused for lack of disk space in %s: the next segment needs %d bytes (%.0f MiB),"
                " %d (%.0f MiB) are free; make room, and they are taken again by themselves",
                *(self._folder, needed_bytes, needed_bytes / MIB, free_bytes, free_bytes / MIB),
            )
        else:
            logger.warning(
                "new contacts are refused for a moment: the disk of %s is too slow to have the next segment of the log"
                " ready in time; where that lasts, look what else writes to it",
                self._folder,
            )

    def stop(self) -> None:
        """Look no more."""
        self._ticker.stop()


class Reloaded(NamedTuple):
    """What another configuration changed."""

    settings: int
    sections: list[str]
    """Of the file, beside what the engine itself follows: others follow these."""


class EngineHost:
    """Everything that one process runs. `start` recovers and opens the doors, `stop` closes them and the log."""

    def __init__(self, config: Config, data: Path, *, segment_bytes: int = DEFAULT_SEGMENT_BYTES) -> None:
        self.config = config
        self._data = data
        self._segment_bytes = segment_bytes
        self._log: SegmentLog | None = None
        self._engine: LiveEngine | None = None
        self._adapters: Adapters | None = None
        self._hours: OpeningHoursDriver | None = None
        self._plans: PlanDriver | None = None
        self._cases: CaseWork | None = None
        self._snapshots: Snapshots | None = None
        self._upkeep: Upkeep | None = None
        self._space: SpaceWatch | None = None
        self._switch_interval_s = sys.getswitchinterval()

    @property
    def engine(self) -> LiveEngine:
        """The engine; there is one from `start` on."""
        assert self._engine is not None, "not started"
        return self._engine

    @property
    def plans(self) -> PlanDriver:
        """The continuity plans; there are some from `start` on."""
        assert self._plans is not None, "not started"
        return self._plans

    async def start(self) -> None:
        """Recover from the log, record the start and the configuration, start adapters.

        Raises ConfigError, LogDamaged, LogLocked, LogError, AdapterFailed or OSError; the log is closed again then.
        """
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        gc.disable()  # a recovery makes much and leaves little behind; upkeep collects from then on
        try:
            await self._start()
        except BaseException:
            try:
                await self.stop()
            finally:
                gc.enable()
            raise

    async def stop(self) -> None:
        """Stop adapters, decide what they left, make it durable, write a snapshot, close the log."""
        if self._hours is not None:
            self._hours.stop()
        if self._plans is not None:
            self._plans.stop()
        if self._cases is not None:
            self._cases.stop()
        if self._upkeep is not None:
            self._upkeep.stop()
        if self._space is not None:
            self._space.stop()
        try:
            if self._adapters is not None:
                await self._adapters.stop()
            if self._engine is not None:
                await self._engine.stop()
            if self._snapshots is not None:
                await self._snapshots.finish()
        finally:
            if self._log is not None:
                self._log.close()
                self._log = None
            sys.setswitchinterval(self._switch_interval_s)

    async def reload(self, config: Config) -> Reloaded:
        """Follow another configuration while running; returns what changed, once durable.

        Queues, agents, skills, trunk groups and opening hours follow at once, as far as there is room, and so do
        adapters that can; limits beyond that and other adapters' settings need a restart. Raises ConfigError with
        nothing changed, SettingsRefused with everything changed but what it names: refused, failed, or for a restart.
        """
        require_room(self.engine.state.capacity, config)
        changed, refused = 0, too_short(self.engine.state.capacity, config)
        before = self.engine.state.directory
        sections = ["opening_hours"] if config.opening_hours != self.config.opening_hours else []
        try:
            changed = self.engine.configure(config)
        except SettingsRefused as error:
            refused += error.faults
        self.config = config
        with _going_on("continuity plans", refused):
            self.plans.follow()
        with _going_on("the look at who is left behind", refused):
            self._tell_left_behind(before)
        with _going_on("the adapters", refused):
            if self._adapters is not None:
                followed = self._adapters.reload(config.adapters, config.endpoints())
                refused += followed.faults
                sections += [f"adapters.{name}" for name in followed.names]
        with _going_on("opening hours", refused):
            if self._hours is not None:
                self._hours.reload(config)
        config.let_go()
        with _going_on("the log", refused):
            await self.engine.durable()
        self.engine.loads.followed(refused)
        if refused:
            raise SettingsRefused(refused)
        return Reloaded(changed, sections)

    def status(self) -> list[AdapterStatus]:
        """How the adapters are doing."""
        return self._adapters.status() if self._adapters is not None else []

    async def _start(self) -> None:
        config, data = self.config, self._data
        log = self._log = self._open_log(newest_seq(data / SNAPSHOT_FOLDER))
        snapshots = self._snapshots = Snapshots(data / SNAPSHOT_FOLDER, log)
        state = self._recover(log, snapshots)
        replay = restore(log, state)
        is_new, stopped_ns = state.seq == 0, state.now_ns
        state.grow(room_for(config, state.capacity))
        engine = LiveEngine(state, clock=LiveClock(log.last_at_ns), inbox_capacity=config.limits.inbox)
        engine.attach(log, snapshots.quality())
        engine.beginning_of_past = snapshots.beginning_of_past
        self._engine = engine
        engine.outbox.callers = callers_among(config.adapters)
        recovered = Recovered(state, replay.closed, engine.outbox.carrier)
        engine.run()
        self._record_start()
        self._configure(engine)
        for owed in replay.owed:
            engine.queue_callback(owed)
        self._hours = OpeningHoursDriver(engine, config)
        self._hours.start(0 if is_new else stopped_ns)
        self._plans = PlanDriver(engine, self._hours, installed_forecaster())
        self._plans.start()
        await engine.durable()
        attachments = AttachmentStore(data / ATTACHMENT_FOLDER, lambda: log.durable_seq)
        settle_files(attachments, log)
        self._adapters = Adapters(
            *(engine, config.adapters, config.endpoints()),
            folder=data / ADAPTER_FOLDER,
            attachments=attachments,
            plans=self._plans,
        )
        record_told(engine, await self._adapters.start(recovered))
        self._tell_left_behind()
        self._cases = CaseWork(engine)
        self._cases.start()
        snapshots.follow(engine)  # not before: a start from a snapshot sees no ends that the log has before it
        self._upkeep = Upkeep(engine)
        self._upkeep.start()
        self._space = SpaceWatch(log, self._data / LOG_FOLDER, self._segment_bytes, engine.counters)
        self._space.look()
        config.let_go()

    def _configure(self, engine: LiveEngine) -> None:
        """Follow the configuration; a service that a reload left with a part of it comes back with that part."""
        refused: list[str] = []
        try:
            engine.configure(self.config)
        except SettingsRefused as error:
            refused = error.faults
        engine.loads.followed(refused)
        for fault in refused:
            logger.error("the configuration is followed but for this: %s", fault)

    def _tell_left_behind(self, before: Directory | None = None) -> None:
        """Log who is still in what is not configured any more; see `left_behind`."""
        for sentence in left_behind(self.engine.state.tables, self.engine.state.directory, before):
            logger.warning("%s", sentence)

    def _open_log(self, covered_seq: int) -> SegmentLog:
        def on_durable(seq: int) -> None:
            if self._engine is not None:
                self._engine.on_durable(seq)

        folder = self._data / LOG_FOLDER
        return SegmentLog.open(
            folder,
            on_durable=on_durable,
            segment_bytes=self._segment_bytes,
            row_dtype=ROW,
            schema=SCHEMA,
            verify_from_seq=max(1, covered_seq),
            witnesses=SnapshotStore(self._data / SNAPSHOT_FOLDER).witnesses(),
        )

    def _recover(self, log: SegmentLog, snapshots: Snapshots) -> EngineState:
        """The state of the newest snapshot that fits, or that at which the log begins."""
        remembered = self.config.limits.remembered_facts
        if not log.durable_seq:
            return EngineState(room_for(self.config), remembered)
        snapshot = snapshots.begin_at_newest()
        if snapshot is None:
            return self._begin(log, snapshots)
        try:
            state = EngineState(snapshot.capacity, remembered)
            state.load(snapshot.parts)
        except Exception:
            # It is whole, so it was written so: a cache must not keep the log from being read.
            logger.exception("a snapshot cannot be taken over; the log is read from where it begins instead")
            snapshots.forget()
            return self._begin(log, snapshots)
        logger.info("recovered up to sequence %d from a snapshot", state.seq)
        return state

    def _begin(self, log: SegmentLog, snapshots: Snapshots) -> EngineState:
        """An empty state of the size that the log began with; where its first part was deleted, what was kept of it."""
        remembered = self.config.limits.remembered_facts
        base = snapshots.begin_at_base()
        if base is None:
            return EngineState(capacity_of_log(log.read()), remembered)
        state = load_base(base, remembered)
        logger.info("recovered up to sequence %d from the state at which the log begins", state.seq)
        return state

    def _record_start(self) -> None:
        state = self.engine.state
        row = empty_rows(1)
        row["kind"] = ENGINE_STARTED
        record = EngineRecord(installed_version(), state.capacity, state.interned.record(everything=True))
        self.engine.record(row, msgspec.msgpack.encode(record))


@contextlib.contextmanager
def _going_on(part: str, faults: list[str]) -> Iterator[None]:
    """Let one part of the process follow a configuration that routing follows: if it fails, that is one of `faults`."""
    try:
        yield
    except Exception as error:
        logger.exception("%s failed to follow the configuration", part)
        faults.append(f"{part} failed to follow the configuration: {type(error).__name__}: {error}; restart the engine")


async def serve(config: Config, data: Path, *, ready: Callable[[EngineHost], None] | None = None) -> None:
    """Run one engine over the data folder until SIGINT or SIGTERM; `ready` is called once it takes contacts.

    Raises what `EngineHost.start` raises.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    host = EngineHost(config, data)
    await host.start()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stopping.set)
    try:
        if ready is not None:
            ready(host)
        # Said last, when every signal has its handler: who waits for this line may send one at once.
        logger.info("ready at sequence %d", host.engine.state.seq)
        await stopping.wait()
        logger.info("stopping")
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)
        await host.stop()
        logger.info("stopped at sequence %d", host.engine.state.seq)
