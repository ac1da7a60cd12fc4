"""What follows when an offer is answered, or is not."""

from engine.kernel.emit import MATCH_AGENT, MATCH_CONTACT, emit, then
from engine.kernel.endings import withdraw_offers
from engine.kernel.jit import jit
from engine.kernel.lookup import find_engagement
from engine.kernel.tables import RINGING_MAX, Array, Tables
from engine.messages.kinds import (
    AGENT_SUSPENDED,
    CONTACT_ANSWERED,
    OFFER_ENDED,
    OFFER_NO_ANSWER,
    OFFER_REJECTED,
    OFFER_TAKEN_ELSEWHERE,
)
from engine.model.settings import AgentSetting


@jit
def answer_offer(t: Tables, out: Array, c: int, a: int) -> None:
    """The agent has the contact; whoever else it rang at is free again."""
    contact, now_ns = t.contacts[c], t.book[0].now_ns
    waited_ns = now_ns - contact.enqueued_ns
    emit(t, out, CONTACT_ANSWERED, c, contact.queue, a, waited_ns, now_ns - contact.arrived_ns, 0)
    withdraw_offers(t, out, c, a, OFFER_TAKEN_ELSEWHERE)
    if t.agents[a].ringing == RINGING_MAX:
        then(t, MATCH_AGENT, a)


@jit
def fail_offer(t: Tables, out: Array, c: int, a: int, reason: int) -> None:
    """The agent did not take it: rest the agent as the rules say, then look for somebody else, then for other work."""
    started_ns = t.engagements[find_engagement(t, c, a)].started_ns
    emit(t, out, OFFER_ENDED, c, t.contacts[c].queue, a, reason, t.book[0].now_ns - started_ns, 0)
    _rest(t, out, a, reason)
    then(t, MATCH_CONTACT, c)
    then(t, MATCH_AGENT, a)


@jit
def _rest(t: Tables, out: Array, a: int, reason: int) -> None:
    agent = t.agents[a]
    settings = agent.settings
    most = settings[AgentSetting.MAX_NO_ANSWER]
    if agent.suspended_until_ns != 0:
        return
    if reason == OFFER_NO_ANSWER and most > 0 and agent.misses + 1 >= most:
        emit(t, out, AGENT_SUSPENDED, -1, -1, a, 0, reason, 0)
        return
    delay_ns = settings[AgentSetting.BUSY_DELAY_NS]
    if reason == OFFER_NO_ANSWER:
        delay_ns = settings[AgentSetting.NO_ANSWER_DELAY_NS]
    elif reason == OFFER_REJECTED:
        delay_ns = settings[AgentSetting.DECLINE_DELAY_NS]
    if delay_ns > 0:
        emit(t, out, AGENT_SUSPENDED, -1, -1, a, t.book[0].now_ns + delay_ns, reason, 0)
