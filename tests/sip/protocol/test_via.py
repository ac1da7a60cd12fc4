"""The Via header field, and where responses go."""

import re

import pytest

from adapters.sip.protocol import Hop, MalformedMessage, Via, build_response
from adapters.sip.protocol.grammar import PORT
from adapters.sip.protocol.hop import hop_for_response
from tests.sip.protocol.support import received, request_octets

SOURCE = Hop("udp", "203.0.113.7", 40000)


def test_parsed() -> None:
    via = Via.parse('SIP / 2.0 / udp  Host.example : 5070 ;branch=z9hG4bKa;RPORT; x="a;b"')
    assert (via.transport, via.host, via.port) == ("UDP", "Host.example", 5070)
    assert via.params == {"branch": "z9hG4bKa", "rport": "", "x": "a;b"}
    assert via.sent_by == "host.example:5070"
    assert Via.parse("SIP/2.0/TLS h").sent_by == "h:5061"


@pytest.mark.parametrize(
    "value", ["", "SIP/2.0/UDP", "SIP/2.0/UDP h;;", "SIP/2.0/UDP h:70000", "SIP/2.0/UDP h;a=1;A=2", "SIP/2.0 h"]
)
def test_malformed(value: str) -> None:
    with pytest.raises(MalformedMessage):
        Via.parse(value)


@pytest.mark.parametrize(
    ("params", "hop"),
    [(";rport", SOURCE), ("", Hop("udp", "203.0.113.7", 5060)), (":5099", Hop("udp", "203.0.113.7", 5099))],
)
def test_responses_go_back_to_where_it_came_from(params: str, hop: Hop) -> None:
    assert hop_for_response(Via.parse(f"SIP/2.0/UDP 10.0.0.1{params}"), SOURCE) == hop


def test_responses_on_a_stream_use_the_connection() -> None:
    source = Hop("tcp", "203.0.113.7", 40000)
    assert hop_for_response(Via.parse("SIP/2.0/TCP 10.0.0.1:5060"), source) == source


@pytest.mark.parametrize(
    ("sent", "echoed"),
    [
        ("192.0.2.1;branch=z9hG4bK1;rport", "192.0.2.1;branch=z9hG4bK1;rport=40000;received=203.0.113.7"),
        ("192.0.2.1;rport;branch=z9hG4bK1", "192.0.2.1;rport=40000;branch=z9hG4bK1;received=203.0.113.7"),
        ("192.0.2.1;branch=z9hG4bK1", "192.0.2.1;branch=z9hG4bK1;received=203.0.113.7"),
        ("203.0.113.7;branch=z9hG4bK1", "203.0.113.7;branch=z9hG4bK1"),
        ("192.0.2.1;received=1.2.3.4;branch=z9hG4bK1", "192.0.2.1;branch=z9hG4bK1;received=203.0.113.7"),
    ],
)
def test_the_source_is_stamped_on_the_top_via_only(sent: str, echoed: str) -> None:
    octets = request_octets().replace(
        b"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport",
        f"Via: SIP/2.0/UDP {sent}, SIP/2.0/UDP p;rport".encode(),
    )
    response = build_response(received(octets, SOURCE), 200)
    assert response.vias == [f"SIP/2.0/UDP {echoed}", "SIP/2.0/UDP p;rport"]


def test_the_short_way_takes_true_ports_only() -> None:
    pattern = re.compile(PORT)
    taken = [text for number in range(120_000) if pattern.fullmatch(text := str(number))]
    assert taken == [str(number) for number in range(1, 65_000)]
    assert not any(pattern.fullmatch(text) for text in ("", "00", "05060", "6.", "٣"))
