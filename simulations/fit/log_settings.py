"""What a log's settings say beside its calls, as they stand when it ends: queues, agents' capacity, channels."""

from typing import Any

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
from simulations.fit.calls import Told


class LogSettings:
    """Takes in what configures an engine."""

    def __init__(self) -> None:
        self.directory = Directory()
        self._values: dict[tuple[int, int, int], int] = {}

    def begin(self, directory: Directory, settings: SettingTables) -> None:
        """Begin with the names and settings that hold where the log begins."""
        self.directory = directory
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

    def change(self, row: Any) -> None:
        """Take in a SETTING_CHANGED row."""
        table = int(row["agent"])
        column = "b" if table in (TABLE_SKILL_LEVEL, TABLE_MEMBERSHIP) else "contact"
        self._values[table, int(row["queue"]), int(row[column])] = int(row["a"])

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

    def may_serve(self) -> dict[str, list[str]]:
        """Return by agent the queues whose contacts they may be offered as these join."""
        names = self.directory.queues.names
        return {
            name: [queue for number, queue in enumerate(names) if self._qualifies(agent, number)]
            for agent, name in enumerate(self.directory.agents.names)
        }

    def _qualifies(self, agent: int, queue: int) -> bool:
        is_member = self._values.get((TABLE_MEMBERSHIP, agent, queue), 0) > 0
        if self._values.get((TABLE_QUEUE, queue, int(QueueSetting.MEMBERS_ONLY)), 0) and not is_member:
            return False
        required = self.directory.queue_cards[queue].chain[0]
        return all(self._values.get((TABLE_SKILL_LEVEL, agent, skill), 0) >= level for skill, level in required.items())

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
