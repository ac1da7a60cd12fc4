"""What planners ask, each as the command of its name does: of scenarios, of records and of the formulas."""

from __future__ import annotations  # help() shows Numbers, not all that may be one

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import numpy as np

from engine.errors import ConfigError
from engine.model.durations import parse_duration
from engine.model.time_zones import meant
from simulations.compare.paired import played_alike
from simulations.compare.payback import structures
from simulations.compare.resilience import resilience as cases_of
from simulations.compare.sweep import sweep as sweep_of
from simulations.compare.vary import EXAMPLE, Axis, Value, parse_vary
from simulations.experiment.asked import whole
from simulations.experiment.narrow import stop_of
from simulations.experiment.recording import record as record_of
from simulations.experiment.simulate import Progress, seed_of
from simulations.experiment.simulate import simulate as simulate_of
from simulations.experiment.worker_pool import Workers
from simulations.fit.calls import instant_ns
from simulations.fit.fitted import fit as fit_of
from simulations.fit.read import read_calls
from simulations.notation.amounts import parse_interval, parse_rate, parse_seconds, parse_share, parse_target
from simulations.planner.differences import Cases, Comparison, Grid, Months
from simulations.planner.records import Fitted, WhatIf
from simulations.planner.runs import Plan, Run, fields_of, plan_of, run_of
from simulations.queueing import Figures, UnfitInput, agents_for, erlang_a
from simulations.queueing.arrays import Numbers
from simulations.scenario.scenario import Scenario
from simulations.solve.goals import Question, goals_of
from simulations.solve.solve import solve as solve_of
from simulations.solve.timetable import parse_shift
from simulations.whatif.policy import load_policy
from simulations.whatif.record import read_record
from simulations.whatif.told import told
from simulations.whatif.whatif import ask

Place = Scenario | Path | str
"""A scenario, or the file of one."""
Share = str | float
"""A share, 0 to 1, or as "5%"; of a target also "80/20"."""
Until = str | tuple[str, float | str] | Mapping[str, float | str]
"""By which figures' intervals replications end: `FIGURE=HALF`, the two, or of several by figure."""


def simulate(
    scenario: Place,
    replications: int | None = None,
    seed: int | None = None,
    *,
    until: Until | None = None,
    workers: Workers | None = None,
    progress: Progress | None = None,
) -> Run:
    """Play a scenario many times over.

    Replications and seed are those of the file's `experiment` where not said; with `until=("sales.service_level",
    0.01)`, or "sales.service_level=1%", more are played, at most 1000, until half the width of that figure's interval
    is so small; with a mapping as `{"sales.service_level": 0.01, "asa_s": 2}`, those of all its figures. All chance is
    keyed by seed, replication, queue and contact, so the same seed gives the same figures, whoever plays: `workers`
    threads, one a core if not said, or a `Cluster`. `progress` is called with replications done and planned, from any
    thread. Raises ConfigError with every fault of the scenario, SimulationFailed and ClusterFailed.
    """
    found = scenario_of(scenario)
    stops = [stop_of(text, found.file.queues, "until") for text in _untils(until)]
    return run_of(found, simulate_of(found, replications, seed, workers=workers, stops=stops, progress=progress))


