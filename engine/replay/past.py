"""The read models as they were: the same kernel folds the log up to an instant, beside the one that runs.

One state is kept and goes forward with those who ask for later and later instants, as a replay does. Whoever asks for
an earlier one has the log folded again, from the nearest of the marks that were set on the way. Where old segments were
deleted, it begins at the state that was written down then.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from threading import Lock
from typing import Final, NamedTuple, TypeVar

import numpy as np

from engine.errors import LogError
from engine.kernel.tables import Capacity
from engine.log.memory import MemoryLog
from engine.log_port import EventLog, part_of, read_between
from engine.messages.kinds import ENGINE_STARTED, REQUIREMENT_DEFINED, SETTING_CHANGED
from engine.messages.rows import ROW
from engine.ports import Reading
from engine.projections.views import Views
from engine.replay.apply import StateReplay
from engine.replay.past_followers import PastFollowers, PastHistory
from engine.replay.past_quality import PastQuality
from engine.replay.restore import load_state
from engine.state import FEWEST_FACTS, QUALITY, EngineState, StateCopy, StoredState, no_state, started_with

MARK_ROWS: Final = 1_000_000
"""Rows between two marks."""
MARKS_MAX: Final = 4
"""Marks kept: each is a copy of the state."""
ROWS_MAX: Final = 50_000_000
"""Rows folded for one answer at most: some seconds."""
OPENING_FRAMES_MAX: Final = 64
"""So far the log's first configuration is looked for."""
T = TypeVar("T")


class _Mark(NamedTuple):
    seq: int
    at_ns: int
    copy: StateCopy


