"""Continuity plans in force: settings, doors and agents change and come back, whatever happens in between."""

import asyncio
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Event

import msgspec
import numpy as np
import pytest

from engine.config import Config
from engine.config.in_force import in_force
from engine.errors import ForecastFailed, PlanRefused
from engine.live.host import EngineHost
from engine.live.opening import OpeningHoursDriver
from engine.live.plans import PlanDriver
from engine.log.segment import SMALLEST_SEGMENT_BYTES
from engine.messages import kinds
from engine.messages.observed import AgentStatusChanged, ContactArrived, QueueClosed, QueueOpened
from engine.model.forecast import Forecast, ForecastQuestion
from engine.model.plan_views import CallbackStep, PlanOrder
from engine.model.settings import STEPS_MAX, AgentSetting, QueueSetting
from engine.replay.restore import state_at
from engine.replay.verify import verify
from engine.state import EngineState
from tests.driver_support import CENTRE, SECOND_NS, House, house, load_centre

PLANS = """
sites: {hanoi: {}}
plans:
  storm:
    title: {vi: Bão, en: Storm}
    tier: 2
    close: [later]
    max_length: {sales: 7}
    head_start: {help: 2m}
    concurrency: {chat: 5}
    offline: [hanoi]
    limits: {max_duration: 2h, review_every: 30m}
  flood: {tier: 1, only: [help, later], max_length: {sales: 3}}
  queue-full: {max_length: {sales: 5}, drill: true}
"""
HOUSE = CENTRE.replace("name: alice,", "name: alice, site: hanoi,") + PLANS
SEGMENT_BYTES = SMALLEST_SEGMENT_BYTES * 8
NEEDED = PlanOrder(by="mai", reason="no power")


def settings_of(state: EngineState) -> dict[str, list[list[int]]]:
    tables = state.settings()
    return {name: getattr(tables, name).tolist() for name in ("queues", "agents", "trunk_groups", "channels")}


def sales_length(state: EngineState) -> int:
    return int(state.tables.queues["settings"][state.directory.queues.number("sales"), QueueSetting.MAX_LENGTH])


def is_open(state: EngineState, queue: str) -> bool:
    return bool(state.tables.queues["settings"][state.directory.queues.number(queue), QueueSetting.OPEN])


def status(state: EngineState, agent: str) -> str:
    return kinds.STATUS_NAMES[int(state.tables.agents["status"][state.directory.agents.number(agent)])]


def driver_of(h: House, hours: OpeningHoursDriver | None = None) -> PlanDriver:
    return PlanDriver(h.engine, hours, wall_ns=h.clock.now_ns)


async def available(h: House, *agents: str) -> None:
    await h.tell(*(AgentStatusChanged(agent=agent, status="available") for agent in agents))


async def test_a_plan_changes_what_it_says_and_its_end_puts_all_of_it_back(tmp_path: Path) -> None:
    async with house(tmp_path, HOUSE) as h:
        await available(h, "alice", "bob")
        before, plans = settings_of(h.state), driver_of(h)
        told = {(one.what, one.setting): (one.now, one.then) for one in plans.detail("storm").changes}
        assert told["queue", "max_length"] == ("0", "7")
        assert told["queue", "head_start"] == ("0s", "2m")
        assert told["queue", "door"] == ("open", "closed")
        assert told["agent", "status"] == ("available", "offline")
        assert told["agent", "capacity.chat"] == ("3", "5")
        outcome = await plans.activate("storm", NEEDED)
        assert outcome.plan.active is not None
        assert (outcome.plan.active.by, outcome.plan.active.agents_offline, outcome.refused) == ("mai", 1, [])
        assert (sales_length(h.state), is_open(h.state, "later"), status(h.state, "alice")) == (7, False, "offline")
        assert status(h.state, "bob") == "available"
        assert h.state.tables.agents["settings"][0, AgentSetting.CAPACITY + kinds.CHAT] == 5
        assert (await plans.deactivate("storm", "mai", "power is back")).changed > 1
        assert settings_of(h.state) == before
        assert (status(h.state, "alice"), len(h.state.plans)) == ("available", 0)
        plans.stop()


BACK_UP = """
sites: {hanoi: {}, danang: {}}
plans: {help-out: {back_up: {hanoi: danang}}}
"""


