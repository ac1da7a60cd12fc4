"""Between SIP's words and the engine's: statuses, exits, causes and priorities. Nothing here has a state."""

from collections.abc import Collection
from typing import Final, Literal, NamedTuple

from adapters.sip.protocol import COMPLETED_ELSEWHERE, Reason, Request, reasons_of

Declined = Literal["declined", "busy", "no_answer", "unreachable"]
Side = Literal["customer", "agent", "network", "system"]
CUSTOMER_MAX: Final = 128
CAUSE_MAX: Final = 127
"""ISDN cause values have seven bits."""
EMERGENCY: Final = "emergency"
"""The value of Priority that asks for more than a place ahead."""

GONE: Final = frozenset({408, 481})
"""Responses that say that the peer does not know the dialog any more (RFC 3261 §12.2.1.2)."""
CAUSE_GONE: Final = 102
"""Recovery on timer expiry."""
CAUSE_CONGESTION: Final = 42
"""Of a call that is ended for want of room."""
_BUSY: Final = frozenset({486, 600})
_DECLINED: Final = frozenset({403, 480, 603, 607, 608})
_NO_ANSWER: Final = frozenset({408, 480, 487})
_Q850: Final = {
    403: 21,
    404: 1,
    408: 18,
    410: 22,
    480: 18,
    484: 28,
    486: 17,
    488: 88,
    500: 41,
    502: 38,
    503: 41,
    504: 102,
    600: 17,
    603: 21,
    604: 1,
    606: 88,
    607: 21,
    608: 21,
}
"""ISDN cause values of final responses (RFC 3398 §8.2.6.1)."""


class FinalAnswer(NamedTuple):
    """How a caller is told that the call was not served."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]


_EXITS: Final[dict[str, tuple[int, int, str]]] = {
    "refused_full": (486, 17, "the queue is full"),
    "refused_empty": (480, 20, "nobody is there"),
    "refused_closed": (480, 20, "the queue is closed"),
    "refused_trunk": (503, 34, "no circuit is free"),
    "timed_out": (480, 19, "waited too long"),
    "exit_key": (480, 31, "left by key"),
    "empty": (480, 20, "nobody is there any more"),
    "callback": (480, 31, "will be called back"),
    "withdrawn": (480, 31, "taken out of the queue"),
    "system_error": (500, 41, "failed"),
}
RETRY_AFTER_TIMED_OUT_S: Final = 60


REASONS_MAX: Final = 4
_CAUSE_TEXTS: Final = {
    16: "normal call clearing",
    31: "normal, unspecified",
    41: "temporary failure",
    CAUSE_CONGESTION: "switching equipment congestion",
    88: "incompatible destination",
    CAUSE_GONE: "recovery on timer expiry",
}
"""Words of ITU-T Q.850 for causes by which calls end here."""


def final_answer(exit_name: str, retry_after_s: int = 0) -> FinalAnswer:
    """What a waiting caller is answered who leaves the queue by this exit."""
    status, cause, text = _EXITS.get(exit_name, (480, 31, "not served"))
    if exit_name == "timed_out" and not retry_after_s:
        retry_after_s = RETRY_AFTER_TIMED_OUT_S
    headers: tuple[tuple[str, str], ...] = (("Reason", str(Reason("Q.850", cause, text))),)
    if retry_after_s:
        headers += (("Retry-After", str(retry_after_s)),)
    return FinalAnswer(status, "", headers)


def exit_reason(exit_name: str) -> tuple[tuple[str, str], ...]:
    """The Reason of a BYE to a caller who had been connected before and now leaves by this exit."""
    _, cause, text = _EXITS.get(exit_name, (480, 31, "not served"))
    return (("Reason", str(Reason("Q.850", cause, text))),)


def cancel_reason(ended: str) -> tuple[tuple[str, str], ...]:
    """The Reason of the CANCEL to a phone whose offer ended so (a name of OFFER_END_NAMES)."""
    if ended == "taken_elsewhere":
        return (("Reason", str(COMPLETED_ELSEWHERE)),)
    if ended == "no_answer":
        return (("Reason", str(Reason("Q.850", 19, "no answer"))),)
    if ended == "contact_left":
        return (("Reason", str(Reason("SIP", 487, "Request Terminated"))),)
    return (("Reason", str(Reason("Q.850", 31, "offer withdrawn"))),)


def decline_of(status: int, rang: bool) -> Declined:
    """Why a phone did not take a call, from its final response (408 and 503 also stand for silence and no way)."""
    if status in _BUSY:
        return "busy"
    if rang and status in _NO_ANSWER:
        return "no_answer"
    if status in _DECLINED or 300 <= status < 400:
        return "declined"
    return "unreachable"


def cause_of(status: int) -> int:
    """The ISDN cause of a final response."""
    return _Q850.get(status, 31)


def release_reason(cause: int) -> tuple[tuple[str, str], ...]:
    """The Reason of the BYE to the other side of a call that ended by this ISDN cause."""
    return (("Reason", str(Reason("Q.850", cause, _CAUSE_TEXTS.get(cause, "")))),)


def reasons_given(message: Request) -> tuple[tuple[str, str], ...]:
    """What a BYE or CANCEL says of why, to be told to the other side in the same words."""
    return tuple(("Reason", str(reason)) for reason in reasons_of(message)[:REASONS_MAX])


def release_cause(message: Request) -> int:
    """The ISDN cause that a BYE or CANCEL gives, else 16: normal clearing."""
    causes = (reason.cause for reason in reasons_of(message) if reason.protocol.upper() == "Q.850")
    return next((cause for cause in causes if 0 < cause <= CAUSE_MAX), 16)


_RESOURCE_PRIORITY: Final = {
    **{
        f"{space}.{word}": n
        for space in ("dsn", "drsn")
        for n, word in enumerate(("routine", "priority", "immediate", "flash", "flash-override"))
    },
    "drsn.flash-override-override": 5,
    **{f"q735.{n}": 5 - n for n in range(5)},
    **{f"{space}.{n}": 7 - n for space in ("ets", "wps") for n in range(5)},
    **{f"esnet.{n}": n for n in range(5)},
}
"""RFC 4412 and RFC 7135 on the engine's scale from 0 to 7; ets, wps and q735 count downwards."""


