"""Runs say what their frames say, wherever segments and runs are cut and whatever payloads look like."""

import random
from collections.abc import Sequence

import numpy as np
import pytest

from engine.errors import LogDamaged
from engine.log.frame import ALIGN, HEADER, MAGIC
from engine.log.reader import read_log, read_runs
from engine.log.runs import runs
from engine.log.segment import segment_paths
from engine.log.writer import Staging
from engine.log_port import Turn
from engine.messages.rows import ROW
from tests.log.simulated_disk import SimulatedDisk
from tests.log.support import FOLDER, open_writer

FAKE_HEADER = HEADER.pack(MAGIC, ALIGN, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0)
"""What a payload could hold at the worst: the begin of a frame, at the place of one."""


def written(seed: int, turns: int = 120) -> SimulatedDisk:
    """A log of several segments; every payload says whose it is."""
    disk, draw = SimulatedDisk(), random.Random(seed)
    writer, seq = open_writer(disk), 1
    for _ in range(turns):
        rows, payload = np.zeros(draw.choice((1, 1, 2, 7, 30)), ROW), b""
        rows["a"] = np.arange(seq, seq + len(rows))
        for row in rows:
            if draw.random() < 0.6:
                own = str(row["a"]).encode() if draw.random() < 0.7 else FAKE_HEADER * draw.choice((1, 3))
                row["payload_offset"], row["payload_size"] = len(payload), len(own)
                payload += own
        staging = Staging()
        staging.add(rows, payload, seq, at_ns=seq)
        writer.write_group(staging)
        if draw.random() < 0.2:
            writer.write_marker()
        seq += len(rows)
    return disk


def told(turns: Sequence[Turn]) -> list[tuple[int, int, bytes]]:
    """(sequence, a, payload) of every row."""
    return [
        (seq, int(row["a"]), bytes(turn.payload[row["payload_offset"] : row["payload_offset"] + row["payload_size"]]))
        for turn in turns
        for seq, row in enumerate(turn.rows, turn.first_seq)
    ]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("run_rows", [1, 40, 100_000])
def test_runs_say_what_frames_say(monkeypatch: pytest.MonkeyPatch, seed: int, run_rows: int) -> None:
    monkeypatch.setattr("engine.log.runs.RUN_ROWS", run_rows)
    disk = written(seed)
    assert len(segment_paths(disk, FOLDER)) > 2
    frames = list(read_log(FOLDER, dtype=ROW, ops=disk))
    apart = [Turn(frame.first_seq, frame.last_seq, frame.rows, frame.payload) for frame in frames]
    from_files = list(read_runs(FOLDER, ops=disk))
    assert told(from_files) == told(list(runs(frames))) == told(apart)
    assert all(run.last_seq - run.first_seq + 1 == len(run.rows) for run in from_files)
    last_seq = frames[-1].last_seq
    for first, last in ((1, 5), (17, 17), (last_seq // 2, last_seq), (last_seq, last_seq)):
        held = [turn for turn in apart if turn.last_seq >= first and turn.first_seq <= last]
        assert told(list(read_runs(FOLDER, first, last, ops=disk))) == told(held)


def test_runs_end_where_a_frame_is_not_intact() -> None:
    disk = written(1)
    paths = segment_paths(disk, FOLDER)
    disk.names[paths[1]].data[4096 + 70] ^= 1
    with pytest.raises(LogDamaged) as caught:
        list(read_runs(FOLDER, ops=disk))
    assert (caught.value.path, caught.value.seq) == (paths[1], int(paths[1].stem))
