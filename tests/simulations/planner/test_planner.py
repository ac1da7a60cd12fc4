"""The planner in Python: the figures of the commands, tables that numpy and pandas take, and tables for notebooks."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import ConfigError
from simulations.planner import (
    Scenario,
    compare,
    erlang,
    fit,
    payback,
    record,
    resilience,
    simulate,
    solve,
    sweep,
    whatif,
)
from simulations.planner.tables import shown, structured
from simulations.queueing import UnfitInput, erlang_a
from simulations.report.folder import read_folder

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world
HOSTILE = "<script>alert(1)</script>"
CENTRE: dict[str, Any] = {
    "name": HOSTILE,
    "time_zone": "Asia/Ho_Chi_Minh",
    "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 10:00", "interval": "30m"},
    "queues": {
        "sales": {
            "service_level": "80% in 20s",
            "strategy": "longest-idle",
            "arrivals": {"rate": "2/min"},
            "handle": {"talk": "exponential(3m)"},
            "patience": "exponential(1m)",
        },
        "help": {
            "strategy": "longest-idle",
            "arrivals": {"rate": "10/h"},
            "handle": {"talk": "exponential(5m)"},
            "patience": "exponential(4m)",
        },
    },
    "agents": [{"group": "all", "count": 8, "queues": ["sales", "help"]}],
    "disruptions": [{"at": "2026-11-23 08:30", "for": "30m", "world": {"volume": 2}}],
    "costs": {"currency": "VND", "agent_hour": 60},
    "business": {"investment": {"desks": 1000}, "months": 3},
    "experiment": {"replications": 6, "seed": 4},
}


@pytest.fixture(scope="module")
def centre() -> Scenario:
    return Scenario.of(CENTRE)


def test_a_run_has_the_figures_of_the_command_as_arrays(centre: Scenario, tmp_path: Path) -> None:
    run = simulate(centre)
    table = run.intervals()
    assert table.shape == (8,)
    assert table["queue"].tolist() == ["sales"] * 4 + ["help"] * 4
    assert str(table["interval_start"][1]) == "2026-11-23T08:30:00", "by the clock of the scenario's time zone"
    of_sales = table[table["queue"] == "sales"]
    assert of_sales["service_level"] == pytest.approx(
        run.estimate("service_level", "sales", by_interval=True).value, abs=1e-6
    )
    assert np.isnan(table["agents_required"]).all(), "which only a plan says"
    figures = run.figures()
    level = figures[(figures["queue"] == "all") & (figures["figure"] == "service_level")][0]
    assert level["low"] < level["value"] < level["high"]
    assert figures[figures["figure"] == "cost"]["value"] == 8 * 2 * 60
    run.save(tmp_path)
    assert (read_folder(tmp_path).run or {})["queues"]["sales"]["asa_s"]["value"] == pytest.approx(
        run.estimate("asa_s", "sales").value, abs=1e-6
    )


def test_faults_of_values_say_where(centre: Scenario) -> None:
    with pytest.raises(ConfigError, match=r"--set agents\.all\.count=-3: -3 is out of range"):
        centre.changed("agents.all.count=-3")
    with pytest.raises(ConfigError, match=r"scenario: queues\.sales\.patienc: .*did you mean 'patience'"):
        Scenario.of(CENTRE | {"queues": {"sales": {"patienc": "1m"}}})


def test_pandas_takes_a_table_as_it_is(centre: Scenario) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame(simulate(centre, 2).intervals())
    assert frame.groupby("queue")["offered"].sum()["sales"] > 200
    assert frame["interval_start"].dt.hour.tolist()[:4] == [8, 8, 9, 9]


def test_a_plan_says_what_is_required_and_keeps_it(centre: Scenario, tmp_path: Path) -> None:
    plan = solve(centre, "80/20", max_abandon={"help": "20%"}, replications=6)
    assert plan.kept
    required = plan.intervals()["agents_required"].reshape(2, -1)
    assert required[0].min() >= 6
    assert required[1].max() <= 3, "by itself, and not all who may serve it besides"
    assert plan.figures()["target"].tolist() == [0.8, 0.8]
    assert len(plan.shifts()) == 0
    again = simulate(plan.scenario, 6)
    assert again.estimate("service_level", "sales").high > 0.8
    plan.save(tmp_path)
    assert (read_folder(tmp_path).plan or {})["kept"] is True
    with pytest.raises(UnfitInput, match="is not a target"):
        solve(centre, "80 of 20")


def test_comparing_is_paired_and_by_interval(centre: Scenario) -> None:
    found = compare(centre, centre.changed("agents.all.count=10", "disruptions=[]"))
    assert found.one.seed == found.other.seed == 4
    of_all = found.figures()[found.figures()["queue"] == "all"]
    assert of_all["better"][of_all["figure"] == "service_level"] == "other"
    table = found.intervals()
    apart = table["service_level_other"] - table["service_level_one"]
    assert table["service_level_difference"] == pytest.approx(apart, abs=2e-6)
    same = compare(centre, centre).intervals()
    assert (same["asa_s_difference"] == 0).all()
    assert (same["asa_s_difference_hi"] == 0).all()
    with pytest.raises(ConfigError, match="other intervals"):
        compare(centre, centre.changed("horizon.interval=1h")).intervals()


def test_a_grid_structures_and_cases_are_tables(centre: Scenario, tmp_path: Path) -> None:
    grid = sweep(centre, {"volume": "0.8:1.2:0.4", "agents.all.count": (8, 9)}, 2, folder=tmp_path)
    assert grid.figures().shape == (4 * 3,)
    assert set(grid.figures()["volume"]) == {0.8, 1.2}
    months = payback([centre, centre.changed("name=other")], replications=2).figures()
    assert months["month"].tolist() == [1, 2, 3, 1, 2, 3]
    cases = resilience(centre, replications=2)
    lost = cases.figures()
    assert set(lost["case"]) == {"undisturbed", "no plan"}
    assert np.isnan(lost["lost"][lost["queue"] != "all"]).all()
    with pytest.raises(UnfitInput, match="late"):
        resilience(centre, late="soon")


def test_a_record_is_asked_again_and_learnt_from(centre: Scenario, tmp_path: Path) -> None:
    log = record(centre, tmp_path / "day")
    policy = {"agents": {"add": {"like": "all-1", "count": 3}}}
    found = whatif(log, policy, 2, seed=3)
    level = found.figures()[0]
    assert (level["queue"], level["figure"]) == ("sales", "service_level")
    assert level["now"] > level["before"]
    assert found.told["fidelity"]["same_agent"] == 1.0
    assert whatif(log, json.dumps(policy), 2, seed=3).told["figures"] == found.told["figures"]
    learnt = fit(log, time_zone="Asia/Ho_Chi_Minh")
    of_sales = learnt.figures()[learnt.figures()["queue"] == "sales"]
    assert of_sales["talk_s"] == pytest.approx(180, rel=0.2)
    assert simulate(learnt.save(tmp_path / "learnt.yaml"), 1).contacts > 100
    with pytest.raises(ConfigError, match="is no time"):
        whatif(log, policy, since="noon")


def test_erlang_takes_words_and_a_day_at_once() -> None:
    one = erlang("100/min", "5m", patience="3m", agents=490)
    assert one == erlang_a(6000.0, 300.0, 180.0, 490)
    day = erlang(np.array([600.0, 1200.0]), 180, patience=120, target="80/20", max_abandon="5%")
    assert day.agents.shape == (2,)
    assert (day.service_level_offered >= 0.8).all()
    assert (day.p_abandon <= 0.05).all()
    fewer = erlang(np.array([600.0, 1200.0]), 180, patience=120, agents=day.agents - 1)
    assert ((fewer.service_level_offered < 0.8) | (fewer.p_abandon > 0.05)).all()
    for wrong in ({"rate": "fast"}, {"handle": "long"}, {"target": "80/20", "within": 10}, {}):
        with pytest.raises(UnfitInput):
            erlang(**{"rate": "2/min", "handle": "3m"} | wrong)


def test_answers_show_themselves_and_what_they_name_is_escaped(centre: Scenario, tmp_path: Path) -> None:
    run = simulate(centre, 2)
    answers: list[Any] = [
        run,
        solve(centre, replications=4),
        compare(centre, centre, 2),
        sweep(centre, {"volume": (1, 2)}, 2),
        payback([centre], replications=2),
        resilience(centre, replications=2),
        whatif(record(centre, tmp_path / "day"), {"queues": {"sales": {"strategy": "erlang"}}}, 2),
    ]
    for answer in answers:
        text = answer._repr_html_()
        assert text.count("<table>") == 1
        assert "<script" not in text
        assert "95% confidence" in text
        assert len(repr(answer)) < 200
    assert "&lt;script&gt;" in run._repr_html_()


def test_a_table_keeps_what_cannot_be_told_apart_from_nothing() -> None:
    rows: list[dict[str, Any]] = [
        {"queue": "a", "better": None, "value": 1},
        {"queue": "bcd", "better": "one", "value": None},
    ]
    table = structured(rows)
    assert table["better"].tolist() == ["", "one"]
    assert np.isnan(table["value"][1])
    assert structured([]).shape == (0,)
    assert "a &amp; b" in shown("a & b", ["one"], [["1"]], "")
