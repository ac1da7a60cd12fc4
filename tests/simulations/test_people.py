"""What people do in the compiled world beyond calling and talking: chats at once, transfers, callbacks, disruptions."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.kernel.audit import audit
from engine.messages.kinds import (
    CONTACT_ANSWERED,
    CONTACT_ENDED,
    EXIT_ABANDONED,
    EXIT_CALLBACK,
    EXIT_REFUSED_CLOSED,
    EXIT_SHORT_ABANDONED,
    OFFER_MADE,
    WRAP_UP_ENDED,
)
from engine.model.tallies import Tally
from simulations.experiment.runner import ReplicationRunner
from simulations.experiment.simulate import simulate
from simulations.scenario.scenario import Scenario
from simulations.world import chance

pytestmark = pytest.mark.timeout(600)  # the first of them compiles the world
HORIZON = {"from": "2026-11-23 08:00", "to": "2026-11-23 12:00", "interval": "30m"}


def queue(rate: str, talk: str, **more: Any) -> dict[str, Any]:
    return {"arrivals": {"rate": rate}, "handle": {"talk": talk}, "strategy": "longest-idle"} | more


def scenario(queues: dict[str, Any], agents: list[dict[str, Any]], **more: Any) -> Scenario:
    return Scenario.of({"horizon": HORIZON, "queues": queues, "agents": agents} | more)


def rows_of(one: Scenario) -> Any:
    """All rows of a replication."""
    taken: list[Any] = []
    ReplicationRunner(one.model, log_rows=1 << 16).play(1, 0, taken.append)
    return np.concatenate(taken)


def tally(found: Any, column: int, place: int = 0) -> int:
    return int(found.tallies[:, place, :, column].sum())


def test_several_chats_at_once_take_longer_each() -> None:
    """Two chats at once of one agent, each half as fast: as much done as one after the other."""
    chats = {"chat": queue("20/h", "2m", channel="chat")}
    alone = scenario(chats, [{"group": "g", "count": 1, "capacity": {"chat": 1}}])
    for slower, factor in ((0.0, 1.0), (1.0, 2.0)):
        many = scenario(
            {"chat": queue("2000/h", "2m", channel="chat")},
            [{"group": "g", "count": 1, "capacity": {"chat": 2}}],
            channels={"chat": {"slower": slower}},
        )
        found = simulate(many, 1, 1)
        mean_s = tally(found, Tally.TALK_NS) / tally(found, Tally.HANDLED) / 1e9
        assert mean_s == pytest.approx(120 * factor, rel=0.02)
    assert tally(simulate(alone, 1, 1), Tally.TALK_NS) / 1e9 == pytest.approx(120 * tally(simulate(alone, 1, 1), 25))


def test_wrap_ups_slow_no_chats(tmp_path: Path) -> None:
    """Chats of a minute with wrap-ups of ten, three at once, each further talk as much again: at 0 s, 65 s and 75 s."""
    (tmp_path / "chats.csv").write_text("0\n65\n75\n", encoding="utf-8")
    chats = {"arrivals": {"trace": "chats.csv"}, "channel": "chat", "handle": {"talk": "60s", "wrap_up": "10m"}}
    raw = {
        "horizon": HORIZON,
        "queues": {"chat": chats | {"strategy": "longest-idle", "agents": 1}},
        "channels": {"chat": {"capacity": 3, "slower": 1.0}},
    }
    rows = rows_of(Scenario.of(raw, tmp_path))
    talks_s = (rows["b"][rows["kind"] == CONTACT_ENDED] / 1e9).round(3).tolist()
    # From 75 s on two talk at half the pace beside a wrap-up: 50 s are left of the one, which take 100 s, and after
    # that 10 s of the other, alone.
    assert talks_s == [60, 110, 110]


def test_interrupted_work_stands_still() -> None:
    """An e-mail of ten minutes, and calls of a minute that come meanwhile: it takes longer by as much."""
    both = scenario(
        {"mail": queue("3/h", "10m", channel="email"), "calls": queue("20/h", "1m")},
        [{"group": "g", "count": 1}],
        channels={"voice": {"may_interrupt": ["email"]}},
    )
    found = simulate(both, 20, 1)
    mean_s = tally(found, Tally.TALK_NS) / tally(found, Tally.HANDLED) / 1e9
    assert 700 < mean_s < 1100, "a third of the time there is a call"
    calls_s = tally(found, Tally.TALK_NS, 1) / tally(found, Tally.HANDLED, 1) / 1e9
    assert calls_s == pytest.approx(60, rel=0.001)


def test_talks_go_on_in_another_queue() -> None:
    first = queue("60/h", "2m", transfers={"share": 0.3, "to": "second"})
    second = {"handle": {"talk": "5m"}, "strategy": "longest-idle"}
    model = scenario({"first": first, "second": second}, [{"group": "g", "count": 12}])
    found = simulate(model, 10, 1)
    assert tally(found, Tally.TRANSFERRED_OUT) / tally(found, Tally.HANDLED) == pytest.approx(0.3, abs=0.03)
    late = tally(found, Tally.TRANSFERRED_OUT) - tally(found, Tally.ENTRIES, 1)
    assert 0 <= late < 20, "who goes on after the last interval is not counted"
    assert tally(found, Tally.TALK_NS, 1) / tally(found, Tally.HANDLED, 1) == pytest.approx(300e9)


def test_patience_in_another_queue_is_its_own() -> None:
    """Whoever got through a queue was patient there. In the second nobody is served, so all who wait there give up:
    after a minute on the mean, however long the first wait was.
    """
    patient = {"patience": "exponential(60s)"}
    for agents in (1, 10):
        first = queue("3/min", "30s", **patient, agents=agents, transfers={"share": 1.0, "to": "second"})
        second = {"handle": {"talk": "24h"}, **patient, "agents": 1}
        found = simulate(Scenario.of({"horizon": HORIZON, "queues": {"first": first, "second": second}}), 20, 1)
        gave_up = sum(tally(found, Tally.EXIT + one, 1) for one in (EXIT_ABANDONED, EXIT_SHORT_ABANDONED))
        assert gave_up > 5000
        assert tally(found, Tally.ABANDONED_WAIT_NS, 1) / gave_up / 1e9 == pytest.approx(60, rel=0.05)


def test_nothing_is_drawn_twice_of_who_goes_on_in_another_queue() -> None:
    alike = {
        "handle": {"talk": "exponential(2m)", "wrap_up": "exponential(20s)"},
        "ring": {"answer": "exponential(4s)"},
    }
    first = {"arrivals": {"rate": "20/h"}, **alike, "agents": 9, "transfers": {"share": 1.0, "to": "second"}}
    rows = rows_of(Scenario.of({"horizon": HORIZON, "queues": {"first": first, "second": {**alike, "agents": 9}}}))
    for kind, lasted in ((CONTACT_ANSWERED, "a"), (CONTACT_ENDED, "b"), (WRAP_UP_ENDED, "b")):
        both = [set(rows[lasted][(rows["kind"] == kind) & (rows["queue"] == place)].tolist()) for place in (0, 1)]
        assert min(len(one) for one in both) > 40
        assert not both[0] & both[1]


def test_who_gave_up_after_a_transfer_calls_where_the_call_began() -> None:
    first = queue("60/h", "1m", agents=5, transfers={"share": 1.0, "to": "second"})
    first["patience"] = {"distribution": "exponential(1m)", "retry": {"share": 0.5, "after": "1m"}}
    second = {"handle": {"talk": "24h"}, "patience": first["patience"], "agents": 1}
    played = ReplicationRunner(
        Scenario.of({"horizon": HORIZON, "queues": {"first": first, "second": second}}).model
    ).play(1, 0)
    assert played.tallies[1, :, Tally.EXIT + EXIT_ABANDONED].sum() > 100
    assert played.retried[0].sum() > 50
    assert played.retried[1].sum() == 0


@pytest.mark.parametrize("leaves", ["early", "late"])
def test_the_next_answers_where_the_first_of_all_who_ring_is_gone(leaves: str, tmp_path: Path) -> None:
    """It rings at two agents from three seconds before nine o'clock on, when one of them leaves."""
    (tmp_path / "calls.csv").write_text("3597\n", encoding="utf-8")
    calls = {"arrivals": {"trace": "calls.csv"}, "handle": {"talk": "1m"}, "patience": "never"}
    raw = {
        "horizon": HORIZON,
        "queues": {"calls": calls | {"strategy": "ring-all", "ring": "10s", "ring_limit": "60s"}},
        "agents": [
            {
                "group": name,
                "count": 1,
                "shifts": [{"hours": "8:00-9:00" if name == leaves else "8:00-12:00", "count": 1}],
            }
            for name in ("early", "late")
        ],
    }
    rows = rows_of(Scenario.of(raw, tmp_path))
    assert (rows["kind"] == OFFER_MADE).sum() == 2
    assert rows["a"][rows["kind"] == CONTACT_ANSWERED].tolist() == [10 * 10**9]


