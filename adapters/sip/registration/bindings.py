"""Where phones are registered: contacts with an end, for each agent a bounded number (RFC 3261 §10.3)."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from adapters.sip.protocol import Hop, Uri, hop_for_uri


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
        self._agents_at: dict[Hop, Counter[str]] = {}
        """Whose phones send from there, or say in their contact that they are there."""

    def of(self, agent: str, now_ns: int) -> list[Binding]:
        """The agent's bindings, the most wanted first."""
        found = self._by_agent.get(agent)
        return [binding for binding in found if binding.expires_ns > now_ns] if found else []

    def replace(self, agent: str, new: list[Binding], kept: Sequence[Binding] = ()) -> bool:
        """Take these for all bindings of the agent; False, and nothing changes, when the new ones are too many.

        Where there is no room for all, those of before that end first go: a phone that comes back from another port
        leaves one behind each time.
        """
        room = self._most - len(new)
        if room < 0:
            return False
        self._store(agent, sorted(kept, key=lambda binding: -binding.expires_ns)[:room] + new)
        return True

    def drop(self, unwanted: Callable[[Binding], bool], agents: Iterable[str] | None = None) -> None:
        """Remove the bindings, of these agents or of whichever, that are unwanted."""
        for agent in list(self._by_agent if agents is None else agents):
            held = self._by_agent.get(agent, [])
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
            self._enter(agent, binding)

    def agents_at(self, hop: Hop) -> list[str]:
        """Whose phones registered from there, or said that they are there."""
        return list(self._agents_at.get(hop, ()))

    def has_host(self, host: str) -> bool:
        """Whether a phone is registered that sent from this address."""
        return host in self._hosts

    def _enter(self, agent: str, binding: Binding) -> None:
        self._hosts[binding.flow.host] += 1
        for hop in _hops_of(binding):
            self._agents_at.setdefault(hop, Counter())[agent] += 1

    def _leave(self, agent: str, binding: Binding) -> None:
        _count_down(self._hosts, binding.flow.host)
        for hop in _hops_of(binding):
            _count_down(self._agents_at[hop], agent)
            if not self._agents_at[hop]:
                del self._agents_at[hop]

    def __len__(self) -> int:
        return sum(map(len, self._by_agent.values()))

    def _store(self, agent: str, held: list[Binding]) -> None:
        had = agent in self._by_agent
        for binding in self._by_agent.get(agent, ()):
            self._leave(agent, binding)
        for binding in held:
            self._enter(agent, binding)
        if held:
            self._by_agent[agent] = sorted(held, key=lambda binding: -binding.q)
        else:
            self._by_agent.pop(agent, None)
        if had != bool(held):
            self._on_change(agent, bool(held))


def _hops_of(binding: Binding) -> set[Hop]:
    return {binding.flow, hop_for_uri(Uri.parse(binding.uri))}


def _count_down(counter: Counter[str], key: str) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]


def same_place(binding: Binding, uri: str) -> bool:
    """Whether a contact is that of the binding, compared as URIs."""
    return binding.uri == uri or Uri.parse(binding.uri).same_as(Uri.parse(uri))
