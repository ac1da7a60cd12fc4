"""Directions and hold in session descriptions."""

import pytest

from adapters.sip.protocol import direction_of, is_on_hold, minimal_sdp


@pytest.mark.parametrize(
    ("body", "direction"),
    [
        (b"v=0\r\nm=audio 1 RTP/AVP 0\r\n", "sendrecv"),
        (b"v=0\r\na=sendonly\r\nm=audio 1 RTP/AVP 0\r\n", "sendonly"),
        (b"v=0\r\na=sendonly\r\nm=audio 1 RTP/AVP 0\r\na=recvonly\r\n", "recvonly"),
        (b"v=0\nm=audio 1 RTP/AVP 0\na=inactive\n", "inactive"),
        (b"v=0\r\nm=audio 1 RTP/AVP 0\r\nm=video 1 RTP/AVP 31\r\na=inactive\r\n", "sendrecv"),
        (b"v=0\r\nc=IN IP4 0.0.0.0\r\nm=audio 1 RTP/AVP 0\r\n", "sendonly"),
        (b"v=0\r\nc=IN IP4 0.0.0.0\r\nm=audio 1 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\n", "sendrecv"),
        (b"v=0\r\nc=IN IP4 0.0.0.0\r\nm=audio 1 RTP/AVP 0\r\na=recvonly\r\n", "inactive"),
        (b"", "sendrecv"),
        (b"\x00\xff not sdp", "sendrecv"),
    ],
)
def test_direction(body: bytes, direction: str) -> None:
    assert direction_of(body) == direction
    assert is_on_hold(body) == (direction in ("sendonly", "inactive"))


def test_minimal() -> None:
    body = minimal_sdp("192.0.2.1", 4000, session_id=7, direction="sendonly")
    assert body.startswith(b"v=0\r\no=- 7 1 IN IP4 192.0.2.1\r\n")
    assert is_on_hold(body)
    assert b"IN IP6 ::1\r\n" in minimal_sdp("::1", 4000, session_id=7)
