"""The SIP adapter's life: it listens, takes up the calls of before a restart, carries out effects, and stops."""

import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from adapters.sip.arrivals import Arrivals
from adapters.sip.calls.call import Calls
from adapters.sip.calls.callback import Callback
from adapters.sip.core import Core
from adapters.sip.facts_to_engine import SOURCE
from adapters.sip.housekeeping import Housekeeping
from adapters.sip.legs.probes import Probes
from adapters.sip.protocol import Event, Hop, Timing
from adapters.sip.recovery import recover, ringing_agents
from adapters.sip.registration.registrar import Registrar
from adapters.sip.settings import Settings as SipSettings
from adapters.sip.switchboard import Switchboard
from adapters.sip.transport.endpoint import SipEndpoint
from engine.messages.effects import AnyEffect, OfferContact
from engine.messages.observed import ContactWithdrawn, Observed
from engine.own_key import own_key
from engine.ports import AdapterStatus, EngineLink, OpenContact

NEEDS_RESTART: Final = (
    *("host", "port", "advertise", "udp", "tcp", "tls", "realm", "digest_algorithms"),
    *("session_interval_ns", "min_session_interval_ns", "bindings_per_phone"),
    *("transactions", "connections", "connections_per_address", "message_limit_ns", "receive_buffer"),
)
"""Settings of sockets, dialogs and nonces that are in use."""

logger = logging.getLogger(__name__)


class SipAdapter:
    """Callers and agents' phones over SIP. The engine decides; what it decides leaves here once it is durable."""

    Settings: type = SipSettings

    def __init__(
        self,
        settings: SipSettings,
        engine: EngineLink,
        *,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
        timing: Timing | None = None,
    ) -> None:
        self.name = SOURCE
        self.settings = settings
        self._engine = engine
        self.endpoint = SipEndpoint(
            settings, self._on_event, monotonic_ns, os.urandom(32), timing, own_key(engine.folder)
        )
        registrar = Registrar(
            settings,
            engine.endpoints,
            self.endpoint,
            self._insist,
            os.urandom(32),
            engine.folder,
        )
        self.core = Core(settings, engine, self.endpoint, registrar)
        self.calls = Calls(self.core)
        self.endpoint.on_transport_failed = registrar.connection_lost
        self.endpoint.connections.pinned = self._flows
        self._arrivals = Arrivals(self.calls)
        self._switchboard = Switchboard(self.calls, self._arrivals)
        self.housekeeping = Housekeeping(self.calls)
        self._probes = Probes(self.core)
        self._up = False

    async def start(self, contacts: Sequence[OpenContact]) -> None:
        """Listen, and take up the calls that were open. Raises OSError when the address is taken."""
        await self.endpoint.open()
        self._up = True
        self.core.registrar.start(ringing_agents(contacts))
        recover(self.calls, contacts)
        self._probes.start([leg for leg in self.calls.dialogs.values() if leg.in_doubt and not leg.closed])
        self.housekeeping.start()
        settings = self.settings
        if settings.udp and self.endpoint.connections.granted_buffer < settings.receive_buffer:
            logger.warning(
                "the system grants a receive buffer of %d bytes instead of %d: raise net.core.rmem_max",
                self.endpoint.connections.granted_buffer,
                settings.receive_buffer,
            )
        logger.info("listening at %s", self.endpoint.addresses)

    def renew_certificate(self) -> bool:
        """Show what the certificate's files hold now. Raises OSError, TlsFilesUnusable."""
        return self.endpoint.connections.renew_certificate()

    def act(self, effect: AnyEffect) -> None:
        """Carry out an effect."""
        call = self.calls.by_name.get(effect.contact)
        if call is not None:
            call.take(effect)
        else:
            self._take_foreign(effect)

    def reload(self, settings: SipSettings) -> list[str]:
        """Follow other settings and phones while calls go on; returns those that need a restart."""
        kept = {name: getattr(self.settings, name) for name in NEEDS_RESTART}
        moved = [name for name, value in kept.items() if value != getattr(settings, name)]
        self.settings = settings.model_copy(update=kept)
        self.core.follow(self.settings)
        self._arrivals.follow()
        self.core.registrar.follow(self.settings, self._engine.endpoints)
        return [name.removesuffix("_ns") for name in moved]

    def status(self) -> AdapterStatus:
        """Say how it is doing."""
        core, endpoint = self.core, self.endpoint
        counters: Counter[str] = Counter(core.counters)
        counters.update(endpoint.socket_counters)
        counters.update(core.registrar.counters)
        if self._up:
            counters.update({f"sip.{name}": count for name, count in endpoint.layer.counters.items()})
            counters["transactions_open"] = len(endpoint.layer)
        counters["facts_late"] = core.facts.late
        counters["calls_open"] = len(self.calls.by_name)
        counters["dialogs_open"] = len(self.calls.dialogs)
        counters["registrations_not_kept"] = core.registrar.cache.failed
        counters["byes_owed"] = len(core.farewells)
        counters["bindings"] = len(core.registrar.bindings)
        counters["connections_open"] = endpoint.connections.count
        where = f"listening at {endpoint.addresses}" if self._up else "not listening"
        return AdapterStatus(self.name, self._up, self.settings.required, where, dict(counters))

    async def stop(self) -> None:
        """Close sockets; calls in progress stay as they are."""
        self.core.stop()
        self._up = False
        self.housekeeping.stop()
        self._probes.stop()
        try:
            await self.core.registrar.cache.close()
        finally:
            await self.endpoint.close()

    def _on_event(self, event: Event) -> None:
        self._switchboard.on_event(event)

    def _flows(self) -> set[Hop]:
        """The other ends of connections that registered phones or peers of dialogs made."""
        flows = {binding.flow for _, binding in self.core.registrar.bindings.all()}
        return flows | {leg.flow for leg in self.calls.dialogs.values() if leg.flow is not None}

    def _insist(self, facts: Sequence[Observed]) -> None:
        self.core.facts.insist(facts)

    def _take_foreign(self, effect: AnyEffect) -> None:
        """An effect for a contact that is no call here: a callback begins, or it is one that is over."""
        if isinstance(effect, OfferContact) and effect.call_back:
            self.core.counters["callbacks"] += 1
            Callback(self.calls, effect.contact, effect.call_back).take(effect)
            return
        self.core.counters["effects_foreign"] += 1
        if isinstance(effect, OfferContact):
            reason = "the SIP adapter knows no call of this name"
            self.core.facts.insist([ContactWithdrawn(contact=effect.contact, by=self.name, reason=reason)])
