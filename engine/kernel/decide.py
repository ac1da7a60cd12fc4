"""What follows from an observed row that was applied: the engine's conclusions, each emitted as a decided row.

Nothing here writes the state. Every item of the agenda writes a bounded number of rows, and `step` stops taking items
once CONCLUSIONS_MAX rows are written; what is left then comes up again at a deadline of now. So one row's conclusions
always fit the room that `step` keeps for them.
"""

from typing import Any

from engine.kernel.admit import admit, admit_arrival
from engine.kernel.decide_agent import change_status, disperse, finish_wrap_ups, lose_phone, remove_agent
from engine.kernel.decide_deadline import pass_deadline
from engine.kernel.decide_offer import answer_offer, fail_offer
from engine.kernel.emit import DISPERSE, MATCH_AGENT, MATCH_ANY, MATCH_CONTACT, MATCH_HELD, PASS_DEADLINE, emit, then
from engine.kernel.endings import end_with_agent, leave, withdraw_offers
from engine.kernel.jit import jit
from engine.kernel.match import match_agent, match_any, match_contact
from engine.kernel.seize import seize_for
from engine.kernel.tables import Array, Tables
from engine.messages.kinds import (
    AGENT_REACHABILITY_CHANGED,
    AGENT_STATUS_CHANGED,
    BY_SYSTEM,
    BY_TRANSFER,
    BY_UNKNOWN,
    CALLBACK_REQUESTED,
    CONTACT_ARRIVED,
    CONTACT_CONNECTED,
    CONTACT_HELD_STATE,
    CONTACT_OFFERED,
    CONTACT_RELEASED,
    CONTACT_WITHDRAWN,
    DEADLINE_PASSED,
    ENTRY_REQUEUE,
    ENTRY_TRANSFER,
    ENTRY_TRANSFER_TO_AGENT,
    EXIT_ABANDONED,
    EXIT_CALLBACK,
    EXIT_KEY,
    EXIT_KEY_PRESSED,
    EXIT_SHORT_ABANDONED,
    EXIT_SYSTEM_ERROR,
    EXIT_TRANSFERRED,
    EXIT_UNKNOWN,
    EXIT_WITHDRAWN,
    FLAG_CLOSES,
    FLAG_KEEP_PLACE,
    OFFER_ANSWERED,
    OFFER_DECLINED,
    OFFER_WITHDRAWN,
    REQUEUE_REQUESTED,
    REQUIREMENT_DEFINED,
    REQUIREMENT_RELAXED,
    SETTING_CHANGED,
    TABLE_AGENT,
    TABLE_CHANNEL,
    TABLE_MEMBERSHIP,
    TABLE_QUEUE,
    TABLE_SKILL_LEVEL,
    TRANSFER_REQUESTED,
    TRUNK_REQUESTED,
    WRAP_UP_FINISHED,
)
from engine.messages.rows import GAVE_UP_AGENT
from engine.model.settings import AgentSetting, QueueSetting


@jit
def decide(t: Tables, row: Any, out: Array) -> None:
    """Emit what follows from `row`."""
    kind = row.kind
    if kind == CONTACT_ARRIVED:
        admit_arrival(t, out, row.contact)
    elif kind == OFFER_ANSWERED:
        answer_offer(t, out, row.contact, row.agent)
    elif kind == CONTACT_RELEASED:
        _release(t, out, row.contact, row.a)
    elif kind == DEADLINE_PASSED:
        then(t, PASS_DEADLINE, 0)
    elif kind == OFFER_DECLINED:
        fail_offer(t, out, row.contact, row.agent, row.a)
    elif kind == WRAP_UP_FINISHED:
        finish_wrap_ups(t, out, row.agent, row.a)
    elif kind == AGENT_STATUS_CHANGED:
        change_status(t, out, row.agent)
    elif kind == AGENT_REACHABILITY_CHANGED:
        lose_phone(t, out, row.agent)
    elif kind == TRANSFER_REQUESTED:
        _transfer(t, out, row)
    elif kind == REQUEUE_REQUESTED:
        _requeue(t, out, row.contact)
    elif kind == CALLBACK_REQUESTED:
        leave(t, out, row.contact, EXIT_CALLBACK, FLAG_CLOSES)
    elif kind == EXIT_KEY_PRESSED:
        leave(t, out, row.contact, EXIT_KEY, FLAG_CLOSES)
    elif kind == CONTACT_WITHDRAWN:
        leave(t, out, row.contact, EXIT_WITHDRAWN, FLAG_CLOSES)
    elif kind == TRUNK_REQUESTED:
        seize_for(t, out, row)
    elif kind == SETTING_CHANGED:
        _change_setting(t, out, row)
    elif kind == REQUIREMENT_DEFINED:
        then(t, MATCH_ANY, 0)


