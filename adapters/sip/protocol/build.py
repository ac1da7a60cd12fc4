"""Writing requests and responses as octets. What is written is also indexed lazily, like what is received."""

from collections.abc import Iterable

from adapters.sip.protocol.errors import LocalProtocolError, MalformedMessage
from adapters.sip.protocol.grammar import split_list
from adapters.sip.protocol.message import CSeq, Request, Response
from adapters.sip.protocol.status import REASON_PHRASES
from adapters.sip.protocol.via import with_source

_ECHOED = (("from", "From"), ("call-id", "Call-ID"), ("cseq", "CSeq"), ("timestamp", "Timestamp"))

Headers = Iterable[tuple[str, str]]
"""Extra header fields: written name and value, in order."""


def build_request(
    method: str,
    target: str,
    *,
    via: str,
    from_: str,
    to: str,
    call_id: str,
    cseq: int,
    contact: str = "",
    routes: Iterable[str] = (),
    headers: Headers = (),
    content_type: str = "",
    body: bytes = b"",
    max_forwards: int = 70,
) -> Request:
    """Write a request. `via`, `from_`, `to`, `contact` and `routes` are complete header field values.

    Raises LocalProtocolError when a value holds a line end.
    """
    lines = [
        f"{method} {target} SIP/2.0",
        f"Via: {via}",
        f"Max-Forwards: {max_forwards}",
        f"From: {from_}",
        f"To: {to}",
        f"Call-ID: {call_id}",
        f"CSeq: {cseq} {method}",
    ]
    if routes:
        lines += [f"Route: {route}" for route in routes]
    if contact:
        lines.append(f"Contact: {contact}")
    head, raw = _write(lines, headers, content_type, body)
    request = Request(raw, head, body, method, target)
    request._cseq = CSeq(cseq, method)
    return request


def build_response(
    request: Request,
    status: int,
    reason: str = "",
    *,
    to_tag: str = "",
    contact: str = "",
    headers: Headers = (),
    content_type: str = "",
    body: bytes = b"",
) -> Response:
    """Write a response to the request; the usual reason phrase unless another is given.

    Echoes Via (with `received` and `rport`), From, To, Call-ID, CSeq and, where a dialog may arise, Record-Route.
    `to_tag` is added unless the request has one or the status is 100. Whatever the request lacks is left out.
    Raises LocalProtocolError when a value holds a line end or the status is not 100 to 699.
    """
    if not 100 <= status <= 699:
        raise LocalProtocolError(f"{status} is no status code: it must be from 100 to 699")
    if request._reply_head is None:
        request._reply_head = _reply_head(request)
    echoed, to = request._reply_head
    if to_tag and status > 100 and to and not request.to_tag:
        to = f"{to};tag={to_tag}"
    lines = [f"SIP/2.0 {status} {reason or REASON_PHRASES.get(status, '')}"]
    if echoed:
        lines.append(echoed)
    if to:
        lines.append(to)
    if 100 < status < 300 and "record-route" in request.fields:
        lines += [f"Record-Route: {route}" for route in request.fields["record-route"]]
    if contact:
        lines.append(f"Contact: {contact}")
    head, raw = _write(lines, headers, content_type, body, echoed.count("\r\n"))
    response = Response(raw, head, body, status, reason)
    response._cseq = request._cseq
    return response


def _write(
    lines: list[str], headers: Headers, content_type: str, body: bytes, inner_lines: int = 0
) -> tuple[str, bytes]:
    """Join the lines to a head and octets; refuse values that would smuggle in another line."""
    if headers:
        lines += [f"{name}: {value}" for name, value in headers]
    if content_type:
        lines.append(f"Content-Type: {content_type}")
    lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join(lines)
    ends = len(lines) - 1 + inner_lines
    if head.count("\n") != ends or head.count("\r") != ends:
        raise LocalProtocolError(f"a header field value holds a line end: {_culprit(lines)!r}")
    return head, f"{head}\r\n\r\n".encode("utf-8", "surrogateescape") + body


def _culprit(lines: list[str]) -> str:
    return next((line[:80] for line in lines if "\n" in line or "\r" in line), "")


def _reply_head(request: Request) -> tuple[str, str]:
    """What every response to the request echoes: its lines but To, and the To line by itself."""
    fields = request.fields
    lines = []
    vias = fields.get("via")
    if vias:
        lines.append(f"Via: {_stamped(request, vias[0])}")
        lines += [f"Via: {via}" for via in vias[1:]]
    for name, written in _ECHOED:
        # Only one of each is echoed, even to a sender that repeated them.
        if name in fields:
            lines.append(f"{written}: {fields[name][0]}")
    to = request.get("to")
    return "\r\n".join(lines), f"To: {to}" if to else ""


def _stamped(request: Request, line: str) -> str:
    """The first Via line, with where the request came from; a Via that cannot be read is echoed as it came."""
    if request.source is None:
        return line
    try:
        first, *others = split_list(line)
        stamped = with_source(first, request.top_via, request.source.host, request.source.port)
    except MalformedMessage:
        return line
    return ", ".join([stamped, *others]) if others else stamped
