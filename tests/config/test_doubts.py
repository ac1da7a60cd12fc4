"""What a good configuration is doubted for, and who could serve whom, also where there are many."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.config import compile_directory, load_config
from engine.config.able import able_agents
from engine.config.doubts import circles, doubts_in, unordered_steps
from engine.config.load import load_placed
from engine.model.quality import CASE_REPORTS

CENTRE = """
channels: {{chat: {{capacity: 0}}}}
queues:
  open: {{}}
  listed: {{}}
  closed: {{members_only: true}}
  free: {{members_only: false}}
  skilled: {{skills: {{english: 3}}}}
  chatted: {{channel: chat}}
agents:
  - {{name: alice, queues: [listed], skills: {{english: 5}}}}
  - {{name: bob, queues: [free], skills: {{english: 1}}}}
  - {{name: "a{{n}}", count: {count}}}
"""


def config_of(folder: Path, count: int) -> Any:
    file = folder / "centre.yaml"
    file.write_text(CENTRE.format(count=count), encoding="utf-8")
    return load_config(file, environment={}, adapters={})


def test_each_queue_has_the_agents_who_could_serve_it(tmp_path: Path) -> None:
    assert able_agents(config_of(tmp_path, 3)) == {
        "open": 5,
        "listed": 1,
        "closed": 0,
        "free": 5,
        "skilled": 1,
        "chatted": 0,
    }


def test_every_agents_queues_are_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = config_of(tmp_path, 200)
    looks = 0

    class Counted(list[str]):
        def __iter__(self) -> Iterator[str]:
            nonlocal looks
            looks += 1
            return super().__iter__()

        def __contains__(self, name: object) -> bool:
            nonlocal looks
            looks += 1
            return super().__contains__(name)

    for agent in config.agents:
        monkeypatch.setitem(agent.__dict__, "queues", Counted(agent.queues))
    able_agents(config)
    assert looks <= 2 * len(config.agents)


def test_what_somebody_may_have_meant_otherwise_is_noted(tmp_path: Path) -> None:
    file = tmp_path / "centre.yaml"
    file.write_text(
        """
queues:
  a: {when_full: queue b, max_length: 1, steps: [{after: 5s, do: refuse}, {after: 1s, do: time_out}]}
  b: {when_full: queue d, when_closed: queue a, max_length: 1, steps: [{after: 1s, do: refuse}]}
  c: {when_full: queue a}
  d: {when_full: queue a, steps: [{after: 1s, do: time_out}, {after: 1s, do: refuse}]}
""",
        encoding="utf-8",
    )
    config = load_config(file, environment={}, adapters={})
    assert unordered_steps(config) == [
        (
            ("queues", "a", "steps"),
            "steps of queue 'a' do not stand in the order of their times; "
            "'after' counts from when the contact entered the queue, never from the step before",
        )
    ]
    assert circles(config) == [
        (
            ("queues", "a", "when_full"),
            "'when_full' leads round in a circle: a -> b -> d -> a; a contact that none of them takes is refused",
        )
    ]


def test_overflow_steps_that_lead_round_are_noted(tmp_path: Path) -> None:
    file = tmp_path / "centre.yaml"
    file.write_text(
        """
queues:
  a: {steps: [{after: 5s, do: overflow, to: c}, {after: 9s, do: overflow, to: b}]}
  b: {max_wait: 1m, steps: [{after: 20s, do: overflow, to: a}]}
  c: {max_wait: 1m, steps: [{after: 2m, do: overflow, to: a}]}
  d: {steps: [{after: 1s, do: time_out}, {after: 5s, do: overflow, to: e}]}
  e: {steps: [{after: 5s, do: overflow, to: d}]}
  f: {steps: [{after: 5s, do: overflow, to: a}]}
