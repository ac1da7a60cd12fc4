"""What is doubtful in a configuration that is good: each with its place, what it means, and what to do."""

import math
from collections import deque
from collections.abc import Iterable, Mapping
from itertools import pairwise

from engine.config.able import colleague_queues
from engine.config.document import Document, Location
from engine.config.faults import Faults
from engine.config.queues import Queue
from engine.config.sections import Config, Limits
from engine.messages.kinds import CHANNEL_NAMES, STEP_OVERFLOW, STEP_RELAX
from engine.model.durations import format_duration
from engine.model.quality import DAY_NS


def doubts_in(document: Document, config: Config, able: Mapping[str, int]) -> list[str]:
    """Return what is doubtful, in the order of the file, as `file:line:column: note: text`.

    `able` is what `able_agents` counts. Sections are pointed at by their names, all else where it stands.
    """
    apart = document.without_faults()
    found = [
        *unserved(config, able),
        *unordered_steps(config),
        *circles(config),
        *short_day(config),
        *unrung_phones(config),
        *of_adapters(config),
    ]
    for location, text in found:
        apart.add(location, f"note: {text}", at_key=isinstance(document.value_at(location), dict | list))
    return apart.sentences()


def unserved(config: Config, able: Mapping[str, int]) -> Faults:
    """Tell which queues nobody could serve, but for those where that is meant."""
    meant = set(colleague_queues(config))
    return [
        (("queues", name), f"no agent can serve queue '{name}' as it is required at first")
        for name, agents in able.items()
        if not agents and name not in meant
    ]


def unordered_steps(config: Config) -> Faults:
    """Tell which queues' steps stand in another order than they happen: perhaps a time since the last was meant."""
    return [
        (
            ("queues", name, "steps"),
            f"steps of queue '{name}' do not stand in the order of their times; "
            "'after' counts from when the contact entered the queue, never from the step before",
        )
        for name, queue in config.queues.items()
        if any(later.after_ns < step.after_ns for step, later in pairwise(queue.steps))
    ]


def circles(config: Config) -> Faults:
    """Tell which queues send contacts round in a circle: when all are full, empty or closed, or by their steps."""
    found: Faults = []
    for key in ("when_full", "when_empty", "when_closed"):
        following = {name: [getattr(queue, key)] for name, queue in config.queues.items()}
        for route in _circles(following):
            text = f"'{key}' leads round in a circle: {_shown(route)}; a contact that none of them takes is refused"
            found.append((("queues", route[0], key), text))
    overflows = {name: _overflows(queue) for name, queue in config.queues.items()}
    for route in _circles(overflows):
        text = (
            f"overflow steps lead round in a circle: {_shown(route)}; times begin again in each queue, so a contact "
            "may go round until it is served or gives up"
        )
        found.append((("queues", route[0], "steps"), text))
    return found


def short_day(config: Config) -> Faults:
    """Tell whether fewer intervals are said to be kept than a day has: figures of today begin late then."""
    said, length_ns = config.limits.intervals, config.service.interval_ns
    if said is None or said * length_ns >= DAY_NS:
        return []
    enough = config.model_copy(update={"limits": Limits()}).intervals
    text = (
        f"{said} intervals of {format_duration(length_ns)} are {format_duration(said * length_ns)}, less than a day: "
        f"figures of today begin late; say {enough} or more, or leave 'intervals' out"
    )
    return [(("limits", "intervals"), text)]


def unrung_phones(config: Config) -> Faults:
    """Tell of agents' phones where no adapter rings phones, nor finds out whether they are there."""
    location: Location | None = next(
        (("agents", index, "phone") for index, entry in enumerate(config.agent_entries) if entry.phone is not None),
        None,
    )
    if location is None or any(getattr(settings, "rings_phones", False) for settings in config.adapters.values()):
        return []
    count = sum(agent.phone is not None for agent in config.agents)
    who = "an agent has a phone" if count == 1 else f"{count} agents have a phone"
    text = (
        f"{who}, and no adapter rings phones: who has one is offered no calls until somebody tells that it can be "
        "reached; add 'sip' under 'adapters', or leave 'phone' out"
    )
    return [(location, text)]


def of_adapters(config: Config) -> Faults:
    """Tell what the settings of adapters note themselves, as a file that a wallboard misses."""
    channels = {name: CHANNEL_NAMES[queue.channel] for name, queue in config.queues.items()}
    told = {name: getattr(settings, "notes", None) for name, settings in config.adapters.items()}
    return [
        (("adapters", name, *keys), f"adapter '{name}': {text}")
        for name, notes in told.items()
        if notes is not None
        for keys, text in notes(channels)
    ]


def _overflows(queue: Queue) -> list[str | None]:
    """Return the queues to which overflow steps lead that come before the contact must leave."""
    ends = [step.after_ns for step in queue.steps if step.do not in (STEP_OVERFLOW, STEP_RELAX)]
    if queue.max_wait_ns is not None:
        ends.append(queue.max_wait_ns)
    end_ns = min(ends, default=math.inf)
    return [step.to for step in queue.steps if step.do == STEP_OVERFLOW and step.after_ns < end_ns]


def _circles(following: Mapping[str, Iterable[str | None]]) -> list[list[str]]:
    """Return the circles among queues: the shortest from each queue that stands first in one, each set once."""
    found: dict[frozenset[str], list[str]] = {}
    for start in sorted(following):
        route = _way_back(following, start)
        if route:
            found.setdefault(frozenset(route), route)
    return list(found.values())


def _shown(route: list[str]) -> str:
    return " -> ".join([*route, route[0]])


def _way_back(following: Mapping[str, Iterable[str | None]], start: str) -> list[str]:
    """Return the shortest route that leads back to the queue; empty if none does."""
    routes, seen = deque([[start]]), {start}
    while routes:
        route = routes.popleft()
        for to in following.get(route[-1], ()):
            if to == start:
                return route
            if to is not None and to not in seen:
                seen.add(to)
                routes.append([*route, to])
    return []
