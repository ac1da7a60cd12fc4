"""REGISTER: digest, bindings and their end, and what the engine hears of it."""

import time
from collections.abc import Callable

from adapters.sip.protocol import Headers, Hop, Request, Response, authorization_for, build_request
from tests.sip.conftest import OpenExchange, OpenPhone
from tests.sip.support import Exchange, centre, until
from tests.sip.user_agent import UserAgent

AGENT = "{name: ann, phone: {address: 'sip:ann@example.org', password: secret}}"

NONE = "-"
"""Instead of a Contact: the phone only asks."""


class Registering:
    """A phone that registers with an exchange."""

    def __init__(self, phone: UserAgent, exchange: Exchange) -> None:
        self.phone = phone
        self._port = exchange.sip.endpoint.port
        self._count = 0
        self._call_id = phone.layer.tokens.new_tag()

    async def send(
        self, headers: Headers = (), *, user: str = "ann", password: str = "secret", contact: str = ""
    ) -> Response:
        """REGISTER, answer the challenge, and return the last response."""
        challenged = await self._once(user, headers, contact)
        assert challenged.status == 401
        request = self._request(user, headers, contact)
        proof = authorization_for(challenged, request, user, password, cnonce="c")
        assert proof is not None
        return await self._once(user, [*headers, proof], contact)

    async def move(self, headers: Headers = (), contact: str = "") -> Response:
        """REGISTER with the first CSeq numbers again."""
        self._count = 0
        return await self.send(headers, contact=contact)

    def _request(self, user: str, headers: Headers, contact: str) -> Request:
        self._count += 1
        return build_request(
            "REGISTER",
            f"sip:127.0.0.1:{self._port}",
            via=self.phone.layer.new_via(self.phone.transport),
            from_=f"<sip:{user}@example.org>;tag=r",
            to=f"<sip:{user}@example.org>",
            call_id=self._call_id,
            cseq=self._count,
            contact="" if contact == NONE else contact or f"<{self.phone.uri}>",
            headers=headers,
        )

    async def _once(self, user: str, headers: Headers, contact: str) -> Response:
        sent = self.phone.send(
            self._request(user, headers, contact), Hop(self.phone.transport, "127.0.0.1", self._port)
        )
        heard = await self.phone.hear(lambda event: getattr(event, "transaction", None) is sent, "a response")
        response: Response = heard.response
        return response


async def registering(
    open_exchange: OpenExchange, open_phone: OpenPhone, sip: str = "", clock: Callable[[], int] = time.monotonic_ns
) -> tuple[Exchange, Registering]:
    """An exchange with agent ann, whose phone must register, and that phone."""
    exchange = await open_exchange(centre(agents=[AGENT], sip=sip), monotonic_ns=clock)
    return exchange, Registering(await open_phone("ann"), exchange)


def reachable(exchange: Exchange) -> bool:
    """Whether the engine believes that ann can be rung."""
    return bool(exchange.engine.state.tables.agents["reachable"][0])


