"""What replications of a scenario came to: arrays by replication, queue and interval, and estimates over them."""

from functools import cached_property
from typing import Any, Final

import msgspec
import numpy as np

from engine.errors import ConfigError
from engine.messages.kinds import (
    AGENT_BUSY,
    AGENT_IDLE,
    AGENT_OFFERED,
    AGENT_UNREACHABLE,
    AGENT_WRAPPING,
    EXIT_REFUSED_TRUNK,
)
from engine.model.fields import nearest
from engine.model.tallies import Tally
from simulations.experiment.estimates import Estimate, mean, ratio
from simulations.experiment.figures import COUNTS, FIGURES, SERVICE_LEVELS, SHARE, UNSTAFFED, Counted, with_sent_away
from simulations.experiment.runner import Played
from simulations.experiment.shares import shares
from simulations.scenario.build import Model
from simulations.scenario.sections import Stop
from simulations.scenario.values import figure_fault
from simulations.world.waits import BIN_EDGES_S

Array = np.ndarray[Any, Any]
AT_WORK: Final = (AGENT_IDLE, AGENT_OFFERED, AGENT_BUSY, AGENT_WRAPPING, AGENT_UNREACHABLE)
BUSY: Final = (AGENT_OFFERED, AGENT_BUSY, AGENT_WRAPPING)


