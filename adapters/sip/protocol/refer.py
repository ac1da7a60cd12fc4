"""Call transfer: REFER (RFC 3515), Replaces (RFC 3891), and the NOTIFYs that report how it went."""

from typing import NamedTuple
from urllib.parse import unquote

import msgspec

from adapters.sip.protocol.build import Headers
from adapters.sip.protocol.errors import MalformedMessage
from adapters.sip.protocol.grammar import split_params
from adapters.sip.protocol.message import Message, Request
from adapters.sip.protocol.status import REASON_PHRASES
from adapters.sip.protocol.uri import Uri

SIPFRAG = "message/sipfrag;version=2.0"


class Replaces(NamedTuple):
    """The dialog that a new call takes the place of, tags as its receiver sees them."""

    call_id: str
    to_tag: str
    from_tag: str
    early_only: bool

    @classmethod
    def parse(cls, value: str) -> "Replaces":
        """Parse a Replaces value. Raises MalformedMessage."""
        call_id, params = split_params(value)
        if not call_id or not params.get("to-tag") or not params.get("from-tag"):
            raise MalformedMessage(f"Replaces: {value[:80]!r} lacks the Call-ID or a tag")
        return cls(call_id, params["to-tag"], params["from-tag"], "early-only" in params)


class ReferTo(msgspec.Struct, frozen=True):
    """Whom the peer wants to be connected with."""

    uri: Uri
    """Without header fields."""
    method: str
    """INVITE unless the URI says otherwise."""
    replaces: Replaces | None
    """For an attended transfer."""


def refer_to_of(request: Request) -> ReferTo:
    """Read the one Refer-To of a REFER (RFC 3515 §2.4.1). Raises MalformedMessage, to be refused with 400."""
    if len(request.fields.get("refer-to", ())) != 1:
        raise MalformedMessage("a REFER needs exactly one Refer-To")
    uri = request.get_address("refer-to").uri
    headers = dict(_header_pairs(uri))
    replaces = Replaces.parse(headers["replaces"]) if "replaces" in headers else None
    bare = Uri(uri.scheme, uri.user, uri.host, uri.port, uri.params_text, "", uri.opaque)
    return ReferTo(bare, uri.params.get("method", "INVITE").upper(), replaces)


def _header_pairs(uri: Uri) -> list[tuple[str, str]]:
    pairs = (item.partition("=") for item in uri.headers_text[1:].split("&") if item)
    return [(unquote(name).lower(), unquote(value)) for name, _, value in pairs]


def replaces_of(message: Message) -> Replaces | None:
    """The Replaces of an INVITE, None when absent. Raises MalformedMessage."""
    value = message.get("replaces")
    return Replaces.parse(value) if value else None


def sipfrag(status: int, reason: str = "") -> bytes:
    """The body of a NOTIFY that reports a transfer's progress (RFC 3420)."""
    return f"SIP/2.0 {status} {reason or REASON_PHRASES.get(status, '')}\r\n".encode()


def notify_headers(status: int, expires_s: int = 60) -> Headers:
    """The header fields of the NOTIFY for this status: a final one ends the subscription (RFC 3515 §2.4.7)."""
    state = f"active;expires={expires_s}" if status < 200 else "terminated;reason=noresource"
    return (("Event", "refer"), ("Subscription-State", state))
