"""The registrar of the agents' phones: digest, bindings, and what the engine must know: can the agent be rung?"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from adapters.sip.protocol import (
    Address,
    Authenticator,
    Hop,
    LocalProtocolError,
    MalformedMessage,
    Request,
    ServerTransaction,
    Uri,
    hop_for_uri,
)
from adapters.sip.registration.binding_cache import BindingCache
from adapters.sip.registration.bindings import Binding, Bindings, same_place
from adapters.sip.registration.phones import Phone, Phones, Target
from adapters.sip.settings import SECOND_NS, Settings
from adapters.sip.transport.endpoint import SipEndpoint
from engine.messages.observed import AgentReachabilityChanged, Observed
from engine.ports import AgentEndpoint

logger = logging.getLogger(__name__)

DEFAULT_EXPIRES_S: Final = 3600
EXPIRES_LIMIT_S: Final = 2**32 - 1


class Registrar:
    """Who can be rung where."""

    def __init__(
        self,
        settings: Settings,
        endpoints: Sequence[AgentEndpoint],
        endpoint: SipEndpoint,
        tell: Callable[[Sequence[Observed]], None],
        secret: bytes,
        folder: Path | None = None,
    ) -> None:
        """`secret` is new at each start: nonces of before are stale, as it is forgotten which of them were used."""
        self._settings = settings
        self._endpoint = endpoint
        self._tell = tell
        self._authenticator = Authenticator(settings.realm, secret, algorithms=tuple(settings.digest_algorithms))
        self.phones = Phones(settings, endpoints)
        self.bindings = Bindings(settings.bindings_per_phone, self._changed)
        self.cache = BindingCache(folder, self.bindings, endpoint.now_ns)
        self.counters: Counter[str] = Counter()
        self.on_registered: Callable[[str], None] = _nobody
        """Told of each agent whose phone has registered."""

    def start(self, ringing: frozenset[str] = frozenset()) -> None:
        """Say who can be rung at once: phones without registration, those whose registration of before a restart holds
        still, and those that ring by now. The others must register first.
        """
        agents = self.phones.registering
        for agent, binding in self.cache.load(self._settings.registration_max_ns):
            try:
                hop_for_uri(Uri.parse(binding.uri))
            except (MalformedMessage, LocalProtocolError) as error:
                self.cache.failed += 1
                logger.warning("a registration of agent %s that was kept is passed over: %s", agent, error)
                continue
            if agent in agents and (not binding.flow.reliable or _is_open_to_calls(binding)):
                self.bindings.restore(agent, binding)
                self.counters["registrations_restored"] += 1
        registered = {agent for agent, _ in self.bindings.all()}
        facts: list[Observed] = [AgentReachabilityChanged(agent=agent, reachable=True) for agent in self.phones.fixed]
        facts += [
            AgentReachabilityChanged(agent=agent, reachable=agent in registered)
            for agent in sorted(agents)
            if agent in registered or agent not in ringing
        ]
        if facts:
            self._tell(facts)

    def follow(self, settings: Settings, endpoints: Sequence[AgentEndpoint]) -> None:
        """Go on with other phones. Registrations end of phones that are gone or have another password."""
        before, self._settings, self.phones = self.phones, settings, Phones(settings, endpoints)
        known, had = self.phones.registering, before.registering
        held = len(self.bindings)
        self.bindings.drop(lambda _: True, [agent for agent, phone in had.items() if known.get(agent) != phone])
        if len(self.bindings) < held:
            self.cache.touch()
        others = {endpoint.name for endpoint in endpoints} - known.keys()
        facts: list[Observed] = [
            AgentReachabilityChanged(agent=agent, reachable=True)
            for agent in sorted(others)
            if agent in had or before.fixed.get(agent) != self.phones.fixed.get(agent)
        ]
        facts += [AgentReachabilityChanged(agent=agent, reachable=False) for agent in sorted(known) if agent not in had]
        if facts:
            self._tell(facts)

    def targets_of(self, agent: str) -> list[Target]:
        """Where the agent's phones are; empty when nowhere."""
        fixed = self.phones.fixed.get(agent)
        if fixed is not None:
            return [fixed]
        return [self._target(binding) for binding in self.bindings.of(agent, self._endpoint.now_ns())]

    def calling(self, user: str, source: Hop | None) -> str:
        """The agent whose phone sends from this address as this user, '' for everybody else."""
        agent = self.phones.agents_by_user.get(user, "")
        if not agent or source is None:
            return ""
        fixed = self.phones.fixed.get(agent)
        hosts = [fixed.hop.host] if fixed is not None else []
        hosts += [binding.flow.host for binding in self.bindings.of(agent, self._endpoint.now_ns())]
        return agent if source.host in hosts else ""

    def hop_of(self, agent: str, contact: str) -> Hop | None:
        """Where a phone is that gave this contact in a call: at its registration of the same user part and host."""
        wanted = Uri.parse(contact)
        for binding in self.bindings.of(agent, self._endpoint.now_ns()):
            known = Uri.parse(binding.uri)
            if known.decoded_user == wanted.decoded_user and known.host == wanted.host:
                return self._target(binding).hop
        return None

    def is_phone(self, source: Hop) -> bool:
        """Whether an agent's phone is at this address, as far as is known by now."""
        return self.bindings.has_host(source.host) or source.host in self.phones.fixed_hosts

    def connection_lost(self, hop: Hop) -> None:
        """A TCP connection is gone, or could not be made: forget the registrations that can be reached by no other.

        A phone that takes connections where its contact says can be called still, until one cannot be made.
        """
        if not hop.reliable or self._endpoint.connections.has(hop):
            return

        def is_cut_off(binding: Binding) -> bool:
            if binding.path or not binding.flow.reliable or self._endpoint.connections.has(binding.flow):
                return False
            if binding.flow == hop and not _is_open_to_calls(binding):
                return True
            return hop_for_uri(Uri.parse(binding.uri)) == hop

        known = len(self.bindings)
        self.bindings.drop(is_cut_off, self.bindings.agents_at(hop))
        if len(self.bindings) < known:
            self.counters["registrations_cut_off"] += known - len(self.bindings)
            self.cache.touch()

    def expire(self) -> None:
        """Drop what was not renewed in time."""
        self.bindings.expire(self._endpoint.now_ns())

    def _target(self, binding: Binding) -> Target:
        """Over TCP by the connection of the registration; over UDP by its source where the contact is behind NAT."""
        flow = binding.flow
        if binding.path:
            return Target(binding.uri, hop_for_uri(Address.parse(binding.path[0]).uri), binding.path)
        hop = hop_for_uri(Uri.parse(binding.uri))
        if flow.reliable:
            return Target(binding.uri, flow if self._endpoint.connections.has(flow) else hop)
        return Target(binding.uri, hop if hop.host == flow.host else flow)

    # --- REGISTER

    def register(self, transaction: ServerTransaction, request: Request) -> None:
        """Answer a REGISTER."""
        try:
            phone = self.phones.by_user.get(request.get_address("to").uri.decoded_user)
            if not self._is_authentic(transaction, request, phone):
                return
            assert phone is not None, "only known phones authenticate"
            self._bind(transaction, request, phone)
        except (MalformedMessage, LocalProtocolError) as error:
            self.counters["registrations_bad"] += 1
            self._endpoint.reply(transaction, 400, f"Bad Request - {str(error)[:100]!a}")

    def _is_authentic(self, transaction: ServerTransaction, request: Request, phone: Phone | None) -> bool:
        """Challenge until the credentials are right; each phone may only register itself."""
        endpoint, realm = self._endpoint, self._settings.realm

        def lookup(username: str, algorithm: str) -> str | None:
            return phone.ha1(realm, algorithm) if phone is not None and phone.user == username else None

        verdict = self._authenticator.verify(request, lookup, endpoint.now_ns())
        if verdict.outcome == "accepted":
            return True
        if verdict.outcome == "rejected":
            self.counters["registrations_rejected"] += 1
            endpoint.reply(transaction, 403)
        else:
            stale = verdict.outcome == "stale"
            endpoint.reply(transaction, 401, headers=self._authenticator.challenges(endpoint.now_ns(), stale=stale))
        return False

    def _bind(self, transaction: ServerTransaction, request: Request, phone: Phone) -> None:
        """Change the phone's bindings as asked: all of it, or nothing (RFC 3261 §10.3)."""
        endpoint, now_ns = self._endpoint, self._endpoint.now_ns()
        held = self.bindings.of(phone.agent, now_ns)
        kept, wanted = held, self._all_wanted(request)
        least_s = self._settings.registration_min_ns // SECOND_NS
        if wanted is None:
            if any(_is_out_of_order(binding, request) for binding in held):
                endpoint.reply(transaction, 500, "Out of order")
                return
            kept, wanted = [], []
        if any(0 < expires_s < least_s for _, expires_s, _ in wanted):
            endpoint.reply(transaction, 423, headers=(("Min-Expires", str(least_s)),))
            return
        new: list[Binding] = []
        for uri, expires_s, q in wanted:
            if any(_is_out_of_order(binding, request) for binding in held if same_place(binding, uri)):
                endpoint.reply(transaction, 500, "Out of order")
                return
            kept, new = [[binding for binding in some if not same_place(binding, uri)] for some in (kept, new)]
            if expires_s:
                new.append(self._binding(request, uri, expires_s, q))
        if not self.bindings.replace(phone.agent, new, kept):
            endpoint.reply(transaction, 403, "Too many registrations")
            return
        if wanted or kept is not held:
            self.cache.touch()
        self._confirm(transaction, request, phone, now_ns)
        if any(expires_s for _, expires_s, _ in wanted):  # neither a query nor the end of a registration
            self.counters["registrations"] += 1
            self.on_registered(phone.agent)

    def _all_wanted(self, request: Request) -> list[tuple[str, int, float]] | None:
        """What a REGISTER asks for, by contact; None: that all bindings end."""
        contacts = request.get_list("contact")
        common_s = request.get_number("expires", EXPIRES_LIMIT_S, DEFAULT_EXPIRES_S)
        if contacts != ["*"]:
            return [self._wanted(Address.parse(contact), common_s) for contact in contacts]
        if common_s != 0 or "expires" not in request.fields:
            raise MalformedMessage("Contact * needs Expires 0")
        return None

    def _binding(self, request: Request, uri: str, expires_s: int, q: float) -> Binding:
        flow = request.source
        assert flow is not None, "received requests have a source"
        lasts_ns = min(expires_s * SECOND_NS, self._settings.registration_max_ns)
        expires_ns, path = self._endpoint.now_ns() + lasts_ns, tuple(request.get_list("path"))
        if not all(map(_is_utf8, (request.call_id, *path))):
            raise MalformedMessage("Call-ID and Path must be UTF-8")
        return Binding(uri, flow, expires_ns, q, request.call_id, request.cseq.number, path)

    def _confirm(self, transaction: ServerTransaction, request: Request, phone: Phone, now_ns: int) -> None:
        headers = [
            ("Contact", f"<{binding.uri}>;expires={max(1, (binding.expires_ns - now_ns) // SECOND_NS)};q={binding.q:g}")
            for binding in self.bindings.of(phone.agent, now_ns)
        ]
        headers += [("Path", path) for path in request.fields.get("path", ())]
        self._endpoint.reply(transaction, 200, headers=headers)

    def _wanted(self, contact: Address, common_s: int) -> tuple[str, int, float]:
        """A Contact of a REGISTER: URI, seconds, preference."""
        if not contact.uri.is_sip:
            raise MalformedMessage(f"a phone cannot be rung at {contact.uri_text[:60]!r}")
        text = contact.params.get("expires", "")
        expires_s = int(text) if text.isascii() and text.isdigit() and len(text) < 11 else common_s
        try:
            q = min(max(float(contact.params.get("q", "1")), 0.0), 1.0)
        except ValueError:
            q = 1.0
        return contact.uri_text, expires_s, q

    def _changed(self, agent: str, reachable: bool) -> None:
        logger.info("the phone of agent %s %s", agent, "is registered" if reachable else "is gone")
        self._tell([AgentReachabilityChanged(agent=agent, reachable=reachable)])


def _is_out_of_order(binding: Binding, request: Request) -> bool:
    """Whether a later REGISTER of the same phone has made the binding."""
    return binding.call_id == request.call_id and request.cseq.number <= binding.cseq


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_open_to_calls(binding: Binding) -> bool:
    """Whether a TCP phone may take new connections: its contact names its own address, and not that of a connection."""
    if binding.path:
        return True
    hop = hop_for_uri(Uri.parse(binding.uri))
    return hop.reliable and hop.host == binding.flow.host and hop.port != binding.flow.port


def _nobody(_agent: str) -> None:
    """For registrars of which nobody wants to hear."""
