"""What one agent has in hand: contacts that ring, that are served and that are wrapped up."""

from typing import Final

import msgspec

from engine.kernel.tables import Tables
from engine.messages.kinds import (
    CHANNEL_NAMES,
    CONTACT_HELD_STATE,
    ENGAGEMENT_CONNECTED,
    ENGAGEMENT_OFFERED,
    ENGAGEMENT_WRAPPING,
)
from engine.model.directory import Directory
from engine.projections.contacts.history import ContactHistory
from engine.projections.names import OpenContacts

STATE_NAMES: Final = {
    ENGAGEMENT_OFFERED: "offered",
    ENGAGEMENT_CONNECTED: "connected",
    ENGAGEMENT_WRAPPING: "wrapping",
}


class Engagement(msgspec.Struct, frozen=True):
    """One contact in an agent's hands."""

    contact: str
    contact_id: int
    """Sequence of its arrival."""
    state: str
    """offered, connected, held or wrapping."""
    queue: str
    channel: str
    since_ns: int
    """When it came into this state; a hold counts from the answer."""
    until_ns: int
    """When the ringing or the wrap-up ends by itself; 0: it does not."""


def engagements(
    t: Tables, directory: Directory, contacts: OpenContacts, history: ContactHistory, agent: int
) -> list[Engagement]:
    """Return what agent number `agent` has in hand, oldest first."""
    found = []
    place = int(t.agents[agent]["engagement"])
    while place >= 0:
        engagement = t.engagements[place]
        state, slot = int(engagement["state"]), int(engagement["contact"])
        timer = t.timers[len(t.contacts) + place]
        if slot >= 0:
            name, contact_id = contacts.name_of(slot), int(t.contacts[slot]["arrival_seq"])
            is_held = state == ENGAGEMENT_CONNECTED and int(t.contacts[slot]["state"]) == CONTACT_HELD_STATE
        else:
            contact_id, is_held = int(engagement["arrival_seq"]), False
            name = history.name_of(contact_id) or str(contact_id)
        found.append(
            Engagement(
                contact=name,
                contact_id=contact_id,
                state="held" if is_held else STATE_NAMES[state],
                queue=directory.queues.name(int(engagement["queue"])),
                channel=CHANNEL_NAMES[int(engagement["channel"])],
                since_ns=int(engagement["started_ns"]),
                until_ns=int(timer["deadline_ns"]) if int(timer["place"]) > 0 else 0,
            )
        )
        place = int(engagement["next_of_agent"])
    return found[::-1]
