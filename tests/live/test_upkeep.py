"""The engine's upkeep: books audited in slices, garbage collected when it does not hurt."""

import asyncio
import gc
from pathlib import Path

import pytest

from engine.live import upkeep as upkeep_module
from engine.live.upkeep import BUSY_COLLECTION_TICKS, FULL_COLLECTION_TICKS, Upkeep
from engine.messages.observed import AgentStatusChanged
from tests.driver_support import house


async def test_books_that_do_not_balance_are_counted_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with house(tmp_path) as h:
        await h.tell(AgentStatusChanged(agent="alice", status="available"))
        upkeep = Upkeep(h.engine)
        upkeep.start()
        try:
            assert not gc.isenabled()
            assert h.engine.counters["invariant_violations"] == 0
            h.state.tables.queues["waiting"][0] += 1
            upkeep.audit()
            assert h.engine.counters["invariant_violations"] >= 1
            assert "invariant violated at sequence" in caplog.text
            h.state.tables.queues["waiting"][0] -= 1
        finally:
            upkeep.stop()
        assert gc.isenabled()


async def test_turns_are_made_between_the_checks_of_an_audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with house(tmp_path) as h:
        checked: list[int] = []
        done = asyncio.Event()

        def first(_tables: object) -> list[str]:
            checked.append(h.state.seq)
            return ["one"]

        def last(_tables: object) -> list[str]:
            checked.append(h.state.seq)
            done.set()
            return []

        monkeypatch.setattr(upkeep_module, "CHECKS", (first, last))
        monkeypatch.setattr(upkeep_module, "CHECK_AFTER_S", 0.0)
        upkeep = Upkeep(h.engine)
        upkeep._auditor.tick()
        h.engine.submit("desk", [AgentStatusChanged(agent="alice", status="available")]).cancel()
        assert h.engine.counters["audits"] == 0
        await done.wait()
        assert checked[1] > checked[0]
        assert (h.engine.counters["audits"], h.engine.counters["invariant_violations"]) == (1, 1)
        upkeep._auditor.stop()


async def test_a_site_without_a_quiet_second_is_collected_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as h:
        upkeep = Upkeep(h.engine)
        collected: list[int] = []
        monkeypatch.setattr(gc, "collect", lambda generation=2: collected.append(generation))
        for _ in range(2 * BUSY_COLLECTION_TICKS):
            upkeep._seq = -1  # as if there had been a turn in every second
            upkeep._collector.tick()
            upkeep._collector.stop()
        assert (collected.count(2), len(collected)) == (2, 2 * BUSY_COLLECTION_TICKS)
        upkeep._collector.tick()
        upkeep._collector.stop()
        for _ in range(FULL_COLLECTION_TICKS):
            upkeep._collector.tick()
            upkeep._collector.stop()
        assert collected.count(2) == 3
