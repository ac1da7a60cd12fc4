"""What is done again and again goes on, whatever becomes of it once."""

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest
import uvloop

from engine.errors import Overloaded
from engine.live import ticker as ticker_module
from engine.live.ticker import FAILED, Ticker


async def test_what_fails_is_counted_said_once_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    counters, done = Counter[str](), asyncio.Event()
    left = [OSError("gone"), OSError("gone"), None]

    def act() -> None:
        found = left.pop(0)
        if found is not None:
            raise found
        done.set()

    ticker = Ticker("the watch", 0.001, act, counters)
    ticker.tick()
    await asyncio.wait_for(done.wait(), 30)
    ticker.stop()
    assert counters[FAILED] == 2
    assert [record.message for record in caplog.records] == ["the watch failed; it is tried again in 0.001 s"]


async def test_what_found_no_room_comes_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticker_module, "RETRY_S", 0.0)
    counters, done, times = Counter[str](), asyncio.Event(), [0]

    def act() -> float:
        times[0] += 1
        if times[0] == 1:
            raise Overloaded("no room")
        done.set()
        return 30.0

    ticker = Ticker("it", 30.0, act, counters)
    ticker.tick()
    await asyncio.wait_for(done.wait(), 30)
    assert counters[FAILED] == 0
    ticker.hasten(0.0)
    while times[0] < 3:  # noqa: ASYNC110
        await asyncio.sleep(0)
    ticker.stop()


async def test_who_stops_in_the_middle_of_it_is_done() -> None:
    times = [0]

    def act() -> float:
        times[0] += 1
        ticker.stop()
        return 0.0

    ticker = Ticker("it", 0.0, act, Counter())
    ticker.tick()
    ticker.hasten(0.0)
    for _ in range(5):
        await asyncio.sleep(0)
    assert times == [1]


@pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_what_is_due_at_once_is_done_once_however_often_it_is_hastened(
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    times = [0]

    def act() -> float:
        times[0] += 1
        return 0.0 if times[0] == 1 else 30.0

    async def hastened() -> None:
        ticker = Ticker("it", 30.0, act, Counter())
        ticker.tick()
        for within_s in (0.5, 0.0, 0.0):
            ticker.hasten(within_s)
        await asyncio.sleep(0.01)
        ticker.stop()

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(hastened())
    assert times == [2]
