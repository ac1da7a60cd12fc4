"""Agents by the hundred: made from one entry, and let go of until somebody asks again."""

from pathlib import Path

from engine.config import load_config


def test_agents_that_were_let_go_are_made_again(tmp_path: Path) -> None:
    file = tmp_path / "centre.yaml"
    file.write_text(
        'queues: {q: {}}\nagents: [{name: "a{n:02}", count: 3, skills: {s: 5}}, {name: b}]\n', encoding="utf-8"
    )
    config = load_config(file, adapters={})
    before = config.agents
    assert [agent.name for agent in before] == ["a01", "a02", "a03", "b"]
    config.let_go()
    assert config.agents == before
    assert config.agents is not before
