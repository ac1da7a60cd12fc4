"""How much of an agent's time a contact takes: not what it stands still, and its part where several go at once."""

from typing import Any

import numpy as np

from engine.messages.kinds import CHANNEL_NAMES
from simulations.scenario.build import engine_config
from simulations.scenario.file import ScenarioFile
from simulations.scenario.roster import serving_groups
from simulations.scenario.sections import ScenarioQueue


def place_s(file: ScenarioFile, queue: ScenarioQueue) -> float:
    """Return how long a contact takes one of an agent's places, s: ringing, talk and wrap-up.

    The talk is as slow as where all places are taken.
    """
    wrap_up = queue.handle.wrap_up
    wrap_up_s = max(queue.wrap_up_ns, 0) / 1e9 if wrap_up is None else wrap_up.mean_ns / 1e9
    ring_s = queue.ring.answer.mean_ns / 1e9 if queue.ring is not None else 0.0
    return queue.handle.talk.mean_ns / 1e9 * _slowed(file, queue) + wrap_up_s + ring_s


def work_s(file: ScenarioFile, queue: ScenarioQueue, talk_s: Any, wrap_up_s: Any) -> Any:
    """Return the agent's time, s, that contacts take which talked and were wrapped up so long in the mean.

    Numbers or arrays. What others interrupt or slow down lasts longer than it is worked upon: its talk counts as long
    as it takes alone, by the distribution, and never longer than it lasted. Of several at once each takes its part.
    """
    if _slower(file, queue) > 0.0 or _may_be_interrupted(file, queue):
        talk_s = np.minimum(talk_s, queue.handle.talk.mean_ns / 1e9 * _pace_factor(file, queue))
    return (talk_s * _slowed(file, queue) + wrap_up_s) / at_once(file, queue)


def at_once(file: ScenarioFile, queue: ScenarioQueue) -> int:
    """Return the most contacts of the channel that any who serves the queue may have; 1 where nobody may."""
    config = engine_config(file)
    serving = _serving(file, queue)
    found = [
        config.capacity(queue.channel, group.capacity)
        for group, serves in zip(file.groups, serving, strict=True)
        if serves
    ]
    return max(1, max(found, default=1))


def _slowed(file: ScenarioFile, queue: ScenarioQueue) -> float:
    """How many times as long a talk takes beside as many others as there may be."""
    return 1.0 + _slower(file, queue) * (at_once(file, queue) - 1)


def _slower(file: ScenarioFile, queue: ScenarioQueue) -> float:
    channel = file.channels.get(CHANNEL_NAMES[queue.channel])
    return channel.slower if channel is not None else 0.0


def _may_be_interrupted(file: ScenarioFile, queue: ScenarioQueue) -> bool:
    own = CHANNEL_NAMES[queue.channel]
    return any(own in channel.may_interrupt for channel in file.channels.values())


def _pace_factor(file: ScenarioFile, queue: ScenarioQueue) -> float:
    """How much longer, or shorter, those who serve the queue talk than its distribution says, in the mean."""
    name = next(name for name, one in file.queues.items() if one is queue)
    heads = np.array([float(group.at_work) for group in file.groups]) * _serving(file, queue)
    paces = np.array([1.0 / group.speed_for(name) for group in file.groups])
    return float(heads @ paces / heads.sum()) if heads.sum() else 1.0


def _serving(file: ScenarioFile, queue: ScenarioQueue) -> Any:
    """Which groups serve the queue, shape (groups,)."""
    place = next(place for place, one in enumerate(file.queues.values()) if one is queue)
    return serving_groups(file)[place] > 0
