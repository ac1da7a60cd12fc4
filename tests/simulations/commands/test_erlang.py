"""`trunkline erlang`: what it prints, in each form, and what it says to what it cannot answer."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from engine.commands.outcome import Exit
from simulations import queueing as q
from simulations.commands.erlang import erlang
from simulations.commands.erlang_answer import WORDS
from simulations.notation.amounts import parse_rate, parse_share, parse_target

KEYS = {
    "p_wait",
    "p_abandon",
    "p_block",
    "asa_s",
    "service_level_offered",
    "service_level_answered",
    "occupancy",
    "agents",
}
HOTLINE = ["--rate", "100/min", "--handle", "5m"]


def run(*arguments: str) -> Result:
    program = typer.Typer()
    program.command()(erlang)
    return CliRunner().invoke(program, arguments, env={"NO_COLOR": "1", "COLUMNS": "120"})


def found(*arguments: str) -> dict[str, Any]:
    done = run(*arguments, "--json")
    assert done.exit_code == Exit.OK, done.output
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_figures_at_the_agents_given() -> None:
    answer = found("a", *HOTLINE, "--patience", "3m", "--agents", "490", "--within", "20s")
    assert answer.keys() >= KEYS
    assert answer["p_abandon"] == pytest.approx(0.031924114106099466, rel=1e-9)
    assert answer["service_level_offered"] == pytest.approx(0.9155575018270936, rel=1e-9)
    assert (answer["agents"], answer["trunks"], answer["within_s"], answer["rate_per_h"]) == (490, None, 20.0, 6000.0)
    assert found("a", *HOTLINE, "--patience", "3m", "--agents", "490", "--within", "0s")["within_s"] == 0.0


def test_the_fewest_agents_that_keep_what_is_asked() -> None:
    assert found("c", *HOTLINE, "--target", "80/20")["agents"] == 513
    assert found("c", *HOTLINE, "--target", "80%", "--within", "20s")["agents"] == 513
    assert found("c", *HOTLINE, "--target", "80/20", "--within", "20s")["agents"] == 513, "they agree"
    bounds = ["--max-abandon", "1%", "--max-asa", "10s", "--max-occupancy", "0.95", "--definition", "answered"]
    answer = found("a", *HOTLINE, "--patience", "3m", "--target", "0.5", *bounds)
    assert answer["agents"] == q.agents_for(
        6000, 300, patience=180, service_level=0.5, definition="answered", p_abandon=0.01, asa_s=10, occupancy=0.95
    )
    assert answer["p_abandon"] <= 0.01
    assert answer["occupancy"] <= 0.95


def test_trunks_given_and_asked_for() -> None:
    answer = found("a", *HOTLINE, "--patience", "3m", "--agents", "490", "--max-block", "1%")
    assert answer["trunks"] == 519
    assert answer["p_block"] <= 0.01
    assert found("c", *HOTLINE, "--agents", "490", "--trunks", "519")["p_block"] > answer["p_block"]


def test_loss_without_waiting() -> None:
    answer = found("b", "--rate", "3/min", "--handle", "3m", "--target", "1%")
    assert (answer["agents"], answer["trunks"], answer["p_wait"], answer["within_s"]) == (17, 17, 0.0, None)
    assert answer["p_block"] == q.erlang_b(9.0, 17)
    assert found("b", "--rate", "3/min", "--handle", "3m", "--trunks", "17") == answer


def test_in_time_of_all_counts_those_without_a_trunk() -> None:
    asked = ("a", "--rate", "600/h", "--handle", "5m", "--patience", "3m", "--target", "80/20", "--trunks", "30")
    done = run(*asked)
    assert done.exit_code == Exit.OK
    answer = found(*asked)
    assert answer["p_block"] > 0.4
    assert answer["service_level_all"] == answer["service_level_offered"] * (1 - answer["p_block"])
    assert re.search(r"of those let in +service_level_offered +9\d", done.stdout)
    assert re.search(r"of all who come +service_level_all +5\d", done.stdout)
    assert "note: the target is of those let in: 4" in done.stderr
    assert "note" not in run(*asked[:-1], "90").stderr, "there the target holds of all"
    lossy = found("b", "--rate", "3/min", "--handle", "3m", "--trunks", "13")
    assert lossy["service_level_all"] == 1 - lossy["p_block"] < 0.95


def test_one_row_for_spreadsheets() -> None:
    done = run("c", *HOTLINE, "--agents", "520", "--csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert len(rows) == 1
    assert float(rows[0]["p_wait"]) == pytest.approx(0.2747563446965241, rel=1e-9)
    assert rows[0]["trunks"] == ""


def test_a_table_with_units_for_people() -> None:
    done = run("a", *HOTLINE, "--patience", "3m", "--agents", "490")
    assert done.exit_code == Exit.OK
    assert re.search(r"gives up +p_abandon +3\.192 +%", done.stdout)
    assert re.search(r"ASA\) +asa_s +5\.693 +s", done.stdout)
    assert re.search(r"load +load_erlangs +500 +erlangs", done.stdout)
    assert "\x1b" not in done.stdout


def test_a_queue_that_grows_for_ever_is_a_finding() -> None:
    done = run("c", *HOTLINE, "--agents", "500", "--json")
    assert done.exit_code == Exit.FINDINGS
    assert json.loads(done.stdout)["asa_s"] is None
    assert "grows for ever" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a", "--rate", "100", "--handle", "5m", "--agents", "5"], "'100' is not a rate of arrivals; write it as"),
        (["a", "--rate", "0/min", "--handle", "5m", "--agents", "5"], "is not a rate"),
        (["a", "--rate", "100/min", "--handle", "5", "--agents", "5"], "'5' is not a duration"),
        (["a", *HOTLINE, "--agents", "5"], "mean patience"),
        (["c", *HOTLINE], "either --agents, or what"),
        (["c", *HOTLINE, "--agents", "520", "--target", "80/20"], "either --agents, or what"),
        (["c", *HOTLINE, "--target", "eighty"], "'eighty' is not a target; write it as 80/20"),
        (["c", *HOTLINE, "--target", "80/20", "--within", "5s"], "leave out one"),
        (["c", *HOTLINE, "--patience", "3m", "--agents", "520"], "does not know --patience"),
        (["c", *HOTLINE, "--target", "100%"], "--target: it is 1 or more"),
        (["c", *HOTLINE, "--agents", "520", "--trunks", "500"], "520 agents share 500 trunks"),
        (["c", *HOTLINE, "--agents", "520", "--trunks", "600", "--max-block", "1%"], "one of them"),
        (["b", *HOTLINE], "either --trunks, or --target"),
        (["b", *HOTLINE, "--trunks", "5", "--agents", "5"], "they are the same"),
        (["c", *HOTLINE, "--agents", "520", "--json", "--csv"], "one of them"),
        (["d", *HOTLINE], "'d' is not one of"),
    ],
)
def test_what_cannot_be_understood_is_said_with_what_to_do(arguments: list[str], words: str) -> None:
    done = run(*arguments)
    assert done.exit_code == Exit.USAGE
    assert words in re.sub(r"[\s│]+", " ", done.stderr)


def test_bounds_that_no_number_keeps() -> None:
    done = run("c", *HOTLINE, "--max-occupancy", "50%", "--trunks", "505")
    assert done.exit_code == Exit.FAILED
    assert "no number of agents keeps the bounds" in done.stderr


def test_help_shows_examples() -> None:
    done = run("--help")
    assert done.stdout.count("Example: trunkline erlang") == 4


def test_amounts_as_planners_write_them() -> None:
    assert [parse_rate(text) for text in ("100/min", "2400/h", "0.5/s", "900/30min", "240/day")] == [
        6000.0, 2400.0, 1800.0, 1800.0, 10.0,
    ]  # fmt: skip
    assert [parse_share(text) for text in ("80%", "0.8", "5 %", "1", "0")] == [0.8, 0.8, 0.05, 1.0, 0.0]
    assert [parse_target(text) for text in ("80/20", "80%/1m", "0.9/30s", "0.8", "95%")] == [
        (0.8, 20.0), (0.8, 60.0), (0.9, 30.0), (0.8, None), (0.95, None),
    ]  # fmt: skip
    for parse, text in ((parse_share, "80"), (parse_share, "-1%"), (parse_rate, "5/0min"), (parse_target, "80/x")):
        with pytest.raises(ValueError, match="write it as"):
            parse(text)


def test_the_page_tells_every_figure() -> None:
    page = (Path(__file__).parents[3] / "docs" / "ERLANG.md").read_text(encoding="utf-8")
    table = page.partition("## Figures")[2].partition("\n## ")[0]
    told = {key for row in re.findall(r"^\| (`.+?) \|", table, re.MULTILINE) for key in re.findall(r"`(\w+)`", row)}
    assert told == set(WORDS)
    assert set(re.findall(r"`(\w+)`", page.partition("| function |")[2].partition("\n\n")[0])) - {"trunks"} <= set(
        q.__all__
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("a --rate 9/min --handle 0s --patience 3m --agents 9", "--handle: it is 0; give more than 0"),
        ("a --rate 9/min --handle 3m --patience 0s --agents 9", "--patience: it is 0; give more than 0"),
        ("c --rate 9/min --handle 3m --target 100/20", "--target: it is 1 or more; give less than 1"),
        ("b --rate 9/min --handle 3m --target 0%", "--target: it is 0; give more than 0"),
        ("c --rate 9/min --handle 3m --target 80/20 --max-block 0%", "--max-block: it is 0; give more than 0"),
        ("c --rate 9/min --handle 3m --max-occupancy 0%", "--max-occupancy: it is 0; give more than 0"),
        ("c --rate 9/min --handle 3m --max-asa 0s", "--max-asa: it is 0; give more than 0"),
        ("a --rate 9/min --handle 3m --patience 3m --max-abandon 0%", "--max-abandon: it is 0; give more than 0"),
        ("c --rate 9999999999/s --handle 3m --agents 9", "--rate: it is 3.6e+13; give more than 0 and at most 1e+12"),
    ],
)
def test_what_no_formula_takes_is_told_of_its_option(arguments: str, told: str) -> None:
    done = run(*arguments.split())
    assert done.exit_code == Exit.USAGE, done.output
    assert told in done.stderr
