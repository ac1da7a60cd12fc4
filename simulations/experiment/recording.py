"""A replication as a real log: `trunkline verify` decides it again, and every read model of the engine reads it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from engine.errors import LogError
from engine.ingest.names import NamesRecord
from engine.kernel.step import ROOM
from engine.kernel.tables import Capacity
from engine.log.event_log import SegmentLog
from engine.messages.kinds import CHANNEL_NAMES, CONFIGURATION_LOADED, CONTACT_ARRIVED, ENGINE_STARTED, FIRST_DECIDED
from engine.messages.observed import ContactArrived
from engine.messages.rows import empty_rows
from engine.model.directory import encode_directory
from engine.state import EngineRecord
from engine.version import installed_version
from simulations.experiment.runner import Played, ReplicationRunner
from simulations.experiment.whole import made
from simulations.scenario.scenario import Scenario

SOURCE_NAME: Final = "simulation"
BUFFER_ROWS: Final = 8 * ROOM
FRAME_ROWS: Final = 2048
"""Rows after which a turn ends, about."""
UNSTAGED_MAX: Final = 64 << 20

_encode: Final = msgspec.msgpack.Encoder().encode


def record(scenario: Scenario, seed: int, replication: int, data: Path) -> Played:
    """Play one replication and write all its rows as the log in `data`, as an engine would have, were it so fast.

    Raises LogError if there is a log already, SimulationFailed and OSError.
    """
    pilot = ReplicationRunner(scenario.model)
    pilot.play(seed, replication)
    runner = ReplicationRunner(pilot.settled, log_rows=BUFFER_ROWS)
    with _new_log(data) as log:
        if log.durable_seq:
            raise LogError(f"there is a log in {data} already: name another folder")
        recorder = _Recorder(scenario, pilot.settled.capacity, log)
        played = runner.play(seed, replication, recorder.take)
        recorder.finish()
        log.flush()
    return played


@contextmanager
def _new_log(data: Path) -> Iterator[SegmentLog]:
    """Open the log in `data`; where that or what is written into it fails, nothing stays of one that was not there."""
    folder = data / "log"
    was_there = folder.exists()
    with made(data):
        try:
            log = SegmentLog.open(folder)
            try:
                yield log
            finally:
                log.close()
        except BaseException:
            if not was_there:
                shutil.rmtree(folder, ignore_errors=True)
            raise


class _Recorder:
    """Turns rows into frames with the payloads that the engine reads."""

    def __init__(self, scenario: Scenario, capacity: Capacity, log: SegmentLog) -> None:
        self._scenario = scenario
        self._log = log
        self._queues = list(scenario.file.queues)
        retries = [queue.patience.retry for queue in scenario.file.queues.values()]
        self._anybody_returns = any(one is not None for one in retries)
        self._channels = [CHANNEL_NAMES[queue.channel] for queue in scenario.file.queues.values()]
        self._trunks = list(scenario.file.trunk_groups)
        names = NamesRecord(first_source=1, sources=((SOURCE_NAME, SOURCE_NAME),))
        self._started = _encode(EngineRecord(installed_version(), capacity, names))
        self._number = 0
        self._at_ns = 0
        self._rest: np.ndarray[Any, Any] = np.asarray(empty_rows(0))

    def take(self, rows: "np.ndarray[Any, Any]") -> None:
        """Write down rows, whole turns as far as there are any."""
        self._rest = np.concatenate([self._rest, rows])
        firsts = np.flatnonzero(self._rest["kind"] < FIRST_DECIDED)
        start = 0
        while len(self._rest) - start > FRAME_ROWS:
            after = firsts[np.searchsorted(firsts, start + FRAME_ROWS) :]
            if not len(after):
                break
            self._write(self._rest[start : after[0]])
            start = int(after[0])
        self._rest = self._rest[start:].copy()

    def finish(self) -> None:
        """Write down what is left."""
        if len(self._rest):
            self._write(self._rest)

    def _write(self, rows: "np.ndarray[Any, Any]") -> None:
        rows, payload = rows.copy(), bytearray()
        for place in np.flatnonzero(rows["kind"] == CONTACT_ARRIVED).tolist():
            self._attach(rows, place, payload, self._arrival(rows[place]))
        for place in np.flatnonzero(rows["kind"] == ENGINE_STARTED).tolist():
            self._attach(rows, place, payload, self._started)
        for place in np.flatnonzero(rows["kind"] == CONFIGURATION_LOADED).tolist():
            self._attach(rows, place, payload, encode_directory(self._scenario.model.directory))
        rows["dedupe"] = 0  # whose they are the payloads say; nothing came twice
        self._at_ns = max(self._at_ns, int(rows["at_ns"][0]))
        self._log.append(rows, payload, self._at_ns)
        if self._log.staged_bytes > UNSTAGED_MAX:
            self._log.flush()

    def _attach(self, rows: Any, place: int, payload: bytearray, body: bytes) -> None:
        rows["payload_offset"][place], rows["payload_size"][place] = len(payload), len(body)
        payload += body

    def _arrival(self, row: Any) -> bytes:
        self._number += 1
        queue, trunk = int(row["queue"]), (int(row["a"]) >> 32 & 0xFFFF) - 1
        name = f"{self._queues[queue]}-{self._number}"
        return _encode(
            ContactArrived(
                contact=name,
                queue=self._queues[queue],
                channel=self._channels[queue],  # type: ignore[arg-type]
                priority=int(row["a"]) >> 8 & 0xFF,
                trunk_group=self._trunks[trunk] if trunk >= 0 else "",
                customer=f"{self._queues[queue]}-customer-{int(row['dedupe'])}" if self._anybody_returns else "",
            )
        )
