"""`kill -9` under load, round after round: is every answered fact still there, and has a contact one owner?

The real program serves HTTP while four senders and a stream of effects keep it busy; it is killed at a random moment,
its log is read as it lies, compared with every answer that was given, audited, and it starts again on the same folder.
In the end it stops in order, and the whole log is decided again. The bound is zero, for each of the figures.
"""

import asyncio
import random
from pathlib import Path
from typing import Any, Final

import msgspec
import uvloop

from benchmarks.history import config_file, folder_here
from benchmarks.kill_load import Acknowledged, Load
from benchmarks.report import Line, line
from benchmarks.served import Served, free_port
from engine.kernel.audit import audit
from engine.log.reader import read_log
from engine.log.runs import runs
from engine.log_port import Turn
from engine.messages.kinds import CONTACT_ANSWERED, CONTACT_ARRIVED, CONTACT_QUEUED, KIND_NAMES
from engine.messages.observed import ContactArrived
from engine.messages.rows import ROW
from engine.replay.apply import StateReplay
from engine.replay.restore import LOG_FOLDER, capacity_of_log
from engine.replay.verify import verify
from engine.state import EngineState, payload_of

NAMES: Final = ("kill_rounds",)
ROUNDS: Final = 100
AGENTS: Final = 40
LIFE_S: Final = (0.1, 0.8)
"""How long the engine lives under load: evenly between."""
SEED: Final = 11


class Findings(msgspec.Struct):
    """What went wrong over all rounds, each of which must be 0."""

    lost: int = 0
    """Acknowledged facts that the log does not hold at the sequence that was told."""
    two_owners: int = 0
    """Contacts answered twice for one time in a queue, or with two agents at once."""
    twice: int = 0
    """Facts with an id that the log holds more than once."""
    violations: int = 0
    """Other invariants that do not hold."""


class Witness:
    """Reads the log of a dead engine from where it stopped reading, and compares."""

    def __init__(self, data: Path) -> None:
        self._folder = data / LOG_FOLDER
        self._replay: StateReplay | None = None
        self._state: EngineState | None = None
        self._next_seq = 1
        self._kinds: dict[int, str] = {}
        self._names: dict[int, str] = {}
        self._ids: set[str] = set()
        self._queued: dict[int, bool] = {}
        """By slot: whether its contact is in a queue and not answered."""
        self.findings = Findings()

    def read(self) -> int:
        """Take in everything new, and audit the state that it leads to; returns the rows read."""
        if self._replay is None:
            self._state = EngineState(capacity_of_log(read_log(self._folder, dtype=ROW)))
            self._replay = StateReplay(self._state)
        assert self._state is not None
        before = self._next_seq
        for run in runs(read_log(self._folder, self._next_seq, dtype=ROW)):
            self._replay.apply(run)
            self._note(run)
            self._next_seq = run.last_seq + 1
        faults = audit(self._state.tables)
        owners = sum("two owners" in fault for fault in faults)
        self.findings.two_owners += owners
        self.findings.violations += len(faults) - owners
        return self._next_seq - before

    def _note(self, run: Turn) -> None:
        rows: Any = run.rows
        for place, (kind, slot) in enumerate(zip(rows["kind"].tolist(), rows["contact"].tolist(), strict=True)):
            seq = run.first_seq + place
            self._kinds[seq] = KIND_NAMES[kind]
            if kind == CONTACT_ARRIVED:
                fact = msgspec.msgpack.decode(payload_of(run, place), type=ContactArrived)
                self._names[seq] = fact.contact
                self.findings.twice += fact.id in self._ids
                self._ids.add(fact.id)
            elif kind == CONTACT_QUEUED:
                self._queued[slot] = True
            elif kind == CONTACT_ANSWERED:
                self.findings.two_owners += not self._queued.get(slot, False)
                self._queued[slot] = False

    def compare(self, answers: list[Acknowledged]) -> None:
        """Look up every answer."""
        for answer in answers:
            there = self._kinds.get(answer.seq) == answer.kind
            if answer.kind == "contact_arrived":
                there = there and self._names[answer.seq] == answer.contact
            self.findings.lost += not there


def run(rounds: int = ROUNDS) -> list[Line]:
    """Kill it `rounds` times; one line."""
    with folder_here() as folder:
        return [uvloop.run(kill_rounds(folder, rounds))]


async def kill_rounds(folder: Path, rounds: int) -> Line:
    """Live, be killed, be compared; then stop well and verify."""
    chance, port, data = random.Random(SEED), free_port(), folder / "data"
    file = config_file(
        folder,
        agents=AGENTS,
        contacts=8192,
        adapters=f"adapters: {{http: {{port: {port}, requests_per_second: 100000}}}}",
    )
    load = Load(
        f"http://127.0.0.1:{port}",
        [f"agent{number:05}" for number in range(1, AGENTS + 1)],
        [f"q{number:02}" for number in range(1, 21)],
    )
    witness, rows, answers = Witness(data), 0, 0
    for _ in range(rounds):
        served = Served(file, data, port)
        try:
            await served.wait_ready()
            working = asyncio.create_task(load.run())
            await asyncio.wait((working,), timeout=chance.uniform(*LIFE_S))
        finally:
            served.kill()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        rows += await asyncio.to_thread(witness.read)
        witness.compare(load.acknowledged)
        answers += len(load.acknowledged)
        load.acknowledged.clear()
    report = await _last_life(file, data, port)
    found = msgspec.to_builtins(witness.findings)
    return line(
        "kill_rounds",
        sum(found.values()) + len(report),
        "faults",
        {"name": "bound: none may be", "faults": 0},
        rounds=rounds,
        acknowledged_facts=answers,
        repeated_facts=load.duplicates,
        rows=rows,
        **found,
        verified=report or "every row decided again as recorded, recounted and audited",
    )


async def _last_life(file: Path, data: Path, port: int) -> str:
    """Start once more, stop in order, and decide the whole log again; empty if all is well."""
    served = Served(file, data, port)
    try:
        await served.wait_ready()
    finally:
        code = served.stop()
    report = await asyncio.to_thread(verify, data)
    return "" if report.ok and code == 0 else f"exit code {code}; {report}"
