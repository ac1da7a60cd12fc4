"""Sites without internet: they have no chats and e-mails meanwhile, whatever plans say of concurrency."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np

from engine.config.sections import Config
from engine.messages.kinds import CHAT, EMAIL, SETTING_CHANGED, TABLE_AGENT
from engine.messages.rows import empty_rows
from engine.model.settings import AgentSetting
from simulations.scenario.file import ScenarioFile
from simulations.scenario.home import cut_rows, of_share
from simulations.scenario.overlay import lasting

Array = np.ndarray[Any, Any]
WRITTEN: Final = (CHAT, EMAIL)
"""Channels that need the internet; calls come by telephone."""


class Outage(msgspec.Struct, frozen=True):
    """A time in which an agent has no internet, ns."""

    agent: int
    group: int
    start_ns: int
    end_ns: int


def without_internet(
    file: ScenarioFile, config: Config, members: tuple[tuple[int, int], ...], planned: Array
) -> tuple[Array, Array]:
    """Return the rows that plans make, without what they say of agents whose internet is down, and the outages' own.

    `members`: of every agent, the number of its group, and its own within.
    """
    found = list(_outages(file, members))
    kept = np.ones(len(planned), np.bool_)
    rows: list[Array] = [np.asarray(empty_rows(0))]
    for channel in WRITTEN:
        column = AgentSetting.CAPACITY + channel
        said = (planned["kind"] == SETTING_CHANGED) & (planned["agent"] == TABLE_AGENT) & (planned["contact"] == column)
        for one in found:
            of_agent = said & (planned["queue"] == one.agent)
            kept &= ~(of_agent & (planned["at_ns"] >= one.start_ns) & (planned["at_ns"] < one.end_ns))
            rows.append(_capacity_row(one.agent, column, one.start_ns, 0))
            if not any(other.agent == one.agent and other.start_ns <= one.end_ns < other.end_ns for other in found):
                usual = config.capacity(channel, file.groups[one.group].capacity)
                again = _latest(planned[of_agent & (planned["at_ns"] <= one.end_ns)], usual)
                rows.append(_capacity_row(one.agent, column, one.end_ns, again))
        rows.append(cut_rows([(one.start_ns, one.agent) for one in found], 1 << channel))
    return planned[kept], np.concatenate(rows)


def _latest(said: Array, usual: int) -> int:
    """What plans said last of a capacity; `usual` where they said nothing."""
    return int(said["a"][np.argsort(said["at_ns"], kind="stable")[-1]]) if len(said) else usual


def _outages(file: ScenarioFile, members: tuple[tuple[int, int], ...]) -> Iterator[Outage]:
    for one in lasting(file):
        site = one.what.world.internet_down
        for agent, (number, member) in enumerate(members):
            group = file.groups[number]
            if site is not None and group.site == site and not of_share(member, group.home.always):
                yield Outage(agent, number, one.start_ns, one.end_ns)


def _capacity_row(agent: int, column: int, at_ns: int, capacity: int) -> Array:
    row: Array = np.asarray(empty_rows(1))
    row["kind"], row["agent"], row["queue"], row["contact"] = SETTING_CHANGED, TABLE_AGENT, agent, column
    row["a"], row["at_ns"] = capacity, at_ns
    return row
