"""The recovery benchmarks on a small scale: what they check of the engine holds, and they would see if it did not."""

import asyncio
from pathlib import Path

import pytest
import uvloop

from benchmarks.bench_kill import Witness, kill_rounds
from benchmarks.bench_memory import measure
from benchmarks.bench_recovery import NAMES, run
from benchmarks.history import plain_config, write_history
from benchmarks.kill_load import Acknowledged
from engine.messages.kinds import KIND_NAMES
from engine.replay.verify import verify

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_kill_rounds_lose_nothing(tmp_path: Path) -> None:
    found = uvloop.run(kill_rounds(tmp_path, 3))
    assert found["value"] == 0, found
    assert found["acknowledged_facts"] > 0


async def test_a_made_history_verifies_and_a_lost_answer_would_be_seen(tmp_path: Path) -> None:
    config = plain_config(tmp_path, agents=20, contacts=256)
    rows = await write_history(config, tmp_path / "data", 5000, agents=20, keep=100)
    report = await asyncio.to_thread(verify, tmp_path / "data")
    assert report.ok, str(report)
    witness = Witness(tmp_path / "data")
    assert witness.read() == rows
    witness.compare([Acknowledged(rows + 1, KIND_NAMES[1], "c1"), Acknowledged(1, KIND_NAMES[1], "c1")])
    assert witness.findings.lost == 2
    assert witness.findings.violations == witness.findings.two_owners == witness.findings.twice == 0


def test_recovery_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines = {found["name"]: found for found in run(rows=20_000, replayed=10_000)}
    assert set(lines) == set(NAMES)
    assert all(found["value"] > 0 for found in lines.values())
    assert lines["replay_small_turns_events_per_s"]["mean_turn_rows"] < lines["replay_events_per_s"]["mean_turn_rows"]


def test_memory_is_measured(tmp_path: Path) -> None:
    found = uvloop.run(measure(tmp_path, agents=50, contacts=500, slots=1024))
    # Not "more than before the contacts": of a few hundred the system may take back more, as pages of libraries.
    assert found["value"] > found["own_mb"] > 0
    assert found["before_contacts_mb"] > 0 < found["tables_mb"]
