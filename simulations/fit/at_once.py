"""Talks that an agent has at once, as chats: how many, and by how much each further one slows the others down.

With n talks of a channel at once each goes on at the pace 1 / (1 + slower (n - 1)), as in a scenario, and not at all
while the agent talks on a channel that interrupts it. So a talk that was seen took more time than it would have alone.
`slower` is the one under which the lengths alone are likeliest, each queue's of a law of its own.
"""

import math
from typing import Any, Final

import msgspec
import numpy as np

from simulations.fit.calls import ONE_AT_ONCE, SECOND_NS, Calls
from simulations.fit.duty import running_end
from simulations.fit.statistics import Figure, Z

Array = np.ndarray[Any, Any]
LEVELS: Final = 12
"""Talks at once that are told apart; more count as so many."""
SLOWER_MAX: Final = 3.0
TALKS_MIN: Final = 200
"""Talks, and of these talks among others, fewer than which nothing is said of how they slow each other down."""
STAGES_MAX: Final = 30
_STEPS: Final = np.linspace(0.0, SLOWER_MAX, 301)


class ChannelFit(msgspec.Struct, frozen=True):
    """What is known of the talks of one channel."""

    name: str
    talks: int
    among_others: float
    """Share of the talking in which its agent had more than one of the channel."""
    slower: Figure
    """Share by which each further talk at once makes every one take longer; n = 0: too few were at once."""


def several_at_once(calls: Calls) -> list[str]:
    """Return the channels of which an agent may serve more than one contact, or that another one interrupts."""
    channels = sorted({calls.channel_of(number) for number in range(len(calls.types))} if calls.told else ())
    interrupted = {other for others in calls.may_interrupt.values() for other in others}
    return [name for name in channels if capacity_of(calls, calls.agents, name) > 1 or name in interrupted]


def capacity_of(calls: Calls, agents: Any, channel: str) -> int:
    """Return how many contacts of a channel these agents serve at once: as the record says, the mean; else as seen."""
    said = [calls.capacity[name][channel] for name in agents if channel in calls.capacity.get(name, {})]
    said = [count for count in said if count > 0]
    if said:
        return max(round(sum(said) / len(said)), 1)
    numbers = [number for number, name in enumerate(calls.agents) if name in set(agents)]
    shared = shared_ns(calls, channel, numbers).sum(axis=0)
    if not shared.sum():
        return ONE_AT_ONCE[channel]
    return int(np.flatnonzero(shared > 0.01 * shared.sum())[-1]) + 1


def shared_ns(calls: Calls, channel: str, agents: Any = None) -> Array:
    """Return how long each call went on beside how many of its channel, shape (calls, LEVELS), ns: alone first.

    Rows of calls of other channels, of other agents, or whose talk is not known are 0; so is time in which another
    channel interrupted the talk.
    """
    rows = calls.rows
    found = np.zeros((len(rows), LEVELS), np.int64)
    interrupting = [name for name, others in calls.may_interrupt.items() if channel in others]
    mine, theirs = _of_channels(calls, [channel]), _of_channels(calls, interrupting)
    talked = rows["answered"] & (rows["agent"] >= 0) & (rows["handle_ns"] > 0) & (mine | theirs)
    begins = rows["arrival_ns"] + rows["wait_ns"]
    ends = begins + rows["handle_ns"]
    for agent in np.unique(rows["agent"][talked]) if agents is None else agents:
        of_agent = talked & (rows["agent"] == agent)
        own, other = np.flatnonzero(of_agent & mine), np.flatnonzero(of_agent & theirs)
        if len(own):
            found[own] = _levels(begins[own], ends[own], begins[other], ends[other])
    return found


def begun_during_another(calls: Calls) -> int:
    """Return how many talks began while their agent had another under way."""
    rows = calls.rows[calls.rows["answered"] & (calls.rows["agent"] >= 0) & (calls.rows["handle_ns"] > 0)]
    begins = rows["arrival_ns"] + rows["wait_ns"]
    order = np.lexsort((begins, rows["agent"]))
    agents, begins = rows["agent"][order], begins[order]
    ends = running_end(agents, begins + rows["handle_ns"][order])
    # Two seconds are what whole seconds may hide.
    during = (agents[1:] == agents[:-1]) & (begins[1:] + 2 * SECOND_NS < ends[:-1])
    return int(during.sum())


def _of_channels(calls: Calls, channels: list[str]) -> Array:
    kinds = np.array([calls.channel_of(number) in channels for number in range(len(calls.types))], bool)
    return np.asarray(kinds[calls.rows["type"]])