def test_nobody_gives_up_when_an_offer_in_vain_follows_one_that_rang_too_long() -> None:
    """The timer of who would have picked up after the limit is nobody's end of patience."""
    ring = {"ring": {"answer": "exponential(15s)", "no_answer": "25%"}, "ring_limit": "20s"}
    run = simulate(scenario({"calls": queue("3/min", "1m", agents=300, patience="never", **ring)}, []), 1, seed=1)
    assert tally(run, Tally.ENTRIES) > 500
    assert [tally(run, Tally.EXIT + one) for one in (EXIT_ABANDONED, EXIT_SHORT_ABANDONED)] == [0, 0]


def test_callbacks_keep_their_place_and_are_served() -> None:
    calls = queue("100/h", "3m", steps=[{"after": "60s", "do": "callback"}], callback=0.5, patience="exponential(4m)")
    model = scenario({"calls": calls}, [{"group": "g", "count": 4}])
    runner = ReplicationRunner(model.model)
    played = runner.play(1, 0)
    left = played.tallies[0, :, Tally.EXIT + EXIT_CALLBACK].sum()
    assert left > 20
    assert audit(runner.tables) == []
    everybody = ReplicationRunner(
        scenario({"calls": calls | {"callback": 1.0}}, [{"group": "g", "count": 4}]).model
    ).play(1, 0)
    nobody = ReplicationRunner(scenario({"calls": calls | {"callback": 0.0}}, [{"group": "g", "count": 4}]).model).play(
        1, 0
    )
    assert nobody.tallies[0, :, Tally.EXIT + EXIT_CALLBACK].sum() == 0
    assert everybody.tallies[0, :, Tally.EXIT + EXIT_CALLBACK].sum() > left


