"""What a log's settings say beside its calls: queues, agents' capacity and channels as they stand when it ends, and
whom agents could serve while they were there."""

from typing import Any, Final

import numpy as np

from engine.messages.kinds import (
    CHANNEL_NAMES,
    STRATEGY_NAMES,
    TABLE_AGENT,
    TABLE_CHANNEL,
    TABLE_MEMBERSHIP,
    TABLE_QUEUE,
    TABLE_SKILL_LEVEL,
)
from engine.model.directory import Directory
from engine.model.setting_tables import SettingTables
from engine.model.settings import AGENT_DEFAULTS, QUEUE_DEFAULTS, AgentSetting, ChannelSetting, QueueSetting
from simulations.fit.calls import Array, Told

_OF_AGENTS: Final = (TABLE_AGENT, TABLE_SKILL_LEVEL, TABLE_MEMBERSHIP)
Queues = tuple[int, ...]


class LogSettings:
    """Takes in what configures an engine."""

    def __init__(self) -> None:
        self.directory = Directory()
        self._values: dict[tuple[int, int, int], int] = {}
        self._at_ns = 0
        self._changed: set[int] = set()
        """Agents who may serve others since `_at_ns`."""
        self._could_serve: dict[int, list[tuple[int, Queues]]] = {}
        """By agent: since when, and which queues."""

    def begin(self, directory: Directory, settings: SettingTables, at_ns: int) -> None:
        """Begin with the names and settings that hold where the log begins."""
        self.rename(directory, at_ns)
        for number, table in (
            (TABLE_QUEUE, settings.queues),
            (TABLE_AGENT, settings.agents),
            (TABLE_CHANNEL, settings.channels),
        ):
            for index, column in np.ndindex(*table.shape):
                self._values[number, index, column] = int(table[index, column])
        for number, table in ((TABLE_SKILL_LEVEL, settings.skill_levels), (TABLE_MEMBERSHIP, settings.memberships)):
            for agent, column in np.argwhere(table).tolist():
                self._values[number, agent, column] = int(table[agent, column])

    def rename(self, directory: Directory, at_ns: int) -> None:
        """Take in the names of another configuration, and what its queues require."""
        self._settle(at_ns)
        self.directory = directory
        self._changed.update(range(len(directory.agents)))

    def change(self, row: Any) -> None:
        """Take in a SETTING_CHANGED row."""
        self._settle(int(row["at_ns"]))
        table = int(row["agent"])
        column = "b" if table in (TABLE_SKILL_LEVEL, TABLE_MEMBERSHIP) else "contact"
        self._values[table, int(row["queue"]), int(row[column])] = int(row["a"])
        if table in _OF_AGENTS:
            self._changed.add(int(row["queue"]))
        elif (table, int(row[column])) == (TABLE_QUEUE, QueueSetting.MEMBERS_ONLY):
            self._changed.update(range(len(self.directory.agents)))

    def _settle(self, at_ns: int) -> None:
        """Note what agents may serve since the last change, once all that changed with it is known."""
        if at_ns == self._at_ns:
            return
        for agent in self._changed:
            eras = self._could_serve.setdefault(agent, [])
            may = tuple(queue for queue in range(len(self.directory.queues)) if self._qualifies(agent, queue))
            if not eras or eras[-1][1] != may:
                eras.append((self._at_ns, may))
        self._changed.clear()
        self._at_ns = at_ns

    def queue_name(self, queue: int) -> str:
        """Return what a queue is called."""
        return self.directory.queues.name(queue) or f"queue-{queue}"

    def agent_name(self, agent: int) -> str:
        """Return what an agent is called."""
        return self.directory.agents.name(agent) or f"agent-{agent}"

    def told(self, name: str, channel: int) -> Told:
        """Return what is said of a queue whose contacts are of this channel."""
        directory = self.directory
        if name not in directory.queues.names:
            return Told(CHANNEL_NAMES[channel])
        queue = directory.queues.names.index(name)
        strategy, threshold_ns, short_ns, ring_limit_ns = (
            self._values.get((TABLE_QUEUE, queue, column), QUEUE_DEFAULTS.get(column, 0))
            for column in (
                QueueSetting.STRATEGY,
                QueueSetting.THRESHOLD_NS,
                QueueSetting.SHORT_ABANDON_NS,
                QueueSetting.RING_LIMIT_NS,
            )
        )
        card = directory.queue_cards[queue]
        return Told(
            channel=CHANNEL_NAMES[channel],
            strategy=STRATEGY_NAMES.get(strategy, ""),
            threshold_ns=threshold_ns,
            short_abandon_ns=short_ns,
            target=card.target,
            ring_limit_ns=ring_limit_ns,
            skills={directory.skills.name(skill): level for skill, level in card.chain[0].items()},
        )

    def may_serve(self, agents: tuple[str, ...], signed_in: Array, until_ns: int) -> tuple[dict[str, list[str]], int]:
        """Return by agent the queues whose contacts they may be offered as these join, and of how many that changed
        while they were signed in: of them it is what held for most of that time.

        `signed_in`, dtype STINT, numbers them by `agents`; the record ends at `until_ns`.
        """
        self._settle(until_ns + 1)
        names, found, varied = self.directory.queues.names, {}, 0
        for number, agent in enumerate(self.directory.agents.names):
            eras = self._could_serve.get(number, [])
            mine = signed_in["agent"] == agents.index(agent) if len(eras) > 1 and agent in agents else ()
            held_ns = _held_ns(eras, signed_in[mine], until_ns) if len(mine) else {may: 0 for _, may in eras[-1:]}
            varied += sum(held > 0 for held in held_ns.values()) > 1
            found[agent] = [names[queue] for queue in max(held_ns, key=held_ns.__getitem__, default=())]
        return found, varied

    def _qualifies(self, agent: int, queue: int) -> bool:
        is_member = self._values.get((TABLE_MEMBERSHIP, agent, queue), 0) > 0
        if self._values.get((TABLE_QUEUE, queue, int(QueueSetting.MEMBERS_ONLY)), 0) and not is_member:
            return False
        card = self.directory.queue_cards[queue]
        place = int(AgentSetting.CAPACITY) + card.channel
        if not self._values.get((TABLE_AGENT, agent, place), AGENT_DEFAULTS.get(place, 0)):
            return False
        levels = card.chain[0].items()
        return all(self._values.get((TABLE_SKILL_LEVEL, agent, skill), 0) >= level for skill, level in levels)

    def capacity(self) -> dict[str, dict[str, int]]:
        """Return how many contacts each agent serves at once, by channel."""
        first = int(AgentSetting.CAPACITY)
        return {
            name: {
                channel: self._values.get((TABLE_AGENT, agent, first + place), AGENT_DEFAULTS.get(first + place, 0))
                for place, channel in CHANNEL_NAMES.items()
            }
            for agent, name in enumerate(self.directory.agents.names)
        }

    def may_interrupt(self) -> dict[str, list[str]]:
        """Return by channel whose contacts stand still while an agent talks on it, where there are any."""
        found = {}
        for channel, name in CHANNEL_NAMES.items():
            mask = self._values.get((TABLE_CHANNEL, channel, int(ChannelSetting.MAY_INTERRUPT)), 0)
            found[name] = [other for place, other in CHANNEL_NAMES.items() if mask >> place & 1 and place != channel]
        return {name: others for name, others in found.items() if others}


def _held_ns(eras: list[tuple[int, Queues]], stays: Array, until_ns: int) -> dict[Queues, int]:
    """Return how long of an agent's stays each of the sets of queues held, the last one first."""
    held: dict[Queues, int] = {}
    ends = [since_ns for since_ns, _ in eras[1:]] + [until_ns]
    for (since_ns, may), end_ns in zip(eras[::-1], ends[::-1], strict=True):
        shared = np.minimum(stays["to_ns"], end_ns) - np.maximum(stays["from_ns"], since_ns)
        held[may] = held.get(may, 0) + int(np.maximum(shared, 0).sum())
    return held
