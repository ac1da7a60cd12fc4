"""Cases at the desk: opened from a contact, settled and opened again by who serves their task or their customer."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import msgspec

from adapters.http.case_origin import NUMBER_MAX, of_contact
from adapters.http.desk.commands import (
    HAS_OR_HAD,
    ContactCommand,
    ContactId,
    Name,
    NotAllowed,
    fact_id,
    require,
    require_same,
)
from engine.messages import observed
from engine.messages.observed import Observed
from engine.projections.contacts.engagements import Engagement
from engine.projections.views import Views


class OpenCase(ContactCommand, frozen=True, kw_only=True, tag="open_case"):
    """Say that a contact leaves work behind."""

    contact_id: ContactId
    kind: Name
    subject: Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
    number: Annotated[str, msgspec.Meta(max_length=NUMBER_MAX)] = ""
    """Where the customer is called back; not said: where they came from."""


class CaseCommand(ContactCommand, frozen=True, kw_only=True):
    """Something about a case: that of the contact, which is its task, or of the contact's customer."""

    case_id: ContactId
    contact_id: ContactId = 0
    """Of the contact; not said: it must be in hand."""


class ResolveCase(CaseCommand, frozen=True, kw_only=True, tag="resolve_case"):
    """Say that the case is settled, and how."""

    resolution: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]


class ReopenCase(CaseCommand, frozen=True, kw_only=True, tag="reopen_case"):
    """Say that the case was not settled after all."""

    reason: observed.Text = ""


AnyCaseCommand = OpenCase | ResolveCase | ReopenCase


async def case_fact_of(
    command: OpenCase | CaseCommand,
    agent: str,
    held: Sequence[Engagement],
    views: Views,
    *,
    came_before: bool = False,
    had_lately: bool = False,
) -> Observed:
    """Return the fact that a command makes. Raises NotAllowed, KeyError for what is not there.

    What `came_before` is not held against what happened since, and `had_lately` lets who had the contact speak of it
    still, as in `fact_of`.
    """
    if not came_before:
        await _require_allowed(command, held, views, had_lately)
    name = fact_id(command, agent)
    if isinstance(command, OpenCase):
        return _opened(command, name, agent, views)
    if isinstance(command, ResolveCase):
        return observed.CaseResolved(id=name, case_id=command.case_id, resolution=command.resolution, agent=agent)
    assert isinstance(command, ReopenCase), "there are no others"
    return observed.CaseReopened(id=name, case_id=command.case_id, reason=command.reason, agent=agent)


async def _require_allowed(
    command: OpenCase | CaseCommand, held: Sequence[Engagement], views: Views, had_lately: bool
) -> None:
    if isinstance(command, OpenCase):
        if not had_lately:
            require_same(command.contact, command.contact_id, held)
        return
    contact_id = command.contact_id if had_lately else require(command.contact, held, HAS_OR_HAD).contact_id
    if command.contact.startswith(f"case-{command.case_id}-"):
        return
    customers = views.contacts.names_of_customer(views.contacts.find(contact_id).contact)
    case = (await asyncio.to_thread(views.quality.case, command.case_id, 0)).case
    if case.customer not in customers:
        raise NotAllowed("that case is of no customer whom you serve now")


def _opened(command: OpenCase, name: str, agent: str, views: Views) -> Observed:
    origin = of_contact(views.contacts.find(command.contact_id).contact)
    return observed.CaseOpened(
        id=name,
        kind=command.kind,
        subject=command.subject,
        contact=command.contact,
        contact_id=command.contact_id,
        agent=agent,
        customer=origin.customer,
        customer_base=origin.customer_base,
        region=origin.region,
        number=command.number.strip() or origin.number,
    )
