"""What every part of the adapter shares: the endpoint, the engine, the calls and dialogs in progress, the counters."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from adapters.sip.endpoint import SipEndpoint
from adapters.sip.protocol import DialogId, SessionPolicy
from adapters.sip.settings import SECOND_NS, Settings
from adapters.sip.undo import Undo
from engine.errors import Overloaded
from engine.messages.observed import Observed
from engine.ports import AgentEndpoint, EngineLink, Receipt

if TYPE_CHECKING:
    from adapters.sip.call import Call
    from adapters.sip.leg import Leg
    from adapters.sip.registrar import Registrar
    from adapters.sip.reinvite import Reinviter
    from adapters.sip.transfer import Transfers

logger = logging.getLogger(__name__)

SOURCE: Final = "sip"
ABSOLUTE_MIN_SE_S: Final = 90
AGAIN_AFTER_S: Final = 0.2
"""When the engine cannot even take what ends something, it is told again so much later."""


class SipLink(EngineLink, Protocol):
    """The engine, and how its agents are reached."""

    @property
    def endpoints(self) -> tuple[AgentEndpoint, ...]:
        """Phones as configured."""


class Core:
    """The parts by name. Made by the adapter, which fills in what needs it itself."""

    reinviter: "Reinviter"
    transfers: "Transfers"

    def __init__(self, settings: Settings, engine: SipLink, endpoint: SipEndpoint, registrar: "Registrar") -> None:
        self.settings = settings
        self.engine = engine
        self.endpoint = endpoint
        self.registrar = registrar
        self.calls: dict[str, Call] = {}
        self.dialogs: dict[DialogId, Leg] = {}
        self.counters: Counter[str] = Counter()
        self.policy = SessionPolicy(
            settings.session_interval_ns // SECOND_NS,
            max(ABSOLUTE_MIN_SE_S, settings.min_session_interval_ns // SECOND_NS),
        )
        self.undo = Undo(endpoint, self.counters)
        self.stopping = False

    def submit(self, facts: Sequence[Observed], then: Callable[[list[Receipt]], None] | None = None) -> None:
        """Tell the engine; `then` gets the receipts once they are durable. Raises Overloaded."""
        future = self.engine.submit(SOURCE, facts)
        future.add_done_callback(_forget if then is None else lambda done: _give(done, then))

    def insist(self, facts: Sequence[Observed], then: Callable[[list[Receipt]], None] | None = None) -> None:
        """Tell the engine what it must know: again after a while when it has no room even for this."""
        try:
            self.submit(facts, then)
        except Overloaded:
            self.counters["facts_delayed"] += len(facts)
            if not self.stopping:
                asyncio.get_running_loop().call_later(AGAIN_AFTER_S, self.insist, facts, then)

    def mention(self, facts: Sequence[Observed]) -> None:
        """Tell the engine what it may miss when it has no room."""
        try:
            self.submit(facts)
        except Overloaded:
            self.counters["facts_dropped"] += len(facts)


def _forget(_future: "asyncio.Future[list[Receipt]]") -> None:
    """For facts whose receipts nobody needs."""


def _give(future: "asyncio.Future[list[Receipt]]", then: Callable[[list[Receipt]], None]) -> None:
    if future.cancelled() or future.exception() is not None:
        return
    try:
        then(future.result())
    except Exception:
        logger.exception("receipts could not be handled")
