"""What breaks in the simulated world, what a plan does about it, and agents who work from home."""

from typing import Any

import numpy as np
import pytest

from engine.errors import ConfigError
from engine.kernel.audit import audit
from engine.model.tallies import Tally
from simulations.experiment.result import AT_WORK, Result
from simulations.experiment.runner import ReplicationRunner
from simulations.experiment.simulate import simulate
from simulations.scenario.scenario import Scenario

pytestmark = pytest.mark.timeout(600)  # the first of them compiles the world
HORIZON = {"from": "2026-11-23 08:00", "to": "2026-11-23 12:00", "interval": "30m"}
NINE = {"at": "2026-11-23 09:00", "for": "1h"}


def two_sites(world: dict[str, Any], plan: dict[str, Any] | None = None, **more: Any) -> Scenario:
    """Calls to two sites by a carrier each, and chats; something breaks from nine to ten."""
    plans: dict[str, Any] = {} if plan is None else {"plans": {"storm": plan}}
    respond = {} if plan is None else {"respond": {"plan": "storm"}}
    calls = {"handle": {"talk": "3m"}, "strategy": "longest-idle"}
    values = {
        "horizon": HORIZON,
        "sites": {"hanoi": {"backup_power": "30m"}, "danang": {}},
        "trunk_groups": {"red": {"channels": 40, "site": "hanoi"}, "blue": {"channels": 40}},
        "queues": {
            "north": calls | {"arrivals": {"rate": "60/h"}, "trunk_groups": ["red"], "skills": {"north": 1}},
            "south": calls | {"arrivals": {"rate": "60/h"}, "trunk_groups": ["blue"], "skills": {"south": 1}},
            "chat": calls | {"channel": "chat", "arrivals": {"rate": "60/h"}, "skills": {"north": 1}},
        },
        "agents": [
            {"group": "north", "count": 8, "site": "hanoi", "skills": {"north": 1}},
            {"group": "south", "count": 8, "site": "danang", "skills": {"south": 1}},
        ],
        "disruptions": [NINE | {"world": world} | respond],
        **plans,
    }
    return Scenario.of(values | more)


def at_work(result: Result, group: int = 0) -> list[float]:
    return [round(float(count), 1) for count in result.agents_at_work()[group]]


def answered(result: Result, queue: int) -> Any:
    return result.count("answered")[:, queue].sum(axis=0)


def test_a_power_cut_bites_when_the_batteries_are_empty_and_takes_the_lines_along() -> None:
    cut = two_sites({"power_down": "hanoi"})
    runner = ReplicationRunner(cut.model)
    played = runner.play(1, 0)
    assert audit(runner.tables) == []
    assert played.cut_off[0, 3] > 0, "who talks at half past nine is cut off"
    assert played.cut_off.sum() == played.cut_off[:, 3].sum()
    found = simulate(cut, 3, 1)
    assert at_work(found) == [8, 8, 8, 0, 8, 8, 8, 8]
    assert at_work(found, 1) == [8] * 8
    blocked = found.count("blocked").sum(axis=0)
    assert blocked[0, 3] > 0
    assert blocked[0, [0, 1, 2, 4]].sum() == 0
    assert blocked[1].sum() == 0


def test_a_quarantine_lets_talks_end_and_spares_those_at_home() -> None:
    closed = two_sites({"quarantine": "hanoi"}).changed("agents.north.home={always: 50%}")
    found = simulate(closed, 3, 1)
    assert found.cut_off.sum() == 0
    assert at_work(found)[3] == 4
    assert at_work(found)[0] == 8


def test_without_internet_calls_go_on_and_chats_wait() -> None:
    found = simulate(two_sites({"internet_down": "hanoi"}), 3, 1)
    assert found.cut_off[:, 2, 2].sum() > 0
    assert found.cut_off[:, :2].sum() == 0
    talks = found.tallies[:, :, :, Tally.TALK_NS].sum(axis=0)
    wait_s = found.by_queue("asa_s").value
    assert wait_s[2, 2] > 600
    assert wait_s[0, :4].max() < 60
    assert talks[0, 2:4].min() > 0


def test_a_plan_gives_no_chats_to_a_site_without_internet() -> None:
    world, plan = {"internet_down": "hanoi"}, {"concurrency": {"chat": 5}}
    respond = {"respond": {"plan": "storm", "after": "5m"}}
    planned = two_sites(world, plan, disruptions=[NINE | {"world": world} | respond])
    waits = [simulate(one, 3, 1).by_queue("asa_s").value[2] for one in (two_sites(world), planned)]
    assert min(wait_s[2] for wait_s in waits) > 600, "they wait until the internet is back"
    assert max(wait_s[4] for wait_s in waits) < 60


def test_a_carrier_that_is_lost_takes_its_calls_along_and_those_who_were_cut_off_call_again() -> None:
    lost = two_sites({"carrier_down": ["red"]})
    found = simulate(lost, 3, 1)
    assert found.cut_off[:, 0, 2].sum() > 0
    assert found.cut_off[:, 1:].sum() == 0
    again = lost.changed("queues.north.patience={retry: {share: 0%, after: 90m, cut_off: 100%}}")
    assert simulate(again, 3, 1).retried[:, 0].sum() == found.cut_off[:, 0].sum()


