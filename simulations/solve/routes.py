"""Trunk groups that the calls of queues may take, one after the other, and how many found no channel there."""

from typing import Any, NamedTuple

import numpy as np

from engine.messages.kinds import EXIT_REFUSED_TRUNK
from engine.model.tallies import Tally
from simulations.experiment.result import Result
from simulations.queueing.arrays import Floats, Truths
from simulations.scenario.file import ScenarioFile


class Route(NamedTuple):
    """The trunk groups of some queues, in the order in which they are asked. What overflows from one is refused by the
    last alone, so calls of another route that share some of these tell nothing of it.
    """

    groups: tuple[str, ...]
    queues: tuple[str, ...]


def routes_of(file: ScenarioFile) -> list[Route]:
    """Return every route that calls take."""
    found: dict[tuple[str, ...], list[str]] = {}
    for name, queue in file.queues.items():
        if queue.trunk_groups:
            found.setdefault(tuple(queue.trunk_groups), []).append(name)
    return [Route(groups, tuple(queues)) for groups, queues in found.items()]


def calls_of(result: Result) -> tuple[Any, Any]:
    """Return the calls that found no channel and all that came, shape (replications, routes, intervals)."""
    file = result.model.file
    routes = routes_of(file)
    by = np.array([[name in route.queues for name in file.queues] for route in routes], float)
    by = by.reshape(len(routes), len(file.queues))
    columns = (Tally.EXIT + EXIT_REFUSED_TRUNK, Tally.ENTRIES)
    refused, tried = (np.einsum("oq,rqi->roi", by, result.tallies[..., column]) for column in columns)
    return refused, tried


def shares_of(result: Result) -> Floats:
    """Return the share of calls that found no channel, shape (routes, intervals); 0 where none came."""
    refused, tried = (calls.sum(axis=0) for calls in calls_of(result))
    return np.asarray(np.divide(refused, tried, out=np.zeros_like(refused), where=tried > 0))


def takes(file: ScenarioFile) -> Truths:
    """Return which routes take which trunk groups, shape (trunk groups, routes)."""
    routes = routes_of(file)
    found = [[name in route.groups for route in routes] for name in file.trunk_groups]
    return np.array(found, np.bool_).reshape(len(file.trunk_groups), len(routes))
