"""The outbox: effects wait here until the turn that caused them is durable, then go to their adapters in order."""

import logging
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Final

from engine.messages.effects import AnyEffect, CallBack, EndContact, RefuseContact

logger = logging.getLogger(__name__)

ENDS: Final = (CallBack, EndContact, RefuseContact)
Act = Callable[[AnyEffect], None]


class Outbox:
    """Effects by the sequence that must be durable first. `routes` are the adapters' `act` by adapter name.

    Nothing is handed out while `is_open` is False, as it is at first: adapters get what happens before they are up, and
    while they start, afterwards. What follows for an adapter that stops stays here.
    """

    def __init__(self) -> None:
        self.routes: dict[str, Act] = {}
        self.callers: Mapping[str, str] = {}
        """Who calls back the customers of an adapter that cannot call, by the name of that one."""
        self.is_open = False
        self.acted = 0
        self.failed = 0
        self.unaddressed: Counter[str] = Counter()
        """Effects that nobody could carry out, by adapter name: it is not running, or the contact has no adapter."""
        self._held: deque[tuple[int, str, AnyEffect]] = deque()
        self._stopped: set[str] = set()
        self._kept: list[tuple[int, str, AnyEffect]] = []
        """Of adapters that were stopped."""

    def hold_first(self, effects: Sequence[tuple[str, AnyEffect]]) -> None:
        """Keep effects of before this process, which go out before all others."""
        self._held.extendleft((0, adapter, effect) for adapter, effect in reversed(effects))

    def stop(self, adapter: str) -> None:
        """Hand nothing to this adapter from now on: it is going, and could not carry it out."""
        self._stopped.add(adapter)

    def carrier(self, owner: str, calls_back: bool) -> str:
        """The adapter that carries out effects of a contact that `owner` brought."""
        return self.callers.get(owner, owner) if calls_back else owner

    def hold(self, last_seq: int, effects: Sequence[tuple[str, AnyEffect]]) -> None:
        """Keep the effects (adapter name, effect) of the turn that ends at `last_seq`; turns come in order."""
        for adapter, effect in effects:
            self._held.append((last_seq, adapter, effect))

    def release(self, durable_seq: int) -> None:
        """Hand out what follows from turns up to `durable_seq`. An adapter that raises is noted, not repeated."""
        held = self._held
        while self.is_open and held and held[0][0] <= durable_seq:
            _, adapter, effect = first = held.popleft()
            if adapter in self._stopped:
                self._kept.append(first)
                continue
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

    def owes_an_end(self, up_to_seq: int) -> bool:
        """Whether an adapter has not been told yet of a contact that was over by `up_to_seq`."""
        return any(
            seq <= up_to_seq and adapter in self.routes and isinstance(effect, ENDS)
            for seq, adapter, effect in chain(self._held, self._kept)
        )

    def __len__(self) -> int:
        return len(self._held) + len(self._kept)
