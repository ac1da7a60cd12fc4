"""Several skills: what each set of queues needs of the groups that serve any of it, as rows for `cover`.

However calls are routed, the agents who can serve any queue of a set cannot do better for it than one common queue of
all of them. So each set needs at least the agents of its pooled queue. All these bounds together, with the least cost
under them, are where a simulation starts from; by Hall's theorem they also give every queue agents enough for its load.
"""

import itertools
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from simulations.queueing.arrays import Floats, Integers, Numbers
from simulations.queueing.errors import UnfitInput
from simulations.staffing.loads import offered_loads
from simulations.staffing.requirement import Bounds, least

QUEUES_MAX: Final = 8
"""Up to so many queues, all connected sets are looked at; beyond, sets of up to three, and all together."""
Sets = npt.NDArray[np.bool_]


def pools(skills: npt.ArrayLike) -> Sets:
    """Return the sets of queues that matter, of shape (sets, queues).

    `skills` of shape (groups, queues): whether the group serves the queue. Sets that fall apart into parts which no
    group serves both of are left out: their parts say the same. Raises UnfitInput where nobody serves a queue.
    """
    able = np.atleast_2d(np.asarray(skills, np.bool_))
    if not able.any(axis=0).all():
        raise UnfitInput(f"no group serves queue {int(np.flatnonzero(~able.any(axis=0))[0])}; give one the skill")
    queues = able.shape[1]
    sizes = range(1, queues + 1) if queues <= QUEUES_MAX else (1, 2, 3, queues)
    chosen = [
        members
        for size in sizes
        for members in itertools.combinations(range(queues), size)
        if size == queues or _connected(able[:, members])
    ]
    found = np.zeros((len(chosen), queues), np.bool_)
    for row, members in enumerate(chosen):
        found[row, members] = True
    return found


def able_of(sets: Sets, skills: npt.ArrayLike) -> Floats:
    """Return the shape (sets, groups): 1.0 where a group serves any queue of the set; `able` of `cover`."""
    counted: Floats = (sets.astype(float) @ np.atleast_2d(np.asarray(skills, float)).T > 0.0).astype(float)
    return counted


def pooled_requirements(
    sets: Sets,
    arrivals: Numbers,
    handle_s: Numbers,
    *,
    patience_s: Numbers = np.inf,
    at_once: Numbers = 1.0,
    bounds: list[Bounds] | Bounds | None = None,
    shrinkage: float = 0.0,
    interval_s: float = 1800.0,
    method: str = "offered_load",
) -> Integers:
    """Return the agents that each set of queues needs in each interval, of shape (sets, intervals).

    `arrivals` of shape (queues, intervals); `handle_s`, `patience_s` and `at_once` of shape (queues,) or
    (queues, intervals); `bounds` one for all queues or one each. An agent is as many servers as contacts are `at_once`,
    and `handle_s` is how long a contact has one of them. A set of several has the mean handling time, patience, target
    and number at once of its work; a set of one queue has its own. Raises UnfitInput and Unreachable.
    """
    counts = np.atleast_2d(np.asarray(arrivals, float))
    handles, patience = _by_queue(handle_s, counts), _by_queue(patience_s, counts)
    places = _by_queue(at_once, counts)
    loads = offered_loads(counts, handles, interval_s=interval_s, method=method)
    each = [bounds or Bounds()] * len(counts) if not isinstance(bounds, list) else bounds
    if len(each) != len(counts):
        raise UnfitInput(f"{len(each)} bounds for {len(counts)} queues; give one for each, or one for all")
    found = np.zeros((len(sets), counts.shape[1]), np.int64)
    for row, members in enumerate(sets):
        total = loads[members].sum(axis=0)
        come = counts[members].sum(axis=0)
        busy = (come > 0.0) & (total > 0.0)
        if not busy.any():
            continue
        rates = (loads[members] / handles[members]).sum(axis=0)[busy]
        shares = counts[members][:, busy] / come[busy]
        quits = (shares / patience[members][:, busy]).sum(axis=0)
        with np.errstate(divide="ignore"):
            patient = np.where(quits > 0.0, 1.0 / quits, np.inf)
        wanted = _common([bound for bound, inside in zip(each, members, strict=True) if inside], come, counts[members])
        servers = least(rates * 3600.0, total[busy] / rates, patient, wanted)
        of_agent = (loads[members] / places[members]).sum(axis=0)[busy] / total[busy]
        found[row, busy] = np.ceil(np.ceil(servers * of_agent - 1e-9) / (1.0 - shrinkage) - 1e-9)
    return found


def _common(bounds: list[Bounds], come: Floats, counts: Floats) -> Bounds:
    """Return the loosest of each bound where queues differ: a set needs no more than it takes to keep that."""
    if all(bound == bounds[0] for bound in bounds):
        return bounds[0]
    levels = [bound.service_level for bound in bounds]
    shares = counts.sum(axis=1) / come.sum()
    known = [level for level in levels if level is not None]
    common = Bounds(
        service_level=float(np.dot(shares, known)) if len(known) == len(levels) else None,
        within_s=max(bound.within_s for bound in bounds),
        definition=bounds[0].definition,
        p_abandon=_loosest([bound.p_abandon for bound in bounds]),
        asa_s=_loosest([bound.asa_s for bound in bounds]),
        occupancy=_loosest([bound.occupancy for bound in bounds]),
    )
    free = (common.service_level, common.p_abandon, common.asa_s, common.occupancy) == (None, None, None, None)
    return msgspec.structs.replace(common, occupancy=1.0) if free else common


def _loosest(limits: list[float | None]) -> float | None:
    known = [limit for limit in limits if limit is not None]
    return max(known) if len(known) == len(limits) else None


def _by_queue(values: Numbers, counts: Floats) -> Floats:
    given = np.asarray(values, float)
    return np.broadcast_to(given[:, np.newaxis] if given.ndim == 1 else given, counts.shape)


def _connected(able: Sets) -> bool:
    """Tell whether groups join all of these queues, of shape (groups, queues), into one."""
    reached = np.zeros(able.shape[1], np.bool_)
    reached[0] = True
    while True:
        beyond = able[(able & reached).any(axis=1)].any(axis=0) | reached
        if (beyond == reached).all():
            return bool(reached.all())
        reached = beyond
