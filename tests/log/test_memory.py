"""The log in memory keeps the same contract as the log on disk."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine.errors import LogError, LogWriteFailed
from engine.log.event_log import SegmentLog
from engine.log.memory import MemoryLog
from tests.log.simulated_disk import SimulatedDisk
from tests.log.support import FOLDER, make_payload, make_rows

AnyLog = MemoryLog | SegmentLog
TYPED = np.dtype([("word", "u8", (8,))])


def memory(**options: Any) -> AnyLog:
    return MemoryLog(**options)


def on_simulated_disk(**options: Any) -> AnyLog:
    return SegmentLog.open(FOLDER, segment_bytes=8192, ops=SimulatedDisk(), **options)


both = pytest.mark.parametrize("make", [memory, on_simulated_disk])
Make = Callable[..., AnyLog]


@both
def test_rows_of_the_given_type_come_back(make: Make) -> None:
    told: list[int] = []
    log = make(row_dtype=TYPED, on_durable=told.append, schema=7)
    assert (log.next_seq, log.durable_seq, log.staged_bytes, log.admitting) == (1, 0, 0, True)
    for count in (3, 40, 1):
        seq = log.next_seq
        assert log.append(make_rows(seq, count), make_payload(seq, count), seq * 1000) == seq + count - 1
    log.flush()
    assert (log.next_seq, log.durable_seq, log.staged_bytes, told[-1]) == (45, 44, 0, 44)
    frames = list(log.read())
    assert [(f.first_seq, f.last_seq, f.at_ns, f.schema) for f in frames] == [
        (1, 3, 1000, 7), (4, 43, 4000, 7), (44, 44, 44000, 7)
    ]  # fmt: skip
    for frame in frames:
        assert frame.rows.dtype == TYPED
        assert frame.rows.tobytes() == make_rows(frame.first_seq, len(frame.rows)).tobytes()
        assert bytes(frame.payload) == make_payload(frame.first_seq, len(frame.rows))
        assert not frame.rows.flags.writeable
        assert frame.payload.readonly
    log.close()


@both
def test_reading_from_a_sequence_begins_with_the_turn_that_holds_it(make: Make) -> None:
    log = make()
    for count in (3, 40, 1):
        log.append(make_rows(1, count), b"", 1)
    log.flush()
    starts = {seq: [frame.first_seq for frame in log.read(seq)] for seq in (1, 3, 4, 43, 44, 45)}
    assert starts == {1: [1, 4, 44], 3: [1, 4, 44], 4: [4, 44], 43: [4, 44], 44: [44], 45: []}
    assert log.checksum_at(43) is not None
    assert log.checksum_at(42) is log.checksum_at(45) is log.checksum_at(0) is None
    log.close()


@both
def test_what_was_appended_may_change_afterwards(make: Make) -> None:
    log = make()
    rows, payload = make_rows(1, 2).copy(), bytearray(b"abc")
    log.append(rows, payload, 1)
    rows.view(np.uint8)[:] = 0
    payload[:] = b"xyz"
    log.flush()
    (frame,) = log.read()
    assert frame.rows.tobytes() == make_rows(1, 2).tobytes()
    assert bytes(frame.payload) == b"abc"
    log.close()


@both
def test_refusals(make: Make) -> None:
    log = make()
    log.append(make_rows(1, 1), b"", 10)
    with pytest.raises(LogError, match="without rows"):
        log.append(make_rows(1, 0), b"", 10)
    with pytest.raises(LogError, match="time went backwards"):
        log.append(make_rows(1, 1), b"", 9)
    with pytest.raises(ValueError, match="64 bytes each"):
        log.append(np.zeros(3, np.int32), b"", 10)
    log.flush()
    assert (log.next_seq, log.durable_seq) == (2, 1)
    log.close()
    with pytest.raises(LogWriteFailed, match="closed"):
        log.append(make_rows(1, 1), b"", 10)


def test_held_turns_become_durable_when_flushed() -> None:
    told: list[int] = []
    log = MemoryLog(hold=True, on_durable=told.append)
    log.append(make_rows(1, 2), b"x", 1)
    assert (log.durable_seq, log.staged_bytes, told, list(log.read())) == (0, 256, [], [])
    log.flush()
    log.flush()
    assert (log.durable_seq, log.staged_bytes, told) == (2, 0, [2])
    assert len(list(log.read())) == 1


def test_memory_is_bounded() -> None:
    log = MemoryLog(limit_bytes=1280)
    while log.admitting:
        log.append(make_rows(1, 1), b"", 1)
    log.append(make_rows(1, 1), b"", 1)
    with pytest.raises(LogWriteFailed, match="limit of 1280"):
        log.append(make_rows(1, 2), b"", 1)
    assert log.next_seq == 11
