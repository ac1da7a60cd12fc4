"""The log in words: rows as events with names, and the scans that the timeline and the event feed are made of."""

from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any, Final

import msgspec
import numpy as np

from engine.log_port import EventLog
from engine.messages import kinds
from engine.messages.observed import INTEGER_MAX, Observed
from engine.messages.row_fields import fields_of
from engine.messages.rows import unpack_choice, unpack_entry, unpack_reserve, unpack_trunks
from engine.model.directory import Directory
from engine.model.plans import DRILL
from engine.model.settings import (
    STEPS_MAX,
    AgentSetting,
    ChannelSetting,
    EngineSetting,
    QueueSetting,
    TrunkGroupSetting,
)
from engine.projections.contacts.history import ID_DIGITS_MAX, ContactHistory
from engine.projections.contacts.recorded_facts import recorded_fact
from engine.projections.contacts.records import ContactRecord, Words, arrival_facts
from engine.projections.feed.arrivals import Arrivals, recorded_contact
from engine.projections.feed.payloads import loaded_in, ordered_plan, remarked_in, said_in, who_and_why
from engine.projections.feed.remarks import Remark
from engine.projections.figures import NS
from engine.projections.names import Interned, name_at

SCAN_ROWS_MAX: Final = 2_000_000
"""Rows that one request may look through: about a second."""
Data = dict[str, Any]


class Event(msgspec.Struct, frozen=True):
    """One row of the log."""

    seq: int
    at_ns: int
    type: str
    observed: bool
    """True: the outside said so; false: the engine concluded it."""
    cause_seq: int
    """The observed event that a decided one follows from; its own sequence if observed."""
    source: str
    contact: str
    """Name of the contact; empty where there is none, or where it is forgotten."""
    contact_id: int | None
    queue: str
    agent: str
    data: Data
    """What else the event says; durations in seconds."""


class EventPage(msgspec.Struct, frozen=True):
    """Events in order. `next_after_seq` is where the next page begins, also when none of these matched."""

    as_of: int
    next_after_seq: int
    more: bool
    events: list[Event]


def _seconds(value_ns: int) -> float:
    return round(value_ns / NS, 6)


def _queued(a: int, b: int, _: Directory) -> Data:
    entry, p50_s, p90_s = unpack_entry(b)
    told = {"told_p50_s": p50_s, "told_p90_s": p90_s}
    return {"entry": kinds.ENTRY_NAMES.get(entry, entry), "place_since_ns": a, **told}


def _offer_made(a: int, b: int, names: Directory) -> Data:
    candidates, strategy, runner_up, tied, contact_chosen = unpack_choice(b)
    found: Data = {"strategy": kinds.STRATEGY_NAMES.get(strategy, strategy), "candidates": candidates}
    if runner_up >= 0 and not contact_chosen:
        found["runner_up"] = names.agents.name(runner_up)
    return found | {"chosen": "contact" if contact_chosen else "agent", "score": a, "tied": tied}


def _arrived(a: int, b: int, names: Directory) -> Data:
    found: Data = {"channel": kinds.CHANNEL_NAMES.get(a & 0xFF, a & 0xFF), "priority": a >> 8 & 0xFF}
    trunk_group = (a >> 32 & 0xFFFF) - 1
    if trunk_group >= 0:
        found["trunk_group"] = names.trunk_groups.name(trunk_group)
    if b:
        found["place_since_ns"] = b
    return found


def _trunk_reserve(a: int, b: int, names: Directory) -> Data:
    reserve, protected, unprotected = unpack_reserve(b)
    loads: Data = {"protected_erlangs": protected, "unprotected_erlangs": unprotected}
    return {"trunk_group": names.trunk_groups.name(a), "reserve": reserve} | loads


def _trunk_requested(a: int, b: int, names: Directory) -> Data:
    return {"trunk_groups": [names.trunk_groups.name(group) for group in unpack_trunks(a, b)]}


