"""From configuration to directory and rows: numbers that stay, and rows for what changed alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.config import Config, compile_directory, compile_settings, load_config
from engine.errors import ConfigError
from engine.messages import kinds
from engine.messages.rows import pack_requirement
from engine.model.directory import decode_directory, encode_directory
from engine.model.setting_tables import SettingTables, default_tables, fold_settings
from engine.model.settings import (
    INHERIT,
    QUEUE_DEFAULTS,
    RESERVE_AUTO,
    SECOND_NS,
    WRAP_UP_BY_AGENT,
    AgentSetting,
    ChannelSetting,
    EngineSetting,
    QueueSetting,
)

CENTRE = """
service: {seed: 7}
skills: [billing, sales]
sites: {hanoi: {}}
channels: {chat: {capacity: 5, may_interrupt: [email, task]}}
trunk_groups: {t: {channels: 10, reserve: 2}}
queues:
  sales:
    skills: {sales: 3, billing: 1}
    max_wait: 5m
    wrap_up: agent
    when_full: queue support
    value: 2.5
    ageing: 30s
    steps:
      - {after: 60s, do: overflow, to: support}
      - {after: 10s, do: relax, skills: {sales: 1}}
      - {after: 20s, do: relax}
  support: {strategy: longest-idle, join_empty: available, leave_empty: logged_out}
agents:
  - {name: "a{n:02}", count: 2, skills: {sales: 5}, queues: [support], site: hanoi,
     phone: {address: "sip:a{n:02}@h", password: "pw{n}"}}
  - {name: b, capacity: {voice: 0}, wrap_up: 0, queues: [support]}
