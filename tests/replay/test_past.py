"""What was true before: at every instant the past answers as the running engine did."""

import random
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from threading import Event
from typing import Any

import msgspec
import pytest

from engine.errors import LogError
from engine.log_port import Turn
from engine.model.settings import SECOND_NS
from engine.ports import Reading
from engine.projections.views import Views
from engine.replay.past import Past
from engine.state import StoredState
from tests.projections.support import CAPACITY, START_NS, Centre


def told(views: Views, now_ns: int) -> bytes:
    """Everything that a wallboard shows at an instant."""
    longest = views.contacts.longest_waiting(50)
    whole = (
        views.queues(now_ns),
        views.agents(now_ns),
        [wait.contact for wait in longest],
        [why.text for why in views.contacts.waiting_reasons([wait.slot for wait in longest], now_ns)],
        views.contacts.waiting("sales", now_ns),
    )
    return msgspec.json.encode(whole)


async def lived(centre: Centre, seed: int, chapters: int) -> dict[int, bytes]:
    """Live for a while; returns what was told at some instants."""
    found = {}
    for chapter in range(chapters):
        await centre.live(seed * 100 + chapter, 25)
        await centre.after(1)
        now_ns = centre.clock.now_ns()
        found[now_ns] = told(centre.views, now_ns)
        centre.clock.advance(SECOND_NS)
    return found


@pytest.mark.parametrize("mark_rows", [1_000_000, 40])
async def test_every_instant_is_told_as_it_was(tmp_path: Path, mark_rows: int) -> None:
    centre = Centre(tmp_path)
    as_it_was = await lived(centre, 7, 8)
    past = Past(centre.log, CAPACITY, mark_rows=mark_rows, marks_max=3)
    assert START_NS <= past.began_ns() < min(as_it_was)
    assert past.ask(past.began_ns(), lambda views, now_ns: [one.queue for one in views.queues(now_ns).queues]) != []
    instants = list(as_it_was)
    drawn = random.Random(mark_rows)
    for at_ns in [*instants, *reversed(instants), *drawn.choices(instants, k=10)]:
        assert past.ask(at_ns, told) == as_it_was[at_ns]


async def test_marks_lie_evenly_however_long_the_log(tmp_path: Path) -> None:
    centre = Centre(tmp_path)
    await lived(centre, 5, 24)
    past = Past(TurnByTurn(centre.log, 1), CAPACITY, mark_rows=20, marks_max=4)  # type: ignore[arg-type]
    past.ask(centre.clock.now_ns(), told)
    places = [0, *(mark.seq for mark in past._marks), centre.log.durable_seq]
    gaps = [after - before for before, after in pairwise(places)]
    assert len(past._marks) <= 4
    turn = max(len(frame.rows) for frame in centre.log.read(1))  # marks lie between turns
    assert max(gaps) <= centre.log.durable_seq / 2 + turn, gaps


async def test_the_running_engine_is_not_touched(tmp_path: Path) -> None:
    centre = Centre(tmp_path)
    await lived(centre, 3, 2)
    now_ns = centre.clock.now_ns()
    before = told(centre.views, now_ns)
    past = Past(centre.log, CAPACITY)
    past.ask(now_ns - 60 * SECOND_NS, told)
    assert told(centre.views, now_ns) == before


async def test_the_past_goes_on_with_the_log(tmp_path: Path) -> None:
    centre = Centre(tmp_path)
    past = Past(centre.log, CAPACITY)
    for chapter in range(3):
        ((at_ns, as_it_was),) = (await lived(centre, chapter, 1)).items()
        assert past.ask(at_ns, told) == as_it_was


class Slow:
    """A log that is read a turn at a time, each after somebody has said so."""

    def __init__(self, log: Any) -> None:
        self.log = log
        self.durable_seq = log.durable_seq
        self.rows = 0
        self.heard: list[Reading | None] = []
        self.past: Past | None = None
        self.begun, self.told = Event(), Event()

    def read(self, from_seq: int = 1) -> Any:
        return self.log.read(from_seq)

    def read_runs(self, from_seq: int = 1) -> Any:
        assert self.past is not None
        for turn in self.log.read(from_seq):
            self.begun.set()
            assert self.told.wait(120)
            self.heard.append(self.past.reading)
            self.rows += len(turn.rows)
            yield turn