def solve(
    scenario: Place,
    target: Share | Mapping[str, Share] | None = None,
    *,
    max_abandon: Share | Mapping[str, Share] | None = None,
    max_block: Share | None = "1%",
    shifts: Sequence[str] = (),
    group_max: Mapping[str, int] | None = None,
    replications: int | None = None,
    seed: int | None = None,
    workers: Workers | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Find the agents of every interval, shifts and trunks that keep targets at least cost, and check by simulating.

    `target` is "80/20" (80 % within 20 s) for all queues, or by queue; not said: the file's own. `max_abandon` "5%"
    likewise. `max_block` is the share of calls that finds no trunk; None leaves the trunks. `shifts` are kinds of
    shift, as "8h30m@6:00-13:30/30m@3h-5h"; none: those of the file, or else interval by interval. Begins with Erlang
    A, goes on by simulation, covers by shifts (HiGHS). Raises ConfigError, UnfitInput, Unreachable, SimulationFailed.
    """
    found = scenario_of(scenario)
    step_s = found.file.horizon.interval_ns / 1e9
    try:
        goals = goals_of(found.file, _by_queue(target, parse_target), _by_queue(max_abandon, parse_share))
        p_block = None if max_block is None else parse_share(str(max_block))
        kinds = tuple(parse_shift(text, step_s) for text in shifts)
    except ValueError as error:
        raise UnfitInput(str(error)) from None
    most = {name: whole(said, f"group_max of {name}", 0, "0 or more") for name, said in (group_max or {}).items()}
    question = Question(goals, kinds, most, p_block)
    answer = solve_of(found, question, replications=replications, seed=seed, workers=workers, told=progress)
    return plan_of(answer)


def compare(
    one: Place,
    other: Place,
    replications: int | None = None,
    seed: int | None = None,
    *,
    workers: Workers | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Play two scenarios with the same callers; differences are other minus one, within replications.

    Replications and seed are the first scenario's where not said. Raises ConfigError, SimulationFailed, ClusterFailed.
    """
    both = [scenario_of(one), scenario_of(other)]
    results = played_alike(both, replications, seed, workers=workers, progress=progress)
    return Comparison(*(run_of(*pair) for pair in zip(both, results, strict=True)))


def sweep(
    scenario: Place,
    vary: Mapping[str, Value | Sequence[Value]],
    replications: int | None = None,
    seed: int | None = None,
    *,
    folder: Path | str | None = None,
    workers: Workers | None = None,
    progress: Progress | None = None,
) -> Grid:
    """Play a scenario at every combination of values, always with the same callers.

    `vary` tells the values by name, as {"volume": "0.8:1.3:0.1"} or {"agents.support.count": (5, 6, 7)}; volume, aht,
    patience and shrinkage are factors of everything, every other name a place in the scenario. With `folder` each
    point is kept as soon as it is played, and what is there is not played again. Raises ConfigError before anything
    is played where a value cannot be taken; UnfitInput for values that cannot be read; SimulationFailed, ClusterFailed
    and OSError.
    """
    try:
        axes = [_axis(name, values) for name, values in vary.items()]
        if not axes:
            raise ValueError("nothing varies; write the values by name, as {'volume': '0.8:1.3:0.1'}")
    except ValueError as error:
        raise UnfitInput(str(error)) from None
    kept = None if folder is None else Path(folder)
    found = sweep_of(scenario_of(scenario), axes, replications, seed, folder=kept, workers=workers, progress=progress)
    return Grid(**fields_of(found))


def payback(
    scenarios: Sequence[Place] | Place,
    months: int | None = None,
    replications: int | None = None,
    seed: int | None = None,
    *,
    workers: Workers | None = None,
    progress: Progress | None = None,
) -> Months:
    """Tell what structures cost and bring over the months, each by its file's `business`, the first as the yardstick.

    Amounts are in the currency of `costs`. What is not said is as the first has it. Raises ConfigError,
    SimulationFailed and ClusterFailed.
    """
    asked = [scenario_of(one) for one in ([scenarios] if isinstance(scenarios, Place) else scenarios)]
    return Months(structures(asked, months, replications, seed, workers=workers, progress=progress))


def resilience(
    scenario: Place,
    late: str = "30m",
    replications: int | None = None,
    seed: int | None = None,
    *,
    workers: Workers | None = None,
    progress: Progress | None = None,
) -> Cases:
    """Play a scenario with `disruptions` undisturbed, without its plans, with them, and with them `late`.

    Raises ConfigError where nothing goes wrong in it; UnfitInput, SimulationFailed and ClusterFailed.
    """
    try:
        late_ns = parse_duration(str(late))
    except ValueError as error:
        raise UnfitInput(f"late: {error}") from None
    return Cases(cases_of(scenario_of(scenario), late_ns, replications, seed, workers=workers, progress=progress))


def record(scenario: Place, folder: Path | str, seed: int | None = None, replication: int = 0) -> Path:
    """Play one replication and write it as a log of the engine; return its data folder.

    Not said, the seed is the file's. Raises LogError where a log is there already, SimulationFailed and OSError.
    """
    found = scenario_of(scenario)
    number = whole(replication, "replication", 0, "the first is 0")
    record_of(found, seed_of(seed, found.file.experiment.seed), number, Path(folder))
    return Path(folder)


def whatif(
    log: Path | str,
    policy: Mapping[str, Any] | Path | str,
    replications: int = 10,
    seed: int = 1,
    *,
    time_zone: str = "UTC",
    since: datetime | str | None = None,
    until: datetime | str | None = None,
    workers: Workers | None = None,
    progress: Progress | None = None,
) -> WhatIf:
    """Play the observed facts of a recorded log under its own rules and under others, the same people in both.

    `log` is a data folder; nothing is written into it. `policy` says what is to be other, in the words of the
    configuration: as plain values, a YAML file, or the YAML itself beginning with a brace. `since` and `until` are
    times of `time_zone`. Raises ConfigError with every fault of the policy; LogError, LogDamaged, SimulationFailed and
    ClusterFailed.
    """
    _check_zone(time_zone)
    span = (_instant_ns(moment, time_zone) for moment in (since, until))
    begin_ns, end_ns = span
    recorded = read_record(Path(log), since_ns=begin_ns, until_ns=end_ns)
    said = load_policy(json.dumps(policy) if isinstance(policy, Mapping) else str(policy), recorded)
    found = ask(recorded, said, replications, seed, time_zone=time_zone, workers=workers, progress=progress)
    return WhatIf(**fields_of(found), told=told(found))


def fit(
    calls: Path | str,
    *,
    time_zone: str = "UTC",
    interval: str = "30m",
    weekdays: Sequence[int] | None = None,
    bad_lines: int = 0,
) -> Fitted:
    """Learn a scenario from recorded calls: a data folder, Asterisk's queue_log, or a CSV.

    `weekdays` are those to learn a day from, Monday 0; not said: those like the busiest. Patience by Kaplan and Meier,
    arrivals tested for Poisson by Brown et al. (Journal of the American Statistical Association, 2005). `save(path)`
    of the answer writes the scenario. Raises ConfigError with file and line, UnfitInput, LogError, LogDamaged, OSError.
    """
    _check_zone(time_zone)
    interval_s = _read(parse_interval, interval, "interval")
    recorded = read_calls(Path(calls), time_zone, bad_lines)
    days = None if weekdays is None else np.array(weekdays)
    found = fit_of(recorded, interval_s, days)
    return Fitted(**fields_of(found), recorded=recorded)


def erlang(
    rate: Numbers | str,
    handle: Numbers | str,
    *,
    patience: Numbers | str | None = None,
    agents: Numbers | None = None,
    target: str | None = None,
    within: Numbers | str | None = None,
    max_abandon: Numbers | str | None = None,
    max_asa: Numbers | str | None = None,
    max_occupancy: Numbers | str | None = None,
    trunks: Numbers | None = None,
) -> Figures:
    """Answer by Erlang A, or by Erlang C where no patience is said: at `agents`, or with the fewest that keep a target.

    `rate` is arrivals per hour, or as "100/min"; `handle` (talk plus wrap-up), `patience` (the mean of exponential
    ones), `within` (the threshold, 20 s if nothing says it) and `max_asa` are s, or as "3m30s"; shares are 0 to 1, or
    as "5%"; `target` is "80/20" or "80%". Numbers may be arrays: all broadcast, and each figure has that shape, so a
    day of intervals is one call. C. Palm, Tele, 1957; Garnett, Mandelbaum and Reiman, 2002; relative error 1e-9. Raises
    UnfitInput, and Unreachable where no number of agents keeps the bounds.
    """
    share, target_within = (None, None) if target is None else _read(parse_target, target, "target")
    if within is not None and target_within is not None:
        raise UnfitInput("the target says its threshold, too: leave out 'within'")
    if within is None:
        within = 20.0 if target_within is None else target_within
    rate_per_h = _number(rate, parse_rate, "rate")
    handle_s = _number(handle, parse_seconds, "handle")
    patience_s = np.inf if patience is None else _number(patience, parse_seconds, "patience")
    within_s = _number(within, parse_seconds, "within")
    bounds: dict[str, Any] = {
        "service_level": share,
        "p_abandon": None if max_abandon is None else _number(max_abandon, parse_share, "max_abandon"),
        "asa_s": None if max_asa is None else _number(max_asa, parse_seconds, "max_asa"),
        "occupancy": None if max_occupancy is None else _number(max_occupancy, parse_share, "max_occupancy"),
    }
    if (agents is None) == all(bound is None for bound in bounds.values()):
        raise UnfitInput("give either agents, or what the fewest must keep: target='80/20', max_abandon='5%'")
    if agents is None:
        agents = agents_for(rate_per_h, handle_s, patience=patience_s, within_s=within_s, trunks=trunks, **bounds)
    return erlang_a(rate_per_h, handle_s, patience_s, agents, within_s=within_s, trunks=trunks)


def scenario_of(place: Place) -> Scenario:
    """Return the scenario, read first where a file is named. Raises ConfigError."""
    return place if isinstance(place, Scenario) else Scenario.load(place)


def _axis(name: str, values: Value | Sequence[Value]) -> Axis:
    """Return what a name takes: values as they are, or of text what that says. Raises ValueError."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        return parse_vary(f"{name}={values}")
    if not (listed := tuple(values)):
        raise ValueError(f"'{name}' has no value; {EXAMPLE}, or a list of values")
    return Axis(name, listed)


def _check_zone(name: str) -> None:
    if name not in available_timezones():
        raise ConfigError([f"time_zone '{name}': that is not a time zone{meant(str(name))}"])


def _untils(until: Until | None) -> list[str]:
    """Return `FIGURE=HALF` of each figure. Raises ConfigError for what says nothing of the kind."""
    match until:
        case None:
            return []
        case str():
            return [until]
        case Mapping():
            return [f"{metric}={half}" for metric, half in until.items()]
        case (metric, half):
            return [f"{metric}={half}"]
    text = "write 'sales.service_level=1%', ('asa_s', 2), or several as {'sales.service_level': 0.01, 'asa_s': 2}"
    raise ConfigError([f"until {until!r}: {text}"])


def _by_queue(said: Any, parse: Any) -> dict[str | None, Any]:
    """Return values by queue, under None what is said of all."""
    if said is None:
        return {}
    return {name: parse(str(one)) for name, one in (said.items() if isinstance(said, Mapping) else [(None, said)])}


def _number(said: Any, parse: Any, name: str) -> Any:
    """Return what text says as a number, and numbers and arrays as they are."""
    return _read(parse, said, name) if isinstance(said, str) else said


def _read(parse: Any, text: str, name: str) -> Any:
    try:
        return parse(str(text))
    except ValueError as error:
        raise UnfitInput(f"{name}: {error}") from None


def _instant_ns(moment: datetime | str | None, time_zone: str) -> int | None:
    try:
        found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        return None if found is None else instant_ns(found, time_zone)
    except ValueError:
        raise ConfigError([f"'{moment}' is no time; write 2026-11-17, or 2026-11-17 07:30"]) from None
