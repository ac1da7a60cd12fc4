"""Snapshots while the engine runs: turns wait for the copy, the loop does not, and the copy is of one moment."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.ingest.registry import SAVED_AT_ONCE, ContactEntry, OpenContacts
from engine.kernel.fingerprint import fingerprint
from engine.live.snapshots import Snapshots
from engine.messages.observed import ContactArrived, ContactReleased
from engine.state import PAGE_BYTES, PAGES_AT_ONCE, EngineState, StateCopy, _copy_of, _copy_pages
from tests.driver_support import House, house


class Gate:
    """Stands in for `EngineState.copy`: copies when it is opened, and says that it was reached."""

    def __init__(self, copy: Callable[[], StateCopy]) -> None:
        self._copy = copy
        self.reached = threading.Event()
        self.open = threading.Event()

    def __call__(self) -> StateCopy:
        self.reached.set()
        assert self.open.wait(20)
        return self._copy()


class Kept:
    """A store of snapshots that keeps what it is given."""

    def __init__(self) -> None:
        self.written: list[tuple[int, dict[str, Any]]] = []
        self.is_full = False

    def write(self, seq: int, _checksum: int, _code: str, parts: dict[str, Any], _log_id: bytes) -> None:
        if self.is_full:
            raise OSError("no space left")
        self.written.append((seq, parts))


async def gated(h: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Snapshots, Gate, Kept]:
    """Snapshots whose first one is being copied; it goes on when the gate is opened."""
    h.engine.outbox.is_open = True
    await h.tell(ContactArrived(contact="before", queue="sales"))
    snapshots, gate, kept = Snapshots(tmp_path, h.log, every_rows=1), Gate(h.state.copy), Kept()
    h.log.log_id = b"log"
    monkeypatch.setattr(snapshots, "_store", kept)
    monkeypatch.setattr(h.state, "copy", gate)
    snapshots.follow(h.engine)
    await h.tell(ContactArrived(contact="last", queue="sales"))
    assert await asyncio.to_thread(gate.reached.wait, 20)
    snapshots._every_rows = 1 << 30
    return snapshots, gate, kept


async def test_turns_wait_for_the_copy_and_the_loop_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with house(tmp_path) as h:
        snapshots, gate, kept = await gated(h, tmp_path / "snapshots", monkeypatch)
        seq, mark = h.state.seq, fingerprint(h.state.tables)
        futures = [h.submit(ContactReleased(contact="before")), h.submit(ContactArrived(contact="next", queue="sales"))]
        for _ in range(20):
            await asyncio.sleep(0)
        assert (h.engine.standstill.is_on, h.state.seq, len(h.engine.inbox._waiting)) == (True, seq, 2)
        gate.open.set()
        assert [[receipt.error for receipt in await future] for future in futures] == [[""], [""]]
        assert h.state.seq > seq
        assert snapshots._writing is not None
        await snapshots._writing
        ((covered, parts),) = kept.written
        loaded = EngineState(h.capacity)
        loaded.load(parts)
        assert (covered, loaded.seq, fingerprint(loaded.tables)) == (seq, seq, mark)
        assert {entry.name for entry in loaded.contacts} == {"before", "last"}


async def test_one_that_could_not_be_written_is_due_again_and_at_the_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as h:
        snapshots, gate, kept = await gated(h, tmp_path / "snapshots", monkeypatch)
        kept.is_full = True
        gate.open.set()
        assert snapshots._writing is not None
        await snapshots._writing
        assert h.engine.counters["snapshots_failed"] == 1
        assert h.engine.counters["snapshots"] == 0
        snapshots._every_rows = 10
        await h.tell(ContactArrived(contact="soon", queue="sales"))
        assert snapshots._writing is not None, "after a tenth of the rows"
        await snapshots._writing
        assert h.engine.counters["snapshots_failed"] == 2
        kept.is_full, snapshots._every_rows = False, 1 << 30
        await h.engine.stop()
        await snapshots.finish()
        assert [covered for covered, _ in kept.written] == [h.state.seq]


async def test_a_stop_outlasts_whoever_waits_to_hold_turns(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        h.engine.standstill.begin()
        next_holder = asyncio.ensure_future(h.engine.standstill.begin_next())
        await asyncio.sleep(0)
        future = h.submit(ContactArrived(contact="waits", queue="sales"))
        stopping = asyncio.ensure_future(h.engine.stop())
        await asyncio.sleep(0)
        h.engine.standstill.end()
        await next_holder
        h.engine.standstill.end()
        await stopping
        assert [receipt.error for receipt in await future] == [""]


async def test_what_is_recorded_during_the_copy_makes_it_useless(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as h:
        snapshots, gate, kept = await gated(h, tmp_path / "snapshots", monkeypatch)
        h.engine.configure(h.config)
        gate.open.set()
        assert snapshots._writing is not None
        await snapshots._writing
        assert not kept.written
        assert not h.engine.standstill.is_on
        await h.tell(ContactReleased(contact="last"))


async def test_a_stop_waits_for_the_copy_and_decides_what_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as h:
        snapshots, gate, kept = await gated(h, tmp_path / "snapshots", monkeypatch)
        seq, writing = h.state.seq, snapshots._writing
        assert writing is not None
        future = h.submit(ContactReleased(contact="last"))
        stopping = asyncio.ensure_future(h.engine.stop())
        await asyncio.sleep(0)
        gate.open.set()
        await stopping
        assert [receipt.error for receipt in await future] == [""]
        await writing
        assert h.state.seq > seq
        assert [covered for covered, _ in kept.written] == [seq], "the copy is of before, and was worth keeping"


async def test_no_turn_is_made_once_the_engine_has_stopped(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        future = h.submit(ContactArrived(contact="waits", queue="sales"))
        await future
        await h.engine.stop()
        seq = h.engine.state.seq
        h.engine._deadline_ns = 0
        h.engine.standstill.end()  # as a snapshot does that is taken at the end
        await asyncio.sleep(0)
        assert h.engine.state.seq == seq


@pytest.mark.parametrize("count", [0, 1, 15, 16, SAVED_AT_ONCE, SAVED_AT_ONCE + 15, SAVED_AT_ONCE + 16, 70_000])
def test_contacts_saved_some_at_a_time_are_all_there(count: int) -> None:
    contacts, again = OpenContacts(count + 1), OpenContacts(count + 1)
    for slot in range(count):
        contacts.open(ContactEntry(slot, slot % 7, slot + 1, f"c{slot}", b"payload"))
    again.load(contacts.save())
    assert list(again) == list(contacts)


@pytest.mark.parametrize(
    "size", [0, 7, PAGE_BYTES - 1, PAGE_BYTES, 3 * PAGE_BYTES + 5, (PAGES_AT_ONCE + 1) * PAGE_BYTES]
)
def test_a_copied_table_is_the_table(size: int) -> None:
    table = np.zeros(size, np.uint8)
    table[::PAGE_BYTES] = 9
    table[size // 2 :] = 1
    table[size // 3 : size // 3 + 2 * PAGE_BYTES] = 0
    copied = _copy_of(table)
    assert np.array_equal(copied, table)
    table[-1:] = 77
    _copy_pages(table, copied)
    assert np.array_equal(copied, table)
