"""Calls at the desk with real softphones: answered, handed over to a colleague, held there, and handed back."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.http.adapter import HttpAdapter
from adapters.sip.adapter import SipAdapter
from engine.config.load import load_config
from engine.live.host import EngineHost
from tests.http.desk.support import CHEAP, Desk, opened
from tests.http.support import House
from tests.sip.baresip import needs_baresip
from tests.sip.conftest import OpenBaresip, open_baresip
from tests.sip.support import until

pytestmark = [pytest.mark.peer, pytest.mark.slow, needs_baresip]
__all__ = ["open_baresip"]
CENTRE = f"""
limits: {{contacts: 64, agents: 8, queues: 8}}
queues:
  sales: {{members_only: true, ring_limit: 20s, wrap_up: 30s}}
  care: {{members_only: true, ring_limit: 20s, wrap_up: 30s}}
agents:
  - name: an
    queues: [sales]
    desk_password: "{CHEAP}"
    phone: {{address: "sip:an@trunkline.example", password: secret}}
  - name: binh
    queues: [care]
    desk_password: "{CHEAP}"
    phone: {{address: "sip:binh@trunkline.example", password: secret}}
adapters:
  http: {{port: 0}}
  sip: {{port: 0}}
"""


class Centre:
    """One engine with desks and phones."""

    def __init__(self, host: EngineHost) -> None:
        assert host._adapters is not None
        made: dict[str, Any] = dict(host._adapters._made)
        self.sip: SipAdapter = made["sip"]
        assert host.engine is not None
        self.house = House(host.engine, made["http"], host._adapters)

    def account(self, name: str) -> str:
        """Of an agent's phone, which answers by itself."""
        return (
            f"<sip:{name}@127.0.0.1:{self.sip.endpoint.port}>;auth_user={name};auth_pass=secret;answermode=auto;"
            "regint=60;audio_codecs=PCMU;mwi=no"
        )


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncIterator[Centre]:
    """Return a centre of two agents with phones."""
    path = tmp_path / "centre.yaml"
    path.write_text(CENTRE, encoding="utf-8")
    found: dict[str, Any] = {"sip": lambda: SipAdapter, "http": lambda: HttpAdapter}
    host = EngineHost(load_config(path, adapters=found), tmp_path / "data", segment_bytes=1 << 20)
    await host.start()
    yield Centre(host)
    await host.stop()


async def is_in(desk: Desk, call: str, state: str) -> Any:
    """Wait until the desk shows a call in a state."""
    await desk.until(lambda: desk.contact(call).get("state") == state)
    return desk.contact(call)


async def test_a_call_is_handed_to_a_colleague_and_back(centre: Centre, open_baresip: OpenBaresip) -> None:
    phones = {name: await open_baresip(centre.account(name)) for name in ("an", "binh")}
    caller = await open_baresip("<sip:0912@127.0.0.1>;auth_pass=none;regint=0;audio_codecs=PCMU;mwi=no")
    await until(lambda: centre.sip.status().counters["bindings"] == 2)
    async with opened(centre.house, "an") as an, opened(centre.house, "binh") as binh:
        await an.do("status", status="available")
        caller.command("dial", f"sip:sales@127.0.0.1:{centre.sip.endpoint.port}")
        await an.until(lambda: any(one.get("state") == "connected" for one in an.items.values()))
        call = next(one["contact"] for one in an.items.values() if one.get("state") == "connected")
        assert (await an.do("transfer", contact=call, agent="binh"))["refused"] == "not_admitted"
        assert an.contact(call)["state"] == "connected", "nobody was there: the call stays"
        await binh.do("status", status="available")
        assert (await an.do("transfer", contact=call, agent="binh"))["refused"] == ""
        await phones["binh"].event("CALL_ESTABLISHED")
        assert (await is_in(binh, call, "connected"))["from_agent"] == "an"
        await phones["an"].event("CALL_CLOSED")
        await is_in(an, call, "wrapping")
        await binh.do("hold", contact=call)
        await is_in(binh, call, "held")
        await binh.do("resume", contact=call)
        await is_in(binh, call, "connected")
        await an.do("finish", contact=call)
        assert (await binh.do("transfer", contact=call, queue="sales"))["refused"] == ""
        assert (await is_in(an, call, "connected"))["from_agent"] == "binh"
        assert not [one for one in caller.events if one.get("type") == "CALL_CLOSED"]
        await an.do("end", contact=call)
        await caller.event("CALL_CLOSED")
