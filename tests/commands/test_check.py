"""What `trunkline check` says of who could serve whom, also where there are many."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.commands.check import able_agents, check, circle_notes, step_notes
from engine.commands.outcome import Exit
from engine.config import load_config
from tests.certificates import make_certificates

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
    assert step_notes(config) == [
        "steps of queue 'a' do not stand in the order of their times; "
        "'after' counts from when the contact entered the queue, never from the step before"
    ]
    assert circle_notes(config) == [
        "'when_full' leads round in a circle: a -> b -> d -> a; a contact that none of them takes is refused"
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
    (note,) = circle_notes(load_config(file, environment={}, adapters={}))
    assert note.startswith("overflow steps lead round in a circle: a -> b -> a; ")


def test_certificates_that_would_keep_it_from_starting_are_faults(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_certificates(tmp_path)
    file = tmp_path / "centre.yaml"
    text = "queues: {q: {}}\nadapters: {http: {tls: {certificate_file: server.pem, key_file: KEY}}}\n"
    for key, found, said in (
        ("server.key", Exit.OK, "good"),
        ("ca.key", Exit.FINDINGS, "adapters.http.tls: "),
        ("gone.key", Exit.FINDINGS, "No such file"),
    ):
        file.write_text(text.replace("KEY", key), encoding="utf-8")
        assert check(file) is found
        assert said in capsys.readouterr().out