async def test_a_back_up_site_is_among_what_changes(tmp_path: Path) -> None:
    centre = CENTRE.replace("name: alice,", "name: alice, site: hanoi, queues: [later, sales],")
    centre = centre.replace("name: bob,", "name: bob, site: danang, queues: [help],") + BACK_UP
    async with house(tmp_path, centre) as h:
        plans = driver_of(h)
        told = {one.setting: (one.what, one.names, one.now, one.then) for one in plans.detail("help-out").changes}
        assert told == {
            "queues": ("agent", ["bob"], "help", "sales, help, later"),
            "skills": ("agent", ["bob"], "english 1", "english 5, billing 5"),
        }
        await plans.activate("help-out", NEEDED)
        back = {one.setting: (one.now, one.then) for one in plans.detail("help-out").changes}
        assert back == {setting: (then, now) for setting, (_, _, now, then) in told.items()}
        plans.stop()


async def test_callback_after_says_where_it_holds_and_where_there_is_no_step_to_spare(tmp_path: Path) -> None:
    steps = ", ".join(f"{{after: {100 + n}s, do: overflow, to: sales}}" for n in range(STEPS_MAX - 1))
    centre = CENTRE.replace("do: callback, to: sales}]", f"do: callback, to: sales}}, {steps}]")
    async with house(
        tmp_path, f"{centre}  \nplans: {{call: {{callback_after: 2m}}, other: {{max_length: {{sales: 3}}}}}}"
    ) as h:
        plans = driver_of(h)
        assert plans.detail("other").callbacks is None
        for _ in ("before", "in force"):
            assert plans.detail("call").callbacks == CallbackStep(120.0, ["sales", "help"], ["later"])
            await plans.activate("call", NEEDED)
        assert (await plans.preview("call")).callbacks == plans.detail("call").callbacks
        plans.stop()


async def test_the_same_order_again_changes_nothing_and_another_prolongs(tmp_path: Path) -> None:
    async with house(tmp_path, HOUSE) as h:
        plans = driver_of(h)
        first = await plans.activate("storm", NEEDED)
        assert (await plans.activate("storm", NEEDED)).changed == 0
        h.clock.advance(60 * SECOND_NS)
        until_ns = h.clock.now_ns() + 7200 * SECOND_NS
        longer = await plans.activate("storm", PlanOrder("lan", "still dark", until_ns))
        assert longer.changed == 1
        active, was = longer.plan.active, first.plan.active
        assert active is not None
        assert was is not None
        assert (active.until_ns, active.by, active.seq, active.since_ns) == (until_ns, "lan", was.seq, was.since_ns)
        assert active.review_due_ns == active.reviewed_ns + 1800 * SECOND_NS
        await plans.deactivate("storm", "lan", "")
        assert (await plans.deactivate("storm", "lan", "")).changed == 0
        plans.stop()


async def test_orders_that_cannot_be_are_refused_by_field(tmp_path: Path) -> None:
    async with house(tmp_path, HOUSE) as h:
        plans, now_ns = driver_of(h), h.clock.now_ns()
        for field, order in (
            ("reason", PlanOrder("mai", " ")),
            ("until_ns", PlanOrder("mai", "dark", now_ns)),
            ("until_ns", PlanOrder("mai", "dark", now_ns + 7201 * SECOND_NS)),
        ):
            with pytest.raises(PlanRefused) as refused:
                await plans.activate("storm", order)
            assert refused.value.field == field
        with pytest.raises(KeyError, match="did you mean 'storm'"):
            await plans.activate("strom", NEEDED)
        await plans.activate("storm", NEEDED)
        with pytest.raises(PlanRefused, match="end it first"):
            await plans.activate("storm", msgspec.structs.replace(NEEDED, drill=True))
        assert sum(kind == kinds.PLAN_ACTIVATED for kind in h.kinds()) == 1
        drill = await plans.activate("queue-full", NEEDED)
        assert drill.plan.active is not None
        assert drill.plan.active.drill
        plans.stop()


async def test_the_graver_plan_has_the_last_word_in_whatever_order_they_come_and_go(tmp_path: Path) -> None:
    for order in (["storm", "flood", "queue-full"], ["flood", "queue-full", "storm"]):
        async with house(tmp_path, HOUSE) as h:
            before, plans = settings_of(h.state), driver_of(h)
            for name in order:
                await plans.activate(name, NEEDED)
            assert sales_length(h.state) == 3
            assert [is_open(h.state, name) for name in ("sales", "help", "later")] == [False, True, True]
            await plans.deactivate("flood", "mai", "")
            assert sales_length(h.state) == 7
            assert [is_open(h.state, name) for name in ("sales", "help", "later")] == [True, True, False]
            await plans.deactivate("storm", "mai", "")
            assert sales_length(h.state) == 5
            await plans.deactivate("queue-full", "mai", "")
            assert settings_of(h.state) == before
            plans.stop()


