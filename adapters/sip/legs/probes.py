"""After a restart: asks the peers of connected calls whether they are still there, and ends the calls of those gone.

Nobody can hang up while no engine runs, and whoever gave up meanwhile would stay connected, and the agent busy, until
the session timer ends it. Who says something first is not asked; the others get OPTIONS within the dialog (§12.2.1.2),
so many in a second, after those have had time to repeat a BYE.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable
from typing import Final

from adapters.sip.core import Core
from adapters.sip.legs.leg import Leg
from adapters.sip.protocol import ClientTransaction, LocalProtocolError, Response
from adapters.sip.settings import SECOND_NS
from adapters.sip.translate import CAUSE_GONE, GONE

logger = logging.getLogger(__name__)

DELAY_T1: Final = 10
"""Multiples of T1 before the first question, and between two: longer than T2, so a BYE has been repeated by then."""
AT_ONCE: Final = 25
EVERY_S: Final = 0.05
"""So many are asked so often."""


class Probes:
    """The legs that nothing was heard of since the start, in the order in which they are asked."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self._due: deque[tuple[float, Probe]] = deque()
        self._alarm: asyncio.TimerHandle | None = None

    def start(self, legs: Iterable[Leg]) -> None:
        """Ask all of these, unless they speak first."""
        for leg in legs:
            self.later(Probe(self, leg))
        self._set_alarm()

    def stop(self) -> None:
        """Ask nobody any more."""
        self._due.clear()
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def later(self, probe: "Probe") -> None:
        """Ask after a while."""
        delay_s = DELAY_T1 * self.core.endpoint.layer.timing.t1_ns / SECOND_NS
        self._due.append((asyncio.get_running_loop().time() + delay_s, probe))
        self._set_alarm()

    def _set_alarm(self) -> None:
        if self._due and self._alarm is None and not self.core.stopping:
            loop = asyncio.get_running_loop()
            self._alarm = loop.call_at(max(self._due[0][0], loop.time() + EVERY_S), self._ring)

    def _ring(self) -> None:
        self._alarm = None
        now_s = asyncio.get_running_loop().time()
        asked = 0
        while self._due and self._due[0][0] <= now_s and asked < AT_ONCE:
            _, probe = self._due.popleft()
            try:
                asked += probe.ask()
            except Exception:
                self.core.counters["probes_failed"] += 1
                logger.exception("a leg could not be asked")
        self._set_alarm()


class Probe:
    """One leg in doubt."""

    def __init__(self, probes: Probes, leg: Leg) -> None:
        self._probes = probes
        self._leg = leg
        self._core = leg.core
        self._since_ns = 0
        """When it was first found that there is no way to the peer; 0: never."""

    def ask(self) -> bool:
        """Send what the peer must answer; False when there is no doubt any more."""
        leg = self._leg
        if not leg.in_doubt or leg.closed:
            return False
        if leg.repeat_answer():
            self._probes.later(self)
            return True
        self._core.counters["probes"] += 1
        try:
            leg.request("OPTIONS", self)
        except LocalProtocolError:
            self._not_sent()
        return True

    def on_response(self, _transaction: ClientTransaction, response: Response) -> None:
        """Whatever is said within the dialog, somebody is there, unless it says that there is none (§12.2.1.2)."""
        leg = self._leg
        if response.status < 200 or leg.closed:
            return
        if response.status not in GONE:
            leg.is_heard()
            return
        if response.status == 481:
            leg.close()
        self._gone()

    def on_failure(self, _transaction: ClientTransaction, status: int) -> None:
        """Nobody has said anything, or nobody could be asked."""
        if status in GONE:
            self._gone()
        else:
            self._not_sent()

    def _not_sent(self) -> None:
        """There is no connection to the peer: it may be starting, too; one who made the connection must come back."""
        leg, endpoint = self._leg, self._core.endpoint
        if not leg.in_doubt or leg.closed:
            return
        if leg.comes_by_itself:
            self._core.counters["probes_unsent"] += 1
            return
        now_ns = endpoint.now_ns()
        self._since_ns = self._since_ns or now_ns
        if now_ns - self._since_ns < endpoint.layer.timing.timeout_ns:
            self._probes.later(self)
        else:
            self._gone()

    def _gone(self) -> None:
        leg = self._leg
        if leg.in_doubt:
            leg.in_doubt = False
            self._core.counters["peers_gone"] += 1
            leg.call.release("network", CAUSE_GONE)