_TABLES: Final = {
    kinds.TABLE_QUEUE: "queue",
    kinds.TABLE_AGENT: "agent",
    kinds.TABLE_TRUNK_GROUP: "trunk_group",
    kinds.TABLE_SKILL_LEVEL: "skill_level",
    kinds.TABLE_MEMBERSHIP: "membership",
    kinds.TABLE_CHANNEL: "channel",
    kinds.TABLE_ENGINE: "engine",
}
_COLUMNS: Final[dict[int, type[IntEnum]]] = {
    kinds.TABLE_QUEUE: QueueSetting,
    kinds.TABLE_AGENT: AgentSetting,
    kinds.TABLE_TRUNK_GROUP: TrunkGroupSetting,
    kinds.TABLE_CHANNEL: ChannelSetting,
    kinds.TABLE_ENGINE: EngineSetting,
}
_ONLY_COLUMN: Final = {kinds.TABLE_SKILL_LEVEL: "level", kinds.TABLE_MEMBERSHIP: "member"}
_STEP_PARTS: Final = ("after_ns", "action", "target")
_SAID_OF_ARRIVALS: Final = (
    (kinds.FLAG_PROTECTED, "protected", True),
    (kinds.FLAG_NO_CALLBACK, "callback", False),
)
_DETAILS: Final[dict[int, Callable[[int, int, Directory], Data]]] = {
    kinds.CONTACT_ARRIVED: _arrived,
    kinds.CONTACT_RELEASED: lambda a, b, _: {"by": kinds.BY_NAMES.get(a, a), "cause": b},
    kinds.OFFER_DECLINED: lambda a, b, _: {"reason": kinds.OFFER_END_NAMES.get(a, a), "cause": b},
    kinds.EXIT_KEY_PRESSED: lambda a, b, _: {"key": chr(a) if 32 <= a < 127 else a},
    kinds.PRIORITY_CHANGED: lambda a, b, _: {"priority": a},
    kinds.MESSAGES_READ: lambda a, b, _: {"by": kinds.BY_NAMES.get(a, a), "up_to_seq": b},
    kinds.SURVEY_REQUESTED: lambda a, b, _: {"survey": kinds.SURVEY_NAMES.get(a & 0xFF, a)},
    kinds.SURVEY_ANSWERED: lambda a, b, _: {"survey": kinds.SURVEY_NAMES.get(a & 0xFF, a & 0xFF), "score": a >> 8},
    kinds.QUALITY_EVALUATED: lambda a, b, _: {"score": a / 100},
    kinds.SCHEDULE_EXCEPTED: lambda a, b, _: {"from_ns": a, "to_ns": b},
    kinds.CASE_OPENED: lambda a, b, _: {"deadline_ns": a},
    kinds.CASE_RESOLVED: lambda a, b, _: {"case_id": b},
    kinds.CASE_REOPENED: lambda a, b, _: {"case_id": b, "deadline_ns": a},
    kinds.PLAN_ACTIVATED: lambda a, b, _: {"until_ns": a, "tier": b % DRILL, "drill": b >= DRILL},
    kinds.PLAN_DEACTIVATED: lambda a, b, _: {"activated_seq": a, "expired": bool(b)},
    kinds.AGENT_STATUS_CHANGED: lambda a, b, _: {"status": kinds.STATUS_NAMES.get(a, a)},
    kinds.AGENT_REACHABILITY_CHANGED: lambda a, b, _: {"reachable": bool(a)},
    kinds.CONTACT_QUEUED: _queued,
    kinds.OFFER_MADE: _offer_made,
    kinds.OFFER_ENDED: lambda a, b, _: {"reason": kinds.OFFER_END_NAMES.get(a, a), "offered_s": _seconds(b)},
    kinds.CONTACT_ANSWERED: lambda a, b, _: {"waited_s": _seconds(a), "waited_since_arrival_s": _seconds(b)},
    kinds.CONTACT_LEFT: lambda a, b, _: {"exit": kinds.EXIT_NAMES.get(a, a), "waited_s": _seconds(b)},
    kinds.CONTACT_ENDED: lambda a, b, _: {"by": kinds.BY_NAMES.get(a, a), "talked_s": _seconds(b)},
    kinds.WRAP_UP_STARTED: lambda a, b, _: {"ends_at_ns": a},
    kinds.WRAP_UP_ENDED: lambda a, b, _: {"wrapped_up_s": _seconds(b)},
    kinds.AGENT_SUSPENDED: lambda a, b, _: {"until_ns": a, "reason": kinds.OFFER_END_NAMES.get(b, b)},
    kinds.REQUIREMENT_RELAXED: lambda a, b, _: {"requirement": a, "step": b},
    kinds.FACT_REFUSED: lambda a, b, _: {
        "reason": kinds.REFUSAL_NAMES.get(a, a),
        "refused": kinds.KIND_NAMES.get(b, b),
    },
    kinds.TRUNK_RESERVE_CHANGED: _trunk_reserve,
    kinds.TRUNK_REQUESTED: _trunk_requested,
    kinds.TRUNK_SEIZED: lambda a, b, names: {"trunk_group": names.trunk_groups.name(a), "cost_calls": b / 1000},
    kinds.TRUNK_REFUSED: lambda a, b, names: {"trunk_group": names.trunk_groups.name(a), "groups_asked": b},
    kinds.AGENT_HELD_BACK: lambda a, b, _: {"value": a, "price": b},
}
SLOTLESS: Final = frozenset({kinds.SETTING_CHANGED, kinds.REQUIREMENT_DEFINED})
"""Kinds whose contact field is no contact."""
REMARKS: Final = (kinds.KIND_NAMES[kinds.NOTE_WRITTEN], kinds.KIND_NAMES[kinds.CONTACT_CLASSIFIED])
OF_THE_CLOSED: Final = frozenset(
    {
        kinds.SURVEY_REQUESTED,
        kinds.SURVEY_ANSWERED,
        kinds.NOTE_WRITTEN,
        kinds.CONTACT_CLASSIFIED,
        kinds.QUALITY_EVALUATED,
        kinds.CASE_OPENED,
    }
)
"""Kinds about a contact that is perhaps closed, by its id."""

