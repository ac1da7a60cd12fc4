"""What a plan must keep, queue by queue, and the shifts and bounds that it is made from."""

import msgspec

from engine.errors import ConfigError
from engine.model.fields import nearest
from simulations.scenario.file import ScenarioFile
from simulations.staffing import Shift

DEFAULT_LEVEL = 0.8
MOST = 0.5
"""Of those who come to a queue: where its goal is out of reach for more, there is no plan."""


class Goal(msgspec.Struct, frozen=True):
    """What is to hold in every interval of a queue."""

    service_level: float
    within_s: float
    p_abandon: float | None = None
    """At most this share gives up, is hung up on or refused for want of agents; None: as many as will."""


class Question(msgspec.Struct, frozen=True):
    """What is asked."""

    goals: dict[str, Goal]
    """By queue, all of them."""
    shifts: tuple[Shift, ...] = ()
    """Kinds of shift that every group may work; none: each group's own in the file, or else interval by interval."""
    group_max: dict[str, int] = {}
    """At most so many at work at once; on shifts, so many a day."""
    p_block: float | None = 0.01
    """At most this share of calls finds no trunk, in the busiest interval; None: the trunks stay as they are."""
    premium: float = 0.01
    """By how much dearer an agent is held for every further queue that it serves: it decides between equals."""


def check_groups(file: ScenarioFile, group_max: dict[str, int]) -> None:
    """Raises ConfigError for groups that there are not."""
    names = [group.name for group in file.groups]
    for name in group_max:
        if name not in names:
            raise ConfigError([f"there is no group '{name}'{nearest(name, names)}"])


def goals_of(
    file: ScenarioFile,
    targets: dict[str | None, tuple[float, float | None]],
    max_abandon: dict[str | None, float],
) -> dict[str, Goal]:
    """Return the goal of every queue: what is asked of it, else what is asked of all (None), else what the file says.

    Raises ConfigError for queues that there are not.
    """
    for name in (*targets, *max_abandon):
        if name is not None and name not in file.queues:
            raise ConfigError([f"there is no queue '{name}'{nearest(name, file.queues)}"])
    found = {}
    for name, queue in file.queues.items():
        said = queue.service_level
        share, within_s = targets.get(name, targets.get(None, (said.target or DEFAULT_LEVEL, None)))
        within_s = said.threshold_ns / 1e9 if within_s is None else within_s
        found[name] = Goal(share, within_s, max_abandon.get(name, max_abandon.get(None)))
    return found
