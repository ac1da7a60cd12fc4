"""From decided rows to effects: what the outside must be told about each conclusion of a turn, and who is told."""

from collections.abc import Callable, Iterable
from functools import partial, reduce
from operator import or_
from typing import Final, NamedTuple

import numpy as np

from engine.effects.address import Addressed, Names
from engine.effects.waiting import WaitingLines
from engine.ingest.registry import ContactEntry, OpenContacts
from engine.ingest.wrapping import WrapUp
from engine.kernel.tables import Array, Tables
from engine.messages.effects import (
    AnyEffect,
    CallBack,
    ConnectContact,
    DenyTrunk,
    EndContact,
    EndOffer,
    HoldContact,
    MoveContact,
    OfferContact,
    RefuseContact,
    RejectFact,
    ResumeContact,
    UseTrunk,
)
from engine.messages.exits import LEFT_BY_THEMSELVES
from engine.messages.kind_set import KindSet
from engine.messages.kinds import (
    BY_NAMES,
    BY_TRANSFER,
    CONTACT_ANSWERED,
    CONTACT_ARRIVED,
    CONTACT_ENDED,
    CONTACT_LEFT,
    CONTACT_QUEUED,
    CONTACT_RELEASED,
    EXIT_CALLBACK,
    EXIT_NAMES,
    EXIT_REFUSED_FULL,
    EXIT_REFUSED_TRUNK,
    FACT_REFUSED,
    FLAG_CLOSES,
    FLAG_WRAPS,
    HOLD_REQUESTED,
    KIND_NAMES,
    OFFER_DECLINED,
    OFFER_END_NAMES,
    OFFER_ENDED,
    OFFER_MADE,
    REFUSAL_NAMES,
    RESUME_REQUESTED,
    TRUNK_REFUSED,
    TRUNK_SEIZED,
    WRAP_UP_ENDED,
)
from engine.messages.observed import CALLBACK_NUMBER
from engine.messages.row_fields import FEW, RowFields, fields_at, fields_of
from engine.model.settings import AgentSetting, QueueSetting

RETRY_AFTER_S: Final = {EXIT_REFUSED_FULL: 30, EXIT_REFUSED_TRUNK: 10}
"""What a refused customer is told where the protocol can say it; other refusals give no such hope."""
Cause = Callable[[], RowFields]
"""Gives the observed row that a decided one follows from: few effects ask for it."""


class OwedCallback(NamedTuple):
    """A customer who left the line for a callback, which the driver has to queue."""

    seq: int
    """Sequence of the CONTACT_LEFT: names the callback."""
    entry: ContactEntry
    queue: int
    line_ns: int
    """The place in line that was given up."""


class Derived(NamedTuple):
    """What follows from one turn."""

    effects: list[Addressed]
    callbacks: list[OwedCallback]