class Result(msgspec.Struct, dict=True):
    """Replications of one scenario. All arrays have the replication as their first axis."""

    model: Model
    seed: int
    confidence: float
    played: list[Played]
    elapsed_s: float = 0.0
    stops: tuple[Stop, ...] = ()
    """By which rules there are so many, if by any."""

    @property
    def replications(self) -> int:
        """How many there are."""
        return len(self.played)

    @property
    def queues(self) -> list[str]:
        """Names, in the order of the second axis."""
        return list(self.model.source_names)

    @property
    def groups(self) -> list[str]:
        """Names of groups of agents."""
        return [name for name, _ in self.model.agent_groups]

    @property
    def trunk_groups(self) -> list[str]:
        """Names of trunk groups."""
        return list(self.model.file.trunk_groups)

    @property
    def edges_ns(self) -> Array:
        """Where the intervals begin and, at last, end; shape (intervals + 1,), ns since 1970."""
        return self.model.edges_ns

    @cached_property
    def tallies(self) -> Array:
        """The kernel's counters by the interval of entry, shape (replications, queues, intervals, TALLY_COLUMNS)."""
        return np.stack([one.tallies for one in self.played])

    @cached_property
    def waits(self) -> Array:
        """The answered by their wait, shape (replications, queues, intervals, len(BIN_EDGES_S))."""
        return np.stack([one.waits for one in self.played])

    @cached_property
    def longest(self) -> Array:
        """Most who waited at once, shape (replications, queues, intervals)."""
        return np.stack([one.longest for one in self.played])

    @cached_property
    def crowd(self) -> Array:
        """Most who waited at once in all queues together, shape (replications, intervals)."""
        return np.stack([one.crowd for one in self.played])

    @cached_property
    def retried(self) -> Array:
        """Arrivals that were not a first attempt, shape (replications, queues, intervals)."""
        return np.stack([one.retried for one in self.played])

    @cached_property
    def trunk_calls(self) -> Array:
        """Arrivals that asked for a trunk channel, shape (replications, queues, intervals). Who is handed over, or
        overflows, from another queue brings a channel along or needs none; who is called back asks for none.
        """
        return np.stack([one.trunk_calls for one in self.played])

    @property
    def trunk_refusals(self) -> Array:
        """Those of `trunk_calls` that found no channel, of that shape."""
        found: Array = self.tallies[..., Tally.EXIT + EXIT_REFUSED_TRUNK]
        return found

    @cached_property
    def cut_off(self) -> Array:
        """Talks that broke off, by when, shape (replications, queues, intervals)."""
        return np.stack([one.cut_off for one in self.played])

    @cached_property
    def states_s(self) -> Array:
        """Time that agents spent in each state, shape (replications, groups, intervals, AGENT_STATES), s."""
        return np.stack([one.states_ns for one in self.played]) / 1e9

    @cached_property
    def busy_trunks(self) -> Array:
        """Mean channels busy, shape (replications, trunk groups, intervals)."""
        return np.stack([one.busy_trunks_ns for one in self.played]) / self.model.file.horizon.interval_ns

    @cached_property
    def peak_trunks(self) -> Array:
        """Most channels busy at once, shape (replications, trunk groups, intervals)."""
        return np.stack([one.peak_trunks for one in self.played])

    @property
    def contacts(self) -> int:
        """Contacts simulated in all, warm-up and retrials included."""
        return sum(one.contacts for one in self.played)

    def count(self, name: str) -> Array:
        """Return one of COUNTS, as `offered`; shape (replications, queues, intervals). Raises ConfigError."""
        if name not in COUNTS:
            hint = nearest(name, COUNTS) or f"; there are {', '.join(COUNTS)}"
            raise ConfigError([f"there is no count '{name}'{hint}"])
        return COUNTS[name](self.tallies)

    def estimate(self, name: str, queue: str | None = None, by_interval: bool = False) -> Estimate:
        """Return a figure of FIGURES or COUNTS, `p_wait` or `occupancy`, with its interval of confidence.

        Of one queue, or of all together; over the whole horizon, or by interval (arrays of shape (intervals,); shares
        as `shares` tells them). Counts are those of one replication. Raises ConfigError for a figure or a queue that
        there is not.
        """
        of_plans = name == "staffed_level"  # the service level by another count, see `parts_of`
        if wrong := figure_fault("service_level" if of_plans else name, queue, self.queues):
            raise ConfigError([wrong])
        if name == "occupancy":
            return self.occupancy(None, by_interval)
        if name == "p_wait":
            return self.p_wait(queue, by_interval)
        tallies = self.tallies if queue is None else self.tallies[:, [place_of(queue, self.queues, "queue")]]
        tallies = tallies.sum(axis=1)
        if not by_interval:
            tallies = tallies.sum(axis=1)
        if name in COUNTS:
            return mean(COUNTS[name](tallies), self.confidence)
        if by_interval:
            return self.by_interval(name, tallies)
        part, whole, scale = self.parts_of(name)
        return ratio(part(tallies) * scale, whole(tallies), self.confidence)

    def parts_of(self, name: str) -> tuple[Counted, Counted, float]:
        """Return what a figure divides by what, the service level by the formula that the scenario asks for.

        Raises ConfigError for what is no ratio of counters, as `occupancy`.
        `staffed_level` is the same, and whoever was sent away for want of agents is a miss, whatever the formula is of.
        """
        formula = self.model.file.service_level_formula
        if name == "service_level":
            return *SERVICE_LEVELS[formula], 1.0
        if name == "staffed_level":
            return *with_sent_away(formula, UNSTAFFED), 1.0
        if name not in FIGURES:
            hint = nearest(str(name), FIGURES) or f"; there are {', '.join(FIGURES)}"
            raise ConfigError([f"there is no figure '{name}' of what was counted{hint}"])
        return FIGURES[name].part, FIGURES[name].whole, FIGURES[name].scale

    def by_queue(self, name: str) -> Estimate:
        """Return a figure of every queue and interval, arrays of shape (queues, intervals)."""
        if name in COUNTS:
            return mean(self.count(name), self.confidence)
        return self.by_interval(name, self.tallies)

    def by_interval(self, name: str, tallies: Array) -> Estimate:
        """Return a figure of FIGURES from counters of shape (replications, ..., intervals, TALLY_COLUMNS)."""
        part, whole, scale = self.parts_of(name)
        if name == "staffed_level" or FIGURES[name].unit == SHARE:
            return shares(part(tallies) * scale, whole(tallies), self.confidence)
        return ratio(part(tallies) * scale, whole(tallies), self.confidence)

    def p_wait(self, queue: str | None = None, by_interval: bool = False) -> Estimate:
        """Return the share of those offered that was not answered at once. Raises ConfigError."""
        offered, at_once = self.count("offered"), self.waits[..., 0]
        if queue is not None:
            place = place_of(queue, self.queues, "queue")
            offered, at_once = offered[:, [place]], at_once[:, [place]]
        axes = 1 if by_interval else (1, 2)
        offered, at_once = offered.sum(axis=axes), at_once.sum(axis=axes)
        return (shares if by_interval else ratio)(offered - at_once, offered, self.confidence)

    def occupancy(self, group: str | None = None, by_interval: bool = False) -> Estimate:
        """Return the share of the time at work that agents rang, talked or wrapped up. Raises ConfigError."""
        states = self.states_s if group is None else self.states_s[:, [place_of(group, self.groups, "group")]]
        states = states.sum(axis=1) if by_interval else states.sum(axis=(1, 2))
        return ratio(states[..., BUSY].sum(axis=-1), states[..., AT_WORK].sum(axis=-1), self.confidence)

    def agents_at_work(self) -> Array:
        """Return the mean number of agents at work, breaks and absences taken off, shape (groups, intervals)."""
        found: Array = self.states_s[..., AT_WORK].sum(axis=-1).mean(axis=0) / (
            self.model.file.horizon.interval_ns / 1e9
        )
        return found

    def wait_quantile_s(self, share: float) -> Array:
        """Return the wait within which this share of the answered were, shape (queues, intervals), s; nan of none.

        Linear within a bin of the histogram over all replications.
        """
        return quantile_s(self.waits.sum(axis=0), share)

    def wait_max_s(self) -> Array:
        """Return the longest wait of any outcome, shape (queues, intervals), s."""
        found: Array = self.tallies[..., Tally.LONGEST_WAIT_NS].max(axis=0) / 1e9
        return found


def place_of(name: str, names: list[str], what: str) -> int:
    """Return where a queue or a group stands on its axis. Raises ConfigError where there is none of that name."""
    if name not in names:
        raise ConfigError([f"there is no {what} '{name}'{nearest(str(name), names)}"])
    return names.index(name)


def quantile_s(counts: Array, share: float) -> Array:
    """Return a quantile of histograms of waits along the last axis, s; nan where nothing was counted."""
    edges = np.array((0.0, *BIN_EDGES_S))
    reached = np.cumsum(counts, axis=-1)
    total = reached[..., -1:]
    wanted = share * total
    place = np.minimum((reached < wanted).sum(axis=-1), len(BIN_EDGES_S) - 1)
    inside = np.take_along_axis(counts, place[..., None], -1)[..., 0]
    before = np.take_along_axis(reached, place[..., None], -1)[..., 0] - inside
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(inside > 0, (wanted[..., 0] - before) / inside, 0.0)
    found = edges[place] + part * (edges[place + 1] - edges[place])
    return np.where(total[..., 0] > 0, found, np.nan)
