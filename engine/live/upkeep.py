"""What a running engine does for its own health: the books audited, garbage collected when it does not hurt."""

import gc
import logging
from typing import Final

from engine.kernel.audit import CHECKS
from engine.live.loop import LiveEngine
from engine.live.memory import give_back
from engine.live.ticker import Ticker

AUDIT_EVERY_S: Final = 5.0
CHECK_AFTER_S: Final = 0.01
"""Between two checks of one audit: in a large house all at once would hold up calls for many milliseconds."""
COLLECT_EVERY_S: Final = 1.0
FULL_COLLECTION_TICKS: Final = 600
"""A full collection at most every so many ticks, in a second without a turn."""
BUSY_COLLECTION_TICKS: Final = 3 * FULL_COLLECTION_TICKS
"""Without such a second a full collection after so many ticks: what young ones let live grows otherwise for ever."""
YOUNG: Final = 1

logger = logging.getLogger(__name__)


class Upkeep:
    """Audits and collects on timers of the running loop."""

    def __init__(self, engine: LiveEngine) -> None:
        self._engine = engine
        self._auditor = Ticker("the audit of the books", AUDIT_EVERY_S, self._check, engine.counters)
        self._collector = Ticker("the collection of garbage", COLLECT_EVERY_S, self._collect, engine.counters)
        self._next_check = 0
        self._seq = 0
        self._ticks = 0

    def start(self) -> None:
        """Begin: what exists now is garbage never, so it is not looked at again; what a start needed is given back."""
        gc.collect()
        give_back()
        gc.freeze()
        gc.disable()
        self._collector.tick()
        self.audit()

    def stop(self) -> None:
        """Leave the collector to itself again."""
        self._auditor.stop()
        self._collector.stop()
        gc.enable()
        gc.unfreeze()

    def audit(self) -> None:
        """Check every invariant of the tables; what does not hold is counted and said."""
        for _ in CHECKS:
            self._auditor.tick()

    def _check(self) -> float:
        """Make one check; returns when the next is due."""
        number, self._next_check = self._next_check, (self._next_check + 1) % len(CHECKS)
        violations = CHECKS[number](self._engine.state.tables)
        self._engine.counters["invariant_violations"] += len(violations)
        for text in violations:
            logger.error("invariant violated at sequence %d: %s", self._engine.state.seq, text)
        if self._next_check:
            return CHECK_AFTER_S
        self._engine.counters["audits"] += 1
        return AUDIT_EVERY_S

    def _collect(self) -> float:
        self._ticks += 1
        idle, self._seq = self._engine.state.seq == self._seq, self._engine.state.seq
        if self._ticks >= (FULL_COLLECTION_TICKS if idle else BUSY_COLLECTION_TICKS):
            self._ticks = 0
            gc.collect()
            give_back()
        else:
            gc.collect(YOUNG)
        return COLLECT_EVERY_S
