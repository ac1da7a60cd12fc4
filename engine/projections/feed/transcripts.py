"""What was written in the latest conversations, kept from durable turns: bounded in bytes, by contact, in order.

Lines lie here as the bytes that the log holds, and become messages when somebody reads them. What was dropped for room,
or said before the turns that a start reads, is still in the log: after `whole_after_seq` nothing is missing here.
"""

from collections import deque
from itertools import islice
from threading import RLock
from typing import Any, Final, NamedTuple

import msgspec

from engine.kernel.tables import Array
from engine.log_port import Turn
from engine.messages.kind_set import KindSet
from engine.messages.kinds import BY_AGENT, BY_NAMES, FACT_REFUSED, MESSAGE_SENT, MESSAGES_READ
from engine.messages.observed import Attachment
from engine.model.directory import Directory
from engine.projections.contacts.history import ContactHistory

BYTES_MAX: Final = 64 << 20
"""Of lines kept, with `LINE_BYTES` for what each costs beside its text."""
LINE_BYTES: Final = 200
CONVERSATIONAL: Final = KindSet(MESSAGE_SENT, MESSAGES_READ)


class Message(msgspec.Struct, frozen=True):
    """One line of a conversation."""

    seq: int
    """Its place in the log: what a reader resumes by."""
    at_ns: int
    by: str
    """customer, agent or system."""
    agent: str
    text: str
    attachment: Attachment | None = None


class MessagePayload(msgspec.Struct, frozen=True):
    """What a message's payload must say; the rest stands in its row."""

    text: str = ""
    attachment: Attachment | None = None


class Line(NamedTuple):
    """A message as the log has it."""

    seq: int
    at_ns: int
    by: int
    agent: int
    payload: bytes


class Thread:
    """The lines of one contact."""

    __slots__ = ("lines", "read_seqs")

    def __init__(self) -> None:
        self.lines: deque[Line] = deque()
        self.read_seqs = [0, 0]
        """How far the customer and the agents have read."""


_DECODER: Final = msgspec.msgpack.Decoder(MessagePayload)


class Transcripts:
    """The latest conversations, updated by `apply` with every durable turn, after `history`. Readers may be threads."""

    def __init__(self, directory: Directory, history: ContactHistory, bytes_max: int = BYTES_MAX) -> None:
        self.directory = directory
        self._history = history
        self._room = bytes_max
        self._bytes = 0
        self._threads: dict[int, Thread] = {}
        """By the contact's id."""
        self._order: deque[int] = deque()
        """The contact of each line that is kept, oldest first."""
        self._whole_after_seq: int | None = None
        self.as_of = 0
        """Sequence of the last row taken in."""
        self._lock = RLock()

    @property
    def whole_after_seq(self) -> int:
        """Every line after this position is kept here."""
        return self._whole_after_seq or 0

    def apply(self, turn: Turn) -> None:
        """Take in one turn."""
        with self._lock:
            if self._whole_after_seq is None:
                self._whole_after_seq = turn.first_seq - 1
            self.as_of = turn.last_seq
            for place in CONVERSATIONAL.mask(turn.rows["kind"]).nonzero()[0].tolist():
                row, seq = turn.rows[place], turn.first_seq + place
                contact = None if was_refused(turn.rows, place) else self._history.id_in(int(row["contact"]), seq)
                if contact is None:
                    continue
                if int(row["kind"]) == MESSAGE_SENT:
                    self._keep(contact, line_of(seq, row, turn.payload))
                elif contact in self._threads:
                    read_seqs, side = self._threads[contact].read_seqs, int(row["a"]) == BY_AGENT
                    read_seqs[side] = max(read_seqs[side], int(row["b"]))

    def lines(self, contact: int, after_seq: int, limit: int) -> list[Line]:
        """Up to `limit` lines of the contact after a position."""
        with self._lock:
            thread = self._threads.get(contact)
            found = (line for line in thread.lines if line.seq > after_seq) if thread is not None else iter(())
            return list(islice(found, limit))

    def read_seqs(self, contact: int) -> tuple[int, int]:
        """How far the customer and the agents have read, as far as the lines are kept here."""
        with self._lock:
            thread = self._threads.get(contact)
            return (thread.read_seqs[0], thread.read_seqs[1]) if thread is not None else (0, 0)

    def message(self, line: Line) -> Message:
        """Return a line in words."""
        said = message_payload(line.payload)
        by, agent = BY_NAMES.get(line.by, str(line.by)), self.directory.agents.name(line.agent)
        return Message(line.seq, line.at_ns, by, agent, said.text, said.attachment)

    def _keep(self, contact: int, line: Line) -> None:
        self._threads.setdefault(contact, Thread()).lines.append(line)
        self._order.append(contact)
        self._bytes += len(line.payload) + LINE_BYTES
        while self._bytes > self._room:
            oldest = self._order.popleft()
            dropped = self._threads[oldest].lines.popleft()
            self._whole_after_seq = dropped.seq
            self._bytes -= len(dropped.payload) + LINE_BYTES
            if not self._threads[oldest].lines:
                del self._threads[oldest]


def line_of(seq: int, row: Any, payload: memoryview) -> Line:
    """Return the line that a MESSAGE_SENT row is."""
    offset, size = int(row["payload_offset"]), int(row["payload_size"])
    said = bytes(payload[offset : offset + size])
    return Line(seq, int(row["at_ns"]), int(row["a"]), int(row["agent"]), said)


def was_refused(rows: Array, place: int) -> bool:
    """Whether the kernel set the observed row at `place` aside: the very next row says so."""
    following = place + 1
    return following < len(rows) and int(rows[following]["kind"]) == FACT_REFUSED and int(rows[following]["cause"]) == 1


def message_payload(payload: bytes) -> MessagePayload:
    """Read a message's payload."""
    return _DECODER.decode(payload) if payload else MessagePayload()
