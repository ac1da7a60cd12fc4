"""What follows when an agent comes, goes, or is done with wrap-up."""

from engine.kernel.eligibility import has_phone
from engine.kernel.emit import DISPERSE, MATCH_AGENT, MATCH_CONTACT, emit, then
from engine.kernel.jit import jit
from engine.kernel.lookup import has_deadline, is_wrap_up_of
from engine.kernel.tables import Array, Tables
from engine.kernel.waiting_line import common_lines, head_of
from engine.messages.kinds import (
    ENGAGEMENT_OFFERED,
    OFFER_ENDED,
    OFFER_WITHDRAWN,
    REQUIREMENT_RELAXED,
    STATUS_AVAILABLE,
    STATUS_OFFLINE,
    VOICE,
    WRAP_UP_ENDED,
)
from engine.messages.rows import GAVE_UP_AGENT


@jit
def change_status(t: Tables, out: Array, a: int) -> None:
    """Available: work may come, and no wrap-up that has no end is left from before the agent was offline. Offline: what
    rings at the agent goes elsewhere, and so do those who wait for it; what is in hand is done first, its wrap-up
    included.
    """
    status = t.agents[a].status
    if status == STATUS_AVAILABLE:
        _end_left_wrap_ups(t, out, a)
        then(t, MATCH_AGENT, a)
    elif status == STATUS_OFFLINE:
        _withdraw_ringing(t, out, a, -1)
        then(t, DISPERSE, a)


@jit
def remove_agent(t: Tables, out: Array, a: int) -> None:
    """Configured no more: as offline, and nothing is wrapped up by who is not there."""
    change_status(t, out, a)
    finish_wrap_ups(t, out, a, 0)


@jit
def lose_phone(t: Tables, out: Array, a: int) -> None:
    """A phone that came may be rung; one that went stops ringing."""
    if not has_phone(t, a):
        _withdraw_ringing(t, out, a, VOICE)
    then(t, MATCH_AGENT, a)


@jit
def finish_wrap_ups(t: Tables, out: Array, a: int, arrival_seq: int) -> None:
    """End the agent's wrap-up of the contact with this arrival; every one, if that is 0."""
    e = t.agents[a].engagement
    while e >= 0:
        following = t.engagements[e].next_of_agent
        if is_wrap_up_of(t, e, arrival_seq):
            end_wrap_up_of(t, out, e)
        e = following
    then(t, MATCH_AGENT, a)


@jit
def _end_left_wrap_ups(t: Tables, out: Array, a: int) -> None:
    """End what the agent left to wrap up by going offline, where no time ends it: who has no desk would get nothing."""
    e = t.agents[a].engagement
    while e >= 0:
        engagement = t.engagements[e]
        following = engagement.next_of_agent
        is_left = engagement.started_ns < t.agents[a].login_ns
        if is_left and is_wrap_up_of(t, e, 0) and not has_deadline(t, e):
            end_wrap_up_of(t, out, e)
        e = following


@jit
def end_wrap_up_of(t: Tables, out: Array, e: int) -> None:
    """Emit the end of one wrap-up. The agent is not matched here."""
    engagement = t.engagements[e]
    lasted_ns = t.book[0].now_ns - engagement.started_ns
    emit(t, out, WRAP_UP_ENDED, -1, engagement.queue, engagement.agent, e, lasted_ns, 0)


@jit
def _withdraw_ringing(t: Tables, out: Array, a: int, channel: int) -> None:
    """Take back what rings at the agent, on one channel or (-1) on all, and offer it to others."""
    e = t.agents[a].engagement
    while e >= 0:
        engagement = t.engagements[e]
        following = engagement.next_of_agent
        if engagement.state == ENGAGEMENT_OFFERED and (channel < 0 or engagement.channel == channel):
            c = engagement.contact
            lasted_ns = t.book[0].now_ns - engagement.started_ns
            emit(t, out, OFFER_ENDED, c, engagement.queue, a, OFFER_WITHDRAWN, lasted_ns, 0)
            then(t, MATCH_CONTACT, c)
        e = following


@jit
def disperse(t: Tables, out: Array, a: int) -> None:
    """Let the first of those who wait for an agent who is gone wait for anybody, then look again."""
    c = head_of(t, common_lines(t) + a)
    if c < 0 or t.agents[a].status != STATUS_OFFLINE:
        return
    emit(t, out, REQUIREMENT_RELAXED, c, t.contacts[c].queue, -1, t.contacts[c].requirement, GAVE_UP_AGENT, 0)
    then(t, MATCH_CONTACT, c)
    then(t, DISPERSE, a)
