"""A log whose older segments were deleted is decided again from the state that was written down then."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pytest
from typer.testing import CliRunner

from engine.commands.outcome import Exit
from engine.errors import LogDamaged, LogError
from engine.live import prune as pruning
from engine.live.prune import KEEP_LEAST_NS, prune
from engine.log.file_ops import FileOps
from engine.log.reader import read_log, read_runs
from engine.log.segment import segment_paths
from engine.log.snapshot import SnapshotStore
from engine.main import app
from engine.messages import kinds
from engine.messages.rows import ROW
from engine.replay import verify as verifying
from engine.replay.base import BASE_FOLDER
from engine.replay.recheck import VerifyReport
from engine.replay.verify import verify
from tests.driver_support import CAPACITY, CENTRE, house, on_disk
from tests.random_day import Day

SEEDS: Final = (11, 12)


async def recorded_days(folder: Path) -> list[int]:
    """Record random days on the disk; returns when each segment but the first begins."""
    async with house(folder, log_of=on_disk(folder)) as h:
        for seed in SEEDS:
            await Day(seed).run(h, 200)
        await h.engine.stop()
        h.log.close()
    return begins_of(folder)


def begins_of(folder: Path) -> list[int]:
    seqs = [int(path.stem) for path in segment_paths(FileOps(), folder / "log")]
    return [next(iter(read_log(folder / "log", seq, dtype=ROW))).at_ns for seq in seqs[1:]]


def pruned_at(folder: Path, at_ns: int) -> int:
    """Delete all segments before the one that begins at an instant; returns where the log begins then."""
    return prune(folder, KEEP_LEAST_NS, now_ns=at_ns + KEEP_LEAST_NS).first_seq


def first_turn_ends(folder: Path) -> int:
    frame = next(iter(read_log(folder / "log", dtype=ROW)))
    return frame.first_seq + len(frame.rows) - 1


async def test_wherever_it_was_cut_the_rest_is_decided_again_to_the_same_end(tmp_path: Path) -> None:
    begins = await recorded_days(tmp_path / "whole")
    whole = verify(tmp_path / "whole")
    assert (whole.ok, whole.first_seq, whole.first_at_ns) == (True, 1, 0)
    assert len(begins) >= 4
    for place, at_ns in enumerate(sorted({*begins[:3], begins[-1]})):
        data = tmp_path / f"cut-{place}"
        shutil.copytree(tmp_path / "whole", data)
        pruned_at(data, at_ns)
        report = verify(data)
        assert report.ok, str(report)
        assert report.first_seq == first_turn_ends(data) + 1 == whole.last_seq - report.rows + 1
        assert (report.last_seq, report.last_at_ns) == (whole.last_seq, whole.last_at_ns)
        assert report.fingerprint == whole.fingerprint
        assert report.first_at_ns == at_ns
        since = datetime.fromtimestamp(at_ns // 1_000_000_000, UTC).isoformat()
        assert f"turns ({report.observed} observed, {report.decided} decided) from {since} on" in str(report)
        assert f"(sequence {report.first_seq}; what was before was deleted)" in str(report)


async def test_an_engine_that_got_more_room_behind_the_cut_is_followed(tmp_path: Path) -> None:
    text = CENTRE.replace("contacts: 64", "contacts: 128").replace("intervals: 8}", "intervals: 12}")
    more = msgspec.structs.replace(CAPACITY, contacts=128, queues=9, lines=40, intervals=12)
    async with house(tmp_path, text, log_of=on_disk(tmp_path)) as h:
        await Day(11).run(h, 200)
        await h.reopen(more)
        await Day(12).run(h, 200)
        await h.engine.stop()
        h.log.close()
    whole = verify(tmp_path)
    assert whole.ok, str(whole)
    pruned_at(tmp_path, begins_of(tmp_path)[0])
    report = verify(tmp_path)
    assert report.ok, str(report)
    assert report.fingerprint == whole.fingerprint
    behind = [run.rows["kind"] for run in read_runs(tmp_path / "log", report.first_seq)]
    assert kinds.ENGINE_STARTED in np.concatenate(behind), "which says how much room there is from then on"


async def test_the_command_says_so_and_of_a_backup_too(tmp_path: Path) -> None:
    data = tmp_path / "data"
    begins = await recorded_days(data)
    pruned_at(data, begins[1])
    copied = CliRunner().invoke(app, ["backup", str(data), str(tmp_path / "copy")])
    assert copied.exit_code == Exit.OK, copied.output
    for folder in (data, tmp_path / "copy"):
        done = CliRunner().invoke(app, ["verify", str(folder)])
        assert done.exit_code == Exit.OK, done.output
        assert "what was before was deleted" in done.output
        assert '"first_seq":' in CliRunner().invoke(app, ["verify", str(folder), "--json"]).output


async def test_a_decision_behind_the_cut_that_is_another_today_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begins = await recorded_days(tmp_path)
    pruned_at(tmp_path, begins[1])
    changed: list[int] = []

    def tampered(*where: Any) -> Iterator[Any]:
        for run in read_runs(*where):
            offers = np.flatnonzero(run.rows["kind"] == kinds.OFFER_MADE)
            if len(offers) and not changed:
                run.rows["agent"][offers[0]] ^= 1
                changed.append(run.first_seq + int(offers[0]))
            yield run

    monkeypatch.setattr(verifying, "read_runs", tampered)
    report = verify(tmp_path)
    assert not report.ok
    assert report.mismatch is not None
    assert report.mismatch.seq == changed[0]
    assert report.mismatch.recorded.startswith("offer_made ")


@pytest.mark.parametrize("table", ["queues", "tallies", "agents"])
async def test_a_state_that_is_not_what_the_rest_was_decided_by_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    begins = await recorded_days(tmp_path)
    write = SnapshotStore.write

    def other(store: SnapshotStore, seq: int, checksum: int, code: str, parts: dict[str, Any], log_id: bytes) -> Path:
        changed = parts[f"table.{table}"].copy()
        if table == "queues":
            changed["waiting"][0] += 1
        elif table == "tallies":
            changed[0, 0] += 1
        else:
            changed["connected"][0] += 1
        return write(store, seq, checksum, code, parts | {f"table.{table}": changed}, log_id)

    monkeypatch.setattr(SnapshotStore, "write", other)
    pruned_at(tmp_path, begins[1])
    report = verify(tmp_path)
    assert not report.ok
    assert report.violations or report.differences or report.mismatch


async def test_damage_behind_the_cut_is_found(tmp_path: Path) -> None:
    begins = await recorded_days(tmp_path)
    pruned_at(tmp_path, begins[1])
    segment = min((tmp_path / "log").glob("*.log"))
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 1
    segment.write_bytes(content)
    with pytest.raises(LogDamaged):
        verify(tmp_path)


async def test_after_a_crash_between_two_states_all_that_is_left_is_decided_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begins = await recorded_days(tmp_path)
    pruned_at(tmp_path, begins[0])
    before = verify(tmp_path)

    def killed(*_: Any) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as crash:
        crash.setattr(pruning, "delete_segments_below", killed)
        with pytest.raises(KeyboardInterrupt):
            pruned_at(tmp_path, begins[2])
    assert len(list((tmp_path / BASE_FOLDER).iterdir())) == 2
    assert verify(tmp_path) == before
    pruned_at(tmp_path, begins[2])
    assert verify(tmp_path).first_seq > before.first_seq
    assert verify(tmp_path).fingerprint == before.fingerprint


async def test_without_the_state_there_is_a_clear_answer(tmp_path: Path) -> None:
    begins = await recorded_days(tmp_path)
    pruned_at(tmp_path, begins[0])
    shutil.rmtree(tmp_path / BASE_FOLDER)
    with pytest.raises(LogError, match=r"base is missing, or empty.* Restore"):
        verify(tmp_path)


def test_a_report_that_begins_later_says_so_where_it_is_not_right_either() -> None:
    report = VerifyReport(
        *(False, 8, 1_800_000_000_000_000_000, 3, 1, 1, 2, 10, 1_800_000_000_000_000_000, "00", None, False, (), ())
    )
    assert str(report).startswith(
        "not verified: 3 rows in 1 turns (1 observed, 2 decided) from 2027-01-15T08:00:00+00:00 on (sequence 8; what "
        "was before was deleted), up to sequence 10"
    )


async def test_a_state_of_before_the_cut_is_no_news(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    begins = await recorded_days(tmp_path)
    pruned_at(tmp_path, begins[0])
    pruned_at(tmp_path, begins[2])
    assert len(list((tmp_path / BASE_FOLDER).iterdir())) == 2
    assert verify(tmp_path).ok
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == []
