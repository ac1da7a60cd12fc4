"""A replication as a log: verified like any other, and counted by the engine's read models as by the planner."""

from pathlib import Path

import numpy as np
import pytest

from engine.errors import LogError
from engine.log.reader import read_runs
from engine.messages.kinds import CHANNELS
from engine.replay.apply import StateReplay
from engine.replay.verify import verify
from engine.state import EngineState, started_with
from simulations.experiment.recording import record
from simulations.experiment.runner import ReplicationRunner
from tests.simulations.test_world import day

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world


def test_a_recorded_replication_is_verified_and_counts_the_same(tmp_path: Path) -> None:
    scenario = day()
    played = record(scenario, 3, 1, tmp_path)
    report = verify(tmp_path)
    assert report.ok, str(report)
    assert report.rows == played.rows
    assert report.frames > 1
    alone = ReplicationRunner(scenario.model).play(3, 1)
    assert np.array_equal(alone.tallies, played.tallies), "writing it down changes nothing"
    state = _folded(tmp_path)
    starts = state.tables.interval_starts
    for place, start_ns in enumerate(scenario.model.edges_ns[:-1]):
        (row,) = np.flatnonzero(starts == start_ns)
        cells = state.tables.intervals[row, 1].reshape(-1, CHANNELS, played.tallies.shape[-1])
        assert np.array_equal(cells[0, 0], played.tallies[0, place])
    assert [*state.directory.queues.names] == ["sales"]


def _folded(data: Path) -> EngineState:
    runs = list(read_runs(data / "log"))
    state = EngineState(started_with(runs[0].rows[0], runs[0].payload))
    replay = StateReplay(state)
    for run in runs:
        replay.apply(run)
    replay.finish()
    return state


def test_a_log_is_never_written_twice(tmp_path: Path) -> None:
    record(day(), 1, 0, tmp_path)
    with pytest.raises(LogError, match="name another folder"):
        record(day(), 1, 0, tmp_path)
    assert verify(tmp_path).ok
