"""What comes at the wrong time: answers to INVITEs of before a restart, an INVITE behind its CANCEL."""

from pathlib import Path

import pytest

from adapters.sip import switchboard
from adapters.sip.protocol import Hop, RequestReceived, TokenSource
from adapters.sip.protocol.client_transaction import build_cancel
from engine.own_key import own_key
from tests.sip.calls.test_calls import house
from tests.sip.conftest import OpenExchange, OpenPhone
from tests.sip.protocol.support import outgoing_request
from tests.sip.support import Exchange, centre, until
from tests.sip.user_agent import UserAgent


def answer_of(victim: UserAgent, exchange: Exchange, call_id: str) -> bytes:
    """A 200 that names the victim as who answered."""
    return (
        f"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP {exchange.address};branch=z9hG4bKmadeup\r\n"
        f"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: {call_id}\r\nCSeq: 1 INVITE\r\n"
        f"Contact: <{victim.uri}>\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def tell(exchange: Exchange, sender: UserAgent, octets: bytes) -> None:
    """Send octets from a phone."""
    sender._transport.sendto(octets, ("127.0.0.1", exchange.sip.endpoint.port))


async def test_nobody_can_have_us_send_to_others(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    attacker, victim = await open_phone("eve"), await open_phone("bob")
    exchange = await open_exchange(centre())
    for call_id in ("made-up", "0" * 36, "0" * 20):
        tell(exchange, attacker, answer_of(victim, exchange, call_id))
    await until(lambda: exchange.counters.get("strays_ignored") == 3)
    assert victim.heard == []
    assert exchange.counters["transactions_open"] == 0


@pytest.mark.parametrize("fresh", [True, False])
async def test_an_answer_to_ours_is_ended_once_soon_after_the_start(
    open_exchange: OpenExchange, open_phone: OpenPhone, monkeypatch: pytest.MonkeyPatch, fresh: bool
) -> None:
    phone = await open_phone("ann")
    exchange = await open_exchange(centre())
    if not fresh:
        monkeypatch.setattr(switchboard, "STRAYS_LIMIT_NS", 0)
    tell(exchange, phone, answer_of(phone, exchange, exchange.sip.endpoint.tokens.new_call_id()))
    if fresh:
        await phone.ack()
        ended = await phone.request("BYE")
        assert isinstance(ended, RequestReceived)
        assert exchange.counters["transactions_open"] == 0  # nothing would repeat it
    else:
        await until(lambda: exchange.counters.get("strays_ignored") == 1)


async def test_an_invite_behind_its_cancel_is_no_contact(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann = await house(open_exchange, open_phone)
    bob = await open_phone("bob")
    port = exchange.sip.endpoint.port
    invite = outgoing_request(bob.layer, body=bob.sdp())
    tell(exchange, bob, build_cancel(invite).raw)
    await until(lambda: exchange.counters.get("sip.refused.481") == 1)
    bob.send(invite, Hop("udp", "127.0.0.1", port))
    await bob.response(487, "INVITE")
    await until(lambda: exchange.counters.get("sip.invites_overtaken") == 1)
    assert (exchange.contacts_open, exchange.exits(), ann.heard) == (0, {}, [])


def test_signatures_outlive_a_restart_and_not_the_key(tmp_path: Path) -> None:
    key = own_key(tmp_path / "sip")
    assert own_key(tmp_path / "sip") == key
    assert (tmp_path / "sip" / "key").stat().st_mode & 0o077 == 0
    call_id = TokenSource(b"one start", key).new_call_id()
    assert TokenSource(b"another start", key).is_own_call_id(call_id)
    assert not TokenSource(b"one start", own_key(None)).is_own_call_id(call_id)
    assert not TokenSource(b"another start", key).is_own_call_id("\udcff" + call_id[1:])
    (tmp_path / "sip" / "key").write_bytes(b"short")
    assert len(own_key(tmp_path / "sip")) == 32
