"""What `--set` makes of how many there are: groups, their shifts, and queues whose agents are groups."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from engine.errors import ConfigError
from simulations.commands.scenario_files import write_example
from simulations.commands.simulate import simulate
from simulations.commands.sweep import sweep
from simulations.scenario.scenario import Scenario

SHIFTS = [{"hours": "8:00-12:00", "count": 2}, {"hours": "10:00-12:00", "count": 3}]


def centre(*groups: dict[str, Any], **queues: dict[str, Any]) -> dict[str, Any]:
    """Return a scenario with these groups, and queues beside `q`."""
    named = {"q": {"skills": {"q": 1}, "arrivals": {"rate": "1/min"}, "handle": {"talk": "1m"}}} | queues
    horizon = {"from": "2026-11-23 08:00", "to": "2026-11-23 12:00", "interval": "1h"}
    return {"horizon": horizon, "queues": named, "agents": list(groups)}


def group(name: str = "g", **said: Any) -> dict[str, Any]:
    """Return a group that serves `q`."""
    return {"group": name, "skills": {"q": 1}} | said


def shift_counts(scenario: Scenario, place: int = 0) -> list[int | None]:
    """Return what the shifts of a group say."""
    return [shift.count for shift in scenario.file.groups[place].shifts]


def test_a_group_has_as_many_as_its_shifts() -> None:
    assert Scenario.of(centre(group(shifts=SHIFTS))).file.groups[0].heads == 5
    assert Scenario.of(centre(group(count=5, shifts=SHIFTS))).file.groups[0].heads == 5
    for count in (3, 20):
        with pytest.raises(ConfigError) as raised:
            Scenario.of(centre(group(count=count, shifts=SHIFTS)))
        assert raised.value.faults == [
            f"scenario: agents.0.count: the group has {count}, and its shifts say 5; each agent works one of them: "
            "write 5, or leave 'count' out"
        ]


def test_a_shift_without_a_count_is_of_those_who_are_in_no_other() -> None:
    rest = [SHIFTS[1], {"hours": "8:00-10:00"}]
    assert Scenario.of(centre(group(count=4, shifts=rest))).file.groups[0].heads == 4
    with pytest.raises(ConfigError, match="say how many the group has"):
        Scenario.of(centre(group(shifts=rest)))
    with pytest.raises(ConfigError, match="its shifts say 3; each agent works one of them: write 3 or more"):
        Scenario.of(centre(group(count=2, shifts=rest)))


def test_a_count_of_a_group_scales_its_shifts_and_says_so() -> None:
    scenario = Scenario.of(centre(group(count=5, shifts=SHIFTS)), changes=["agents.g.count=10"])
    assert shift_counts(scenario) == [4, 6]
    assert scenario.notes == (
        "--set agents.g.count=10: its shifts, which say 5, are scaled in proportion: 8:00-12:00 from 2 to 4, "
        "10:00-12:00 from 3 to 6",
    )
    assert Scenario.of(scenario.raw).notes == ()
    alone = Scenario.of(centre(group(shifts=SHIFTS)), changes=["agents.0.count=0"])
    assert shift_counts(alone) == [0, 0]


def test_a_count_of_a_shift_is_what_works_it() -> None:
    raw = centre(group(count=5, shifts=SHIFTS))
    scenario = Scenario.of(raw, changes=["agents.0.shifts.0.count=1"])
    assert (scenario.file.groups[0].heads, shift_counts(scenario)) == (4, [1, 3])
    assert scenario.notes == (
        "--set agents.0.shifts.0.count=1: the group has 4 with it, as its shifts say, where it had 5",
    )
    both = Scenario.of(raw, changes=["agents.g.count=9", "agents.g.shifts.0.count=6"])
    assert (shift_counts(both), both.notes) == ([6, 3], ())


@pytest.mark.parametrize(
    ("agents", "changes", "fault"),
    [
        (["foo"], ["agents.0.count=3"], "--set agents.0.count=3: 'agents.0' holds no sections"),
        (["foo"], ["agents.0.shifts.0.count=3"], "--set agents.0.shifts.0.count=3: 'agents.0' holds no sections"),
        (
            [group(count=1, shifts=["foo"])],
            ["agents.0.shifts.0.count=3"],
            "--set agents.0.shifts.0.count=3: 'agents.0.shifts.0' holds no sections",
        ),
        (
            [group(count=1)],
            ["agents.0.count=3", "agents.0=foo"],
            "--set agents.0=foo: 'foo' stands where a mapping belongs",
        ),
        (
            [group(count=1)],
            ["agents.0.count=3", "agents.0={group: q, count: -1}"],
            "--set agents.0={group: q, count: -1}: count: -1 is out of range; allowed is 0 to 10000",
        ),
        ([group(count=1)], ["agents.0.count=3", "agents=foo"], "--set agents=foo: 'foo' stands where a list belongs"),
    ],
)
def test_a_count_of_what_is_no_section_is_a_fault(agents: list[Any], changes: list[str], fault: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Scenario.of(centre(*agents), changes=changes)
    assert fault in raised.value.faults


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        (["nosuch.x=1"], ["--set nosuch.x=1: unknown word 'nosuch'"]),
        (["nosuch.x=1", "nosuch.y=2"], ["--set nosuch.x=1: unknown word 'nosuch'"]),
        (
            ["queues.q.transfers.share=2"],
            [
                "--set queues.q.transfers.share=2: 2 is out of range; allowed is 0 to 100%",
                "--set queues.q.transfers.share=2: to: 'to' is missing",
            ],
        ),
        (
            ["name=other", "horizon.interval=7m", "factors.aht=2"],
            [
                "--set horizon.interval=7m: FILE:1:22: the horizon must begin where an interval does, counted from "
                "midnight UTC",
                "--set horizon.interval=7m: FILE:1:48: the horizon must hold a whole number of intervals",
            ],
        ),
    ],
)
def test_what_a_change_brings_is_told_of_the_change(changes: list[str], faults: list[str], tmp_path: Path) -> None:
    path = tmp_path / "day.yaml"
    path.write_text(json.dumps(centre(group(count=4))), encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        Scenario.load(path, changes)
    assert [fault.replace(str(path), "FILE") for fault in raised.value.faults] == faults


def test_what_a_file_has_by_itself_is_told_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "day.yaml"
    raw = centre(group(staffing=[1, 2, 3]))
    path.write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        Scenario.load(path, ["agents.g.absence=3", "name=other"])
    assert raised.value.faults[0].startswith(f"{path}:1:"), "three numbers are too few with the change and without"
    assert raised.value.faults[1:] == ["--set agents.g.absence=3: 3 is out of range; allowed is 0 to 100%"]
    with pytest.raises(ConfigError) as raised:
        Scenario.load(path, ["horizon.to=2026-11-23 11:00", "name=other", "horizon.from=2026-11-23 09:00"])
    assert [fault.split(": ")[0] for fault in raised.value.faults] == ["--set horizon.from=2026-11-23 09:00"], (
        "the last with which it came: with the first alone there were three intervals"
    )


@pytest.mark.parametrize(
    ("groups", "queues", "meant"),
    [
        ([group("q", count=3), group("others", count=2)], {}, "q"),
        ([group("day", count=3)], {}, "day"),
        ([group("day", count=3), group("all", count=2, queues=["q", "r"])], {"r": {"handle": {"talk": "1m"}}}, "day"),
    ],
)
def test_agents_of_a_queue_are_the_group_that_serves_it_alone(
    groups: list[dict[str, Any]], queues: dict[str, Any], meant: str
) -> None:
    if "r" in queues:
        groups = [groups[0] | {"queues": ["q"]}, groups[1]]
    scenario = Scenario.of(centre(*groups, **queues), changes=["queues.q.agents=12"])
    assert {one.name: one.heads for one in scenario.file.groups}[meant] == 12
    assert len(scenario.file.groups) == len(groups)
    assert f"agents.{meant}.count=12" in scenario.notes[0]


def test_agents_of_a_queue_that_several_groups_serve_are_asked_for() -> None:
    raw = centre(group("day", count=3), group("night", count=2))
    with pytest.raises(ConfigError) as raised:
        Scenario.of(raw, changes=["queues.q.agents=12"])
    assert raised.value.faults == [
        "--set queues.q.agents=12: 'q' has its agents from groups; write agents.day.count or agents.night.count"
    ]
    with pytest.raises(ConfigError, match=r"write agents\.g\.staffing=\[\.\.\.\], a number an interval"):
        Scenario.of(centre(group(staffing=[1, 2, 3, 4])), changes=["queues.q.agents=12"])
    nobody = Scenario.of(
        centre({"group": "other", "count": 1}, r={"handle": {"talk": "1m"}}), changes=["queues.q.agents=12"]
    )
    assert [one.name for one in nobody.file.groups] == ["other", "q"]


def test_the_shipped_hotline_takes_how_many_sell(tmp_path: Path) -> None:
    write_example(tmp_path)
    path = tmp_path / "hotline.yaml"
    scenario = Scenario.load(path, ["queues.sales.agents=12"])
    assert (scenario.file.groups[0].heads, shift_counts(scenario)) == (12, [4, 4, 2, 2])
    one = Scenario.load(path, ["agents.sales.shifts.0.count=10"])
    assert (one.file.groups[0].heads, shift_counts(one)) == (32, [10, 12, 5, 5])
    app = typer.Typer()
    app.command()(simulate)
    app.command()(sweep)
    done = CliRunner().invoke(app, ["simulate", str(path), "-n", "2", "--set", "queues.sales.agents=12"])
    assert done.exit_code == 0
    assert "note: --set queues.sales.agents=12: taken for the group of that name, agents.sales.count=12" in done.stderr
    assert "are scaled in proportion: 7:00-15:00 from 12 to 4" in done.stderr
    swept = CliRunner().invoke(app, ["sweep", str(path), "-n", "2", "--vary", "agents.sales.count=30:34:4"])
    assert swept.exit_code == 0
    assert "note: agents.sales.count=30: its shifts, which say 34, are scaled in proportion" in swept.stderr