""",
        encoding="utf-8",
    )
    ((location, note),) = circles(load_config(file, environment={}, adapters={}))
    assert location == ("queues", "a", "steps")
    assert note.startswith("overflow steps lead round in a circle: a -> b -> a; ")


def doubts(folder: Path, text: str) -> list[str]:
    """What is doubtful in a file, by line and column."""
    file = folder / "centre.yaml"
    file.write_text(text, encoding="utf-8")
    config, document = load_placed(file, {})
    return [doubt.removeprefix(f"{file}:") for doubt in doubts_in(document, config, {})]


PHONES = """queues: {q: {}}
agents:
  - {name: an}
  - {name: nga, phone: {address: "sip:nga@h"}}
  - {name: "a{n}", count: 3, phone: {address: "sip:a{n}@h"}}
adapters: {%s}
"""


def test_phones_that_no_adapter_rings_are_doubtful(tmp_path: Path) -> None:
    (doubt,) = doubts(tmp_path, PHONES % "http: {}")
    assert doubt == (
        "4:17: note: 4 agents have a phone, and no adapter rings phones: who has one is offered no calls until "
        "somebody tells that it can be reached; add 'sip' under 'adapters', or leave 'phone' out"
    )
    assert doubts(tmp_path, PHONES % "http: {}, sip: {}") == []
    assert doubts(tmp_path, "queues: {q: {}}\nagents: [{name: an}]") == []


INSIDE = """queues:
  sales: {members_only: true, %s}
  inside: {members_only: true, preferred_wait: 1m, max_wait: 1m}
agents: [{name: an, queues: [%s], phone: {address: "sip:an@h"}}]
adapters:
  sip: {%s}
