"""Every kind of fault: its line, its column, what is wrong, and the word that would be right."""

from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr

from engine.config import load_config
from engine.errors import ConfigError


class Inner(BaseModel):
    transport: Literal["udp", "tcp"] = "udp"
    secret: SecretStr = SecretStr("")


class Settings(BaseModel):
    """Settings as an adapter of a third party might write them: no care taken."""

    port: int = Field(5060, ge=1, le=65535)
    listen: list[Inner] = []


class Sip:
    Settings = Settings


def broken() -> Any:
    raise ImportError("no module named 'mqtt'")


ADAPTERS = {"sip": lambda: Sip, "mqtt": broken}


def faults(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "c.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(file, {}, ADAPTERS)
    assert all(line.startswith(f"{file}:") for line in caught.value.faults)
    return [line.removeprefix(f"{file}:") for line in caught.value.faults]


QUEUE = "queues: {q: {%s}, r: {}}"
AGENT = "queues: {q: {}}\nagents:\n  - {name: a, %s}"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "1:1: the file is empty; it needs 'queues' at least, and as a scenario 'horizon', too"),
        ("- a", "1:1: the file must be a mapping of sections, as 'queues:'"),
        ("service: {}", "1:1: 'queues' is missing"),
        ("queues: {}", "1:9: at least 1 must be given here"),
        ("queues: yes", "1:9: 'yes' stands where a mapping belongs; in YAML 1.2 yes is text, and true the truth value"),
        ("queues: [a]", "1:9: a list stands where a mapping belongs"),
        ("queues: {8: {}}", "1:10: 8 is not a name; write '8', in quotes"),
        ("queues: {q: {}, 1.5: {}}", "1:17: 1.5 is not a name; write '1.5', in quotes"),
        ("queues: {q: {}}\nsites: {true: {}}", "2:9: true is not a name; write 'true', in quotes"),
        ("queues: {q: {}}\nagents: [{name: a, skills: {8: 1}}]", "2:29: 8 is not a name; write '8', in quotes"),
        ("queue: {}\nqueues: {q: {}}", "1:1: unknown word 'queue'; did you mean 'queues'?"),
        (QUEUE % "strategi: erlang", "1:14: unknown word 'strategi'; did you mean 'strategy'?"),
        (QUEUE % "strategy: longest_idle", "1:24: 'longest_idle' is not a strategy; did you mean 'longest-idle'?"),
        (QUEUE % "strategy: preferred-agent", "1:24: 'preferred-agent' is not a strategy"),
        (QUEUE % "channel: fax", "1:23: 'fax' is not a channel; there is voice, chat, email, task"),
        (QUEUE % "ring_limit: 20", "1:26: 20 has no unit; write a duration from 1s to 10m, as 20s or 1m30s"),
        (QUEUE % "ring_limit: 20x", "1:26: '20x' is not a duration; write it as 20s, 1m30s, 500ms or 8h"),
        (QUEUE % "ring_limit: 1h", "1:26: 1h is out of range; allowed is 1s to 10m"),
        (QUEUE % "wrap_up: 9h", "1:23: 9h is out of range; allowed is 0s to 8h, or 'agent'"),
        (QUEUE % "max_length: -1", "1:26: -1 is out of range; allowed is 0 to 1000000"),
        (QUEUE % "max_length: many", "1:26: 'many' is not a whole number; allowed is 0 to 1000000"),
        (QUEUE % "max_length: true", "1:26: True is not a whole number; allowed is 0 to 1000000"),
        (QUEUE % "service_level: {target: 80}", "1:38: 80 is out of range; allowed is 0 to 1"),
        (QUEUE % "service_level: {target: most}", "1:38: 'most' is not a number; allowed is 0 to 1"),
        (QUEUE % "service_level: 20s", "1:29: '20s' stands where a mapping belongs"),
        (
            QUEUE % "join_empty: paused",
            "1:26: 'paused' is not a condition for joining; there is always, logged_in, available",
        ),
        (QUEUE % "leave_empty: yes", "1:27: 'yes' is not a condition for leaving; there is never, logged_out, paused"),
        (QUEUE % "display_name: 7", "1:28: 7 stands where text belongs; write it in quotes"),
        (QUEUE % "members_only: 1", "1:28: 1 stands where true or false belongs"),
        (QUEUE % "when_full: r", "1:25: 'r' is neither 'refuse' nor 'queue NAME'; did you mean 'queue r'?"),
        (QUEUE % "when_full: queue s", "1:25: there is no queue 's'; there is q, r"),
        (QUEUE % "when_closed: queue q", "1:27: queue 'q' cannot be its own target"),
        (QUEUE % "opening_hours: office", "1:29: there are no opening hours 'office'"),
        (QUEUE % "steps: [{do: overflow, after: 1s}]", "1:22: an overflow step needs 'to', the queue it goes to"),
        (QUEUE % "steps: [{do: overflow, after: 1s, to: q}]", "1:52: queue 'q' cannot be its own target"),
        (QUEUE % "steps: [{do: refuse, after: 1s, to: r}]", "1:50: only overflow and callback steps go to a queue"),
        (QUEUE % "steps: [{do: refuse}]", "1:22: 'after' is missing"),
        (
            QUEUE % "steps: [{do: hang_up, after: 1s}]",
            "1:27: 'hang_up' is not a step; there is relax, overflow, callback, time_out, refuse",
        ),
        (
            QUEUE % ("max_wait: 9s, steps: [" + ", ".join(["{do: refuse, after: 1s}"] * 6) + "]"),
            "1:35: a queue may have 6 steps, 'max_wait' counted as one; there are 6",
        ),
        (
            f"skills: [a, b]\n{QUEUE}" % "skills: {a: 3}, steps: [{do: relax, after: 1s, skills: {a: 4}}]",
            "2:73: a relax step cannot ask for more: 'a' was required at 3",
        ),
        (
            f"skills: [a]\n{QUEUE}" % "skills: {a: 3}, steps: [{do: relax, after: 1s, skills: {a: 3}}]",
            "2:38: this step relaxes nothing; require less than before",
        ),
        (
            f"skills: [a]\n{QUEUE}" % "steps: [{do: refuse, after: 1s, skills: {a: 3}}]",
            "2:54: only a relax step changes the skills required",
        ),
        (
            f"skills: [billing]\n{QUEUE}" % "skills: {biling: 3}",
            "2:23: there is no skill 'biling'; did you mean 'billing'?",
        ),
        (f"skills: [a]\n{QUEUE}" % "skills: {a: 11}", "2:26: 11 is out of range; allowed is 0 to 10"),
        (
            f"skills: [a, b, c, d, e]\n{QUEUE}" % "skills: {a: 1, b: 1, c: 1, d: 1, e: 1}",
            "2:22: a queue may require 4 skills; there are 5",
        ),
        (f"skills: [a, a]\n{QUEUE}" % "", "1:13: 'a' stands here a second time"),
        (
            f"pause_reasons: [{'L' * 65}]\n{QUEUE}" % "",
            f"1:17: '{'L' * 65}' is not a reason; write 1 to 64 characters, in quotes if they are digits",
        ),
        (AGENT % "queues: [p]", "3:24: there is no queue 'p'; there is q"),
        (AGENT % "site: hanoi", "3:21: there is no site 'hanoi'"),
        (AGENT % "capacity: {chats: 3}", "3:26: there is no channel 'chats'; did you mean 'chat'?"),
        (
            AGENT % "phone: {address: alice}",
            "3:32: 'alice' is not a phone's address; write it as sip:alice@example.org",
        ),
        (
            AGENT % "phone: {address: 'sip:a@b', password: 5}",
            "3:53: '***' stands where text belongs; write it in quotes",
        ),
        (AGENT % "phone: {address: 'sip:a@b', ha1: 5f}", "3:48: an HA1 has 32 hexadecimal digits"),
        (
            AGENT % "phone: {address: 'sip:a@b', ha1: x, password: y}",
            "3:48: 'password' is given too; give one of the two",
        ),
        (AGENT % "count: 3", "3:12: with 'count' the name must hold {n}; write a{n}"),
        (AGENT % "weight: 0", "3:23: 0 is out of range; allowed is 1 to 1000"),
        (
            "queues: {q: {}}\nagents: [{name: 7}]",
            "2:17: 7 is not a name; write 1 to 128 characters, in quotes if they are digits",
        ),
        (
            "queues: {q: {}}\nagents:\n- {name: a}\n- {name: a}",
            "4:10: 'a' stands here a second time; the first is in line 3",
        ),
        (
            "queues: {q: {}}\nagents:\n- {name: 'a{n}', count: 9}\n- {name: a7}",
            "4:10: 'a7' stands here a second time; the first is in line 3",
        ),
        (
            "queues: {q: {}}\nlimits: {agents: 8}\nagents: [{name: 'a{n}', count: 9}]",
            "2:18: there are 9 agents, but limits.agents is 8; raise it",
        ),
        ("queues: {q: {}}\ntrunk_groups: {t: {reserve: 1}}", "2:19: 'channels' is missing"),
        ("queues: {q: {}}\ntrunk_groups: {t: {channels: 2, reserve: 3}}", "2:42: 3 is out of range; allowed is 0 to 2"),
        (
            "queues: {q: {}}\nchannels: {voice: {may_interrupt: [task, mail]}}",
            "2:42: there is no channel 'mail'; did you mean 'email'?",
        ),
        (
            "queues: {q: {}}\nservice: {time_zone: Asia/Hanoi}",
            "2:22: 'Asia/Hanoi' is not a time zone; did you mean 'Asia/Ho_Chi_Minh'?",
        ),
        ("queues: {q: {}}\nservice: {time_zone: 7}", "2:22: 7 is not a time zone"),
        (
            "queues: {q: {}}\ntokens: [{id: a, sha256: ab, scopes: [read]}]",
            "2:26: 'ab' is not a SHA-256 digest; write its 64 hexadecimal digits",
        ),
        (
            f"queues: {{q: {{}}}}\ntokens: [{{id: a, sha256: '{'0' * 64}', scopes: [raed]}}]",
            "2:103: 'raed' is not a word that may stand here; did you mean 'read'?",
        ),
        ("queues: {q: {}}\nadapters: {sipp: {}}", "2:12: there is no adapter 'sipp'; did you mean 'sip'?"),
        ("queues: {q: {}}\nadapters: {mqtt: {}}", "2:12: the adapter 'mqtt' cannot be loaded: no module named 'mqtt'"),
        ("queues: {q: {}}\nadapters: {sip: {prt: 1}}", "2:18: unknown word 'prt'; did you mean 'port'?"),
        ("queues: {q: {}}\nadapters: {sip: {port: 70000}}", "2:24: 70000 is out of range; allowed is at most 65535"),
        (
            "queues: {q: {}}\nadapters: {sip: {listen: [{transport: tpc}]}}",
            "2:39: 'tpc' is not a word that may stand here; did you mean 'tcp'?",
        ),
        (
            "queues: {q: {}}\nadapters: {sip: {listen: [{secrt: x}]}}",
            "2:28: unknown word 'secrt'; did you mean 'secret'?",
        ),
    ],
)
def test_each_fault_has_its_place_and_its_cure(tmp_path: Path, text: str, sentence: str) -> None:
    found = faults(tmp_path, text)
    assert len(found) == 1, found
    assert found[0].startswith(sentence)


