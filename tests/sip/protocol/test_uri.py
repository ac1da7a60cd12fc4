"""SIP URIs: parsing, writing, and the equality of RFC 3261 §19.1.4."""

import pytest

from adapters.sip.protocol import LocalProtocolError, MalformedMessage, Uri
from adapters.sip.protocol.hop import Hop, hop_for_uri


@pytest.mark.parametrize(
    "text",
    [
        "sip:alice@example.com",
        "sips:alice:pass@example.com:5061;transport=tcp;lr",
        "sip:[2001:db8::1]:5060;maddr=[::1]",
        "sip:+1-212-555-1212:1234@gateway.com;user=phone",
        "sip:alice@example.com?subject=project%20x&priority=urgent",
        "tel:+12125551212;phone-context=example.com",
        "urn:service:sos",
    ],
)
def test_written_as_read(text: str) -> None:
    assert str(Uri.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sip:",
        "sip:@",
        "alice",
        "sip:a@b:70000",
        "sip:a b@c",
        "<sip:a@b>",
        "sip:a@b;",
        "sip:a%4@b",
        "sip:a@b?",
        "9x:y",
        "sip:a@b\r\n",
    ],
)
def test_malformed(text: str) -> None:
    with pytest.raises(MalformedMessage):
        Uri.parse(text)


# The examples of §19.1.4.
EQUAL = [
    ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
    ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
    (
        "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
        "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
    ),
    (
        "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
        "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
    ),
]
DIFFERENT = [
    ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
    ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
    ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
    ("sip:a@b", "sips:a@b"),
    ("tel:1", "tel:2"),
]  # fmt: skip


@pytest.mark.parametrize(("left", "right"), EQUAL)
def test_equal(left: str, right: str) -> None:
    assert Uri.parse(left).same_as(Uri.parse(right))
    assert Uri.parse(right).same_as(Uri.parse(left))


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_different(left: str, right: str) -> None:
    assert not Uri.parse(left).same_as(Uri.parse(right))


@pytest.mark.parametrize(
    ("text", "hop"),
    [
        ("sip:a@192.0.2.1", Hop("udp", "192.0.2.1", 5060)),
        ("sip:a@192.0.2.1:5070;transport=TCP", Hop("tcp", "192.0.2.1", 5070)),
        ("sips:a@example.com", Hop("tls", "example.com", 5061)),
        ("sip:[::1]:5062", Hop("udp", "::1", 5062)),
        ("sip:a@example.com;maddr=192.0.2.9", Hop("udp", "192.0.2.9", 5060)),
    ],
)
def test_hop(text: str, hop: Hop) -> None:
    assert hop_for_uri(Uri.parse(text)) == hop


def test_a_tel_uri_has_no_hop() -> None:
    with pytest.raises(LocalProtocolError, match="no route"):
        hop_for_uri(Uri.parse("tel:+1"))
