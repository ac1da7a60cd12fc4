"""The way of facts to the engine: those of a call in their order, and bounded; what it has no room for waits here.

A call that has more to tell than may wait is ended, as the engine could not follow it: its release takes the place of
what waited.
"""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import Final

from adapters.sip.translate import CAUSE_CONGESTION
from engine.errors import Overloaded
from engine.messages.observed import ContactReleased, Observed
from engine.ports import EngineLink, Receipt

logger = logging.getLogger(__name__)

SOURCE: Final = "sip"
AGAIN_AFTER_S: Final = 0.2
"""When the engine cannot even take what ends something, it is told again so much later."""
LATE_OF_ONE_MAX: Final = 32
"""Facts of one call that may wait: a whole call has about ten, those of leg records included."""
LATE_MAX: Final = 16_384
"""Facts that may wait in all, releases not counted: of these there is one a call."""
REFUSALS_MAX: Final = 64
"""After so many refusals, a round tries releases alone: the engine takes those first."""

Then = Callable[[list[Receipt]], None]


class Facts:
    """Three ways to tell: `submit` says at once when there is no room, `insist` waits, `mention` may be lost."""

    def __init__(self, engine: EngineLink, counters: Counter[str]) -> None:
        self.engine = engine
        self.on_overrun: Callable[[str], None] = _nobody
        """Told of each contact whose release was told in place of its facts, not within the telling."""
        self._counters = counters
        self._late: dict[_Told, None] = {}
        """What the engine had no room for, in its order."""
        self._alone: defaultdict[str, dict[_Told, None]] = defaultdict(dict)
        """What of it is of one contact or agent alone, by whom it is of; of an agent there is one."""
        self._count: Counter[str] = Counter()
        """Late facts by whom they are of."""
        self._total = 0
        self._ending: set[str] = set()
        """Contacts whose release is late: nothing is to be said of them after it."""
        self._overrun: list[str] = []
        self._alarm: asyncio.TimerHandle | None = None
        self._stopping = False

    @property
    def late(self) -> int:
        """Facts that wait now."""
        return self._total

    def submit(self, facts: Sequence[Observed], then: Then | None = None) -> None:
        """Tell the engine; `then` gets the receipts once they are durable. Raises Overloaded.

        So it does while anything of the same contact waits, which this would pass by.
        """
        if self._is_behind(_Told(facts, then)):
            raise Overloaded("what was told before of the same contact waits for room")
        self._tell(facts, then)

    def insist(self, facts: Sequence[Observed], then: Then | None = None) -> None:
        """Tell the engine what it must know: again after a while when it has no room even for this.

        What is told of the same contact or agent meanwhile waits behind it. Of agents, each waits alone, and their
        latest takes the place of what waits; so nobody may ask for the receipts of these.
        """
        told = _Told(facts, then)
        assert then is None or not told.of_agent, "what waits of agents is told one by one, or not at all"
        if self._is_behind(told) or not self._is_told(told):
            for one in told.apart():
                self._wait(one)

    def mention(self, facts: Sequence[Observed]) -> None:
        """Tell the engine what it may miss when it has no room."""
        told = _Told(facts, None)
        if self._is_behind(told):
            for one in told.apart():
                self._wait(one)
        elif not self._is_told(told):
            self._counters["facts_dropped"] += len(facts)

    def stop(self) -> None:
        """Tell what is late once more; what there is no room for even now is lost."""
        self._stopping = True
        if self._alarm is not None:
            self._alarm.cancel()
        self._tell_late()
        for told in list(self._late):
            self._drop(told)

    # --- what waits

    def _is_behind(self, told: "_Told") -> bool:
        """Whether something must be told before."""
        return bool(self._late) and not self._count.keys().isdisjoint(told.subjects)

    def _wait(self, told: "_Told") -> None:
        """Let facts wait, within bounds."""
        if told.subjects <= self._ending:
            self._counters["facts_dropped"] += len(told.facts)
            return
        if told.of_agent:
            for before in self._of_all_alone(told.subjects):
                self._forget(before)  # where an agent is now is all that counts
        elif not told.releases and not self._has_room_for(told):
            self._counters["facts_dropped"] += len(told.facts)
            for contact in sorted(told.subjects - self._ending):
                self._overrun_by(contact)
            return
        self._counters["facts_delayed"] += len(told.facts)
        self._keep(told)

    def _of_all_alone(self, subjects: Collection[str]) -> "list[_Told]":
        """What waits of each of these alone."""
        return [told for subject in subjects if subject in self._alone for told in self._alone[subject]]

    def _has_room_for(self, told: "_Told") -> bool:
        more = len(told.facts)
        most = max(self._count[subject] for subject in told.subjects)
        return most + more <= LATE_OF_ONE_MAX and self._total + more <= LATE_MAX

    def _overrun_by(self, contact: str) -> None:
        """Say that the contact is over instead of all that waits of it alone; its call is ended a moment later."""
        for told in self._of_all_alone({contact}):
            self._drop(told)
        self._counters["calls_overrun"] += 1
        if not self._overrun:
            asyncio.get_running_loop().call_soon(self._end_overrun)
        self._overrun.append(contact)
        self.insist([ContactReleased(contact=contact, by="system", cause=CAUSE_CONGESTION)])

    def _end_overrun(self) -> None:
        contacts, self._overrun = self._overrun, []
        if self._stopping:
            return  # the calls are taken up by the next start, from what the log has
        logger.warning(
            "calls ended as the engine has no room for their facts: %d, the first %s; facts waiting: %d; of one call %d"
            " may, of all %d",
            len(contacts),
            contacts[0],
            self._total,
            LATE_OF_ONE_MAX,
            LATE_MAX,
        )
        for contact in contacts:
            self.on_overrun(contact)

    def _keep(self, told: "_Told") -> None:
        self._late[told] = None
        self._total += len(told.facts)
        for subject in told.subjects:
            self._count[subject] += len(told.facts)
        self._ending |= told.releases
        if (only := told.only) is not None:
            self._alone[only][told] = None
        if self._alarm is None and not self._stopping:
            self._alarm = asyncio.get_running_loop().call_later(AGAIN_AFTER_S, self._again)

    def _forget(self, told: "_Told") -> None:
        del self._late[told]
        if (only := told.only) is not None:
            del self._alone[only][told]
            if not self._alone[only]:
                del self._alone[only]
        self._total -= len(told.facts)
        for subject in told.subjects:
            self._count[subject] -= len(told.facts)
            if not self._count[subject]:
                del self._count[subject]
        self._ending -= told.releases

    def _drop(self, told: "_Told") -> None:
        self._forget(told)
        self._counters["facts_dropped"] += len(told.facts)

    def _again(self) -> None:
        self._alarm = None
        self._tell_late()
        if self._late:
            self._alarm = asyncio.get_running_loop().call_later(AGAIN_AFTER_S, self._again)

    def _tell_late(self) -> None:
        """Tell what waits, each contact's in its order."""
        blocked: set[str] = set()
        refusals = 0
        for told in list(self._late):
            if blocked.isdisjoint(told.subjects) and (told.releases or refusals < REFUSALS_MAX):
                if self._is_told(told):
                    self._forget(told)
                    continue
                refusals += 1
            blocked |= told.subjects

    # --- the engine

    def _is_told(self, told: "_Told") -> bool:
        try:
            self._tell(told.facts, told.then)
        except Overloaded:
            return False
        return True

    def _tell(self, facts: Sequence[Observed], then: Then | None) -> None:
        future = self.engine.submit(SOURCE, facts)
        future.add_done_callback(_ignore if then is None else lambda done: _give(done, then))


