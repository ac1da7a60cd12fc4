"""Session descriptions on their way through."""

import pytest

from adapters.sip.protocol import direction_of, minimal_sdp
from adapters.sip.protocol.offer_answer import Origin, inactive_answer, with_direction
from adapters.sip.protocol.sdp import Direction
from adapters.sip.sessions.reinvite import media_of


def test_one_session_passes_unchanged() -> None:
    origin = Origin()
    bodies = [minimal_sdp("192.0.2.1", 4000, session_id=5, version=version) for version in (1, 2, 7)]
    assert [origin.pass_on(body) for body in bodies] == bodies
    assert origin.pass_on(b"") == b""
    assert origin.sent == bodies[-1]


def test_another_session_gets_the_name_of_the_first_and_a_higher_version() -> None:
    origin = Origin()
    origin.pass_on(minimal_sdp("192.0.2.1", 4000, session_id=5, version=3))
    other = minimal_sdp("192.0.2.9", 5000, session_id=8, version=1)
    seen = origin.pass_on(other)
    assert seen == other.replace(b"o=- 8 1 IN IP4 192.0.2.9", b"o=- 5 4 IN IP4 192.0.2.1")
    assert origin.pass_on(other) == seen, "the same again is no new version"
    newer = minimal_sdp("192.0.2.9", 5002, session_id=8, version=2)
    assert b"o=- 5 5 IN IP4 192.0.2.1" in origin.pass_on(newer)


@pytest.mark.parametrize("body", [b"no session description", b"v=0\r\no=broken\r\ns=-\r\n", b"o=- 1 1 IN IP4 h"])
def test_what_cannot_be_read_is_left_alone(body: bytes) -> None:
    origin = Origin()
    origin.pass_on(minimal_sdp("192.0.2.1", 4000, session_id=5))
    if body.startswith(b"o=- 1"):
        assert origin.pass_on(body) == b"o=- 5 2 IN IP4 192.0.2.1"
    else:
        assert origin.pass_on(body) == body


@pytest.mark.parametrize("before", ["sendrecv", "sendonly", "inactive"])
@pytest.mark.parametrize("after", ["sendrecv", "inactive"])
def test_directions(before: Direction, after: Direction) -> None:
    body = minimal_sdp("192.0.2.1", 4000, session_id=5, direction=before)
    second = b"m=video 4002 RTP/AVP 96\r\n"
    directed = with_direction(body + second, after)
    assert direction_of(directed) == after
    assert directed.count(b"a=inactive") == (2 if after == "inactive" else 0)
    assert directed.endswith(b"\r\n")
    assert with_direction(b"", after) == b""


def test_an_answer_here_goes_on_with_the_streams_of_before() -> None:
    sent = minimal_sdp("192.0.2.1", 4000, session_id=5)
    offer = minimal_sdp("192.0.2.9", 5000, session_id=8)
    assert inactive_answer(offer, sent) == with_direction(sent, "inactive")
    assert inactive_answer(offer + b"m=video 5002 RTP/AVP 96\r\n", sent).endswith(
        b"a=inactive\r\nm=video 0 RTP/AVP 96\r\n"
    ), "each stream has its answer, in its place (RFC 3264 §6)"
    assert b"m=video 0 RTP/AVP 96\r\nm=audio 4000 RTP/AVP 0 8\r\n" in inactive_answer(
        b"v=0\nm=video 0 RTP/AVP 96\nm=audio 5000 RTP/AVP 8", b"v=0\r\nm=video 0 RTP/AVP 96\r\n" + AUDIO
    )


AUDIO = b"m=audio 4000 RTP/AVP 0 8\r\n"


@pytest.mark.parametrize("wanted", [b"audio 0 RTP/AVP 0", b"audio 5000 RTP/SAVP 0", b"audio 5000 RTP/AVP 9", b"image"])
def test_no_answer_here_to_other_streams(wanted: bytes) -> None:
    assert inactive_answer(b"v=0\r\nm=" + wanted + b"\r\n", AUDIO) == b""


def test_where_media_go() -> None:
    body = minimal_sdp("192.0.2.1", 4000, session_id=5)
    assert media_of(body) == (b"c=IN IP4 192.0.2.1", b"m=audio 4000")
    assert media_of(body.replace(b"AVP 0", b"AVP 0 8")) == media_of(body)
