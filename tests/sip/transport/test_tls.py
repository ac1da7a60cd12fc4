"""Calls over TLS: a real softphone as phone and as caller, callers in the clear beside, and bad certificates."""

import asyncio
import ssl
from pathlib import Path

import pytest

from adapters.sip.protocol import Request, Response, StreamFramer
from tests.certificates import make_certificates
from tests.sip.baresip import Baresip, needs_baresip
from tests.sip.conftest import OpenBaresip, OpenExchange
from tests.sip.support import Exchange, centre, until
from tests.sip.test_baresip import AGENT, agent_account, caller_account, registered
from tests.sip.user_agent import UserAgent

FIXED = "{name: ann, phone: {address: 'sip:ann@trunkline.example'}}"
OPTIONS = (
    "OPTIONS sip:sales@{host} SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:5999;branch=z9hG4bK1;rport\r\nMax-Forwards: 70\r\n"
    "From: <sip:probe@127.0.0.1>;tag=1\r\nTo: <sip:sales@{host}>\r\nCall-ID: 1@probe\r\nCSeq: 1 OPTIONS\r\n"
    "Content-Length: 0\r\n\r\n"
)


def tls(folder: Path, more: str = "") -> str:
    """The section `tls` with certificates made for it."""
    make_certificates(folder)
    files = {"certificate_file": "server.pem", "key_file": "server.key", "ca_file": "ca.pem"}
    return f"tls: {{port: 0, {', '.join(f'{key}: {folder / name}' for key, name in files.items())}{more}}}"


def secured_address(exchange: Exchange) -> str:
    """Where it listens for TLS."""
    return f"127.0.0.1:{exchange.sip.endpoint.connections.tls_port}"


def over_tls(account: str, exchange: Exchange) -> str:
    """An account that reaches the exchange over TLS."""
    return account.replace(exchange.address, secured_address(exchange))


async def test_options_are_answered_over_tls(open_exchange: OpenExchange, tmp_path: Path) -> None:
    exchange = await open_exchange(centre(sip=tls(tmp_path)))
    trusting = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    host, port = secured_address(exchange).split(":")
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection(host, int(port), ssl=trusting)
        writer.write(OPTIONS.format(host=host).encode())
        framer = StreamFramer()
        answers: list[Request | Response] = []
        while not answers:
            answers = framer.receive_data(await reader.read(4096))
        writer.close()
    assert answers[0].raw.startswith(b"SIP/2.0 200 ")
    assert b"Via: SIP/2.0/TLS" in answers[0].raw


async def test_both_addresses_are_told(open_exchange: OpenExchange, tmp_path: Path) -> None:
    exchange = await open_exchange(centre(sip=tls(tmp_path)))
    told = exchange.sip.status().detail
    assert told == f"listening at sip:{exchange.address} and sips:{secured_address(exchange)}"


async def test_the_next_connection_is_shown_what_the_files_hold_now(
    open_exchange: OpenExchange, tmp_path: Path
) -> None:
    exchange = await open_exchange(centre(sip=tls(tmp_path)))
    host, port = secured_address(exchange).split(":")
    make_certificates(tmp_path)
    trusting = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncio.open_connection(host, int(port), ssl=trusting)
    assert exchange.sip.renew_certificate()
    assert not exchange.sip.renew_certificate(), "it is the same"
    _, writer = await asyncio.open_connection(host, int(port), ssl=trusting)
    writer.close()


async def test_the_clear_port_is_another_one(open_exchange: OpenExchange, tmp_path: Path) -> None:
    exchange = await open_exchange(centre(sip=tls(tmp_path)))
    host, port = secured_address(exchange).split(":")
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(OPTIONS.format(host=host).encode())
        heard = b""
        try:
            while chunk := await reader.read(4096):
                heard += chunk
        except ConnectionResetError:
            pass
        writer.close()
    assert b"SIP/2.0" not in heard


async def with_phone_over_tls(
    open_exchange: OpenExchange, open_baresip: OpenBaresip, folder: Path
) -> tuple[Exchange, Baresip]:
    """An exchange, and ann's softphone registered at it over TLS."""
    exchange = await open_exchange(centre(agents=[AGENT], sip=tls(folder, ", verify: false")))
    await exchange.sign_in("ann")
    ann = await open_baresip(over_tls(agent_account(exchange, "tls"), exchange))
    await registered(exchange)
    return exchange, ann


@needs_baresip
@pytest.mark.peer
@pytest.mark.slow
async def test_a_softphone_registers_calls_and_answers_over_tls(
    open_exchange: OpenExchange, open_baresip: OpenBaresip, tmp_path: Path
) -> None:
    exchange, ann = await with_phone_over_tls(open_exchange, open_baresip, tmp_path)
    bob = await open_baresip(over_tls(caller_account(exchange, "tls"), exchange))
    bob.command("dial", f"sip:sales@{secured_address(exchange)};transport=tls")
    await bob.event("CALL_ESTABLISHED")
    await ann.event("CALL_ESTABLISHED")
    bob.command("hangup")
    await ann.event("CALL_CLOSED")
    await exchange.settle()
    assert exchange.exits() == {"answered": 1}


@needs_baresip
@pytest.mark.peer
@pytest.mark.slow
async def test_a_caller_in_the_clear_reaches_a_phone_over_tls(
    open_exchange: OpenExchange, open_baresip: OpenBaresip, tmp_path: Path
) -> None:
    exchange, ann = await with_phone_over_tls(open_exchange, open_baresip, tmp_path)
    bob = await open_baresip(caller_account(exchange))
    bob.command("dial", f"sip:sales@{exchange.address}")
    await ann.event("CALL_ESTABLISHED")
    ann.command("hangup")
    await bob.event("CALL_CLOSED")
    await exchange.settle()
    assert exchange.exits() == {"answered": 1}


async def test_a_phone_whose_certificate_nobody_vouches_for_is_not_called(
    open_exchange: OpenExchange, tmp_path: Path
) -> None:
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    make_certificates(stranger)
    offered = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    offered.load_cert_chain(stranger / "server.pem", stranger / "server.key")
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0, ssl=offered)
    try:
        port = server.sockets[0].getsockname()[1]
        phones = f"phone_contacts: {{ann: 'sip:ann@127.0.0.1:{port};transport=tls'}}, "
        exchange = await open_exchange(centre(agents=[FIXED], sip=phones + tls(tmp_path)))
        await exchange.sign_in("ann")
        caller = await UserAgent("bob").open()
        caller.invite("sales", exchange.sip.endpoint.port, caller.sdp())
        await until(lambda: exchange.counters.get("unreachable", 0) >= 1, deadline_s=10)
        caller.close()
    finally:
        server.close()
    assert heard == []
