"""Who is still in what the configuration no longer names: they go on by its rules, but no list shows it any more."""

import numpy as np

from engine.kernel.tables import Tables
from engine.messages.kinds import CONTACT_FREE, ENGAGEMENT_CONNECTED
from engine.model.directory import Directory
from engine.model.names import Names


def left_behind(tables: Tables, after: Directory, before: Directory | None = None) -> list[str]:
    """A sentence for each queue and agent that is not configured and not empty yet; of those that were, given `before`.

    Without it, as at a start, of all: whoever took one out before the restart was perhaps told by nobody.
    """
    queues_before = before.queues if before is not None else None
    agents_before = before.agents if before is not None else None
    contacts = np.bincount(
        tables.contacts["queue"][tables.contacts["state"] != CONTACT_FREE], minlength=len(after.queues)
    )
    engagements = tables.engagements[tables.engagements["state"] == ENGAGEMENT_CONNECTED]
    handled = np.bincount(engagements["agent"], minlength=len(after.agents))
    told = [
        f"queue '{after.queues.name(number)}' is no longer configured: {contacts[number]} of its contacts are still "
        "there; they go on by its rules, though no list shows the queue"
        for number in _gone(after.queues, queues_before)
        if contacts[number]
    ]
    return told + [
        f"agent '{after.agents.name(number)}' is no longer configured: {handled[number]} of their contacts go on, "
        "though no list shows the agent"
        for number in _gone(after.agents, agents_before)
        if handled[number]
    ]


def _gone(after: Names, before: Names | None) -> list[int]:
    return [
        number for number in range(len(after)) if not after.exists(number) and (before is None or before.exists(number))
    ]
