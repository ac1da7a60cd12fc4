"""What recorded calls come to, for notebooks: a day under other rules, and the scenario that a record makes."""

from pathlib import Path
from typing import Final

import numpy as np

from simulations.experiment.figures import RARE
from simulations.fit.calls import Calls
from simulations.fit.fitted import Fit
from simulations.fit.scenario_file import write_scenario
from simulations.fit.statistics import Figure
from simulations.notation.numbers import number, with_half
from simulations.planner.runs import SHARE
from simulations.planner.tables import Array, Row, shown, structured
from simulations.scenario.scenario import Scenario
from simulations.whatif.files import figure_rows_of, write_answer
from simulations.whatif.whatif import Answer

SHARES: Final = ("service_level", "abandon_rate", "dismissed_rate", "blocked_rate")


class WhatIf(Answer, frozen=True, kw_only=True):
    """A record under its own rules and under a policy, as `trunkline whatif` plays it: the same people in both.

    It is a model: patience and talks that the record cuts short are drawn by Kaplan and Meier's curve (Journal of the
    American Statistical Association, 1958). `told["fidelity"]` says how near the recorded rules through the model come
    to the record, `told["first_difference"]` which decision differs first, `told["queues"]` who wins and who loses.
    """

    told: Row
    """Everything that `whatif --json` prints."""

    def figures(self) -> Array:
        """Return a structured array, a row a queue and figure: before, now, difference with limits, verdict."""
        return structured(figure_rows_of(self.told))

    def save(self, folder: Path | str) -> list[Path]:
        """Write the files that `trunkline whatif -o` writes; return their paths. Raises OSError."""
        return write_answer(self.told, Path(folder))

    def __repr__(self) -> str:
        return f"<WhatIf of {len(self.record.arrivals)} contacts: {self.replications} replications, seed {self.seed}>"

    def _repr_html_(self) -> str:
        """Return a row a queue and figure."""
        body = []
        for row in self.told["figures"]:
            if row["figure"] in RARE and not (row["before"]["value"] or row["now"]["value"]):
                continue
            unit = SHARE if row["figure"] in SHARES else 1.0
            sides = ["-" if row[side]["value"] is None else number(row[side]["value"] / unit, 2) for side in _SIDES]
            apart = with_half(row["difference"], unit, digits=2, sign="+")
            body.append([row["queue"], row["figure"], *sides, apart, row["verdict"]])
        same = self.told["fidelity"]["same_agent"]
        return shown(
            f"{len(self.record.arrivals)} recorded contacts: the recorded rules (before) and the policy (now)",
            ["queue", "figure", *_SIDES, "now less before", "verdict"],
            body,
            f"shares in %, times in s; ± {self.confidence:.0%} confidence about what the model draws; under the "
            f"recorded rules {same:.1%} of the answered got the agent of the record",
            words=2,
        )


_SIDES: Final = ("before", "now")


class Fitted(Fit, frozen=True, kw_only=True):
    """What recorded calls tell, as `trunkline fit` learns it, each estimate with its interval of confidence."""

    recorded: Calls
    """All calls, one by one: `recorded.rows` is a structured array."""

    def figures(self) -> Array:
        """Return a structured array, a row a queue: calls, volume a day, busyness, abandoned, waits, talk, patience."""
        return structured(
            {
                "queue": queue.name,
                "calls": float(queue.calls),
                **_limited("volume", queue.arrivals.volume),
                **_limited("busyness", queue.arrivals.busyness),
                **_limited("abandoned", queue.abandoned),
                **_limited("wait_s", queue.wait_s),
                **_limited("talk_s", queue.talk.mean_s),
                "talk_cv": queue.talk.cv,
                **_limited("patience_s", queue.patience.exponential_s),
            }
            for queue in self.queues
        )

    def save(self, path: Path | str) -> Scenario:
        """Write the scenario file that the estimates make, and what it names beside it; return it, loaded.

        Raises FilesThere where one is there already, and OSError.
        """
        written = write_scenario(self, self.recorded, Path(path))
        return Scenario.load(written[0])

    def __repr__(self) -> str:
        return f"<Fitted to {self.calls} calls, {self.first_day} to {self.last_day}>"

    def _repr_html_(self) -> str:
        """Return a row a queue."""
        body = [
            [
                queue.name,
                f"{queue.calls:,}",
                number(queue.arrivals.volume.value),
                _text(queue.abandoned, SHARE),
                _text(queue.talk.mean_s),
                queue.talk.best,
                _text(queue.patience.exponential_s),
            ]
            for queue in self.queues
        ]
        return shown(
            f"{self.calls:,} calls, {self.first_day} to {self.last_day}",
            ["queue", "calls", "a day", "abandoned, %", "talk, s", "law of talk", "patience, s"],
            body,
            f"± 95% confidence; volumes of {self.days_chosen} days ({', '.join(self.weekdays)}); patience: its mean, "
            "were it exponential",
        )


def _limited(name: str, figure: Figure) -> Row:
    return {name: figure.value, f"{name}_lo": figure.low, f"{name}_hi": figure.high}


def _text(figure: Figure, unit: float = 1.0) -> str:
    if not np.isfinite(figure.value):
        return "-"
    return with_half({"value": figure.value, "low": figure.low, "high": figure.high}, unit)
