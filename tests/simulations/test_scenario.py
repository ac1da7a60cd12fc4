"""Scenario files: what they say, and every fault of a bad one with its place."""

import math
from pathlib import Path

import numpy as np
import pytest

from engine.errors import ConfigError
from engine.messages.kinds import SETTING_CHANGED, STATUS_AVAILABLE, STATUS_OFFLINE, STATUS_PAUSED, TABLE_QUEUE
from engine.model.settings import QueueSetting
from simulations.commands.scenario_files import FolderInUse, check_scenario, write_example
from simulations.experiment.figures import COUNTS, FIGURES
from simulations.scenario import arrivals
from simulations.scenario.arrivals import read_trace
from simulations.scenario.csv_files import first_column
from simulations.scenario.distributions import (
    Distribution,
    empirical,
    erlang,
    hyperexponential,
    lognormal,
    read_distribution,
)
from simulations.scenario.load import is_scenario
from simulations.scenario.money import Amounts
from simulations.scenario.roster import scheduled_ns, serving_groups, status_rows, stints
from simulations.scenario.scenario import Scenario
from simulations.scenario.sections import Group
from simulations.scenario.values import METRICS
from simulations.solve.demand import expected_contacts
from simulations.solve.goals import Question, goals_of
from simulations.solve.solve import solve
from simulations.solve.staffed import plain_groups

SECOND_NS = 1e9
HOUR_NS = 3600 * 10**9
GOOD = """
name: small
time_zone: Asia/Ho_Chi_Minh
horizon: {from: 2026-11-23 08:00, to: 2026-11-23 12:00, interval: 30m}
queues:
  sales:
    service_level: 90% in 30s
    arrivals: {rate: 2/min, busyness: 10%}
    handle: {talk: "lognormal(mean=180s, cv=0.9)", wrap_up: 20s}
    patience: exponential(mean=2m)
    agents: 8
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "scenario.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_scenario_says_what_it_says(tmp_path: Path) -> None:
    scenario = Scenario.load(written(tmp_path, GOOD))
    queue = scenario.file.queues["sales"]
    assert scenario.name == "small"
    assert (queue.service_level.target, queue.service_level.threshold_ns) == (0.9, 30 * SECOND_NS)
    assert queue.handle.talk.mean_ns == pytest.approx(180 * SECOND_NS)
    assert queue.patience.distribution.mean_ns == 120 * SECOND_NS
    assert scenario.file.intervals == 8
    assert scenario.file.start_ns == 1_795_395_600 * SECOND_NS, "eight in Ho Chi Minh City is one in UTC"
    assert [(group.name, group.at_work) for group in scenario.file.groups] == [("sales", 8)]


def test_a_folder_without_results_is_told_to_have_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        Scenario.load(tmp_path)
    advice = f"make some with 'trunkline simulate FILE -o {tmp_path}'"
    assert str(refused.value) == f"{tmp_path}: there are no results; {advice}"


def test_changes_are_made_before_it_is_checked(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    changed = Scenario.load(path, ["queues.sales.agents=12", "queues.sales.arrivals.volume=1.5", "name=other"])
    assert changed.file.groups[0].count == 12
    assert changed.file.queues["sales"].arrivals is not None
    assert changed.file.queues["sales"].arrivals.volume == 1.5
    assert changed.name == "other"
    again = changed.changed("queues.sales.agents=3")
    assert (again.file.groups[0].count, changed.file.groups[0].count) == (3, 12)
    for change, said in (
        ("queues.sale.agents=12", "there is no 'sale' in the file; did you mean 'sales'?"),
        ("agents", "write WHERE=VALUE"),
        ("queues.sales.agents=[", "the value is not YAML"),
        ("name.first=1", "'name' holds no sections"),
    ):
        with pytest.raises(ConfigError, match="--set") as raised:
            Scenario.load(path, [change])
        assert said in raised.value.faults[0]
    with pytest.raises(ConfigError, match="not a whole number"):
        Scenario.load(path, ["queues.sales.agents=many"])


def test_all_faults_have_a_place_and_the_nearest_word(tmp_path: Path) -> None:
    text = """
