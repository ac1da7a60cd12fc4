"""A folder of results as the pictures read it: what each file says, and None for those that are not there."""

import csv
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from engine.errors import ConfigError, TrunklineError
from simulations.experiment.files import scenario_hash
from simulations.report.wording import Limits, Words
from simulations.scenario.scenario import LOCKED, Scenario, no_results

Row = dict[str, Any]
KINDS = ("run.json", "plan.json", "compare.json", "sweep.json", "whatif.json", "payback.json", "resilience.json")
NAMES = {"scenario", "queue", "channel", "interval_start", "source", "pool", "trunk_group"}
"""Columns that hold words."""


class ResultsUnreadable(TrunklineError):
    """A folder holds no results, or a file of them is not what a command wrote."""


class Disruption(msgspec.Struct, frozen=True):
    """Something that goes wrong, in intervals from the start."""

    name: str
    start: float
    end: float


class Folder(msgspec.Struct, dict=True):
    """What a folder of results holds."""

    path: Path
    run: Row | None = None
    plan: Row | None = None
    compare: Row | None = None
    sweep: Row | None = None
    intervals: list[Row] = []
    waits: list[Row] = []
    pools: list[Row] = []
    trunks: list[Row] = []
    convergence: list[Row] = []
    scenario: Scenario | None = None
    """As it was played; None where it can be read no more, or is another one than that of `run`."""
    sensitivity: Row | None = None
    payback: Row | None = None
    resilience: Row | None = None

    @property
    def made(self) -> Row:
        """What was written first of all: by whom, when, of which seed."""
        known = (self.run, self.compare, self.sweep, self.payback, self.resilience)
        return next((one for one in known if one is not None), {})

    @property
    def is_whatif(self) -> bool:
        """Whether the comparison is that of a recorded log under its own rules and others."""
        return self.compare is not None and "log" in self.compare

    @cached_property
    def queues(self) -> dict[str, list[Row]]:
        """Rows of `intervals` by queue."""
        found: dict[str, list[Row]] = {}
        for row in self.intervals:
            found.setdefault(row["queue"], []).append(row)
        return found

    @cached_property
    def starts(self) -> list[datetime]:
        """When the intervals begin, local time."""
        rows = next(iter(self.queues.values()), [])
        return [datetime.fromisoformat(row["interval_start"]) for row in rows]

    @property
    def interval_s(self) -> float:
        """How long an interval is."""
        return float(self.intervals[0]["interval_s"]) if self.intervals else 1800.0

    @property
    def confidence(self) -> float:
        """Of all limits."""
        return float(self.made.get("confidence") or 0.95)

    def target(self, queue: str) -> tuple[float | None, float]:
        """Return the share that a queue is to reach, None if nobody said, and within how long, s."""
        said = (self.plan or {}).get("queues", {}).get(queue)
        if said is not None:
            return said["target"], float(said["within_s"])
        if self.scenario is None or queue not in self.scenario.file.queues:
            return None, 20.0
        level = self.scenario.file.queues[queue].service_level
        return level.target or None, level.threshold_ns / 1e9

    @cached_property
    def disruptions(self) -> list[Disruption]:
        """What goes wrong in the scenario."""
        if self.scenario is None:
            return []
        file, found = self.scenario.file, []
        for number, one in enumerate(file.disruptions, 1):
            start = (file.instant_ns(one.at) - file.start_ns) / file.horizon.interval_ns
            end = min(start + one.for_ns / file.horizon.interval_ns, float(file.intervals))
            found.append(Disruption(one.name or str(number), start, end))
        return found


def level_note(folder: Folder, say: Words) -> list[str]:
    """Return what the service level of this folder is of, in words; nothing where the scenario is not known."""
    if folder.scenario is None:
        return []
    file = folder.scenario.file
    shorts = sorted({queue.service_level.short_abandon_ns for queue in file.queues.values()})
    return [say(f"level_{file.service_level_formula}", short=", ".join(say.duration(one / 1e9) for one in shorts))]


def read_folder(path: Path) -> Folder:
    """Return what a folder holds. Raises ResultsUnreadable and OSError."""
    if not any((path / name).is_file() for name in KINDS):
        raise ResultsUnreadable(no_results(path))
    run, plan, compare, sweep, whatif, payback, resilience = (_json(path / name) for name in KINDS)
    if run and plan and run.get("scenario_hash") != plan.get("scenario_hash", run.get("scenario_hash")):
        text = f"{path}: run.json is not of the plan in plan.json; write the two into folders of their own"
        raise ResultsUnreadable(text)
    if compare is None and whatif is not None:
        compare = _as_comparison(whatif)
    tables = [_table(path / f"{name}.csv") for name in ("intervals", "waits", "pools", "trunks", "convergence")]
    scenario = None
    if (path / LOCKED).is_file():
        try:
            scenario = Scenario.load(path / LOCKED)
        except ConfigError:
            scenario = None  # its files are elsewhere, or it is of another version: figures do not need it
    intervals, waits, pools, trunks, convergence = tables
    if scenario is not None and intervals and set(scenario.file.queues) != {row["queue"] for row in intervals}:
        scenario = None  # it was changed by hand since
    if scenario is not None and run is not None and run.get("scenario_hash") not in (None, scenario_hash(scenario)):
        scenario = None  # its targets and disruptions are not those of the figures
    found = Folder(path, run, plan, compare, sweep, intervals, waits, pools, trunks, convergence, scenario)
    found.payback, found.resilience = payback, resilience
    return found


def limits(row: Row, name: str, short: str = "") -> Limits:
    """Return a figure of a row with its limits; `short` is what these are called by, if not as the figure."""
    end = short or name
    return row[name], row.get(f"{end}_lo"), row.get(f"{end}_hi")


def limits_of(figure: Row | None) -> Limits:
    """Return a figure of `run.json` with its limits."""
    return (None, None, None) if figure is None else (figure["value"], figure["low"], figure["high"])


def moment(folder: Folder, place: int, say: Words) -> str:
    """Return when an interval begins: the hour, with the day where there are several."""
    start = folder.starts[place]
    day = f"{say.day(start)} " if folder.starts[0].date() != folder.starts[-1].date() else ""
    return f"{day}{start:%H:%M}"


def _as_comparison(whatif: Row) -> Row:
    """Return a what-if as a comparison: one is the record through the model, other what the policy makes of it."""
    better = {"better": "other", "worse": "one"}
    figures = [
        {
            "queue": row["queue"],
            "figure": row["figure"],
            "one": row["before"],
            "other": row["now"],
            "difference": row["difference"],
            "better": better.get(row["verdict"]),
        }
        for row in whatif["figures"]
    ]
    return whatif | {"figures": figures, "scenario": whatif["log"]}


def _json(path: Path) -> Row | None:
    if not path.is_file():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=Row)
    except msgspec.DecodeError as error:
        raise ResultsUnreadable(f"{path}: {error}; make the results again") from None


def _table(path: Path) -> list[Row]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        try:
            return [{key: _value(key, text) for key, text in row.items()} for row in csv.DictReader(file)]
        except (ValueError, TypeError, csv.Error) as error:
            raise ResultsUnreadable(f"{path}: {error}; make the results again") from None


def _value(key: str, text: str) -> Any:
    if key in NAMES:
        return text
    return float(text) if text else None
