"""Channels of every trunk group: by Erlang's B for the busiest interval as simulated, then by simulating."""

from collections.abc import Callable
from typing import Final

import numpy as np

from engine.model.settings import RESERVE_AUTO
from simulations.experiment.result import Result
from simulations.experiment.shares import shares
from simulations.queueing import erlang_b_load, erlang_b_servers, trunk_reservation
from simulations.queueing.arrays import Floats, Truths
from simulations.scenario.file import ScenarioFile
from simulations.scenario.scenario import Scenario
from simulations.scenario.sections import ScenarioTrunkGroup
from simulations.solve.routes import calls_of, routes_of, shares_of, takes
from simulations.solve.staffed import ROOMY
from simulations.solve.stretches import named

ROUNDS_MAX: Final = 8
"""How often channels are added while too many calls find none."""
GROWTH_MAX: Final = 1.25
"""By what factor at once."""
SHARE_MAX: Final = 0.99
"""Of a load of which still more is lost, channels tell nothing."""


def roomy(scenario: Scenario) -> dict[str, int]:
    """Return channels with which no call finds its trunk group full."""
    return {name: max(ROOMY, group.channels) for name, group in scenario.file.trunk_groups.items()}


def reckoned(result: Result, p_block: float) -> dict[str, int]:
    """Return the channels that lose at most this share in the busiest interval, of protected calls as of others; of a
    result with room enough.

    Chance within an interval is Erlang's part. Days that are busier than others ask for more as they are played.
    """
    file = result.model.file
    loads = result.busy_trunks.mean(axis=0)
    found = {}
    for place, (name, group) in enumerate(file.trunk_groups.items()):
        busiest = int(loads[place].argmax())
        load, share = float(loads[place, busiest]), _share_protected(result, name, busiest)
        channels = _channels_for(group, share * load, load - share * load, p_block) if load > 0.0 else 0
        found[name] = max(channels, _least(file, name))
    return found


def _share_protected(result: Result, name: str, interval: int) -> float:
    """Return which share of the calls on a group with room enough may take its reserve: those that ask for it first."""
    routes = routes_of(result.model.file)
    asked = calls_of(result)[1].sum(axis=0)[:, interval]
    first = [place for place, route in enumerate(routes) if route.groups[0] == name]
    of = first or [place for place, route in enumerate(routes) if name in route.groups]
    both = float(asked[of].sum())
    return float(sum(asked[place] for place in of if routes[place].is_protected)) / both if both > 0.0 else 0.0


def _channels_for(group: ScenarioTrunkGroup, protected: float, unprotected: float, p_block: float) -> int:
    """Return the fewest channels that lose at most this share of the protected calls and of the others, in erlangs, by
    the chain of busy channels: Erlang's B without a reserve.
    """
    channels = int(erlang_b_servers(protected + unprotected, p_block))
    if group.reserve == 0 or unprotected == 0.0:
        return channels
    # Protected calls fill channels above those that others may take, so these lose more than by Erlang's B of all.
    channels += max(group.reserve, 0)
    loads = [protected, unprotected]
    while True:
        reserves = np.arange(channels + 1) if group.reserve == RESERVE_AUTO else np.array([group.reserve])
        lost = trunk_reservation(loads, channels, np.stack([np.zeros_like(reserves), reserves], axis=-1))
        cost = lost @ (protected * group.protected_value, unprotected)
        if (lost[cost.argmin()] <= p_block).all():
            return channels
        channels += 1


def _least(file: ScenarioFile, name: str) -> int:
    """Return how many channels of a group carry no call of some that take it: its reserve."""
    others = any(name in route.groups and not route.is_protected for route in routes_of(file))
    return max(file.trunk_groups[name].reserve, 0) if others else 0


def enough(
    file: ScenarioFile, channels: dict[str, int], refused: Callable[[dict[str, int]], Floats], p_block: float
) -> dict[str, int]:
    """Return channels with which no route refuses more than `p_block`, found from these on: the fewest of each group
    beside the others. Those after `ROUNDS_MAX` additions where that are not enough.

    `refused` plays channels and returns the shares, shape (trunk groups,).
    """
    found = dict(channels)
    for _ in range(ROUNDS_MAX):
        short = {name: share for name, share in zip(found, refused(found), strict=True) if share > p_block}
        if not short:
            break
        found |= {name: grown(found[name], share, p_block) for name, share in short.items()}
    else:
        return found
    # Erlang's B tells the fewest of a group that alone carries its calls; of several it knows each by itself, and of
    # calls that may take a reserve and others it knows the sum.
    routes = routes_of(file)
    open_ones = {
        name for route in routes if len(route.groups) > 1 or route.is_protected is not None for name in route.groups
    }
    for name in (name for name in reversed(found) if name in open_ones):
        found[name] = _fewest(found, name, _least(file, name), refused, p_block)
    return found


