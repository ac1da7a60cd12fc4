"""Checks that the torture set does not exercise."""

import pytest

from adapters.sip.protocol import Capabilities, check_request, check_response
from tests.sip.protocol.support import SDP_BODY, received, received_response, request_octets


def status(octets: bytes, capabilities: Capabilities | None = None) -> int:
    refusal = check_request(received(octets), capabilities or Capabilities())
    return refusal.status if refusal else 0


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ("Accept: */*\r\n", 0),
        ("Accept: text/plain, application/*;q=0.5\r\n", 0),
        ("Accept:\r\n", 406),
        ("Content-Encoding: gzip\r\n", 415),
        ("Content-Encoding: identity\r\n", 0),
        ("Content-Encoding: gzip\r\nContent-Disposition: render; handling=optional\r\n", 0),
        ("Require: timer\r\n", 420),
        ("Proxy-Require: sec-agree\r\n", 0),
        ("Max-Forwards: 70\r\n", 400),
        ("Contact: <sip:b@c>, nonsense\r\n", 400),
        ("Route: <sip:p;lr>\r\n", 0),
        ("Route: p\r\n", 400),
        ("Record-Route: <sip:p;lr>, <\r\n", 400),
    ],
)
def test_header_fields(extra: str, expected: int) -> None:
    assert status(request_octets(body=SDP_BODY, extra=extra)) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"<sip:queue@192.0.2.2>\r\n", b"<sip:queue@192.0.2.2>;tag=\r\n", 400),
        (b"<sip:queue@192.0.2.2>\r\n", b"<sip:queue@192.0.2.2?a=b>\r\n", 400),
        (b"<sip:queue@192.0.2.2>\r\n", b"<sip:queue@192.0.2.2:99999>\r\n", 400),
        (b"Call-ID: call-1@192.0.2.1", b"Call-ID: a b", 400),
        (b"Call-ID: call-1@192.0.2.1", b"Call-ID: a@b@c", 400),
        (b"sip:queue@192.0.2.2 SIP", b"tel:+1 SIP", 0),
        (b"sip:queue@192.0.2.2 SIP", b"mailto:a@b SIP", 416),
        (b"Max-Forwards: 70", b"Max-Forwards: 256", 400),
        (b"Max-Forwards: 70", b"Max-Forwards: 70, 5", 400),
        (b"application/sdp", b"text/plain", 415),
        (b"Content-Type: application/sdp\r\n", b"", 400),
    ],
)
def test_replacements(old: bytes, new: bytes, expected: int) -> None:
    octets = request_octets(body=SDP_BODY)
    assert old in octets
    assert status(octets.replace(old, new, 1)) == expected


def test_known_extensions_pass() -> None:
    assert status(request_octets(extra="Require: Timer\r\n"), Capabilities(extensions=("timer",))) == 0


def test_a_cancel_is_not_refused_for_its_extensions() -> None:
    assert status(request_octets("CANCEL", extra="Require: x\r\n")) == 0


def test_reasons_are_one_line_of_ascii() -> None:
    refusal = check_request(received(request_octets(extra="Contact: <sip:\xfc>\r\n")), Capabilities())
    assert refusal is not None
    assert refusal.reason.isascii()
    assert refusal.reason.isprintable()


def test_responses() -> None:
    good = (
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\n"
        b"Call-ID: 1\r\nCSeq: 1 BYE\r\n\r\n"
    )
    assert check_response(received_response(good)) == ""
    for name in (b"Via", b"From", b"To", b"Call-ID", b"CSeq"):
        assert check_response(received_response(good.replace(b"\r\n" + name + b":", b"\r\nX-Lost:"))), name
