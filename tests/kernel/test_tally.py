"""Every counter of every queue against a naive recount, over random histories: in all, by event and by arrival."""

import math
import random

import msgspec
import numpy as np
import pytest

from engine.kernel.resize import resize
from engine.kernel.tables import capacity_of
from engine.kernel.tally import bin_of
from engine.messages import kinds as k
from engine.model.settings import SECOND_NS, EngineSetting, QueueSetting
from engine.model.tallies import HISTOGRAM_BINS, MEASURED_LOST, TALLY_COLUMNS, Tally, bin_edge_ns
from tests.kernel.facts import Fact
from tests.kernel.histories import BEGIN_NS, CAPACITY, History
from tests.kernel.naive import Twin
from tests.kernel.scene import BEGIN_NS as SCENE_BEGIN_NS
from tests.kernel.scene import Scene, SteppedKernel
from tests.naive_recount import NaiveRecount, differences

LENGTHS_S = (20, 45, 60, 400)
THRESHOLDS_S = (0, 3, 20, 60)


def history(seed: int, steps: int, later_s: int = 0) -> SteppedKernel:
    """A random history over short intervals, so that stays are longer than some and the table is used over and over."""
    twin, stepped = Twin(CAPACITY), SteppedKernel(CAPACITY)
    story = History(seed, twin.books)
    interval_ns = LENGTHS_S[seed % len(LENGTHS_S)] * SECOND_NS
    facts = [
        Fact(k.SETTING_CHANGED, EngineSetting.INTERVAL_NS, 0, k.TABLE_ENGINE, interval_ns, at_ns=BEGIN_NS),
        *(
            Fact(k.SETTING_CHANGED, QueueSetting.THRESHOLD_NS, queue, k.TABLE_QUEUE, s * SECOND_NS, at_ns=BEGIN_NS)
            for queue, s in enumerate(THRESHOLDS_S)
        ),
        *story.beginning(),
        *(
            Fact(k.SETTING_CHANGED, column, queue, k.TABLE_QUEUE, value, at_ns=BEGIN_NS)
            for queue, column, value in (
                (2, QueueSetting.LEAVE_EMPTY, 1),
                (3, QueueSetting.FIRST_STEP, 40 * SECOND_NS),
                (3, QueueSetting.FIRST_STEP + 1, k.STEP_TIME_OUT),
            )
        ),
    ]
    for number in range(steps):
        if later_s and number == steps // 2:
            interval = Fact(k.SETTING_CHANGED, EngineSetting.INTERVAL_NS, 0, k.TABLE_ENGINE, later_s * SECOND_NS)
            twin.observe(interval)
            stepped.observe(interval)
        fact = facts[number] if number < len(facts) else story.next()
        twin.observe(fact)
        stepped.observe(fact)
    return stepped


@pytest.mark.parametrize("seed", range(8))
def test_every_counter_equals_a_recount_of_the_rows(seed: int) -> None:
    stepped = history(seed, 500)
    recount = NaiveRecount(stepped.produced())
    assert differences(stepped.tables, recount) == []


@pytest.mark.parametrize("later_s", [10, 90])
def test_intervals_of_another_length_begin_a_table_anew(later_s: int) -> None:
    stepped = history(2, 400, later_s)
    recount = NaiveRecount(stepped.produced())
    assert recount.interval_ns == later_s * SECOND_NS
    assert differences(stepped.tables, recount) == []


def test_histories_reach_every_counter() -> None:
    reached = [0] * TALLY_COLUMNS
    for seed in range(8):
        for counters in history(seed, 500).tables.tallies.tolist():
            reached = [one + more for one, more in zip(reached, counters, strict=True)]
    never = [column for column, total in enumerate(reached) if not total]
    assert never == []


MINUTE_NS = 60 * SECOND_NS


