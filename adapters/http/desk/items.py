"""What one agent's desk shows, as items by key: the agent, what the house offers, and each contact in hand."""

from typing import Any, Final

import msgspec

from adapters.http.desk.house import HouseItems
from adapters.http.desk.openers import Openers
from engine.ports import EngineLink
from engine.projections.agents.status import ChannelLoad
from engine.projections.contacts.engagements import Engagement
from engine.projections.contacts.records import ContactRecord
from engine.projections.feed.remarks import Remark
from engine.projections.views import Views

AGENT: Final = "agent"
FIGURES: Final = "figures"
PLANS: Final = "plans"
"""`plans`: those in force, as `PlanNotice` has them."""
OF_DESK: Final = ("has_phone", "phone_answers", "open_elsewhere")
"""What is not of the agent's status."""
HANDED_OVER: Final = "transfer"
PUT_BACK: Final = "requeue"
"""What ended a talk whose contact went back to its queue, and its way in there."""
CONTACT: Final = "contact:"
"""Followed by the contact's id."""


class DeskAgent(msgspec.Struct, frozen=True):
    """The agent whose desk it is."""

    agent: str
    display_name: str
    site: str
    status: str
    state: str
    reason: str
    since_ns: int
    has_phone: bool
    """Whether calls ring at a phone of theirs, which answers them."""
    phone_answers: bool
    """Whether that phone is asked to answer by itself."""
    open_elsewhere: bool
    """Whether a desk of theirs is open in another session, so that signing out here changes nothing there."""
    reachable: bool
    suspended_until_ns: int
    loads: dict[str, ChannelLoad]
    queues: list[str]
    offers: int
    answered: int
    not_answered: int
    declined: int


class DeskContact(msgspec.Struct, frozen=True):
    """One contact in the agent's hands."""

    contact: str
    id: int
    state: str
    """offered, connected, held or wrapping."""
    queue: str
    channel: str
    since_ns: int
    until_ns: int
    """When the ringing or the wrap-up ends by itself; 0: it does not."""
    customer: str = ""
    entry: str = ""
    attributes: dict[str, str] = {}
    at_phone: bool = False
    """Whether it rings at the agent's phone, which answers it."""
    priority: int = 0
    arrived_ns: int = 0
    waits_ns: int = 0
    """When it entered its present queue: where it was handed over, that is later than its arrival."""
    answered_ns: int = 0
    from_agent: str = ""
    """Who served it last before, where it was handed over or put back."""
    put_back: bool = False
    """Whether it went back from them to the queue, as from a desk that was closed: nobody handed it over."""
    from_queue: str = ""
    asked_by: str = ""
    """Shown name of the colleague who asks about the customer in this call, until the customer is put through."""
    case_opened_by: str = ""
    """Of the report of a case: who opened that, where it is known."""
    ended_by: str = ""
    """For who handed it over, `transfer`, and from whom it was put back, `requeue`, whatever became of it then."""
    notes: list[Remark] = []
    classified: Remark | None = None


class Figures(msgspec.Struct, frozen=True):
    """The agent's own figures of today."""

    since_ns: int
    answered: int
    service_level: float | None
    handle_time_s: float | None
    occupancy: float | None
    scheduled: bool
    """Whether they have a schedule today."""
    adherence: float | None
    """Of today, so far; a little behind."""


def adherence_of(views: Views, agent: str, today_ns: int, now_ns: int) -> tuple[bool, float | None]:
    """Return whether an agent is scheduled today, and how well they keep to it. For a thread."""
    found = views.quality.adherence(today_ns, now_ns, now_ns, agent).agents
    return bool(found), found[0].adherence if found else None


