"""The contacts that agents wrap up: by their names, which are those of open contacts no more."""

from typing import Final, NamedTuple

import msgspec

_ENCODER: Final = msgspec.msgpack.Encoder()


class WrapUp(NamedTuple):
    """One contact that one agent wraps up."""

    agent: int
    engagement: int
    arrival_seq: int
    contact: str
    """The adapter's own name of it."""


class WrappingContacts:
    """Wrap-ups by agent and engagement, as many as the kernel has: it bounds them for each agent."""

    def __init__(self) -> None:
        self._of_agents: dict[int, dict[int, WrapUp]] = {}

    def start(self, wrap_up: WrapUp) -> None:
        """Enter a wrap-up that starts."""
        self._of_agents.setdefault(wrap_up.agent, {})[wrap_up.engagement] = wrap_up

    def end(self, agent: int, engagement: int) -> None:
        """Remove a wrap-up that ended."""
        of_agent = self._of_agents.get(agent, {})
        of_agent.pop(engagement, None)
        if not of_agent:
            self._of_agents.pop(agent, None)

    def find(self, agent: int, contact: str) -> WrapUp | None:
        """The agent's wrap-up of the contact of this name, the latest of them if the name was used again."""
        named = [wrap_up for wrap_up in self._of_agents.get(agent, {}).values() if wrap_up.contact == contact]
        return max(named, key=lambda wrap_up: wrap_up.arrival_seq, default=None)

    def at(self, agent: int, engagement: int) -> WrapUp | None:
        """The wrap-up that is this engagement."""
        return self._of_agents.get(agent, {}).get(engagement)

    def all(self) -> list[WrapUp]:
        """Every wrap-up, by agent and engagement."""
        return sorted(wrap_up for of_agent in self._of_agents.values() for wrap_up in of_agent.values())

    def replace(self, wrap_ups: list[WrapUp]) -> None:
        """Know these and no others."""
        self._of_agents.clear()
        for wrap_up in wrap_ups:
            self.start(wrap_up)

    def save(self) -> bytes:
        """Return all of it as MessagePack."""
        return _ENCODER.encode(self.all())

    def load(self, saved: bytes) -> None:
        """Enter what `save` returned."""
        self.replace(msgspec.msgpack.decode(saved, type=list[WrapUp]))
