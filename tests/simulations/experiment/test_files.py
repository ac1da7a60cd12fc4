"""Files of results that belong together are of one time, or there are no results."""

import csv
from pathlib import Path

import pytest

from simulations.experiment.files import scenario_hash, write_run
from simulations.experiment.simulate import simulate
from simulations.experiment.whole import whole
from simulations.report.folder import ResultsUnreadable, read_folder
from simulations.scenario.scenario import LOCKED, Scenario

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world


def scenario(target: str) -> Scenario:
    queue = {"arrivals": {"rate": "20/h"}, "handle": {"talk": "3m"}, "service_level": target, "agents": 2}
    horizon = {"from": "2026-11-23 08:00", "to": "2026-11-23 09:00", "interval": "30m"}
    return Scenario.of({"horizon": horizon, "queues": {"sales": queue}})


class Killed(BaseException):
    """The process is no more."""


def test_killed_between_its_files_a_run_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = scenario("80% in 20s")
    write_run(first, simulate(first, 2, 1), tmp_path)
    moved: list[Path] = []
    replace = Path.replace

    def killed(path: Path, to: Path) -> Path:
        if len(moved) == 2:
            raise Killed
        moved.append(path)
        return replace(path, to)

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(Killed):
        write_run(first, simulate(first, 2, 2), tmp_path)
    monkeypatch.undo()
    with pytest.raises(ResultsUnreadable, match="there are no results"):
        read_folder(tmp_path)
    write_run(first, simulate(first, 2, 2), tmp_path)
    assert read_folder(tmp_path).run is not None


def test_one_file_alone_takes_the_place_of_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with whole(tmp_path) as fresh:
        (fresh / "one.json").write_text("1")
    monkeypatch.setattr(Path, "unlink", None)  # it is never away
    with whole(tmp_path) as fresh:
        (fresh / "one.json").write_text("2")
    assert (tmp_path / "one.json").read_text() == "2"


def test_a_trunk_group_without_channels_has_its_rows(tmp_path: Path) -> None:
    """As a group that others run over into has after solving, where they need none of it."""
    queue = {"arrivals": {"rate": "20/h"}, "handle": {"talk": "3m"}, "agents": 2, "trunk_groups": ["main", "spare"]}
    horizon = {"from": "2026-11-23 08:00", "to": "2026-11-23 09:00", "interval": "30m"}
    groups = {"main": {"channels": 5}, "spare": {"channels": 0}}
    dry = Scenario.of({"horizon": horizon, "queues": {"sales": queue}, "trunk_groups": groups})
    write_run(dry, simulate(dry, 2, 1), tmp_path)
    with (tmp_path / "trunks.csv").open(encoding="utf-8") as file:
        found = [(row["trunk_group"], row["channels"], row["busy"]) for row in csv.DictReader(file)]
    assert found[2:] == [("spare", "0", "0.0")] * 2
    assert {channels for name, channels, _ in found if name == "main"} == {"5"}


def test_targets_of_another_time_are_not_drawn_beside_figures(tmp_path: Path) -> None:
    first, other = scenario("80% in 20s"), scenario("95% in 5s")
    write_run(first, simulate(first, 2, 1), tmp_path)
    assert read_folder(tmp_path).target("sales") == (0.8, 20.0)
    assert scenario_hash(Scenario.load(tmp_path / LOCKED)) == scenario_hash(first)
    write_run(other, simulate(other, 2, 1), tmp_path / "other")
    (tmp_path / "other" / LOCKED).replace(tmp_path / LOCKED)
    found = read_folder(tmp_path)
    assert found.scenario is None
    assert found.target("sales")[0] is None