"""


def load(tmp_path: Path, text: str) -> Config:
    file = tmp_path / "centre.yaml"
    file.write_text(text, encoding="utf-8")
    return load_config(file, {}, {})


def room() -> SettingTables:
    return default_tables().resized(requirements=32, trunk_groups=4, queues=8, agents=8, skills=8)


def applied(rows: Any, tables: SettingTables | None = None) -> SettingTables:
    tables = tables or room()
    fold_settings(tables, rows)
    return tables


def test_the_settings_of_queues(tmp_path: Path) -> None:
    config = load(tmp_path, CENTRE)
    directory = compile_directory(config)
    sales, support = applied(compile_settings(config, directory)).queues[:2]
    assert sales[QueueSetting.WRAP_UP_NS] == WRAP_UP_BY_AGENT
    assert sales[QueueSetting.FULL_TARGET] == directory.queues.number("support")
    assert sales[QueueSetting.VALUE] == 2500
    assert sales[QueueSetting.PRIORITY_CREDIT_NS] == 30 * SECOND_NS
    assert (sales[QueueSetting.MEMBERS_ONLY], support[QueueSetting.MEMBERS_ONLY]) == (0, 1)
    assert (support[QueueSetting.JOIN_EMPTY], support[QueueSetting.LEAVE_EMPTY]) == (2, 1)
    assert support[QueueSetting.STRATEGY] == kinds.LONGEST_IDLE
    assert sales[QueueSetting.OPEN] == 1


INSIDE = """
queues: {sales: {}, inside: {members_only: true, preferred_wait: 1m, max_wait: 1m%s}}
agents: [{name: an, queues: [sales], phone: {address: "sip:an@h"}}]
adapters: {sip: {agent_calls: inside}}
"""


@pytest.mark.parametrize(("said", "leaves"), [("", 1), (", leave_empty: never", 0), (", leave_empty: paused", 2)])
def test_nobody_waits_for_a_colleague_who_does_not_come(tmp_path: Path, said: str, leaves: int) -> None:
    file = tmp_path / "centre.yaml"
    file.write_text(INSIDE % said, encoding="utf-8")
    config = load_config(file, {})
    directory = compile_directory(config)
    sales, inside = applied(compile_settings(config, directory)).queues[:2]
    assert (sales[QueueSetting.LEAVE_EMPTY], inside[QueueSetting.LEAVE_EMPTY]) == (0, leaves)


def test_a_site_that_is_gone_keeps_what_it_was_called(tmp_path: Path) -> None:
    before = compile_directory(load(tmp_path, CENTRE.replace("{hanoi: {}}", "{hanoi: {display_name: Hà Nội}}")))
    assert before.sites_shown() == {"hanoi": "Hà Nội"}
    without = CENTRE.replace("{hanoi: {}}", "{hue: {}}").replace("site: hanoi", "site: hue")
    assert compile_directory(load(tmp_path, without), before).sites_shown() == {"hanoi": "Hà Nội"}
    assert compile_directory(load(tmp_path, CENTRE), before).sites_shown() == {}


def test_steps_are_ordered_by_time_and_max_wait_is_one(tmp_path: Path) -> None:
    config = load(tmp_path, CENTRE)
    tables = applied(compile_settings(config, compile_directory(config)))
    steps = tables.queues[0, QueueSetting.FIRST_STEP : QueueSetting.HOLD_BACK_NS].reshape(-1, 3).tolist()
    assert steps == [
        [10 * SECOND_NS, kinds.STEP_RELAX, -1],
        [20 * SECOND_NS, kinds.STEP_RELAX, -1],
        [60 * SECOND_NS, kinds.STEP_OVERFLOW, 1],
        [300 * SECOND_NS, kinds.STEP_TIME_OUT, -1],
        [0, kinds.STEP_NONE, 0],
        [0, kinds.STEP_NONE, 0],
    ]


def test_relax_steps_follow_each_other_through_the_requirements(tmp_path: Path) -> None:
    config = load(tmp_path, CENTRE)
    tables = applied(compile_settings(config, compile_directory(config)))
    number, chain = int(tables.queues[0, QueueSetting.REQUIREMENT]), []
    while number >= 0:
        packed, number = tables.requirements[number].tolist()
        chain.append(packed)
    billing, sales = 0, 1
    assert chain == [pack_requirement((billing, 1), (sales, 3)), pack_requirement((sales, 1)), 0]
    assert tables.queues[1, QueueSetting.REQUIREMENT] == 0


def test_a_relaxed_requirement_is_defined_before_the_one_that_leads_to_it(tmp_path: Path) -> None:
    config = load(tmp_path, CENTRE)
    rows = compile_settings(config, compile_directory(config))
    defined = rows[rows["kind"] == kinds.REQUIREMENT_DEFINED]
    assert all(row["b"] < row["queue"] for row in defined)
    assert list(rows["kind"][: len(defined)]) == [kinds.REQUIREMENT_DEFINED] * len(defined)


def test_the_settings_of_agents(tmp_path: Path) -> None:
    config = load(tmp_path, CENTRE)
    directory = compile_directory(config)
    tables = applied(compile_settings(config, directory))
    first, _, last = tables.agents[:3]
    capacities = [AgentSetting.CAPACITY + channel for channel in range(kinds.CHANNELS)]
    assert first[capacities].tolist() == [1, 5, 1, 1]
    assert last[capacities].tolist() == [0, 5, 1, 1]
    assert (first[AgentSetting.WRAP_UP_NS], last[AgentSetting.WRAP_UP_NS]) == (INHERIT, 0)
    assert (first[AgentSetting.NEEDS_PHONE], last[AgentSetting.NEEDS_PHONE]) == (1, 0)
    assert (first[AgentSetting.SITE], last[AgentSetting.SITE]) == (0, -1)
    assert tables.agents[:, AgentSetting.EXISTS].tolist() == [1, 1, 1, 0, 0, 0, 0, 0]
    assert tables.skill_levels[:3, directory.skills.number("sales")].tolist() == [5, 5, 0]
    assert tables.memberships[:3, directory.queues.number("support")].tolist() == [1, 2, 3]


def test_the_settings_of_the_rest(tmp_path: Path) -> None:
    config = load(tmp_path, CENTRE)
    tables = applied(compile_settings(config, compile_directory(config)))
    assert tables.engine[0].tolist()[EngineSetting.SEED] == 7
    assert tables.trunk_groups[0].tolist() == [10, 2, 10_000]
    masks = tables.channels[:, ChannelSetting.MAY_INTERRUPT].tolist()
    assert masks == [1 << kinds.VOICE, 1 << kinds.CHAT | 1 << kinds.EMAIL | 1 << kinds.TASK, 4, 8]


def test_defaults_need_no_rows_and_what_stands_needs_none_again(tmp_path: Path) -> None:
    config = load(tmp_path, "queues: {q: {}}")
    rows = compile_settings(config, compile_directory(config))
    assert set(rows["agent"].tolist()) == {kinds.TABLE_CHANNEL}
    config = load(tmp_path, CENTRE)
    directory = compile_directory(config)
    tables = applied(compile_settings(config, directory))
    assert len(compile_settings(config, directory, tables)) == 0


def test_a_reload_gives_rows_for_what_changed_alone(tmp_path: Path) -> None:
    config = load(tmp_path, CENTRE)
    before = compile_directory(config)
    tables = applied(compile_settings(config, before))
    config = load(tmp_path, CENTRE.replace("seed: 7", "seed: 8").replace("skills: {sales: 5}", "skills: {billing: 4}"))
    after = compile_directory(config, before)
    changed = compile_settings(config, after, tables)
    listed = sorted(
        (int(r["agent"]), int(r["queue"]), int(r["contact"]), int(r["a"]), int(r["b"])) for r in np.asarray(changed)
    )
    levels = [
        (kinds.TABLE_SKILL_LEVEL, agent, 0, level, skill) for agent in (0, 1) for skill, level in ((1, 0), (0, 4))
    ]
    assert listed == sorted([*levels, (kinds.TABLE_ENGINE, 0, EngineSetting.SEED, 8, 0)])


def test_names_keep_their_numbers_and_what_is_gone_drains(tmp_path: Path) -> None:
    config = load(tmp_path, CENTRE)
    before = compile_directory(config)
    tables = applied(compile_settings(config, before))
    text = """