class _Told:
    """Facts that are told together."""

    __slots__ = ("facts", "of_agent", "releases", "subjects", "then")

    def __init__(self, facts: Sequence[Observed], then: Then | None) -> None:
        self.facts = facts
        self.then = then
        contacts = frozenset(contact for fact in facts if (contact := getattr(fact, "contact", "")))
        self.of_agent = not contacts
        """Whether they are of no contact, but of an agent."""
        self.subjects = contacts or frozenset(f"agent {getattr(fact, 'agent', '')}" for fact in facts)
        """Of whom they are."""
        self.releases = frozenset(fact.contact for fact in facts if isinstance(fact, ContactReleased))
        """Contacts that are over with them."""

    @property
    def only(self) -> str | None:
        """Of whom they are, where they are of one alone."""
        return next(iter(self.subjects)) if len(self.subjects) == 1 else None

    def apart(self) -> list["_Told"]:
        """The same as it may wait: those of several agents one by one, as each has a latest of their own."""
        return [_Told([fact], None) for fact in self.facts] if self.of_agent else [self]


def _nobody(_contact: str) -> None:
    """For those whose calls nobody ends."""


def _ignore(_future: "asyncio.Future[list[Receipt]]") -> None:
    """For facts whose receipts nobody needs."""


def _give(future: "asyncio.Future[list[Receipt]]", then: Then) -> None:
    if future.cancelled() or future.exception() is not None:
        return
    try:
        then(future.result())
    except Exception:
        logger.exception("receipts could not be handled")
