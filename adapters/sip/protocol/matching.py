"""Recognising what belongs together: a request and its repetitions, an INVITE and its ACK or CANCEL (§17.2.3)."""

from adapters.sip.protocol.errors import MalformedMessage
from adapters.sip.protocol.message import Request

ECHO_MAX = 32_768
"""Octets of a request that a response may repeat; it must still fit into a datagram."""
_ECHOED = ("via", "from", "to", "call-id", "cseq")


def server_key(request: Request) -> tuple[str, ...]:
    """Name the server transaction of a request; an ACK has its INVITE's name. The method is the last element.

    Raises MalformedMessage when the top Via is missing or unreadable, or a response would be out of bounds.
    """
    if request.defect and sum(len(line) for name in _ECHOED for line in request.fields.get(name, ())) > ECHO_MAX:
        raise MalformedMessage("what a response would echo is too long to be sent")
    via = request.top_via
    method = "INVITE" if request.method == "ACK" else request.method
    if via.is_unique:
        return (via.branch, via.sent_by, method)
    # From RFC 2543, or with a branch that is nothing but the cookie: what made a request unique then. The To tag is
    # left out, because the ACK has one that its INVITE has not.
    sequence = request.get("cseq").partition(" ")[0]
    return (request.target, request.call_id, request.from_tag, sequence, request.vias[0], method)


def branch_of(request: Request) -> str:
    """The branch of a request written by build_request(): its Via is the second line. '' when absent."""
    via = request.raw.split(b"\r\n", 2)[1]
    return via.partition(b";branch=")[2].partition(b";")[0].decode("utf-8", "surrogateescape")


def cancel_key(key: tuple[str, ...]) -> tuple[str, ...]:
    """Name the CANCEL that takes back the INVITE with this name (§9.2)."""
    return (*key[:-1], "CANCEL")


def invite_key(key: tuple[str, ...]) -> tuple[str, ...]:
    """Name the INVITE that a CANCEL with this name takes back (§9.2)."""
    return (*key[:-1], "INVITE")