horizon: {from: 2026-11-23 08:00, to: 2026-11-23 12:10, interval: 30m}
queues:
  sales:
    arivals: {rate: 2/min}
    handle: {talk: lognorml(3m)}
    patience: {distribution: exponential(2), balk: 120%}
    skills: {sales: 1}
  help:
    arrivals: {rate: 2/min, volumes: [1]}
    handle: {talk: erlang(mean=6m, k=2)}
agents:
  - {group: a, count: 3, skills: {sales: 1}, speed: {sale: 2}}
  - {group: a, count: 3, site: hanoi}
disruptions:
  - {at: 2026-11-24 08:00, for: 1h, world: {volume: 2}}
"""
    with pytest.raises(ConfigError) as raised:
        Scenario.load(written(tmp_path, text))
    faults = "\n".join(fault.split("scenario.yaml:")[1] for fault in raised.value.faults)
    for said in (
        "5:5: unknown word 'arivals'; did you mean 'arrivals'?",
        "6:20: 'lognorml' is not a distribution; did you mean 'lognormal'?",
        "7:30: '2' is not a duration",
        "7:52: 120% is out of range",
        "10:15: say one of rate, volumes, csv and trace; there is rate and volumes",
        "11:20: 'erlang(mean=6m' ends before its bracket",
        "there is no queue 'sale'; did you mean 'sales'?",
        "14:13: there is a group 'a' already",
        "there is no site 'hanoi'",
        "2:39: the horizon must hold a whole number of intervals",
        "16:10: that is outside the horizon",
    ):
        assert said in faults, f"{said}\n---\n{faults}"


def test_what_does_not_go_together_is_told_beside_faults_of_the_same_sections(tmp_path: Path) -> None:
    text = """
horizon: {from: 2026-11-23 08:00, to: 2026-11-23 12:00, interval: 30m}
queues:
  a: {handle: {talk: empirical(nowhere.csv)}, arrivals: {rate: 1/min}, strategy: fifoo}
  b: {handle: {talk: 3m}, transfers: {share: 10%, to: b}, skills: {no: 1}}
  c: {handle: {talk: 3m}, transfers: {share: 110%, to: c}, trunk_groups: [red, red]}
trunk_groups: {red: {channels: 2}}
agents:
  - {group: x, skills: {yes: 1}, staffing: [1, 2], absence: 120%}
  - {group: y, skills: {yes: 1}, staffing: [1, many], speed: {d: 1}}
disruptions:
  - {at: 2026-11-24 08:00, for: 1x, world: {volume: 2}}
experiment: {replications: -1, stop: {metric: bb.service_level, half_width: 1%}}
factors: {volume: x, shrinkage: 2}
"""
    with pytest.raises(ConfigError) as raised:
        Scenario.load(written(tmp_path, text))
    faults = [fault.split("scenario.yaml:")[1] for fault in raised.value.faults]
    lines = "  4  4  5  5  6  6  6  9  9 10 10 12 12 13 13 14 14"
    assert "".join(fault.split(":")[0].rjust(3) for fault in faults) == lines
    for place, said in (
        (2, "'b' itself; a transfer leads to another queue"),
        (5, "'c' itself; a transfer leads to another queue"),
        (6, "'red' stands here a second time"),
        (7, "'staffing' has 2 numbers, and the horizon 8 intervals"),
        (11, "that is outside the horizon"),
        (14, "there is no queue 'bb'"),
        (16, "no group has a shrinkage with a count"),
    ):
        assert said in faults[place], faults


def test_a_horizon_with_a_fault_says_nothing_of_what_lies_in_it(tmp_path: Path) -> None:
    text = """
horizon: {from: 2026-11-23 08:00, to: 2026-11-23 12:00, interval: 30x}
queues: {b: {handle: {talk: 3m}, transfers: {share: 10%, to: b}}}
agents: [{group: x, staffing: [1, 2]}]
"""
    with pytest.raises(ConfigError) as raised:
        Scenario.load(written(tmp_path, text))
    assert [fault.split("scenario.yaml:")[1].split(":")[0] for fault in raised.value.faults] == ["2", "3"]


def test_a_date_that_there_is_not_has_its_place_as_other_faults_have(tmp_path: Path) -> None:
    text = """
