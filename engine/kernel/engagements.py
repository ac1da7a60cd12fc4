"""Engagements: an agent bound to a contact, from the offer through the talk to the end of wrap-up.

One entity for all three, linked from both sides, so that an agent's load is what hangs on the agent and nothing else.
"""

from engine.kernel.deadlines import arm, disarm
from engine.kernel.jit import jit
from engine.kernel.review import review_free, review_state
from engine.kernel.subjects import engagement_subject
from engine.kernel.tables import RINGING_MAX, Tables
from engine.messages.kinds import ENGAGEMENT_CONNECTED, ENGAGEMENT_OFFERED, ENGAGEMENT_WRAPPING


@jit
def engage(t: Tables, c: int, a: int, deadline_ns: int) -> None:
    """Bind contact `c` to agent `a` by an offer that ends at `deadline_ns`."""
    e = t.book[0].engagement_free
    if e < 0:
        e = t.book[0].engagements_used
        t.book[0].engagements_used += 1
    else:
        t.book[0].engagement_free = t.engagements[e].next_of_contact
    engagement = t.engagements[e]
    contact, agent = t.contacts[c], t.agents[a]
    engagement.started_ns = t.book[0].now_ns
    engagement.contact = c
    engagement.agent = a
    engagement.queue = contact.queue
    engagement.channel = contact.channel
    engagement.state = ENGAGEMENT_OFFERED
    engagement.next_of_contact = contact.engagement
    contact.engagement = e
    engagement.prev_of_agent = -1
    engagement.next_of_agent = agent.engagement
    if agent.engagement >= 0:
        t.engagements[agent.engagement].prev_of_agent = e
    agent.engagement = e
    agent.load[contact.channel] += 1
    agent.ringing += 1
    contact.offers += 1
    arm(t.book, t.timers, engagement_subject(t, e), deadline_ns)
    review_free(t, a)


@jit
def connect(t: Tables, e: int) -> None:
    """Turn the offer into a connection."""
    engagement = t.engagements[e]
    agent = t.agents[engagement.agent]
    agent.ring_ns += t.book[0].now_ns - engagement.started_ns
    engagement.state = ENGAGEMENT_CONNECTED
    engagement.started_ns = t.book[0].now_ns
    agent.ringing -= 1
    agent.connected += 1
    t.contacts[engagement.contact].offers -= 1
    disarm(t.book, t.timers, engagement_subject(t, e))
    if agent.ringing == RINGING_MAX - 1:
        review_free(t, engagement.agent)  # more may ring again
    else:
        review_state(t, engagement.agent)


@jit
def wrap(t: Tables, e: int) -> None:
    """Turn the connection into wrap-up: the contact lets go of it."""
    engagement = t.engagements[e]
    agent = t.agents[engagement.agent]
    engagement.cohort = t.contacts[engagement.contact].cohort
    engagement.cohort_ns = t.contacts[engagement.contact].cohort_ns
    engagement.arrival_seq = t.contacts[engagement.contact].arrival_seq
    _leave_contact(t, e)
    engagement.state = ENGAGEMENT_WRAPPING
    engagement.started_ns = t.book[0].now_ns
    agent.connected -= 1
    agent.wrapping += 1
    t.idle_seqs[engagement.agent] = t.book[0].seq
    review_state(t, engagement.agent)


@jit
def release(t: Tables, e: int) -> None:
    """End the engagement, whatever its state, and free what it took of the agent."""
    engagement = t.engagements[e]
    a = engagement.agent
    agent = t.agents[a]
    disarm(t.book, t.timers, engagement_subject(t, e))
    if engagement.state == ENGAGEMENT_OFFERED:
        agent.ringing -= 1
        agent.ring_ns += t.book[0].now_ns - engagement.started_ns
        t.contacts[engagement.contact].offers -= 1
    elif engagement.state == ENGAGEMENT_CONNECTED:
        agent.connected -= 1
        t.idle_seqs[a] = t.book[0].seq
    else:
        agent.wrapping -= 1
        t.idle_seqs[a] = t.book[0].seq
    _leave_contact(t, e)
    if engagement.prev_of_agent < 0:
        agent.engagement = engagement.next_of_agent
    else:
        t.engagements[engagement.prev_of_agent].next_of_agent = engagement.next_of_agent
    if engagement.next_of_agent >= 0:
        t.engagements[engagement.next_of_agent].prev_of_agent = engagement.prev_of_agent
    agent.load[engagement.channel] -= 1
    engagement.state = 0
    engagement.agent = -1
    engagement.next_of_agent = -1
    engagement.prev_of_agent = -1
    engagement.next_of_contact = t.book[0].engagement_free
    t.book[0].engagement_free = e
    review_free(t, a)


@jit
def _leave_contact(t: Tables, e: int) -> None:
    c = t.engagements[e].contact
    if c < 0:
        return
    after = t.engagements[e].next_of_contact
    if t.contacts[c].engagement == e:
        t.contacts[c].engagement = after
    else:
        before = t.contacts[c].engagement
        while t.engagements[before].next_of_contact != e:
            before = t.engagements[before].next_of_contact
        t.engagements[before].next_of_contact = after
    t.engagements[e].contact = -1
    t.engagements[e].next_of_contact = -1