class EffectDeriver:
    """Walks over the rows of each turn, in order, right after the kernel made them.

    Closed contacts leave `contacts` on the way, so the registry is what the rows up to there say.
    """

    def __init__(self, t: Tables, contacts: OpenContacts, names: Names, lines: WaitingLines) -> None:
        self._ring_limits_ns = (
            np.asarray(t.agents)["settings"][:, AgentSetting.RING_LIMIT_NS],
            np.asarray(t.queues)["settings"][:, QueueSetting.RING_LIMIT_NS],
        )
        """Of agents, where one has its own, and of queues."""
        self._contacts = contacts
        self._names = names
        self._lines = lines
        self._kinds: dict[int, Callable[[int, RowFields, Cause, ContactEntry], AnyEffect | None]] = {
            OFFER_MADE: self._offer_made,
            OFFER_ENDED: self._offer_ended,
            CONTACT_ANSWERED: self._answered,
            CONTACT_ENDED: partial(end_effect, names),
            CONTACT_LEFT: partial(leave_effect, names),
            FACT_REFUSED: self._refused,
            TRUNK_SEIZED: self._trunk_seized,
            TRUNK_REFUSED: _trunk_refused,
            HOLD_REQUESTED: self._wanted,
            RESUME_REQUESTED: self._wanted,
        }
        self._concluding_kinds = frozenset((*self._kinds, WRAP_UP_ENDED))
        self._concluding = KindSet(*self._concluding_kinds)

    def derive(self, first_seq: int, rows: Array) -> Derived:
        """Return what follows from the turn that begins at `first_seq`; closes its closed contacts."""
        effects: list[Addressed] = []
        callbacks: list[OwedCallback] = []
        contacts = self._contacts
        queued, concluding = (self._look if len(rows) <= FEW else self._look_at_many)(first_seq, rows)
        for place, row in concluding:
            kind, slot = row.kind, row.contact
            if kind == WRAP_UP_ENDED:
                contacts.wrapping.end(row.agent, row.a)
                continue
            entry = contacts.at(slot)
            if entry is None:
                continue
            if kind != CONTACT_LEFT or row.a not in LEFT_BY_THEMSELVES or entry.legs:  # else `leave_effect` has none
                cause = partial(fields_at, rows, place - row.cause)
                effect = self._kinds[kind](first_seq + place, row, cause, entry)
                if effect is not None:
                    effects.append(Addressed(entry.source, effect, entry.calls_back))
            if kind == CONTACT_ENDED and row.flags & FLAG_WRAPS:
                engagement = int(rows["b"][place + 1])  # of the WRAP_UP_STARTED that always follows
                contacts.wrapping.start(WrapUp(row.agent, engagement, entry.arrival_seq, entry.name))
            if row.flags & FLAG_CLOSES:
                contacts.close(slot)
                queued.pop(slot, None)
                if kind == CONTACT_LEFT and row.a == EXIT_CALLBACK:
                    callbacks.append(OwedCallback(first_seq + place, entry, row.queue, entry.line_ns))
        if queued:
            effects += self._lines.entered(queued)
        return Derived(effects, callbacks)

    def _look(self, first_seq: int, rows: Array) -> tuple[dict[int, int], Iterable[tuple[int, RowFields]]]:
        """Note arrivals and places in line; return what `_note_queued` does, and the rows that conclude, by place."""
        queued: dict[int, int] = {}
        concluding: dict[int, RowFields] = {}
        for place, row in enumerate(fields_of(rows)):
            kind = row.kind
            if kind in self._concluding_kinds:
                concluding[place] = row
                if kind == FACT_REFUSED:
                    concluding.pop(place - row.cause, None)
            elif kind in (CONTACT_ARRIVED, CONTACT_QUEUED) and (entry := self._contacts.at(row.contact)) is not None:
                if kind == CONTACT_ARRIVED:
                    entry.arrival_seq = first_seq + place
                else:
                    entry.line_ns, queued[row.contact] = row.a, first_seq + place
        return queued, concluding.items()

    def _look_at_many(self, first_seq: int, rows: Array) -> tuple[dict[int, int], Iterable[tuple[int, RowFields]]]:
        """Do what `_look` does, the sooner the more rows there are."""
        kinds = np.ascontiguousarray(rows["kind"])  # of rows side by side each comparison would read all of them
        arrived, entered = (kinds == CONTACT_ARRIVED).nonzero()[0], (kinds == CONTACT_QUEUED).nonzero()[0]
        if len(arrived):
            self._note_arrivals(first_seq, rows, arrived)
        queued = self._note_queued(first_seq, rows, entered) if len(entered) else {}
        concluding = self._concluding.mask(kinds)
        refused = (kinds == FACT_REFUSED).nonzero()[0]
        if len(refused):
            concluding[refused - rows["cause"][refused]] = False
        places = concluding.nonzero()[0]
        if len(places):
            places = self._close_quietly(rows, places, queued)
        return queued, zip(places.tolist(), fields_of(rows.take(places)), strict=True)

    def _close_quietly(self, rows: Array, places: Array, queued: dict[int, int]) -> Array:
        """Close the contacts that left by themselves, of which nobody is told, and forget that they were `queued`.

        Returns which of the concluding `places` are left to be looked at: also all of contacts about which these rows
        say more.
        """
        some = rows.take(places)
        slots, way_out = some["contact"], some["a"]
        # Not `np.isin`, which takes five times as long for turns of a few rows.
        by_themselves = reduce(or_, (way_out == one for one in LEFT_BY_THEMSELVES))
        closes = (some["flags"] & FLAG_CLOSES != 0) & (slots >= 0)
        quiet = (some["kind"] == CONTACT_LEFT) & by_themselves & closes
        if not quiet.all():
            quiet &= ~np.isin(slots, slots[~quiet])
        closing = slots[quiet].tolist()
        if with_legs := self._contacts.with_legs(closing):
            quiet &= ~np.isin(slots, with_legs)
            closing = slots[quiet].tolist()
        self._contacts.close_all(closing)
        for slot in closing if queued else ():
            queued.pop(slot, None)
        rest: Array = places[~quiet]
        return rest

    def _note_arrivals(self, first_seq: int, rows: Array, places: Array) -> None:
        entries = self._contacts.in_slots(rows["contact"][places].tolist())
        for entry, seq in zip(entries, (places + first_seq).tolist(), strict=True):
            if entry is not None:
                entry.arrival_seq = seq

    def _note_queued(self, first_seq: int, rows: Array, places: Array) -> dict[int, int]:
        """Note places in line; return the sequence by which each slot's contact was queued last."""
        queued: dict[int, int] = {}
        columns = rows["contact"][places], rows["a"][places], places + first_seq
        slots, lines_ns, seqs = (column.tolist() for column in columns)
        entries = self._contacts.in_slots(slots)
        for entry, slot, line_ns, seq in zip(entries, slots, lines_ns, seqs, strict=True):
            if entry is not None:
                entry.line_ns, queued[slot] = line_ns, seq
        return queued

    def _offer_made(self, seq: int, row: RowFields, _cause: Cause, entry: ContactEntry) -> AnyEffect:
        of_agents, of_queues = self._ring_limits_ns
        arrival = entry.arrival
        return OfferContact(
            seq=seq,
            contact=entry.name,
            agent=self._names.agents[row.agent],
            queue=self._names.queues[row.queue],
            channel=arrival.channel,
            ring_limit_ns=of_agents.item(row.agent) or of_queues.item(row.queue),
            call_back=arrival.attributes.get(CALLBACK_NUMBER, ""),
        )

    def _offer_ended(self, seq: int, row: RowFields, cause: Cause, entry: ContactEntry) -> AnyEffect | None:
        said = cause()
        is_answer = said.kind == OFFER_DECLINED and said.agent == row.agent and said.contact == row.contact
        if is_answer and said.source == entry.source:
            return None  # the phone said so itself and rings no more
        agent = self._names.agents[row.agent]
        return EndOffer(seq=seq, contact=entry.name, agent=agent, reason=OFFER_END_NAMES[row.a])

    def _answered(self, seq: int, row: RowFields, _cause: Cause, entry: ContactEntry) -> AnyEffect:
        agent, queue = self._names.agents[row.agent], self._names.queues[row.queue]
        return ConnectContact(seq=seq, contact=entry.name, agent=agent, queue=queue)

    def _wanted(self, seq: int, row: RowFields, _cause: Cause, entry: ContactEntry) -> AnyEffect:
        make = HoldContact if row.kind == HOLD_REQUESTED else ResumeContact
        return make(seq=seq, contact=entry.name, agent=self._names.agents[row.agent])

    def _trunk_seized(self, seq: int, row: RowFields, _cause: Cause, entry: ContactEntry) -> AnyEffect:
        return UseTrunk(seq=seq, contact=entry.name, trunk_group=self._names.trunk_groups[row.a])

    def _refused(self, seq: int, row: RowFields, _cause: Cause, entry: ContactEntry) -> AnyEffect:
        agent = self._names.agents[row.agent] if row.agent >= 0 else ""
        kind, reason = KIND_NAMES.get(row.b, str(row.b)), REFUSAL_NAMES.get(row.a, str(row.a))
        return RejectFact(seq=seq, contact=entry.name, agent=agent, kind=kind, reason=reason)


