"""The outbox: effects wait here until the turn that caused them is durable, then go to their adapters in order."""

import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Final

from engine.messages.effects import AnyEffect, CallBack, EndContact, RefuseContact

logger = logging.getLogger(__name__)

ENDS: Final = (CallBack, EndContact, RefuseContact)
Act = Callable[[AnyEffect], None]


class Outbox:
    """Effects by the sequence that must be durable first. `routes` are the adapters' `act` by adapter name.

    Nothing is handed out while `is_open` is False: adapters that are still starting get what happened meanwhile after.
    """

    def __init__(self) -> None:
        self.routes: dict[str, Act] = {}
        self.is_open = True
        self.acted = 0
        self.failed = 0
        self.unaddressed: Counter[str] = Counter()
        """Effects that nobody could carry out, by adapter name: it is not running, or the contact has no adapter."""
        self._held: deque[tuple[int, str, AnyEffect]] = deque()

    def hold(self, last_seq: int, effects: Sequence[tuple[str, AnyEffect]]) -> None:
        """Keep the effects (adapter name, effect) of the turn that ends at `last_seq`; turns come in order."""
        for adapter, effect in effects:
            self._held.append((last_seq, adapter, effect))

    def release(self, durable_seq: int) -> None:
        """Hand out what follows from turns up to `durable_seq`. An adapter that raises is noted, not repeated."""
        held = self._held
        while self.is_open and held and held[0][0] <= durable_seq:
            _, adapter, effect = held.popleft()
            act = self.routes.get(adapter)
            if act is None:
                self.unaddressed[adapter] += 1
                continue
            try:
                act(effect)
                self.acted += 1
            except Exception:
                self.failed += 1
                logger.exception("adapter %s failed to carry out %r", adapter, effect)

    @property
    def owes_an_end(self) -> bool:
        """Whether an adapter has not been told yet that a contact is over."""
        return any(adapter in self.routes and isinstance(effect, ENDS) for _, adapter, effect in self._held)

    def __len__(self) -> int:
        return len(self._held)
