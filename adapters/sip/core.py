"""What every part of the adapter shares: the endpoint, the engine and the way to it, the registrar, the counters."""

from collections import Counter
from typing import Final

from adapters.sip.endings.farewells import Farewells
from adapters.sip.endings.unwanted_answers import UnwantedAnswers
from adapters.sip.facts_to_engine import Facts
from adapters.sip.protocol import SessionPolicy
from adapters.sip.registration.registrar import Registrar
from adapters.sip.settings import SECOND_NS, Settings
from adapters.sip.transport.endpoint import SipEndpoint
from adapters.sip.ways_out import WaysOut
from engine.model.names import UNKNOWN
from engine.ports import EngineLink

ABSOLUTE_MIN_SE_S: Final = 90


class Core:
    """The parts by name."""

    def __init__(self, settings: Settings, engine: EngineLink, endpoint: SipEndpoint, registrar: Registrar) -> None:
        self.settings = settings
        self.engine = engine
        self.endpoint = endpoint
        self.registrar = registrar
        self.counters: Counter[str] = Counter()
        self.facts = Facts(engine, self.counters)
        self.policy = SessionPolicy(
            settings.session_interval_ns // SECOND_NS,
            max(ABSOLUTE_MIN_SE_S, settings.min_session_interval_ns // SECOND_NS),
        )
        self.ways_out = WaysOut(settings.outbound)
        self.farewells = Farewells(self.counters, settings.session_interval_ns)
        registrar.on_registered = self.farewells.registered
        self.unwanted_answers = UnwantedAnswers(endpoint, self.counters)
        self.stopping = False

    def follow(self, settings: Settings) -> None:
        """Go on with other settings."""
        self.settings, self.ways_out = settings, WaysOut(settings.outbound)

    def queue_of(self, entry: str, *, by_default: bool = True) -> str:
        """The queue that a dialled number or name leads to, '' for none; the default queue only where asked for."""
        settings = self.settings
        queue = settings.dial_plan.get(entry)
        if queue is None and self.engine.views.directory.queues.number(entry) != UNKNOWN:
            queue = entry
        return queue or (settings.default_queue if by_default else None) or ""

    def stop(self) -> None:
        """Take no calls any more, and tell what is late."""
        self.stopping = True
        self.facts.stop()
