"""Dialogs (RFC 3261 §12): what two user agents must remember of each other between requests."""

import re
from typing import Literal, NamedTuple

import msgspec

from adapters.sip.protocol.address import Address
from adapters.sip.protocol.build import Headers, build_request
from adapters.sip.protocol.check import Refusal
from adapters.sip.protocol.grammar import PORT, readable
from adapters.sip.protocol.hop import Hop, hop_for_uri
from adapters.sip.protocol.message import Message, Request, Response
from adapters.sip.protocol.uri import Uri

# What most contacts look like; written again they would be the same.
_PLAIN_TARGET = re.compile(
    rf"<(sips?:[A-Za-z0-9\-_.]++@[A-Za-z0-9][A-Za-z0-9.\-]*+(?::{PORT})?+(?:;transport=[A-Za-z]++)?+)>"
)
TARGET_REFRESH = frozenset({"INVITE", "UPDATE", "SUBSCRIBE", "NOTIFY", "REFER"})
"""Methods whose Contact moves the remote target, and which carry ours (RFC 3261 §12.2, RFC 3311, RFC 6665)."""


class DialogId(NamedTuple):
    """What names a dialog, from our side."""

    call_id: str
    local_tag: str
    remote_tag: str


def dialog_id_of(request: Request) -> DialogId:
    """The dialog that a received request belongs to. Raises MalformedMessage."""
    return DialogId(request.call_id, request.to_tag, request.from_tag)


class Dialog(msgspec.Struct):
    """One dialog. All of it is plain data, so that it survives in a log."""

    call_id: str
    local: str
    """Our From value in requests, tag included."""
    remote: str
    """Our To value in requests, tag included once there is one."""
    local_tag: str
    remote_tag: str
    """'' when the peer is of RFC 2543."""
    remote_target: str
    """The URI that requests go to."""
    contact: str
    """Our Contact value."""
    local_seq: int
    """The CSeq number of our last request."""
    remote_seq: int
    """The highest CSeq number of the peer, -1 before its first request."""
    route_set: list[str] = []
    """Route values, the nearest first."""
    state: Literal["early", "confirmed", "terminated"] = "early"

    @classmethod
    def from_request(cls, request: Request, local_tag: str, contact: str) -> "Dialog":
        """Open the dialog of an INVITE received (§12.1.1). Raises MalformedMessage."""
        to = readable(request.get("to"))
        return cls(
            call_id=request.call_id,
            local=to if request.to_tag else f"{to};tag={local_tag}",
            remote=readable(request.get("from")),
            local_tag=local_tag,
            remote_tag=request.from_tag,
            remote_target=_target_of(request, "from"),
            contact=contact,
            local_seq=0,
            remote_seq=request.cseq.number,
            route_set=[readable(route) for route in request.get_list("record-route")],
        )

    @classmethod
    def from_response(cls, response: Response, contact: str) -> "Dialog":
        """Open the dialog of an INVITE sent, from a provisional response with a To tag or a 2xx (§12.1.2).

        Raises MalformedMessage.
        """
        return cls(
            call_id=response.call_id,
            local=readable(response.get("from")),
            remote=readable(response.get("to")),
            local_tag=response.from_tag,
            remote_tag=response.to_tag,
            remote_target=_target_of(response, "to"),
            contact=contact,
            local_seq=response.cseq.number,
            remote_seq=-1,
            route_set=_routes_of(response),
            state="early" if response.status < 200 else "confirmed",
        )

    @property
    def id(self) -> DialogId:
        """The dialog's name: equal to dialog_id_of() each request that belongs to it."""
        return DialogId(self.call_id, self.local_tag, self.remote_tag)

    @property
    def secure(self) -> bool:
        """Whether the remote target asks for TLS on every hop."""
        return self.remote_target[:5].lower() == "sips:"

    def receive_request(self, request: Request) -> Refusal | None:
        """Take a request of the peer within the dialog: its sequence number and its new target (§12.2.2).

        Raises MalformedMessage.
        """
        number = request.cseq.number
        if self.state == "terminated":
            return Refusal(481)
        if request.method in ("ACK", "CANCEL"):
            return None
        if number < self.remote_seq:
            return Refusal(500, f"CSeq {number} is below {self.remote_seq}")
        self.remote_seq = number
        self._refresh_target(request, request.method)
        if request.method == "BYE":
            self.state = "terminated"
        return None

    def receive_response(self, response: Response) -> None:
        """Take a response to a request of ours within the dialog: its new target, or its end (§12.2.1.2).

        Raises MalformedMessage.
        """
        if response.status in (408, 481) and response.cseq.method != "CANCEL":
            self.state = "terminated"
        elif 200 <= response.status < 300:
            self._refresh_target(response, response.cseq.method)

    def build_request(
        self, method: str, via: str, *, headers: Headers = (), content_type: str = "", body: bytes = b""
    ) -> Request:
        """Write the next request of ours (§12.2.1.1); send it to next_hop(). Raises LocalProtocolError."""
        self.local_seq += 1
        if method == "BYE":
            self.state = "terminated"
        return self._build(method, via, self.local_seq, headers, content_type, body)

    def build_ack(self, response: Response, via: str, *, content_type: str = "", body: bytes = b"") -> Request:
        """Write the ACK of a 2xx to an INVITE of ours (§13.2.2.4)."""
        return self._build("ACK", via, response.cseq.number, (), content_type, body)

    def next_hop(self) -> Hop:
        """Where requests go: the nearest route, or the remote target. Raises LocalProtocolError for a tel URI."""
        return hop_for_uri(Address.parse(self.route_set[0]).uri if self.route_set else Uri.parse(self.remote_target))

    def _build(self, method: str, via: str, cseq: int, headers: Headers, content_type: str, body: bytes) -> Request:
        target, routes = self.remote_target, self.route_set
        if routes and not (first := Address.parse(routes[0])).uri.loose:
            # A strict router of RFC 2543 wants to find itself in the Request-URI, and the target behind the routes.
            target, routes = first.uri_text.partition("?")[0], [*routes[1:], f"<{self.remote_target}>"]
        return build_request(
            method,
            target,
            via=via,
            from_=self.local,
            to=self.remote,
            call_id=self.call_id,
            cseq=cseq,
            contact=self.contact if method in TARGET_REFRESH else "",
            routes=routes,
            headers=headers,
            content_type=content_type,
            body=body,
        )

    def _refresh_target(self, message: Message, method: str) -> None:
        if method in TARGET_REFRESH and (contact := message.contact) is not None:
            self.remote_target = str(contact.uri)


def _routes_of(response: Response) -> list[str]:
    return [readable(route) for route in reversed(response.get_list("record-route"))]


def _target_of(message: Message, fallback: str) -> str:
    """The peer's Contact; senders of RFC 2543 have none, and are then asked at their From or To."""
    plain = _PLAIN_TARGET.fullmatch(message.get("contact"))
    if plain is not None:
        return plain.group(1)
    return str((message.contact or message.get_address(fallback)).uri)
