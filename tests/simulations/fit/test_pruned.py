"""Of a log whose older segments were deleted, fit and whatif know the house as it was before."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.errors import LogError
from engine.live.prune import KEEP_LEAST_NS, prune
from engine.log.file_ops import FileOps
from engine.log.reader import read_log as frames_of
from engine.log.segment import segment_paths
from engine.messages.rows import ROW
from engine.replay.base import BASE_FOLDER
from simulations.fit.calls import Array, Calls, Told
from simulations.fit.duty import at_work, stints
from simulations.fit.read import read_calls
from simulations.whatif.policy import settings_of
from simulations.whatif.record import read_record
from tests.driver_support import house, on_disk
from tests.random_day import Day


async def recorded(folder: Path) -> tuple[Path, int]:
    """Record two random days, and delete what was before a late segment; returns where that lies, and its beginning,
    ns. The whole log stays in `folder`.
    """
    whole, cut = folder / "whole", folder / "cut"
    async with house(whole, log_of=on_disk(whole)) as h:
        for seed in (11, 12):
            await Day(seed).run(h, 250)
        await h.engine.stop()
        h.log.close()
    seqs = [int(path.stem) for path in segment_paths(FileOps(), whole / "log")]
    at_ns = next(iter(frames_of(whole / "log", seqs[1], dtype=ROW))).at_ns
    shutil.copytree(whole, cut)
    assert prune(cut, KEEP_LEAST_NS, now_ns=at_ns + KEEP_LEAST_NS).first_seq > 1
    return cut, at_ns


async def test_fit_knows_names_and_settings_and_the_calls_that_came_since(tmp_path: Path) -> None:
    cut, at_ns = await recorded(tmp_path)
    whole, rest = read_calls(tmp_path / "whole"), read_calls(cut)
    assert set(rest.types) == set(whole.types) == {"sales", "help", "later"}
    assert set(rest.agents) == {"alice", "bob"}
    told = dict(zip(whole.types, whole.told, strict=True))
    assert dict(zip(rest.types, rest.told, strict=True)) == told
    assert told["sales"].ring_limit_ns == 20_000_000_000
    assert told["help"].skills == {"english": 2}
    assert Told() not in rest.told
    assert (rest.capacity, rest.may_interrupt) == (whole.capacity, whole.may_interrupt)
    assert rest.span_ns is not None
    assert rest.span_ns[0] >= at_ns
    came_since = whole.rows[whole.rows["arrival_ns"] >= at_ns]
    assert 0 < len(rest.rows) <= len(came_since)
    left_out = rest.remarks["under way when the log begins: not among the calls"]
    assert left_out > 0
    columns = ["arrival_ns", "wait_ns", "handle_ns", "wrap_up_ns", "priority", "answered", "abandoned"]
    known = {tuple(row) for row in came_since[columns].tolist()}
    assert {tuple(row) for row in rest.rows[columns].tolist()} <= known
    for name in ("alice", "bob"):
        ready = [at_work(of_agent(calls, name), np.array(rest.span_ns))[0] for calls in (whole, rest)]
        assert ready[0] == pytest.approx(ready[1])
        assert 0 < ready[0] < 1


def of_agent(calls: Calls, name: str) -> Array:
    """Return when an agent was ready."""
    found = stints(calls)
    return np.asarray(found[found["agent"] == calls.agents.index(name)])


async def test_whatif_goes_on_from_what_held_then(tmp_path: Path) -> None:
    cut, at_ns = await recorded(tmp_path)
    whole, rest = read_record(tmp_path / "whole"), read_record(cut)
    assert rest.begin_ns == at_ns
    assert rest.directory.queues.names == whole.directory.queues.names
    for name in ("queues", "agents", "skill_levels"):
        np.testing.assert_array_equal(getattr(settings_of(rest), name), getattr(settings_of(whole), name))
    since_ns = at_ns + (whole.end_ns - at_ns) // 4
    one, other = (read_record(data, since_ns=since_ns) for data in (tmp_path / "whole", cut))
    for name in ("script", "arrivals", "stages", "offers"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.remarks == other.remarks
    assert one.name_of(0) == other.name_of(0)


async def test_what_lies_before_the_log_begins_is_asked_for_in_vain(tmp_path: Path) -> None:
    cut, at_ns = await recorded(tmp_path)
    earlier = read_record(cut, since_ns=at_ns - 1_000_000_000)
    assert earlier.begin_ns == at_ns


async def test_without_the_state_there_is_a_clear_answer(tmp_path: Path) -> None:
    cut, _ = await recorded(tmp_path)
    shutil.rmtree(cut / BASE_FOLDER)
    for read in (read_calls, read_record):
        with pytest.raises(LogError, match=r"base is missing, or empty.* Restore"):
            read(cut)
