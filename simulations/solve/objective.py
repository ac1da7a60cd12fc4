"""What a plan has least of, while its targets hold: agents' pay, or their paid hours where pay tells too little."""

from enum import StrEnum

import msgspec
import numpy as np

from simulations.queueing.arrays import Floats
from simulations.scenario.file import ScenarioFile

BY_STAFF = ("contact", "contact_in_time", "talk_minute", "abandonment", "blocked", "trunk_minute")
"""Prices of what more agents or fewer make more or less of."""


class Least(StrEnum):
    """Of what there is least."""

    AGENT_PAY = "agent_pay"
    """`agent_hour` times paid hours; every group has one above 0."""
    PAID_HOURS = "paid_hours"
    """Whoever works them: without such a price groups cannot be told apart."""


class Holds(StrEnum):
    """Which of the targets hold with a plan, as far as its check can tell."""

    ALL = "all"
    WITHIN_REACH = "within_reach"
    """All but those that no number of agents keeps."""
    NOT_ALL = "not_all"

    @property
    def words(self) -> str:
        """Say it as part of a sentence."""
        return {
            Holds.ALL: "all targets hold",
            Holds.WITHIN_REACH: "all targets within reach hold, the others are missed",
            Holds.NOT_ALL: "some targets are missed",
        }[self]


class Objective(msgspec.Struct, frozen=True):
    """What a plan has least of."""

    least: Least
    unpriced: tuple[str, ...]
    """Groups without `agent_hour`."""
    is_partly_priced: bool
    """Whether there are such and others."""
    left_out: tuple[str, ...]
    """Further prices of the scenario that more agents or fewer would change: told in the cost, and deciding nothing."""

    def words(self, holds: Holds) -> str:
        """Say it as one sentence, of a plan with which so many of the targets hold."""
        what = "the targets that are within reach" if holds is Holds.WITHIN_REACH else "the targets"
        if self.least is Least.AGENT_PAY:
            text = f"Least agents' pay (agent_hour) that keeps {what}"
        elif self.is_partly_priced:
            text = f"Fewest paid hours that keep {what}, as there is no agent_hour of {', '.join(self.unpriced)}"
        else:
            text = f"Fewest paid hours that keep {what}{', as there is no agent_hour' if self.left_out else ''}"
        if holds is Holds.NOT_ALL:
            text = f"Looked for, and not found: {text[0].lower()}{text[1:]}"
        if not self.left_out:
            return f"{text}."
        decide = "decides" if len(self.left_out) == 1 else "decide"
        return f"{text}; {', '.join(self.left_out)} {decide} nothing, so other numbers of agents may cost less in all."


def objective_of(file: ScenarioFile) -> Objective:
    """Return what a plan of a scenario has least of."""
    unpriced = tuple(group.name for group in file.groups if file.costs.agent_hour.of(group.name) <= 0.0)
    left_out = tuple(
        f"{section}.{name}"
        for section, prices in (("costs", file.costs), ("benefits", file.benefits))
        for name in BY_STAFF
        if any(getattr(prices, name).values())
    )
    least = Least.PAID_HOURS if unpriced else Least.AGENT_PAY
    return Objective(least, unpriced, 0 < len(unpriced) < len(file.groups), left_out)


def dearness(file: ScenarioFile) -> Floats:
    """Return what an hour of each group counts, 1.0 in the mean, shape (groups,)."""
    rates = np.array([file.costs.agent_hour.of(group.name) for group in file.groups])
    if objective_of(file).least is Least.PAID_HOURS:
        return np.ones(len(rates))
    return np.asarray(rates / rates.mean())