def broken(world: dict[str, Any], **more: Any) -> Scenario:
    """Half the agents at each of two sites; something breaks from nine to ten."""
    return scenario(
        {"calls": queue("120/h", "3m", patience="exponential(3m)", trunk_groups=["main"])},
        [{"group": "north", "count": 6, "site": "hanoi"}, {"group": "south", "count": 6, "site": "danang"}],
        sites={"hanoi": {}, "danang": {}},
        trunk_groups={"main": {"channels": 60}},
        disruptions=[{"at": "2026-11-23 09:00", "for": "1h", "world": world} | more],
    )


def test_a_site_that_is_down_is_empty_and_comes_back() -> None:
    found = simulate(broken({"site_down": "hanoi"}), 5, 1)
    at_work = found.agents_at_work()
    assert at_work[0] == pytest.approx([6, 6, 0, 0, 6, 6, 6, 6], abs=0.3), "who talks ends the talk first"
    assert at_work[1] == pytest.approx([6] * 8)
    level = found.estimate("service_level", by_interval=True).value
    assert level[2:4].max() < level[[0, 1, 6, 7]].min()


def test_a_plan_sends_people_home_to_work_and_closes_what_can_wait() -> None:
    planned = Scenario.of(
        {
            "horizon": HORIZON,
            "queues": {"calls": queue("100/h", "3m", patience="exponential(3m)"), "survey": queue("20/h", "3m")},
            "agents": [{"group": "north", "count": 8, "site": "hanoi"}],
            "sites": {"hanoi": {}},
            "plans": {
                "power": {
                    "close": ["survey"],
                    "callback_after": "2m",
                    "work_from_home": [{"site": "hanoi", "after": "10m", "ramp": "20m", "share": "50%"}],
                }
            },
            "disruptions": [
                {
                    "at": "2026-11-23 09:00",
                    "for": "1h",
                    "world": {"site_down": "hanoi"},
                    "respond": {"plan": "power", "after": "6m"},
                }
            ],
        }
    )
    found = simulate(planned, 5, 1)
    at_work = found.agents_at_work()[0]
    assert at_work.round(1)[[0, 1, 4, 5]].tolist() == [8, 8, 8, 8]
    assert 0 < at_work[2] < at_work[3] < 4.5
    closed = found.tallies[:, 1, :, Tally.EXIT + EXIT_REFUSED_CLOSED].sum(axis=0)
    assert closed[2] > 0
    assert closed[3] > 0
    assert closed[[0, 1, 4, 5, 6, 7]].sum() == 0
    callbacks = found.tallies[:, 0, :, Tally.EXIT + EXIT_CALLBACK].sum(axis=0)
    assert callbacks[2:4].sum() > 0
    assert callbacks[[0, 5, 6, 7]].sum() == 0
    without = simulate(planned.changed("disruptions.0.respond=null"), 5, 1)
    assert without.agents_at_work()[0][3] == 0
    assert without.estimate("abandon_rate", "calls").value > found.estimate("abandon_rate", "calls").value


