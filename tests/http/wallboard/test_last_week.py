"""What the arrows compare with: the board as it was a week before the present interval, looked up once."""

from collections.abc import Callable
from typing import Any

import aiohttp

from adapters.http.wallboard.boards import BoardSettings
from adapters.http.wallboard.last_week import NOTHING, WEEK_NS, LastWeek
from engine.errors import LogError
from engine.projections.views import Views
from tests.http.support import CONTACTS, Build, get, tell

QUARTER_NS = 900 * 10**9
NOW_NS = WEEK_NS + 10 * QUARTER_NS + 5


class Before:
    """A past that begins at an instant and answers from the read models of now."""

    def __init__(self, views: Views, began_ns: int = 0, fault: bool = False) -> None:
        self.views, self.first_ns, self.fault = views, began_ns, fault
        self.asked: list[int] = []

    def began_ns(self) -> int:
        """Return where it begins."""
        if self.fault:
            raise LogError("the log's first part is missing")
        return self.first_ns

    def ask(self, at_ns: int, question: Callable[[Views, int], Any]) -> Any:
        """Answer, noting what was asked for."""
        self.asked.append(at_ns)
        return question(self.views, at_ns)


async def test_it_is_the_same_weekday_at_the_beginning_of_this_interval_and_looked_up_once(build: Build) -> None:
    house = await build()
    past = Before(house.engine.views)
    week = LastWeek(past)
    found = week.of("floor", BoardSettings(queues=["sales"]), NOW_NS, QUARTER_NS, "UTC")
    assert (found.at_ns, found.entries, found.service_level) == (10 * QUARTER_NS, 0, None)
    assert week.of("floor", BoardSettings(queues=["sales"]), NOW_NS + 7, QUARTER_NS, "UTC") is found
    assert past.asked == [10 * QUARTER_NS]
    week.forget()
    assert week.of("floor", BoardSettings(), NOW_NS + QUARTER_NS, QUARTER_NS, "UTC").at_ns == 11 * QUARTER_NS


async def test_a_log_that_does_not_reach_back_gives_nothing(build: Build) -> None:
    house = await build()
    for past in (Before(house.engine.views, began_ns=NOW_NS), Before(house.engine.views, fault=True)):
        assert LastWeek(past).of("floor", BoardSettings(), NOW_NS, QUARTER_NS, "UTC") is NOTHING
        assert past.asked == []


async def test_the_service_answers_and_a_callback_that_waits_is_told(build: Build) -> None:
    house = await build()
    async with aiohttp.ClientSession(house.url) as client:
        assert (await get(client, "/api/v1/boards/default/last-week"))["at_ns"] == 0
        await tell(client, CONTACTS, 201, queue="sales", contact="c1", customer="+84901")
        await tell(client, f"{CONTACTS}/c1/callback", number="+84901")
        (sales,) = [one for one in (await get(client, "/api/v1/queues"))["queues"] if one["queue"] == "sales"]
        assert (sales["callbacks"], sales["callback_since_ns"] > 0) == (1, True)