HOURS = "queues: {q: {}}\nopening_hours:\n  o: {time_zone: UTC, %s}"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (HOURS % "weekly: {mon: closed}", "3:32: 'mon' is not a day of the week; did you mean 'monday'?"),
        (HOURS % "weekly: {monday-fryday: closed}", "3:32: 'fryday' is not a day of the week; did you mean 'friday'?"),
        (
            HOURS % "weekly: {monday: 8:30-25:00}",
            "3:40: '25:00' is not a time of day; write it as 8:30 or 17:00, up to 24:00",
        ),
        (
            HOURS % "weekly: {monday: open}",
            "3:40: 'open' are no opening hours; write 8:30-17:30, a list of such, or 'closed'",
        ),
        (HOURS % "weekly: {monday: 9:00-9:00}", "3:40: '9:00-9:00' has no length; 0:00-24:00 is the whole day"),
        (
            HOURS % "weekly: {}, holidays: {2026-02-30: closed}",
            "3:46: '2026-02-30' is not a date; write it as 2026-09-02",
        ),
        ("queues: {q: {}}\nopening_hours: {o: {weekly: {}}}", "2:20: 'time_zone' is missing"),
    ],
)
def test_faults_of_opening_hours(tmp_path: Path, text: str, sentence: str) -> None:
    assert faults(tmp_path, text) == [sentence]


