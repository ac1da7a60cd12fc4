"""The next hour from the present state: what is expected, who is present, and what a plan makes of it."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import cast

import msgspec
import numpy as np
import pytest

from engine.errors import ForecastFailed, Overloaded
from engine.live.plans import PlanDriver
from engine.messages.effects import OfferContact
from engine.messages.kinds import (
    AGENT_STATUS_CHANGED,
    EXIT_ABANDONED,
    EXIT_ANSWERED,
    EXIT_CALLBACK,
    EXIT_EMPTY,
    EXIT_TIMED_OUT,
)
from engine.messages.observed import AgentStatusChanged, ContactArrived, ContactReleased, OfferAnswered, WrapUpFinished
from engine.model.forecast import Forecast, ForecastQuestion
from engine.model.plan_views import PlanOrder
from engine.model.tallies import Tally
from simulations.forecast.forecaster import Forecaster
from simulations.forecast.pauses import pauses_of
from simulations.forecast.play import PEOPLE, Hour, next_hour, play
from simulations.forecast.present import estimates_of, present_tables
from tests.driver_support import House, house

CENTRE = """
limits: {contacts: 256, agents: 8, queues: 4, trunk_groups: 2, requirements: 16, lines: 32, intervals: 8}
queues:
  sales: {strategy: longest-idle}
  survey: {strategy: longest-idle}
agents:
  - {name: "agent{n}", count: 4}
plans:
  closed: {close: [sales]}
  called-back: {callback_after: 5s}
