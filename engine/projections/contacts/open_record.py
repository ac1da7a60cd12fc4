"""An open contact whose beginning the history has forgotten, told from what the engine keeps of it to act on."""

import numpy as np

from engine.kernel.tables import Tables
from engine.messages.kinds import (
    CONTACT_ARRIVED,
    CONTACT_CONNECTED,
    CONTACT_FREE,
    CONTACT_HELD_STATE,
    CONTACT_OFFERED,
    CONTACT_STATE_NAMES,
    CONTACT_WAITING,
)
from engine.messages.row_fields import RowFields
from engine.projections.contacts.records import ContactRecord, Visit, Words, begun
from engine.projections.figures import NS
from engine.projections.names import OpenContacts
from engine.projections.queues.waiting_list import offered_to


def open_slot(t: Tables, contacts: OpenContacts, contact: str | int) -> int:
    """Slot of the open contact of this id; of a text: as `ContactHistory.find`. -1 when there is none."""
    if isinstance(contact, str):
        slot = contacts.slot_of(contact)
        if slot >= 0 or not (contact.isascii() and contact.isdigit() and len(contact) < 19):
            return slot
    found = np.flatnonzero((t.contacts["arrival_seq"] == int(contact)) & (t.contacts["state"] != CONTACT_FREE))
    return int(found[0]) if len(found) else -1


def open_record(t: Tables, words: Words, contacts: OpenContacts, slot: int) -> ContactRecord | None:
    """Return the record of the contact in `slot`: its arrival and its present stay. What was before is in the log."""
    entry, contact = contacts.at(slot), t.contacts[slot]
    if entry is None:
        return None
    seq, state = int(contact["arrival_seq"]), int(contact["state"])
    packed = int(contact["channel"]) | int(contact["priority"]) << 8
    source, arrived_ns = int(contact["source"]), int(contact["arrived_ns"])
    row = RowFields(arrived_ns, CONTACT_ARRIVED, 0, source, seq, -1, -1, slot, 0, packed, 0, 0, 0)
    record = begun(words, seq, row, entry.payload)
    record.state = CONTACT_STATE_NAMES[state]
    queue, entered_ns = words.directory.queues.name(int(contact["queue"])), int(contact["enqueued_ns"])
    p50_s, p90_s = _told_s(int(contact["told_p50_ns"])), _told_s(int(contact["told_p90_ns"]))
    visit = Visit(queue, "", entered_ns, p50_s, p90_s)
    record.queue, record.last_seq = queue, int(contact["order"])
    record.offered_to = [words.directory.agents.name(agent) for agent in offered_to(t, slot)]
    if state in (CONTACT_CONNECTED, CONTACT_HELD_STATE):
        record.agent = visit.agent = words.directory.agents.name(int(contact["agent"]))
        record.answered_ns = visit.left_ns = int(contact["answered_ns"])
        record.exit = visit.exit = "answered"
        record.wait_s = round((visit.left_ns - entered_ns) / NS, 3)
    if state in (CONTACT_WAITING, CONTACT_OFFERED, CONTACT_CONNECTED, CONTACT_HELD_STATE):
        record.visits = [visit]
    return record


def _told_s(told_ns: int) -> int | None:
    return None if told_ns < 0 else round(told_ns / NS)