BY_SOMEBODY: Final = frozenset(
    {
        kinds.TRANSFER_REQUESTED,
        kinds.REQUEUE_REQUESTED,
        kinds.CONTACT_WITHDRAWN,
        kinds.PRIORITY_CHANGED,
        kinds.AGENT_STATUS_CHANGED,
        kinds.ALERT_ACKNOWLEDGED,
        kinds.QUEUE_OPENED,
        kinds.QUEUE_CLOSED,
        kinds.CASE_RESOLVED,
        kinds.CASE_REOPENED,
    }
)
"""Kinds of what somebody ordered, who may have said who they are and why."""


class EventReader:
    """Reads the log in words. `read` and `fact` may run in any thread: they look only at durable frames."""

    def __init__(
        self,
        log: EventLog,
        directory: Directory,
        interned: Interned,
        history: ContactHistory,
        slot_of: Callable[[ContactRecord], int] | None = None,
    ) -> None:
        self._log = log
        self._slot_of = slot_of or history.slot_of
        self.directory = directory
        self._interned = interned
        self._history = history

    @property
    def first_seq(self) -> int:
        """Of the oldest row that is kept: what was before cannot be told."""
        return self._log.first_seq

    def read(
        self,
        after_seq: int,
        limit: int,
        types: Sequence[str] = (),
        contact: ContactRecord | None = None,
        slot: int = -1,
    ) -> EventPage:
        """Return up to `limit` events after `after_seq`, of a contact (in `slot`) or of all.

        Raises ValueError for an unknown type.
        """
        wanted = np.array([kind_number(word) for word in types], np.uint16)
        if contact is not None and slot < 0:
            slot = self._slot_of(contact)
        if contact is not None:
            after_seq = max(after_seq, contact.id - 1)
            if not contact.open and after_seq >= contact.last_seq:  # from here on others are in its slot
                return EventPage(self._log.durable_seq, after_seq, False, [])
        events: list[Event] = []
        reached, looked = after_seq, 0
        # Rows are durable a moment before their contacts have names here: those are for the next page.
        known_seq = self._history.as_of or INTEGER_MAX
        arrivals = Arrivals(self._log, self._history)
        for run in self._log.read_runs(after_seq + 1):
            first_seq, rows = run.first_seq, run.rows[: max(0, known_seq + 1 - run.first_seq)]
            if not len(rows):
                break
            arrivals.note(run)
            keep = np.ones(len(rows), bool)
            if len(wanted):
                keep &= np.isin(rows["kind"], wanted)
            if contact is not None:
                keep &= (rows["contact"] == slot) & ~np.isin(rows["kind"], list(SLOTLESS))
            keep[: max(0, after_seq + 1 - first_seq)] = False
            for place in np.flatnonzero(keep)[: limit + 1 - len(events)].tolist():
                if len(events) == limit:
                    return EventPage(self._log.durable_seq, events[-1].seq, True, events)
                event = self.event(first_seq + place, rows[place], run.payload, arrivals)
                if contact is not None and event.contact_id is None:
                    event = msgspec.structs.replace(event, contact=contact.contact, contact_id=contact.id)
                events.append(event)
                if contact is not None and int(rows[place]["flags"]) & kinds.FLAG_CLOSES:
                    return EventPage(self._log.durable_seq, event.seq, False, events)
            reached = first_seq + len(rows) - 1
            looked += len(rows)
            if looked > SCAN_ROWS_MAX:
                return EventPage(self._log.durable_seq, reached, True, events)
        return EventPage(self._log.durable_seq, max(reached, after_seq), False, events)

    def timeline(
        self, after_seq: int, limit: int, remarks: Callable[[int], Sequence[Remark]], contact: ContactRecord, slot: int
    ) -> EventPage:
        """Return a contact's events with the remarks about it, which may be younger than its end."""
        page = self.read(after_seq, limit, (), contact, slot)
        last_seq = page.next_after_seq if page.more else INTEGER_MAX
        events = list(page.events)
        for remark in remarks(contact.id):
            if after_seq < remark.seq <= last_seq:
                events += self.read(remark.seq - 1, 1, REMARKS).events
        events.sort(key=lambda event: event.seq)
        if len(events) > limit:
            return EventPage(page.as_of, events[limit - 1].seq, True, events[:limit])
        reached = max(page.next_after_seq, events[-1].seq) if events else page.next_after_seq
        return EventPage(page.as_of, reached, page.more, events)

    def contact(self, contact: str) -> tuple[ContactRecord, int] | None:
        """Return the contact whose id this is, written as a number, and its slot, as the log tells; None for no id."""
        if len(contact) > ID_DIGITS_MAX or not (contact.isascii() and contact.isdigit()) or int(contact) < 1:
            return None
        words = Words(self.directory, self._interned, self._history.name_in)
        return recorded_contact(self._log, words, int(contact))

    def fact(self, seq: int) -> Observed | None:
        """Return the fact at `seq`, see `recorded_fact`; None where there is none, or the log holds it no more."""
        for run in self._log.read_runs(seq):
            place = seq - run.first_seq
            if not 0 <= place < len(run.rows):
                return None
            (row,) = fields_of(run.rows[place : place + 1])
            payload = bytes(run.payload[row.payload_offset : row.payload_offset + row.payload_size])
            return recorded_fact(seq, row, payload, self.directory, self._history)
        return None

    def event(self, seq: int, row: Any, payload: memoryview, arrivals: Arrivals | None = None) -> Event:
        """Return one row in words; `arrivals` knows more contacts than are remembered."""
        contacts = arrivals or self._history
        kind, slot = int(row["kind"]), int(row["contact"])
        a, b = int(row["a"]), int(row["b"])
        data = _DETAILS[kind](a, b, self.directory) if kind in _DETAILS else {}
        if kind == kinds.MESSAGE_SENT:
            data = said_in(row, payload)
        elif kind in (kinds.NOTE_WRITTEN, kinds.CONTACT_CLASSIFIED):
            data = remarked_in(row, payload)
        name, queue = "", self.directory.queues.name(int(row["queue"]))
        if kind == kinds.CONTACT_ARRIVED:
            offset = int(row["payload_offset"])
            name = arrival_facts(payload[offset : offset + int(row["payload_size"])]).contact
            data = data | {word: truth for flag, word, truth in _SAID_OF_ARRIVALS if int(row["flags"]) & flag}
        elif kind in (kinds.PLAN_ACTIVATED, kinds.PLAN_DEACTIVATED):
            data = data | ordered_plan(row, payload)
        elif kind in BY_SOMEBODY:
            data = data | who_and_why(row, payload)
        elif kind == kinds.CONFIGURATION_LOADED:
            data = loaded_in(row, payload)
        elif kind == kinds.CALLER_MOVED:
            data = {"to": contacts.name_in(a, seq)}
        elif kind in SLOTLESS:
            data = _configured(row)
            queue, slot = "", -1
        contact_id = contacts.id_in(slot, seq) if slot >= 0 else None
        if kind in OF_THE_CLOSED and b:
            name, contact_id = contacts.name_of(b), b
        return Event(
            seq=seq,
            at_ns=int(row["at_ns"]),
            type=kinds.KIND_NAMES.get(kind, str(kind)),
            observed=kind < kinds.FIRST_DECIDED,
            cause_seq=seq - int(row["cause"]),
            source=name_at(self._interned.sources, int(row["source"])),
            contact=name or (contacts.name_in(slot, seq) if slot >= 0 else ""),
            contact_id=contact_id,
            queue=queue,
            agent="" if kind in SLOTLESS else self.directory.agents.name(int(row["agent"])),
            data=data,
        )


