"""BYEs that did not arrive because the peer's connection was gone: sent again when it is back, and now and then.

Not over whatever connection comes from the peer's address: others may share that, and would learn of the dialog.
"""

from collections import Counter
from typing import Final, Protocol

from adapters.sip.protocol import DialogId, Headers, LocalProtocolError

KEPT_MAX: Final = 10_000
FIRST_DELAY_NS: Final = 15_000_000_000
LONGEST_DELAY_NS: Final = 300_000_000_000


class Leaver(Protocol):
    """What a leg has that is over."""

    agent: str
    """Whose phone it is; '' for a caller's."""

    @property
    def dialog_id(self) -> DialogId:
        """Its dialog."""

    def say_bye(self, headers: Headers) -> None:
        """Send a BYE. Raises LocalProtocolError."""


class Farewell:
    """One leg that is over, except that its peer does not know."""

    def __init__(self, leg: Leaver, headers: Headers, now_ns: int) -> None:
        self.leg = leg
        self.headers = headers
        self.since_ns = now_ns
        self.delay_ns = FIRST_DELAY_NS
        self.due_ns = now_ns + FIRST_DELAY_NS


class Farewells:
    """The legs whose BYE is still owed, for `limit_ns` each: by then the peer's session timer has ended it."""

    def __init__(self, counters: Counter[str], limit_ns: int) -> None:
        self._counters = counters
        self._limit_ns = limit_ns
        self._kept: dict[Leaver, Farewell] = {}
        self._by_dialog: dict[DialogId, Leaver] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, leg: Leaver, headers: Headers, now_ns: int) -> None:
        """The BYE of a leg did not arrive."""
        if leg not in self._kept and len(self._kept) < KEPT_MAX:
            self._kept[leg] = Farewell(leg, headers, now_ns)
            self._by_dialog[leg.dialog_id] = leg
            self._counters["byes_kept"] += 1

    def arrived(self, leg: Leaver) -> None:
        """The peer knows."""
        if self._drop(leg):
            self._counters["byes_arrived_late"] += 1

    def spoken_to(self, dialog: DialogId) -> None:
        """The peer has said something in the dialog, and is told by the answer that there is none any more."""
        leg = self._by_dialog.get(dialog)
        if leg is not None:
            self.arrived(leg)

    def registered(self, agent: str) -> None:
        """An agent's phone is back."""
        for farewell in list(self._kept.values()):
            if farewell.leg.agent == agent:
                self._say(farewell)

    def sweep(self, now_ns: int) -> None:
        """Try again what is due, and forget what is of no use any more."""
        for farewell in list(self._kept.values()):
            if now_ns - farewell.since_ns >= self._limit_ns:
                self._drop(farewell.leg)
                self._counters["byes_unanswered"] += 1
            elif now_ns >= farewell.due_ns:
                farewell.delay_ns = min(2 * farewell.delay_ns, LONGEST_DELAY_NS)
                farewell.due_ns = now_ns + farewell.delay_ns
                self._say(farewell)

    def _drop(self, leg: Leaver) -> bool:
        self._by_dialog.pop(leg.dialog_id, None)
        return self._kept.pop(leg, None) is not None

    def _say(self, farewell: Farewell) -> None:
        try:
            farewell.leg.say_bye(farewell.headers)
        except LocalProtocolError:
            self._counters["byes_unsent"] += 1
