"""Where phones are registered: contacts with an end, for each agent a bounded number (RFC 3261 §10.3)."""

from collections import Counter
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
        self._hosts: Counter[str] = Counter()

    def of(self, agent: str, now_ns: int) -> list[Binding]:
        """The agent's bindings, the most wanted first."""
        found = self._by_agent.get(agent)
        return [binding for binding in found if binding.expires_ns > now_ns] if found else []

    def replace(self, agent: str, held: list[Binding]) -> bool:
        """Take these for all bindings of the agent; False, and nothing changes, when they are too many."""
        if len(held) > self._most:
            return False
        self._store(agent, held)
        return True

    def drop(self, unwanted: Callable[[Binding], bool]) -> None:
        """Remove the bindings, of whichever agent, that are unwanted."""
        for agent, held in list(self._by_agent.items()):
            if any(map(unwanted, held)):
                self._store(agent, [binding for binding in held if not unwanted(binding)])

    def expire(self, now_ns: int) -> None:
        """Remove what was not renewed in time."""
        self.drop(lambda binding: binding.expires_ns <= now_ns)

    def all(self) -> Iterator[tuple[str, Binding]]:
        """Every binding with its agent."""
        return ((agent, binding) for agent, held in self._by_agent.items() for binding in held)

    def restore(self, agent: str, binding: Binding) -> None:
        """Add a binding of before a restart; nobody is told."""
        held = self._by_agent.setdefault(agent, [])
        if len(held) < self._most:
            held.append(binding)
            self._hosts[binding.flow.host] += 1

    def has_host(self, host: str) -> bool:
        """Whether a phone is registered that sent from this address."""
        return host in self._hosts

    def __len__(self) -> int:
        return sum(map(len, self._by_agent.values()))

    def _store(self, agent: str, held: list[Binding]) -> None:
        had = agent in self._by_agent
        for binding in self._by_agent.get(agent, ()):
            _count_down(self._hosts, binding.flow.host)
        for binding in held:
            self._hosts[binding.flow.host] += 1
        if held:
            self._by_agent[agent] = sorted(held, key=lambda binding: -binding.q)
        else:
            self._by_agent.pop(agent, None)
        if had != bool(held):
            self._on_change(agent, bool(held))


def _count_down(counter: Counter[str], key: str) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]


def same_place(binding: Binding, uri: str) -> bool:
    """Whether a contact is that of the binding, compared as URIs."""
    return binding.uri == uri or Uri.parse(binding.uri).same_as(Uri.parse(uri))
