"""What comparing comes to, for notebooks: two scenarios, a grid, structures over the months, a plan or none."""

from functools import cached_property
from pathlib import Path
from typing import Final

import msgspec

from simulations.compare.files import (
    case_rows,
    comparison_rows,
    month_rows,
    write_comparison,
    write_payback,
    write_resilience,
)
from simulations.compare.paired import MORE_IS_BETTER, comparison, interval_differences, winner
from simulations.compare.sweep import Sweep
from simulations.compare.sweep_told import rows, write_sweep
from simulations.compare.unlike import sentences
from simulations.experiment.figures import RARE
from simulations.notation.numbers import number, with_half
from simulations.planner.runs import SHARE, Run
from simulations.planner.tables import Array, Row, shown, structured

SHARES: Final = ("service_level", "abandon_rate", "dismissed_rate", "blocked_rate", "occupancy")
SHOWN_MAX: Final = 60
"""Rows that a notebook shows of one table."""


class Comparison(msgspec.Struct, dict=True):
    """Two scenarios with the same callers, as `trunkline compare` has them: other minus one, paired by replication.

    Common random numbers: what one replication has more than the mean, it has on both sides, so the limits of the
    differences are much narrower than those of either (Law, Simulation Modeling and Analysis, 11.2).
    """

    one: Run
    other: Run

    @cached_property
    def told(self) -> Row:
        """Everything that `compare --json` prints."""
        return comparison(self.one, self.other, (self.one.scenario.path, self.other.scenario.path))

    def figures(self) -> Array:
        """Return a structured array, a row a queue and figure: one, other, difference with limits, who is better."""
        return structured(comparison_rows(self.told))

    def intervals(self) -> Array:
        """Return a structured array, a row a shared queue and interval: of each figure one, other, difference."""
        return structured(interval_differences(self.one, self.other))

    def save(self, folder: Path | str) -> list[Path]:
        """Write the files that `trunkline compare -o` writes; return their paths. Raises OSError."""
        return write_comparison(self.told, Path(folder))

    def __repr__(self) -> str:
        return f"<Comparison: '{self.other.scenario.name}' less '{self.one.scenario.name}'>"

    def _repr_html_(self) -> str:
        """Return a row a queue and figure."""
        body = []
        for row in self.told["figures"]:
            if row["figure"] in RARE and not (row["one"]["value"] or row["other"]["value"]):
                continue
            unit = SHARE if row["figure"] in MORE_IS_BETTER and row["figure"] in SHARES else 1.0
            sides = [_value(row[side], unit) for side in ("one", "other")]
            apart = with_half(row["difference"], unit, digits=2, sign="+")
            body.append([row["queue"], row["figure"], *sides, apart, winner(row)])
        return shown(
            f"one: {self.told['one']}; other: {self.told['other']}",
            ["queue", "figure", "one", "other", "other less one", "better"],
            body,
            f"shares in %, times in s; ± {self.told['confidence']:.0%} confidence, {self.told['replications']} "
            f"replications with the same callers, seed {self.told['seed']}"
            + "".join(f". {sentence.removesuffix('.')}" for sentence in sentences(self.told)),
            words=2,
        )


def _value(figure: Row, unit: float) -> str:
    return "-" if figure["value"] is None else number(figure["value"] / unit, 2)


class Grid(Sweep, frozen=True):
    """A scenario at every point of a grid, as `trunkline sweep` plays it, always with the same callers."""

    def figures(self) -> Array:
        """Return a structured array, a row a point and queue: the names varied, queue, each figure with its limits."""
        return structured(rows(self))

    def save(self, folder: Path | str) -> list[Path]:
        """Write the files that `trunkline sweep -o` writes beside the points; return their paths. Raises OSError."""
        return write_sweep(self, Path(folder))

    def __repr__(self) -> str:
        names = ", ".join(axis.name for axis in self.axes)
        return f"<Grid of '{self.scenario.name}' over {names}: {len(self.points)} points>"

    def _repr_html_(self) -> str:
        """Return a row a point, of all queues together."""
        body = [
            [
                *map(str, point.values),
                with_half(point.told["all"]["service_level"], SHARE),
                with_half(point.told["all"]["abandon_rate"], SHARE),
                with_half(point.told["all"]["asa_s"]),
                with_half(point.told["all"]["occupancy"], SHARE),
            ]
            for point in self.points[:SHOWN_MAX]
        ]
        names = [axis.name for axis in self.axes]
        return shown(
            f"{self.scenario.name}: {len(self.points)} points",
            [*names, "service level, %", "abandoned, %", "ASA, s", "busy, %"],
            body,
            f"all queues together; ± {self.confidence:.0%} confidence, {self.replications} replications of each with "
            f"the same callers, seed {self.seed}",
            words=0,
        )


class Months(msgspec.Struct, frozen=True):
    """Structures over the months, as `trunkline payback` tells them; `told` is what its `--json` prints."""

    told: Row

    def figures(self) -> Array:
        """Return a structured array, a row a structure and month: volume, service level, cost, benefit, balance."""
        return structured(month_rows(self.told))

    def save(self, folder: Path | str) -> list[Path]:
        """Write the files that `trunkline payback -o` writes; return their paths. Raises OSError."""
        return write_payback(self.told, Path(folder))

    def __repr__(self) -> str:
        return f"<Months of {', '.join(repr(one['scenario']) for one in self.told['structures'])}>"

    def _repr_html_(self) -> str:
        """Return a row a structure."""
        body = [
            [
                one["scenario"],
                number(one["investment"], 0),
                with_half(one["balance"], digits=0),
                "not in time" if one["payback_month"]["value"] is None else str(one["payback_month"]["value"]),
            ]
            for one in self.told["structures"]
        ]
        first = self.told["structures"][0]
        return shown(
            f"{len(first['months'])} months, in {first['currency']}",
            ["structure", "investment", "balance", "paid back in month"],
            body,
            f"± {self.told['confidence']:.0%} confidence, {self.told['replications']} replications of each volume, "
            f"seed {self.told['seed']}",
        )


class Cases(msgspec.Struct, frozen=True):
    """A disruption without its plan, with it and with it late, as `trunkline resilience` tells them."""

    told: Row
    """What its `--json` prints."""

    def figures(self) -> Array:
        """Return a structured array, a row a case and queue; lost contacts, backlog and damage stand at `all`."""
        return structured(case_rows(self.told))

    def save(self, folder: Path | str) -> list[Path]:
        """Write the files that `trunkline resilience -o` writes; return their paths. Raises OSError."""
        return write_resilience(self.told, Path(folder))

    def __repr__(self) -> str:
        return f"<Cases of '{self.told['scenario']}': {', '.join(one['case'] for one in self.told['cases'])}>"

    def _repr_html_(self) -> str:
        """Return a row a case."""
        body = [
            [
                one["case"],
                *(with_half(one[key]) for key in ("lost", "lost_more", "backlog")),
                with_half(one["service_level_during"]["all"], SHARE),
                with_half(one["damage"], digits=0),
            ]
            for one in self.told["cases"]
        ]
        return shown(
            f"{self.told['scenario']}: a day, and what differs from an undisturbed one",
            ["case", "lost", "lost more", "waiting at most", "service level meanwhile, %", "damage"],
            body,
            f"damage: costs less benefits, {self.told['currency']}; ± {self.told['confidence']:.0%} confidence, "
            f"{self.told['replications']} replications of each, seed {self.told['seed']}",
        )