"""


@pytest.mark.parametrize(
    ("sales", "served", "sip", "carried"),
    [
        ("", "sales", "agent_calls: inside", ("inside",)),
        ("", "sales", "", ()),
        ("", "sales, inside", "agent_calls: inside", ()),
        ("", "sales", "agent_calls: inside, default_queue: inside", ()),
        ("", "sales", "agent_calls: inside, dial_plan: {'1': inside}", ()),
        ("", "sales", "agent_calls: inside, callbacks: {attempts: 2, retry_in: inside}", ()),
        ("when_closed: queue inside", "sales", "agent_calls: inside", ()),
        ("steps: [{after: 5s, do: overflow, to: inside}]", "sales", "agent_calls: inside", ()),
    ],
)
def test_a_queue_that_carries_calls_among_colleagues_alone_is_known_and_not_doubtful(
    tmp_path: Path, sales: str, served: str, sip: str, carried: tuple[str, ...]
) -> None:
    file = tmp_path / "centre.yaml"
    file.write_text(INSIDE % (sales, served, sip), encoding="utf-8")
    config, document = load_placed(file, {})
    assert compile_directory(config).colleague_queues == carried
    able = able_agents(config)
    noted = [one for one in doubts_in(document, config, able) if "no agent can serve" in one]
    assert bool(noted) == (not able["inside"] and not carried)


def test_reports_of_cases_wait_for_colleagues(tmp_path: Path) -> None:
    file = tmp_path / "centre.yaml"
    file.write_text(REPORTED, encoding="utf-8")
    config, document = load_placed(file, {})
    assert compile_directory(config).colleague_queues == (CASE_REPORTS,)
    assert not [one for one in doubts_in(document, config, able_agents(config)) if "no agent can serve" in one]


REPORTED = """
queues: {back: {channel: task}}
agents: [{name: an, queues: [back]}]
cases: {complaint: {queue: back, limit: 2d, report_to: agent}}
"""
SKILLED = """
queues: {{inside: {{skills: {{expert: 3}}, max_wait: 1m, steps: [{steps}]}}}}
agents: [{{name: an, skills: {{expert: 1}}, phone: {{address: "sip:an@h"}}}}]
adapters: {{sip: {{agent_calls: inside}}}}
"""


@pytest.mark.parametrize(
    ("steps", "carried"),
    [
        ("", ("inside",)),
        ("{after: 30s, do: relax, skills: {expert: 2}}", ("inside",)),
        ("{after: 30s, do: relax, skills: {expert: 1}}, {after: 10s, do: relax, skills: {expert: 2}}", ()),
        ("{after: 30s, do: relax}", ()),
    ],
)
def test_a_queue_that_agents_serve_after_a_step_is_not_for_colleagues_alone(
    tmp_path: Path, steps: str, carried: tuple[str, ...]
) -> None:
    file = tmp_path / "centre.yaml"
    file.write_text(SKILLED.format(steps=steps), encoding="utf-8")
    config, document = load_placed(file, {})
    assert compile_directory(config).colleague_queues == carried
    noted = [one for one in doubts_in(document, config, able_agents(config)) if "no agent can serve" in one]
    assert bool(noted) == (not carried)


@pytest.mark.parametrize(
    ("service", "kept", "enough"),
    [("interval: 5m", 192, 301), ("interval: 1m", 1439, 1501), ("", 95, 192), ("interval: 1h", 23, 192)],
)
def test_less_than_a_day_of_intervals_is_doubtful(tmp_path: Path, service: str, kept: int, enough: int) -> None:
    text = f"service: {{{service}}}\nqueues: {{q: {{}}}}\nlimits: {{intervals: %d}}"
    (doubt,) = doubts(tmp_path, text % kept)
    assert doubt.startswith(f"3:21: note: {kept} intervals of ")
    assert doubt.endswith(f"figures of today begin late; say {enough} or more, or leave 'intervals' out")
    assert doubts(tmp_path, text % (kept + 1 if service != "interval: 5m" else 288)) == []


@pytest.mark.parametrize(
    ("interval", "kept"), [("1m", 1501), ("5m", 301), ("7m", 216), ("15m", 192), ("30m", 192), ("1d", 192)]
)
def test_as_many_intervals_are_kept_as_a_day_has(tmp_path: Path, interval: str, kept: int) -> None:
    file = tmp_path / "centre.yaml"
    file.write_text(f"service: {{interval: {interval}}}\nqueues: {{q: {{}}}}\n", encoding="utf-8")
    assert load_config(file, {}, {}).intervals == kept


def test_a_desks_idle_limit_that_never_counts_is_doubtful(tmp_path: Path) -> None:
    text = "queues: {q: {}}\nadapters:\n  http: {desk: {%s}}"
    assert doubts(tmp_path, text % "session_limit: 8h, idle_limit: 9h") == [
        "3:48: note: adapter 'http': 'idle_limit' never ends a session: 'session_limit', 8h, is over sooner; make the "
        "one shorter, or the other longer"
    ]
    assert doubts(tmp_path, text % "session_limit: 8h, idle_limit: 8h") == []
    assert doubts(tmp_path, text % "session_limit: 30m") == [], "nobody said how long a desk may be idle"


def test_an_inbox_that_leads_to_a_queue_of_calls_is_doubtful(tmp_path: Path) -> None:
    text = "queues: {calls: {}, chats: {channel: chat}}\nadapters: {webchat: {inboxes: {web: {queue: %s}}}}"
    (doubt,) = doubts(tmp_path, text % "calls")
    assert doubt.startswith(
        "2:45: note: adapter 'webchat': inbox 'web' leads to queue 'calls', whose own channel is voice: "
    )
    assert doubts(tmp_path, text % "chats") == []


def test_doubts_of_a_plan_in_a_file_of_its_own_leave_the_file_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "power.yaml").write_text("close: [q]\n", encoding="utf-8")
    file = tmp_path / "centre.yaml"
    file.write_text("queues: {q: {}}\nplans: [power.yaml]\n", encoding="utf-8")
    config, document = load_placed(file, {})
    assert len(doubts_in(document, config, {"q": 0})) == 1
    assert not document.is_faulty