@jit
def decide_next(t: Tables, decision: int, subject: int, out: Array) -> None:
    """Take one item of the agenda."""
    if decision == MATCH_CONTACT:
        match_contact(t, out, subject)
    elif decision == MATCH_AGENT:
        match_agent(t, out, subject)
    elif decision == MATCH_ANY or decision == MATCH_HELD:
        match_any(t, out, decision)
    elif decision == PASS_DEADLINE:
        pass_deadline(t, out)
    elif decision == DISPERSE:
        disperse(t, out, subject)


@jit
def _release(t: Tables, out: Array, c: int, by: int) -> None:
    """A side hung up: the end of a talk, or an abandonment."""
    contact = t.contacts[c]
    if contact.state == CONTACT_CONNECTED or contact.state == CONTACT_HELD_STATE:
        end_with_agent(t, out, c, by, FLAG_CLOSES)
        return
    waited_ns = t.book[0].now_ns - contact.enqueued_ns
    way_out = EXIT_ABANDONED
    if by == BY_UNKNOWN:
        way_out = EXIT_UNKNOWN
    elif by == BY_SYSTEM:
        way_out = EXIT_SYSTEM_ERROR
    elif waited_ns <= t.queues[contact.queue].settings[QueueSetting.SHORT_ABANDON_NS]:
        way_out = EXIT_SHORT_ABANDONED
    leave(t, out, c, way_out, FLAG_CLOSES)


@jit
def _transfer(t: Tables, out: Array, row: Any) -> None:
    """To another queue, or to one agent and the line of that agent's own."""
    c = row.contact
    contact = t.contacts[c]
    queue = row.queue if row.queue >= 0 else contact.queue
    since_ns = contact.line_ns if row.flags & FLAG_KEEP_PLACE else t.book[0].now_ns
    _move(t, out, c, queue, row.agent, since_ns, ENTRY_TRANSFER_TO_AGENT if row.agent >= 0 else ENTRY_TRANSFER)


@jit
def _move(t: Tables, out: Array, c: int, queue: int, own_agent: int, since_ns: int, entry: int) -> None:
    contact = t.contacts[c]
    if contact.state == CONTACT_CONNECTED or contact.state == CONTACT_HELD_STATE:
        end_with_agent(t, out, c, BY_TRANSFER, 0)
    else:
        leave(t, out, c, EXIT_TRANSFERRED, 0)
    admit(t, out, c, queue, own_agent, since_ns, entry)


@jit
def _requeue(t: Tables, out: Array, c: int) -> None:
    """Back from the agent into the queue. Who waits there already waits on, rings nowhere and may be served by anybody:
    the same stay, whose wait does not begin again.
    """
    contact = t.contacts[c]
    if contact.state == CONTACT_CONNECTED or contact.state == CONTACT_HELD_STATE:
        _move(t, out, c, contact.queue, -1, contact.line_ns, ENTRY_REQUEUE)
        return
    then(t, MATCH_CONTACT, c)
    if contact.state == CONTACT_OFFERED:
        withdraw_offers(t, out, c, -1, OFFER_WITHDRAWN)
    elif contact.own_agent >= 0:
        emit(t, out, REQUIREMENT_RELAXED, c, contact.queue, -1, contact.requirement, GAVE_UP_AGENT, 0)


@jit
def _change_setting(t: Tables, out: Array, row: Any) -> None:
    """New rules may let somebody serve somebody."""
    table = row.agent
    if table == TABLE_AGENT and row.contact == AgentSetting.EXISTS and row.a == 0:
        remove_agent(t, out, row.queue)
    elif table == TABLE_AGENT or table == TABLE_SKILL_LEVEL or table == TABLE_MEMBERSHIP:
        then(t, MATCH_AGENT, row.queue)
    elif table == TABLE_QUEUE or table == TABLE_CHANNEL:
        then(t, MATCH_ANY, 0)