def _asked_for(request: Request) -> list[str]:
    """The values of Resource-Priority that are known."""
    lines = request.fields.get("resource-priority", ())
    values = (value.strip().lower() for line in lines for value in line.split(","))
    return [value for value in values if value in _RESOURCE_PRIORITY]


def priority_of(request: Request) -> int:
    """The priority that a trusted sender asks for: Resource-Priority, else `Priority: emergency` or `urgent`."""
    known = [_RESOURCE_PRIORITY[value] for value in _asked_for(request)]
    if known:
        return max(known)
    return {EMERGENCY: 7, "urgent": 3}.get(_plain_priority(request), 0)


def _plain_priority(request: Request) -> str:
    return request.get("priority").strip().lower()


def is_protection(word: str) -> bool:
    """Whether a word can be in the setting `protected`: `emergency`, a namespace, or one value of a namespace."""
    return word in {EMERGENCY, *_RESOURCE_PRIORITY, *(value.partition(".")[0] for value in _RESOURCE_PRIORITY)}


def is_protected(request: Request, protected: Collection[str]) -> bool:
    """Whether a trusted sender's call may use the reserve of its trunk group: `protected` holds what says so."""
    if EMERGENCY in protected and _plain_priority(request) == EMERGENCY:
        return True
    return any(value in protected or value.partition(".")[0] in protected for value in _asked_for(request))


def customer_of(request: Request) -> str:
    """Who calls: the user of From, or its host where there is no user; '' for anonymous callers."""
    uri = request.get_address("from").uri
    if uri.host.lower().endswith("anonymous.invalid"):
        return ""
    name = uri.decoded_user or uri.host or uri.opaque
    return name[:CUSTOMER_MAX]


def entry_of(request: Request) -> str:
    """What was dialled."""
    uri = request.uri
    return (uri.decoded_user or uri.opaque)[:CUSTOMER_MAX]
