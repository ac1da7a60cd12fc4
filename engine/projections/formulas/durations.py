"""How long agents' work lasts, as histograms by queue and channel, from durable turns since the process started.

The tables keep sums of talking, holding, wrapping up and ringing, and no shapes; these are for monitoring alone.
"""

from bisect import bisect_left
from copy import copy
from typing import Final

import msgspec
import numpy as np

from engine.kernel.tables import Tables
from engine.log_port import Turn
from engine.messages.kind_set import KindSet
from engine.messages.kinds import (
    CHANNELS,
    CONTACT_ANSWERED,
    CONTACT_ARRIVED,
    CONTACT_ENDED,
    CONTACT_HELD,
    CONTACT_RESUMED,
    ENGAGEMENT_WRAPPING,
    FACT_REFUSED,
    OFFER_BUSY,
    OFFER_ENDED,
    OFFER_MADE,
    OFFER_NO_ANSWER,
    OFFER_REJECTED,
    OFFER_UNREACHABLE,
    WRAP_UP_ENDED,
    WRAP_UP_STARTED,
)
from engine.messages.row_fields import RowFields, fields_of
from engine.projections.figures import NS

TALK: Final = "talk"
HOLD: Final = "hold"
WRAP_UP: Final = "wrap_up"
ACCEPTED: Final = "accepted"
DECLINED: Final = "declined"
NO_ANSWER: Final = "no_answer"
LOST: Final = "lost"
OFFERS: Final = (ACCEPTED, DECLINED, NO_ANSWER, LOST)
"""What becomes of an offer; lost: somebody else took the contact, or it was gone."""
_RINGING: Final = (3.0, 6.0, 12.0, 24.0)
EDGES_S: Final[dict[str, tuple[float, ...]]] = {
    TALK: (30.0, 60.0, 120.0, 300.0, 900.0, 3600.0),
    HOLD: (10.0, 30.0, 60.0, 300.0),
    WRAP_UP: (10.0, 30.0, 60.0, 120.0, 300.0),
    **dict.fromkeys(OFFERS, _RINGING),
}
"""Upper edges of the bins of each; the last bin has none."""
_RESULTS: Final = {
    OFFER_NO_ANSWER: NO_ANSWER,
    OFFER_REJECTED: DECLINED,
    OFFER_BUSY: DECLINED,
    OFFER_UNREACHABLE: DECLINED,
}
_FOLLOWED: Final = KindSet(
    CONTACT_HELD,
    CONTACT_RESUMED,
    OFFER_MADE,
    OFFER_ENDED,
    CONTACT_ANSWERED,
    CONTACT_ENDED,
    WRAP_UP_STARTED,
    WRAP_UP_ENDED,
)


class Spread(msgspec.Struct):
    """How long one thing lasted in one cell (queue and channel)."""

    counts: list[int]
    """By bin."""
    total_s: float = 0.0


class Durations:
    """Counts by cell; `note` must see every durable turn in order."""

    def __init__(self, t: Tables) -> None:
        self._channel = bytearray(t.contacts["channel"].astype(np.uint8).tobytes())
        """Of the contact in each slot: tables grow at a start only."""
        self._offered_ns: dict[tuple[int, int], int] = {}
        """Since when a contact (slot) rings at an agent."""
        self._held_ns: dict[int, int] = {}
        """Since when the contact in a slot is held."""
        self._hold_ns: dict[int, int] = {}
        """Holds of the present talk that are over."""
        self._let_go: dict[int, int] = {}
        """Channel of the contact that an agent let go of last."""
        wrapping = (t.engagements["state"] == ENGAGEMENT_WRAPPING).nonzero()[0]
        self._wrapping: dict[int, int] = dict(
            zip(wrapping.tolist(), t.engagements["channel"][wrapping].tolist(), strict=True)
        )
        """Channel of each wrap-up, by its engagement."""
        self._spreads: dict[str, dict[int, Spread]] = {what: {} for what in EDGES_S}

    def of(self, what: str, cell: int) -> Spread:
        """Return how long something of EDGES_S lasted in a cell (queue * CHANNELS + channel): the caller's own copy."""
        found = self._spreads[what].get(cell)
        return Spread(found.counts.copy(), found.total_s) if found else Spread([0] * (len(EDGES_S[what]) + 1))

    def still(self) -> "Durations":
        """Return what was counted until now, to be asked in a thread; it takes no more turns in."""
        found = copy(self)
        found._spreads = {
            what: {cell: self.of(what, cell) for cell in spreads} for what, spreads in self._spreads.items()
        }
        return found

    def note(self, turn: Turn) -> None:
        """Count one durable turn."""
        rows = turn.rows
        kinds = rows["kind"]
        arrived = rows.compress(kinds == CONTACT_ARRIVED)
        np.frombuffer(self._channel, np.uint8)[arrived["contact"]] = arrived["a"] & 0xFF  # no slot twice in one turn
        followed = _FOLLOWED.mask(kinds)
        refused = (kinds == FACT_REFUSED).nonzero()[0]
        followed[refused - rows["cause"][refused]] = False
        for row in fields_of(rows.compress(followed)):
            self._take(row)

    def _take(self, row: RowFields) -> None:
        kind, slot = row.kind, row.contact
        if kind == OFFER_MADE:
            self._offered_ns[slot, row.agent] = row.at_ns
        elif kind == CONTACT_ANSWERED:
            since_ns = self._offered_ns.pop((slot, row.agent), None)
            if since_ns is not None:
                self._add(ACCEPTED, self._cell(row), row.at_ns - since_ns)
        elif kind == OFFER_ENDED:
            self._offered_ns.pop((slot, row.agent), None)
            self._add(_RESULTS.get(row.a, LOST), self._cell(row), row.b)
        elif kind == CONTACT_HELD:
            self._held_ns.setdefault(slot, row.at_ns)
        elif kind == CONTACT_RESUMED:
            self._resume(slot, row.at_ns)
        elif kind == CONTACT_ENDED:
            self._resume(slot, row.at_ns)
            cell = self._cell(row)
            self._add(TALK, cell, row.b)
            self._add(HOLD, cell, self._hold_ns.pop(slot, 0))
            self._let_go[row.agent] = cell % CHANNELS
        elif kind == WRAP_UP_STARTED:
            self._wrapping[row.b] = self._let_go.get(row.agent, 0)
        else:
            self._add(WRAP_UP, row.queue * CHANNELS + self._wrapping.pop(row.a, 0), row.b)

    def _resume(self, slot: int, at_ns: int) -> None:
        since_ns = self._held_ns.pop(slot, None)
        if since_ns is not None:
            self._hold_ns[slot] = self._hold_ns.get(slot, 0) + at_ns - since_ns

    def _cell(self, row: RowFields) -> int:
        return row.queue * CHANNELS + self._channel[row.contact]

    def _add(self, what: str, cell: int, lasted_ns: int) -> None:
        spread = self._spreads[what].get(cell)
        if spread is None:
            spread = self._spreads[what][cell] = self.of(what, cell)
        spread.counts[bisect_left(EDGES_S[what], lasted_ns / NS)] += 1
        spread.total_s += lasted_ns / NS
