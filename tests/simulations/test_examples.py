"""The examples that `trunkline init` writes: each is good, says in its README what to do, and that can be done."""

import errno
import os
import re
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer
from ruamel.yaml import YAML
from typer.testing import CliRunner

from engine.config.load import load_config
from engine.main import add_installed_commands, app
from simulations.commands.scenario_files import EXAMPLES, QUESTIONS, check_scenario, init, write_example
from simulations.compare.paired import difference
from simulations.compare.payback import outlook
from simulations.compare.resilience import NO_PLAN, PLAN, cases, told
from simulations.experiment.simulate import simulate
from simulations.scenario.scenario import Scenario

pytestmark = pytest.mark.timeout(600)  # the first of them compiles the world
DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("PLANNER.md", "PLANNER-SCENARIO.md", "PLANNER-COMMANDS.md", "PLANNER-WHATIF.md", "PLANNER-RESULTS.md")
SCENARIOS = sorted(path for path in EXAMPLES.glob("*/*.yaml"))


def initiated(*arguments: str) -> str:
    program = typer.Typer(pretty_exceptions_enable=False)
    program.command()(init)
    found = CliRunner().invoke(program, list(arguments))
    assert found.exit_code == 0, found.output
    return found.stdout


def test_every_example_is_told_of_and_written_with_its_readme(tmp_path: Path) -> None:
    assert {path.parent.name for path in SCENARIOS} == set(QUESTIONS)
    listed = initiated("--list")
    for name in QUESTIONS:
        assert name in listed
        told_of = initiated(str(tmp_path / name), "--example", name)
        assert "README.md" in told_of
        assert (tmp_path / name / "README.md").is_file()
    assert (tmp_path / "continuity" / "plans" / "hanoi-power.yaml").is_file()


def test_an_example_that_there_is_not_is_a_fault(tmp_path: Path) -> None:
    program = typer.Typer(pretty_exceptions_enable=False)
    program.command()(init)
    refused = CliRunner().invoke(program, [str(tmp_path / "x"), "--example", "continuty"])
    assert refused.exit_code == 2
    assert "did you mean 'continuity'?" in re.sub(r"[\s│]+", " ", refused.stderr)
    assert CliRunner().invoke(program, []).exit_code == 2