def _trunk_refused(seq: int, _row: RowFields, _cause: Cause, entry: ContactEntry) -> AnyEffect:
    return DenyTrunk(seq=seq, contact=entry.name)


def end_effect(names: Names, seq: int, row: RowFields, _cause: Cause, entry: ContactEntry) -> AnyEffect | None:
    """What a CONTACT_ENDED asks of the adapter of `entry`."""
    agent = names.agents[row.agent]
    if row.flags & FLAG_CLOSES:
        return EndContact(seq=seq, contact=entry.name, agent=agent, by=BY_NAMES[row.a])
    if row.a == BY_TRANSFER:
        return MoveContact(seq=seq, contact=entry.name, agent=agent, queue=names.queues[row.queue])
    return None


def leave_effect(names: Names, seq: int, row: RowFields, cause: Cause, entry: ContactEntry) -> AnyEffect | None:
    """What a CONTACT_LEFT, for the reason that `cause` gives, asks of the adapter of `entry`."""
    if not row.flags & FLAG_CLOSES:
        return None
    queue = names.queues[row.queue]
    if row.a == EXIT_CALLBACK:
        return CallBack(seq=seq, contact=entry.name, queue=queue)
    if row.a in LEFT_BY_THEMSELVES:
        if not entry.legs:
            return None  # the adapter knows that the customer is gone, and nothing else is up
        said = cause()
        by = BY_NAMES[said.a] if said.kind == CONTACT_RELEASED else "system"
        return EndContact(seq=seq, contact=entry.name, agent="", by=by)
    retry_after_s = RETRY_AFTER_S.get(row.a, 0)
    return RefuseContact(seq=seq, contact=entry.name, queue=queue, exit=EXIT_NAMES[row.a], retry_after_s=retry_after_s)
