"""What every part of the adapter shares: the endpoint, the engine, the registrar, the counters."""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Final

from adapters.sip.calls.farewells import Farewells
from adapters.sip.calls.outbound import Outbound
from adapters.sip.calls.undo import Undo
from adapters.sip.protocol import SessionPolicy
from adapters.sip.registration.registrar import Registrar
from adapters.sip.settings import SECOND_NS, Settings
from adapters.sip.transport.endpoint import SipEndpoint
from engine.errors import Overloaded
from engine.messages.observed import Observed
from engine.model.names import UNKNOWN
from engine.ports import EngineLink, Receipt

logger = logging.getLogger(__name__)

SOURCE: Final = "sip"
ABSOLUTE_MIN_SE_S: Final = 90
AGAIN_AFTER_S: Final = 0.2
"""When the engine cannot even take what ends something, it is told again so much later."""


class Core:
    """The parts by name, and how the engine is told."""

    def __init__(self, settings: Settings, engine: EngineLink, endpoint: SipEndpoint, registrar: Registrar) -> None:
        self.settings = settings
        self.engine = engine
        self.endpoint = endpoint
        self.registrar = registrar
        self.counters: Counter[str] = Counter()
        self.policy = SessionPolicy(
            settings.session_interval_ns // SECOND_NS,
            max(ABSOLUTE_MIN_SE_S, settings.min_session_interval_ns // SECOND_NS),
        )
        self.outbound = Outbound(settings.outbound)
        self.farewells = Farewells(self.counters, settings.session_interval_ns)
        registrar.on_registered = self.farewells.registered
        self.undo = Undo(endpoint, self.counters)
        self.stopping = False
        self._late: dict[str, deque[_Told]] = {}
        """What the engine had no room for, by the contact or agent that it is of, in its order."""
        self._alarm: asyncio.TimerHandle | None = None

    def follow(self, settings: Settings) -> None:
        """Go on with other settings."""
        self.settings, self.outbound = settings, Outbound(settings.outbound)

    def queue_of(self, entry: str, *, by_default: bool = True) -> str:
        """The queue that a dialled number or name leads to, '' for none; the default queue only where asked for."""
        settings = self.settings
        queue = settings.dial_plan.get(entry)
        if queue is None and self.engine.views.directory.queues.number(entry) != UNKNOWN:
            queue = entry
        return queue or (settings.default_queue if by_default else None) or ""

    def submit(self, facts: Sequence[Observed], then: Callable[[list[Receipt]], None] | None = None) -> None:
        """Tell the engine; `then` gets the receipts once they are durable. Raises Overloaded."""
        future = self.engine.submit(SOURCE, facts)
        future.add_done_callback(_forget if then is None else lambda done: _give(done, then))

    def insist(self, facts: Sequence[Observed], then: Callable[[list[Receipt]], None] | None = None) -> None:
        """Tell the engine what it must know: again after a while when it has no room even for this.

        What is told of the same contact or agent meanwhile waits behind it.
        """
        late = self._late_before(facts)
        if late is None and self._is_told(facts, then):
            return
        self.counters["facts_delayed"] += len(facts)
        if late is None:
            late = self._late[_subject(facts[-1])] = deque()
        late.append((facts, then))
        if self._alarm is None and not self.stopping:
            self._alarm = asyncio.get_running_loop().call_later(AGAIN_AFTER_S, self._again)

    def mention(self, facts: Sequence[Observed]) -> None:
        """Tell the engine what it may miss when it has no room."""
        late = self._late_before(facts)
        if late is not None:
            late.append((facts, None))
        elif not self._is_told(facts):
            self.counters["facts_dropped"] += len(facts)

    def stop(self) -> None:
        """Tell what is late once more; what there is no room for even now is lost."""
        self.stopping = True
        if self._alarm is not None:
            self._alarm.cancel()
        self._tell_late()
        self.counters["facts_dropped"] += sum(len(facts) for late in self._late.values() for facts, _ in late)
        self._late.clear()

    def _late_before(self, facts: Sequence[Observed]) -> "deque[_Told] | None":
        """What must be told before these facts."""
        if not self._late:
            return None
        return next((self._late[_subject(fact)] for fact in facts if _subject(fact) in self._late), None)

    def _is_told(self, facts: Sequence[Observed], then: Callable[[list[Receipt]], None] | None = None) -> bool:
        try:
            self.submit(facts, then)
        except Overloaded:
            return False
        return True

    def _again(self) -> None:
        self._alarm = None
        self._tell_late()
        if self._late:
            self._alarm = asyncio.get_running_loop().call_later(AGAIN_AFTER_S, self._again)

    def _tell_late(self) -> None:
        for subject, late in list(self._late.items()):
            while late and self._is_told(*late[0]):
                late.popleft()
            if not late:
                del self._late[subject]


_Told = tuple[Sequence[Observed], Callable[[list[Receipt]], None] | None]


def _subject(fact: Observed) -> str:
    """Of whom the fact is: of a contact, else of an agent."""
    return getattr(fact, "contact", "") or f"agent {getattr(fact, 'agent', '')}"


def _forget(_future: "asyncio.Future[list[Receipt]]") -> None:
    """For facts whose receipts nobody needs."""


def _give(future: "asyncio.Future[list[Receipt]]", then: Callable[[list[Receipt]], None]) -> None:
    if future.cancelled() or future.exception() is not None:
        return
    try:
        then(future.result())
    except Exception:
        logger.exception("receipts could not be handled")
