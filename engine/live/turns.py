"""One turn of the live engine: facts become rows, the kernel decides, the log takes both, and what follows is noted."""

from collections.abc import Callable
from time import perf_counter_ns
from typing import Any, Final, NamedTuple, TypeGuard

import numpy as np

from engine.effects.address import Addressed
from engine.effects.derive import EffectDeriver, OwedCallback
from engine.effects.waiting import Estimate, WaitingLines
from engine.errors import TrunklineError
from engine.ingest.admission import Admission
from engine.ingest.inbox import Inbox, Submission
from engine.ingest.names import put_names
from engine.ingest.stamp import RowBuffer
from engine.kernel.step import step
from engine.kernel.tables import Array
from engine.live.stopwatch import Stopwatch
from engine.log_port import EventLog, Turn
from engine.messages.kinds import DEADLINE_PASSED, FACT_REFUSED, FIRST_DECIDED, REFUSAL_NAMES, SETTING_CHANGED
from engine.messages.row_fields import FEW, fields_of
from engine.messages.rows import ROW, Rows, empty_rows
from engine.ports import Receipt
from engine.state import OUT_ROWS, EngineState

TURN_ROWS: Final = 4096
"""Observed rows of one turn: about a millisecond of deciding."""
TURN_BYTES: Final = 4 << 20
LOOKED_UP: Final = 256
"""Facts of one submission that are looked up together among those seen."""
DECIDING_S: Final = (1e-7, 2.5e-7, 5e-7, 1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 1e-3, 1e-2)
"""Bins of the time that deciding upon a fact takes."""


class Concluded(NamedTuple):
    """What one appended frame means for those outside."""

    turn: Turn
    effects: list[Addressed]
    callbacks: list[OwedCallback]


class Placed(NamedTuple):
    """Facts of one submission that got rows in this turn, or duplicate one that did."""

    submission: Submission
    numbers: list[int]
    places: list[int]
    """Of the row, ascending; or ~place of the row that it duplicates."""


class Made(NamedTuple):
    """What one round of turn making did."""

    frames: list[Concluded]
    finished: list[Submission]
    """Submissions that have all their receipts now."""


