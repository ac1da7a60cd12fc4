"""`python -m benchmarks`: finds modules and names, runs what is asked for, and says when nothing is called so."""

import json
import types
from pathlib import Path

import pytest

from benchmarks import __main__ as runner
from benchmarks.report import Line, held, line

FOUND = {"kernel": ("kernel_events_per_s",), "recovery": ("replay_events_per_s", "ready_s"), "plain": ()}


@pytest.mark.parametrize(
    ("name", "modules"),
    [
        (None, ["kernel", "recovery", "plain"]),
        ("recovery", ["recovery"]),
        ("ready_s", ["recovery"]),
        ("unheard_of", ["plain"]),
    ],
)
def test_a_name_chooses_modules(name: str | None, modules: list[str]) -> None:
    assert runner.chosen(name, FOUND) == modules


def test_names_are_read_without_importing(tmp_path: Path) -> None:
    module = tmp_path / "bench_x.py"
    module.write_text('raise SystemExit("imported")\nNAMES: Final = ("a_per_s", "b_s")\n', encoding="utf-8")
    assert runner.declared_names(module) == ("a_per_s", "b_s")
    module.write_text("x = 1\n", encoding="utf-8")
    assert runner.declared_names(module) == ()


def test_every_module_is_found_and_names_are_unique() -> None:
    found = runner.modules()
    assert {"durable", "kernel", "kill", "memory", "recovery"} <= set(found)
    names = [name for of_module in found.values() for name in of_module]
    assert len(names) == len(set(names))


def test_a_line_says_under_which_share_of_its_conditions_it_holds() -> None:
    found = held(reconnects_per_s=(100, 9.44), facts_per_s=(5000, 5001.0), none=(0, 0))
    assert found["conditions_held"] == 0.094
    assert found["conditions"]["reconnects_per_s"] == {"asked": 100, "reached": 9.4, "share": 0.094}
    assert [one["share"] for one in found["conditions"].values()] == [0.094, 1.0, 1.0]


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> types.SimpleNamespace:
    """A benchmark of two lines in place of all others."""

    def run() -> list[Line]:
        return [line("a_per_s", 1, "rows/s", {"name": "bound"}), {"name": "b_s", "value": 2, "unit": "s"}]

    fake = types.SimpleNamespace(run=run)
    monkeypatch.setattr(runner, "modules", lambda: {"fake": ("a_per_s", "b_s")})
    monkeypatch.setattr("importlib.import_module", lambda _: fake)
    return fake


@pytest.mark.parametrize(
    ("arguments", "names"), [([], ["a_per_s", "b_s"]), (["fake"], ["a_per_s", "b_s"]), (["b_s"], ["b_s"])]
)
def test_each_result_is_a_line_that_says_where_and_when(
    module: types.SimpleNamespace, capsys: pytest.CaptureFixture[str], arguments: list[str], names: list[str]
) -> None:
    assert runner.main(arguments) == 0
    lines = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert [found["name"] for found in lines] == names
    assert all(found["machine"] and found["date"] for found in lines)


def test_what_is_not_there_and_what_fails_have_exit_codes_of_their_own(
    module: types.SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert runner.main(["unheard_of"]) == 2
    assert "known are a_per_s, b_s, fake" in capsys.readouterr().err

    def fail() -> list[Line]:
        raise RuntimeError("no disk")

    module.run = fail
    assert runner.main([]) == 1
    assert "no disk" in capsys.readouterr().err
