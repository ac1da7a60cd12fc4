"""Makes a log as a busy centre leaves it: a real engine on a real disk, its agents played in the same process.

Every contact arrives, is offered, answered, and released; facts go in and effects come out exactly as an adapter's do,
so each of them waited for the disk. Nothing is made up afterwards: the rows are what the kernel decided.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from engine.config import Config, load_config
from engine.live.host import EngineHost
from engine.log.event_log import SegmentLog
from engine.log.reader import read_runs
from engine.messages.effects import AnyEffect, ConnectContact, OfferContact
from engine.messages.kinds import FIRST_DECIDED
from engine.messages.observed import (
    AgentStatusChanged,
    ContactArrived,
    ContactReleased,
    Observed,
    OfferAnswered,
)
from engine.messages.rows import ROW
from engine.state import payload_of

ADAPTER: Final = "bench"
BATCH: Final = 500
AHEAD_BYTES: Final = 4 << 20
"""How far the re-written log may be ahead of its disk."""
CENTRE: Final = """
service: {{name: benchmark, interval: 1h}}
limits: {{contacts: {contacts}, agents: {agents}, queues: 64, remembered_facts: {remembered}}}
queues:
  q01: {{strategy: longest-idle}}
{queues}
agents:
  - {{name: "agent{{n:05}}", count: {agents}}}
{adapters}
"""


def config_file(
    folder: Path, *, agents: int, contacts: int, queues: int = 20, remembered: int = 1_000_000, adapters: str = ""
) -> Path:
    """Write the configuration of a centre where every agent serves every queue; returns the file."""
    more = "\n".join(f"  q{number:02}: {{strategy: longest-idle}}" for number in range(2, queues + 1))
    text = CENTRE.format(agents=agents, contacts=contacts, queues=more, remembered=remembered, adapters=adapters)
    file = folder / "centre.yaml"
    file.write_text(text, encoding="utf-8")
    return file


class Centre:
    """Callers and agents of one engine; `keep` contacts are in the house at once."""

    def __init__(self, host: EngineHost, agents: int, keep: int) -> None:
        self._host = host
        self._keep = keep
        self._agents = [f"agent{number:05}" for number in range(1, agents + 1)]
        self._number = host.engine.state.seq
        """Names contacts; goes on where an earlier run over the same log has been."""
        self._open = 0
        self._facts: list[Observed] = []
        self._work = asyncio.Event()
        host.engine.outbox.routes[ADAPTER] = self._act

    async def run(self, rows: int) -> None:
        """Work until the log has so many rows."""
        engine = self._host.engine
        for start in range(0, len(self._agents), BATCH):
            here = self._agents[start : start + BATCH]
            await engine.submit("staff", [AgentStatusChanged(agent=agent, status="available") for agent in here])
        while engine.state.seq < rows:
            self._arrive()
            facts, self._facts = self._facts, []
            if not facts:
                self._work.clear()
                await self._work.wait()
                continue
            await asyncio.wait(
                [
                    engine.submit_for(ADAPTER, "bench", facts[start : start + BATCH])
                    for start in range(0, len(facts), BATCH)
                ]
            )

    def _arrive(self) -> None:
        for _ in range(min(BATCH, self._keep - self._open)):
            self._number += 1
            self._open += 1
            name = f"c{self._number}"
            queue = f"q{self._number % 20 + 1:02}"
            self._facts.append(ContactArrived(id=name, contact=name, queue=queue, customer=f"+8490{self._number:07}"))

    def _act(self, effect: AnyEffect) -> None:
        if isinstance(effect, OfferContact):
            self._facts.append(OfferAnswered(contact=effect.contact, agent=effect.agent))
        elif isinstance(effect, ConnectContact):
            self._open -= 1
            self._facts.append(ContactReleased(contact=effect.contact, by="customer"))
        self._work.set()


async def write_history(config: Config, data: Path, rows: int, *, agents: int, keep: int) -> int:
    """Fill the data folder with a log of at least so many rows; returns how many there are."""
    host = EngineHost(config, data)
    await host.start()
    try:
        await Centre(host, agents, keep).run(rows)
    finally:
        await host.stop()
    return host.engine.state.seq


def one_fact_a_turn(source: Path, target: Path) -> int:
    """Write the rows of a log to another, each fact a turn of its own as on a quiet day; returns how many turns."""
    target.mkdir(parents=True)
    log = SegmentLog.open(target, row_dtype=ROW)
    turns = 0
    for run in read_runs(source):
        starts = np.flatnonzero(run.rows["kind"] < FIRST_DECIDED).tolist()
        turns += len(starts)
        for start, end in pairwise([*starts, len(run.rows)]):
            rows, payload = run.rows[start:end], bytes(payload_of(run, start))
            rows["payload_offset"] = 0
            log.append(rows, payload, int(rows["at_ns"][0]))
            if log.staged_bytes > AHEAD_BYTES:
                log.flush()
    log.close()
    return turns


@contextlib.contextmanager
def folder_here() -> Iterator[Path]:
    """A folder on the disk that the benchmark runs on, removed in the end."""
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-") as folder:
        yield Path(folder)


def plain_config(folder: Path, *, agents: int, contacts: int) -> Config:
    """The configuration of `config_file`, read, without adapters."""
    return load_config(config_file(folder, agents=agents, contacts=contacts), adapters={})