def of_interval(scene: Scene, minute: int, by: int = 0) -> list[int]:
    """Counters of queue 0 by voice, of the minute that began so many minutes after the scene."""
    start_ns = (SCENE_BEGIN_NS // MINUTE_NS + minute) * MINUTE_NS
    (row,) = np.flatnonzero(scene.tables.interval_starts == start_ns)
    counters: list[int] = scene.tables.intervals[row, by, 0].tolist()
    return counters


def by_minutes(agents: int = 1, *, available: tuple[int, ...] | None = None) -> Scene:
    scene = Scene(agents=agents, available=available)
    scene.setting(k.TABLE_ENGINE, 0, EngineSetting.INTERVAL_NS, MINUTE_NS)
    return scene


def test_a_threshold_that_passes_while_nothing_else_happens_is_missed_there() -> None:
    scene = by_minutes(available=())
    scene.queue(0, QueueSetting.THRESHOLD_NS, 2 * MINUTE_NS)
    contact = scene.arrive()
    scene.wait(300)
    scene.release(contact)
    assert of_interval(scene, 2)[Tally.MISSED] == 1
    assert of_interval(scene, 5)[Tally.MISSED] == 0
    assert of_interval(scene, 5)[Tally.EXIT + k.EXIT_ABANDONED] == 1
    assert of_interval(scene, 0, by=1)[Tally.MISSED] == 1


def test_a_threshold_that_passed_before_all_rows_counts_in_none() -> None:
    scene = by_minutes(available=())
    contact = scene.arrive()
    for _ in range(20):
        scene.wait(60)
        scene.fact(k.QUEUE_OPENED, queue=0)
    scene.release(contact)
    assert scene.tables.tallies[0, Tally.MISSED] == 1
    assert scene.tables.intervals[:, 0, 0, Tally.MISSED].sum() == 0


def test_whom_the_queue_hangs_up_on_is_a_miss_at_once() -> None:
    scene = by_minutes(available=())
    scene.queue(0, QueueSetting.THRESHOLD_NS, 20 * SECOND_NS)
    for column, value in ((0, 10 * SECOND_NS), (1, k.STEP_TIME_OUT)):
        scene.queue(0, QueueSetting.FIRST_STEP + column, value)
    scene.queue(0, QueueSetting.MAX_LENGTH, 1)
    scene.arrive()
    scene.arrive()  # the queue is full: refused at the door, and judged by no level
    scene.wait(15)
    counters = scene.tables.tallies[0]
    exits = counters[Tally.EXIT : Tally.EXIT + k.EXITS]
    assert (exits[k.EXIT_TIMED_OUT], exits[k.EXIT_REFUSED_FULL]) == (1, 1)
    assert (counters[Tally.MET], counters[Tally.MISSED]) == (0, 1)


def test_wrap_up_counts_with_those_who_came_when_its_contact_did() -> None:
    scene = by_minutes()
    scene.queue(0, QueueSetting.WRAP_UP_NS, 90 * SECOND_NS)
    contact, _ = scene.talk()
    scene.wait(60)
    scene.release(contact)
    later = scene.arrive()
    scene.wait(90)
    scene.answer(later, 0)
    assert of_interval(scene, 0, by=1)[Tally.WRAP_UP_NS] == 90 * SECOND_NS
    assert of_interval(scene, 0, by=1)[Tally.LONGEST_HANDLE_NS] == 150 * SECOND_NS
    assert of_interval(scene, 2)[Tally.WRAPPED] == 1


def test_wrap_up_finds_its_interval_in_a_larger_table() -> None:
    scene = by_minutes()
    scene.queue(0, QueueSetting.WRAP_UP_NS, 90 * SECOND_NS)
    contact, _ = scene.talk()
    scene.wait(60)
    scene.release(contact)
    sizes = capacity_of(scene.tables)
    scene.tables = resize(scene.tables, msgspec.structs.replace(sizes, intervals=sizes.intervals + 3))
    scene.wait(90)
    assert of_interval(scene, 0, by=1)[Tally.WRAPPED] == 1
    assert scene.tables.intervals[:, 1, :, Tally.WRAPPED].sum() == 1


def test_who_waits_and_is_transferred_did_not_overflow() -> None:
    scene = Scene(queues=2, available=())
    contact = scene.arrive()
    scene.transfer(contact, queue=1)
    assert scene.only(k.CONTACT_LEFT).a == k.EXIT_TRANSFERRED


@pytest.mark.parametrize("rings", [True, False])
def test_who_waits_and_is_queued_again_has_waited_since_the_first_time(rings: bool) -> None:
    scene = Scene(available=(0,) if rings else ())
    contact = scene.arrive()
    scene.wait(10)
    scene.fact(k.REQUEUE_REQUESTED, contact=contact)
    tally = scene.tables.tallies[0]
    assert tally[Tally.ENTRIES] == 1
    assert tally[Tally.EXIT : Tally.EXIT + k.EXITS].sum() == 0
    assert len(scene.all(k.OFFER_ENDED)) == rings
    if not rings:
        scene.status(0, k.STATUS_AVAILABLE)
    scene.wait(2)
    scene.answer(contact, 0)
    assert scene.only(k.CONTACT_ANSWERED).a == 12 * SECOND_NS


def test_who_waits_for_an_own_agent_and_is_queued_again_waits_for_anybody() -> None:
    scene = Scene(agents=2, available=(0,))
    scene.queue(0, QueueSetting.PREFERRED_WAIT_NS, 600 * SECOND_NS)
    scene.status(1, k.STATUS_PAUSED)
    contact = scene.arrive(agent=1)
    assert scene.offered() == []
    scene.fact(k.REQUEUE_REQUESTED, contact=contact)
    assert scene.offered() == [(contact, 0)]


def test_what_is_told_covers_ringing() -> None:
    """Twenty agents who pick up after eight seconds: half of the contacts wait less than they were told, not none."""
    scene = Scene(agents=20)
    scene.queue(0, QueueSetting.CHANNEL, k.VOICE)
    draw = random.Random(4)
    for _ in range(300):
        contact = scene.arrive()
        ((_, agent),) = scene.offered()
        scene.wait(min(draw.expovariate(1 / 8), 19.0))
        scene.answer(contact, agent)
        scene.release(contact)
    tally = scene.tables.tallies[0]
    assert tally[Tally.TOLD] == 300
    assert 0.4 < tally[Tally.TOLD_WITHIN_P50] / 300 < 0.65
    assert tally[Tally.TOLD_WITHIN_P90] / 300 > 0.8


def test_histograms_tell_days_apart() -> None:
    scene = by_minutes(available=())
    for hours in (3, 30, 100):
        contact = scene.arrive()
        scene.wait(hours * 3600)
        scene.release(contact)
    assert np.count_nonzero(scene.tables.histograms[0, MEASURED_LOST]) == 3
    assert bin_edge_ns(HISTOGRAM_BINS - 1) > 5 * 86400 * SECOND_NS


def test_a_duration_is_counted_in_the_bin_that_the_formula_says() -> None:
    chance = random.Random(1)
    near_edges = [bin_edge_ns(place) + off for place in range(HISTOGRAM_BINS) for off in (-2, -1, 0, 1, 2)]
    anywhere = [int(2 ** chance.uniform(0.0, 62.9)) for _ in range(2_000)]
    for lasted_ns in (-1, 0, 1, *near_edges, *anywhere):
        octaves = math.log2(max(lasted_ns, 1) / 125e6)
        assert bin_of(lasted_ns) == min(max(math.ceil(8.0 * octaves), 0), HISTOGRAM_BINS - 1), lasted_ns
