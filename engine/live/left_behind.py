"""Who is still in what the configuration no longer names: they go on by its rules, but no list shows it any more."""

import numpy as np

from engine.kernel.tables import Tables
from engine.messages.kinds import CONTACT_FREE, ENGAGEMENT_CONNECTED
from engine.model.directory import Directory
from engine.model.names import Names


def left_behind(tables: Tables, before: Directory, after: Directory) -> list[str]:
    """A sentence for each queue and agent that was taken out between the two and is not empty yet."""
    contacts = np.bincount(
        tables.contacts["queue"][tables.contacts["state"] != CONTACT_FREE], minlength=len(after.queues)
    )
    engagements = tables.engagements[tables.engagements["state"] == ENGAGEMENT_CONNECTED]
    handled = np.bincount(engagements["agent"], minlength=len(after.agents))
    told = [
        f"queue '{after.queues.name(number)}' is no longer configured: {contacts[number]} of its contacts are still "
        "there; they go on by its rules, though no list shows the queue"
        for number in _taken_out(before.queues, after.queues)
        if contacts[number]
    ]
    return told + [
        f"agent '{after.agents.name(number)}' is no longer configured: {handled[number]} of their contacts go on, "
        "though no list shows the agent"
        for number in _taken_out(before.agents, after.agents)
        if handled[number]
    ]


def _taken_out(before: Names, after: Names) -> list[int]:
    return [number for number in range(len(before)) if before.exists(number) and not after.exists(number)]