"""
NAMES = tuple(f"agent{number}" for number in range(1, 5))


class Asked:
    """Plays in this process, and keeps what it was asked."""

    question: ForecastQuestion

    async def __call__(self, question: ForecastQuestion) -> Forecast:
        """Play, and note the question."""
        self.question = question
        return play(question)


@pytest.fixture
async def busy(tmp_path: Path) -> AsyncIterator[House]:
    """Half an hour of two calls a minute, of two minutes each, and four callers who wait now."""
    async with house(tmp_path, CENTRE) as h:
        await h.tell(*(AgentStatusChanged(agent=name, status="available") for name in NAMES))
        for number in range(60):
            if number >= 4:
                await h.tell(ContactReleased(contact=f"c{number - 4}"))
            await h.tell(ContactArrived(contact=f"c{number}", queue="sales"))
            await answered(h, f"c{number}")
            await h.pass_time(30)
        await h.tell(*(ContactArrived(contact=f"w{number}", queue="sales") for number in range(4)))
        yield h


async def answered(h: House, contact: str) -> None:
    await h.settle()
    agents = [one.agent for one in h.effects if isinstance(one, OfferContact) and one.contact == contact]
    await h.tell(OfferAnswered(contact=contact, agent=agents[-1]))


async def test_the_next_hour_goes_on_from_the_present_with_and_without_the_plan(
    busy: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulations.forecast.play.BUDGET_S", 600.0)  # both are played equally often, however long
    asked = Asked()
    plans = PlanDriver(busy.engine, None, asked, busy.clock.now_ns)
    preview = await plans.preview("closed")
    forecast = preview.forecast
    assert forecast is not None
    assert preview.forecast_missing == ""
    expected = estimates_of(present_tables(asked.question), 2, asked.question.now_ns)
    assert expected.rate[0] * 60e9 == pytest.approx(2.0, rel=0.2)
    assert expected.rate[1] == 0
    assert expected.talk_ns[0] == pytest.approx(120e9, rel=0.02)
    whole = forecast.whole
    assert forecast.replications >= 4
    assert whole.without.entries.value == pytest.approx(expected.rate[0] * 3600e9, rel=0.06)
    assert whole.without.contacts == whole.with_plan.contacts, "the same people come, and four wait now"
    assert whole.without.contacts.value == pytest.approx(whole.without.entries.value + 4, abs=0.02)
    assert whole.without.turned_away is not None
    assert whole.with_plan.turned_away is not None
    assert whole.without.turned_away.value == 0
    assert whole.with_plan.turned_away.value > 0.9, "only those who wait now are served"
    assert [one.queue for one in forecast.queues] == ["sales", "survey"]
    assert forecast.queues[1].without.service_level is None
    now = present_tables(asked.question)
    counted = Hour(asked.question, now, expected, asked.question.rows[:0]).play(1)[0]
    talked_ns = counted[Tally.TALK_NS] / counted[Tally.HANDLED]
    assert talked_ns == pytest.approx(expected.talk_ns[0], rel=0.25)
    again = play(asked.question)
    assert again.whole == whole


async def test_whoever_is_paused_comes_back_and_others_go(tmp_path: Path) -> None:
    """Agents are paused a fifth of the time in turn; the forecast begins when one has been so for a minute."""
    async with house(tmp_path, CENTRE) as h:
        await h.tell(*(AgentStatusChanged(agent=name, status="available") for name in NAMES))
        for number in range(20):
            name = NAMES[number % len(NAMES)]
            await h.tell(AgentStatusChanged(agent=name, status="paused"))
            await h.pass_time(96)
            await h.tell(AgentStatusChanged(agent=name, status="available"))
            await h.pass_time(24)
        await h.tell(AgentStatusChanged(agent=NAMES[0], status="paused"))
        await h.pass_time(60)
        asked = Asked()
        await PlanDriver(h.engine, None, asked, h.clock.now_ns).preview("closed")
    question = asked.question
    now, nothing = present_tables(question), question.rows[:0]
    found = pauses_of(now, question.now_ns, nothing)
    share = found.away_ns / (found.away_ns + found.at_work_ns)
    assert share == pytest.approx(0.2, abs=0.01)
    assert found.away_ns == pytest.approx((60e9 + 300e9) / 2, rel=0.01)
    assert found.paused.tolist() == [True, False, False, False]
    away_ns, chance, until_ns = 0.0, np.random.default_rng(1), question.now_ns + int(3600e9)
    for _ in range(200):
        script = found.room()
        found.write(script, question.now_ns, chance)
        assert (np.diff(script["at_ns"]) >= 0).all()
        for agent in range(4):
            own = script[(script["agent"] == agent) & (script["at_ns"] < until_ns)]
            assert (own["a"] == np.where(np.arange(len(own)) % 2 == (agent != 0), 2, 1)).all()
            away_ns += np.diff([question.now_ns, *own["at_ns"], until_ns])[agent != 0 :: 2].sum()
    assert away_ns / 200 / 4 / 3600e9 == pytest.approx(share, rel=0.1)
    bound = np.zeros(1, nothing.dtype)
    bound["kind"], bound["agent"] = AGENT_STATUS_CHANGED, 0
    assert pauses_of(now, question.now_ns, bound).free.tolist() == [False, True, True, True], "the plan decides on one"


async def test_who_is_set_aside_for_not_answering_comes_back(tmp_path: Path) -> None:
    async with house(tmp_path, CENTRE) as h:
        await h.tell(AgentStatusChanged(agent=NAMES[0], status="available"), ContactArrived(contact="c", queue="sales"))
        for _ in range(20):
            await h.pass_time(10)
        asked = Asked()
        driver = PlanDriver(h.engine, None, asked, h.clock.now_ns)
        with suppress(ForecastFailed):
            await driver.preview("closed")
    question = asked.question
    now = present_tables(question)
    assert now.agents["suspended_until_ns"].tolist().count(-1) == 1
    expected = estimates_of(now, len(question.queues), question.now_ns)
    counted = Hour(question, now, expected, question.rows[:0]).play(1)[0]
    assert counted[Tally.OFFERS] > 0


async def test_a_steady_rate_is_what_it_was_all_day_however_quiet_the_last_minutes_were(tmp_path: Path) -> None:
    """One in two minutes for two hours, then nobody for six minutes: as often as not in an hour that is chance."""
    async with house(tmp_path, CENTRE) as h:
        await h.tell(AgentStatusChanged(agent="agent1", status="available"))
        for number in range(60):
            await h.tell(ContactArrived(contact=f"c{number}", queue="sales"))
            await answered(h, f"c{number}")
            await h.pass_time(60)
            await h.tell(ContactReleased(contact=f"c{number}"))
            await h.pass_time(60)
        await h.pass_time(4 * 60)
        asked = Asked()
        await PlanDriver(h.engine, None, asked, h.clock.now_ns).preview("closed")
    now = present_tables(asked.question)
    late = float(now.queues["arrivals"][0])
    rate = estimates_of(now, 2, asked.question.now_ns).rate
    assert rate[0] * 3600e9 == pytest.approx(29, rel=0.06)
    assert float(now.queues["arrivals"][0]) < 0.9 * late, "what was counted of late fades until now"
    assert rate[1] == 0


def test_whom_the_queue_hangs_up_on_was_turned_away() -> None:
    counted = np.zeros((4, PEOPLE + 1))
    counted[:, [Tally.ENTRIES, PEOPLE]] = 20
    for way_out, count in ((EXIT_ANSWERED, 10), (EXIT_ABANDONED, 4), (EXIT_TIMED_OUT, 3), (EXIT_EMPTY, 3)):
        counted[:, Tally.EXIT + way_out] = count
    hour = next_hour(counted)
    assert hour.turned_away is not None
    assert hour.abandonment is not None
    assert (hour.turned_away.value, hour.abandonment.value) == (0.3, 0.2)


async def test_whoever_is_to_be_called_back_has_room_or_it_is_told(
    busy: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked()
    monkeypatch.setattr("simulations.forecast.play.REPLICATIONS", 4)
    await PlanDriver(busy.engine, None, asked, busy.clock.now_ns).preview("called-back")
    question, now = asked.question, present_tables(asked.question)
    hour = question, now, estimates_of(now, 2, question.now_ns), question.rows
    enough = Hour(*hour).play(1)
    assert enough[0, Tally.EXIT + EXIT_CALLBACK] > 4
    monkeypatch.setattr("simulations.forecast.play.RETRIALS", 1)
    np.testing.assert_array_equal(Hour(*hour).play(1), enough)
    monkeypatch.setattr("simulations.forecast.play.RETRIALS_MAX", 2)
    with pytest.raises(ForecastFailed, match="to be called back"):
        Hour(*hour).play(1)


async def test_just_after_a_start_it_says_why_there_is_none_and_from_when(tmp_path: Path) -> None:
    async with house(tmp_path, CENTRE) as h:
        await h.tell(*(AgentStatusChanged(agent=name, status="available") for name in NAMES))
        plans = PlanDriver(h.engine, None, Asked(), h.clock.now_ns)
        early = await plans.preview("closed")
        assert early.forecast is None
        assert "0 have been handled so far; ask again when 10 have been" in early.forecast_missing
        assert early.forecast_missing_code == "too_early"
        for number in range(10):
            await h.tell(ContactArrived(contact=f"c{number}", queue="sales"))
            await answered(h, f"c{number}")
            await h.pass_time(20)
            await h.tell(ContactReleased(contact=f"c{number}"))
        asked = Asked()
        found = await PlanDriver(h.engine, None, asked, h.clock.now_ns).preview("closed")
        assert found.forecast is not None, found.forecast_missing
        expected = estimates_of(present_tables(asked.question), 2, asked.question.now_ns)
        assert expected.talk_ns == pytest.approx([20e9, 20e9], rel=0.02), "of survey, too: no guess of three minutes"
        level = found.forecast.whole.without.service_level
        assert level is not None
        assert level.value > 0.9, "three calls a minute of 20 s for four agents"


async def test_agents_who_end_wrap_up_before_its_time_are_taken_as_they_do(tmp_path: Path) -> None:
    longer = CENTRE.replace("sales: {", "sales: {wrap_up: 60s, ").replace("count: 4", "count: 4, wrap_up: 90s")
    async with house(tmp_path, longer) as h:
        await h.tell(*(AgentStatusChanged(agent=name, status="available") for name in NAMES))
        for number in range(40):
            await h.tell(ContactArrived(contact=f"c{number}", queue="sales"))
            await answered(h, f"c{number}")
            await h.pass_time(20)
            await h.tell(ContactReleased(contact=f"c{number}"))
            await h.pass_time(2)
            await h.tell(*(WrapUpFinished(agent=name) for name in NAMES))
        asked = Asked()
        found = await PlanDriver(h.engine, None, asked, h.clock.now_ns).preview("closed")
        assert found.forecast is not None, found.forecast_missing
        expected = estimates_of(present_tables(asked.question), 2, asked.question.now_ns)
        assert expected.talk_ns[0] == pytest.approx(20e9, rel=0.02), "without the guess of three minutes"
        assert expected.wrap_up_ns[0] == pytest.approx(2e9, rel=0.02)
        level = found.forecast.whole.without.service_level
        assert level is not None
        assert level.value > 0.95, "of a minute and a half after each, all four would be busy"


async def test_those_who_wait_now_are_served_or_give_up(busy: House) -> None:
    asked = Asked()
    await PlanDriver(busy.engine, None, asked, busy.clock.now_ns).preview("called-back")
    question = asked.question
    tables = {name: table.copy() for name, table in question.tables.items()}
    tables["queues"]["arrivals"] = 0  # nobody else comes
    alone = play(msgspec.structs.replace(question, tables=tables))
    without, with_plan = alone.whole.without, alone.whole.with_plan
    assert without.entries.value == 0
    assert without.mean_wait_s is not None
    assert without.abandonment is not None
    assert without.called_back is not None
    assert with_plan.called_back is not None
    assert without.called_back.value == 0
    assert with_plan.called_back.value > 0.3
    assert (without.contacts.value, with_plan.contacts.value) == (4, 4), "those called back are the same people"
    assert with_plan.entries.value > 1, "who enter again"
    assert without.answered.value + without.given_up.value == pytest.approx(4, abs=0.05)
    share = with_plan.given_up.value / (with_plan.given_up.value + with_plan.answered.value)
    assert with_plan.abandonment is not None
    assert with_plan.abandonment.value == pytest.approx(share, abs=0.01), "of those who came to an end, counted once"


async def test_of_a_plan_in_force_the_present_is_with_it(busy: House) -> None:
    plans = PlanDriver(busy.engine, None, Asked(), busy.clock.now_ns)
    await plans.activate("closed", PlanOrder("mai", "storm"))
    forecast = (await plans.preview("closed")).forecast
    plans.stop()
    assert forecast is not None
    assert forecast.whole.with_plan.turned_away is not None
    assert forecast.whole.without.turned_away is not None
    assert forecast.whole.with_plan.turned_away.value > forecast.whole.without.turned_away.value


@pytest.mark.slow
async def test_a_process_of_its_own_plays_one_at_a_time_and_ends_with_who_asks(busy: House) -> None:
    forecaster = Forecaster()
    plans = PlanDriver(busy.engine, None, forecaster, busy.clock.now_ns)
    first = asyncio.ensure_future(plans.preview("closed"))
    async with asyncio.timeout(30):
        while not forecaster.busy:  # noqa: ASYNC110
            await asyncio.sleep(0)
    second = await plans.preview("closed")
    assert "another forecast" in second.forecast_missing
    first.cancel()
    await asyncio.wait([first])
    assert not forecaster.busy
    preview = await plans.preview("closed")
    assert preview.forecast is not None, preview.forecast_missing
    assert preview.forecast.whole.with_plan.turned_away is not None


class SlowToPack:
    """What takes as long to pack as is wanted."""

    begun, may_end = threading.Event(), threading.Event()

    def __reduce__(self) -> tuple[type, tuple[()]]:
        """Wait until it may end."""
        self.begun.set()
        assert self.may_end.wait(60)
        return SlowToPack, ()


async def test_it_stays_busy_while_it_packs_though_nobody_asks_any_more() -> None:
    forecaster, question = Forecaster(), SlowToPack()
    asking = asyncio.create_task(forecaster(cast("ForecastQuestion", question)))
    await asyncio.to_thread(question.begun.wait, 60)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    with pytest.raises(Overloaded):
        await forecaster(cast("ForecastQuestion", question))
    question.may_end.set()
    async with asyncio.timeout(60):
        while forecaster.busy:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_what_takes_too_long_or_breaks_is_told(busy: House) -> None:
    asked = Asked()
    await PlanDriver(busy.engine, None, asked, busy.clock.now_ns).preview("closed")
    with pytest.raises(ForecastFailed, match="longer than"):
        await Forecaster(limit_s=0.01)(asked.question)
    broken = {name: np.zeros(1) for name in asked.question.tables}
    question = msgspec.structs.replace(asked.question, tables=broken)
    with pytest.raises(ForecastFailed, match="without an answer"):
        await Forecaster()(question)