class Past:
    """Answers of read models at instants of the log. Slow: call it in threads; they take turns."""

    def __init__(
        self,
        log: EventLog,
        capacity: Capacity,
        beginning: Callable[[], StoredState | None] = no_state,
        *,
        mark_rows: int = MARK_ROWS,
        marks_max: int = MARKS_MAX,
        rows_max: int = ROWS_MAX,
    ) -> None:
        """`capacity` is that of the tables where the log does not say it itself.

        `beginning` gives the state that it begins at where the log's first part is gone: right there, or at the newest
        snapshot where nothing else was kept.
        """
        self._log = log
        self._capacity = capacity
        self._beginning = beginning
        self._base: _Mark | None = None
        """Where it begins; None: at the log's first row, or it was not looked for yet."""
        self._mark_rows, self._marks_max, self._rows_max = mark_rows, marks_max, rows_max
        self._lock = Lock()
        self._state: EngineState | None = None
        self._replay: StateReplay | None = None
        self._marks: list[_Mark] = []
        self._first_ns = 0
        self.reading: Reading | None = None
        """For anybody, at any time; None: nothing is being read."""
        self._quality = PastQuality(log, self._quality_at_beginning, told=self._told)
        self._history = PastHistory(log)

    def began_ns(self) -> int:
        """The first instant worth asking for: the house is configured then.

        Raises LogError where the log cannot tell.
        """
        with self._lock:
            return self._began_ns()

    def ask(self, at_ns: int, question: Callable[[Views, int], T]) -> T:
        """Return what `question` answers over the read models as they were at `at_ns`, or right before the log began.

        Of the contacts before those are known that a service started right then would remember. Raises LogError
        where the log cannot tell, or is too long to fold.
        """
        with self._lock:
            self.reading = Reading(at_ns, 0.0)
            try:
                state = self._state_at(at_ns)
                nothing = MemoryLog(row_dtype=ROW)
                views = Views(
                    *(state.tables, state.directory, state.contacts, nothing, state.interned),
                    agent_times=state.agent_times,
                    plans=state.plans,
                    follow=partial(PastFollowers, self._log, state, self._quality, self._history),
                )
                return question(views, max(at_ns, state.now_ns))
            finally:
                self.reading = None

    def _told(self, share: float) -> None:
        if self.reading is not None:
            self.reading = self.reading._replace(share=min(1.0, max(0.0, share)))

    def _began_ns(self) -> int:
        if not self._first_ns:
            state, self._first_ns = self._begin()
            if state.seq:
                self._base = _Mark(state.seq, state.now_ns, state.copy())
        return self._first_ns

    def _state_at(self, at_ns: int) -> EngineState:
        if at_ns < self._began_ns() and self._base is not None:
            since = datetime.fromtimestamp(self._base.at_ns // 1_000_000_000, UTC).isoformat()
            raise LogError(f"the log's first part is missing: what was true before {since} cannot be told")
        state, replay = self._state, self._replay
        nearest = max((mark for mark in self._marks if mark.at_ns <= at_ns), key=lambda mark: mark.seq, default=None)
        behind = state is None or state.now_ns > at_ns or (nearest is not None and nearest.seq > state.seq)
        if state is None or replay is None or behind:
            state = self._from_mark(nearest)
            replay = StateReplay(state)
        self._state, self._replay = None, None  # whatever fails, what is half folded is not gone on with
        self._fold(state, replay, at_ns)
        replay.settle()
        self._state, self._replay = state, replay
        return state

    def _from_mark(self, mark: _Mark | None) -> EngineState:
        mark = mark or self._base
        if mark is None:
            return self._begin()[0]
        state = EngineState(mark.copy.capacity, FEWEST_FACTS)
        state.load(mark.copy.parts())
        return state

    def _begin(self) -> tuple[EngineState, int]:
        """The state that can be folded on from, and the first instant that can be told of. Raises LogError."""
        frame = next(iter(self._log.read(1)), None)
        if frame is None or frame.first_seq != 1:
            return self._begin_kept()
        started = int(frame.rows["kind"][0]) == ENGINE_STARTED
        capacity = started_with(frame.rows[0], frame.payload) if started else self._capacity
        return EngineState(capacity, FEWEST_FACTS), self._configured_ns(frame.at_ns)

    def _configured_ns(self, began_ns: int) -> int:
        """When the log's first configuration was in force: what was before is a house without queues."""
        configured_ns = 0
        for frame in islice(self._log.read(1), OPENING_FRAMES_MAX):
            if set(frame.rows["kind"].tolist()) <= {SETTING_CHANGED, REQUIREMENT_DEFINED}:
                configured_ns = frame.at_ns
            elif configured_ns:
                break
        return configured_ns or began_ns

    def _begin_kept(self) -> tuple[EngineState, int]:
        stored = self._beginning()
        if stored is None:
            raise LogError("the log's first part is missing, and no state is kept to begin at")
        state = EngineState(stored.capacity, FEWEST_FACTS)
        parts = {**stored.parts, **state.copy().seen.save_all()}
        load_state(state, parts, f"the state at sequence {stored.seq} that is kept beside the log")
        replay = StateReplay(state)
        # Quality is written down a moment after the rest, and may stand further on: what is told begins there.
        for run in read_between(self._log, state.seq, self._quality.begin(bytes(stored.parts.get(QUALITY, b"")))):
            replay.apply(run)
        replay.settle()
        return state, state.now_ns

    def _quality_at_beginning(self) -> bytes:
        stored = self._beginning()
        return b"" if stored is None else bytes(stored.parts.get(QUALITY, b""))

    def _fold(self, state: EngineState, replay: StateReplay, at_ns: int) -> None:
        """Bring a state to the last turn at or before `at_ns`. Turns of one instant are not told apart."""
        folded, marked = 0, max((mark.seq for mark in self._marks), default=0)
        from_ns = state.now_ns or self._first_ns
        for run in self._log.read_runs(state.seq + 1):
            self._told((int(run.rows["at_ns"][0]) - from_ns) / max(1, at_ns - from_ns))
            begin = state.seq + 1 - run.first_seq
            end = int(np.searchsorted(run.rows["at_ns"], at_ns, side="right"))
            if end > begin:
                whole = begin == 0 and end == len(run.rows)
                replay.apply(run if whole else part_of(run, begin, end))
                folded += end - begin
            if end < len(run.rows):
                return
            if folded > self._rows_max:
                raise LogError(f"more than {self._rows_max} rows lie before that instant; the log is too long to fold")
            if state.seq - marked >= self._mark_rows:
                replay.settle()
                self._marks.append(_Mark(state.seq, state.now_ns, state.copy()))
                marked = state.seq
                if len(self._marks) > self._marks_max:  # the marks that are left lie twice as far apart
                    self._marks, self._mark_rows = self._marks[1::2], 2 * self._mark_rows
                    marked = self._marks[-1].seq
