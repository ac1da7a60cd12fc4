"""A recorded log decided again: observed facts go through the kernel in the recorded turns, every row is compared."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final

import msgspec
import numpy as np

from engine.kernel.audit import audit
from engine.kernel.fingerprint import fingerprint
from engine.kernel.resize import resize
from engine.kernel.step import step
from engine.kernel.tables import Array, Capacity, Tables, capacity_of, new_tables
from engine.log.runs import Run
from engine.log_port import Turn
from engine.messages import kinds
from engine.messages.rows import ROW, empty_rows
from engine.model.settings import SECOND_NS
from engine.replay.apply import StateReplay
from engine.replay.recount import Recount
from engine.state import OUT_ROWS, EngineState, started_with

AUDIT_EVERY_ROWS: Final = 1 << 18
DIFFERENCES_MAX: Final = 20


class Mismatch(msgspec.Struct, frozen=True):
    """The first row that is decided differently today."""

    seq: int
    recorded: str
    decided: str


class VerifyReport(msgspec.Struct, frozen=True):
    """What deciding a log again found."""

    ok: bool
    first_seq: int
    """Of the first row that was decided again: 1, or right behind the state at which a log begins whose older segments
    were deleted."""
    first_at_ns: int
    """Unix time, ns, from which on it was decided again; 0: from its first row on."""
    rows: int
    """Rows that were read; after a mismatch those of its run, too."""
    frames: int
    observed: int
    decided: int
    last_seq: int
    last_at_ns: int
    fingerprint: str
    """Of the kernel's state at the end, folded; 16 hex digits."""
    mismatch: Mismatch | None
    states_equal: bool
    """Whether folding and deciding again led to the same state."""
    violations: tuple[str, ...]
    """Invariants that do not hold."""
    differences: tuple[str, ...]
    """Counters that a recount of the rows does not confirm."""

    def __str__(self) -> str:
        size = f"{self.rows} rows in {self.frames} turns ({self.observed} observed, {self.decided} decided)"
        if self.first_at_ns:
            since = datetime.fromtimestamp(self.first_at_ns // SECOND_NS, UTC).isoformat()
            size += f" from {since} on (sequence {self.first_seq}; what was before was deleted)"
        if self.ok:
            return f"verified: {size}, up to sequence {self.last_seq}; fingerprint {self.fingerprint}"
        lines = [f"not verified: {size}, up to sequence {self.last_seq}"]
        if self.mismatch is not None:
            first = self.mismatch
            lines.append(f"sequence {first.seq}: the log says {first.recorded}, the kernel decides {first.decided}")
        elif not self.states_equal:
            lines.append("folding the log and deciding it again lead to different states")
        return "\n".join([*lines, *self.violations, *self.differences])


class Recheck:
    """Takes the turns of a log in order, run by run, from a state on: a new one, or that at which the log begins."""

    def __init__(self, begin: EngineState) -> None:
        """`begin` is gone on from: nobody else may use it any more."""
        self._folded = begin
        self._folded.agent_times.pass_all()
        self._replay = StateReplay(self._folded)
        self._first_seq = begin.seq + 1
        self._first_at_ns = begin.now_ns
        self._decided = _copied(begin.tables)
        self._out: Array = np.asarray(empty_rows(OUT_ROWS))
        self._recount = Recount.behind(begin.tables)
        self._frames = 0
        self._rows = 0
        self._observed = 0
        self._last_at_ns = begin.now_ns
        self._next_audit = AUDIT_EVERY_ROWS
        self._mismatch: Mismatch | None = None
        self._violations: list[str] = []
        if begin.seq:
            self._audit(begin.seq)

    def add(self, run: Run) -> bool:
        """Decide, compare and fold the next turns; False when there is no use in going on."""
        self._frames += run.turns
        self._rows += len(run.rows)
        self._last_at_ns = int(run.rows["at_ns"][-1])
        agreed = self._decide(run)
        known: Turn = run
        if self._mismatch is not None:
            # What is recorded otherwise than decided may be anything: it is not let into the tables. Nor is a fact of
            # which not even the first conclusion is the same: it may be one that was, or must be, refused.
            if agreed and run.rows["kind"][agreed - 1] < kinds.FIRST_DECIDED:
                agreed -= 1
            known = Turn(run.first_seq, run.first_seq + agreed - 1, run.rows[:agreed], run.payload)
        self._replay.apply(known)
        self._recount.add(known)
        if self._rows >= self._next_audit and self._mismatch is None:
            self._next_audit = self._rows + AUDIT_EVERY_ROWS
            self._audit(run.last_seq)
        return self._mismatch is None and len(self._violations) < DIFFERENCES_MAX

    def report(self) -> VerifyReport:
        """What was found."""
        self._replay.finish()
        tables = self._folded.tables
        violations = [*self._violations, *audit(tables)][:DIFFERENCES_MAX]
        differences = self._recount.differences(tables)[:DIFFERENCES_MAX]
        folded = fingerprint(tables)
        equal = self._mismatch is None and folded == fingerprint(self._decided)
        return VerifyReport(
            ok=equal and not violations and not differences,
            first_seq=self._first_seq,
            first_at_ns=self._first_at_ns,
            rows=self._rows,
            frames=self._frames,
            observed=self._observed,
            decided=self._rows - self._observed,
            last_seq=self._folded.seq,
            last_at_ns=self._last_at_ns,
            fingerprint=f"{folded:016x}",
            mismatch=self._mismatch,
            states_equal=equal,
            violations=tuple(violations),
            differences=tuple(differences),
        )

    def _audit(self, seq: int) -> None:
        self._violations += [f"at sequence {seq}: {text}" for text in audit(self._decided)]

    def _grow(self, capacity: Capacity) -> None:
        if capacity != capacity_of(self._decided):
            self._decided = resize(self._decided, capacity)

    def _decide(self, run: Run) -> int:
        """Decide the run again; return how many of its rows came out as recorded."""
        starts = np.flatnonzero(run.rows["kind"] == kinds.ENGINE_STARTED).tolist()
        for begin, end in pairwise(sorted({0, *starts, len(run.rows)})):
            if begin in starts:
                self._grow(started_with(run.rows[begin], run.payload))
            agreed = self._decide_part(run.first_seq + begin, run.rows[begin:end])
            if self._mismatch is not None:
                return begin + agreed
        return len(run.rows)

    def _decide_part(self, first_seq: int, rows: Array) -> int:
        words = _words(rows)
        observed = words[rows["kind"] < kinds.FIRST_DECIDED].reshape(-1).view(ROW)
        self._observed += len(observed)
        taken = agreed = 0
        while taken < len(observed):
            consumed, produced = step(self._decided, observed[taken:], self._out)
            again, recorded = self._out[:produced], rows[agreed : agreed + produced]
            if not np.array_equal(_words(again), words[agreed : agreed + produced]):
                place = _differ_at(again, recorded)
                self._mismatch = _mismatch(first_seq + agreed + place, recorded, again, place)
                return agreed + place
            taken += consumed
            agreed += produced
        if agreed < len(rows):
            self._mismatch = _mismatch(first_seq + agreed, rows, rows[:agreed], agreed)
        return agreed


def _copied(t: Tables) -> Tables:
    copied = new_tables(capacity_of(t))
    for name, table in t.items():
        getattr(copied, name)[...] = table
    return copied


def _words(rows: Array) -> Array:
    """The rows as eight numbers each: what compares and moves rows fast."""
    words: Array = rows.view(np.uint64).reshape(-1, ROW.itemsize // 8)
    return words


def _differ_at(again: Array, recorded: Array) -> int:
    """The place of the first row that is not the same; where one has more rows, the first beyond the other."""
    common = min(len(again), len(recorded))
    differing = (_words(again[:common]) != _words(recorded[:common])).any(axis=1)
    return int(np.argmax(differing)) if differing.any() else common


def _mismatch(seq: int, recorded: Array, again: Array, place: int) -> Mismatch:
    """Say it in words. Where one goes on with the next fact and the other does not, the first has nothing more."""
    said, decided = recorded[place : place + 1], again[place : place + 1]
    follows = [bool(len(one)) and int(one["kind"][0]) >= kinds.FIRST_DECIDED for one in (said, decided)]
    if any(follows):
        said, decided = (one if does else one[:0] for one, does in zip((said, decided), follows, strict=True))
    return Mismatch(seq, in_words(said), in_words(decided))


def in_words(found: Array) -> str:
    """Return one row as text, or that there is none."""
    if not len(found):
        return "nothing more"
    row: Any = found[0]
    kind = int(row["kind"])
    fields = {
        name: int(row[name]) for name in ROW.names or () if name not in ("kind", "payload_offset", "payload_size")
    }
    shown = " ".join(f"{name}={value}" for name, value in fields.items() if value not in (0, -1))
    return f"{kinds.KIND_NAMES.get(kind, str(kind))} {shown}".strip()
