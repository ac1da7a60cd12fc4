"""A recorded log decided again: observed facts go through the kernel in the recorded turns, every row is compared."""

from typing import Any, Final

import msgspec
import numpy as np

from engine.kernel.audit import audit
from engine.kernel.fingerprint import fingerprint
from engine.kernel.resize import resize
from engine.kernel.step import step
from engine.kernel.tables import Array, Capacity, capacity_of, new_tables
from engine.log.runs import RUN_ROWS, joined
from engine.messages import kinds
from engine.messages.rows import ROW, empty_rows
from engine.ports import Frame
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
    rows: int
    """Rows that were read and compared."""
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
    """Takes the frames of a log in order."""

    def __init__(self, capacity: Capacity) -> None:
        self._folded = EngineState(capacity)
        self._replay = StateReplay(self._folded)
        self._decided = new_tables(capacity)
        self._out: Array = np.asarray(empty_rows(OUT_ROWS))
        self._recount = Recount()
        self._unfolded: list[Frame] = []
        self._unfolded_rows = 0
        self._frames = 0
        self._rows = 0
        self._observed = 0
        self._last_at_ns = 0
        self._next_audit = AUDIT_EVERY_ROWS
        self._mismatch: Mismatch | None = None
        self._violations: list[str] = []

    def add(self, frame: Frame) -> bool:
        """Fold, decide and compare one turn; False when there is no use in going on."""
        rows = np.asarray(frame.rows)
        self._frames += 1
        self._rows += len(rows)
        self._last_at_ns = frame.at_ns
        self._unfolded.append(frame)
        self._unfolded_rows += len(rows)
        if self._unfolded_rows >= RUN_ROWS:
            self._fold()
        self._mismatch = self._decide(frame, rows)
        if self._rows >= self._next_audit and self._mismatch is None:
            self._next_audit += AUDIT_EVERY_ROWS
            self._violations += [f"at sequence {self._rows}: {text}" for text in audit(self._decided)]
        return self._mismatch is None and len(self._violations) < DIFFERENCES_MAX

    def report(self) -> VerifyReport:
        """What was found."""
        self._fold()
        self._replay.finish()
        tables = self._folded.tables
        violations = [*self._violations, *audit(tables)][:DIFFERENCES_MAX]
        differences = self._recount.differences(tables)[:DIFFERENCES_MAX]
        folded = fingerprint(tables)
        equal = self._mismatch is None and folded == fingerprint(self._decided)
        return VerifyReport(
            ok=equal and not violations and not differences,
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

    def _grow(self, capacity: Capacity) -> None:
        if capacity != capacity_of(self._decided):
            self._decided = resize(self._decided, capacity)

    def _fold(self) -> None:
        if self._unfolded:
            run = joined(self._unfolded)
            self._replay.apply(run)
            self._recount.add(run)
            self._unfolded.clear()
            self._unfolded_rows = 0

    def _decide(self, frame: Frame, rows: Array) -> Mismatch | None:
        if int(rows["kind"][0]) == kinds.ENGINE_STARTED:
            self._grow(started_with(frame.rows[0], frame.payload))
        observed = rows[rows["kind"] < kinds.FIRST_DECIDED]
        self._observed += len(observed)
        consumed, produced = step(self._decided, observed, self._out)
        again = self._out[:produced]
        if consumed == len(observed) and again.tobytes() == rows.tobytes():
            return None
        common = min(len(rows), produced)
        words = np.asarray(again[:common]).view(np.uint64).reshape(common, -1)
        differing = (words != np.ascontiguousarray(rows[:common]).view(np.uint64).reshape(common, -1)).any(axis=1)
        place = int(np.argmax(differing)) if differing.any() else common
        return Mismatch(frame.first_seq + place, in_words(rows, place), in_words(again, place))


def in_words(rows: Array, place: int) -> str:
    """Return one row as text, or that there is none."""
    if place >= len(rows):
        return "nothing more in this turn"
    row: Any = rows[place]
    kind = int(row["kind"])
    fields = {
        name: int(row[name]) for name in ROW.names or () if name not in ("kind", "payload_offset", "payload_size")
    }
    shown = " ".join(f"{name}={value}" for name, value in fields.items() if value not in (0, -1))
    return f"{kinds.KIND_NAMES.get(kind, str(kind))} {shown}".strip()
