"""Counters counted once more, from the recorded rows alone and without the kernel: what its own must equal."""

from typing import Any, Final

import numpy as np

from engine.kernel.tables import Array, Tables
from engine.log_port import Turn
from engine.messages import kinds
from engine.messages.exits import GAVE_UP
from engine.messages.rows import ROW
from engine.model.tallies import TALLY_COLUMNS, Tally
from engine.state import started_with

COUNTED: Final = (
    Tally.ENTRIES,
    *(Tally.EXIT + way_out for way_out in range(kinds.EXITS)),
    Tally.ANSWERED_WAIT_NS,
    Tally.ABANDONED_WAIT_NS,
    Tally.LONGEST_WAIT_NS,
    Tally.HANDLED,
    Tally.TALK_NS,
    Tally.OFFERS,
    Tally.OFFERS_NOT_ANSWERED,
    Tally.OFFERS_DECLINED,
    Tally.OFFERS_LOST,
    Tally.TRANSFERRED_OUT,
    Tally.ENDED_IDLE,
)
"""Counters of a queue and channel that rows alone determine; the others need settings or durations of before."""
COUNTED_BY_QUEUE: Final = (Tally.WRAPPED, Tally.WRAP_UP_NS)
"""Counters whose rows no longer name the contact, so its channel is not known."""
_OFFER_COLUMNS: Final = {
    kinds.OFFER_NO_ANSWER: Tally.OFFERS_NOT_ANSWERED,
    kinds.OFFER_REJECTED: Tally.OFFERS_DECLINED,
    kinds.OFFER_BUSY: Tally.OFFERS_DECLINED,
    kinds.OFFER_UNREACHABLE: Tally.OFFERS_DECLINED,
    kinds.OFFER_CONTACT_LEFT: Tally.OFFERS_LOST,
    kinds.OFFER_TAKEN_ELSEWHERE: Tally.OFFERS_LOST,
    kinds.OFFER_WITHDRAWN: Tally.OFFERS_LOST,
}


FOLLOWED: Final = (
    kinds.CONTACT_QUEUED,
    kinds.OFFER_MADE,
    kinds.OFFER_ENDED,
    kinds.CONTACT_ANSWERED,
    kinds.CONTACT_LEFT,
    kinds.CONTACT_ENDED,
)
"""Kinds that a counter of a queue and channel follows from."""
_IS_CHOSEN: Final = np.zeros(1 << 16, np.bool_)
_IS_CHOSEN[[kinds.CONTACT_ARRIVED, *FOLLOWED]] = True


