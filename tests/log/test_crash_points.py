"""The power is cut at every system call of the log, and any unsynced sectors are lost."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.log.retention import delete_segments_below
from engine.log.segment import segment_paths
from engine.log.snapshot import Part, SnapshotStore
from tests.log.simulated_disk import PowerCut, SimulatedDisk
from tests.log.support import FOLDER, check_rows, open_writer, write_turns

GROUPS = [[(1, 0)], [(3, 10), (20, 70)], [(30, 0)], [(2, 900)], [(15, 64), (15, 0), (15, 7)], [(40, 3)], [(1, 1)]] * 3
SAMPLE = 40


def write_all(disk: SimulatedDisk, acknowledged: list[int]) -> None:
    """Open, then write all groups with a marker now and then."""
    writer = open_writer(disk, on_durable=acknowledged.append)
    for number, group in enumerate(GROUPS):
        write_turns(writer, group)
        if number % 3 == 0:
            writer.write_marker()


def cut_everywhere(
    start: dict[Path, bytes], work: Callable[[SimulatedDisk], None], check: Callable[[SimulatedDisk], None]
) -> int:
    """Run `work` once for each of its system calls, cut there, and check every state that the disk may be in."""
    rehearsal = SimulatedDisk(start)
    work(rehearsal)
    states = 0
    for call in range(len(rehearsal.calls)):
        disk = SimulatedDisk(start)
        disk.cut_at = call
        with pytest.raises(PowerCut):
            work(disk)
        for images in disk.states_after_cut(SAMPLE, seed=call):
            check(SimulatedDisk(images, seed=call + 100))
            states += 1
    return states


@pytest.mark.slow
def test_every_call_of_appending_and_rolling() -> None:
    acknowledged: list[int] = []

    def work(disk: SimulatedDisk) -> None:
        acknowledged.clear()
        write_all(disk, acknowledged)

    def check(disk: SimulatedDisk) -> None:
        promised = max(acknowledged, default=0)
        writer = open_writer(disk)
        assert writer.durable_seq >= promised
        write_turns(writer, [(4, 9)])
        assert check_rows(disk) == writer.durable_seq >= promised + 4

    assert cut_everywhere({}, work, check) > 600


@pytest.mark.slow
def test_every_call_of_opening_after_a_crash() -> None:
    """A second crash, while recovery zeroes a torn tail, loses nothing either."""
    acknowledged: list[int] = []
    first = SimulatedDisk()
    rehearsal = SimulatedDisk()
    write_all(rehearsal, [])
    torn_at = [number for number, name in enumerate(rehearsal.calls) if name == "write_durable"]
    states = 0
    for cut in torn_at[-6:]:
        first = SimulatedDisk()
        first.cut_at = cut
        acknowledged.clear()
        with pytest.raises(PowerCut):
            write_all(first, acknowledged)
        promised = max(acknowledged)

        def check(disk: SimulatedDisk, promised: int = promised) -> None:
            writer = open_writer(disk)
            assert writer.durable_seq >= promised
            assert check_rows(disk) == writer.durable_seq

        for images in first.states_after_cut(SAMPLE, seed=cut):
            states += cut_everywhere(images, lambda disk: write_turns(open_writer(disk), [(3, 3)]), check)
    assert states > 500


def test_every_call_of_retention() -> None:
    disk = SimulatedDisk()
    write_all(disk, [])
    last_seq = check_rows(disk)
    paths = segment_paths(disk, FOLDER)
    assert len(paths) > 3

    def check(disk: SimulatedDisk) -> None:
        writer = open_writer(disk)
        assert writer.durable_seq == last_seq

    def delete_all(disk: SimulatedDisk) -> None:
        assert delete_segments_below(disk, FOLDER, last_seq) == len(paths) - 1

    assert cut_everywhere(disk.images(), delete_all, check) > 5


def test_every_call_of_writing_a_snapshot() -> None:
    parts: dict[str, Part] = {"agents": np.arange(300), "note": b"x" * 700}
    chain = {seq: seq * 11 for seq in range(10)}
    disk = SimulatedDisk()
    for seq in (1, 2):
        SnapshotStore(FOLDER, disk).write(seq, chain[seq], "code", parts)

    def check(disk: SimulatedDisk) -> None:
        snapshot = SnapshotStore(FOLDER, disk).load_newest("code", chain.get)
        assert snapshot is not None
        assert snapshot.covered_seq in {2, 3}
        assert np.array_equal(snapshot.parts["agents"], parts["agents"])
        SnapshotStore(FOLDER, disk).write(4, chain[4], "code", parts)

    def work(disk: SimulatedDisk) -> None:
        SnapshotStore(FOLDER, disk).write(3, chain[3], "code", parts)

    assert cut_everywhere(disk.images(), work, check) > 20