horizon: {from: 2026-11-23 07:00, to: 2026-11-31 22:00}
queues: {sales: {handle: {talk: 3m}, agents: -2}}
version: 2
disruptions: [{at: 2026-11-23 25:00, for: 1h, world: {volume: 2}}]
"""
    with pytest.raises(ConfigError) as raised:
        Scenario.load(written(tmp_path, text))
    assert [fault.split("scenario.yaml:")[1] for fault in raised.value.faults] == [
        "2:39: '2026-11-31 22:00' is a time that there is not: day is out of range for month",
        "3:46: -2 is out of range; allowed is 0 to 10000",
        "4:10: 2 is out of range; allowed is 1",
        "5:20: '2026-11-23 25:00' is a time that there is not: hour must be in 0..23",
    ]


def test_times_are_changed_as_files_say_them(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    assert Scenario.load(path, ["horizon.to=2026-11-23 13:00"]).file.intervals == 10
    with pytest.raises(ConfigError, match="'2026-11-31' is a time that there is not"):
        Scenario.load(path, ["horizon.to=2026-11-31"])


def test_rules_between_values(tmp_path: Path) -> None:
    for old, new, said in (
        ("12:00", "12:10", "the horizon must hold a whole number of intervals"),
        ("12:00", "07:00", "the horizon must end after it begins"),
        ("interval: 30m", "interval: 7m", "the horizon must begin where an interval does"),
        ("    agents: 8\n", "", "nobody works"),
        (
            "    agents: 8\n",
            "    agents: 8\n    transfers: {share: 10%, to: sales}\n",
            r":12:33: 'sales' itself; a transfer",
        ),
        ("    agents: 8\n", "agents: [{group: g, staffing: [3, 4]}]\n", "'staffing' has 2 numbers, and the horizon 8"),
    ):
        with pytest.raises(ConfigError, match=said):
            Scenario.load(written(tmp_path, GOOD.replace(old, new)))


@pytest.mark.parametrize(
    ("one", "mean", "cv"),
    [
        (read_distribution("30s", Path()), 30.0, 0.0),
        (read_distribution("exponential(2m)", Path()), 120.0, 1.0),
        (lognormal(180e9, 0.9), 180.0, 0.9),
        (erlang(60e9, 4), 60.0, 0.5),
        (hyperexponential(90e9, 2.0), 90.0, 2.0),
        (empirical([1e9, 2e9, 3e9]), 2.0, math.sqrt(1 / 12) * 2 / 2),
    ],
)
def test_distributions_have_their_moments(one: Distribution, mean: float, cv: float) -> None:
    """Drawn as the world draws them."""
    from simulations.world.chance import draw, key_of

    table = np.zeros(1, [("kind", "i8"), ("a", "f8"), ("b", "f8"), ("c", "f8"), ("first", "i8"), ("count", "i8")])
    table[0] = (one.kind, one.a, one.b, one.c, 0, len(one.samples))
    records, samples = table.view(np.recarray), np.array(one.samples or (0.0,))
    drawn = (
        np.array([draw(records, samples, 0, np.uint64(key_of(np.uint64(5), n, 0)), 3) for n in range(4000)]) / SECOND_NS
    )
    assert one.mean_ns / SECOND_NS == pytest.approx(mean)
    assert drawn.mean() == pytest.approx(mean, abs=4 * drawn.std() / math.sqrt(4000) + 1e-9)
    if cv:
        assert drawn.std() / drawn.mean() == pytest.approx(cv, rel=0.25)
    assert one.scaled(2.0).mean_ns == pytest.approx(2 * one.mean_ns)


def test_shifts_breaks_and_staffing_make_changes_of_status() -> None:
    scenario = Scenario.of(
        {
            "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 12:00", "interval": "1h"},
            "queues": {"q": {"arrivals": {"rate": "1/min"}, "handle": {"talk": "1m"}}},
            "agents": [
                {
                    "group": "shifts",
                    "count": 10,
                    "shrinkage": 0.2,
                    "shifts": [
                        {"hours": "7:00-10:00", "count": 5, "breaks": "9:00-9:15"},
                        {"hours": "9:00-14:00"},
                    ],
                },
                {"group": "by-interval", "staffing": [1, 3, 2, 3]},
            ],
        }
    )
    file = scenario.file
    rows = status_rows(stints(file, file.start_ns, file.end_ns), file.start_ns)
    hours = (rows["at_ns"] - file.start_ns) / HOUR_NS
    of_shifts = rows["agent"] < 8
    assert list(zip(hours[of_shifts & (rows["agent"] == 0)], rows["a"][rows["agent"] == 0], strict=True)) == [
        (0.0, STATUS_AVAILABLE),
        (1.0, STATUS_PAUSED),
        (1.25, STATUS_AVAILABLE),
        (2.0, STATUS_OFFLINE),
    ]
    assert [float(hour) for hour in hours[rows["agent"] == 7]] == [1.0, 6.0]
    at_work = np.zeros(4)
    for stint in stints(file, file.start_ns, file.end_ns):
        if stint.agent >= 8:
            for place in range(4):
                start_ns = file.start_ns + place * HOUR_NS
                at_work[place] += stint.start_ns <= start_ns < stint.end_ns
    assert at_work.tolist() == [1, 3, 2, 3]
    paid = scheduled_ns(file, scenario.model.edges_ns) / HOUR_NS
    assert paid.tolist() == [[5.0, 10.0, 5.0, 5.0], [1.0, 3.0, 2.0, 3.0]]


def test_everybody_on_a_shift_is_paid_however_many_are_at_work() -> None:
    shifts = [{"hours": "8:00-10:00", "count": 3}, {"hours": "9:00-12:00"}]
    groups = [
        {"group": "some", "count": 10, "shifts": shifts, "shrinkage": 0.25},
        {"group": "one", "count": 1, "shrinkage": 0.6},
    ]
    horizon = {"from": "2026-11-23 08:00", "to": "2026-11-23 12:00", "interval": "1h"}
    scenario = Scenario.of(
        {
            "name": "paid",
            "horizon": horizon,
            "queues": {"sales": {"arrivals": {"rate": "1/h"}, "handle": {"talk": "1m"}}},
            "agents": groups,
        }
    )
    assert [group.at_work for group in scenario.file.groups] == [8, 0]
    paid = scheduled_ns(scenario.file, scenario.file.start_ns + np.arange(5) * HOUR_NS) / HOUR_NS
    assert paid.tolist() == [[3.0, 10.0, 7.0, 7.0], [1.0] * 4]


def test_the_example_is_good_and_overwrites_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = write_example(tmp_path / "plan")
    written_names = {"README.md", "hotline.yaml", "plan_a_day.ipynb", "sales_30min.csv", "shifts.csv"}
    assert {path.name for path in paths} == written_names
    assert check_scenario(tmp_path / "plan" / "hotline.yaml") == 0
    assert "good. A scenario of 30 intervals of 30m, 2 queues" in capsys.readouterr().out
    with pytest.raises(FolderInUse, match="is there already"):
        write_example(tmp_path / "plan")


def test_a_check_tells_scenarios_from_configurations(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_scenario(written(tmp_path, "queues: {sales: {}}\n")) is None
    assert not is_scenario(None)
    assert check_scenario(written(tmp_path, GOOD.replace("8\n", "eight\n"))) == 1
    assert "scenario.yaml:11:13: 'eight' is not a whole number" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "agents: 8",
            "agents: 8\nexperiment: {stop: {metric: sels.service_level}}",
            "12:29: there is no queue 'sels'; did",
        ),
        (
            "agents: 8",
            "agents: 8\nexperiment: {stop: {metric: sales.servicelevel}}",
            "12:29: there is no figure 'servicel",
        ),
        ("agents: 8", "agents: 8\nexperiment: {stop: {metric: foo}}", "no figure 'foo'; there are service_level, "),
        (
            "agents: 8",
            "agents: 8\nexperiment: {stop: {half_width: 0%}}",
            "12:33: 0 is out of range; an interval has some",
        ),
    ],
)
def test_when_there_is_enough_is_checked(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Scenario.load(written(tmp_path, GOOD.replace(old, new)))
    assert said in "\n".join(raised.value.faults)


def test_the_figures_by_which_there_is_enough_are_those_there_are() -> None:
    assert set(METRICS) == {*FIGURES, *COUNTS, "p_wait", "occupancy"}


STAFF = GOOD.replace(
    "    agents: 8\n", "    skills: {sales: 1}\nagents:\n  - {group: a, count: 3, skills: {sales: 1}, MORE}\n"
)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            "shifts: [{hours: 7:00-15:00, breaks: 16:00-17:00}]",
            "the break 16:00-17:00 is not within the shift 7:00-15:00",
        ),
        ("shifts: [{hours: 7:00-15:00, breaks: 12:00-11:00}]", "the break 12:00-11:00 is not within the shift"),
        ("shifts: [{hours: 22:00-6:00, breaks: [1:00-1:30, 21:00-22:30]}]", "the break 21:00-22:30 is not within"),
        ("shifts: [{hours: 7:00-15:00, breaks: 7:00-15:00}]", "or all of it"),
        ("speed: {sele: 0.9}", "there is no queue 'sele'; did you mean 'sales'?"),
        ("speed: fast", "'fast' is no amount"),
        ("speed: 0", "0 is out of range"),
        ("shrinkage: 100%", "13:57: 100% leaves nobody of 'a'; at most 99% may be away"),
        ("shifts: none.csv", "the shifts cannot be read: none.csv: No such file or directory"),
        ("shifts: other.csv", "other.csv has no column 'hours'; there is start, count"),
        ("shifts: typo.csv", "typo.csv has a column 'cuont', which says nothing; did you mean 'count'?"),
        ("shifts: bad.csv", "bad.csv:3:1: 'early' are no opening hours"),
    ],
)
def test_who_works_when_is_checked(tmp_path: Path, more: str, said: str) -> None:
    (tmp_path / "other.csv").write_text("start,count\n7:00,3\n", encoding="utf-8")
    (tmp_path / "typo.csv").write_text("hours,cuont\n7:00-8:00,3\n", encoding="utf-8")
    (tmp_path / "bad.csv").write_text("hours,count\n7:00-8:00,3\nearly,3\n", encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        Scenario.load(written(tmp_path, STAFF.replace("MORE", more)))
    (fault,) = raised.value.faults
    assert said in fault


def test_breaks_past_midnight_lie_within_their_shift(tmp_path: Path) -> None:
    group = "shifts: [{hours: 22:00-6:00, breaks: [23:30-0:30, 1:00-1:30]}], speed: {others: 2, sales: 3}"
    scenario = Scenario.load(written(tmp_path, STAFF.replace("MORE", group)))
    assert scenario.file.groups[0].speed_for("sales") == 3
    assert Group.model_construct(speed=Amounts({"others": 2.0})).speed_for("any") == 2
    assert Scenario.load(written(tmp_path, GOOD)).file.groups[0].speed_for("sales") == 1


def test_a_shift_that_shrinkage_empties_is_noted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shifts = "[{hours: 0:00-8:00, count: 1}, {hours: 8:00-16:00, count: 1}, {hours: 16:00-24:00, count: 1}]"
    group = f"agents: [{{group: g, count: 3, shrinkage: SHARE, shifts: {shifts}}}]"
    text = "queues: {q: {arrivals: {rate: 1/min}, handle: {talk: 1m}, strategy: longest-idle}}\n"
    for share, noted in (("40%", True), ("10%", False)):
        path = tmp_path / f"{noted}.yaml"
        path.write_text(text + group.replace("SHARE", share), encoding="utf-8")
        check_scenario(path)
        assert ("nobody of group 'g' works the shift 8:00-16:00" in capsys.readouterr().out) is noted


def test_a_skill_that_no_queue_asks_for_is_noted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = STAFF.replace("skills: {sales: 1}, MORE", "skills: {saels: 1}")
    path = written(tmp_path, f"skills: [sales, saels]\n{text}")
    assert check_scenario(path) == 0
    said = capsys.readouterr().out
    assert "note: group 'a' has the skill 'saels', which no queue asks for; did you mean 'sales'?" in said
    assert "note: no agent can serve queue 'sales'" in said
    assert check_scenario(written(tmp_path, STAFF.replace(", MORE", ""))) == 0
    assert "note" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "instants"),
    [
        ("1e-3\n2\n3\n", [0.001, 2.0, 3.0]),
        (" 0.5\n2\n", [0.5, 2.0]),
        ("+1\n2\n", [1.0, 2.0]),
        ("-3\n2\n", [-3.0, 2.0]),
        ("at_s\n9\n2\n", [2.0, 9.0]),
        ("", []),
    ],
)
def test_no_instant_of_a_trace_is_taken_for_a_heading(text: str, instants: list[float], tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_text(text, encoding="utf-8")
    assert read_trace(tmp_path / "calls.csv") == tuple(instants)


def test_a_trace_is_read_once_and_anew_when_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []

    def noted(path: Path) -> list[str]:
        read.append(path)
        return first_column(path)

    monkeypatch.setattr(arrivals, "first_column", noted)
    trace = tmp_path / "calls.csv"
    trace.write_text("at_s\n1\n2\n", encoding="utf-8")
    scenario = Scenario.load(written(tmp_path, GOOD.replace("{rate: 2/min, busyness: 10%}", "{trace: calls.csv}")))
    assert len(scenario.model.parts["trace"]) == len(scenario.changed("name=other").model.parts["trace"]) == 2
    assert expected_contacts(scenario, scenario.file.queues["sales"]).sum() == 2
    assert read == [trace]
    trace.write_text("at_s\n1\n2\n3\n", encoding="utf-8")
    assert len(scenario.changed("name=other").model.parts["trace"]) == 3
    assert read == [trace, trace]


@pytest.mark.parametrize("instant", ["inf", "nan", "-inf", "1e300", "noon"])
def test_what_is_no_instant_is_a_fault(instant: str, tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_text(f"at_s\n1\n{instant}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"scenario.yaml:8:23: calls.csv cannot be read"):
        Scenario.load(written(tmp_path, GOOD.replace("{rate: 2/min, busyness: 10%}", "{trace: calls.csv}")))


def test_a_trace_that_is_gone_since_it_was_checked_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_text("at_s\n1\n", encoding="utf-8")
    scenario = Scenario.load(written(tmp_path, GOOD.replace("{rate: 2/min, busyness: 10%}", "{trace: calls.csv}")))
    (tmp_path / "calls.csv").unlink()
    with pytest.raises(ConfigError, match=r"queues.sales.arrivals.trace: calls.csv cannot be read"):
        _ = scenario.model


COUNTED = "{arrivals: {rate: 1/min}, handle: {talk: 1m}, strategy: longest-idle, agents: 3}"
PLAIN = "{arrivals: {rate: 1/min}, handle: {talk: 1m}, strategy: longest-idle}"


def test_an_empty_file_is_told_what_a_scenario_begins_with(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the file is empty; a scenario needs 'horizon' and 'queues' at least"):
        Scenario.load(written(tmp_path, ""))


def test_agents_of_a_queue_serve_it_alone(tmp_path: Path) -> None:
    """What nobody lists is not theirs: without groups beside them, no one serves it."""
    with pytest.raises(ConfigError, match=r":1:\d+: nobody serves 'b': agents of another queue serve that one alone"):
        Scenario.load(written(tmp_path, f"queues: {{a: {COUNTED}, b: {PLAIN}}}\n"))
    leads_on = PLAIN.removesuffix("}") + ", steps: [{after: 10s, do: overflow, to: a}]}"
    scenario = Scenario.load(written(tmp_path, f"queues: {{a: {COUNTED}, b: {leads_on}}}\n"))
    assert serving_groups(scenario.file).tolist() == [[1], [0]]
    for_all = PLAIN.removesuffix("}") + ", members_only: false}"
    scenario = Scenario.load(written(tmp_path, f"queues: {{a: {COUNTED}, b: {for_all}}}\n"))
    assert serving_groups(scenario.file).tolist() == [[1], [1]]


def test_what_nobody_lists_is_for_groups_beside_agents_of_a_queue(tmp_path: Path) -> None:
    """Groups of the section serve it, as the engine has it; those whom another queue counts do not."""
    groups = "agents: [{group: all, count: 2}, {group: a-too, count: 1, queues: [a]}]"
    scenario = Scenario.load(written(tmp_path, f"queues: {{a: {COUNTED}, b: {PLAIN}}}\n{groups}\n"))
    assert [group.name for group in scenario.file.groups] == ["all", "a-too", "a"]
    assert serving_groups(scenario.file).tolist() == [[0, 1, 1], [1, 1, 0]]
    script, directory = scenario.model.parts["script"], scenario.model.directory
    settings = script[(script["kind"] == SETTING_CHANGED) & (script["agent"] == TABLE_QUEUE)]
    only = settings[settings["contact"] == QueueSetting.MEMBERS_ONLY]
    assert set(only["queue"].tolist()) == {directory.queues.number("a"), directory.queues.number("b")}
    spelled = plain_groups(scenario, {})
    assert serving_groups(spelled.file).tolist() == serving_groups(scenario.file).tolist()


def test_a_group_that_a_queue_means_is_found_beside_agents_of_another() -> None:
    queue = {"arrivals": {"rate": "1/min"}, "handle": {"talk": "1m"}}
    raw = {"queues": {"a": queue | {"agents": 3}, "b": queue}, "agents": [{"group": "team", "count": 2}]}
    changed = Scenario.of(raw, changes=["queues.b.agents=4"])
    assert [(group.name, group.heads) for group in changed.file.groups] == [("team", 4), ("a", 3)]


def test_solving_names_the_queue_that_no_group_serves(tmp_path: Path) -> None:
    leads_on = PLAIN.removesuffix("}") + ", steps: [{after: 10s, do: overflow, to: a}]}"
    scenario = Scenario.load(written(tmp_path, f"queues: {{a: {COUNTED}, b: {leads_on}}}\n"))
    with pytest.raises(ConfigError) as error:
        solve(scenario, Question(goals_of(scenario.file, {}, {})))
    told = "no group serves queue 'b', so no number of agents keeps its goal; list it in the 'queues' of a group"
    assert str(error.value).startswith(f"{scenario.path}:1:"), "its place"
    assert told in str(error.value)
    with pytest.raises(ConfigError, match=r"queues\.b: no group serves queue 'b'"):
        solve(scenario.changed("queues.a.agents=3"), Question(goals_of(scenario.file, {}, {})))


def test_a_queue_listed_by_nobody_at_work_is_served_by_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    groups = "agents: [{group: a, count: 0, queues: [a]}, {group: b, count: 3, queues: [b]}]"
    each = "{arrivals: {rate: 1/min}, handle: {talk: 1m}, strategy: longest-idle}"
    path = written(tmp_path, f"queues: {{a: {each}, b: {each}}}\n{groups}\n")
    assert check_scenario(path) == 0
    assert [line for line in capsys.readouterr().out.splitlines() if "note" in line] == [
        f"{path}: note: no agent can serve queue 'a' as it is required at first"
    ]
    scenario = Scenario.load(path)
    assert serving_groups(scenario.file).tolist() == [[1, 0], [0, 1]]
    script = scenario.model.parts["script"]
    of_queues = (script["kind"] == SETTING_CHANGED) & (script["agent"] == TABLE_QUEUE)
    for name in ("a", "b"):
        rows = script[of_queues & (script["queue"] == scenario.model.directory.queues.number(name))]
        assert rows["a"][rows["contact"] == QueueSetting.MEMBERS_ONLY].tolist() == [1]
