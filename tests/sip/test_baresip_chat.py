"""A visitor of the web chat leaves a number: the agent's real phone rings, then the customer's."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.sip.adapter import SipAdapter
from adapters.webchat.adapter import WebChatAdapter
from engine.config.load import load_config
from engine.live.host import EngineHost
from engine.messages.observed import AgentStatusChanged, Observed, OfferAnswered
from tests.sip.baresip import needs_baresip
from tests.sip.conftest import OpenBaresip
from tests.sip.support import until
from tests.webchat.support import Guest

pytestmark = [pytest.mark.peer, pytest.mark.slow, needs_baresip]
CENTRE = """
limits: {{contacts: 64, agents: 8, queues: 8}}
queues:
  help: {{channel: chat, members_only: true}}
  calls: {{members_only: true, ring_limit: 20s}}
agents:
  - {{name: ann, queues: [calls], phone: {{address: "sip:ann@trunkline.example", password: secret-ann}}}}
  - {{name: eve, queues: [help]}}
adapters:
  webchat:
    port: 0
    inboxes: {{web: {{queue: help, origins: ["https://shop.example"], callback: true, callback_queue: calls}}}}
  sip: {{port: 0{way_out}}}
"""


class Centre:
    """One engine with both ways in, over a data folder."""

    def __init__(self, host: EngineHost) -> None:
        self.host = host
        made = host._adapters._made  # type: ignore[union-attr]
        self.chat: WebChatAdapter = made["webchat"]  # type: ignore[assignment]
        self.sip: SipAdapter = made["sip"]  # type: ignore[assignment]

    async def tell(self, *facts: Observed) -> None:
        """Hand in facts; all must count."""
        receipts = await self.host.engine.submit("test", facts)
        assert not [one for one in receipts if one.error or one.refused], receipts

    def account(self) -> str:
        """Of the agent's phone."""
        port = self.sip.endpoint.port
        return (
            f"<sip:ann@127.0.0.1:{port}>;auth_user=ann;auth_pass=secret-ann;answermode=auto;regint=60;"
            "audio_codecs=PCMU;mwi=no"
        )

    def exits(self, queue: str) -> dict[str, int]:
        """How entries of a queue ended."""
        status = next(one for one in self.host.engine.views.queues(0).queues if one.queue == queue)
        return {name: count for name, count in status.exits.items() if count}


Open = Callable[..., Awaitable[Centre]]


@pytest.fixture
async def open_centre(tmp_path: Path) -> AsyncIterator[Open]:
    """Return a function that opens a centre; the next one over the same data takes the place of the last."""
    hosts: list[EngineHost] = []

    async def start(way_out: str = "", crash: bool = False) -> Centre:
        path = tmp_path / "centre.yaml"
        path.write_text(CENTRE.format(way_out=way_out), encoding="utf-8")
        if hosts:
            await hosts.pop().stop()
        found: dict[str, Any] = {"sip": lambda: SipAdapter, "webchat": lambda: WebChatAdapter}
        hosts.append(EngineHost(load_config(path, adapters=found), tmp_path / "data", segment_bytes=1 << 20))
        await hosts[-1].start()
        return Centre(hosts[-1])

    yield start
    for host in hosts:
        await host.stop()


async def leave_number(http: aiohttp.ClientSession, centre: Centre, number: str) -> None:
    """Begin a chat, and leave a number instead of waiting."""
    guest = Guest(http, f"http://127.0.0.1:{centre.chat.port}")
    await guest.connect()
    await guest.start()
    assert (await guest.ask("leave_number", number=number))["type"] == "ack"
    assert (await guest.hear_of("ended"))["reason"] == "callback"
    await guest.close()


async def test_who_left_a_number_in_the_chat_is_called_by_sip(open_centre: Open, open_baresip: OpenBaresip) -> None:
    bob = await open_baresip("<sip:4402438@127.0.0.1>;auth_pass=none;regint=0;answermode=auto;audio_codecs=PCMU;mwi=no")
    centre = await open_centre(f", outbound: [{{proxy: 'sip:127.0.0.1:{bob.port}', numbers: ['44*']}}]")
    ann = await open_baresip(centre.account())
    await until(lambda: centre.sip.status().counters["bindings"] == 1)
    async with aiohttp.ClientSession() as http:
        await leave_number(http, centre, "440 2438")
    await centre.tell(AgentStatusChanged(agent="ann", status="available"))
    await ann.event("CALL_ESTABLISHED")
    await bob.event("CALL_ESTABLISHED")
    await until(lambda: centre.sip.status().counters.get("callbacks.answered") == 1)
    bob.command("hangup")
    await ann.event("CALL_CLOSED")
    await until(lambda: not centre.sip.calls.by_name and not len(centre.host.engine.state.contacts))
    assert (centre.exits("help"), centre.exits("calls")) == ({"callback": 1}, {"answered": 1})


async def test_a_call_to_a_visitor_is_known_after_a_restart(open_centre: Open, open_baresip: OpenBaresip) -> None:
    bob = await open_baresip("<sip:4402438@127.0.0.1>;auth_pass=none;regint=0;answermode=auto;audio_codecs=PCMU;mwi=no")
    way_out = f", outbound: [{{proxy: 'sip:127.0.0.1:{bob.port}'}}]"
    centre = await open_centre(way_out)
    async with aiohttp.ClientSession() as http:
        await leave_number(http, centre, "4402438")
    await until(lambda: centre.host.engine.views.queue("calls").waiting == 1)
    centre = await open_centre(way_out)
    assert centre.host.engine.views.queue("calls").waiting == 1
    ann = await open_baresip(centre.account())
    await until(lambda: centre.sip.status().counters["bindings"] == 1)
    await centre.tell(AgentStatusChanged(agent="ann", status="available"))
    await bob.event("CALL_ESTABLISHED")
    ann.command("hangup")
    await bob.event("CALL_CLOSED")
    await until(lambda: not centre.sip.calls.by_name and not len(centre.host.engine.state.contacts))
    assert centre.exits("calls") == {"answered": 1}


async def test_without_a_way_out_nothing_rings_and_the_agent_calls(
    open_centre: Open, open_baresip: OpenBaresip
) -> None:
    centre = await open_centre()
    await open_baresip(centre.account())
    await until(lambda: centre.sip.status().counters["bindings"] == 1)
    async with aiohttp.ClientSession() as http:
        await leave_number(http, centre, "4402438")
    await centre.tell(AgentStatusChanged(agent="ann", status="available"))
    views = centre.host.engine.views
    await until(lambda: [one for one in views.contacts.engagements("ann") if one.state == "offered"])
    (offer,) = views.contacts.engagements("ann")
    assert centre.host._adapters is not None
    assert not centre.host._adapters._links["webchat"].rings(offer.contact)
    await centre.tell(OfferAnswered(contact=offer.contact, agent="ann"))
    assert views.contacts.engagements("ann")[0].state == "connected"
    assert centre.sip.status().counters.get("callbacks", 0) == 0
