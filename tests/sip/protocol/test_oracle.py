"""sipmessage, an independent parser, reads the same from what both accept, and reads what we write."""

import pytest
import sipmessage

from adapters.sip.protocol import MalformedMessage, Request, build_response, parse_datagram
from adapters.sip.protocol.check import Capabilities, check_request, check_response
from tests.sip.protocol.support import SDP_BODY, received, request_octets, sipp_messages, torture, torture_names

KNOWN_WRONG = {
    "intmeth": "it unescapes %66 in the branch, but a branch is a token, where % is no escape (§25.1)",
    "longreq": "it does not find `Via :` with a space before the colon (§7.3.1)",
}


def compare(octets: bytes) -> bool:
    """Whether both accept the message; then all that both understand must be equal."""
    try:
        theirs = sipmessage.Message.parse(octets)
        ours = parse_datagram(octets)
        their_view = (
            theirs.call_id, str(theirs.cseq), theirs.from_address.parameters.get("tag") or "",
            theirs.to_address.parameters.get("tag") or "", theirs.via[0].host, theirs.via[0].port or 0,
            theirs.via[0].parameters.get("branch") or "", len(theirs.via), str(theirs.from_address.uri),
            theirs.from_address.name or "", theirs.max_forwards,
        )  # fmt: skip
    except (ValueError, KeyError, MalformedMessage):
        return False
    refused = check_request(ours, ANYTHING) if isinstance(ours, Request) else check_response(ours)
    if refused:
        return False
    via, sender = ours.top_via, ours.get_address("from")
    our_view = (
        ours.call_id, f"{ours.cseq.number} {ours.cseq.method}", ours.from_tag, ours.to_tag, via.host, via.port,
        via.branch, len(ours.vias), str(sender.uri), sender.display_name,
        ours.get_number("max-forwards", 255, 0) if "max-forwards" in ours.fields else None,
    )  # fmt: skip
    assert our_view == their_view
    if isinstance(ours, Request):
        assert isinstance(theirs, sipmessage.Request)
        assert (ours.method, str(ours.uri)) == (theirs.method, str(theirs.uri))
    return True


ANYTHING = Capabilities(methods=("INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "MESSAGE"))


def test_the_torture_set() -> None:
    names = torture_names()
    if not names:
        pytest.skip("the RFC 4475 messages are not in the shared data folder")
    both = [name for name in names if name not in KNOWN_WRONG and compare(torture(name))]
    assert len(both) >= 15, both


def test_recorded_calls() -> None:
    messages = sipp_messages()
    if not messages:
        pytest.skip("the recorded sipp calls are not in the shared data folder")
    assert all(compare(octets) for octets in messages)


def test_what_we_write() -> None:
    invite = received(request_octets(body=SDP_BODY, extra="Record-Route: <sip:p;lr>\r\n"))
    assert compare(
        build_response(invite, 200, to_tag="t", contact="<sip:q@h>", body=SDP_BODY, content_type="application/sdp").raw
    )
    assert compare(build_response(invite, 182, "Queued; you are next", to_tag="t").raw)
