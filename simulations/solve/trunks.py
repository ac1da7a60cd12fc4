"""Channels of every trunk group: by Erlang's B for the busiest interval as simulated, then by simulating."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from engine.messages.kinds import EXIT_REFUSED_TRUNK
from engine.model.tallies import Tally
from simulations.experiment.result import Result
from simulations.experiment.shares import shares
from simulations.queueing import erlang_b_load, erlang_b_servers
from simulations.queueing.arrays import Floats, Truths
from simulations.scenario.file import ScenarioFile
from simulations.scenario.scenario import Scenario
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
    """Return the channels that lose at most this share in the busiest interval; of a result with room enough.

    Chance within an interval is Erlang's B's own part. Days that are busier than others ask for more as they are
    played.
    """
    file = result.model.file
    loads = result.busy_trunks.mean(axis=0).max(axis=-1)
    found = {}
    for place, (name, group) in enumerate(file.trunk_groups.items()):
        load = float(loads[place])
        channels = int(erlang_b_servers(load, p_block)) if load > 0.0 else 0
        found[name] = channels + max(group.reserve, 0)
    return found


def enough(channels: dict[str, int], refused: Callable[[dict[str, int]], Floats], p_block: float) -> dict[str, int]:
    """Return channels of which none refuses more than `p_block`, from these on, or those after `ROUNDS_MAX` additions.

    `refused` plays channels and returns the shares, shape (trunk groups,). Where calls may take several groups, all of
    these grow at first; what was added to one of them, the last first, is taken back where the others are enough.
    """
    found = dict(channels)
    for _ in range(ROUNDS_MAX):
        short = {name: share for name, share in zip(found, refused(found), strict=True) if share > p_block}
        if not short:
            break
        found |= {name: grown(found[name], share, p_block) for name, share in short.items()}
    else:
        return found
    more = [name for name in channels if found[name] > channels[name]]
    for name in reversed(more) if len(more) > 1 else ():
        fewer = found | {name: channels[name]}
        if not (refused(fewer) > p_block).any():
            found = fewer
    return found


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
    (groups, intervals): no number of channels helps there. Of a result with room enough; of None it is nowhere.
    """
    found: Truths = _shares(result) > (1.0 if p_block is None else p_block)
    return found


def told_beyond(result: Result, beyond: Truths) -> str:
    """Return where that is, and how many found none at worst, of the same result; empty if it is nowhere."""
    file, shares = result.model.file, _shares(result)
    return "; ".join(
        f"trunk group {name}: {100 * shares[place].max(where=where, initial=0.0):.1f} % of the calls find no channel, "
        f"however many there are: {named(file, np.flatnonzero(where).tolist())}"
        for place, (name, where) in enumerate(zip(file.trunk_groups, beyond, strict=True))
        if where.any()
    )


def blocked(result: Result, beyond: Truths | None = None) -> Floats:
    """Return the share of calls that found no channel, by trunk group, in its busiest interval but those `beyond` all
    help, shape (groups,).

    Calls that several groups may carry are held against each of them.
    """
    busiest: Floats = _shares(result).max(axis=-1, initial=0.0, where=_judged(result, beyond))
    return busiest


def proven_short(result: Result, p_block: float | None, beyond: Truths | None = None) -> Truths:
    """Return which trunk groups refuse more than this share in an interval beyond chance, all intervals judged together
    (Bonferroni), but for those `beyond` all help, shape (groups,).
    """
    refused, tried = _calls(result)
    if p_block is None or not refused.size:
        return np.zeros(refused.shape[1], np.bool_)
    confidence = 1.0 - (1.0 - result.confidence) / (refused.shape[1] * refused.shape[2])
    above = shares(refused, tried, confidence).low > p_block
    return np.asarray((above & _judged(result, beyond)).any(axis=-1))


def unsure_of_trunks(result: Result, p_block: float | None, beyond: Truths | None = None) -> Truths:
    """Return which trunk groups refuse more than this share in an interval by no more than chance, shape (groups,)."""
    above = blocked(result, beyond) > (1.0 if p_block is None else p_block)
    return np.asarray(above & ~proven_short(result, p_block, beyond))


def unreached(result: Result) -> Any:
    """Return to which queues nobody comes through: calls found no channel, and none was answered or moved on, shape
    (queues,). Their goals are of those who came through, so they tell nothing of it.
    """
    blocked, answered, moved_on = (result.count(name).sum(axis=(0, 2)) for name in ("blocked", "answered", "moved_on"))
    return (blocked > 0) & (answered + moved_on == 0)


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


def _judged(result: Result, beyond: Truths | None) -> Truths:
    """Return which intervals tell of the channels of a group, shape (groups, intervals)."""
    file = result.model.file
    return np.ones((len(file.trunk_groups), file.intervals), np.bool_) if beyond is None else ~beyond


def _shares(result: Result) -> Floats:
    """Return the share of calls that found no channel, shape (groups, intervals)."""
    refused, tried = _calls(result)
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.nan_to_num(refused.sum(axis=0) / tried.sum(axis=0))
    return found


def _calls(result: Result) -> tuple[Any, Any]:
    """Return the calls that found no channel and all that came, shape (replications, groups, intervals)."""
    file = result.model.file
    by = np.array([[name in queue.trunk_groups for queue in file.queues.values()] for name in file.trunk_groups], float)
    by = by.reshape(len(file.trunk_groups), len(file.queues))
    columns = (Tally.EXIT + EXIT_REFUSED_TRUNK, Tally.ENTRIES)
    refused, tried = (np.einsum("gq,rqi->rgi", by, result.tallies[..., column]) for column in columns)
    return refused, tried
