"""What `trunkline check` says of who could serve whom, also where there are many."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.commands.check import able_agents
from engine.config import load_config

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
