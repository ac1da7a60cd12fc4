"""Continuity plans over HTTP: told, previewed, activated and ended; who may, and what is wrong with an order."""

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.http.support import CENTRE, House, get, open_house_at, tell

PLANS = """
plans:
  storm: {title: {vi: Bão, en: Storm}, close: [help], max_length: {sales: 7}, limits: {max_duration: 2h}}
  flood: {tier: 1, only: [sales]}
"""
STORM = "/api/v1/plans/storm"


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[House]:
    opened = await open_house_at(tmp_path, centre=CENTRE + PLANS)
    yield opened
    await opened.adapters.stop()
    await opened.engine.stop()


@pytest.fixture
async def asker(at: House) -> AsyncIterator[ClientSession]:
    async with ClientSession(at.url) as session:
        yield session


async def test_a_plan_is_told_activated_and_ended(asker: ClientSession) -> None:
    (storm, flood) = (await get(asker, "/api/v1/plans"))["plans"]
    assert (storm["plan"], storm["title"]["vi"], storm["active"], flood["tier"]) == ("storm", "Bão", None, 1)
    assert storm["effects"] == {"close": ["help"], "max_length": {"sales": 7}}
    changes = {one["setting"]: one for one in (await get(asker, STORM))["changes"]}
    assert (changes["max_length"]["now"], changes["max_length"]["then"]) == ("0", "7")
    done = await tell(asker, f"{STORM}/activate", reason="no power", until="90m", by="mai")
    assert (done["changed"], done["plan"]["active"]["by"], done["refused"]) == (3, "mai", [])
    left_s = done["plan"]["active"]["until_ns"] / 1e9 - time.time()
    assert 5300 < left_s <= 5400
    assert (await get(asker, "/api/v1/queues/help"))["open"] is False
    back = {one["setting"]: one for one in (await get(asker, STORM))["changes"]}
    assert (back["max_length"]["now"], back["max_length"]["then"]) == ("7", "0")
    async with asker.get("/metrics") as answer:
        families = await answer.text()
    assert 'trunkline_plan_active{plan="storm"} 1.0' in families
    assert 'trunkline_plan_active{plan="flood"} 0.0' in families
    events = (await get(asker, "/api/v1/events?type=plan_activated"))["events"]
    assert [(one["data"]["plan"], one["data"]["reason"], one["data"]["drill"]) for one in events] == [
        ("storm", "no power", False)
    ]
    assert (await tell(asker, f"{STORM}/deactivate"))["plan"]["active"] is None
    assert (await get(asker, "/api/v1/queues/help"))["open"] is True


async def test_orders_that_cannot_be_are_problems_that_point(asker: ClientSession) -> None:
    for body, status, pointer in (
        ({"reason": " "}, 422, "/reason"),
        ({"reason": "dark", "until": "3h"}, 422, "/until"),
        ({"reason": "dark", "until": "soon"}, 422, "/until"),
        ({"reason": "dark", "until": "2020-01-01T00:00:00Z"}, 422, "/until"),
    ):
        assert (await tell(asker, f"{STORM}/activate", status, **body))["errors"][0]["pointer"] == pointer
    await tell(asker, f"{STORM}/activate", 400)
    assert "did you mean 'storm'" in (await tell(asker, "/api/v1/plans/strom/activate", 404, reason="x"))["detail"]
    await tell(asker, f"{STORM}/activate", reason="dark")
    assert (await tell(asker, f"{STORM}/activate", 409, reason="dark", drill=True))["errors"][0]["pointer"] == "/drill"


async def test_a_preview_without_a_simulator_says_so(asker: ClientSession) -> None:
    preview = await tell(asker, f"{STORM}/preview")
    assert preview["forecast"] is None
    assert "trunkline.forecast" in preview["forecast_missing"]
    assert preview["forecast_missing_code"] == "not_installed"
    assert len(preview["changes"]) == 2
    await tell(asker, "/api/v1/plans/strom/preview", 404)


async def test_the_stream_tells_plans_in_force(asker: ClientSession) -> None:
    await tell(asker, f"{STORM}/activate", reason="no power", drill=True)
    item = {}
    async with asker.get("/api/v1/stream?topics=plans") as stream:
        async for line in stream.content:
            if line.startswith(b"data:") and b'"plan"' in line:
                (item,) = json.loads(line[5:])["items"]
                break
    assert (item["plan"], item["drill"], item["reason"]) == ("storm", True, "no power")


async def test_a_replay_tells_the_plans_that_were_in_force(asker: ClientSession) -> None:
    await tell(asker, f"{STORM}/activate", reason="typhoon", by="mai")
    at_ns = (await get(asker, "/api/v1/queues"))["at_ns"]
    await tell(asker, f"{STORM}/deactivate")
    (plan,) = (await get(asker, f"/api/v1/boards/default/past?at={at_ns}"))["plans"]
    assert (plan["plan"], plan["title"]["vi"], plan["by"], plan["reason"]) == ("storm", "Bão", "mai", "typhoon")
    later_ns = (await get(asker, "/api/v1/queues"))["at_ns"]
    assert (await get(asker, f"/api/v1/boards/default/past?at={later_ns}"))["plans"] == []