async def test_what_people_do_meanwhile_stays(tmp_path: Path) -> None:
    async with house(tmp_path, HOUSE) as h:
        await available(h, "alice")
        await h.tell(QueueClosed(queue="sales", by="eve"))
        plans = driver_of(h)
        await plans.activate("storm", NEEDED)
        await plans.activate("flood", NEEDED)
        h.clock.advance(SECOND_NS)
        await available(h, "alice")  # from home
        await h.tell(AgentStatusChanged(agent="alice", status="offline"))
        await plans.deactivate("flood", "mai", "")
        assert not is_open(h.state, "sales"), "it was closed before"
        await h.tell(QueueOpened(queue="later", by="eve"))
        await plans.deactivate("storm", "mai", "")
        assert is_open(h.state, "later")
        assert status(h.state, "alice") == "offline", "who came back and went again chose so"
        plans.stop()


async def test_hours_that_begin_meanwhile_wait_for_the_end_of_the_plan(tmp_path: Path) -> None:
    hours = '\nopening_hours: {office: {time_zone: UTC, weekly: {monday-sunday: "0:00-23:00"}}}\n'
    text = HOUSE.replace("  later: {", "  later: {opening_hours: office, ") + hours
    async with house(tmp_path, text) as h:
        driver = OpeningHoursDriver(h.engine, h.config, h.clock.now_ns)
        driver.start(h.clock.now_ns())
        plans = driver_of(h, driver)
        await h.tell(QueueClosed(queue="later", by="eve"))
        await plans.activate("storm", NEEDED)
        for by_s in (20 * 3600, 4 * 3600):  # past the end of a day and the beginning of the next
            h.clock.advance(by_s * SECOND_NS)
            driver.look()
            await h.settle()
        assert not is_open(h.state, "later")
        active = h.state.plans.find("storm")
        assert active is not None
        opens = driver.is_open_by_hours("later", active.since_ns, False)
        await plans.deactivate("storm", "mai", "")
        assert opens
        assert is_open(h.state, "later")
        driver.stop()
        plans.stop()


async def test_a_plan_ends_by_itself_and_leaves_agents_to_themselves(tmp_path: Path) -> None:
    async with house(tmp_path, HOUSE) as h:
        await available(h, "alice")
        plans = driver_of(h)
        await plans.activate("storm", NEEDED)
        h.clock.advance(7200 * SECOND_NS)
        plans.look()
        assert (sales_length(h.state), is_open(h.state, "later"), len(h.state.plans)) == (0, True, 0)
        assert status(h.state, "alice") == "offline", "nobody says that she is there"
        await h.settle()
        (event,) = h.engine.views.events.read(0, 10, ["plan_deactivated"]).events
        assert (event.data["plan"], event.data["expired"]) == ("storm", True)
        plans.stop()


async def test_a_reload_keeps_plans_in_force_even_those_that_are_gone_from_the_file(tmp_path: Path) -> None:
    async with house(tmp_path, HOUSE) as h:
        plans = driver_of(h)
        await plans.activate("storm", NEEDED)
        h.engine.configure(load_centre(tmp_path, HOUSE.replace("{sales: 7}", "{sales: 8}")))
        assert sales_length(h.state) == 7, "it is carried out as it was activated"
        h.engine.configure(load_centre(tmp_path, CENTRE))
        assert sales_length(h.state) == 7
        assert [(plan.plan, plan.configured) for plan in plans.overview().plans] == [("storm", False)]
        assert (await plans.deactivate("storm", "mai", "")).plan.active is None
        assert sales_length(h.state) == 0
        plans.stop()


async def test_a_queue_that_a_reload_adds_is_closed_where_a_plan_says_so(tmp_path: Path) -> None:
    async with house(tmp_path, HOUSE) as h:
        plans = driver_of(h)
        await plans.activate("flood", NEEDED)
        (before,) = h.state.plans
        h.clock.advance(60 * SECOND_NS)
        h.engine.configure(load_centre(tmp_path, HOUSE.replace("queues:\n", "queues:\n  extra: {}\n", 1)))
        plans.follow()
        seq = h.state.seq
        assert not is_open(h.state, "extra")
        assert is_open(h.state, "help")
        (after,) = h.state.plans
        assert (after.seq, after.reviewed_ns) == (before.seq, before.reviewed_ns), "nobody looked at it"
        plans.follow()
        assert h.state.seq == seq, "once is enough"
        again = EngineState(h.state.capacity)
        again.load(h.state.save())
        assert "extra" in again.plans.doors
        await plans.deactivate("flood", "mai", "")
        assert is_open(h.state, "extra")
        plans.stop()


