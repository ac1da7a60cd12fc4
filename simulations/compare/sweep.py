"""A scenario at every point of a grid, always with the same callers; what was played once is kept and not played again.

Points are kept under the hash of all that they come from, so an interrupted sweep goes on where it was, and a wider one
plays only what is new.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final

import msgspec
import xxhash

from simulations.compare.vary import Axis, Value, check_axes, grid
from simulations.experiment.files import write_json
from simulations.experiment.runner import played_by
from simulations.experiment.simulate import Progress, after, replications_of, seed_of, simulate
from simulations.experiment.summary import summary
from simulations.experiment.whole import made, whole
from simulations.experiment.worker_pool import Workers
from simulations.scenario.portable import as_written
from simulations.scenario.scenario import Scenario

POINTS: Final = "points"
"""The folder of points beside the table of them."""


class Point(msgspec.Struct, frozen=True):
    """What came of one point."""

    values: tuple[Value, ...]
    """Of the axes, in their order."""
    key: str
    told: dict[str, Any]
    """As `simulate --json` has it."""
    kept: bool
    """Whether it was there already."""


class Sweep(msgspec.Struct, frozen=True):
    """A sweep that is done."""

    scenario: Scenario
    axes: tuple[Axis, ...]
    points: tuple[Point, ...]
    """Grid order, the last axis the quickest."""
    seed: int
    replications: int

    @property
    def confidence(self) -> float:
        """Of all intervals."""
        return self.scenario.file.experiment.confidence


def sweep(
    scenario: Scenario,
    axes: Sequence[Axis],
    replications: int | None = None,
    seed: int | None = None,
    *,
    folder: Path | None = None,
    workers: Workers | None = None,
    progress: Progress | None = None,
) -> Sweep:
    """Play the scenario at every combination of values; with `folder`, keep each point there as soon as it is played.

    Every point has as many replications, `experiment.replications` if not said and two at least, of the same seed:
    the same callers come to all of them. `progress` is told replications. Raises ConfigError before anything is
    played where a value cannot be taken; SimulationFailed; and OSError where nothing can be kept.
    """
    count = check_axes(scenario, axes)
    experiment = scenario.file.experiment
    replications = replications_of(replications, experiment.replications, least=2)
    seed = seed_of(seed, experiment.seed)
    planned, points = count * replications, []
    with nullcontext() if folder is None else made(folder / POINTS):
        for number, values in enumerate(grid(axes)):
            changed = scenario.changed(*(axis.change(value) for axis, value in zip(axes, values, strict=True)))
            key = key_of(changed, replications, seed)
            told = _kept(folder, key)
            kept = told is not None
            if told is None:
                so_far = after(progress, number * replications, planned)
                told = summary(simulate(changed, replications, seed, workers=workers, progress=so_far))
                _keep(folder, key, told)
            if progress is not None:
                progress((number + 1) * replications, planned)
            points.append(Point(values, key, told, kept))
    return Sweep(scenario, tuple(axes), tuple(points), seed, replications)


def key_of(scenario: Scenario, replications: int, seed: int) -> str:
    """Return the name of a point: 32 hex digits of what it says, of the files that it names, and of who plays it.

    Raises ConfigError where a trace cannot be read.
    """
    said = {name: section for name, section in scenario.raw.items() if name != "experiment"}
    digest = xxhash.xxh3_128(
        msgspec.json.encode([as_written(said), scenario.file.experiment.confidence, replications, seed, played_by()])
    )
    for name, part in scenario.model.parts.items():
        digest.update(f"{name}{part.shape}".encode())
        for column in [part[field] for field in part.dtype.names] if part.dtype.names else [part]:
            digest.update(column.tobytes())
    return digest.hexdigest()


def _kept(folder: Path | None, key: str) -> dict[str, Any] | None:
    """Return a point that was played before; one that was cut short in writing is none."""
    if folder is None:
        return None
    try:
        found = msgspec.json.decode((folder / POINTS / f"{key}.json").read_bytes())
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    return found if isinstance(found, dict) else None


def _keep(folder: Path | None, key: str, told: dict[str, Any]) -> None:
    if folder is not None:
        with whole(folder / POINTS) as fresh:
            write_json(told, fresh / f"{key}.json")