class Recount:
    """Adds up runs of recorded rows, in order; has room for as much as the log's engine says at its starts."""

    def __init__(self, queues: int = 0, contacts: int = 0) -> None:
        self.cells = np.zeros((queues, kinds.CHANNELS, TALLY_COLUMNS), np.int64)
        self.by_queue = np.zeros((queues, TALLY_COLUMNS), np.int64)
        self.kinds = np.zeros(1 << 16, np.int64)
        """Rows of each kind."""
        self._channel_of_slot = np.zeros(contacts, np.int64)

    @classmethod
    def behind(cls, t: Tables) -> "Recount":
        """Return one that goes on from what a state has counted."""
        recount = cls(len(t.queues), len(t.contacts))
        recount.cells += t.tallies.reshape(recount.cells.shape)
        recount.by_queue += recount.cells.sum(axis=1)
        recount._channel_of_slot += t.contacts["channel"]
        return recount

    def add(self, run: Turn) -> None:
        """Count one run."""
        said = np.ascontiguousarray(run.rows["kind"])
        for place in np.flatnonzero(said == kinds.ENGINE_STARTED).tolist():
            capacity = started_with(run.rows[place], run.payload)
            self._grow(capacity.queues, capacity.contacts)
        self.kinds += np.bincount(said, minlength=len(self.kinds))
        wrapped = chosen_rows(run.rows, said == kinds.WRAP_UP_ENDED)
        np.add.at(self.by_queue[:, Tally.WRAPPED], wrapped["queue"], 1)
        np.add.at(self.by_queue[:, Tally.WRAP_UP_NS], wrapped["queue"], wrapped["b"])
        rows = chosen_rows(run.rows, _IS_CHOSEN[said])
        channels = self._channels(rows)
        said = np.ascontiguousarray(rows["kind"])
        for kind in FOLLOWED:
            mask = said == kind
            if mask.any():
                self._count(kind, chosen_rows(rows, mask), channels[mask])

    def _grow(self, queues: int, contacts: int) -> None:
        self.cells = _longer(self.cells, queues)
        self.by_queue = _longer(self.by_queue, queues)
        self._channel_of_slot = _longer(self._channel_of_slot, contacts)

    def _channels(self, rows: Array) -> Array:
        """The channel of each row's contact: that of the arrival in its slot before it."""
        order = np.argsort(rows["contact"], kind="stable")
        slots = rows["contact"][order].astype(np.int64)
        arrival = rows["kind"][order] == kinds.CONTACT_ARRIVED
        places = np.arange(len(rows))
        latest = np.maximum.accumulate(np.where(arrival, places, -1)) if len(rows) else places
        known = (latest >= 0) & (slots[latest] == slots)
        own = rows["a"][order] & 0xFF
        sorted_channels = np.where(known, own[latest], self._channel_of_slot[slots])
        arrivals = places[arrival]
        self._channel_of_slot[slots[arrivals]] = own[arrivals]
        channels = np.empty(len(rows), np.int64)
        channels[order] = sorted_channels
        return channels

    def _count(self, kind: int, rows: Any, channels: Array) -> None:
        queues, a, b = rows["queue"], rows["a"], rows["b"]
        if kind == kinds.CONTACT_QUEUED:
            self._add(queues, channels, int(Tally.ENTRIES), 1)
        elif kind == kinds.OFFER_MADE:
            self._add(queues, channels, int(Tally.OFFERS), 1)
        elif kind == kinds.OFFER_ENDED:
            columns = np.array([_OFFER_COLUMNS[reason] for reason in a.tolist()], np.int64)
            self._add(queues, channels, columns, 1)
        elif kind == kinds.CONTACT_ANSWERED:
            self._add(queues, channels, Tally.EXIT + kinds.EXIT_ANSWERED, 1)
            self._add(queues, channels, int(Tally.ANSWERED_WAIT_NS), a)
            self._longest(queues, channels, a)
        elif kind == kinds.CONTACT_ENDED:
            self._add(queues, channels, int(Tally.HANDLED), 1)
            self._add(queues, channels, int(Tally.TALK_NS), b)
            self._add(queues, channels, int(Tally.TRANSFERRED_OUT), (a == kinds.BY_TRANSFER).astype(np.int64))
            self._add(queues, channels, int(Tally.ENDED_IDLE), (a == kinds.BY_IDLE).astype(np.int64))
        else:
            self._add(queues, channels, Tally.EXIT + a, 1)
            self._longest(queues, channels, b)
            at_door = (rows["flags"] & kinds.FLAG_WAITED) == 0
            self._add(queues, channels, int(Tally.ENTRIES), at_door.astype(np.int64))
            abandoned = np.isin(a, GAVE_UP)
            self._add(queues, channels, int(Tally.ABANDONED_WAIT_NS), np.where(abandoned, b, 0))

    def _add(self, queues: Array, channels: Array, column: Any, amount: Any) -> None:
        places: Any = (queues, channels, column)
        np.add.at(self.cells, places, amount)

    def _longest(self, queues: Array, channels: Array, waits_ns: Array) -> None:
        places: Any = (queues, channels, int(Tally.LONGEST_WAIT_NS))
        np.maximum.at(self.cells, places, waits_ns)

    def differences(self, t: Tables) -> list[str]:
        """Say where the kernel's counters differ, each as one sentence; empty if nowhere."""
        kept = t.tallies.reshape(self.cells.shape)
        found = []
        for column in COUNTED:
            for queue, channel in np.argwhere(kept[:, :, column] != self.cells[:, :, column]).tolist():
                pair = int(kept[queue, channel, column]), int(self.cells[queue, channel, column])
                found.append(
                    f"{_column_name(column)} of queue {queue}, {_channel(channel)}: kept {pair[0]}, recounted {pair[1]}"
                )
        for column in COUNTED_BY_QUEUE:
            sums = kept[:, :, column].sum(axis=1)
            for queue in np.flatnonzero(sums != self.by_queue[:, column]).tolist():
                pair = int(sums[queue]), int(self.by_queue[queue, column])
                found.append(f"{_column_name(column)} of queue {queue}: kept {pair[0]}, recounted {pair[1]}")
        exits = self.cells[:, :, Tally.EXIT : Tally.EXIT + kinds.EXITS].sum(axis=(1, 2))
        waiting = self.cells[:, :, Tally.ENTRIES].sum(axis=1) - exits
        for queue in np.flatnonzero(waiting != t.queues["waiting"]).tolist():
            pair = int(t.queues["waiting"][queue]), int(waiting[queue])
            found.append(f"waiting in queue {queue}: kept {pair[0]}, entries less exits {pair[1]}")
        return found


def chosen_rows(rows: Array, mask: Array) -> Array:
    """The rows that the mask tells, moved as eight words each: field by field takes many times as long."""
    words = np.ascontiguousarray(rows).view(np.uint64).reshape(-1, ROW.itemsize // 8)
    found: Array = words[mask].reshape(-1).view(ROW)
    return found


def _longer(table: Array, length: int) -> Array:
    if length <= len(table):
        return table
    return np.concatenate([table, np.zeros((length - len(table), *table.shape[1:]), table.dtype)])


def _channel(channel: int) -> str:
    return kinds.CHANNEL_NAMES[channel]


def _column_name(column: int) -> str:
    exits = column - Tally.EXIT
    if 0 <= exits < kinds.EXITS:
        return f"exits {kinds.EXIT_NAMES[exits]}"
    return Tally(column).name.lower()