def test_all_faults_come_at_once_and_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = """\
queues:
  sales: {ring_limit: 20, when_full: queue suport}
  sales: {}
  support: {skills: {bling: 3}, strategy: erlangg}
agents:
  - {name: an, skills: {billing: 12}, queues: [sale]}
adapters: {sipp: {}}
"""
    assert faults(tmp_path, text) == [
        "2:23: 20 has no unit; write a duration from 1s to 10m, as 20s or 1m30s",
        "2:38: there is no queue 'suport'; did you mean 'support'?",
        "3:3: 'sales' stands here a second time; the first is in line 2",
        "4:22: there is no skill 'bling'; did you mean 'billing'?",
        "4:43: 'erlangg' is not a strategy; did you mean 'erlang'?",
        "6:34: 12 is out of range; allowed is 0 to 10",
        "6:48: there is no queue 'sale'; did you mean 'sales'?",
        "7:12: there is no adapter 'sipp'; did you mean 'sip'?",
    ]


def test_rules_between_keys_are_told_beside_faults_of_other_keys(tmp_path: Path) -> None:
    text = """\
trunk_groups: {a: {channels: 3, reserve: 5, chanels: 3}}
queues:
  sales: {channel: tex, skills: {a: 1, b: 1, c: 1, d: 1, e: 1}}
agents:
  - {name: x, weihgt: 3, count: 2, skills: {a: 1, b: 1, c: 1, d: 1, e: 1}, phone: {address: "sip:{n}@y", ha1: 1}}
"""
    assert [line for line in faults(tmp_path, text) if "unknown word" not in line] == [
        "1:42: 5 is out of range; allowed is 0 to 3",
        "3:20: 'tex' is not a channel; there is voice, chat, email, task",
        "3:33: a queue may require 4 skills; there are 5",
        "5:12: with 'count' the name must hold {n}; write x{n}",
        "5:111: '***' stands where text belongs; write it in quotes",
    ]