def _configured(row: Any) -> Data:
    """What a setting or requirement row says: its general fields hold a place in a table, not people and queues."""
    if int(row["kind"]) == kinds.REQUIREMENT_DEFINED:
        return {"requirement": int(row["queue"]), "skills": int(row["a"]), "relaxed": int(row["b"])}
    table, column = int(row["agent"]), int(row["contact"])
    setting = _setting(table, column)
    found: Data = {"table": _TABLES.get(table, str(table)), "index": int(row["queue"]), "setting": setting}
    return found | {"value": int(row["a"]), "second_index": int(row["b"])}


def _setting(table: int, column: int) -> str:
    if table == kinds.TABLE_AGENT and column in kinds.CHANNEL_NAMES:
        return f"capacity_{kinds.CHANNEL_NAMES[column]}"
    place, part = divmod(column - QueueSetting.FIRST_STEP, len(_STEP_PARTS))
    if table == kinds.TABLE_QUEUE and 0 <= place < STEPS_MAX:
        return f"step_{place + 1}_{_STEP_PARTS[part]}"
    known = next((member.name.lower() for member in _COLUMNS.get(table, ()) if member == column), str(column))
    return _ONLY_COLUMN.get(table, known)


def kind_number(word: str) -> int:
    """Return the number of an event type. Raises ValueError for a word that is none."""
    for number, name in kinds.KIND_NAMES.items():
        if name == word:
            return number
    raise ValueError(f"{word!r} is not an event type; known are {', '.join(kinds.KIND_NAMES.values())}")
