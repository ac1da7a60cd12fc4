"""The compiled world: what people do in it, the same chance for all scenarios, and books that balance."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.kernel.audit import audit
from engine.messages.kinds import EXIT_ANSWERED, EXITS
from engine.model.tallies import Tally
from simulations.experiment.result import AT_WORK, Result
from simulations.experiment.runner import ReplicationRunner
from simulations.experiment.simulate import simulate
from simulations.scenario.scenario import Scenario
from simulations.world.runner import SimulationFailed

pytestmark = pytest.mark.timeout(600)  # the first of them compiles the world
HORIZON = {"from": "2026-11-23 08:00", "to": "2026-11-23 12:00", "interval": "30m"}
SETTLED = {"retry": {"share": 0.4, "after": "exponential(5m)"}, "balk": 0.1, "distribution": "exponential(1m)"}


def day(**queue: Any) -> Scenario:
    """Half a day of one queue, a little overloaded."""
    sales = {
        "arrivals": {"volumes": [40, 60, 90, 60], "repeat": True, "busyness": "15%"},
        "handle": {"talk": "lognormal(180s, 1.0)", "wrap_up": "exponential(20s)"},
        "patience": SETTLED,
        "ring": {"answer": "exponential(4s)", "no_answer": 0.05},
        "strategy": "longest-idle",
        "agents": 8,
    }
    return Scenario.of({"horizon": HORIZON, "queues": {"sales": sales | queue}})


def entered(result: Result) -> list[int]:
    """Contacts by replication."""
    return [int(count) for count in result.count("offered").sum(axis=(1, 2))]


def test_everybody_who_enters_leaves_and_the_kernels_books_balance() -> None:
    runner = ReplicationRunner(day().model)
    for replication in range(3):
        played = runner.play(1, replication)
        exits = played.tallies[..., Tally.EXIT : Tally.EXIT + EXITS].sum(axis=-1)
        assert (played.tallies[..., Tally.ENTRIES] == exits).all()
        late = played.contacts - played.tallies[..., Tally.ENTRIES].sum()
        assert 0 <= late < 10, "retrials after the last interval are played, and not counted"
        assert played.waits.sum() == played.tallies[..., Tally.EXIT].sum()
        assert 0 < played.retried.sum() < played.contacts
        assert audit(runner.tables) == []
        assert runner.tables.book["slot_count"][0] == len(runner.tables.contacts), "nobody is left"


def test_time_of_agents_adds_up() -> None:
    played = ReplicationRunner(day().model).play(1, 0)
    assert np.allclose(played.states_ns.sum(axis=-1), 8 * 1800e9), "eight agents, half an hour each interval"
    busy_ns = played.tallies[..., Tally.TALK_NS] + played.tallies[..., Tally.WRAP_UP_NS]
    assert 0.5 * busy_ns.sum() < played.states_ns[..., 3:6].sum() < 1.2 * busy_ns.sum()


def test_the_same_seed_gives_the_same_figures_whatever_plays_beside_it() -> None:
    one, two = simulate(day(), 6, 5, workers=1), simulate(day(), 6, 5, workers=3)
    assert np.array_equal(one.tallies, two.tallies)
    assert np.array_equal(one.waits, two.waits)
    more = simulate(day(), 8, 5)
    assert np.array_equal(more.tallies[:6], one.tallies), "a replication does not depend on how many there are"
    assert not np.array_equal(simulate(day(), 6, 6).tallies, one.tallies)


def test_scenarios_meet_the_same_callers() -> None:
    """With patience without end and no retrials, everybody is handled: as long in either scenario."""
    settled = {"patience": "never", "ring": "0s"}
    few, many = (simulate(day(agents=agents, **settled), 4, 2) for agents in (9, 14))
    assert entered(few) == entered(many)
    for column in (Tally.TALK_NS, Tally.WRAP_UP_NS):
        assert np.array_equal(few.tallies[..., column].sum(axis=(1, 2)), many.tallies[..., column].sum(axis=(1, 2)))
    assert few.tallies[..., Tally.ANSWERED_WAIT_NS].sum() > many.tallies[..., Tally.ANSWERED_WAIT_NS].sum()


def test_another_queue_beside_it_changes_no_chance() -> None:
    alone = day()
    raw = alone.raw | {"queues": {"first": alone.raw["queues"]["sales"], "sales": alone.raw["queues"]["sales"]}}
    both = simulate(Scenario.of(raw), 3, 2)
    told = [int(Tally.TOLD_WITHIN_P50), int(Tally.TOLD_WITHIN_P90)]  # estimates are brought up to date at other times
    mine, theirs = (np.delete(found, told, -1) for found in (both.tallies[:, 1], simulate(alone, 3, 2).tallies[:, 0]))
    assert np.array_equal(mine, theirs)
    assert not np.array_equal(both.tallies[:, 0], both.tallies[:, 1]), "queues differ by their names"


def test_more_volume_brings_the_same_contacts_earlier() -> None:
    settled = {"agents": 30, "patience": "never"}
    normal = simulate(day(arrivals={"rate": "2/min"}, **settled), 3, 2)
    double = simulate(day(arrivals={"rate": "2/min", "volume": 2.0}, **settled), 3, 2)
    ratio = double.count("offered").sum() / normal.count("offered").sum()
    assert 1.8 < ratio < 2.2


def test_days_differ_by_their_busyness() -> None:
    calm = entered(simulate(day(arrivals={"rate": "4/min"}, patience="never", agents=40), 40, 1))
    busy = entered(simulate(day(arrivals={"rate": "4/min", "busyness": "30%"}, patience="never", agents=40), 40, 1))
    assert np.std(calm) / np.mean(calm) < 0.06
    assert 0.2 < np.std(busy) / np.mean(busy) < 0.4
    assert np.mean(busy) == pytest.approx(np.mean(calm), rel=0.15)


def test_each_day_of_a_week_is_busy_by_itself() -> None:
    week = {"from": "2026-11-23 08:00", "to": "2026-11-30 08:00", "interval": "8h"}
    queue = day().raw["queues"]["sales"] | {"patience": "never", "arrivals": {"rate": "3/min", "busyness": "30%"}}
    zone = "Asia/Manila"
    raw = {"horizon": week, "time_zone": zone, "queues": {"sales": queue | {"agents": 40}}}
    offered = simulate(Scenario.of(raw), 12, 1).count("offered")[:, 0]
    days = offered[:, 2:20].reshape(12, 6, 3).sum(axis=2) / (3 * 60 * 24)
    assert 0.2 < days.std() < 0.4
    assert 0.2 < days.std(axis=1).mean() < 0.4, "days of a week differ as those of different weeks do"
    thirds = offered[:, 2:20].reshape(12, 6, 3) / (3 * 60 * 8)
    assert thirds.std(axis=2).mean() < 0.06, "and a day is one, from midnight to midnight of the scenario's clock"


def test_who_is_absent_is_drawn_each_day_and_a_night_shift_is_of_the_day_on_which_it_begins() -> None:
    week = {"from": "2026-11-23 00:00", "to": "2026-11-28 00:00", "interval": "4h"}
    groups = [
        {"group": "always", "count": 40, "absence": 0.4},
        {
            "group": "nights",
            "count": 40,
            "absence": 0.4,
            "shifts": [{"hours": "20:00-4:00", "breaks": ["23:30-24:00"]}],
        },
        {"group": "staffed", "staffing": [40] * 30, "absence": 0.4},
    ]
    queue = {key: value for key, value in day().raw["queues"]["sales"].items() if key != "agents"}
    scenario = Scenario.of({"horizon": week, "queues": {"sales": queue}, "agents": groups})
    there = 40 - simulate(scenario, 4, 1).states_s[..., 0] / (4 * 3600)
    for group in (0, 2):
        days = there[:, group].reshape(4, 5, 6)
        still = "the same people all day, but for who still talks at midnight, or wraps that talk up"
        assert np.ptp(days, axis=2).max() < 0.08, still
        assert days[:, :, 0].std(axis=1).min() > 0.5, "and others on the next"
        assert 21 < days.mean() < 27
    nights = there[:, 1, 5:].reshape(4, 25)
    assert nights[:, ::6][:, :4] == pytest.approx(nights[:, 1::6], abs=0.05)
    assert nights[:, ::6].std(axis=1).min() > 0.5


def test_a_trace_is_followed(tmp_path: Any) -> None:
    (tmp_path / "calls.csv").write_text("at_s\n10\n20.5\n1900\n99999\n", encoding="utf-8")
    queue = {"arrivals": {"trace": "calls.csv"}, "handle": {"talk": "3m"}, "agents": 1}
    scenario = Scenario.of({"horizon": HORIZON, "queues": {"q": queue}}, tmp_path)
    played = ReplicationRunner(scenario.model).play(1, 0)
    assert played.tallies[0, :, Tally.ENTRIES].tolist() == [2, 1, 0, 0, 0, 0, 0, 0]
    assert played.tallies[0, 0, Tally.ANSWERED_WAIT_NS] == round((190 - 20.5) * 1e9)


def test_closed_queues_refuse_and_trunks_block() -> None:
    raw = day().raw | {
        "trunk_groups": {"main": {"channels": 5}, "spare": {"channels": 2}},
        "opening_hours": {"early": {"time_zone": "UTC", "weekly": {"monday": "8:00-10:00"}}},
    }
    queue = raw["queues"]["sales"] | {"trunk_groups": ["main", "spare"], "opening_hours": "early", "patience": "never"}
    played = ReplicationRunner(Scenario.of(raw | {"queues": {"sales": queue}}).model).play(1, 0)
    assert played.peak_trunks[:, 2:4].max(axis=1).tolist() == [5, 2]
    blocked = played.tallies[0, :, Tally.EXIT + 12]
    assert blocked[:4].sum() > 0
    assert (played.tallies[0, 4:, Tally.ENTRIES] == played.tallies[0, 4:, Tally.EXIT + 11]).all()


def test_what_stands_at_a_boundary_is_in_the_next_interval() -> None:
    """Calls of half a day that come in the first half hour, and four agents: nobody comes or goes after that."""
    queue = {
        "arrivals": {"volumes": [60, 0, 0, 0, 0, 0, 0, 0]},
        "handle": {"talk": "12h"},
        "trunk_groups": ["main"],
        "agents": 4,
    }
    raw = {"horizon": HORIZON, "trunk_groups": {"main": {"channels": 90}}, "queues": {"sales": queue}}
    played = ReplicationRunner(Scenario.of(raw).model).play(1, 0)
    assert played.peak_trunks[0].tolist() == [played.peak_trunks[0, 0]] * 8
    assert played.longest[0].tolist() == [played.longest[0, 0]] * 8
    assert played.longest[0, 0] == played.peak_trunks[0, 0] - 4 > 30
    sales = day().raw["queues"]["sales"] | {"trunk_groups": ["main"]}
    few = {"horizon": HORIZON, "trunk_groups": {"main": {"channels": 12}}, "queues": {"sales": sales}}
    found = simulate(Scenario.of(few), 5, 1)
    assert (found.peak_trunks >= found.busy_trunks - 1e-9).all(), "a mean above the peak there was"
    assert (found.peak_trunks <= 12).all()


def test_absent_agents_do_not_come() -> None:
    raw = day().raw | {"agents": [{"group": "some", "count": 50, "absence": 0.5}]}
    del raw["queues"]["sales"]["agents"]
    found = simulate(Scenario.of(raw), 20, 1).states_s
    present = 50 - found[:, 0, :, 0].mean(axis=1) / 1800
    assert 23 < present.mean() < 27
    assert present.std() > 1


def test_slow_agents_take_longer() -> None:
    settled = {"patience": "never", "ring": "0s", "agents": None}
    raw = day().raw
    queue = {key: value for key, value in (raw["queues"]["sales"] | settled).items() if value is not None}
    found = [
        simulate(
            Scenario.of(raw | {"queues": {"sales": queue}, "agents": [{"group": "g", "count": 20, "speed": speed}]}),
            2,
            1,
        )
        .tallies[..., Tally.TALK_NS]
        .sum()
        for speed in (1.0, 0.5)
    ]
    assert found[1] == pytest.approx(2 * found[0], rel=1e-6)


@pytest.mark.parametrize("wrap_up", ["40s", "exponential(40s)"])
def test_slow_agents_wrap_up_as_slowly_as_they_talk(wrap_up: str) -> None:
    def times(**group: Any) -> Any:
        handle = {"talk": "1m", "wrap_up": wrap_up}
        queue = {"arrivals": {"rate": "6/h"}, "handle": handle, "strategy": "longest-idle"}
        agents = [{"group": "g", "count": 20, **group}]
        found = simulate(Scenario.of({"queues": {"q": queue}, "agents": agents}), 1, 1).tallies
        return found[..., (Tally.TALK_NS, Tally.WRAP_UP_NS)].sum(axis=tuple(range(found.ndim - 1)))

    usual = times()
    np.testing.assert_allclose(times(speed=0.5), 2 * usual, rtol=1e-6)
    np.testing.assert_allclose(times(speed={"q": 2}), usual / 2, rtol=1e-6)
    np.testing.assert_allclose(times(home={"always": 1, "speed": 0.8}), usual / 0.8, rtol=1e-6)


def test_who_did_not_answer_too_often_is_back_after_a_while() -> None:
    def played(**ring: Any) -> tuple[Any, Any]:
        raw = day().raw
        handled = {"arrivals": {"rate": "2/min"}, "patience": "exponential(3m)", "agents": 10}
        queue = raw["queues"]["sales"] | handled | {"ring": {"answer": "4s", "no_answer": "40%", **ring}}
        result = simulate(Scenario.of(raw | {"queues": {"sales": queue}}), 4, 1)
        at_work = result.states_s[..., AT_WORK].sum(axis=(1, 3)).mean(axis=0)
        answered = result.tallies[..., Tally.EXIT + EXIT_ANSWERED]
        return at_work, answered.reshape(len(answered), -1, answered.shape[-1]).sum(axis=(0, 2))

    at_work, answered = played()
    half = len(answered) // 2
    assert answered[half:].sum() > 0.9 * answered[:half].sum(), "as many as in the beginning"
    later, fewer = played(back_after="30m")
    assert later[-1] < at_work[-1] < 10 * 1800, "who is set aside is not at work"
    assert fewer.sum() < answered.sum()


def test_a_crowd_gets_the_room_it_needs() -> None:
    crowd = simulate(day(arrivals={"rate": "60/min"}, patience="never", agents=3), 1, 1)
    assert crowd.longest.max() > 10_000


def test_a_world_without_end_is_refused() -> None:
    runner = ReplicationRunner(day(arrivals={"rate": "100/s"}, patience="never").model)
    with pytest.raises(SimulationFailed, match="contacts at once: nobody serves them"):
        runner.play(1, 0)


PLAY_SLOWLY = """
from engine.kernel.fingerprint import fingerprint
from simulations.experiment.runner import ReplicationRunner
from tests.simulations.test_world import day
runner = ReplicationRunner(day(arrivals={"rate": "30/h"}, agents=2).model)
played = runner.play(1, 0)
print(played.contacts, played.rows, played.tallies.sum(), played.waits.sum(), fingerprint(runner.tables))
"""


@pytest.mark.slow
def test_plain_python_plays_the_same_world() -> None:
    said = [
        subprocess.run(
            [sys.executable, "-c", PLAY_SLOWLY],
            cwd=Path(__file__).parents[2],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for environment in ({"NUMBA_DISABLE_JIT": "1"}, {})
    ]
    assert said[0] == said[1] != ""
