"""What every part of the adapter shares: settings, the engine, visitors, limits, counters and the clock."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from adapters.webchat.chats import Visitors
from adapters.webchat.frames import BadFrame
from adapters.webchat.settings import SECOND_NS, Inbox, Settings
from adapters.webchat.tokens import Session, Signer
from adapters.webchat.told import Notice
from engine.errors import Overloaded
from engine.messages.observed import Observed
from engine.model.plan_views import PlanNotice, notices_of
from engine.model.rate_limit import RateLimit
from engine.ports import EngineLink, Receipt

SOURCE: Final = "webchat"
MS_NS: Final = 1_000_000
AGAIN_AFTER_S: Final = 0.5
"""When the engine cannot even take what ends something, it is told again so much later."""
NOTICES_MAX: Final = 3
"""What more plans in force would tell is left out, the least grave first."""


class Limits:
    """How much one address, visitor or inbox may do."""

    def __init__(self, settings: Settings) -> None:
        per_minute = settings.sessions_per_minute
        self.requests = RateLimit(settings.requests_per_second, 5 * settings.requests_per_second)
        self.sessions = RateLimit(per_minute / 60, per_minute)
        self.frames = RateLimit(settings.frames_per_second, 4 * settings.frames_per_second)
        self.uploads = RateLimit(0.2, 5)
        """By visitor: files are dear."""
        self.chats = {
            name: RateLimit(inbox.chats_per_minute / 60, inbox.chats_per_minute)
            for name, inbox in settings.inboxes.items()
        }

    @property
    def refused(self) -> int:
        """How often somebody was told to wait."""
        limits = (self.requests, self.sessions, self.frames, self.uploads, *self.chats.values())
        return sum(limit.refused for limit in limits)


@dataclass(slots=True)
class Core:
    """The parts by name."""

    settings: Settings
    engine: EngineLink
    signer: Signer
    limits: Limits
    wall_ns: Callable[[], int] = time.time_ns
    monotonic_ns: Callable[[], int] = time.monotonic_ns
    visitors: Visitors = field(default_factory=Visitors)
    counters: Counter[str] = field(default_factory=Counter)
    stopping: bool = False
    open_queues: dict[str, bool] = field(default_factory=dict)
    """Those that were looked at since a queue opened or closed last."""
    plans: list[PlanNotice] | None = None
    """What plans in force tell; None: to be looked at anew."""

    def inbox(self, session: Session, client_id: str = "") -> Inbox:
        """The inbox of a session, as it is configured now. Raises BadFrame where there is none any more."""
        return self.inbox_called(session.inbox, client_id)

    def inbox_called(self, name: str, client_id: str = "") -> Inbox:
        """The inbox of a name, as it is configured now. Raises BadFrame where there is none."""
        inbox = self.settings.inboxes.get(name)
        if inbox is None:
            raise BadFrame("no_inbox", f"there is no inbox '{name}'", client_id)
        return inbox

    def follow(self, settings: Settings) -> None:
        """Go on with other settings. Everybody's allowance begins anew."""
        refused = self.limits.refused
        self.settings, self.limits = settings, Limits(settings)
        self.limits.requests.refused = refused
        self.open_queues.clear()
        self.plans = None

    @property
    def now_s(self) -> int:
        """Seconds since 1970."""
        return self.wall_ns() // SECOND_NS

    @property
    def seq(self) -> int:
        """The position of the log that figures are true at."""
        return self.engine.views.as_of

    @property
    def now_ms(self) -> int:
        """The engine's clock, ms since 1970: what its deadlines are to be held against."""
        return self.engine.views.now_ns(self.wall_ns()) // MS_NS

    def is_open(self, inbox: Inbox) -> bool:
        """Whether the inbox's queue takes contacts; one that is gone takes none."""
        is_open = self.open_queues.get(inbox.queue)
        if is_open is None:
            try:
                is_open = self.engine.views.queue(inbox.queue).open
            except KeyError:
                is_open = False
            self.open_queues[inbox.queue] = is_open
        return is_open

    def came_before(self, name: str) -> bool:
        """Whether a fact of this name is in the log: again, it changes nothing, and is answered as the first time."""
        return self.engine.came_before(SOURCE, name)

    def idle_ends_ms(self, contact: str) -> int:
        """When silence ends an open chat, ms since 1970; 0: not as things stand."""
        return self.engine.views.contacts.silence_ends_ns(contact) // MS_NS

    def idle_limit_s(self, queue: str) -> int:
        """Silence after which a chat of a queue ends; 0: never, as where the queue is gone."""
        try:
            return self.engine.views.idle_limit_s(queue)
        except KeyError:
            return 0

    def notices(self, inbox: Inbox) -> list[Notice]:
        """What plans in force tell the visitors of an inbox's queue. Nothing in a drill: it would not be true."""
        if self.plans is None:
            self.plans = notices_of(self.engine.plans.overview())
        told = [plan.announce.get(inbox.queue) for plan in self.plans if not plan.drill]
        return [Notice(text) for text in told if text][:NOTICES_MAX]

    def shown_name(self, agent: str) -> str:
        """What visitors read of an agent."""
        directory = self.engine.views.directory
        number = directory.agents.number(agent)
        card = directory.agent_cards[number] if 0 <= number < len(directory.agent_cards) else None
        return (card.display_name if card is not None else "") or agent

    def insist(self, facts: Sequence[Observed]) -> None:
        """Tell the engine what it must know: again after a while where it has no room even for this."""
        try:
            self.engine.submit(SOURCE, facts).add_done_callback(_forget)
        except Overloaded:
            self.counters["facts_dropped" if self.stopping else "facts_delayed"] += len(facts)
            if not self.stopping:
                asyncio.get_running_loop().call_later(AGAIN_AFTER_S, self.insist, facts)

    def mention(self, facts: Sequence[Observed]) -> None:
        """Tell the engine what it may miss where it has no room."""
        try:
            self.engine.submit(SOURCE, facts).add_done_callback(_forget)
        except Overloaded:
            self.counters["facts_dropped"] += len(facts)


def _forget(_future: "asyncio.Future[list[Receipt]]") -> None:
    """For facts whose receipts nobody needs."""
