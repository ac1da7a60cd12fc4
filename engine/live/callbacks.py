"""Callbacks: a customer who left the line to be called back is queued again in the place that was given up."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial

import msgspec

from engine.effects.callback_names import callback_sources
from engine.effects.derive import OwedCallback
from engine.ingest.names import InternedNames
from engine.kernel.tables import Tables
from engine.messages.fact import CALLBACK_OF, SIGNED
from engine.messages.kinds import STEP_CALLBACK
from engine.messages.observed import ATTRIBUTES_MAX, CALLBACK_NUMBER, ContactArrived
from engine.model.callback_source import callback_name
from engine.model.names import UNKNOWN, Names
from engine.model.phone_numbers import NUMBER_AS_IT_CAME
from engine.model.settings import STEPS_MAX, QueueSetting
from engine.ports import CALLBACK_QUEUE, Receipt
from engine.state import EngineState

logger = logging.getLogger(__name__)


class Callbacks:
    """Callbacks that customers were promised: kept until they are in a queue, asked for again where there is no room.

    `submit` hands in a source's arrival and returns its receipts; `counters` are the driver's.
    """

    def __init__(
        self,
        state: EngineState,
        submit: Callable[[int, ContactArrived], "asyncio.Future[list[Receipt]]"],
        counters: Counter[str],
    ) -> None:
        self._state = state
        self._submit = submit
        self._counters = counters
        self._unanswered = 0
        self._waiting: list[OwedCallback] = []

    @property
    def waiting(self) -> int:
        """Callbacks that found no room: `again` tries them once more."""
        return len(self._waiting)

    def queue(self, owed: OwedCallback) -> None:
        """Hand in the contact that calls back; once in the log, however often handed in."""
        self._counters["callbacks"] += 1
        self._hand_in(owed, *callback_arrival(self._state, owed))

    def again(self) -> None:
        """Hand in once more those that found no room."""
        waiting, self._waiting = self._waiting, []
        for owed in waiting:
            self._hand_in(owed, *callback_arrival(self._state, owed))

    def __len__(self) -> int:
        """How many the log may not have yet: a snapshot taken meanwhile would forget them."""
        return len(self._waiting) + self._unanswered

    def _hand_in(self, owed: OwedCallback, source: int, fact: ContactArrived) -> None:
        self._unanswered += 1
        self._submit(source, fact).add_done_callback(partial(self._answered, owed, source, fact))

    def _answered(
        self, owed: OwedCallback, source: int, fact: ContactArrived, answer: "asyncio.Future[list[Receipt]]"
    ) -> None:
        self._unanswered -= 1
        if answer.cancelled():
            return
        (receipt,) = answer.result()
        if receipt.full:
            self._counters["callbacks_put_off"] += 1
            self._waiting.append(owed)
        elif receipt.error and receipt.field == "skills" and fact.skills:
            logger.warning("%s asks for no skills beyond its queue's: %s", fact.contact, receipt.error)
            self._hand_in(owed, source, msgspec.structs.replace(fact, skills={}))
        elif receipt.error:
            self._counters["callbacks_lost"] += 1
            logger.error(
                "the customer %r of contact %s was promised a callback and gets none: %s",
                *(fact.customer, fact.attributes[CALLBACK_OF], receipt.error),
            )


def callback_source(names: InternedNames, owner: str) -> int:
    """Return the source of the callbacks of an adapter's customers; never raises for want of room."""
    common, own = callback_sources(owner)
    source = names.source(common, owner, reserved=True)
    return source if names.owners[source] == owner else names.source(own, owner, reserved=True)


def callback_arrival(state: EngineState, owed: OwedCallback) -> tuple[int, ContactArrived]:
    """Return the source and the arrival of the contact that calls back.

    Its id names the exit that it follows from, so that it enters the log once, however often it is submitted. Its
    effects go to the adapter that brought the customer. Skills and an agent that are configured no more are left out.
    A customer whom somebody vouches for is the same at every number; any other is known from now on by the one to be
    called, as whoever rings up from there is, and `CALLBACK_OF` leads to what they were known by before.
    """
    arrival = owed.entry.arrival
    owner = state.interned.owners[owed.entry.source]
    source = callback_source(state.interned, owner)
    number = owed.entry.callback_number or arrival.attributes.get(NUMBER_AS_IT_CAME) or arrival.customer
    name = callback_name(owed.seq)
    agents, skills = state.directory.agents, state.directory.skills
    fact = ContactArrived(
        id=name,
        contact=name,
        queue=state.names.queues[_target(state.tables, state.directory.queues, owed)],
        channel="voice",
        priority=arrival.priority,
        skills={skill: level for skill, level in arrival.skills.items() if _is_known(skills, skill)},
        preferred_agent=arrival.preferred_agent if _is_known(agents, arrival.preferred_agent) else "",
        protected=arrival.protected,
        customer=arrival.customer if _is_signed(arrival) else number,
        entry=arrival.entry,
        waiting_since_ns=owed.line_ns,
        attributes=_attributes(arrival.attributes, {CALLBACK_NUMBER: number, CALLBACK_OF: arrival.contact}),
    )
    return source, fact


def _is_signed(arrival: ContactArrived) -> bool:
    return arrival.customer != "" and arrival.attributes.get(SIGNED) == "yes"


def _is_known(names: Names, name: str) -> bool:
    return names.number(name) != UNKNOWN


def _attributes(kept: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """The customer's attributes and the callback's own; where they are too many, the first of the customer's go."""
    of_customer = [(name, value) for name, value in kept.items() if name not in own]
    return {**dict(of_customer[max(0, len(of_customer) + len(own) - ATTRIBUTES_MAX) :]), **own}


def _target(t: Tables, queues: Names, owed: OwedCallback) -> int:
    """The queue that calls back: the target of its callback step, what the contact says, or the queue itself."""
    settings = t.queues["settings"][owed.queue]
    for step in range(STEPS_MAX):
        place = QueueSetting.FIRST_STEP + 3 * step
        if settings[place + 1] == STEP_CALLBACK and settings[place + 2] >= 0:
            return int(settings[place + 2])
    wanted = queues.number(owed.entry.arrival.attributes.get(CALLBACK_QUEUE, ""))
    return owed.queue if wanted == UNKNOWN else wanted
