"""What comes due by time alone: a word to those who wait, signs of life, sessions and registrations that ran out."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

from adapters.sip.calls.call import Call, Calls, Phase
from adapters.sip.legs.leg import Leg
from adapters.sip.sessions.reinvite import refresh

logger = logging.getLogger(__name__)

EVERY_S: Final = 5.0
EVERY_NS: Final = int(EVERY_S * 1e9)


class Housekeeping:
    """Looks through calls and dialogs every few seconds; their times are minutes."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._alarm: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin."""
        self._alarm = asyncio.get_running_loop().call_later(EVERY_S, self._ring)

    def stop(self) -> None:
        """End."""
        if self._alarm is not None:
            self._alarm.cancel()

    def sweep(self) -> None:
        """Do what is due."""
        calls, core = self._calls, self._calls.core
        now_ns = core.endpoint.now_ns()
        core.registrar.expire()
        core.farewells.sweep(now_ns)
        for call in list(calls.by_name.values()):
            self._guarded(self._look_at_call, call, now_ns)
        for leg in list(calls.dialogs.values()):
            self._guarded(self._look_at_leg, leg, now_ns)

    def _guarded(self, look: Callable[[Any, int], None], at: Call | Leg, now_ns: int) -> None:
        """Look at one of many: what is wrong with it must not keep the others waiting."""
        try:
            look(at, now_ns)
        except Exception:
            self._calls.core.counters["sweeps_failed"] += 1
            logger.exception("housekeeping failed at %r", at)

    def _look_at_call(self, call: Call, now_ns: int) -> None:
        if call.phase == Phase.WAITING:
            call.caller.repeat(now_ns + EVERY_NS)  # the next look would be too late
        elif call.caller.acknowledged and not call.caller.kept:
            # Short calls never cost this; after a restart it spares the peers a repeated answer.
            call.caller.kept = True
            call.core.facts.mention([call.caller.recorded()])

    def _look_at_leg(self, leg: Leg, now_ns: int) -> None:
        session = leg.session
        if session is None or leg.closed or not leg.acknowledged:
            return
        if now_ns >= session.expires_at_ns(leg.refreshed_ns):
            leg.core.counters["sessions_expired"] += 1
            leg.call.release("network", 102)
        elif session.we_refresh and now_ns >= session.refresh_at_ns(leg.refreshed_ns):
            leg.core.counters["sessions_refreshed"] += 1
            refresh(leg)

    def _ring(self) -> None:
        self.start()
        self.sweep()
