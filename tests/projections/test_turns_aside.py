"""Read models that see turns one by one, in groups of any size or all at once end as the same."""

import asyncio
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.http.metrics.metrics import Metrics
from engine.log.memory import MemoryLog
from engine.log_port import Turn
from engine.messages import kinds
from engine.messages.observed import MessageSent, MessagesRead, NoteWritten
from engine.messages.rows import ROW, empty_rows
from engine.projections.followers import Followers
from engine.projections.turns_aside import TurnsAside, joined, slots_once
from tests.projections.support import Centre


def turn(first_seq: int, rows: int, payload: bytes = b"") -> Turn:
    return Turn(first_seq, first_seq + rows - 1, np.asarray(empty_rows(rows)).view(ROW), memoryview(payload))


def turns_of(log: MemoryLog) -> list[Turn]:
    return [Turn(frame.first_seq, frame.last_seq, frame.rows, frame.payload) for frame in log.read()]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Centre, list[Turn]]:
    """A centre, and the turns of its random life."""
    return asyncio.run(life(tmp_path_factory.mktemp("centre")))


async def life(folder: Path) -> tuple[Centre, list[Turn]]:
    centre = Centre(folder)
    for part in range(6):
        await centre.live(part, 120)
        for record in centre.views.history.latest(4):
            name = record.contact
            await centre.say(MessageSent(contact=name, by="customer", text=f"line {part}"))
            await centre.say(MessagesRead(contact=name, by="customer", up_to_seq=centre.views.as_of))
            await centre.say(NoteWritten(contact=name, contact_id=record.id, agent="alice", text=f"note {part}"))
    return centre, turns_of(centre.log)


def followers(centre: Centre) -> Followers:
    views = centre.views
    log = MemoryLog(row_dtype=ROW)
    return Followers(views.tables, views.directory, views.open_contacts, log, views.interned, lambda _record: 0)


def known(followed: Followers) -> list[Any]:
    """Everything that the read models know."""
    history, transcripts, remarks = followed.history, followed.transcripts, followed.remarks
    records = list(history.records())
    return [
        records,
        [(history.name_in(history.slot_of(record), record.last_seq), record.contact) for record in records],
        [(transcripts.lines(record.id, 0, 1000), transcripts.read_seqs(record.id)) for record in records],
        [remarks.of(record.id) for record in records],
        followed.own._cells,
        followed.waits._cells,
        (history.as_of, transcripts.as_of, transcripts.whole_after_seq),
    ]


def counted(centre: Centre, tell: Callable[[Metrics], None]) -> list[Any]:
    """What metrics count that are told turns."""

    class Link:
        views = centre.views

    metrics: Any = Metrics(Link(), lambda: 0)  # type: ignore[arg-type]
    tell(metrics)
    metrics._aside.take_in()
    arrivals = metrics.arrivals
    return [
        metrics.sources.take(),
        metrics.decisions._decided,
        (arrivals._entries, arrivals._received, arrivals._blocked, arrivals._callbacks, arrivals._came.tolist()),
        {
            what: {cell: metrics.durations.of(what, cell) for cell in spreads}
            for what, spreads in metrics.durations._spreads.items()
        },
    ]


def in_groups(turns: Sequence[Turn], sizes: Sequence[int]) -> list[Turn]:
    """Join turns to groups of these sizes, again and again."""
    groups, start, place = [], 0, 0
    while start < len(turns):
        groups.append(joined(turns[start : start + sizes[place % len(sizes)]]))
        start, place = start + sizes[place % len(sizes)], place + 1
    return groups


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(1, 90), min_size=1, max_size=6))
def test_turns_one_by_one_and_in_groups_tell_the_same(recorded: tuple[Centre, list[Turn]], sizes: list[int]) -> None:
    centre, turns = recorded
    one_by_one, in_runs = followers(centre), followers(centre)
    for each in turns:
        one_by_one.apply(each)
        one_by_one.take_in()
    for group in in_groups(turns, sizes):
        in_runs.apply(group)
        in_runs.take_in()
    expected = known(one_by_one)
    assert any(expected[2]), "the lives say something"
    assert expected == known(in_runs)
    late = followers(centre)
    for each in turns:
        late.apply(each)
    assert known(late) == expected


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(1, 90), min_size=1, max_size=6))
def test_metrics_count_groups_as_they_count_single_turns(recorded: tuple[Centre, list[Turn]], sizes: list[int]) -> None:
    centre, turns = recorded

    def singly(metrics: Metrics) -> None:
        for each in turns:
            metrics.note(each)
            metrics._aside.take_in()

    def grouped(metrics: Metrics) -> None:
        for group in in_groups(turns, sizes):
            metrics._take(group)

    expected = counted(centre, singly)
    assert expected[1], "something was decided"
    assert counted(centre, grouped) == expected


