"""What lines of a conversation change: who owes whom an answer, how long answers take, and when silence ends a chat."""

from typing import Any

from engine.kernel.deadlines import arm, disarm
from engine.kernel.jit import jit
from engine.kernel.tables import Tables
from engine.kernel.tally import cells_of, count, measure
from engine.messages.kinds import BY_AGENT, BY_CUSTOMER, CHAT, CONTACT_CONNECTED, CONTACT_HELD_STATE
from engine.model.settings import QueueSetting
from engine.model.tallies import MEASURED_FIRST_RESPONSE, MEASURED_REPLY, Tally


@jit
def take_message(t: Tables, row: Any) -> None:
    """MESSAGE_SENT: count it, and what it answers. Automatic lines answer nothing, and break no silence."""
    c = row.contact
    contact, cells = t.contacts[c], cells_of(t, c)
    now_ns = t.book[0].now_ns
    if row.a == BY_CUSTOMER:
        count(t, cells, Tally.MESSAGES_RECEIVED, 1)
        if contact.asked_ns == 0:
            contact.asked_ns = now_ns
    elif row.a == BY_AGENT:
        count(t, cells, Tally.MESSAGES_SENT, 1)
        if contact.responded == 0:
            contact.responded = 1
            count(t, cells, Tally.FIRST_RESPONSES, 1)
            count(t, cells, Tally.FIRST_RESPONSE_NS, now_ns - contact.arrived_ns)
            measure(t, cells, MEASURED_FIRST_RESPONSE, now_ns - contact.arrived_ns)
        elif contact.asked_ns != 0:
            count(t, cells, Tally.REPLIES, 1)
            count(t, cells, Tally.REPLY_NS, now_ns - contact.asked_ns)
            measure(t, cells, MEASURED_REPLY, now_ns - contact.asked_ns)
        contact.asked_ns = 0
    else:
        return
    if contact.state == CONTACT_CONNECTED or contact.state == CONTACT_HELD_STATE:
        watch_silence(t, c)


@jit
def watch_silence(t: Tables, c: int) -> None:
    """Set the deadline at which a connected chat ends if its customer says nothing; none while a line is owed."""
    contact = t.contacts[c]
    limit_ns = t.queues[contact.queue].settings[QueueSetting.IDLE_LIMIT_NS]
    if contact.channel != CHAT or limit_ns == 0 or contact.asked_ns != 0:
        disarm(t.book, t.timers, c)
    else:
        arm(t.book, t.timers, c, t.book[0].now_ns + limit_ns)
