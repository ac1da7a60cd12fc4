"""The agents' phones as configured: who may register, and who is rung at a fixed address."""

from collections.abc import Sequence

import msgspec

from adapters.sip.protocol import Hop, Uri, ha1, hop_for_uri
from adapters.sip.settings import Settings
from engine.ports import AgentEndpoint


class Target(msgspec.Struct, frozen=True):
    """Where one phone is rung."""

    uri: str
    hop: Hop
    routes: tuple[str, ...] = ()


class Phone(msgspec.Struct, frozen=True):
    """An agent's phone that registers."""

    agent: str
    user: str
    password: str
    own_ha1: str
    """What the configuration has instead of the password: MD5's."""

    def ha1(self, realm: str, algorithm: str) -> str | None:
        """H(user:realm:password), None where the configuration holds only the MD5 one."""
        if self.password:
            return ha1(self.user, realm, self.password, algorithm)
        return self.own_ha1.lower() if algorithm == "MD5" else None


class Phones:
    """All of them; another configuration makes another one.

    A phone with a password or HA1 registers. One without is rung at its configured address; `phone_contacts` of the
    settings says another, and is for phones that cannot register.
    """

    def __init__(self, settings: Settings, endpoints: Sequence[AgentEndpoint]) -> None:
        self.by_user: dict[str, Phone] = {}
        """Phones that register, by the user part of their address."""
        self.fixed: dict[str, Target] = {}
        """Where the others are, by agent."""
        self.fixed_hosts: set[str] = set()
        self.agents_by_user: dict[str, str] = {}
        """Agents by the user part of their phone's address, and by name."""
        self.auto_answering = frozenset(known.name for known in endpoints if known.auto_answer)
        """Agents whose phones are asked to answer by themselves."""
        for known in endpoints:
            self._learn(known, settings.phone_contacts.get(known.name, ""))

    @property
    def registering(self) -> dict[str, Phone]:
        """Phones that register, by agent."""
        return {phone.agent: phone for phone in self.by_user.values()}

    def _learn(self, known: AgentEndpoint, contact: str) -> None:
        self.agents_by_user.setdefault(known.name, known.name)
        if known.phone:
            uri = Uri.parse(known.phone)
            self.agents_by_user[uri.decoded_user] = known.name
            if (known.password or known.ha1) and not contact:
                self.by_user[uri.decoded_user] = Phone(known.name, uri.decoded_user, known.password, known.ha1)
            else:
                contact = contact or known.phone
        if contact:
            self.fixed[known.name] = Target(contact, hop_for_uri(Uri.parse(contact)))
            self.fixed_hosts.add(self.fixed[known.name].hop.host)
