"""What adapters get back at a start: the contacts that are open, and ends that they may not have been told."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from engine.effects.address import Names
from engine.effects.derive import end_effect, leave_effect
from engine.ingest.names import NAMES_ONLY, NamesRecord
from engine.ingest.registry import ContactEntry
from engine.live.loop import LiveEngine
from engine.messages.effects import AnyEffect
from engine.messages.kinds import (
    BY_NAMES,
    CONFIGURATION_LOADED,
    CONTACT_CONNECTED,
    CONTACT_ENDED,
    CONTACT_RELEASED,
    CONTACT_STATE_NAMES,
    CONTACT_WAITING,
    ENGAGEMENT_CONNECTED,
    ENGAGEMENT_OFFERED,
)
from engine.messages.observed import CALLBACK_NUMBER
from engine.messages.rows import empty_rows
from engine.ports import OpenContact
from engine.replay.closed import ClosedContact
from engine.state import EngineState

Carrier = Callable[[str, bool], str]
"""From who brought a contact, and whether that calls a customer, to who carries out its effects."""


def own_adapter(owner: str, _calls_back: bool) -> str:
    """The carrier where every adapter can do what its contacts need."""
    return owner


class Recovered:
    """What adapters get back at their start, as it is when this is made: before the engine makes its first turn."""

    def __init__(
        self, state: EngineState, closed: Iterable[ClosedContact] = (), carrier: Carrier = own_adapter
    ) -> None:
        self.contacts = open_contacts(state, carrier)
        self.ends = list(told_again(state, closed, carrier))


def record_told(engine: LiveEngine, told_seq: int) -> None:
    """Record that adapters are up and were told what follows from everything up to `told_seq`.

    To older readers of the log it is a row that brings no new names.
    """
    row = empty_rows(1)
    row["kind"], row["a"], row["b"] = CONFIGURATION_LOADED, NAMES_ONLY, told_seq
    engine.record(row, msgspec.msgpack.encode(NamesRecord()))


def open_contacts(state: EngineState, carrier: Carrier = own_adapter) -> dict[str, list[OpenContact]]:
    """Return the open contacts by the name of the adapter that carries out their effects, oldest first."""
    found: dict[str, list[OpenContact]] = {}
    for entry in oldest_first(state):
        found.setdefault(carrier_of(state, entry, carrier), []).append(_open_contact(state, entry))
    return found


def oldest_first(state: EngineState) -> list[ContactEntry]:
    """Return the open contacts by their arrival."""
    return sorted(state.contacts, key=lambda entry: entry.arrival_seq)


def carrier_of(state: EngineState, entry: ContactEntry, carrier: Carrier) -> str:
    """Return who carries out a contact's effects."""
    return carrier(state.interned.owners[entry.source], CALLBACK_NUMBER in entry.arrival.attributes)


def told_again(
    state: EngineState, closed: Iterable[ClosedContact], carrier: Carrier
) -> Iterator[tuple[str, OpenContact, AnyEffect]]:
    """Yield adapter, contact as it was before it closed, and effect, for each whose end may not have been told."""
    names, owners = state.names, state.interned.owners
    for one in closed:
        entry, row = one.entry, one.row
        ended = row.kind == CONTACT_ENDED
        effect = _end_of(names, one)
        if effect is not None:
            contact = OpenContact(
                contact=entry.name,
                queue=names.queues[row.queue],
                state=CONTACT_STATE_NAMES[CONTACT_CONNECTED if ended else CONTACT_WAITING],
                agents=(names.agents[row.agent],) if ended and row.agent >= 0 else (),
                legs=dict(entry.legs),
                call_back=entry.arrival.attributes.get(CALLBACK_NUMBER, ""),
                closed=True,
                released_by=_released_by(owners, one, carrier_of(state, entry, carrier)),
            )
            yield carrier_of(state, entry, carrier), contact, effect


def _end_of(names: Names, closed: ClosedContact) -> AnyEffect | None:
    derive = end_effect if closed.row.kind == CONTACT_ENDED else leave_effect
    return derive(names, closed.seq, closed.row, lambda: closed.cause, closed.entry)


def _released_by(owners: Sequence[str], closed: ClosedContact, carrier: str) -> str:
    """Who hung up, if the contact's own adapter heard it; what others order is no sign of what a side knows."""
    cause = closed.cause
    heard = cause.kind == CONTACT_RELEASED and owners[cause.source] == carrier
    return BY_NAMES[cause.a] if heard else ""


def _open_contact(state: EngineState, entry: ContactEntry) -> OpenContact:
    contact = state.tables.contacts[entry.slot]
    return OpenContact(
        contact=entry.name,
        queue=state.names.queues[int(contact["queue"])],
        state=CONTACT_STATE_NAMES[int(contact["state"])],
        agents=tuple(state.names.agents[agent] for agent in _agents_of(state, entry.slot)),
        legs=dict(entry.legs),
        trunk_group=_trunk_group_of(state, int(contact["trunk_group"])),
        call_back=entry.arrival.attributes.get(CALLBACK_NUMBER, ""),
        was_connected=bool(contact["answered_ns"]),
    )


def _trunk_group_of(state: EngineState, number: int) -> str:
    return state.names.trunk_groups[number] if number >= 0 else ""


def _agents_of(state: EngineState, slot: int) -> Iterable[int]:
    engagements = state.tables.engagements
    place = int(state.tables.contacts["engagement"][slot])
    while place >= 0:
        engagement = engagements[place]
        if engagement["state"] in (ENGAGEMENT_OFFERED, ENGAGEMENT_CONNECTED):
            yield int(engagement["agent"])
        place = int(engagement["next_of_contact"])