def test_surges_slowness_absence_and_cut_lines() -> None:
    normal = simulate(broken({}), 10, 1)
    surge = simulate(broken({"volume": 1.5}), 10, 1)
    ratio = surge.count("offered").sum(axis=(0, 1)) / normal.count("offered").sum(axis=(0, 1))
    assert ratio[2:4] == pytest.approx(1.5, abs=0.15)
    slow = simulate(broken({"talk": 2.0}), 10, 1)
    aht = slow.estimate("aht_s", by_interval=True).value
    assert aht[2] > 300
    assert aht[[0, 6, 7]] == pytest.approx(180, rel=0.001)
    ill = simulate(broken({"absence": "50%", "group": "north"}), 2, 1).agents_at_work()
    assert ill[0] == pytest.approx([6, 6, 3, 3, 6, 6, 6, 6], abs=0.3)
    cut = simulate(broken({"trunks": {"main": 3}}), 5, 1)
    assert cut.peak_trunks[:, 0, 3].max() <= 3
    assert cut.estimate("blocked_rate", by_interval=True).value[3] > 0.2
    assert cut.estimate("blocked_rate", by_interval=True).value[[0, 1, 5]].max() == 0
    fewer = simulate(broken({"trunks": {"main": 3}}).changed("trunk_groups.main.channels=2"), 2, 1)
    assert fewer.peak_trunks[:, 0, 2:4].max() == 2, "no more is left than there was"


def test_every_chance_is_for_one_thing() -> None:
    once = [chance.PATIENCE, chance.HANDLE, chance.WRAP_UP, chance.RETRY, chance.RETRY_AFTER, chance.BALK]
    once += [chance.GAP, chance.CALLBACK, chance.CUT_OFF, chance.TRANSFER]
    stages, offers = range(100), range(200)
    drawn = [chance.purpose(kind, stage, 0) for kind in once for stage in stages]
    for kind in (chance.RING, chance.NO_ANSWER):
        drawn += [chance.purpose(kind, stage, offer) for stage in stages for offer in offers]
    assert len(set(drawn)) == len(drawn)
