"""Requests and responses: names, folding, lists, limits, and what parsing raises."""

import pytest

from adapters.sip.protocol import MalformedMessage, check_request, parse_datagram
from adapters.sip.protocol.check import Capabilities
from adapters.sip.protocol.message import MAX_HEADERS, MAX_LINE
from tests.sip.protocol.support import received, request_octets


def test_compact_names_and_case() -> None:
    message = received(b"BYE sip:a@b SIP/2.0\r\nv: SIP/2.0/UDP h;branch=z9hG4bKx\r\nI: 1\r\nCONTACT: <sip:x@y>\r\n\r\n")
    assert message.top_via.branch == "z9hG4bKx"
    assert message.call_id == "1"
    assert message.get("contact") == "<sip:x@y>"


def test_lists_by_comma_and_by_repetition() -> None:
    extra = 'Record-Route: <sip:a;lr>, "x, y" <sip:b,c;lr>\r\nRecord-Route: <sip:d;lr>\r\n'
    message = received(request_octets(extra=extra))
    assert message.get_list("record-route") == ["<sip:a;lr>", '"x, y" <sip:b,c;lr>', "<sip:d;lr>"]


def test_folded_lines_are_joined() -> None:
    message = received(request_octets(extra="Subject: a\r\n b\r\n\t c\r\n"))
    assert (message.get("subject"), message.defect) == ("a b c", "")
    assert received(request_octets().replace(b"SIP/2.0\r\n", b"SIP/2.0\r\n x: y\r\n", 1)).defect


def test_an_unclosed_quote_is_malformed() -> None:
    with pytest.raises(MalformedMessage, match="not closed"):
        received(request_octets(extra='Contact: "a, <sip:b>\r\n')).get_list("contact")


def test_fields_are_parsed_once() -> None:
    message = received(request_octets())
    assert message.top_via is message.top_via
    assert message.uri is message.uri
    assert message.get_address("from") is message.get_address("from")


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"\r\n\r\n", "neither"),
        (b"hello\r\n\r\n", "neither"),
        (b"GET / HTTP/1.1\r\n\r\n", "neither"),
        (b"SIP/2.0 99 Low\r\n\r\n", "status code"),
        (b"SIP/2.0 700 High\r\n\r\n", "status code"),
        (b"SIP/2.0 20x OK\r\n\r\n", "status code"),
        (b"SIP/3.0 200 OK\r\n\r\n", "version"),
    ],
)
def test_neither_request_nor_response(octets: bytes, why: str) -> None:
    with pytest.raises(MalformedMessage, match=why):
        parse_datagram(octets)


def test_a_method_that_is_no_token_is_a_defect() -> None:
    assert "method" in received(b"\xff\xfe sip:a SIP/2.0\r\n\r\n").defect
    assert received(b"BYE sip:a sip/2.0\r\n\r\n").defect == ""


@pytest.mark.parametrize(
    ("extra", "why"),
    [
        ("no colon here\r\n", "not a header line"),
        ("bad name: x\r\n", "not a header line"),
        ("Subject: a\nInjected: b\r\n", "stands alone"),
        ("Subject: a\rb\r\n", "stands alone"),
        ("X: y\r\n" * (MAX_HEADERS + 1), "header lines"),
        (f"Subject: {'x' * MAX_LINE}\r\n", "longer than"),
    ],
)
def test_lines_out_of_shape_are_a_defect(extra: str, why: str) -> None:
    message = received(request_octets(extra=extra))
    assert why in message.defect
    refusal = check_request(message, Capabilities())
    assert refusal is not None
    assert refusal.status == 400
    assert all("\n" not in line and "\r" not in line for lines in message.fields.values() for line in lines)


def test_octets_that_are_not_utf8_survive_and_read_well() -> None:
    octets = request_octets().replace(b'"Ann"', b'"J\xfcrgen"')
    message = received(octets)
    assert message.get_address("from").display_name == "J�rgen"
    assert message.get("from").encode("utf-8", "surrogateescape").startswith(b'"J\xfcrgen"')
    assert check_request(message, Capabilities()) is None


@pytest.mark.parametrize(
    ("value", "tag"),
    [
        ("<sip:a@b>;tag=x", "x"),
        ("sip:a@b;tag=x", "x"),
        ("<sip:a@b;tag=no>", ""),
        ('"q;tag=no" <sip:a@b>;TAG = x', "x"),
        ('<sip:a@b>;p=">;tag=no";tag=x', "x"),
        ("<sip:a@b>;xtag=no", ""),
    ],
)
def test_tags(value: str, tag: str) -> None:
    octets = request_octets().replace(b"To: <sip:queue@192.0.2.2>", f"To: {value}".encode())
    message = received(octets)
    assert message.to_tag == tag
    assert message.get_address("to").tag == tag


@pytest.mark.parametrize(
    "value", ["", "INVITE", "1", "1  ", "-1 INVITE", "x INVITE", "2147483648 INVITE", "1 IN VITE", "１ INVITE"]
)
def test_bad_cseq(value: str) -> None:
    message = received(request_octets().replace(b"CSeq: 1 INVITE", f"CSeq: {value}".encode()))
    with pytest.raises(MalformedMessage):
        _ = message.cseq


def test_a_number_out_of_range() -> None:
    message = received(request_octets(extra="Expires: 99999999999999999999999\r\n"))
    with pytest.raises(MalformedMessage, match="not a number"):
        message.get_number("expires", 2**32 - 1, 0)
    assert received(request_octets()).get_number("expires", 100, 7) == 7
