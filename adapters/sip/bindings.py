"""Where phones are registered: contacts with an end, for each agent a bounded number (RFC 3261 §10.3)."""

from collections.abc import Callable, Iterator

import msgspec

from adapters.sip.protocol import Hop, Uri


class Binding(msgspec.Struct):
    """One place where a phone can be rung."""

    uri: str
    """Where its INVITEs are addressed."""
    flow: Hop
    """Where its REGISTER came from."""
    expires_ns: int
    q: float
    call_id: str
    cseq: int
    path: tuple[str, ...] = ()
    """Route values of proxies on the way to it (RFC 3327)."""


class Bindings:
    """The bindings of all agents. `on_change(agent, reachable)` is called for the first and after the last one."""

    def __init__(self, most: int, on_change: Callable[[str, bool], None]) -> None:
        self._most = most
        self._on_change = on_change
        self._by_agent: dict[str, list[Binding]] = {}

    def of(self, agent: str, now_ns: int) -> list[Binding]:
        """The agent's bindings, the most wanted first."""
        found = self._by_agent.get(agent)
        return [binding for binding in found if binding.expires_ns > now_ns] if found else []

    def put(self, agent: str, binding: Binding) -> bool:
        """Add or renew a binding; False when the agent has too many already."""
        held = self._by_agent.get(agent, [])
        others = [other for other in held if not same_place(other, binding.uri)]
        if len(others) >= self._most:
            return False
        self._store(agent, [*others, binding])
        return True

    def remove(self, agent: str, uri: str) -> None:
        """Remove one binding, if it is there."""
        self._store(agent, [binding for binding in self._by_agent.get(agent, ()) if not same_place(binding, uri)])

    def expire(self, now_ns: int) -> None:
        """Remove what was not renewed in time."""
        for agent, held in list(self._by_agent.items()):
            if any(binding.expires_ns <= now_ns for binding in held):
                self._store(agent, [binding for binding in held if binding.expires_ns > now_ns])

    def all(self) -> Iterator[tuple[str, Binding]]:
        """Every binding with its agent."""
        return ((agent, binding) for agent, held in self._by_agent.items() for binding in held)

    def restore(self, agent: str, binding: Binding) -> None:
        """Add a binding of before a restart; nobody is told."""
        held = self._by_agent.setdefault(agent, [])
        if len(held) < self._most:
            held.append(binding)

    def __len__(self) -> int:
        return sum(map(len, self._by_agent.values()))

    def _store(self, agent: str, held: list[Binding]) -> None:
        had = agent in self._by_agent
        if held:
            self._by_agent[agent] = sorted(held, key=lambda binding: -binding.q)
        else:
            self._by_agent.pop(agent, None)
        if had != bool(held):
            self._on_change(agent, bool(held))


def same_place(binding: Binding, uri: str) -> bool:
    """Whether a contact is that of the binding, compared as URIs."""
    return binding.uri == uri or Uri.parse(binding.uri).same_as(Uri.parse(uri))