@pytest.mark.parametrize("step", ["write_bytes", "rename"])
@pytest.mark.parametrize("there", [False, True])
def test_a_full_disk_leaves_nothing_of_an_example_and_names_what_was_to_be(
    step: str, there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, really, calls = tmp_path / "plans" / "mine", getattr(Path, step), []
    if there:
        folder.mkdir(parents=True)
        (folder / "own.txt").write_text("kept")

    def full(path: Path, given: Any) -> Any:
        calls.append(path)
        if len(calls) < 3:
            return really(path, given)
        if isinstance(given, bytes):
            really(path, given[:7])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    program = typer.Typer(pretty_exceptions_enable=False)
    program.command()(init)
    with monkeypatch.context() as patch:
        patch.setattr(Path, step, full)
        refused = CliRunner().invoke(program, [str(folder), "--example", "continuity"])
    assert (refused.exit_code, len(calls)) == (5, 3)
    third = sorted(path for path in (EXAMPLES / "continuity").rglob("*") if path.is_file())[2]
    target = folder / third.relative_to(EXAMPLES / "continuity")
    assert refused.stderr.startswith(f"error: {target}: no space left on device; make room")
    assert [path.name for path in tmp_path.rglob("*")] == (["plans", "mine", "own.txt"] if there else [])
    initiated(str(folder), "--example", "continuity")
    assert target.read_bytes() == third.read_bytes()


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_scenario_is_good_and_can_be_played(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_scenario(path) == 0
    assert "note:" not in capsys.readouterr().out
    result = simulate(path, 1, 1)
    assert result.count("answered").sum() > 0.5 * result.count("offered").sum()


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_command_of_a_readme_exists(name: str) -> None:
    add_installed_commands(app)
    program = typer.main.get_command(app)
    text = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^trunkline (.+)$", text, re.MULTILINE)
    assert len(lines) >= 3
    for line in lines:
        command, *rest = shlex.split(line, comments=True)
        known = program.commands[command]  # type: ignore[attr-defined]
        options = {option for parameter in known.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert {word for word in rest if word.startswith("-")} <= options, line
        for word in rest:
            if word.endswith(".yaml"):
                assert (EXAMPLES / name / word).is_file(), line


def test_the_structures_meet_the_same_customers_and_are_staffed_alike() -> None:
    results = {name: simulate(EXAMPLES / "structures" / f"{name}.yaml", 3, 7) for name in ("regional", "central")}
    first = [result.count("offered") - result.retried for result in results.values()]
    assert (first[0].sum(axis=(1, 2)) == first[1].sum(axis=(1, 2))).all(), "but for those who call again"
    for result in results.values():
        assert min(result.estimate("service_level", queue).value for queue in result.queues) > 0.85


def test_the_structures_can_be_played_as_their_volumes_grow() -> None:
    for path in sorted((EXAMPLES / "structures").glob("*.yaml")):
        months = outlook(Scenario.load(path), months=12, replications=2, seed=7)
        assert months.benefits[:, -1].sum() > months.benefits[:, 0].sum()


def test_the_plan_of_the_continuity_example_helps_and_may_be_activated_live(tmp_path: Path) -> None:
    path = EXAMPLES / "continuity" / "continuity.yaml"
    played = {name: simulate(one, 5, 7) for name, one in cases(Scenario.load(path), 0).items()}
    found = {case.name: case for case in told(played)}
    assert found[PLAN].lost.value < 0.7 * found[NO_PLAN].lost.value
    assert found[PLAN].level_during["emergency"].value > found[PLAN].level_during["billing"].value
    write_example(tmp_path, "continuity")
    live = """
sites: {hanoi: {}, danang: {}}
trunk_groups: {blue: {channels: 40}}
queues: {emergency: {}, billing: {}, sales: {}, chat: {channel: chat}}
agents: [{name: an, site: hanoi}]
plans: [plans/hanoi-power.yaml]
"""
    (tmp_path / "centre.yaml").write_text(live, encoding="utf-8")
    assert load_config(tmp_path / "centre.yaml", {}, {}).plans == Scenario.load(path).file.plans


def test_around_the_clock_serves_those_who_write_at_night() -> None:
    day, clock = (simulate(EXAMPLES / "digital-rush" / f"{name}.yaml", 5, 7) for name in ("14h", "24h"))
    assert difference(day, clock, "service_level", "social").low > 0.1
    assert difference(day, clock, "blocked_rate", "webchat").high < -0.1
    assert difference(day, clock, "service_level", "calls").value == 0.0, "calls are as they were"


def test_the_commands_of_the_planners_pages_name_what_those_before_them_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = "\n".join((DOCS / page).read_text(encoding="utf-8") for page in PAGES)
    commands = [shlex.split(line, comments=True)[1:] for line in re.findall(r"^trunkline .*", text, re.MULTILINE)]
    for command in commands:
        if command[0] == "init":
            initiated(*command[1:])
        for word in command[1:]:
            if "/" in word and word.endswith(".yaml"):
                assert list(tmp_path.glob(word)), f"{word}: no command before wrote it"
        if command[0] in ("simulate", "sweep", "solve"):
            changes = [value for key, value in pairwise(command) if key == "--set"]
            assert Scenario.load(command[1], changes).model.parts
    assert {"init", "check", "simulate", "sweep", "solve", "resilience", "payback"} <= {one[0] for one in commands}


def test_the_scenario_of_the_page_is_good_and_breaks_as_the_page_says() -> None:
    text = (DOCS / "PLANNER-SCENARIO.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```yml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    small, broken = (YAML(typ="safe").load(block) for block in blocks)
    assert simulate(Scenario.of(small), 2, 7).estimate("service_level", "sales").value > 0.5
    house = {
        "queues": {**small["queues"], "survey": small["queues"]["sales"]},
        "sites": {"hanoi": {}, "danang": {}},
        "trunk_groups": {"hanoi": {"channels": 60}, "danang": {"channels": 60}},
        "agents": [{"group": "home", "count": 4, "site": "hanoi", "queues": ["sales"]}],
    }
    without, plan = {**small, **house}, {**small, **house, **broken}
    assert (
        simulate(Scenario.of(plan), 2, 7).count("offered").sum()
        > simulate(Scenario.of(without), 2, 7).count("offered").sum()
    )