def test_several_agents_have_a_phone_each(tmp_path: Path) -> None:
    text = """\
queues: {sales: {}}
agents:
  - {name: "a{n}", count: 2, phone: {address: "sip:pbx@192.0.2.9;transport=tcp"}}
  - name: b
    count: 2
    phone: {address: "sip:b@192.0.2.9", ha1: "0123456789abcdef0123456789abcdef"}
"""
    assert faults(tmp_path, text) == [
        "3:47: with 'count' each agent has a phone of its own; write sip:pbx{n}@192.0.2.9;transport=tcp",
        "4:11: with 'count' the name must hold {n}; write b{n}",
        "6:22: with 'count' each agent has a phone of its own; write sip:b{n}@192.0.2.9",
        "6:46: an HA1 is of one phone's user; with 'count' give 'password', which may hold {n}",
    ]


def test_a_rule_that_needs_a_faulty_key_says_nothing(tmp_path: Path) -> None:
    text = "trunk_groups: {a: {channels: many, reserve: 5}}\nqueues: {q: {}}"
    assert faults(tmp_path, text) == ["1:30: 'many' is not a whole number; allowed is 0 to 1000000"]


def test_what_stands_under_a_key_for_the_second_time_is_checked_too(tmp_path: Path) -> None:
    text = """\
queues:
  sales: {}
  sales: {ring_limit: 3, strategi: erlang}
  support:
    service_level: {threshold: 20s}
    service_level: {treshold: 20s}
queues:
  billing: {when_full: queue sale}
"""
    assert faults(tmp_path, text) == [
        "3:3: 'sales' stands here a second time; the first is in line 2",
        "3:23: 3 has no unit; write a duration from 1s to 10m, as 20s or 1m30s",
        "3:26: unknown word 'strategi'; did you mean 'strategy'?",
        "6:5: 'service_level' stands here a second time; the first is in line 5",
        "6:21: unknown word 'treshold'; did you mean 'threshold'?",
        "7:1: 'queues' stands here a second time; the first is in line 1",
        "8:24: there is no queue 'sale'; did you mean 'sales'?",
    ]


def test_a_key_that_stands_twice_is_no_candidate_of_a_hint(tmp_path: Path) -> None:
    text = "queues:\n  sales: {}\n  sales: {}\n  hotline: {when_full: queue xyz}\n"
    assert faults(tmp_path, text) == [
        "3:3: 'sales' stands here a second time; the first is in line 2",
        "4:24: there is no queue 'xyz'; there is sales, hotline",
    ]