def test_a_back_up_site_serves_what_the_other_cannot() -> None:
    plan = {"back_up": {"hanoi": "danang"}}
    alone = simulate(two_sites({"site_down": "hanoi"}), 3, 1)
    helped = simulate(two_sites({"site_down": "hanoi"}, plan), 3, 1)
    assert alone.estimate("asa_s", "north", by_interval=True).value[2] > 900, "they wait until ten"
    assert helped.estimate("asa_s", "north", by_interval=True).value[2] < 180
    assert helped.estimate("service_level", "north", by_interval=True).value[6] > 0.9, "and so it is afterwards"


def test_rerouted_calls_are_served_elsewhere() -> None:
    plan = {"reroute": {"north": "south"}}
    alone = simulate(two_sites({"site_down": "hanoi"}), 3, 1)
    away = simulate(two_sites({"site_down": "hanoi"}, plan), 3, 1)
    more = away.count("answered")[:, 1, 2:4].sum() - alone.count("answered")[:, 1, 2:4].sum()
    assert more == away.count("overflowed")[:, 0, 2:4].sum() > 0


def test_who_hears_that_it_takes_long_may_hang_up() -> None:
    plan = {"announce": {"north": "It takes long"}}
    alone = two_sites({"site_down": "hanoi"}, plan)
    told = alone.changed("queues.north.announcement=40%")
    before, after = (simulate(one, 10, 1).count("abandoned").sum(axis=0) for one in (alone, told))
    offered = simulate(alone, 10, 1).count("offered").sum(axis=0)
    assert before.sum() == 0
    assert after[0, 2:4].sum() / offered[0, 2:4].sum() == pytest.approx(0.4, abs=0.08)
    assert after[0, [0, 1, 6, 7]].sum() == after[1].sum() == 0


def test_home_equipment_bounds_who_works_on_from_home_and_how_fast() -> None:
    plan = {"work_from_home": [{"site": "hanoi"}]}
    home = "agents.north.home={equipped: 50%, speed: 0.5}"
    found = simulate(two_sites({"site_down": "hanoi"}, plan).changed(home), 3, 1)
    assert at_work(found)[2:4] == [4, 4]
    aht = found.estimate("aht_s", "chat", by_interval=True).value
    assert aht[2] == pytest.approx(360)
    assert aht[[0, 6]] == pytest.approx([180, 180])


def test_lines_at_home_fail_as_often_as_is_said() -> None:
    """The share of the time at work is the availability; what goes on when a line fails is cut off."""
    homes = two_sites({}).changed("agents.north.home={always: 100%, availability: 90%, outage: 5m}")
    found = simulate(homes, 40, 1)
    states = found.states_s[:, 0]
    share = states[..., AT_WORK].sum(axis=(1, 2)) / (8 * 4 * 3600)
    error = share.std(ddof=1) / np.sqrt(len(share))
    assert abs(share.mean() - 0.9) < 4 * error < 0.03
    assert found.cut_off.sum() > 50
    again = simulate(homes, 40, 1, workers=1)
    assert np.array_equal(again.tallies, found.tallies), "the same seed, the same failures"
    assert simulate(homes.changed("agents.north.home={always: 100%}"), 2, 1).cut_off.sum() == 0


@pytest.mark.parametrize("availability", ["100%", "95%", "20%"])
def test_agents_come_back_to_their_site_however_well_the_lines_at_home_hold(availability: str) -> None:
    """And a break goes on that is under way when the site is there again."""
    plan = {"work_from_home": [{"site": "hanoi"}]}
    home = f"agents.north.home={{equipped: 50%, availability: {availability}, outage: 5m}}"
    sent = two_sites({"site_down": "hanoi"}, plan).changed(home)
    found = at_work(simulate(sent, 20, 1))
    assert found[:2] == [8, 8]
    assert found[4:] == [8] * 4, "the power is back at ten"
    assert found[2] == pytest.approx(4 * float(availability.rstrip("%")) / 100, abs=0.4)
    shift = "agents.north.shifts=[{hours: 8:00-12:00, breaks: [9:45-10:30]}]"
    assert at_work(simulate(sent.changed(shift), 3, 1))[4:6] == [0, 8]


def test_who_is_never_available_is_a_fault() -> None:
    with pytest.raises(ConfigError, match="say 'equipped: 0'"):
        two_sites({}).changed("agents.north.home={availability: 0%}")


def test_put_off_work_waits_until_somebody_comes() -> None:
    """E-mails of the evening are answered in the morning, and waits of hours are told."""
    mail = Scenario.of(
        {
            "horizon": {"from": "2026-11-22 17:00", "to": "2026-11-22 18:00", "interval": "1h", "drain": "20h"},
            "queues": {"mail": {"channel": "email", "arrivals": {"rate": "10/h"}, "handle": {"talk": "1s"}}},
            "agents": [{"group": "g", "count": 1, "shifts": [{"hours": "8:00-9:00"}]}],
        }
    )
    raw = mail.raw | {"horizon": mail.raw["horizon"] | {"from": "2026-11-22 17:00", "to": "2026-11-23 09:00"}}
    found = simulate(Scenario.of(raw), 5, 1)
    waits_s = found.estimate("asa_s", "mail", by_interval=True).value
    assert waits_s[:15] == pytest.approx([15 * 3600 - 3600 * place - 1800 for place in range(15)], rel=0.2)
    median_s = found.wait_quantile_s(0.5)[0]
    assert median_s[0] == pytest.approx(14.5 * 3600, abs=1800)
    assert found.count("answered").sum() == found.count("offered").sum()
