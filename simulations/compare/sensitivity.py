"""What a little more or less of volume, handling time, patience and shrinkage does, with the same callers."""

from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import xxhash

from engine.errors import ConfigError
from simulations.compare.paired import difference
from simulations.compare.sweep import key_of
from simulations.experiment.costs import total_costs
from simulations.experiment.estimates import Estimate, mean
from simulations.experiment.files import write_json
from simulations.experiment.result import Result
from simulations.experiment.simulate import Progress, simulate
from simulations.experiment.summary import plain
from simulations.experiment.whole import whole
from simulations.scenario.scenario import Scenario

CHANGES: Final = {"volume": 0.1, "aht": 0.1, "patience": 0.1, "shrinkage": 0.25}
"""Factors of the scenario, and by which share each is raised and lowered; a quarter of 20 % shrinkage is 5 points."""
FIGURES: Final = ("service_level", "abandon_rate", "asa_s")
CONTACTS_MAX: Final = 4_000_000
"""That are played in all, about: as many replications as this leaves, of those that the run had."""
FEWEST: Final = 4
FILE: Final = "sensitivity.json"


def sensitivity(
    scenario: Scenario,
    replications: int,
    seed: int,
    *,
    contacts: int = 0,
    workers: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Return the figures of all queues as the scenario is, and how each change moves them, with limits.

    `contacts` came in all of these replications together; where they are many, fewer replications are played. Raises
    SimulationFailed.
    """
    plays = 1 + 2 * len(CHANGES)
    if contacts:
        replications = min(replications, max(CONTACTS_MAX * replications // (contacts * plays), FEWEST))
    played = _play(scenario, replications, seed, workers, _after(progress, 0, plays))
    rows = []
    for place, (name, change) in enumerate(
        ((name, sign * share) for name, share in CHANGES.items() for sign in (-1, 1)), 1
    ):
        changed = _changed(scenario, name, change)
        if changed is not None:
            other = _play(changed, replications, seed, workers, _after(progress, place, plays))
            rows.append({"factor": name, "change": change} | _moved(played, other))
    base = {name: plain(played.estimate(name)) for name in FIGURES}
    base["cost"] = plain(mean(total_costs(played), played.confidence))
    return {"replications": replications, "seed": seed, "base": base, "changes": rows}


def kept_sensitivity(
    scenario: Scenario, run: dict[str, Any], folder: Path, progress: Progress | None = None
) -> dict[str, Any]:
    """Return the sensitivity of a run, played once and kept in its folder until anything that it comes from changes.

    Raises SimulationFailed, OSError, and ConfigError where a file that the scenario names cannot be read.
    """
    path = folder / FILE
    asked = [key_of(scenario, run["replications"], run["seed"]), CHANGES, CONTACTS_MAX]
    key = xxhash.xxh3_64_hexdigest(msgspec.json.encode(asked))
    try:
        known = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (FileNotFoundError, msgspec.DecodeError):
        known = {}
    if known.get("key") == key:
        return known
    found = {"key": key} | sensitivity(
        scenario, run["replications"], run["seed"], contacts=run["contacts"], progress=progress
    )
    with whole(folder) as fresh:
        write_json(found, fresh / FILE)
    return found


def _changed(scenario: Scenario, name: str, change: float) -> Scenario | None:
    """Return the scenario with a factor changed; None where that changes nothing, or cannot be."""
    now = (scenario.raw.get("factors") or {}).get(name, 1.0)
    try:
        return scenario.changed(f"factors.{name}={now * (1.0 + change):.9f}")
    except ConfigError:
        return None


def _play(scenario: Scenario, count: int, seed: int, workers: int | None, progress: Progress | None) -> Result:
    return simulate(scenario, count, seed, workers=workers, progress=progress)


def _moved(base: Result, other: Result) -> dict[str, Any]:
    found = {name: plain(difference(base, other, name, None)) for name in FIGURES}
    queues = {queue: plain(difference(base, other, "service_level", queue)) for queue in base.queues}
    more = np.asarray(total_costs(other) - total_costs(base), float)
    cost: Estimate = mean(more, base.confidence)
    return found | {"cost": plain(cost), "queues": queues}


def _after(progress: Progress | None, before: int, plays: int) -> Progress | None:
    return None if progress is None else lambda done, planned: progress(before * planned + done, plays * planned)
