"""Quality as it was: its own fold, gone on with forward, and begun anew at marks that were set on the way.

Folding quality costs several times as much as folding the tables, and few ask for it: so it follows when somebody asks.
"""

import zlib
from collections.abc import Callable
from typing import Final, NamedTuple

from engine.errors import LogError
from engine.log_port import EventLog, read_between
from engine.model.directory import Directory
from engine.projections.quality.quality import Quality

MARK_ROWS: Final = 200_000
"""Rows between two marks, and up to one run of the log more: about half a second of folding."""
MARKS_MAX: Final = 16
"""Marks kept: each is all of quality, some megabytes as they are packed."""
ROWS_MAX: Final = 20_000_000
"""Rows folded for one answer at most. What was folded then is kept in marks: whoever asks again gets further."""
PACKED: Final = 1
"""Level of compression: the lowest makes a seventh of it, and most of it is zeros."""


class _Mark(NamedTuple):
    seq: int
    saved: bytes


class PastQuality:
    """Quality at one position of the log after the other. It belongs to one thread at a time."""

    def __init__(
        self,
        log: EventLog,
        kept: Callable[[], bytes],
        *,
        mark_rows: int = MARK_ROWS,
        marks_max: int = MARKS_MAX,
        rows_max: int = ROWS_MAX,
        told: Callable[[float], None] = lambda _share: None,
    ) -> None:
        """`kept` gives what `Quality.save` returned for the newest state that is kept beside the log, if any is.

        `told` hears how much of what has to be read is read.
        """
        self._log = log
        self._told = told
        self._kept: Callable[[], bytes] | None = kept
        self._mark_rows, self._marks_max, self._rows_max = mark_rows, marks_max, rows_max
        self._marks: list[_Mark] = []
        self._base: _Mark | None = None
        self._quality: Quality | None = None
        self._seq = 0
        """Up to where `_quality` is folded."""

    def begin(self, saved: bytes) -> int:
        """Begin at what was saved; returns its position, 0 where it is of no use: then all that the log has is read."""
        seq = Quality(Directory(), saved, self._log.durable_seq).from_seq - 1
        if seq:
            self._base = _Mark(seq, zlib.compress(saved, PACKED))
        return seq

    def at(self, seq: int, directory: Directory) -> Quality:
        """Return quality at the end of the turn whose last row is `seq`, until the next call.

        Raises LogError where too much would have to be folded.
        """
        nearest = self._nearest(seq)
        quality, self._quality = self._quality, None  # whatever fails, what is half folded is not gone on with
        if quality is None or self._seq > seq or (nearest is not None and nearest.seq > self._seq):
            quality = None  # before the next is made: two of them would be large
            quality = Quality(directory, zlib.decompress(nearest.saved) if nearest else b"", seq)
            self._seq = quality.from_seq - 1
        quality.directory = directory
        self._fold(quality, seq)
        self._quality = quality
        return quality

    def _nearest(self, seq: int) -> _Mark | None:
        if self._kept is not None and seq - self._seq >= self._mark_rows and not self._base:
            kept, self._kept = self._kept, None  # once: it is read from the disk
            self.begin(kept())
        base = [self._base] if self._base is not None else []
        return max((mark for mark in [*base, *self._marks] if mark.seq <= seq), key=lambda mark: mark.seq, default=None)

    def _fold(self, quality: Quality, seq: int) -> None:
        folded, marked = 0, max((mark.seq for mark in self._marks), default=0)
        from_seq = self._seq
        for run in read_between(self._log, self._seq, seq):
            self._told((self._seq - from_seq) / (seq - from_seq))
            quality.apply(run)
            self._seq = run.last_seq
            folded += len(run.rows)
            if self._seq - marked >= self._mark_rows:
                marked = self._mark(quality)
            if folded > self._rows_max and self._seq < seq:
                raise LogError(f"more than {self._rows_max} rows lie before that instant; ask once more to go on")

    def _mark(self, quality: Quality) -> int:
        """Set a mark here; returns the position of the last that is kept."""
        self._marks.append(_Mark(self._seq, zlib.compress(quality.save(), PACKED)))
        if len(self._marks) > self._marks_max:  # the marks that are left lie twice as far apart
            self._marks, self._mark_rows = self._marks[1::2], 2 * self._mark_rows
        return self._marks[-1].seq