def test_turns_wait_until_somebody_asks() -> None:
    seen: list[Turn] = []
    aside = TurnsAside(seen.append, rows_max=10)
    aside.put(turn(5, 3, b"abc"))
    aside.put(turn(8, 2, b"de"))
    assert not seen
    aside.take_in()
    aside.take_in()
    (run,) = seen
    assert (run.first_seq, run.last_seq, bytes(run.payload)) == (5, 9, b"abcde")


def test_bytes_that_wait_are_known_though_two_threads_change_them() -> None:
    """Switching so often, one number for both sides drifted by thousands within a second."""
    aside, stop, interval_s = TurnsAside(lambda _: None), threading.Event(), sys.getswitchinterval()

    def read() -> None:
        while not stop.is_set():
            aside.take_in()

    reader = threading.Thread(target=read)
    sys.setswitchinterval(1e-6)
    try:
        reader.start()
        for number in range(1, 30_001):
            aside.put(turn(number, 1, b"x" * 100))
    finally:
        stop.set()
        reader.join()
        sys.setswitchinterval(interval_s)
    aside.take_in()
    assert aside.waiting_bytes == 0


def test_many_rows_or_bytes_wait_no_longer() -> None:
    seen: list[Turn] = []
    aside = TurnsAside(seen.append, rows_max=10)
    for first_seq in range(1, 21, 4):
        aside.put(turn(first_seq, 4))
    assert [(run.first_seq, run.last_seq) for run in seen] == [(1, 12)]
    aside.put(turn(21, 1, bytes(8 << 20)))
    assert seen[-1].last_seq == 21


def test_who_failed_once_has_missed_a_turn_for_ever() -> None:
    def fail(_turn: Turn) -> None:
        raise ValueError("no more")

    aside = TurnsAside(fail)
    aside.put(turn(1, 1))
    for again in (aside.take_in, aside.take_in, lambda: aside.put(turn(2, 1))):
        with pytest.raises(ValueError, match="no more"):
            again()


def test_a_slot_belongs_to_one_contact_in_each_piece() -> None:
    rows = np.asarray(empty_rows(7)).view(ROW).copy()
    rows["kind"] = [
        kinds.CONTACT_ARRIVED, kinds.CONTACT_ARRIVED, kinds.CONTACT_ENDED, kinds.CONTACT_ARRIVED,
        kinds.CONTACT_QUEUED, kinds.CONTACT_ARRIVED, kinds.CONTACT_ARRIVED,
    ]  # fmt: skip
    rows["contact"] = [0, 1, 0, 0, 0, 2, 0]
    pieces = list(slots_once(Turn(11, 17, rows, memoryview(b""))))
    assert [(piece.first_seq, piece.last_seq) for piece in pieces] == [(11, 13), (14, 16), (17, 17)]
    assert [piece.rows["contact"].tolist() for piece in pieces] == [[0, 1, 0], [0, 0, 2], [0]]
    assert [*slots_once(turn(1, 0))] == []


def test_kinds_of_a_turn() -> None:
    assert turn(1, 3).kinds == {0}


def test_who_asks_while_another_thread_takes_in_waits_for_it() -> None:
    order, folding, go_on = list[str](), threading.Event(), threading.Event()

    def follow(_run: Turn) -> None:
        folding.set()
        go_on.wait()
        order.append("folded")

    aside = TurnsAside(follow)
    aside.put(turn(1, 2))

    def ask() -> None:
        aside.take_in()
        order.append("answered")

    first, second = threading.Thread(target=aside.take_in), threading.Thread(target=ask)
    first.start()
    folding.wait()
    second.start()
    second.join(0.1)
    go_on.set()
    first.join()
    second.join()
    assert order == ["folded", "answered"]


def test_whoever_holds_the_lock_sees_nothing_move_and_keeps_nobody_waiting() -> None:
    seen = list[int]()
    aside = TurnsAside(lambda run: seen.append(run.last_seq), rows_max=4)
    held, go_on = threading.Event(), threading.Event()

    def read() -> None:
        with aside.lock:
            held.set()
            go_on.wait()

    reader = threading.Thread(target=read)
    reader.start()
    held.wait()
    for seq in range(1, 9):
        aside.put(turn(seq, 1))
    assert seen == []
    go_on.set()
    reader.join()
    aside.take_in()
    assert seen == [8]
