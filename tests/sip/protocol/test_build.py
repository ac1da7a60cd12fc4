"""Writing messages: what is echoed, what is added, what is refused."""

import pytest

from adapters.sip.protocol import Hop, LocalProtocolError, Response, build_request, build_response, parse_datagram
from tests.sip.protocol.support import SDP_BODY, received, request_octets

INVITE = received(request_octets(extra="Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\nTimestamp: 54\r\n"))


def test_a_response_to_the_letter() -> None:
    response = build_response(
        INVITE, 200, to_tag="t9", contact="<sip:q@192.0.2.2>", headers=[("Server", "Trunkline")],
        content_type="application/sdp", body=b"v=0\r\n",
    )  # fmt: skip
    assert response.raw == (
        b"SIP/2.0 200 OK\r\n"
        b"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport=5060;received=192.0.2.1\r\n"
        b'From: "Ann" <sip:ann@192.0.2.1>;tag=a1\r\n'
        b"Call-ID: call-1@192.0.2.1\r\n"
        b"CSeq: 1 INVITE\r\n"
        b"Timestamp: 54\r\n"
        b"To: <sip:queue@192.0.2.2>;tag=t9\r\n"
        b"Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\n"
        b"Contact: <sip:q@192.0.2.2>\r\n"
        b"Server: Trunkline\r\n"
        b"Content-Type: application/sdp\r\n"
        b"Content-Length: 5\r\n"
        b"\r\n"
        b"v=0\r\n"
    )


def test_what_is_built_is_what_is_parsed() -> None:
    built = build_response(INVITE, 182, "Queued; 3 calls ahead", to_tag="t9")
    parsed = parse_datagram(built.raw)
    assert isinstance(parsed, Response)
    assert (parsed.status, parsed.reason, parsed.to_tag) == (182, "Queued; 3 calls ahead", "t9")
    assert dict(parsed.fields) == dict(built.fields)
    assert parsed.cseq == built.cseq == (1, "INVITE")


def test_100_has_no_tag_and_failures_no_record_route() -> None:
    assert build_response(INVITE, 100, to_tag="t9").to_tag == ""
    assert "record-route" not in build_response(INVITE, 100).fields
    assert "record-route" not in build_response(INVITE, 486).fields


def test_the_tag_of_the_request_stays() -> None:
    bye = received(request_octets("BYE").replace(b"192.0.2.2>\r\n", b"192.0.2.2>;tag=mine\r\n"))
    assert build_response(bye, 200, to_tag="other").to_tag == "mine"


def test_what_is_missing_is_left_out() -> None:
    poor = received(
        b"INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nCSeq: 1 INVITE\r\n\r\n", Hop("udp", "h", 5060)
    )
    assert build_response(poor, 400, to_tag="t").raw == (
        b"SIP/2.0 400 Bad Request\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
    )


@pytest.mark.parametrize("via", [b"", b"nonsense", b"SIP/2.0/UDP h;;"])
def test_an_unreadable_via_is_echoed_as_it_came(via: bytes) -> None:
    octets = request_octets().replace(b"SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport", via)
    assert build_response(received(octets), 400).fields["via"] == [via.decode()]


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "a\rb"])
def test_a_line_end_cannot_be_smuggled_in(value: str) -> None:
    with pytest.raises(LocalProtocolError, match="line end"):
        build_response(INVITE, 200, headers=[("Subject", value)])
    with pytest.raises(LocalProtocolError, match="line end"):
        build_response(INVITE, 200, value)
    with pytest.raises(LocalProtocolError, match="line end"):
        build_request("BYE", value, via="v", from_="f", to="t", call_id="c", cseq=1)


def test_a_status_out_of_range() -> None:
    with pytest.raises(LocalProtocolError, match="status code"):
        build_response(INVITE, 99)


def test_a_request_reads_back() -> None:
    request = build_request(
        "INVITE", "sip:a@b", via="SIP/2.0/UDP h;branch=z9hG4bKx", from_="<sip:c@d>;tag=1", to="<sip:a@b>", call_id="id",
        cseq=7, contact="<sip:c@h>", routes=["<sip:r1;lr>", "<sip:r2;lr>"], content_type="application/sdp",
        body=SDP_BODY,
    )  # fmt: skip
    parsed = received(request.raw)
    assert (parsed.method, parsed.target, parsed.cseq, parsed.body) == ("INVITE", "sip:a@b", (7, "INVITE"), SDP_BODY)
    assert parsed.get_list("route") == ["<sip:r1;lr>", "<sip:r2;lr>"]
    assert dict(parsed.fields) == dict(request.fields)