def _levels(begins: Array, ends: Array, others_begin: Array, others_end: Array) -> Array:
    """Return the time of each talk of one agent beside how many, shape (talks, LEVELS)."""
    at = np.unique(np.concatenate([begins, ends, others_begin, others_end]))
    own, other = _under_way(at, begins, ends), _under_way(at, others_begin, others_end)
    level = np.where(other > 0, 0, np.minimum(own, LEVELS))[:-1]
    spent = np.zeros((len(at), LEVELS), np.int64)
    lengths = np.diff(at)
    for count in range(1, LEVELS + 1):
        spent[1:, count - 1] = np.cumsum(np.where(level == count, lengths, 0))
    return np.asarray(spent[np.searchsorted(at, ends)] - spent[np.searchsorted(at, begins)])


def _under_way(at: Array, begins: Array, ends: Array) -> Array:
    """Return how many are under way from each of these instants on."""
    return np.asarray(
        np.searchsorted(np.sort(begins), at, "right") - np.searchsorted(np.sort(ends), at, "right"), np.int64
    )


def fit_channels(calls: Calls) -> list[ChannelFit]:
    """Return what is known of each channel on which talks are at once, or interrupted."""
    found = []
    for name in several_at_once(calls):
        shared = shared_ns(calls, name)
        talked = np.flatnonzero(shared.sum(axis=1) > 0)
        total = float(shared.sum())
        found.append(
            ChannelFit(
                name,
                len(talked),
                float(shared[:, 1:].sum()) / total if total else 0.0,
                _slower(calls, talked, shared[talked]),
            )
        )
    return found


def alone(calls: Calls, channels: list[ChannelFit]) -> Calls:
    """Return the calls with the talks that they would have had alone."""
    if not channels:
        return calls
    rows = calls.rows.copy()
    for channel in channels:
        shared = shared_ns(calls, channel.name)
        talked = np.flatnonzero(shared.sum(axis=1) > 0)
        rows["handle_ns"][talked] = np.maximum(shared[talked] @ _paces(channel.slower.value), 1)
    return msgspec.structs.replace(calls, rows=rows)


def _paces(slower: float) -> Array:
    """Return the pace of each talk beside so many, shape (LEVELS,)."""
    return np.asarray(1.0 / (1.0 + slower * np.arange(LEVELS)))


def _slower(calls: Calls, talked: Array, shared: Array) -> Figure:
    """Return `slower` by maximum likelihood, with the interval in which the likelihood is nearly as great."""
    if len(talked) < TALKS_MIN or (shared[:, 1:].sum(axis=1) > 0).sum() < TALKS_MIN:
        return Figure(0.0, 0.0, math.inf, 0)
    kinds, last = calls.rows["type"][talked], _last_level(calls, talked)
    likelihoods = np.array([_likelihood(shared / SECOND_NS, kinds, last, slower) for slower in _STEPS])
    within = _STEPS[likelihoods >= likelihoods.max() - Z * Z / 2]
    best = int(likelihoods.argmax())
    return Figure(_top(likelihoods, best), float(within[0]), float(within[-1]), len(talked))


def _top(likelihoods: Array, best: int) -> float:
    """Return where a parabola through the greatest of the steps and its neighbours is greatest."""
    if not 0 < best < len(_STEPS) - 1:
        return float(_STEPS[best])
    before, top, after = likelihoods[best - 1 : best + 2].tolist()
    bend = before - 2 * top + after
    shift = 0.5 * (before - after) / bend if bend else 0.0
    return float(_STEPS[best] + shift * (_STEPS[1] - _STEPS[0]))


def _last_level(calls: Calls, talked: Array) -> Array:
    """Return how many talks of its channel an agent had when each of these ended, itself included."""
    rows = calls.rows[talked]
    begins = rows["arrival_ns"] + rows["wait_ns"]
    ends = begins + rows["handle_ns"]
    found = np.ones(len(rows), np.int64)
    for agent in np.unique(rows["agent"]):
        mine = rows["agent"] == agent
        found[mine] = np.searchsorted(np.sort(begins[mine]), ends[mine], "left") - np.searchsorted(
            np.sort(ends[mine]), ends[mine], "left"
        )
    return np.clip(found, 1, LEVELS)


def _likelihood(shared_s: Array, kinds: Array, last: Array, slower: float) -> float:
    """Return the logarithm of how likely the talks are, were this the truth: of the likelier of two laws, by queue."""
    paces = _paces(slower)
    lengths = shared_s @ paces
    total = float(np.log(paces[last - 1]).sum())
    for kind in np.unique(kinds):
        total += _best_law(np.maximum(lengths[kinds == kind], 1e-3))
    return total


def _best_law(lengths: Array) -> float:
    n, mean = len(lengths), float(lengths.mean())
    logs = np.log(lengths)
    sigma = max(float(logs.std()), 1e-3)
    lognormal = -float(logs.sum()) - n * (math.log(sigma * math.sqrt(2 * math.pi)) + 0.5)
    erlang = max(
        n * (k * math.log(k / mean) - math.lgamma(k) - k) + (k - 1) * float(logs.sum())
        for k in range(1, STAGES_MAX + 1)
    )
    return max(lognormal, erlang)
