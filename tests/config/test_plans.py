"""Continuity plans in the configuration: inline and in files, their faults, and what is in force."""

from pathlib import Path

import pytest

from engine.config.in_force import in_force
from engine.config.load import load_config
from engine.config.sections import Config
from engine.errors import ConfigError
from engine.messages.kinds import STEP_CALLBACK, STEP_OVERFLOW
from engine.model.plans import PlanEffects
from engine.model.settings import STEPS_MAX

CENTRE = """
sites: {hanoi: {}, danang: {}}
trunk_groups: {pots: {channels: 30, reserve: 5}}
queues:
  sales: {max_length: 9}
  billing: {}
  chat: {channel: chat}
agents:
  - {name: an, site: hanoi, capacity: {chat: 2}}
"""


def loaded(folder: Path, plans: str, **files: str) -> Config:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    path = folder / "centre.yaml"
    path.write_text(CENTRE + plans, encoding="utf-8")
    return load_config(path, {}, {})


def faults(folder: Path, plans: str, **files: str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        loaded(folder, plans, **files)
    return [fault.removeprefix(f"{folder}/") for fault in raised.value.faults]


def test_a_plan_reads_alike_inline_and_from_a_file(tmp_path: Path) -> None:
    inline = loaded(tmp_path, "plans: {storm: {title: Storm, close: [chat], reroute: {sales: billing}}}")
    filed = loaded(
        tmp_path, "plans: [storm.yaml]", storm="plan: storm\ntitle: Storm\nclose: [chat]\nreroute: {sales: billing}\n"
    )
    assert inline.plans == filed.plans
    assert filed.plans["storm"].effects().reroute["sales"].to == "billing"


def test_faults_of_a_file_have_its_own_place(tmp_path: Path) -> None:
    found = faults(tmp_path, "plans: [storm.yaml, gone.yaml]", storm="close: [chta]\ntier: 9\nclosee: []\n")
    assert "storm.yaml:1:9: there is no queue 'chta'; did you mean 'chat'?" in found
    assert "storm.yaml:2:7: 9 is out of range; allowed is 1 to 5" in found
    assert "storm.yaml:3:1: unknown word 'closee'; did you mean 'close'?" in found
    assert any(fault.startswith("gone.yaml:1:1: cannot be read") for fault in found)


def test_a_plan_may_not_contradict_itself(tmp_path: Path) -> None:
    found = faults(tmp_path, "plans: {storm: {only: [billing], reroute: {sales: chat, billing: billing}}}")
    assert any("queue 'chat' is closed by the plan itself" in fault for fault in found)
    assert any("queue 'billing' cannot be its own target" in fault for fault in found)


def test_a_plan_may_not_want_a_step_of_a_queue_that_has_all(tmp_path: Path) -> None:
    steps = ", ".join(f"{{after: {n}m, do: overflow, to: billing}}" for n in range(1, STEPS_MAX + 1))
    full = CENTRE.replace("sales: {", f"sales: {{steps: [{steps}], ", 1)
    assert full != CENTRE
    at_once, later = (f"plans: {{storm: {{reroute: {{sales: {away}}}}}}}" for away in ("chat", "{to: chat, after: 1m}"))
    (tmp_path / "centre.yaml").write_text(full + at_once, encoding="utf-8")
    assert "storm" in load_config(tmp_path / "centre.yaml", {}, {}).plans
    (tmp_path / "centre.yaml").write_text(full + later, encoding="utf-8")
    with pytest.raises(ConfigError, match=f"queue 'sales' has {STEPS_MAX} steps already"):
        load_config(tmp_path / "centre.yaml", {}, {})


def test_in_force_changes_what_the_plan_says_and_nothing_else(tmp_path: Path) -> None:
    config = loaded(
        tmp_path,
        """
plans:
  storm:
    reroute: {sales: {to: billing, after: 1m}, chat: billing}
    channel_head_start: {voice: 2m}
    head_start: {billing: 5m}
    max_length: {sales: 3}
    concurrency: {chat: 6}
    trunks: {pots: 4}
    callback_after: 3m
""",
    )
    planned = in_force(config, [config.plans["storm"].effects()])
    sales, billing, chat = (planned.queues[name] for name in ("sales", "billing", "chat"))
    assert [(step.do, step.to) for step in sales.steps] == [(STEP_OVERFLOW, "billing"), (STEP_CALLBACK, None)]
    assert (sales.head_start_ns, billing.head_start_ns, chat.head_start_ns) == (120 * 10**9, 300 * 10**9, 0)
    assert (sales.max_length, chat.when_closed, chat.steps) == (3, "billing", [])
    assert (planned.trunk_groups["pots"].channels, planned.trunk_groups["pots"].reserve) == (4, 4)
    assert planned.agents[0].capacity == {"chat": 6}
    assert config.queues["sales"].max_length == 9
    assert config.agents[0].capacity == {"chat": 2}


def test_a_site_that_backs_another_up_serves_what_is_served_there(tmp_path: Path) -> None:
    text = """
plans: {storm: {back_up: {hanoi: danang}, announce: {sales: We call you back}}}
agents:
  - {name: an, site: hanoi, skills: {vip: 7}, queues: [sales, billing]}
  - {name: em, site: hanoi, skills: {vip: 3, english: 5}}
  - {name: binh, site: danang, skills: {vip: 2}, queues: [chat]}
  - {name: chi}
"""
    (tmp_path / "centre.yaml").write_text(CENTRE.partition("agents:")[0] + text, encoding="utf-8")
    config = load_config(tmp_path / "centre.yaml", {}, {})
    planned = {agent.name: agent for agent in in_force(config, [config.plans["storm"].effects()]).agents}
    assert planned["binh"].skills == {"vip": 7, "english": 5}
    assert planned["binh"].queues == ["chat", "sales", "billing"]
    assert [planned[name] for name in ("an", "em", "chi")] == [config.agents[place] for place in (0, 1, 3)]
    assert any(
        "cannot back itself up" in fault for fault in faults(tmp_path, "plans: {storm: {back_up: {hanoi: hanoi}}}")
    )


def test_what_a_plan_names_and_is_gone_is_passed_over(tmp_path: Path) -> None:
    config = loaded(tmp_path, "")
    gone = PlanEffects(close=("gone",), max_length={"gone": 1}, trunks={"gone": 1})
    assert in_force(config, [gone]).queues == config.queues
