"""BYEs that did not arrive because the peer's connection was gone: sent again when it is back, and now and then."""

from collections import Counter
from typing import Final, Protocol

from adapters.sip.protocol import Headers, Hop, LocalProtocolError

KEPT_MAX: Final = 10_000
FIRST_DELAY_NS: Final = 15_000_000_000
LONGEST_DELAY_NS: Final = 300_000_000_000


class Leaver(Protocol):
    """What a leg has that is over."""

    agent: str
    """Whose phone it is; '' for a caller's."""
    flow: Hop | None
    """The connection that its dialog came by."""

    def say_bye(self, headers: Headers, over: Hop | None = None) -> None:
        """Send a BYE, `over` another connection than its own where given. Raises LocalProtocolError."""


class Farewell:
    """One leg that is over, except that its peer does not know."""

    def __init__(self, leg: Leaver, headers: Headers, now_ns: int) -> None:
        self.leg = leg
        self.headers = headers
        self.since_ns = now_ns
        self.delay_ns = FIRST_DELAY_NS
        self.due_ns = now_ns + FIRST_DELAY_NS
        self.was_heard = False
        """Whether somebody at the peer's address has said yes, who may be the peer."""


class Farewells:
    """The legs whose BYE is still owed, for `limit_ns` each: by then the peer's session timer has ended it."""

    def __init__(self, counters: Counter[str], limit_ns: int) -> None:
        self._counters = counters
        self._limit_ns = limit_ns
        self._kept: dict[Leaver, Farewell] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, leg: Leaver, headers: Headers, now_ns: int) -> None:
        """The BYE of a leg did not arrive."""
        if leg not in self._kept and len(self._kept) < KEPT_MAX:
            self._kept[leg] = Farewell(leg, headers, now_ns)
            self._counters["byes_kept"] += 1

    def arrived(self, leg: Leaver) -> None:
        """The peer knows."""
        if self._kept.pop(leg, None) is not None:
            self._counters["byes_arrived_late"] += 1

    def answered_elsewhere(self, leg: Leaver, status: int) -> None:
        """Somebody at the peer's address has answered, over another connection: that may be anybody there."""
        farewell = self._kept.get(leg)
        if farewell is not None and status < 300:
            farewell.was_heard = True
            self._counters["byes_answered_elsewhere"] += 1

    def registered(self, agent: str) -> None:
        """An agent's phone is back."""
        for farewell in list(self._kept.values()):
            if farewell.leg.agent == agent:
                self._say(farewell)

    def connected(self, hop: Hop) -> None:
        """Somebody has connected: it may be a peer that registers nowhere."""
        for farewell in list(self._kept.values()) if self._kept else ():
            leg = farewell.leg
            if not leg.agent and leg.flow is not None and leg.flow.host == hop.host:
                # It may also be somebody else behind the same address, so it does not become the leg's way.
                self._say(farewell, None if leg.flow == hop else hop)

    def sweep(self, now_ns: int) -> None:
        """Try again what is due, and forget what is of no use any more."""
        for farewell in list(self._kept.values()):
            if now_ns - farewell.since_ns >= self._limit_ns:
                del self._kept[farewell.leg]
                if not farewell.was_heard:
                    self._counters["byes_unanswered"] += 1
            elif now_ns >= farewell.due_ns:
                farewell.delay_ns = min(2 * farewell.delay_ns, LONGEST_DELAY_NS)
                farewell.due_ns = now_ns + farewell.delay_ns
                self._say(farewell)

    def _say(self, farewell: Farewell, over: Hop | None = None) -> None:
        try:
            farewell.leg.say_bye(farewell.headers, over)
        except LocalProtocolError:
            self._counters["byes_unsent"] += 1
