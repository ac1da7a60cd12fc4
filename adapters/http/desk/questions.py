"""What a desk may ask beside what it is told: who the customer is, what was written before, who could take over."""

import asyncio
import contextlib
from collections.abc import Collection, Sequence
from typing import Annotated, Any, Final

import msgspec

from engine.messages.observed import INTEGER_MAX
from engine.model.quality import CASE_REPORTS
from engine.projections.agents.status import ChannelLoad
from engine.projections.contacts.engagements import Engagement
from engine.projections.contacts.records import ContactRecord
from engine.projections.feed.remarks import Remark, Remarks
from engine.projections.views import Views

EARLIER_MAX: Final = 20
LOOKED_AT_MAX: Final = 100
"""Earlier contacts looked at, as some were without the customer."""
LINES_MAX: Final = 500
COLLEAGUES_MAX: Final = 500
CASES_MAX: Final = 20
NAMES: Final = ("name", "display_name", "customer_name")
"""Attributes that say what a customer is called, the better ones first."""
Id = Annotated[int, msgspec.Meta(ge=1, le=INTEGER_MAX)]


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="what"):
    """One question; `id` is the page's own and comes back with the answer."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class AskEarlier(Question, frozen=True, kw_only=True, tag="earlier"):
    """The earlier contacts of a contact's customer."""

    contact_id: Id


class AskTranscript(Question, frozen=True, kw_only=True, tag="transcript"):
    """What was written in an earlier contact of somebody who is in the agent's hands now."""

    contact_id: Id
    after_seq: Annotated[int, msgspec.Meta(ge=0, le=INTEGER_MAX)] = 0


class AskColleagues(Question, frozen=True, kw_only=True, tag="colleagues"):
    """Who is logged in and could take a contact over, which queues are closed, and which nobody could ever serve."""


class AskCases(Question, frozen=True, kw_only=True, tag="cases"):
    """The cases of a contact's customer."""

    contact_id: Id


AnyQuestion = AskEarlier | AskTranscript | AskColleagues | AskCases


class Earlier(msgspec.Struct, frozen=True):
    """One earlier contact of a customer."""

    id: int
    channel: str
    queue: str
    agent: str
    arrived_ns: int
    closed_ns: int
    state: str
    exit: str
    ended_by: str
    wait_s: float
    talk_s: float
    notes: list[Remark]
    code: str
    name: str
    """What the customer was called then; may be empty."""


class Colleague(msgspec.Struct, frozen=True):
    """Somebody else who is logged in."""

    agent: str
    display_name: str
    state: str
    loads: dict[str, ChannelLoad]
    queues: list[str]


async def answer_to(
    question: AnyQuestion, agent: str, held: Sequence[Engagement], views: Views, now_ns: int
) -> dict[str, Any]:
    """Return the answer's fields. Only customers in the agent's hands now are told of."""
    match question:
        case AskEarlier():
            return {"contact_id": question.contact_id, "earlier": _earlier(question.contact_id, held, views)}
        case AskTranscript():
            if not in_hand(question.contact_id, held, views):
                raise KeyError("this contact is of no customer whom you serve now")
            found = await asyncio.to_thread(
                views.contacts.conversation, question.contact_id, question.after_seq, LINES_MAX
            )
            return {"contact_id": question.contact_id, "conversation": found}
        case AskColleagues():
            queues = views.queues(now_ns).queues
            closed = [one.queue for one in queues if not one.open]
            unserved = [one.queue for one in queues if not any(one.agents.values())]
            return {"colleagues": _colleagues(agent, views), "closed": closed, "unserved": unserved}
        case AskCases():
            customers = views.contacts.names_of_customer(_record(question.contact_id, held, views))
            told = asyncio.to_thread(views.quality.cases_of, customers, now_ns, CASES_MAX) if customers else None
            return {"contact_id": question.contact_id, "cases": await told if told is not None else []}


