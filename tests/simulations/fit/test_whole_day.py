"""A fitted day is played against the days that it was fitted to: alike where nothing was left out, off where it was."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from simulations.commands.fit_told import tell_whole_day
from simulations.experiment.estimates import Estimate
from simulations.experiment.recording import record
from simulations.fit.calls import Calls
from simulations.fit.fitted import fit
from simulations.fit.read import read_calls
from simulations.fit.scenario_file import write_scenario
from simulations.fit.whole_day import FIGURES, WholeDay, whole_day
from simulations.scenario.scenario import Scenario

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world
DAY = {"interval": "30m", "drain": "1h"}


def recorded(folder: Path, agents: dict[int, int]) -> Path:
    """Write the calls of several days, each with a call a minute for as many agents, times a number."""
    path = folder / "calls.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["arrival", "wait_s", "outcome", "handle_s", "wrap_up_s", "queue", "agent"])
        for place, (day, times) in enumerate(agents.items()):
            date = f"2026-11-{day:02}"
            scenario = Scenario.of(
                {
                    "horizon": DAY | {"from": f"{date} 08:00", "to": f"{date} 18:00"},
                    "queues": {
                        "q": {
                            "arrivals": {"rate": f"{times}/min"},
                            "handle": {"talk": "exponential(3m)", "wrap_up": "1s"},
                            "patience": "exponential(3m)",
                            "agents": 3 * times + 1,
                        }
                    },
                }
            )
            record(scenario, 7, place, folder / f"log-{day}")
            rows: Any = read_calls(folder / f"log-{day}").rows
            for row in rows[rows["answered"] | rows["abandoned"]]:
                arrival = datetime.fromtimestamp(row["arrival_ns"] / 1e9, UTC).isoformat()
                outcome = "answered" if row["answered"] else "abandoned"
                ends = (row["handle_ns"] / 1e9, 1, "q", row["agent"]) if row["answered"] else ("", "", "q", "")
                table.writerow([arrival, row["wait_ns"] / 1e9, outcome, *ends])
    return path


def checked(folder: Path, agents: dict[int, int]) -> WholeDay:
    calls: Calls = read_calls(recorded(folder, agents))
    found = fit(calls)
    written = write_scenario(found, calls, folder / "day.yaml")
    return whole_day(found, calls, Scenario.load(written[0]))


def test_a_day_like_all_others_is_found_to_be_so(tmp_path: Path) -> None:
    found = checked(tmp_path, dict.fromkeys((2, 3, 4, 5, 6), 2))
    assert found.days == 5
    off = {figure.name for figure in found.figures if figure.is_off}
    assert "offered" not in off
    assert "abandon_rate" not in off


@pytest.mark.parametrize(("apart", "is_off"), [(2.0, False), (2.2, True)])
def test_a_figure_is_off_by_limits_that_hold_for_all_of_them_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, apart: float, is_off: bool
) -> None:
    def side(value: float) -> Callable[..., dict[str, Estimate]]:
        def limits(*asked: Any) -> dict[str, Estimate]:
            half = {0.95: 1.0, 0.99: 1.5}[round(asked[-1], 6)]
            return dict.fromkeys(FIGURES, Estimate(value, value - half, value + half))

        return limits

    monkeypatch.setattr("simulations.fit.whole_day._recorded", side(500.0))
    monkeypatch.setattr("simulations.fit.whole_day._played", side(500.0 + apart))
    found = checked(tmp_path, {2: 1, 3: 1})
    assert found.is_off == is_off
    assert [figure.recorded.half_width for figure in found.figures] == [1.0] * len(FIGURES), "told by 95 %"


def test_one_roster_for_days_that_were_staffed_by_their_volume_is_off(tmp_path: Path) -> None:
    found = checked(tmp_path, {2: 1, 3: 4, 4: 1, 5: 4, 6: 1, 9: 4})
    assert found.is_off
    assert found.staff_with_volume > 0.95
    gave_up = next(figure for figure in found.figures if figure.name == "abandon_rate")
    assert gave_up.is_off
    assert gave_up.alike is not None
    assert gave_up.recorded.value < gave_up.fitted.value > gave_up.alike.value


def queue_log(folder: Path, count: int, wait_s: int) -> Path:
    """Write a queue_log of 6 minutes: calls at equal steps, each answered after `wait_s` by one of four agents."""
    lines, step_s = [], 360 // count
    for number in range(count):
        at_s, agent = 1_795_288_200 + step_s * number, f"agent-{number % 4}"
        lines += [
            (at_s, f"{at_s}|c{number}|q|NONE|ENTERQUEUE||{number}|1"),
            (at_s + wait_s, f"{at_s + wait_s}|c{number}|q|{agent}|CONNECT|{wait_s}|x|1"),
            (at_s + wait_s + 8, f"{at_s + wait_s + 8}|c{number}|q|{agent}|COMPLETEAGENT|{wait_s}|8|1"),
        ]
    path = folder / "queue_log"
    path.write_text("\n".join(line for _, line in sorted(lines)) + "\n", encoding="utf-8")
    return path


def test_one_day_of_a_part_of_an_interval_is_compared_over_that_part_and_judged(tmp_path: Path) -> None:
    calls = read_calls(queue_log(tmp_path, 30, 9))
    found = fit(calls)
    written = write_scenario(found, calls, tmp_path / "day.yaml")
    day = whole_day(found, calls, Scenario.load(written[0]))
    assert day.days == 1
    assert 0.15 < day.covered < 0.25
    figures = {figure.name: figure for figure in day.figures}
    offered = figures["offered"]
    assert offered.recorded.value == 30
    assert abs(offered.fitted.value - 30) < 3, "of the six minutes, not of the half hour"
    assert offered.recorded.half_width > 0
    assert not offered.is_off
    assert figures["asa_s"].is_off, "all waited, with three agents of four free: no fitted day does so"
    assert day.is_off


def test_one_day_is_no_verdict_on_days_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calls = read_calls(recorded(tmp_path, {2: 2}))
    found = fit(calls)
    written = write_scenario(found, calls, tmp_path / "day.yaml")
    day = whole_day(found, calls, Scenario.load(written[0]))
    assert day.covered == 1.0
    assert all(figure.recorded.half_width > 0 for figure in day.figures)
    tell_whole_day(found, day)
    told = capsys.readouterr().out
    assert "against 1 day" in told
    assert "one day does not tell how days differ" in told
