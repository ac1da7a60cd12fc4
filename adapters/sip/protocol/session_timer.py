"""Session timers (RFC 4028): finding out that a call has died without a BYE."""

from typing import Literal

import msgspec

from adapters.sip.protocol.check import Refusal
from adapters.sip.protocol.errors import MalformedMessage
from adapters.sip.protocol.grammar import parse_number, split_params
from adapters.sip.protocol.message import Message, Request, Response

ABSOLUTE_MIN_SE_S = 90
"""No interval may be below this (§4)."""

SECOND_NS = 1_000_000_000
_LIMIT_S = 2**32 - 1


class SessionPolicy(msgspec.Struct, frozen=True):
    """What intervals we want and bear."""

    interval_s: int = 1800
    """What we propose, and the most we agree to."""
    min_se_s: int = ABSOLUTE_MIN_SE_S
    """The least we agree to; below it a request is refused with 422."""


class SessionTimer(msgspec.Struct, frozen=True):
    """What was agreed."""

    interval_s: int
    we_refresh: bool
    refresher: Literal["uac", "uas"]
    """As the header field names it: by the roles of the INVITE or UPDATE that agreed it."""
    peer_knows: bool = True
    """Whether the peer supports the extension."""

    def refresh_at_ns(self, refreshed_at_ns: int) -> int:
        """When to send the refreshing re-INVITE or UPDATE, if it is our turn: after half the interval (§10)."""
        return refreshed_at_ns + self.interval_s * SECOND_NS // 2

    def expires_at_ns(self, refreshed_at_ns: int) -> int:
        """When to send BYE unless refreshed: a little before the end (§10)."""
        margin_s = min(32, self.interval_s // 3)
        return refreshed_at_ns + (self.interval_s - margin_s) * SECOND_NS

    def response_headers(self) -> tuple[tuple[str, str], ...]:
        """The header fields of the 2xx that agrees (§9)."""
        expires = ("Session-Expires", f"{self.interval_s};refresher={self.refresher}")
        supported = ("Supported", "timer")
        return (expires, supported, ("Require", "timer")) if self.refresher == "uac" else (expires, supported)

    def refresh_headers(self) -> tuple[tuple[str, str], ...]:
        """The header fields of a refresh that we send: the roles turn, we are the UAC now (§7.4)."""
        refresher = "uac" if self.we_refresh else "uas"
        return (("Supported", "timer"), ("Session-Expires", f"{self.interval_s};refresher={refresher}"))


def offer_headers(policy: SessionPolicy, min_se_s: int = 0) -> tuple[tuple[str, str], ...]:
    """The header fields of an INVITE of ours; `min_se_s` is what a 422 has asked for (§7.1)."""
    least = max(policy.min_se_s, min_se_s)
    interval = max(policy.interval_s, least)
    return (("Supported", "timer"), ("Session-Expires", str(interval)), ("Min-SE", str(least)))


def answer(request: Request, policy: SessionPolicy) -> SessionTimer | Refusal:
    """Answer the INVITE or UPDATE of a peer: an agreement, or 422 with our minimum (§8, §9).

    Raises MalformedMessage.
    """
    peer_knows = "timer" in request.get_tokens("supported") | request.get_tokens("require")
    proposed_s, refresher = _session_expires(request)
    least_s = max(_min_se(request), policy.min_se_s)
    if proposed_s and proposed_s < policy.min_se_s and peer_knows:
        return Refusal(422, headers=(("Min-SE", str(policy.min_se_s)),))
    interval_s = max(min(proposed_s or policy.interval_s, policy.interval_s), least_s)
    if not peer_knows:
        refresher = "uas"
    return SessionTimer(interval_s, refresher == "uas", "uas" if refresher == "uas" else "uac", peer_knows)


def agreed(response: Response) -> SessionTimer | None:
    """Read what the 2xx to our INVITE or UPDATE agrees to, None for a session that never expires (§7.2).

    Raises MalformedMessage.
    """
    interval_s, refresher = _session_expires(response)
    if not interval_s:
        return None
    return SessionTimer(interval_s, refresher != "uas", "uas" if refresher == "uas" else "uac")


def wanted_min_se_s(response: Response) -> int:
    """What a 422 asks for (§7.3). Raises MalformedMessage."""
    return _min_se(response)


def _session_expires(message: Message) -> tuple[int, str]:
    value = message.get("session-expires")
    if not value:
        return 0, ""
    number, params = split_params(value)
    interval_s = parse_number(number, _LIMIT_S)
    if interval_s == 0:
        raise MalformedMessage("Session-Expires: 0 seconds is no interval")
    return interval_s, params.get("refresher", "").lower()


def _min_se(message: Message) -> int:
    value = message.get("min-se").partition(";")[0].strip(" \t")
    return max(parse_number(value, _LIMIT_S), ABSOLUTE_MIN_SE_S) if value else ABSOLUTE_MIN_SE_S
