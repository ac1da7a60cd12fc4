"""What agents remarked about the latest contacts, kept from durable turns: notes, codes and quality fields."""

from collections import deque
from threading import RLock
from typing import Any, Final

import msgspec

from engine.log_port import Turn
from engine.messages.kind_set import KindSet
from engine.messages.kinds import CONTACT_CLASSIFIED, NOTE_WRITTEN
from engine.model.directory import Directory
from engine.projections.feed.transcripts import was_refused

REMARKS_MAX: Final = 50_000
"""Kept of all contacts; older ones are in the log."""
KINDS: Final = KindSet(NOTE_WRITTEN, CONTACT_CLASSIFIED)


class RemarkPayload(msgspec.Struct, frozen=True):
    """What a remark's payload says; the rest stands in its row."""

    text: str = ""
    code: str = ""
    fields: dict[str, str] = {}


class Remark(msgspec.Struct, frozen=True):
    """One note, or one classification."""

    seq: int
    at_ns: int
    agent: str
    text: str = ""
    """Of a note; empty for a classification."""
    code: str = ""
    fields: dict[str, str] = {}


class Remarks(msgspec.Struct, frozen=True):
    """What was remarked about one contact."""

    notes: list[Remark] = []
    classified: Remark | None = None
    """The latest, which counts."""


_DECODER: Final = msgspec.msgpack.Decoder(RemarkPayload)


class RemarkBook:
    """Updated by `apply` with every durable turn. Readers may be threads."""

    def __init__(self, directory: Directory, remarks_max: int = REMARKS_MAX) -> None:
        self.directory = directory
        self._room = remarks_max
        self._order: deque[int] = deque()
        """The contact of each remark, oldest first."""
        self._of: dict[int, deque[Remark]] = {}
        self._lock = RLock()

    def apply(self, turn: Turn) -> None:
        """Take in one turn."""
        for place in KINDS.mask(turn.rows["kind"]).nonzero()[0].tolist():
            if was_refused(turn.rows, place):
                continue
            row = turn.rows[place]
            with self._lock:
                contact = int(row["b"])
                self._of.setdefault(contact, deque()).append(self._remark(turn.first_seq + place, row, turn.payload))
                self._order.append(contact)
                if len(self._order) > self._room:
                    self._forget(self._order.popleft())

    def all_of(self, contact: int) -> list[Remark]:
        """Every remark about the contact of this id that is at hand, in order."""
        with self._lock:
            return list(self._of.get(contact, ()))

    def of(self, contact: int) -> Remarks:
        """What was remarked about the contact of this id."""
        found = self.all_of(contact)
        classified = [one for one in found if not one.text]
        return Remarks([one for one in found if one.text], classified[-1] if classified else None)

    def _remark(self, seq: int, row: Any, payload: memoryview) -> Remark:
        said = remark_in(row, payload)
        agent = self.directory.agents.name(int(row["agent"]))
        return Remark(seq, int(row["at_ns"]), agent, said.text, said.code, said.fields)

    def _forget(self, contact: int) -> None:
        self._of[contact].popleft()
        if not self._of[contact]:
            del self._of[contact]


def remark_in(row: Any, payload: memoryview) -> RemarkPayload:
    """Read what a NOTE_WRITTEN or CONTACT_CLASSIFIED row says."""
    offset, size = int(row["payload_offset"]), int(row["payload_size"])
    return _DECODER.decode(payload[offset : offset + size]) if size else RemarkPayload()
