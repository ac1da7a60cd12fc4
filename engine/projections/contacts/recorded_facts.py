"""Facts as they were told, read back from the log: from what was kept of them word for word, or from their rows."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from engine.messages import kinds, observed
from engine.messages.observed import Observed
from engine.messages.row_fields import RowFields
from engine.messages.rows import unpack_trunks
from engine.model.directory import Directory
from engine.projections.contacts.history import ContactHistory

_DECODER: Final = msgspec.msgpack.Decoder(Observed)
_SHAPES: Final[dict[int, Callable[..., Any]]] = {
    kinds.CONTACT_HELD: observed.ContactHeld,
    kinds.CONTACT_RESUMED: observed.ContactResumed,
    kinds.OFFER_RANG: observed.OfferRang,
    kinds.OFFER_ANSWERED: observed.OfferAnswered,
    kinds.OFFER_DECLINED: observed.OfferDeclined,
    kinds.HOLD_REQUESTED: observed.HoldRequested,
    kinds.RESUME_REQUESTED: observed.ResumeRequested,
    kinds.CONTACT_RELEASED: observed.ContactReleased,
    kinds.REQUEUE_REQUESTED: observed.RequeueRequested,
    kinds.CALLBACK_REQUESTED: observed.CallbackRequested,
    kinds.EXIT_KEY_PRESSED: observed.ExitKeyPressed,
    kinds.MESSAGES_READ: observed.MessagesRead,
    kinds.TRUNK_REQUESTED: observed.TrunkRequested,
    kinds.TRUNK_RELEASED: observed.TrunkReleased,
    kinds.CALLER_MOVED: observed.CallerMoved,
    kinds.AGENT_STATUS_CHANGED: observed.AgentStatusChanged,
    kinds.AGENT_REACHABILITY_CHANGED: observed.AgentReachabilityChanged,
    kinds.WRAP_UP_FINISHED: observed.WrapUpFinished,
    kinds.QUEUE_OPENED: observed.QueueOpened,
    kinds.QUEUE_CLOSED: observed.QueueClosed,
}
"""Facts whose rows say all of them, where they have no payload."""
_OF_CONTACT: Final = frozenset(_SHAPES) - {
    kinds.AGENT_STATUS_CHANGED,
    kinds.AGENT_REACHABILITY_CHANGED,
    kinds.WRAP_UP_FINISHED,
    kinds.QUEUE_OPENED,
    kinds.QUEUE_CLOSED,
}


def recorded_fact(
    seq: int, row: RowFields, payload: bytes, directory: Directory, history: ContactHistory
) -> Observed | None:
    """Return the fact whose row stands at `seq`; its contact's name is empty where that is forgotten.

    None for rows that are no facts, and for those whose payload no present fact fits. Where there is no payload, `id`
    and `at_ns` are not known.
    """
    if payload:
        try:
            fact: Observed = _DECODER.decode(payload)
        except msgspec.DecodeError:
            return None
        return fact
    shape = _SHAPES.get(row.kind)
    if shape is None:
        return None
    found: Observed = shape(**_fields(seq, row, directory, history))
    return found


def _fields(seq: int, row: RowFields, directory: Directory, history: ContactHistory) -> dict[str, Any]:
    found: dict[str, Any] = {"contact": history.name_in(row.contact, seq)} if row.kind in _OF_CONTACT else {}
    if row.agent >= 0:
        found["agent"] = directory.agents.name(row.agent)
    if row.queue >= 0:
        found["queue"] = directory.queues.name(row.queue)
    if row.kind == kinds.CONTACT_RELEASED:
        found |= {"by": kinds.BY_NAMES.get(row.a, ""), "cause": row.b}
    elif row.kind == kinds.OFFER_DECLINED:
        found |= {"reason": kinds.OFFER_END_NAMES.get(row.a, ""), "cause": row.b}
    elif row.kind == kinds.MESSAGES_READ:
        found |= {"by": kinds.BY_NAMES.get(row.a, ""), "up_to_seq": row.b}
    elif row.kind == kinds.EXIT_KEY_PRESSED:
        found["key"] = chr(row.a)
    elif row.kind == kinds.CALLER_MOVED:
        found["to"] = history.name_in(row.a, seq)
    elif row.kind == kinds.TRUNK_REQUESTED:
        found["trunk_groups"] = [directory.trunk_groups.name(group) for group in unpack_trunks(row.a, row.b)]
    elif row.kind == kinds.AGENT_STATUS_CHANGED:
        found["status"] = kinds.STATUS_NAMES.get(row.a, "")
    elif row.kind == kinds.AGENT_REACHABILITY_CHANGED:
        found["reachable"] = bool(row.a)
    elif row.kind == kinds.WRAP_UP_FINISHED and row.a:
        found["contact"] = history.name_of(row.a)
    return found
