"""Contacts that an agent had until lately: what they still have to say of one is taken, late as it comes.

A wrap-up runs out, or is finished in another tab, while a note or a case is under way over a link that is gone, or half
written.
"""

from typing import Final

from adapters.http.desk.cases import CaseCommand, OpenCase
from adapters.http.desk.commands import Classify, Note
from engine.projections.views import Views

REMARKED_WITHIN_NS: Final = 3_600_000_000_000
"""After its end a contact is remarked on by who had it for so long."""


def had_lately(remark: Note | Classify | OpenCase | CaseCommand, agent: str, views: Views, now_ns: int) -> bool:
    """Whether this agent answered the contact of this name and id, and it goes on or ended a moment ago.

    The latest classification counts, so it is for whoever had the contact last.
    """
    try:
        found = views.contacts.find(remark.contact_id).contact
    except KeyError:
        return False
    if isinstance(remark, Classify) and found.agent != agent:
        return False
    is_recent = found.open or now_ns - found.closed_ns <= REMARKED_WITHIN_NS
    return is_recent and found.contact == remark.contact and any(visit.agent == agent for visit in found.visits)
