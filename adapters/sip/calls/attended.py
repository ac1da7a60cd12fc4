"""Attended transfer: an agent has spoken with somebody else first, and leaves the caller with them (RFC 3891).

The second call stays what it is for the engine: its agent is busy with it. Only its caller changes, and the first
contact ends. So no rule of routing can come between the two.
"""

from typing import Final

from msgspec.structs import replace

from adapters.sip.calls.call import Call, Phase
from adapters.sip.calls.transfer import leave
from adapters.sip.legs.caller_leg import CallerLeg
from adapters.sip.legs.leg import Leg, OverCall
from adapters.sip.legs.offer import AgentLeg, PendingRefer
from adapters.sip.legs.records import DialogState, Joining, Moved
from adapters.sip.protocol import (
    DialogId,
    MalformedMessage,
    Replaces,
    Request,
    ServerTransaction,
    is_on_hold,
    refer_to_of,
)
from adapters.sip.protocol.offer_answer import with_direction
from adapters.sip.sessions.held import tell_engine
from adapters.sip.sessions.reinvite import OwnOffer
from adapters.sip.sessions.relay import part
from engine.messages.observed import CallerMoved, ContactReleased, LegRecorded, Observed
from engine.ports import Receipt

CAUSE_NORMAL: Final = 16


def transfer_attended(leg: Leg, transaction: ServerTransaction, request: Request) -> bool:
    """Take a REFER with Replaces of a call that is connected here; False when it is something else."""
    first = leg.call
    try:
        replaces = refer_to_of(request).replaces
    except MalformedMessage:
        return False
    if replaces is None or not isinstance(leg, AgentLeg) or not isinstance(first, Call):
        return False
    if first.peer_of(leg) is None or leg.refer is not None or (second := _second_call(first, replaces)) is None:
        return False
    if leg.take(request, transaction):
        _hand_over(first, second, leg, PendingRefer(transaction, request))
    return True


def _second_call(first: Call, replaces: Replaces) -> Call | None:
    """The other call of the agent, if it is connected; its caller's side is the agent's own phone."""
    leg = first.dialogs.get(DialogId(replaces.call_id, replaces.to_tag, replaces.from_tag))
    call = leg.call if leg is not None else None
    if not isinstance(leg, CallerLeg) or not isinstance(call, Call) or call is first:
        return None
    is_settled = call.phase == Phase.TALKING and not call.holds.settling
    return call if is_settled and call.agent is not None and call.caller is leg else None


def _hand_over(first: Call, second: Call, leg: AgentLeg, pending: PendingRefer) -> None:
    """Connect the caller of the first call with the agent of the second, once the end of the first is on record."""
    core = first.core
    caller = first.caller
    leg.refer = pending
    first.phase, first.released = Phase.LEAVING, True
    record, asking = caller.own_record(), second.caller.record().encode()
    first.holds.clear()  # who leaves takes their hold along

    def check(receipts: list[Receipt]) -> None:
        if receipts[-1].error or receipts[-1].refused:
            if leg.refer is pending:
                leg.refer = None
                core.endpoint.reply(pending.transaction, 480)
            first.finish()
            return
        first.agent = None
        first.let_go()
        part(caller, leg)
        leave(leg)
        first.finish()
        caller.asking = asking
        _join(second, caller)

    there = replace(record, desk_holds=second.holds.by_desk) if isinstance(record, DialogState) else record
    facts: list[Observed] = [
        LegRecorded(contact=second.name, leg=caller.slot, record=Joining(there.encode(), asking).encode()),
        LegRecorded(contact=first.name, leg=caller.slot, record=Moved(second.name, record.encode()).encode()),
        CallerMoved(contact=first.name, to=second.name),
        ContactReleased(contact=first.name, by="agent", cause=CAUSE_NORMAL),
    ]
    core.facts.insist(facts, check)


def _join(call: Call, caller: CallerLeg) -> None:
    """Let the caller take the place of the agent who has asked around.

    What the colleague holds from a desk stays held, now for the caller, until a desk takes it back.
    """
    core, agent, asking = call.core, call.agent, call.caller
    if call.phase != Phase.TALKING or agent is None:
        core.counters["transfers_lost"] += 1
        caller.finish()
        return
    core.counters["transfers_attended"] += 1
    call.holds.settle()
    part(agent, asking)
    call.caller, caller.call, asking.call = caller, call, OverCall(call)
    asking.hang_up()
    if caller.closed:
        call.release("customer", CAUSE_NORMAL)
    else:
        tell_each_other(call, caller, agent)


def tell_each_other(call: Call, caller: CallerLeg, agent: AgentLeg) -> None:
    """Let a caller and the agent to whom they came by an attended transfer hear each other.

    What the agent's phone holds shows in its answer.
    """
    core, holds = call.core, call.holds
    holds.settle()
    was_held = holds.is_on
    holds.by_phones.clear()
    direction = "inactive" if holds.by_desk else "sendrecv"

    def tell_agent(answer: bytes) -> None:
        """The agent was told of the other agent's media."""
        if not holds.by_desk and answer and is_on_hold(answer):
            holds.by_phones.add(caller)
        media = answer or with_direction(caller.sdp, direction)
        OwnOffer(agent, media, done, otherwise=settled, vital=True).begin()

    def done(answer: bytes) -> None:
        if not holds.is_on and answer and is_on_hold(answer):
            holds.by_phones.add(agent)
            OwnOffer(caller, answer, _nothing).begin()
        settled()

    def settled(_status: int = 0) -> None:
        """Both were told, or something offered later counts: what a desk asks for need not wait any longer."""
        if call.caller is not caller or call.agent is not agent:
            return  # who came instead settles what is theirs
        caller.asking = b""
        tell_engine(call, was_held)
        core.facts.mention([side.recorded() for side in (caller, agent) if side.acknowledged])
        holds.settled()

    OwnOffer(caller, with_direction(agent.sdp, direction), tell_agent, otherwise=settled, vital=True).begin()


def _nothing(_answer: bytes) -> None:
    """For offers whose answer changes nothing."""