def items_of(
    engine: EngineLink,
    agent: str,
    held: list[Engagement],
    today_ns: int,
    adherence: tuple[bool, float | None],
    house: HouseItems,
    openers: Openers,
    *,
    now_ns: int,
    open_elsewhere: bool,
) -> dict[str, bytes]:
    """Return every item of the agent's desk as JSON, by key, at an instant. Raises KeyError for an agent who is not
    configured.
    """
    views = engine.views
    status = views.agent(agent)
    fields = {name: getattr(status, name) for name in DeskAgent.__struct_fields__ if name not in OF_DESK}
    answers = any(phone.auto_answer for phone in engine.endpoints if phone.name == agent)
    by_phone = has_phone(views, agent)
    one = DeskAgent(**fields, has_phone=by_phone, phone_answers=answers, open_elsewhere=open_elsewhere)
    found = {AGENT: msgspec.json.encode(one), **house.of(views.directory)}
    own = views.own_figures(agent, today_ns, now_ns)
    busy = None if own.occupancy is None else round(own.occupancy, 2)
    figures = Figures(own.since_ns, own.answered, own.service_level, own.handle_time_s, busy, *adherence)
    found[FIGURES] = msgspec.json.encode(figures)
    for engagement in held:
        at_phone = rings_at_phone(engine, agent, engagement)
        contact = _contact(views, agent, engagement, at_phone, openers.of(engagement.contact_id))
        found[f"{CONTACT}{engagement.contact_id}"] = msgspec.json.encode(contact)
    return found


def has_phone(views: Views, agent: str) -> bool:
    """Whether calls ring at a phone of the agent's."""
    return bool(views.directory.agent_cards[views.agent_number(agent)].phone)


def rings_at_phone(engine: EngineLink, agent: str, one: Engagement) -> bool:
    """Whether a contact is a call at the agent's phone, which alone can answer it."""
    return one.channel == "voice" and has_phone(engine.views, agent) and engine.rings(one.contact)


def _contact(views: Views, agent: str, engagement: Engagement, at_phone: bool, opened_by: str) -> DeskContact:
    given: dict[str, Any] = {
        "contact": engagement.contact,
        "id": engagement.contact_id,
        "state": engagement.state,
        "queue": engagement.queue,
        "channel": engagement.channel,
        "since_ns": engagement.since_ns,
        "until_ns": engagement.until_ns,
        "at_phone": at_phone,
        "case_opened_by": opened_by,
    }
    try:
        record = views.contacts.find(engagement.contact_id).contact
    except KeyError:
        return DeskContact(**given)
    own = _own_visit(record, agent, engagement.state)
    queue, before = _came_from(record, agent, own)
    remarks = views.contacts.remarks(engagement.contact_id)
    return DeskContact(
        **given,
        customer=record.customer,
        entry=record.entry,
        attributes=record.attributes,
        priority=record.priority,
        arrived_ns=record.arrived_ns,
        waits_ns=record.visits[-1].entered_ns if record.visits else record.arrived_ns,
        answered_ns=record.answered_ns,
        from_agent=before,
        put_back=bool(before) and record.visits[own].entry == PUT_BACK,
        from_queue=queue,
        asked_by=views.contacts.asked_by(record.contact, record.attributes),
        ended_by=_ended_by(record, own),
        notes=remarks.notes,
        classified=remarks.classified,
    )


def _own_visit(record: ContactRecord, agent: str, state: str) -> int:
    """Return the place of the visit that brought it to this agent: who wraps up may have handed it on since."""
    own = len(record.visits) - 1
    while state == "wrapping" and own > 0 and record.visits[own].agent != agent:
        own -= 1
    return own


def _ended_by(record: ContactRecord, own: int) -> str:
    """Return what ended the talk of the visit `own`: where it has gone on since, that is told by its next way in."""
    if own == len(record.visits) - 1:
        return record.ended_by
    return PUT_BACK if record.visits[own + 1].entry == PUT_BACK else HANDED_OVER


def _came_from(record: ContactRecord, agent: str, own: int) -> tuple[str, str]:
    """Return (queue, agent) where it was before the visit `own`; empty where it came straight here."""
    if own < 1:
        return "", ""
    before = record.visits[own - 1]
    return before.queue, before.agent if before.agent != agent else ""
