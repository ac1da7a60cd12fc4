"""What comes due by time alone: a word to those who wait, signs of life, sessions and registrations that ran out."""

import asyncio
from typing import Final

from adapters.sip.call import Calls, Phase
from adapters.sip.reinvite import refresh

EVERY_S: Final = 5.0


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
        for call in list(calls.by_name.values()):
            if call.phase == Phase.WAITING:
                call.caller.repeat(now_ns)
            elif call.caller.acknowledged and not call.caller.kept:
                # Short calls never cost this; after a restart it spares the peers a repeated answer.
                call.caller.kept = True
                core.mention([call.caller.recorded()])
        for leg in list(calls.dialogs.values()):
            session = leg.session
            if session is None or leg.closed or not leg.acknowledged:
                continue
            if now_ns >= session.expires_at_ns(leg.refreshed_ns):
                core.counters["sessions_expired"] += 1
                leg.call.release("network", 102)
            elif session.we_refresh and now_ns >= session.refresh_at_ns(leg.refreshed_ns):
                core.counters["sessions_refreshed"] += 1
                refresh(leg)

    def _ring(self) -> None:
        self.start()
        self.sweep()
