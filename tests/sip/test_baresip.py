"""A real softphone as agent's phone and as caller: digest, calls both ways, hold, transfer, over UDP and TCP."""

import pytest

from tests.sip.baresip import Baresip, needs_baresip
from tests.sip.conftest import OpenBaresip, OpenExchange, OpenPhone
from tests.sip.support import Exchange, centre, until

pytestmark = [pytest.mark.peer, pytest.mark.slow, needs_baresip]
AGENT = "{name: ann, phone: {address: 'sip:ann@trunkline.example', password: secret-ann}}"


def agent_account(exchange: Exchange, transport: str = "udp", password: str = "secret-ann", mode: str = "auto") -> str:
    """The account of agent ann."""
    return (
        f"<sip:ann@{exchange.address};transport={transport}>;auth_user=ann;auth_pass={password};"
        f"answermode={mode};regint=60;audio_codecs=PCMU;mwi=no"
    )


def caller_account(exchange: Exchange, transport: str = "udp") -> str:
    """The account of a caller, who does not register."""
    return f"<sip:bob@{exchange.address};transport={transport}>;auth_pass=none;regint=0;audio_codecs=PCMU;mwi=no"


async def registered(exchange: Exchange) -> None:
    """Wait for the agent's phone."""
    await until(lambda: exchange.counters["bindings"] == 1)


async def talking(open_exchange: OpenExchange, open_baresip: OpenBaresip) -> tuple[Exchange, Baresip, Baresip]:
    """Return an exchange with the phones of Ann, its agent, and of Bob, who has called and is answered."""
    exchange = await open_exchange(centre(agents=[AGENT]))
    await exchange.sign_in("ann")
    ann = await open_baresip(agent_account(exchange))
    await registered(exchange)
    bob = await open_baresip(caller_account(exchange))
    bob.command("dial", f"sip:sales@{exchange.address}")
    await bob.event("CALL_ESTABLISHED")
    return exchange, ann, bob


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_an_agent_registers_and_answers(
    open_exchange: OpenExchange, open_baresip: OpenBaresip, transport: str
) -> None:
    exchange = await open_exchange(centre(agents=[AGENT]))
    await exchange.sign_in("ann")
    ann = await open_baresip(agent_account(exchange, transport))
    await registered(exchange)
    bob = await open_baresip(caller_account(exchange, transport))
    bob.command("dial", f"sip:sales@{exchange.address};transport={transport}")
    await bob.event("CALL_ESTABLISHED")
    await ann.event("CALL_ESTABLISHED")
    bob.command("hangup")
    await ann.event("CALL_CLOSED")
    await exchange.settle()
    assert exchange.exits() == {"answered": 1}


async def test_a_wrong_password_is_refused(open_exchange: OpenExchange, open_baresip: OpenBaresip) -> None:
    exchange = await open_exchange(centre(agents=[AGENT]))
    await open_baresip(agent_account(exchange, password="wrong"))
    await until(lambda: exchange.counters.get("registrations_rejected"))
    assert exchange.counters["bindings"] == 0


async def test_a_waiting_caller_is_served_when_the_phone_comes(
    open_exchange: OpenExchange, open_baresip: OpenBaresip
) -> None:
    exchange = await open_exchange(centre(agents=[AGENT]))
    await exchange.sign_in("ann")
    bob = await open_baresip(caller_account(exchange))
    bob.command("dial", f"sip:sales@{exchange.address}")
    await until(lambda: exchange.contacts_open == 1)
    ann = await open_baresip(agent_account(exchange))
    await bob.event("CALL_ESTABLISHED")
    ann.command("hangup")
    await bob.event("CALL_CLOSED")
    await exchange.settle()


async def test_hold_and_resume(open_exchange: OpenExchange, open_baresip: OpenBaresip) -> None:
    exchange, ann, bob = await talking(open_exchange, open_baresip)
    (call,) = exchange.sip.calls.by_name.values()
    ann.command("hold")
    await until(lambda: call.holds.by_phones)
    ann.command("resume")
    await until(lambda: not call.holds.by_phones)
    bob.command("hangup")
    await ann.event("CALL_CLOSED")
    await exchange.settle()


async def test_an_agent_transfers_to_a_queue(
    open_exchange: OpenExchange, open_baresip: OpenBaresip, open_phone: OpenPhone
) -> None:
    eve = await open_phone("eve")
    exchange = await open_exchange(
        centre(
            queues="  sales: {}\n  help: {}",
            agents=[
                AGENT.replace("{name: ann,", "{name: ann, queues: [sales],"),
                f"{{name: eve, queues: [help], phone: {{address: 'sip:eve@127.0.0.1:{eve.port}'}}}}",
            ],
        )
    )
    await exchange.sign_in("ann", "eve")
    ann = await open_baresip(agent_account(exchange))
    await registered(exchange)
    bob = await open_baresip(caller_account(exchange))
    bob.command("dial", f"sip:sales@{exchange.address}")
    await bob.event("CALL_ESTABLISHED")
    ann.command("transfer", f"sip:help@{exchange.address}")
    agents = await eve.pick_up()
    await ann.event("CALL_CLOSED")
    await until(lambda: not any(leg.pending_out for leg in exchange.sip.calls.dialogs.values()))
    eve.within(agents, "BYE")
    await eve.response(200, "BYE")
    await bob.event("CALL_CLOSED")
    await exchange.settle()
    assert (exchange.exits("sales"), exchange.exits("help")) == ({"answered": 1}, {"answered": 1})
