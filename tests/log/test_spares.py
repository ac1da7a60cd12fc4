"""Spare segments: whole and unused ones are kept, everything else is made anew."""

import errno
from pathlib import Path

import pytest

from engine.errors import LogWriteFailed, SegmentNotMade
from engine.log.spares import Spares
from tests.log.simulated_disk import SimulatedDisk
from tests.log.support import FOLDER, SMALL_SEGMENT_BYTES

WHOLE = bytes(SMALL_SEGMENT_BYTES)


def make(disk: SimulatedDisk, wanted: int = 2) -> Spares:
    spares = Spares(disk, FOLDER, SMALL_SEGMENT_BYTES, wanted)
    spares.adopt()
    return spares


def test_spares_of_an_earlier_run_are_kept_where_they_are_whole_and_unused() -> None:
    used = b"TRKSEG01".ljust(SMALL_SEGMENT_BYTES, b"\0")
    images = {
        FOLDER / "spare-1": WHOLE,
        FOLDER / "spare-2": used,
        FOLDER / "spare-3": WHOLE[:-1],
        FOLDER / "spare-4.tmp": WHOLE,
        FOLDER / "spare-5": WHOLE,
        FOLDER / "spare-6": WHOLE,
        FOLDER / "lock": b"",
    }
    disk = SimulatedDisk(images)
    spares = make(disk)
    assert disk.list_names(FOLDER) == ["lock", "spare-1", "spare-5"]
    assert spares.count == 2
    assert [spares.take().name, spares.take().name, spares.take().name] == ["spare-1", "spare-5", "spare-6"]


def test_a_spare_gets_its_name_when_its_zeros_are_durable() -> None:
    disk = SimulatedDisk()
    path = make(disk).take()
    assert disk.calls == ["create", "allocate", "write", "sync", "rename"]
    assert disk.images() == {path: WHOLE}


@pytest.mark.parametrize("call", ["allocate", "write", "sync"])
def test_a_spare_that_cannot_be_finished_leaves_nothing(call: str) -> None:
    disk = SimulatedDisk()
    disk.fail_on[call] = OSError(errno.ENOSPC, "no space left on device")
    with pytest.raises(SegmentNotMade, match="no space left") as failed:
        make(disk).take()
    assert Path(failed.value.filename).name == "spare-1", "what is said of a full disk is about the log"
    assert disk.images() == {}


def test_one_who_waits_is_released_when_it_stops() -> None:
    disk = SimulatedDisk()
    spares = make(disk)
    failures: list[str] = []
    spares.start(failures.append)
    spares.stop()
    while spares.count:
        spares.take()
    with pytest.raises(LogWriteFailed, match="make room"):
        spares.take()
    assert failures == []
