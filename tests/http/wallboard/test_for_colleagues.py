"""Queues for colleagues on a board: they have their rows, and what is told of all queues together is of customers."""

import asyncio
from typing import Any

import pytest
from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families

from adapters.http.boards import BoardSettings
from adapters.http.wallboard.alerts import passed
from adapters.http.wallboard.last_week import LastWeek
from adapters.http.wallboard.privacy import unnamed_wait
from adapters.http.wallboard.tiles import waiting_tiles
from tests.http.support import CENTRE, CONTACTS, Build, House, get, tell
from tests.http.wallboard.test_alerts import NS, queue
from tests.http.wallboard.test_last_week import NOW_NS, QUARTER_NS, Before

BOARD = "/api/v1/boards/default"
INSIDE = CENTRE.replace("queues:\n", "queues:\n  inside: {members_only: true}\n", 1)


@pytest.fixture
async def asking(build: Build) -> House:
    """Return a house in which agents ask each other in the queue `inside`."""
    house = await build(centre=INSIDE)
    house.engine.state.directory.colleague_queues = ("inside",)  # the adapter for phones says so, and is not here
    async with ClientSession(house.url) as client:
        for contact, where in (("asked", "inside"), ("c1", "sales")):
            await tell(client, CONTACTS, 201, contact=contact, queue=where, customer="+84 24 3825 1001")
            await tell(client, f"{CONTACTS}/{contact}/release", by="customer")
        await tell(client, CONTACTS, 201, contact="asked-again", queue="inside")
    return house


async def test_the_lost_are_customers(asking: House) -> None:
    async with ClientSession(asking.url) as client:
        found = await get(client, f"{BOARD}/lost")
        assert [(one["contact"], one["times"]) for one in found["contacts"]] == [("c1", 1)]
        assert found["total"] == 1
        async with client.get(f"{BOARD}/lost?format=csv") as answer:
            assert "asked" not in await answer.text()


async def test_what_is_told_of_all_together_is_of_customers(asking: House) -> None:
    async with ClientSession(asking.url) as client:
        rows = (await get(client, f"{BOARD}/day"))["rows"]
        assert sum(row["offered"] for row in rows) == 1
        assert sum(row["abandoned"] for row in rows) == 1
        async with client.get("/api/v1/stream?topics=queues") as stream:
            await asyncio.wait_for(stream.content.readuntil(b"\n\n"), 10)
        hour = await get(client, f"{BOARD}/hour")
        assert (hour["waiting"][-1], hour["abandoned"][-1]) == (0, 1)
        queues = (await get(client, "/api/v1/queues"))["queues"]
    assert {one["queue"]: one["for_colleagues"] for one in queues}["inside"]
    week = LastWeek(Before(asking.engine.views)).of("floor", BoardSettings(), NOW_NS, QUARTER_NS, "UTC")
    assert (week.entries, week.waiting) == (1, 0)


async def test_the_list_of_who_waits_says_who_asks(asking: House) -> None:
    async with ClientSession(asking.url) as client:
        said: dict[str, Any] = {
            "customer": "+84 24 3825 1001",
            "attributes": {"called_by": "bob", "consultation_of": "c7"},
        }
        await tell(client, CONTACTS, 201, contact="about", queue="inside", **said)
        line = await get(client, f"{BOARD}/waiting?queue=inside")
        assert [(one["contact"], one["asked_by"]) for one in line["contacts"]] == [
            ("asked-again", ""),
            ("about", "bob"),
        ]
        line = await get(client, "/api/v1/queues/inside/contacts")
        assert [one["asked_by"] for one in line["contacts"]] == ["", "bob"]
    tiles = waiting_tiles(asking.engine.views, NOW_NS)
    assert [one.asked_by for one in tiles] == ["", "bob"]
    assert unnamed_wait(tiles[1]).asked_by == "B", "on a screen in public"


async def test_monitoring_knows_them(asking: House) -> None:
    async with ClientSession(asking.url) as client, client.get("/metrics") as answer:
        families = {one.name: one for one in text_string_to_metric_families(await answer.text())}
    (sample,) = families["trunkline_queue_for_colleagues"].samples
    assert (sample.labels, sample.value) == ({"queue": "inside"}, 1)
    unattended = {one.labels["queue"]: one.value for one in families["trunkline_queue_unattended"].samples}
    assert unattended["inside"] == 0


def test_no_threshold_of_customers_is_one_of_colleagues() -> None:
    waits = queue(queue="inside", for_colleagues=True, waiting=3, overdue=3, oldest_since_ns=1)
    wanted = {"waiting": {"warn": 1.0, "alert": 2.0}}
    of_all = BoardSettings.model_validate({"thresholds": wanted})
    assert not list(passed(of_all, [waits], 1000 * NS))
    by_name = BoardSettings.model_validate({"queue_thresholds": {"inside": wanted}})
    assert [one.metric for one in passed(by_name, [waits], 1000 * NS)] == ["waiting"]


async def test_a_board_tells_no_threshold_of_theirs(asking: House) -> None:
    async with ClientSession(asking.url) as client:
        told = (await get(client, BOARD))["thresholds"]
    assert told["inside"] == {}
    assert told["sales"]