def _fewest(
    found: dict[str, int], name: str, least: int, refused: Callable[[dict[str, int]], Floats], p_block: float
) -> int:
    """Return the fewest channels of a group, `least` or more, that are enough beside those of the others."""
    most = found[name]
    while least < most:
        middle = (least + most) // 2
        if (refused(found | {name: middle}) > p_block).any():
            least = middle + 1
        else:
            most = middle
    return most


def grown(channels: int, share: float, p_block: float) -> int:
    """Return more channels: as many as Erlang's B asks of the load of which `channels` lost `share`, to lose `p_block`;
    within `GROWTH_MAX`, as where others carry the same calls more of these may help little.
    """
    most = int(channels * GROWTH_MAX)
    if most > channels + 1:
        load = float(erlang_b_load(channels, min(share, SHARE_MAX)))
        most = min(most, int(erlang_b_servers(load, p_block)))
    return max(channels + 1, most)


def beyond_channels(result: Result, p_block: float | None) -> Truths:
    """Return where more than this share finds no channel though there is room enough, as while a carrier is down, shape
    (routes, intervals): no number of channels helps there. Of a result with room enough; of None it is nowhere.
    """
    found: Truths = shares_of(result) > (1.0 if p_block is None else p_block)
    return found


def told_beyond(result: Result, beyond: Truths) -> str:
    """Return where that is, and how many found none at worst, of the same result; empty if it is nowhere."""
    file, shares = result.model.file, shares_of(result)
    return "; ".join(
        f"trunk group{'s' if len(route.groups) > 1 else ''} {', '.join(route.groups)}: "
        f"{100 * shares[place].max(where=where, initial=0.0):.1f} % of the {route.calls} find no channel, however many "
        f"there are: {named(file, np.flatnonzero(where).tolist())}"
        for place, (route, where) in enumerate(zip(routes_of(file), beyond, strict=True))
        if where.any()
    )


def out_of_reach(file: ScenarioFile, beyond: Truths) -> Truths:
    """Return of which trunk groups that is told, shape (groups, intervals)."""
    found: Truths = np.einsum("go,oi->gi", takes(file), beyond) > 0
    return found


def blocked(result: Result, beyond: Truths | None = None) -> Floats:
    """Return the share of calls that found no channel in the busiest interval but those `beyond` all help, of the
    route through each trunk group that lost most, shape (groups,); nan where all are beyond it.
    """
    judged = np.True_ if beyond is None else ~beyond
    worst = shares_of(result).max(axis=-1, initial=-np.inf, where=judged)
    through = takes(result.model.file)
    found: Floats = np.where(through, worst, -np.inf).max(axis=-1, initial=-np.inf)
    return np.where(through.any(axis=-1), np.where(np.isfinite(found), found, np.nan), 0.0)


def proven_short(result: Result, p_block: float | None, beyond: Truths | None = None) -> Truths:
    """Return through which trunk groups a route refuses more than this share in an interval beyond chance, all
    intervals judged together (Bonferroni), but for those `beyond` all help, shape (groups,).
    """
    refused, tried = calls_of(result)
    through = takes(result.model.file)
    if p_block is None or not refused.size:
        return np.zeros(len(through), np.bool_)
    confidence = 1.0 - (1.0 - result.confidence) / (refused.shape[1] * refused.shape[2])
    above = shares(refused, tried, confidence).low > p_block
    routes = (above if beyond is None else above & ~beyond).any(axis=-1)
    return np.asarray((through & routes).any(axis=-1))


def unsure_of_trunks(result: Result, p_block: float | None, beyond: Truths | None = None) -> Truths:
    """Return through which trunk groups a route refuses more than this share in an interval by no more than chance,
    shape (groups,).
    """
    above = blocked(result, beyond) > (1.0 if p_block is None else p_block)
    return np.asarray(above & ~proven_short(result, p_block, beyond))


def idle_without_outage(file: ScenarioFile, channels: dict[str, int]) -> dict[str, list[str]]:
    """Return trunk groups that got no channel and lie elsewhere than groups that carry the same queues' calls, with the
    sites of these: what carries the calls while such a site is down was not asked for.
    """
    found: dict[str, set[str]] = {}
    for queue in file.queues.values():
        for name in queue.trunk_groups:
            own = file.trunk_groups[name].site
            sites = {file.trunk_groups[other].site for other in queue.trunk_groups if channels.get(other)} - {own, None}
            if channels.get(name) == 0 and sites:
                found.setdefault(name, set()).update(site for site in sites if site is not None)
    return {name: sorted(sites) for name, sites in found.items()}