async def changed_cases(
    changed: Collection[int], held: Sequence[Engagement], views: Views, now_ns: int
) -> list[dict[str, Any]]:
    """Return the cases of each contact here of whose customer one of the `changed` cases is."""
    customers: dict[str, list[int]] = {}
    for case_id in sorted(changed):
        with contextlib.suppress(KeyError):  # refused: there is none
            found = await asyncio.to_thread(views.quality.case, case_id, now_ns)
            customers.setdefault(found.case.customer, []).append(case_id)
    told: list[dict[str, Any]] = []
    for one in held:
        names = _names_of_customer(one, views)
        theirs = sorted(case_id for name in names for case_id in customers.get(name, ()))
        if theirs:
            cases = await asyncio.to_thread(views.quality.cases_of, names, now_ns, CASES_MAX)
            told.append({"contact_id": one.contact_id, "changed": theirs, "cases": cases})
    return told


def _names_of_customer(shown: Engagement, views: Views) -> list[str]:
    try:
        return views.contacts.names_of_customer(views.contacts.find(shown.contact_id).contact)
    except KeyError:
        return []  # forgotten: so many have come since


def in_hand(contact_id: int, held: Sequence[Engagement], views: Views) -> bool:
    """Whether a contact is in the agent's hands, or an earlier one of a customer who is."""
    return contact_id in {one.id for shown in held for one in _past(shown, views)}


def _past(shown: Engagement, views: Views) -> list[ContactRecord]:
    """The customer's contacts before this one, latest first; behind this one itself.

    Also those that led to a callback, under whatever name the customer came then.
    """
    record = views.contacts.find(shown.contact_id).contact
    customers = views.contacts.names_of_customer(record)
    theirs = [
        one for name in customers for one in views.contacts.of_customer(name, None, LOOKED_AT_MAX, record.id).contacts
    ]
    led_to = [one for known in (record, *theirs) for one in views.contacts.led_to(known)]
    before = sorted({one.id: one for one in (*theirs, *led_to)}.values(), key=lambda one: one.id, reverse=True)
    return [record, *[one for one in before if _was_with_customer(one, views)][:EARLIER_MAX]]


def _was_with_customer(record: ContactRecord, views: Views) -> bool:
    """Whether the customer had a part in it, or was to have: not where a colleague was asked about them alone."""
    return not _is_try(record) and not views.contacts.asked_by(record.contact, record.attributes)


def _is_try(record: ContactRecord) -> bool:
    """Whether it told an agent how a case ended, or did not reach the customer who was to be told."""
    name = f"case-{record.attributes.get('case_id', '')}-report-"
    to_agent, is_reached = record.queue == CASE_REPORTS, record.exit == "answered" or not record.closed_ns
    return record.contact.startswith(name) and (to_agent or not is_reached)


def _record(contact_id: int, held: Sequence[Engagement], views: Views) -> ContactRecord:
    if not any(one.contact_id == contact_id for one in held):
        raise KeyError("this contact is not in your hands now")
    return views.contacts.find(contact_id).contact


def _earlier(contact_id: int, held: Sequence[Engagement], views: Views) -> list[Earlier]:
    shown = next((one for one in held if one.contact_id == contact_id), None)
    if shown is None:
        raise KeyError("this contact is not in your hands now")
    return [_told(one, views.contacts.remarks(one.id)) for one in _past(shown, views)[1:]]


def _told(record: ContactRecord, remarks: Remarks) -> Earlier:
    fields = {
        name: getattr(record, name) for name in Earlier.__struct_fields__ if name not in ("notes", "code", "name")
    }
    called = next((record.attributes[key] for key in NAMES if record.attributes.get(key)), "")
    code = remarks.classified.code if remarks.classified else ""
    return Earlier(**fields, notes=remarks.notes, code=code, name=called)


def _colleagues(agent: str, views: Views) -> list[Colleague]:
    listed = (one for one in views.agents().agents if one.agent != agent and one.status != "offline")
    found = [Colleague(one.agent, one.display_name, one.state, one.loads, one.queues) for one in listed]
    found.sort(key=lambda one: (one.state != "idle", one.display_name or one.agent))
    return found[:COLLEAGUES_MAX]
