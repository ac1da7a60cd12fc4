"""Deciding whether a request may be acted on, and whether a response may be believed (RFC 3261 §8.2, §8.1.3, §16.3).

A request is refused with a value, never an exception. The order of the checks is that of RFC 3261 §8.2: what cannot be
read, then method, then address, then extensions, then content.
"""

import re

import msgspec

from adapters.sip.protocol.address import Address
from adapters.sip.protocol.errors import MalformedMessage
from adapters.sip.protocol.grammar import HOST, PORT, QUOTED, TOKEN, split_list
from adapters.sip.protocol.message import REGISTERED_METHODS, Message, Request, Response

_SINGLE = """
from to call-id cseq max-forwards content-length content-type content-encoding expires date min-expires
session-expires min-se refer-to referred-by replaces event rack rseq retry-after subject
"""
_SINGLE_NAMES = frozenset(_SINGLE.split())
_WORD = r"[A-Za-z0-9\-.!%*_+`'~()<>:\\\"/\[\]?{}]++"
_CALL_ID = re.compile(rf"{_WORD}(?:@{_WORD})?")
# What nearly every From and To looks like: a strict part of the grammar, so that one match spares the full parse.
_PLAIN = re.compile(
    rf"(?:{QUOTED} ?|{TOKEN} ?)?+<sips?:(?:[A-Za-z0-9\-_.+*]++@)?+{HOST}(?::{PORT})?+"
    rf"(?:;[A-Za-z0-9\-]++(?:=[A-Za-z0-9\-_.]++)?)*+>(?:;tag={TOKEN})?+",
    re.DOTALL,
)
_ROUTABLE = ("sip", "sips", "tel")


class Capabilities(msgspec.Struct, frozen=True):
    """What this element understands: the part of every check that depends on the server and not on the grammar."""

    methods: tuple[str, ...] = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "UPDATE", "INFO", "REFER", "NOTIFY")
    """Allowed methods, in the order of the Allow header field."""
    extensions: tuple[str, ...] = ()
    """Option tags that a Require may name, in lower case."""
    body_types: tuple[str, ...] = ("application/sdp",)
    """Body types taken, in lower case, in the order of the Accept header field."""
    forwards: bool = False
    """Whether requests are passed on (RFC 7332): then Max-Forwards 0 is refused, and Proxy-Require checked."""


class Refusal(msgspec.Struct, frozen=True):
    """Why a request is refused: what the response must say."""

    status: int
    reason: str = ""
    """The reason phrase; '' for the usual one."""
    headers: tuple[tuple[str, str], ...] = ()


def check_request(request: Request, capabilities: Capabilities) -> Refusal | None:
    """Say why the request cannot be served, None when it can. An ACK is checked too, but never answered."""
    if request.version != "SIP/2.0":
        return Refusal(505)
    try:
        _check_shape(request)
        _check_request_shape(request)
        return (
            _check_method(request, capabilities)
            or _check_addresses(request)
            or _check_extensions(request, capabilities)
            or _check_content(request, capabilities)
        )
    except MalformedMessage as error:
        return Refusal(400, "Bad Request - " + _one_line(str(error)))


def check_response(response: Response) -> str:
    """Say why a response must be discarded, '' when it need not be."""
    try:
        _check_shape(response)
        lines = response.fields["via"]
        if len(lines) > 1 or ("," in lines[0] and len(response.vias) > 1):
            return "it has more than one Via, so it was meant for somebody else (§8.1.3.3)"
    except MalformedMessage as error:
        return str(error)
    return ""