async def test_intervals_with_a_drill_say_so_for_good(tmp_path: Path) -> None:
    async with house(tmp_path, HOUSE) as h:
        plans, step_ns = driver_of(h), h.engine.views.interval_ns

        async def lasting(name: str, order: PlanOrder) -> None:
            await plans.activate(name, order)
            await h.tell(ContactArrived(contact=f"c{h.state.seq}", queue="sales"))
            h.clock.advance(step_ns)
            await plans.deactivate(name, "mai", "")
            h.clock.advance(step_ns)
            await h.tell(ContactArrived(contact=f"c{h.state.seq}", queue="sales"))
            h.clock.advance(step_ns)

        await lasting("queue-full", NEEDED)
        await lasting("flood", NEEDED)
        rows = h.engine.views.cut_intervals(step_ns)().rows
        assert [row.drill for row in rows] == [True, False, False, False]
        again = EngineState(h.state.capacity)
        again.load(h.state.save())
        for start_ns in (1, h.clock.now_ns() - 6 * step_ns, h.clock.now_ns()):
            marked = again.plans.is_drilled(start_ns, start_ns + step_ns)
            assert marked == h.state.plans.is_drilled(start_ns, start_ns + step_ns)


class Asked:
    """Keeps what it is asked, and fails."""

    def __init__(self) -> None:
        self.questions: list[ForecastQuestion] = []

    async def __call__(self, question: ForecastQuestion) -> Forecast:
        """Note the question."""
        self.questions.append(question)
        raise ForecastFailed("failed", "there is no crystal ball")


async def test_a_preview_copies_the_state_and_says_why_there_is_no_forecast(tmp_path: Path) -> None:
    async with house(tmp_path, HOUSE) as h:
        await h.tell(ContactArrived(contact="c1", queue="sales"))
        asked = Asked()
        preview = await PlanDriver(h.engine, None, asked, h.clock.now_ns).preview("storm")
        told = (preview.forecast, preview.forecast_missing_code, preview.forecast_missing)
        assert told == (None, "failed", "there is no crystal ball")
        (question,) = asked.questions
        assert np.array_equal(question.tables["contacts"], np.asarray(h.state.tables.contacts))
        assert len(question.rows) == sum(one.count for one in preview.changes)
        assert not h.engine.standstill.is_on


async def test_a_preview_waits_for_no_thread_that_others_need(tmp_path: Path) -> None:
    async with house(tmp_path, HOUSE) as h:
        asyncio.get_running_loop().set_default_executor(pool := ThreadPoolExecutor(1))
        busy = Event()
        slow = pool.submit(busy.wait)
        try:
            driver = PlanDriver(h.engine, None, Asked(), h.clock.now_ns)
            await driver.preview("storm")
            assert not slow.done(), "what others read goes on, and the copy was made beside it"
        finally:
            busy.set()


def serving(config: Path, data: Path) -> "subprocess.Popen[str]":
    arguments = [sys.executable, "-m", "tests.plan_process", str(config), str(data)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.parametrize("expired", [False, True])
async def test_a_plan_survives_a_kill_and_ends_after_the_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expired: bool
) -> None:
    config, data = load_centre(tmp_path, HOUSE), tmp_path / "data"
    process = serving(tmp_path / "centre.yaml", data)
    assert process.stdout is not None
    said = await asyncio.to_thread(process.stdout.readline)
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    process.stdout.close()
    assert said.strip() == "active"
    killed = state_at(data)
    assert (sales_length(killed), [plan.record.by for plan in killed.plans]) == (7, ["mai"])
    if expired:
        later = partial(PlanDriver, wall_ns=lambda: time.time_ns() + 7200 * SECOND_NS)
        monkeypatch.setattr("engine.live.host.PlanDriver", later)
    host = EngineHost(config, data, segment_bytes=SEGMENT_BYTES)
    await host.start()
    state = host.engine.state
    if not expired:
        assert (sales_length(state), is_open(state, "later")) == (7, False)
        await host.plans.deactivate("storm", "mai", "power is back")
    assert (sales_length(state), is_open(state, "later"), len(state.plans)) == (0, True, 0)
    await host.stop()
    report = verify(data)
    assert report.ok, str(report)


@pytest.mark.slow
async def test_a_plan_survives_a_stop_with_its_snapshot(tmp_path: Path) -> None:
    config, data = load_centre(tmp_path, HOUSE), tmp_path / "data"
    for number in range(2):
        host = EngineHost(config, data, segment_bytes=SEGMENT_BYTES)
        await host.start()
        if not number:
            await host.plans.activate("storm", NEEDED)
        assert [plan.plan for plan in host.plans.overview().plans if plan.active] == ["storm"]
        assert sales_length(host.engine.state) == 7
        await host.stop()
    assert list((data / "snapshots").glob("*.trk"))


def test_configurations_without_plans_are_as_they_were(tmp_path: Path) -> None:
    config: Config = load_centre(tmp_path)
    assert in_force(config, []) is config