class TurnMaker:
    """Makes turns from the inbox and appends them to the log. `state` always equals the log with what is staged."""

    def __init__(
        self,
        state: EngineState,
        log: EventLog,
        inbox: Inbox,
        estimate: Estimate,
        decide: Callable[[Any, Any, Any], tuple[int, int]] = step,
    ) -> None:
        self.state = state
        self._log = log
        self._inbox = inbox
        self._decide = decide
        self._buffer = RowBuffer(TURN_ROWS, TURN_BYTES)
        self._out: Array = np.asarray(empty_rows(OUT_ROWS))
        self._out_bytes = self._out.view(np.uint8).data
        self._admission = Admission(state.tables, state.names, self._buffer, state.contacts, state.interned)
        self.lines = WaitingLines(state.tables, state.contacts, state.names, estimate)
        self._deriver = EffectDeriver(state.tables, state.contacts, state.names, self.lines)
        self.deciding = Stopwatch(DECIDING_S)
        """How long the kernel takes for a fact, with all that follows from it."""
        self.facts = 0
        """Facts that got a receipt: recorded, duplicate or wrong."""
        self.wrong = 0
        self.duplicates = 0

    def make(self, now_ns: int, *, with_deadline: bool) -> Made:
        """Take a batch of facts (after DEADLINE_PASSED, if asked for), decide and append it. `now_ns` never falls."""
        buffer = self._buffer
        self.state.agent_times.reach(self.state.tables, now_ns)
        buffer.begin(now_ns)
        self._admission.begin()
        if with_deadline:
            buffer.put(DEADLINE_PASSED)
        put_names(self.state.interned, buffer)  # before whoever brought something: a turn may be cut anywhere
        placed, finished = self._fill()
        frames, seqs, refusals = self._decide_and_append()
        self._answer(placed, seqs, refusals)
        return Made(frames, finished)

    def record(self, now_ns: int, rows: Rows, payload: bytes = b"") -> list[Concluded]:
        """Append rows that no adapter submitted, in turns of their own; the first row carries the payload."""
        made: list[Concluded] = []
        times = self.state.agent_times
        times.reach(self.state.tables, now_ns)
        if (rows["kind"] == SETTING_CHANGED).any():
            times.settle(self.state.tables, now_ns)
        for start in range(0, len(rows), TURN_ROWS):
            self._buffer.begin(now_ns)
            self._admission.begin()
            self._buffer.put_rows(rows[start : start + TURN_ROWS], payload if start == 0 else b"")
            made += self._decide_and_append()[0]
        times.follow(self.state.tables, now_ns)
        return made

    def _fill(self) -> tuple[list[Placed], list[Submission]]:
        """Admit facts while there are any and the turn has room; return what got rows, and submissions without more."""
        placed: list[Placed] = []
        finished: list[Submission] = []
        inbox = self._inbox
        while inbox:
            submission = inbox.first
            first = submission.next_fact
            placed.append(self._take_from(submission))
            taken = submission.next_fact - first
            inbox.took(taken)
            self.facts += taken
            if submission.next_fact < len(submission.facts):
                break
            finished.append(submission)
        return placed, finished

    def _take_from(self, submission: Submission) -> Placed:
        """Admit the next facts of a submission, until the turn must be decided first."""
        facts, source, seen = submission.facts, submission.source, self.state.seen
        numbers, places = list[int](), list[int]()
        while submission.next_fact < len(facts):
            some = facts[submission.next_fact : submission.next_fact + LOOKED_UP]
            looked_up = seen.look_up(source.name, some)
            results = self._admission.admit(source, some, *looked_up, submission.own_only)
            first, submission.next_fact = submission.next_fact, submission.next_fact + len(results)
            if only_places(results):  # as nearly always
                numbers += range(first, submission.next_fact)
                places += results
            else:
                for number, result in enumerate(results, first):
                    if isinstance(result, int):
                        numbers.append(number)
                        places.append(result)
                    else:
                        submission.give(number, result)
                        self.duplicates += result.duplicate
                        self.wrong += not result.duplicate
            if len(results) < len(some):
                break
        return Placed(submission, numbers, places)

    def _decide_and_append(self) -> tuple[list[Concluded], list[int], dict[int, int]]:
        """Cross into the kernel, usually once; return the frames, each observed row's sequence, and refusals by it."""
        buffer, log, out, state = self._buffer, self._log, self._out, self.state
        frames: list[Concluded] = []
        seqs: list[int] = []
        refusals: dict[int, int] = {}
        while buffer.count:
            first_seq = state.seq + 1
            if log.next_seq != first_seq:
                raise TrunklineError(f"the log continues with {log.next_seq}, the kernel with {first_seq}")
            began_ns = perf_counter_ns()
            consumed, produced = self._decide(state.tables, buffer.rows, out)
            self.deciding.add(perf_counter_ns() - began_ns, consumed)
            if not consumed:
                raise TrunklineError("the kernel takes no more rows")
            rows: Array = np.frombuffer(self._out_bytes[: produced * ROW.itemsize].tobytes(), ROW)
            payload = buffer.payload_of_first(consumed)
            log.append(rows, payload, buffer.at_ns)
            told, refused = outcomes(first_seq, rows)
            seqs += told
            refusals |= refused
            effects, callbacks = self._deriver.derive(first_seq, rows)
            turn = Turn(first_seq, first_seq + produced - 1, rows, memoryview(payload))
            frames.append(Concluded(turn, effects, callbacks))
            if consumed == buffer.count:
                break
            buffer.drop_first(consumed)
        return frames, seqs, refusals

    def _answer(self, placed: list[Placed], seqs: list[int], refusals: dict[int, int]) -> None:
        for submission, numbers, places in placed:
            if not refusals and places and min(places) >= 0:
                first, last = places[0], places[-1]
                one_by_one = last - first == len(places) - 1  # as nearly always: places ascend
                given = seqs[first : last + 1] if one_by_one else [seqs[place] for place in places]
                submission.give_all(numbers, given)
                continue
            for number, place in zip(numbers, places, strict=True):
                duplicate = place < 0
                seq = seqs[~place if duplicate else place]
                refusal = refusals.get(seq, 0)
                self.duplicates += duplicate
                submission.give(number, Receipt(seq, duplicate=duplicate, refused=REFUSAL_NAMES.get(refusal, "")))
        fresh = self._admission.fresh
        if fresh:
            self.state.seen.add(fresh, [seqs[place] for place in fresh.values()], refusals)


def only_places(results: list[int | Receipt]) -> TypeGuard[list[int]]:
    """Tell whether every fact got a row, or duplicates one that did."""
    return Receipt not in set(map(type, results))


def outcomes(first_seq: int, rows: Array) -> tuple[list[int], dict[int, int]]:
    """Return each observed row's sequence, and the refusals by it, of rows that begin at `first_seq`."""
    if len(rows) <= FEW:
        numbered = list(enumerate(fields_of(rows), first_seq))
        told = [seq for seq, row in numbered if row.kind < FIRST_DECIDED]
        return told, {seq - row.cause: row.a for seq, row in numbered if row.kind == FACT_REFUSED}
    kinds = np.ascontiguousarray(rows["kind"])  # read twice: they lie apart in memory
    seqs: list[int] = ((kinds < FIRST_DECIDED).nonzero()[0] + first_seq).tolist()
    refused = (kinds == FACT_REFUSED).nonzero()[0]
    told_seqs = first_seq + refused - rows["cause"][refused]
    return seqs, dict(zip(told_seqs.tolist(), rows["a"][refused].tolist(), strict=True))
