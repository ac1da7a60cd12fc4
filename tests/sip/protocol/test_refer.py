"""REFER, Replaces and sipfrag."""

import pytest

from adapters.sip.protocol import (
    MalformedMessage,
    notify_headers,
    refer_to_of,
    replaces_of,
    sipfrag,
)
from tests.sip.protocol.support import received, request_octets


def test_blind() -> None:
    target = refer_to_of(received(request_octets("REFER", extra="r: <sip:sales@192.0.2.2;transport=tcp>\r\n")))
    assert (str(target.uri), target.method, target.replaces) == ("sip:sales@192.0.2.2;transport=tcp", "INVITE", None)


def test_attended() -> None:
    value = "<sip:bob@b.example?Replaces=98732%40a.example%3Bfrom-tag%3Dr33th4x0r%3Bto-tag%3Dff87ff&Require=replaces>"
    target = refer_to_of(received(request_octets("REFER", extra=f"Refer-To: {value}\r\n")))
    assert str(target.uri) == "sip:bob@b.example"
    assert target.replaces == ("98732@a.example", "ff87ff", "r33th4x0r", False)


@pytest.mark.parametrize(
    "extra",
    [
        "",
        "Refer-To: <sip:a@b>\r\nRefer-To: <sip:c@d>\r\n",
        "Refer-To: nonsense\r\n",
        "Refer-To: <sip:a@b?Replaces=x>\r\n",
    ],
)
def test_malformed(extra: str) -> None:
    with pytest.raises(MalformedMessage):
        refer_to_of(received(request_octets("REFER", extra=extra)))


def test_replaces() -> None:
    extra = "Replaces: 425928@bobster.example.org;to-tag=7743;from-tag=6472;early-only\r\n"
    assert replaces_of(received(request_octets(extra=extra))) == ("425928@bobster.example.org", "7743", "6472", True)
    assert replaces_of(received(request_octets())) is None


def test_progress_reports() -> None:
    assert sipfrag(180) == b"SIP/2.0 180 Ringing\r\n"
    assert sipfrag(486, "Busy") == b"SIP/2.0 486 Busy\r\n"
    assert dict(notify_headers(100)) == {"Event": "refer", "Subscription-State": "active;expires=60"}
    assert dict(notify_headers(200))["Subscription-State"] == "terminated;reason=noresource"
