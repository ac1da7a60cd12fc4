"""Datagrams and streams."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sip.protocol import MAX_MESSAGE_BYTES, MalformedMessage, StreamFramer, is_keep_alive, parse_datagram
from tests.sip.protocol.support import SDP_BODY, request_octets

INVITE = request_octets(body=SDP_BODY)
BYE = request_octets("BYE")


@pytest.mark.parametrize("octets", [b"", b"\r\n", b"\r\n\r\n", b"\0\0\0\0"])
def test_keep_alive(octets: bytes) -> None:
    assert is_keep_alive(octets)
    assert not is_keep_alive(BYE)


def test_octets_past_the_length_are_ignored() -> None:
    assert parse_datagram(INVITE + BYE).body == SDP_BODY


def test_without_content_length_the_rest_is_the_body() -> None:
    octets = INVITE.replace(f"Content-Length: {len(SDP_BODY)}\r\n".encode(), b"")
    assert parse_datagram(octets).body == SDP_BODY


def test_leading_line_ends_are_ignored() -> None:
    assert parse_datagram(b"\r\n\r\n" + BYE).cseq.method == "BYE"


def test_a_datagram_that_is_too_large() -> None:
    with pytest.raises(MalformedMessage, match="above"):
        parse_datagram(BYE + b"x" * MAX_MESSAGE_BYTES)


@given(st.lists(st.integers(1, 60), max_size=40))
def test_a_stream_may_be_cut_anywhere(sizes: list[int]) -> None:
    stream = INVITE + b"\r\n" + BYE + b"\r\n\r\n" + INVITE
    framer = StreamFramer()
    messages = []
    position = 0
    for size in [*sizes, len(stream)]:
        messages += framer.receive_data(stream[position : position + size])
        position += size
    assert [message.raw for message in messages] == [INVITE, BYE, INVITE]
    assert [message.body for message in messages] == [SDP_BODY, b"", SDP_BODY]
    assert framer.take_pongs() == b"\r\n"
    assert framer.take_pongs() == b""


@given(st.integers(0, 8), st.integers(1, 3))
def test_pings_are_counted_however_they_are_cut(pings: int, size: int) -> None:
    stream = b"\r\n\r\n" * pings
    framer = StreamFramer()
    for position in range(0, len(stream), size):
        assert framer.receive_data(stream[position : position + size]) == []
    assert framer.take_pongs() == b"\r\n" * pings
    assert [message.raw for message in framer.receive_data(BYE)] == [BYE]


@pytest.mark.parametrize(
    ("octets", "why", "given_up"),
    [
        (BYE.replace(b"Length: 0", b"Length: -1"), "not a number", 1),
        (BYE.replace(b"Length: 0", b"Length: 1 1"), "not a number", 1),
        (BYE.replace(b"Length: 0", b"Length: 99999"), "above", 1),
        (BYE.replace(b"Content-Length: 0", b"l: 0\r\nContent-Length: 0"), "more than once", 1),
        (b"GET / HTTP/1.1\r\n\r\n", "neither", 0),
        (b"x" * (MAX_MESSAGE_BYTES + 1), "longer", 0),
    ],
)
def test_a_stream_that_loses_its_framing_is_closed(octets: bytes, why: str, given_up: int) -> None:
    framer = StreamFramer()
    messages = framer.receive_data(INVITE + octets)
    assert len(messages) == 1 + given_up
    assert all(message.defect for message in messages[1:])
    assert why in framer.failure
    assert framer.receive_data(BYE) == []