async def test_who_asks_for_the_same_moment_shares_the_reading_which_is_told(tmp_path: Path) -> None:
    centre = Centre(tmp_path)
    as_it_was = await lived(centre, 5, 6)
    at_ns = max(as_it_was)
    log = Slow(centre.log)
    past = log.past = Past(log, CAPACITY)  # type: ignore[arg-type]
    assert past.reading is None
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(past.ask, at_ns, told)
        assert log.begun.wait(20)
        reading = past.reading
        assert reading is not None
        assert (reading.at_ns, reading.share) == (at_ns, 0.0), "asked while another thread reads"
        second = threads.submit(past.ask, at_ns, told)
        log.told.set()
        assert first.result(120) == second.result(120) == as_it_was[at_ns]
    assert past.reading is None
    shares = [one.share for one in log.heard if one is not None]
    assert len(shares) > 10
    assert shares == sorted(shares)
    assert 0.5 < shares[-1] <= 1
    assert log.rows == sum(len(turn.rows) for turn in centre.log.read(1)), "each row was read once for both"


async def test_a_question_that_fails_spoils_nothing(tmp_path: Path) -> None:
    centre = Centre(tmp_path)
    as_it_was = await lived(centre, 5, 2)
    past, at_ns = Past(centre.log, CAPACITY), min(as_it_was)

    def stumble(_views: Views, _now_ns: int) -> None:
        raise KeyError("nothing")

    with pytest.raises(KeyError):
        past.ask(at_ns, stumble)
    assert past.ask(at_ns, told) == as_it_was[at_ns]


def test_a_log_without_its_first_part_cannot_tell() -> None:
    class Empty:
        def read_runs(self, _from_seq: int = 1) -> list[object]:
            return []

        def read(self, _from_seq: int = 1) -> list[object]:
            return []

    past = Past(Empty(), CAPACITY)  # type: ignore[arg-type]
    with pytest.raises(LogError, match="first part"):
        past.began_ns()
    with pytest.raises(LogError, match="first part"):
        past.ask(1, told)


class Later:
    """A log whose turns before a sequence were deleted."""

    def __init__(self, log: Any, from_seq: int) -> None:
        self.log = log
        self.from_seq = from_seq
        self.durable_seq = log.durable_seq

    def read(self, from_seq: int = 1) -> Any:
        """Yield frames."""
        return self.log.read(max(from_seq, self.from_seq))

    def read_runs(self, from_seq: int = 1) -> Any:
        """Yield runs."""
        return self.log.read_runs(max(from_seq, self.from_seq))


class TurnByTurn(Later):
    """A log whose runs are its turns."""

    def read_runs(self, from_seq: int = 1) -> Any:
        """Yield turns."""
        for frame in self.log.read(from_seq):
            yield Turn(frame.first_seq, frame.first_seq + len(frame.rows) - 1, frame.rows, frame.payload)


async def test_a_log_whose_first_part_was_deleted_begins_at_the_kept_state(tmp_path: Path) -> None:
    centre = Centre(tmp_path)
    await lived(centre, 5, 3)
    state = centre.engine.state
    await centre.engine.durable()
    kept = StoredState(state.capacity, state.copy().parts(), state.seq)
    as_it_was = await lived(centre, 6, 4)
    later: Any = Later(centre.log, kept.seq + 1)
    past = Past(later, CAPACITY, lambda: kept, mark_rows=40, marks_max=3)
    began_ns = past.began_ns()
    assert START_NS < began_ns < min(as_it_was)
    for at_ns in [*as_it_was, *reversed(as_it_was)]:
        assert past.ask(at_ns, told) == as_it_was[at_ns]
    with pytest.raises(LogError, match=r"before \d{4}-\d\d-\d\dT.* cannot be told"):
        past.ask(began_ns - 1, told)
    assert past.ask(began_ns, lambda views, _: views.as_of) == kept.seq
