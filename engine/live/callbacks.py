"""Callbacks: a customer who left the line to be called back is queued again in the place that was given up."""

from collections.abc import Mapping
from typing import Final

from engine.effects.callback_names import callback_name, callback_sources
from engine.effects.derive import OwedCallback
from engine.ingest.names import InternedNames
from engine.kernel.tables import Tables
from engine.messages.kinds import STEP_CALLBACK
from engine.messages.observed import ATTRIBUTES_MAX, CALLBACK_NUMBER, ContactArrived
from engine.model.settings import STEPS_MAX, QueueSetting
from engine.state import EngineState

ORIGIN_ATTRIBUTE: Final = "callback_of"


def callback_source(names: InternedNames, owner: str) -> int:
    """Return the source of the callbacks of an adapter's customers; never raises for want of room."""
    common, own = callback_sources(owner)
    source = names.source(common, owner, reserved=True)
    return source if names.owners[source] == owner else names.source(own, owner, reserved=True)


def callback_arrival(state: EngineState, owed: OwedCallback) -> tuple[int, ContactArrived]:
    """Return the source and the arrival of the contact that calls back.

    Its id names the exit that it follows from, so that it enters the log once, however often it is submitted. Its
    effects go to the adapter that brought the customer.
    """
    arrival = owed.entry.arrival
    owner = state.interned.owners[owed.entry.source]
    source = callback_source(state.interned, owner)
    number = owed.entry.callback_number or arrival.customer
    name = callback_name(owed.seq)
    fact = ContactArrived(
        id=name,
        contact=name,
        queue=state.names.queues[_target(state.tables, owed)],
        channel="voice",
        priority=arrival.priority,
        skills=arrival.skills,
        preferred_agent=arrival.preferred_agent,
        customer=number,
        entry=arrival.entry,
        waiting_since_ns=owed.line_ns,
        attributes=_attributes(arrival.attributes, {CALLBACK_NUMBER: number, ORIGIN_ATTRIBUTE: arrival.contact}),
    )
    return source, fact


def _attributes(kept: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """The customer's attributes and the callback's own; where they are too many, the first of the customer's go."""
    of_customer = [(name, value) for name, value in kept.items() if name not in own]
    return {**dict(of_customer[max(0, len(of_customer) + len(own) - ATTRIBUTES_MAX) :]), **own}


def _target(t: Tables, owed: OwedCallback) -> int:
    """The queue that calls back: the target of the queue's callback step where there is one, else the queue itself."""
    settings = t.queues["settings"][owed.queue]
    for step in range(STEPS_MAX):
        place = QueueSetting.FIRST_STEP + 3 * step
        if settings[place + 1] == STEP_CALLBACK and settings[place + 2] >= 0:
            return int(settings[place + 2])
    return owed.queue