def _check_shape(message: Message) -> None:
    """What holds for every message: framing, one of each single field, and the six fields all messages have."""
    if message.defect:
        raise MalformedMessage(message.defect)
    for name in message.repeated:
        if name in _SINGLE_NAMES:
            raise MalformedMessage(f"{name} occurs {len(message.fields[name])} times")
    message.top_via  # noqa: B018 - parsed for the error it may raise
    message.cseq  # noqa: B018
    fields = message.fields
    if _CALL_ID.fullmatch(message.call_id) is None:
        raise MalformedMessage("Call-ID is missing or does not follow the grammar")
    for name in ("from", "to"):
        lines = fields.get(name)
        if lines is not None and _PLAIN.fullmatch(lines[0]) is not None:
            continue
        address = message.get_address(name)
        if address.uri.headers_text:
            raise MalformedMessage(f"the URI of {name} has header fields")
        if "tag" in address.params and not address.params["tag"]:
            raise MalformedMessage(f"the tag of {name} is empty")


def _check_request_shape(request: Request) -> None:
    """What every request has beyond that."""
    if request.cseq.method != request.method:
        raise MalformedMessage(f"CSeq names {request.cseq.method[:40]}, the request line {request.method[:40]}")
    if request.get("max-forwards") != "70":
        request.get_number("max-forwards", 255, 70)
    if request.target[:1] == "<":
        raise MalformedMessage("the Request-URI is in angle brackets")
    if request.uri.headers_text:
        raise MalformedMessage("the Request-URI has header fields")
    for name in ("route", "record-route", "contact"):
        for line in request.fields.get(name, ()):
            if _PLAIN.fullmatch(line) is None and line != "*":
                for value in split_list(line):
                    Address.parse(value).uri  # noqa: B018 - parsed for the error it may raise


def _check_method(request: Request, capabilities: Capabilities) -> Refusal | None:
    if request.method in capabilities.methods:
        return None
    allow = (("Allow", ", ".join(capabilities.methods)),)
    return Refusal(405 if request.method in REGISTERED_METHODS else 501, headers=allow)


def _check_addresses(request: Request) -> Refusal | None:
    """Who it is for: a scheme that can be routed, a registrar's address, a hop count that is not spent."""
    if request.uri.scheme not in _ROUTABLE:
        return Refusal(416)
    if request.method == "REGISTER" and request.get_address("to").uri.scheme not in _ROUTABLE:
        # The address of record cannot be one of ours (RFC 4475 §3.3.4).
        return Refusal(404)
    return None


def _check_extensions(request: Request, capabilities: Capabilities) -> Refusal | None:
    if capabilities.forwards and request.get_number("max-forwards", 255, 70) == 0:
        return Refusal(483)
    # A CANCEL or ACK may not be refused for its extensions (§8.2.2.3).
    if request.method in ("ACK", "CANCEL") or not ("require" in request.fields or capabilities.forwards):
        return None
    names = ["require", "proxy-require"] if capabilities.forwards else ["require"]
    wanted = [tag for name in names for tag in request.get_list(name)]
    unsupported = [tag for tag in wanted if tag.lower() not in capabilities.extensions]
    if unsupported:
        return Refusal(420, headers=(("Unsupported", ", ".join(unsupported)),))
    return None


def _check_content(request: Request, capabilities: Capabilities) -> Refusal | None:
    """What it carries, and what it would take in return."""
    if request.body and request.method not in ("ACK", "CANCEL"):
        optional = "handling=optional" in request.get("content-disposition").replace(" ", "").lower()
        if not optional and request.get("content-encoding", "identity").lower() != "identity":
            return Refusal(415, headers=(("Accept-Encoding", "identity"),))
        if not request.content_type:
            raise MalformedMessage("there is a body but no Content-Type")
        if not optional and request.content_type not in capabilities.body_types:
            return Refusal(415, headers=(("Accept", ", ".join(capabilities.body_types)),))
    if request.method == "INVITE" and "accept" in request.fields and not _accepts_sdp(request):
        return Refusal(406)
    return None


def _accepts_sdp(request: Request) -> bool:
    """Whether the answer to an offer would be taken (§20.1)."""
    accepted = {value.partition(";")[0].strip(" \t").lower() for value in request.get_list("accept")}
    return not accepted.isdisjoint(("application/sdp", "application/*", "*/*"))


def _one_line(text: str) -> str:
    """Make text safe for a reason phrase: one line of ASCII."""
    return " ".join(text.encode("ascii", "replace").decode("ascii").split())[:200]
