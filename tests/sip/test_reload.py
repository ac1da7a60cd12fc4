"""Other settings and phones while calls go on."""

from pathlib import Path

from adapters.sip.adapter import SipAdapter
from adapters.sip.protocol import direction_of
from engine.config import load_config
from tests.sip.conftest import OpenExchange, OpenPhone
from tests.sip.registration.test_registrar import Registering
from tests.sip.support import Exchange, centre, until

ANN = "{name: ann, phone: {address: 'sip:ann@example.org', password: secret}}"
BEN = "{name: ben, phone: {address: 'sip:ben@example.org', password: other}}"


async def follow(exchange: Exchange, folder: Path, text: str) -> list[str]:
    """Let engine and adapters follow another configuration; return what they refuse."""
    path = folder / "next.yaml"
    path.write_text(text)
    config = load_config(path, adapters={"sip": lambda: SipAdapter})
    exchange.engine.configure(config)
    followed = exchange.adapters.reload(config.adapters, config.endpoints())
    await exchange.engine.durable()
    return followed.faults


def reachable(exchange: Exchange) -> list[bool]:
    """Whether the engine believes that each agent can be rung."""
    agents = exchange.engine.state.tables.agents
    known = len(exchange.engine.state.directory.agents)
    return [bool(agents["reachable"][number]) for number in range(known)]


async def test_a_new_agent_s_phone_may_register(
    open_exchange: OpenExchange, open_phone: OpenPhone, tmp_path: Path
) -> None:
    exchange = await open_exchange(centre(agents=[ANN]))
    ann, ben = [Registering(await open_phone(name), exchange) for name in ("ann", "ben")]
    assert (await ann.send()).status == 200
    assert (await ben.send(user="ben", password="other")).status == 403
    assert await follow(exchange, tmp_path, centre(agents=[ANN, BEN])) == []
    assert reachable(exchange) == [True, False]
    assert (await ben.send(user="ben", password="other")).status == 200
    await until(lambda: reachable(exchange) == [True, True])


async def test_another_password_ends_the_registration(
    open_exchange: OpenExchange, open_phone: OpenPhone, tmp_path: Path
) -> None:
    exchange = await open_exchange(centre(agents=[ANN]))
    ann = Registering(await open_phone("ann"), exchange)
    assert (await ann.send()).status == 200
    await until(lambda: reachable(exchange) == [True])
    assert await follow(exchange, tmp_path, centre(agents=[ANN.replace("secret", "changed")])) == []
    await until(lambda: reachable(exchange) == [False])
    assert (await ann.send()).status == 403
    assert (await ann.send(password="changed")).status == 200
    await until(lambda: reachable(exchange) == [True])


async def test_a_phone_moves_and_the_call_in_progress_goes_on(
    open_exchange: OpenExchange, open_phone: OpenPhone, tmp_path: Path
) -> None:
    ann, desk, bob = [await open_phone(name) for name in ("ann", "ann", "bob")]
    exchange = await open_exchange(centre(phones={"ann": f"127.0.0.1:{ann.port}"}, sip="dial_plan: {'100': sales}"))
    await exchange.sign_in("ann")
    bob.invite("100", exchange.sip.endpoint.port, bob.sdp())
    call = await ann.request("INVITE")
    ann.reply(call, 200, ann.sdp())
    answered = await bob.response(200)
    assert direction_of(answered.response.body) == "sendrecv"

    moved = centre(phones={"ann": f"127.0.0.1:{desk.port}"}, sip="dial_plan: {'200': sales}")
    assert await follow(exchange, tmp_path, moved) == []
    assert [str(target.hop.port) for target in exchange.sip.core.registrar.targets_of("ann")] == [str(desk.port)]
    assert len(exchange.sip.calls.by_name) == 1
    bob.invite("100", exchange.sip.endpoint.port, bob.sdp())
    await bob.response(404)


async def test_what_sockets_are_made_of_needs_a_restart(open_exchange: OpenExchange, tmp_path: Path) -> None:
    exchange = await open_exchange(centre(agents=[ANN]))
    text = centre(agents=[ANN], sip="realm: elsewhere, session_interval: 20m, default_queue: sales")
    assert await follow(exchange, tmp_path, text) == [
        "adapters.sip.realm is followed only by a restart",
        "adapters.sip.session_interval is followed only by a restart",
    ]
    assert exchange.sip.settings.realm == "trunkline"
    assert exchange.sip.settings.default_queue == "sales"
