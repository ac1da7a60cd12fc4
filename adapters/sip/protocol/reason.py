"""Why something ended: Reason (RFC 3326); and what 182 tells a caller."""

import msgspec

from adapters.sip.protocol.errors import MalformedMessage
from adapters.sip.protocol.grammar import quote, readable, split_params
from adapters.sip.protocol.message import Message


class Reason(msgspec.Struct, frozen=True):
    """One Reason value: `SIP;cause=200;text="Call completed elsewhere"`."""

    protocol: str
    """SIP, Q.850, ..."""
    cause: int
    """A status code for SIP, a cause value for Q.850; 0 when absent."""
    text: str = ""

    def __str__(self) -> str:
        text = f";text={quote(self.text)}" if self.text else ""
        return f"{self.protocol};cause={self.cause}{text}"


COMPLETED_ELSEWHERE = Reason("SIP", 200, "Call completed elsewhere")
"""For the CANCEL of a phone that rang in vain (RFC 3326 §3.1): the phone then shows no missed call."""


def reasons_of(message: Message) -> list[Reason]:
    """The Reason values of a message. What cannot be read is left out: it explains, it does not decide."""
    try:
        values = message.get_list("reason")
    except MalformedMessage:
        return []
    reasons = []
    for value in values:
        try:
            protocol, params = split_params(value)
        except MalformedMessage:
            continue
        cause = params.get("cause", "")
        number = int(cause) if cause.isascii() and cause.isdigit() and len(cause) < 6 else 0
        reasons.append(Reason(protocol, number, readable(params.get("text", ""))))
    return reasons


def queued_phrase(position: int, expected_wait_s: int | None) -> str:
    """The reason phrase of 182 (§21.1.3): the caller's position, 1 for the next, and the expected wait if known."""
    ahead = position - 1
    calls = "you are next" if ahead == 0 else "1 call ahead" if ahead == 1 else f"{ahead} calls ahead"
    if expected_wait_s is None:
        return f"Queued; {calls}"
    if expected_wait_s < 90:
        return f"Queued; {calls}; expected waiting time is {expected_wait_s} seconds"
    return f"Queued; {calls}; expected waiting time is {round(expected_wait_s / 60)} minutes"
