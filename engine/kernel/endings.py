"""The two ways a contact's stay ends: served by an agent, or out of the queue."""

from engine.kernel.emit import MATCH_AGENT, emit, then
from engine.kernel.jit import jit
from engine.kernel.lookup import find_engagement
from engine.kernel.tables import WRAPPING_MAX, Array, Tables
from engine.messages.kinds import (
    CONTACT_ENDED,
    CONTACT_LEFT,
    ENGAGEMENT_OFFERED,
    FLAG_WAITED,
    FLAG_WRAPS,
    OFFER_CONTACT_LEFT,
    OFFER_ENDED,
    WRAP_UP_STARTED,
)
from engine.model.settings import INHERIT, AgentSetting, QueueSetting


@jit
def end_with_agent(t: Tables, out: Array, c: int, by: int, flags: int) -> None:
    """End the talk; start the agent's wrap-up if there is one; let the agent serve others."""
    contact = t.contacts[c]
    a, queue = contact.agent, contact.queue
    then(t, MATCH_AGENT, a)
    talk_ns = t.book[0].now_ns - contact.answered_ns
    wrap_up_ns = t.agents[a].settings[AgentSetting.WRAP_UP_NS]
    if wrap_up_ns == INHERIT:
        wrap_up_ns = t.queues[queue].settings[QueueSetting.WRAP_UP_NS]
    if t.agents[a].settings[AgentSetting.EXISTS] == 0 or t.agents[a].wrapping >= WRAPPING_MAX:
        wrap_up_ns = 0
    if wrap_up_ns == 0:
        emit(t, out, CONTACT_ENDED, c, queue, a, by, talk_ns, flags)
        return
    e = find_engagement(t, c, a)
    emit(t, out, CONTACT_ENDED, c, queue, a, by, talk_ns, flags | FLAG_WRAPS)
    ends_ns = t.book[0].now_ns + wrap_up_ns if wrap_up_ns > 0 else 0
    emit(t, out, WRAP_UP_STARTED, -1, queue, a, ends_ns, e, 0)


@jit
def leave(t: Tables, out: Array, c: int, way_out: int, flags: int) -> None:
    """Take the contact, waiting or being offered, out of its queue, and let the agents it rang at serve others."""
    contact = t.contacts[c]
    queue = contact.queue
    withdraw_offers(t, out, c, -1, OFFER_CONTACT_LEFT)
    waited_ns = t.book[0].now_ns - contact.enqueued_ns
    emit(t, out, CONTACT_LEFT, c, queue, -1, way_out, waited_ns, flags | FLAG_WAITED)


@jit
def withdraw_offers(t: Tables, out: Array, c: int, keep: int, reason: int) -> None:
    """Take back the contact's offers, but the one to agent `keep`, and let the agents it rang at serve others."""
    e = t.contacts[c].engagement
    while e >= 0:
        engagement = t.engagements[e]
        if engagement.state == ENGAGEMENT_OFFERED and engagement.agent != keep:
            lasted_ns = t.book[0].now_ns - engagement.started_ns
            emit(t, out, OFFER_ENDED, c, engagement.queue, engagement.agent, reason, lasted_ns, 0)
            then(t, MATCH_AGENT, engagement.agent)
        e = engagement.next_of_contact
