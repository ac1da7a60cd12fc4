"""Opening hours: queues open and close by the time of day, whatever was slept through or reloaded meanwhile."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.live.clock import ManualClock
from engine.live.opening import OpeningHoursDriver
from engine.messages import kinds
from engine.messages.observed import ContactArrived, QueueClosed
from engine.model.settings import QueueSetting
from tests.driver_support import CENTRE, SECOND_NS, House, house, load_centre

HOURS = """
opening_hours:
  office: {time_zone: UTC, weekly: {monday-friday: "9:00-17:00"}}
"""
WITH_HOURS = CENTRE.replace("wrap_up: 0s,", "wrap_up: 0s, opening_hours: office,") + HOURS


def is_open(h: House, queue: int = 0) -> bool:
    return bool(h.state.tables.queues["settings"][queue, QueueSetting.OPEN])


def move_to(h: House, text: str) -> None:
    at_ns = int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND_NS
    h.clock.advance(at_ns - h.clock.now_ns())


async def test_queues_open_and_close_by_their_hours(tmp_path: Path) -> None:
    async with house(tmp_path, WITH_HOURS) as h:
        move_to(h, "2027-02-01T08:00:00")  # a Monday
        driver = OpeningHoursDriver(h.engine, h.config, h.clock.now_ns)
        driver.start(0)
        await h.settle()
        assert not is_open(h)
        assert is_open(h, 1)
        move_to(h, "2027-02-01T09:00:00")
        driver.look()
        await h.settle()
        assert is_open(h)
        await h.tell(QueueClosed(queue="sales", by="eve"))
        move_to(h, "2027-02-01T12:00:00")
        driver.look()
        await h.settle()
        assert not is_open(h), "what a supervisor closed stays closed until the hours change"
        driver.stop()
        assert h.kinds().count(kinds.QUEUE_OPENED) == 1


@pytest.mark.parametrize(("stopped", "opens"), [("2027-02-01T08:00:00", True), ("2027-02-01T10:00:00", False)])
async def test_changes_that_it_slept_through_are_made_up_for(tmp_path: Path, stopped: str, opens: bool) -> None:
    async with house(tmp_path, WITH_HOURS) as h:
        move_to(h, stopped)
        await h.tell(QueueClosed(queue="sales", by="eve"))
        stopped_ns = h.clock.now_ns()
        move_to(h, "2027-02-01T11:00:00")
        driver = OpeningHoursDriver(h.engine, h.config, h.clock.now_ns)
        driver.start(stopped_ns)
        await h.settle()
        assert is_open(h) == opens
        driver.stop()


async def test_hours_follow_the_time_of_day_whatever_the_engine_s_clock_says(tmp_path: Path) -> None:
    async with house(tmp_path, WITH_HOURS) as h:
        move_to(h, "2027-02-06T12:00:00")  # a Saturday, as the log once said
        stopped_ns, wall = h.clock.now_ns(), ManualClock(h.clock.now_ns() - 2 * 86_400 * SECOND_NS)
        driver = OpeningHoursDriver(h.engine, h.config, wall.now_ns)
        driver.start(stopped_ns)
        await h.settle()
        assert is_open(h), "on Thursday at noon"
        wall.advance(6 * 3600 * SECOND_NS)
        driver.look()
        await h.settle()
        assert not is_open(h), "on Thursday evening, which the engine's clock has behind it"
        driver.stop()


async def test_a_full_inbox_keeps_no_queue_from_opening_after_a_reload(tmp_path: Path) -> None:
    async with house(tmp_path, WITH_HOURS.replace("limits: {", "limits: {inbox: 16, ")) as h:
        move_to(h, "2027-02-06T12:00:00")
        driver = OpeningHoursDriver(h.engine, h.config, h.clock.now_ns)
        driver.start(0)
        await h.settle()
        assert not is_open(h)
        full = h.submit(*(ContactArrived(contact=f"c{number}", queue="help") for number in range(16)))
        without = load_centre(tmp_path, CENTRE)
        driver.reload(without)
        await full
        driver.look()
        await h.settle()
        assert is_open(h)
        driver.stop()


async def test_a_reload_follows_the_hours(tmp_path: Path) -> None:
    async with house(tmp_path, WITH_HOURS) as h:
        move_to(h, "2027-02-06T12:00:00")  # a Saturday
        driver = OpeningHoursDriver(h.engine, h.config, h.clock.now_ns)
        driver.start(0)
        await h.settle()
        assert not is_open(h)
        without = load_centre(tmp_path, CENTRE)
        h.engine.configure(without)
        driver.reload(without)
        await h.settle()
        assert is_open(h), "without hours a queue is open"
        weekend = load_centre(tmp_path, WITH_HOURS.replace("monday-friday", "monday-saturday"))
        h.engine.configure(weekend)
        driver.reload(weekend)
        await h.settle()
        assert is_open(h)
        back = load_centre(tmp_path, WITH_HOURS)
        h.engine.configure(back)
        driver.reload(back)
        await h.settle()
        assert not is_open(h)
        driver.stop()
