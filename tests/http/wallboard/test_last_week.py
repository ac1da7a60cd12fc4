"""What the arrows compare with: the board as it was a week before the present interval, looked up once."""

import asyncio
from collections.abc import Callable
from functools import partial
from threading import Event, current_thread
from typing import Any

import aiohttp
import pytest

from adapters.http.boards import BoardSettings
from adapters.http.problems import Problem
from adapters.http.wallboard.last_week import NOTHING, LastWeek
from adapters.http.wallboard.looking_back import LookingBack
from engine.errors import LogError
from engine.projections.views import Views
from tests.http.support import CONTACTS, Build, get, tell

QUARTER_NS = 900 * 10**9
WEEK_NS = 7 * 86_400 * 10**9
NOW_NS = WEEK_NS + 10 * QUARTER_NS + 5


class Before:
    """A past that begins at an instant and answers from the read models of now."""

    def __init__(self, views: Views, began_ns: int = 0, fault: bool = False) -> None:
        self.views, self.first_ns, self.fault = views, began_ns, fault
        self.asked: list[int] = []

    reading = None

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


class Slow(Before):
    """A past whose answers wait until they may come."""

    def __init__(self, views: Views) -> None:
        super().__init__(views)
        self.begun, self.go = Event(), Event()

    def ask(self, at_ns: int, question: Callable[[Views, int], Any]) -> Any:
        """Answer when it may."""
        self.begun.set()
        assert self.go.wait(10)
        return super().ask(at_ns, question)


async def test_a_reload_does_not_wait_for_who_looks_back_and_what_they_find_is_not_kept(build: Build) -> None:
    house = await build()
    board, views = BoardSettings(queues=["sales"]), house.engine.views
    past = Slow(views)
    week = LastWeek(past)
    look = partial(week.of, "floor", board, NOW_NS, QUARTER_NS, "UTC")
    looking = asyncio.create_task(asyncio.to_thread(look))
    assert await asyncio.to_thread(past.begun.wait, 10)
    reload = asyncio.create_task(asyncio.to_thread(week.forget))
    done, _ = await asyncio.wait((reload,), timeout=10)
    past.go.set()
    assert done, "it waits until the log is folded"
    await looking
    look()
    look()
    assert len(past.asked) == 2, "found for a board of before; looked up anew, and kept"


async def test_who_looks_back_takes_turns_in_a_thread_of_its_own_and_not_too_many_wait() -> None:
    looking_back, go = LookingBack(waiting_max=1), Event()
    try:
        tasks = [asyncio.create_task(looking_back.run(lambda: (go.wait(10), current_thread().name)[1])) for _ in "ab"]
        await asyncio.sleep(0)
        with pytest.raises(Problem, match="look back"):
            await looking_back.run(int)
        go.set()
        assert {await task for task in tasks} == {"http past_0"}
        assert await looking_back.run(int) == 0
    finally:
        go.set()
        looking_back.stop()
