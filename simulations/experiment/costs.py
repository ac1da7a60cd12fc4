"""What a simulated day costs and brings, by the scenario's prices."""

from typing import Any

import numpy as np

from engine.model.tallies import Tally
from simulations.experiment.figures import ABANDONED, ANSWERED, BLOCKED, DISMISSED, FAILED, WITHIN
from simulations.experiment.result import Result
from simulations.scenario.money import Amounts, Prices
from simulations.scenario.roster import scheduled_ns

Array = np.ndarray[Any, Any]
HOUR_NS = 3_600e9
MINUTE_NS = 60e9


def queue_costs(result: Result) -> Array:
    """Return what the contacts of each queue and interval cost in the mean, shape (queues, intervals)."""
    return np.asarray(contact_costs(result).mean(axis=0))


def contact_costs(result: Result) -> Array:
    """Return what contacts cost, shape (replications, queues, intervals)."""
    return _of_contacts(result, result.model.file.costs)


def agent_rates(result: Result) -> Array:
    """Return what a paid hour costs, shape (groups,)."""
    return _each(result.model.file.costs.agent_hour, result.groups)


def total_costs(result: Result) -> Array:
    """Return what each replication costs in all: contacts, paid agents, trunks, sites; shape (replications,)."""
    return _total(result, result.model.file.costs)


def total_benefits(result: Result) -> Array:
    """Return what each replication brings in all; shape (replications,)."""
    return _total(result, result.model.file.benefits)


def _total(result: Result, prices: Prices) -> Array:
    file = result.model.file
    hours = (file.end_ns - file.start_ns) / HOUR_NS
    paid_hours = scheduled_ns(file, result.edges_ns).sum(axis=1) / HOUR_NS
    of_agents = paid_hours @ _each(prices.agent_hour, result.groups)
    channels = np.array([group.channels for group in file.trunk_groups.values()], float)
    of_trunks = hours * channels @ _each(prices.trunk_hour, result.trunk_groups)
    of_sites = hours * _each(prices.site_hour, list(file.sites)).sum()
    busy_minutes = result.busy_trunks.sum(axis=2)[:, : len(channels)] * file.horizon.interval_ns / MINUTE_NS
    of_calls = busy_minutes @ _each(prices.trunk_minute, result.trunk_groups)
    found: Array = _of_contacts(result, prices).sum(axis=(1, 2)) + of_calls + of_agents + of_trunks + of_sites
    return found


def _of_contacts(result: Result, prices: Prices) -> Array:
    """Return what contacts come to, shape (replications, queues, intervals)."""
    tallies = result.tallies
    found = np.zeros(tallies.shape[:-1])
    for amounts, counted in (
        (prices.contact, ANSWERED(tallies)),
        (prices.contact_in_time, WITHIN(tallies)),
        (prices.talk_minute, tallies[..., Tally.TALK_NS] / MINUTE_NS),
        (prices.abandonment, ABANDONED(tallies) + DISMISSED(tallies) + FAILED(tallies)),
        (prices.blocked, BLOCKED(tallies)),
    ):
        found += counted * _each(amounts, result.queues)[:, None]
    return found


def _each(amounts: Amounts, names: list[str]) -> Array:
    return np.array([amounts.of(name) for name in names], float)