queues: {new: {}, support: {}}
agents: [{name: c}, {name: b}]
"""
    config = load(tmp_path, text)
    after = compile_directory(config, before)
    assert after.queues.names == ("sales", "support", "new")
    assert [after.queues.number(name) for name in ("sales", "support", "new")] == [-1, 1, 2]
    assert after.agents.names == ("a01", "a02", "b", "c")
    assert after.queue_cards[0] == before.queue_cards[0]
    applied(compile_settings(config, after, tables), tables)
    assert tables.agents[:4, AgentSetting.EXISTS].tolist() == [0, 0, 1, 1]
    assert tables.queues[0, QueueSetting.MAX_LENGTH] == 0
    assert tables.queues[0, QueueSetting.WRAP_UP_NS] == WRAP_UP_BY_AGENT
    assert tables.memberships[2].tolist() == [0] * 8
    assert tables.trunk_groups[0].tolist() == [10, 2, 10_000]


def test_whether_a_queue_is_open_is_left_alone(tmp_path: Path) -> None:
    config = load(tmp_path, CENTRE)
    directory = compile_directory(config)
    tables = applied(compile_settings(config, directory))
    tables.queues[0, QueueSetting.OPEN] = 0
    assert len(compile_settings(config, directory, tables)) == 0


def test_the_defaults_of_the_file_are_those_of_the_tables(tmp_path: Path) -> None:
    config = load(tmp_path, "queues: {q: {}}\nagents: [{name: a}]")
    tables = applied(compile_settings(config, compile_directory(config)))
    for column in QueueSetting:
        assert tables.queues[0, column] == QUEUE_DEFAULTS.get(column, 0), column


def test_the_directory_survives_the_log_without_secrets(tmp_path: Path) -> None:
    config = load(tmp_path, CENTRE)
    directory = compile_directory(config)
    payload = encode_directory(directory)
    assert decode_directory(payload) == directory
    assert b"pw1" not in payload
    assert directory.agent_cards[0].phone == "sip:a01@h"
    assert config.endpoints()[1].password == "pw2"


def test_a_contact_with_skills_of_its_own_gets_a_requirement_that_relaxes_with_its_queue(tmp_path: Path) -> None:
    config = load(tmp_path, CENTRE)
    directory = compile_directory(config)
    tables = applied(compile_settings(config, directory))
    number, rows = directory.requirement(0, {"billing": 4})
    assert rows is not None
    fold_settings(tables, rows)
    seen = []
    while number >= 0:
        packed, number = tables.requirements[number].tolist()
        seen.append(packed)
    assert seen == [pack_requirement((0, 4), (1, 3)), pack_requirement((0, 4), (1, 1)), pack_requirement((0, 4))]
    again, rows = directory.requirement(0, {"billing": 4})
    assert rows is None
    assert directory.requirement(0, {})[0] == tables.queues[0, QueueSetting.REQUIREMENT]
    with pytest.raises(KeyError, match="cooking"):
        directory.requirement(0, {"cooking": 1})
    restored = decode_directory(encode_directory(compile_directory(config)))
    restored.fold(compile_settings(config, restored))
    assert restored.requirement(0, {"billing": 4})[0] == again


def test_what_does_not_fit_is_a_configuration_error(tmp_path: Path) -> None:
    steps = ", ".join(f"{{after: {level}s, do: relax, skills: {{s: {10 - level}}}}}" for level in range(1, 6))
    queues = ", ".join(f"q{n}: {{skills: {{s: 10, t: {n}}}, steps: [{steps}]}}" for n in range(1, 9))
    config = load(tmp_path, f"limits: {{requirements: 16}}\nskills: [s, t]\nqueues: {{{queues}}}")
    directory = compile_directory(config)
    text = f"limits: {{requirements: 16, queues: 8}}\nskills: [s, t, u]\nqueues: {{{queues.replace('t:', 'u:')}}}"
    with pytest.raises(ConfigError, match="16 different requirements are in use"):
        compile_directory(load(tmp_path, text), directory)
    renamed = text.replace("u:", "t:").replace("q1", "p1")
    with pytest.raises(
        ConfigError, match=r"9 queues have a number, 1 of them gone, but only 8 fit; raise limits.queues"
    ):
        compile_directory(load(tmp_path, renamed), directory)


def test_the_example_centre_compiles(tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "simulations" / "demo" / "centre.yaml"
    text = example.read_text(encoding="utf-8").partition("adapters:")[0]
    config = load(tmp_path, text)
    tables = applied(compile_settings(config, compile_directory(config)), default_tables().resized(64, 4, 8, 16, 8))
    assert tables.agents[:, AgentSetting.EXISTS].sum() == len(config.agents) == 13


def test_what_the_kernel_may_find_out_or_keep_back(tmp_path: Path) -> None:
    text = """
    trunk_groups: {main: {channels: 10, reserve: auto, protected_value: 2.5}}
    queues: {cheap: {hold_back: 90s}, never: {hold_back: never}}
    """
    config = load(tmp_path, text)
    tables = applied(compile_settings(config, compile_directory(config)))
    assert tables.trunk_groups[0].tolist() == [10, RESERVE_AUTO, 2500]
    assert tables.queues[:2, QueueSetting.HOLD_BACK_NS].tolist() == [90 * SECOND_NS, 0]
    with pytest.raises(ConfigError, match="only the strategy 'erlang' holds agents back"):
        load(tmp_path, "queues: {ringing: {strategy: ring-all, hold_back: 1m}}")
    with pytest.raises(ConfigError, match="or 'auto'"):
        load(tmp_path, "{queues: {q: {}}, trunk_groups: {main: {channels: 10, reserve: most}}}")
