"""The live clock: on from the time of day, through the machine's sleep, never back."""

import asyncio
import time
from pathlib import Path

import pytest

from engine.live import clock
from engine.live.clock import COMPARE_EVERY_NS, LONGEST_STEP_NS, LiveClock, elapsed_ns
from engine.messages import kinds
from engine.messages.observed import ContactArrived
from tests.driver_support import SECOND_NS, START_NS, house


class Machine:
    """A machine whose clocks are moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.elapsed_ns = 5 * SECOND_NS
        self.day_ns = START_NS
        monkeypatch.setattr(clock, "elapsed_ns", lambda: self.elapsed_ns)
        monkeypatch.setattr(time, "time_ns", lambda: self.day_ns)

    def run(self, by_ns: int, day_by_ns: int | None = None) -> None:
        """Let time pass, and the time of day with it or otherwise."""
        self.elapsed_ns += by_ns
        self.day_ns += by_ns if day_by_ns is None else day_by_ns


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def test_sleep_of_the_machine_counts() -> None:
    if not hasattr(time, "CLOCK_BOOTTIME"):
        pytest.skip("this system does not count it")
    before = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    assert before <= elapsed_ns() <= time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def test_it_goes_with_the_time_of_day_and_never_before_the_log(machine: Machine) -> None:
    live, late = LiveClock(), LiveClock(START_NS + 7)
    assert (live.now_ns(), late.now_ns()) == (START_NS, START_NS + 7)
    machine.run(SECOND_NS)
    assert (live.now_ns(), late.now_ns()) == (START_NS + SECOND_NS, START_NS + 7 + SECOND_NS)


def test_it_steps_after_a_time_of_day_that_went_ahead(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    live = LiveClock()
    live.now_ns()
    machine.run(COMPARE_EVERY_NS - 1, COMPARE_EVERY_NS + 3600 * SECOND_NS)
    assert live.now_ns() == START_NS + COMPARE_EVERY_NS - 1, "not yet looked"
    machine.run(1)
    assert live.now_ns() == machine.day_ns
    assert "3600.0 s ahead: the clock steps forward" in caplog.text
    caplog.clear()
    machine.run(COMPARE_EVERY_NS, COMPARE_EVERY_NS + SECOND_NS // 2)
    assert live.now_ns() == machine.day_ns - SECOND_NS // 2
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("leap_ns", "words"),
    [(-2 * SECOND_NS, "2.0 s behind"), (LONGEST_STEP_NS + SECOND_NS, "86401.0 s ahead of")],
)
def test_it_never_goes_back_nor_far_ahead_and_says_so_once(
    machine: Machine, caplog: pytest.LogCaptureFixture, leap_ns: int, words: str
) -> None:
    live = LiveClock()
    live.now_ns()
    machine.run(COMPARE_EVERY_NS, COMPARE_EVERY_NS + leap_ns)
    for lap in range(3):
        assert live.now_ns() == START_NS + (lap + 1) * COMPARE_EVERY_NS
        machine.run(COMPARE_EVERY_NS)
    assert caplog.text.count(words) == 1
    machine.day_ns -= leap_ns
    live.now_ns()
    machine.run(COMPARE_EVERY_NS, COMPARE_EVERY_NS + leap_ns)
    live.now_ns()
    assert caplog.text.count(words) == 2, "it was right between"


async def test_deadlines_that_passed_in_sleep_are_seen_within_a_second(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        await h.tell(ContactArrived(contact="c", queue="later"))
        h.clock.advance(61 * SECOND_NS)  # the loop's own timer still stands a minute ahead
        h.engine._inform_waiting()
        await asyncio.sleep(0)
        await h.settle()
        assert kinds.DEADLINE_PASSED in h.kinds()
        h.engine._informer.cancel()  # type: ignore[union-attr]
