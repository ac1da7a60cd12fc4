"""A small centre, an engine over any log, and adapters that only write down what they were asked to do."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from engine.config import Config, load_config
from engine.config.compile import compile_directory
from engine.kernel.tables import Capacity
from engine.live.clock import ManualClock
from engine.live.loop import LiveEngine
from engine.log.event_log import SegmentLog
from engine.log.memory import MemoryLog
from engine.log.segment import SMALLEST_SEGMENT_BYTES
from engine.log_port import EventLog
from engine.messages.effects import AnyEffect
from engine.messages.kinds import ENGINE_STARTED
from engine.messages.observed import Observed
from engine.messages.rows import ROW, empty_rows
from engine.ports import Receipt
from engine.replay.restore import LOG_FOLDER, restore
from engine.state import EngineRecord, EngineState

CENTRE = """
service: {name: test centre}
limits: {contacts: 64, agents: 8, queues: 8, trunk_groups: 4, requirements: 16, lines: 32, intervals: 8}
skills: [english, billing, vip]
pause_reasons: [lunch, training]
trunk_groups:
  main: {channels: 10}
queues:
  sales: {strategy: longest-idle, wrap_up: 0s, ring_limit: 20s}
  help: {strategy: longest-idle, wrap_up: 10s, skills: {english: 2}}
  later: {strategy: longest-idle, steps: [{after: 60s, do: callback, to: sales}]}
agents:
  - {name: alice, skills: {english: 5, billing: 5}}
  - {name: bob, skills: {english: 1}}
"""
CAPACITY = Capacity(contacts=64, agents=8, queues=8, trunk_groups=4, requirements=16, lines=32, intervals=8)
START_NS = 1_800_000_000_000_000_000
SECOND_NS = 1_000_000_000
SMALL_SEGMENT_BYTES = 4 * SMALLEST_SEGMENT_BYTES
SPARES_OF_A_DAY = 16
SPARES_WITHIN_S = 60


def load_centre(folder: Path, text: str = CENTRE) -> Config:
    """The configuration of a text; no adapters."""
    file = folder / "centre.yaml"
    file.write_text(text, encoding="utf-8")
    return load_config(file, environment={}, adapters={})


def on_disk(folder: Path) -> Callable[[Callable[[int], None]], SegmentLog]:
    """A maker of a log with segments so small that a day fills several; all it needs are ready before the day begins,
    however busy the disk is.
    """

    def open_log(on_durable: Callable[[int], None]) -> SegmentLog:
        log = SegmentLog.open(
            folder / LOG_FOLDER,
            on_durable=on_durable,
            row_dtype=ROW,
            segment_bytes=SMALL_SEGMENT_BYTES,
            spare_count=SPARES_OF_A_DAY,
        )
        given_up_at = time.monotonic() + SPARES_WITHIN_S
        while log.space_left() < SPARES_OF_A_DAY * SMALL_SEGMENT_BYTES:
            assert time.monotonic() < given_up_at, "the spare segments are not ready in time"
            time.sleep(0.001)
        return log

    (folder / LOG_FOLDER).mkdir(parents=True)
    return open_log


class Fatal(Exception):
    """What a test's engine raises where a real one would end the process."""


class House:
    """One engine over a log, on a clock that stands still; the adapter `desk` writes down its effects."""

    def __init__(
        self,
        config: Config,
        log_of: "Callable[[Callable[[int], None]], EventLog] | None" = None,
        capacity: Capacity = CAPACITY,
    ) -> None:
        self.config = config
        self.capacity = capacity
        self.clock = ManualClock(START_NS)
        self.state = EngineState(capacity, config.limits.remembered_facts)
        self.faults: list[str] = []
        self.effects: list[AnyEffect] = []
        self._signal: Callable[[int], None] = lambda _seq: None
        make = log_of or (lambda on_durable: MemoryLog(row_dtype=ROW, on_durable=on_durable))
        self.log: Any = make(self._on_durable)

    def _on_durable(self, seq: int) -> None:
        self._signal(seq)

    async def open(self) -> "House":
        """Recover what the log has, record the start and the configuration."""
        self.replay = restore(self.log, self.state)
        self.state.grow(self.capacity)
        self.engine = LiveEngine(
            self.state, clock=self.clock, inbox_capacity=self.config.limits.inbox, on_fatal=self.faults.append
        )
        self._signal = self.engine.on_durable
        self.engine.attach(self.log)
        self.engine.outbox.routes["desk"] = self.effects.append
        self.engine.outbox.is_open = True
        self.engine.run()
        row = empty_rows(1)
        row["kind"] = ENGINE_STARTED
        record = EngineRecord("test", self.capacity, self.state.interned.record(everything=True))
        self.engine.record(row, msgspec.msgpack.encode(record))
        self.engine.configure(self.config)
        return self

    async def reopen(self, capacity: Capacity) -> "House":
        """Stop, and open again over the same log with more room."""
        await self.engine.stop()
        begun_with, self.capacity = self.capacity, capacity
        self.state = EngineState(begun_with, self.config.limits.remembered_facts)
        return await self.open()

    def submit(self, *facts: Observed, source: str = "desk") -> "asyncio.Future[list[Receipt]]":
        """Hand facts in for the adapter `desk`."""
        return self.engine.submit_for("desk", source, facts)

    async def tell(self, *facts: Observed, source: str = "desk") -> list[Receipt]:
        """Hand facts in and wait; every one must be accepted."""
        receipts = await self.submit(*facts, source=source)
        assert not [receipt for receipt in receipts if receipt.error or receipt.refused], receipts
        return receipts

    async def pass_time(self, by_s: float) -> None:
        """Let time pass and everything that is due happen."""
        self.clock.advance(int(by_s * SECOND_NS))
        self.engine.wake()
        await self.settle()

    async def settle(self) -> None:
        """Wait until everything taken so far is durable and acted on."""
        await asyncio.sleep(0)
        await self.engine.durable()
        await asyncio.sleep(0)

    def kinds(self, from_seq: int = 1) -> list[int]:
        """Kinds of the rows in the log."""
        return [kind for frame in self.log.read(from_seq) for kind in frame.rows["kind"].tolist()]


@contextlib.asynccontextmanager
async def house(folder: Path, text: str = CENTRE, **options: Any) -> AsyncIterator[House]:
    """A house that is open, and stopped in the end."""
    opened = await House(load_centre(folder, text), **options).open()
    try:
        yield opened
        assert opened.faults == []
    finally:
        await opened.engine.stop()


def new_state(config: Config) -> EngineState:
    """A state that knows the names of a configuration, without a log."""
    state = EngineState(CAPACITY)
    state.directory = compile_directory(config)
    return state


def types_of(effects: Sequence[AnyEffect]) -> Iterator[str]:
    """Names of effects, in order."""
    return (type(effect).__name__ for effect in effects)