async def test_a_phone_comes_and_goes(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann = await registering(open_exchange, open_phone)
    assert not reachable(exchange)
    confirmed = await ann.send([("Expires", "7200")])
    assert confirmed.status == 200
    assert ";expires=3600;" in confirmed.get("contact")
    await until(lambda: reachable(exchange))
    assert (await ann.send([("Expires", "0")])).status == 200
    await until(lambda: not reachable(exchange))


async def test_all_bindings_are_removed_at_once(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann = await registering(open_exchange, open_phone)
    for port in (1, 2):
        assert (await ann.send(contact=f"<sip:ann@127.0.0.1:{port}>;q=0.{port}")).status == 200
    assert exchange.counters["bindings"] == 2
    assert [target.hop.port for target in exchange.sip.core.registrar.targets_of("ann")] == [2, 1]
    assert (await ann.send(contact="*")).status == 400
    assert (await ann.send([("Expires", "0")], contact="*")).status == 200
    assert exchange.counters["bindings"] == 0


async def test_wrong_users_and_passwords_are_refused(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann = await registering(open_exchange, open_phone)
    assert (await ann.send(password="guess")).status == 403
    assert (await ann.send(user="eve")).status == 403
    assert exchange.counters["registrations_rejected"] == 2
    assert exchange.counters["bindings"] == 0


async def test_short_intervals_too_many_places_and_bad_contacts(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    exchange, ann = await registering(open_exchange, open_phone, sip="bindings_per_phone: 1")
    brief = await ann.send([("Expires", "10")])
    assert (brief.status, brief.get("min-expires")) == (423, "30")
    assert (await ann.send(contact="<tel:+4930>")).status == 400
    assert (await ann.send()).status == 200
    assert (await ann.send(contact="<sip:ann@127.0.0.1:8>, <sip:ann@127.0.0.1:9>")).status == 403
    assert exchange.counters["bindings"] == 1
    # A phone that comes back from another port; where it was before is forgotten first.
    assert (await ann.send(contact="<sip:ann@127.0.0.1:9>")).status == 200
    assert [target.hop.port for target in exchange.sip.core.registrar.targets_of("ann")] == [9]


async def test_a_registration_runs_out(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    offset_ns = 0
    exchange, ann = await registering(open_exchange, open_phone, clock=lambda: time.monotonic_ns() + offset_ns)
    assert (await ann.send([("Expires", "60")])).status == 200
    await until(lambda: reachable(exchange))
    offset_ns = 61_000_000_000
    assert exchange.sip.core.registrar.targets_of("ann") == []
    exchange.sip.housekeeping.sweep()
    await until(lambda: not reachable(exchange))


async def test_every_place_rings_and_one_answers(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann = await registering(open_exchange, open_phone)
    second, bob = await open_phone("ann"), await open_phone("bob")
    assert (await ann.send()).status == 200
    assert (await ann.send(contact=f"<{second.uri}>")).status == 200
    await exchange.sign_in("ann")
    bob.invite("sales", exchange.sip.endpoint.port, bob.sdp())
    other = await ann.phone.request("INVITE")
    ann.phone.reply(other, 180)
    await bob.response(180)
    agents = await second.pick_up()
    ann.phone.reply(await ann.phone.cancel(), 487)
    await bob.connected()
    second.within(agents, "BYE")
    await second.response(200, "BYE")
    bob.reply(await bob.request("BYE"), 200)
    await exchange.settle()


async def test_a_register_is_done_whole_or_not_at_all(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann = await registering(open_exchange, open_phone, sip="bindings_per_phone: 2")

    def ports() -> list[int]:
        return sorted(target.hop.port for target in exchange.sip.core.registrar.targets_of("ann"))

    assert (await ann.send(contact="<sip:ann@127.0.0.1:1>, <sip:ann@127.0.0.1:2>")).status == 200
    assert ports() == [1, 2]
    # One goes and three come: that is one too many, so the one stays.
    swapped = "<sip:ann@127.0.0.1:1>;expires=0" + "".join(f", <sip:ann@127.0.0.1:{port}>" for port in (3, 4, 5))
    assert (await ann.send(contact=swapped)).status == 403
    assert ports() == [1, 2]
    assert (await ann.send(contact="<sip:ann@127.0.0.1:1>;expires=0, <sip:ann@127.0.0.1:3>")).status == 200
    assert ports() == [2, 3]
    # The first CSeq numbers again, for a contact written in another way, and for all.
    assert (await ann.move(contact="<sip:ann@127.0.0.1:9>, <SIP:ann@127.0.0.1:2>;expires=0")).status == 500
    assert (await ann.move(headers=[("Expires", "0")], contact="*")).status == 500
    assert ports() == [2, 3]
    assert exchange.counters["bindings"] == 2


async def test_a_password_may_look_like_an_ha1(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    password = "0123456789abcdef0123456789abcdef"
    exchange = await open_exchange(centre(agents=[AGENT.replace("secret", password)]))
    phone = Registering(await open_phone("ann"), exchange)
    assert (await phone.send(password=password)).status == 200


async def test_phones_may_call_from_outside_the_allowed_networks(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    exchange, ann = await registering(open_exchange, open_phone, sip="callers_from: [192.0.2.0/24]")
    ann.phone.invite("sales", exchange.sip.endpoint.port, ann.phone.sdp())
    await ann.phone.response(403)
    assert (await ann.send()).status == 200
    waiting = ann.phone.invite("sales", exchange.sip.endpoint.port, ann.phone.sdp())
    await ann.phone.response(182)
    ann.phone.take_back(waiting)
    await ann.phone.response(487)
    await exchange.settle()
    assert (await ann.send([("Expires", "0")])).status == 200
    ann.phone.invite("sales", exchange.sip.endpoint.port, ann.phone.sdp())
    await ann.phone.response(403)


async def test_what_cannot_be_kept_is_refused(open_exchange: OpenExchange, open_phone: OpenPhone) -> None:
    exchange, ann = await registering(open_exchange, open_phone)
    assert (await ann.send([("Path", "<sip:edge\udcff;lr>")])).status == 400
    assert exchange.counters["bindings"] == 0


async def test_only_a_phone_that_registers_is_one_that_is_back(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    exchange, ann = await registering(open_exchange, open_phone)
    back: list[str] = []
    exchange.sip.core.registrar.on_registered = back.append
    assert (await ann.send()).status == 200
    assert (await ann.send(contact=NONE)).get("contact").startswith(f"<{ann.phone.uri}>")
    assert (await ann.send([("Expires", "0")])).status == 200
    assert (back, exchange.counters["registrations"]) == (["ann"], 1)


async def test_what_was_proved_before_a_start_is_stale_after_it(
    open_exchange: OpenExchange, open_phone: OpenPhone
) -> None:
    before, phone = await registering(open_exchange, open_phone)
    challenged = await phone._once("ann", (), "")
    after = Registering(phone.phone, await open_exchange(centre(agents=[AGENT])))
    # Not even somebody who has heard a REGISTER can say it again: the start has forgotten that its nonce was used.
    proof = authorization_for(challenged, after._request("ann", (), ""), "ann", "secret", cnonce="c")
    assert proof is not None
    refused = await after._once("ann", [proof], "")
    assert (refused.status, "stale=true" in refused.get("www-authenticate")) == (401, True)
    assert (await after.send()).status == 200
    assert before.counters["bindings"] == 0
