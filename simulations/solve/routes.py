"""Trunk groups that the calls of queues may take, one after the other, and how many found no channel there."""

from typing import Any, NamedTuple

import numpy as np

from simulations.experiment.result import Result
from simulations.queueing.arrays import Floats, Truths
from simulations.scenario.file import ScenarioFile


class Route(NamedTuple):
    """The trunk groups of some queues, in the order in which they are asked. What overflows from one is refused by the
    last alone, so calls of another route that share some of these tell nothing of it.
    """

    groups: tuple[str, ...]
    is_protected: bool | None
    """Whether its calls may take the reserve of these groups; None: none of them has any."""
    queues: tuple[str, ...]

    @property
    def calls(self) -> str:
        """Say which calls take it."""
        return {None: "calls", True: "protected calls", False: "unprotected calls"}[self.is_protected]


def routes_of(file: ScenarioFile) -> list[Route]:
    """Return every route that calls take. Where a channel is kept for protected calls, these and the others are two:
    many who may take it hide nobody who may not.
    """
    found: dict[tuple[tuple[str, ...], bool | None], list[str]] = {}
    for name, queue in file.queues.items():
        if queue.trunk_groups:
            has_reserve = any(file.trunk_groups[group].reserve != 0 for group in queue.trunk_groups)
            key = tuple(queue.trunk_groups), queue.protected if has_reserve else None
            found.setdefault(key, []).append(name)
    return [Route(groups, is_protected, tuple(queues)) for (groups, is_protected), queues in found.items()]


def calls_of(result: Result) -> tuple[Any, Any]:
    """Return the calls that found no channel and all that asked for one, shape (replications, routes, intervals)."""
    file = result.model.file
    routes = routes_of(file)
    by = np.array([[name in route.queues for name in file.queues] for route in routes], float)
    by = by.reshape(len(routes), len(file.queues))
    refused, asked = (np.einsum("oq,rqi->roi", by, calls) for calls in (result.trunk_refusals, result.trunk_calls))
    return refused, asked


def shares_of(result: Result) -> Floats:
    """Return the share of calls that found no channel, shape (routes, intervals); 0 where none asked for one."""
    refused, asked = (calls.sum(axis=0) for calls in calls_of(result))
    return np.asarray(np.divide(refused, asked, out=np.zeros_like(refused), where=asked > 0))


def takes(file: ScenarioFile) -> Truths:
    """Return which routes take which trunk groups, shape (trunk groups, routes)."""
    routes = routes_of(file)
    found = [[name in route.groups for route in routes] for name in file.trunk_groups]
    return np.array(found, np.bool_).reshape(len(file.trunk_groups), len(routes))
