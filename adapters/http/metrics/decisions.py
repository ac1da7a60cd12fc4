"""What routing did since the process started, from durable turns: decisions by queue, strategy and result."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, Metric

from engine.messages.kinds import (
    AGENT_HELD_BACK,
    ERLANG,
    OFFER_MADE,
    STRATEGY_NAMES,
)
from engine.model.names import Names
from engine.ports import Turn

OFFERED: Final = "offered"
HELD_BACK: Final = "held_back"
DECISIONS_MAX: Final = 1000
"""Combinations of queue, strategy and result that are counted apart; the rest counts for the queue `other`."""
OTHER: Final = -1


class DecisionCounts:
    """Counts by number; names are given when it is asked."""

    def __init__(self) -> None:
        self._decided: Counter[tuple[int, int, str]] = Counter()

    def note(self, turn: Turn) -> None:
        """Count one durable turn."""
        rows = turn.rows
        kinds = rows["kind"]
        for kind, result in ((OFFER_MADE, OFFERED), (AGENT_HELD_BACK, HELD_BACK)):
            chosen = rows.compress(kinds == kind)
            by = (chosen["b"] >> 20 & 0xFF).tolist() if kind == OFFER_MADE else [ERLANG] * len(chosen)
            for queue, how in zip(chosen["queue"].tolist(), by, strict=True):
                known = (queue, how, result) in self._decided or len(self._decided) < DECISIONS_MAX
                self._decided[queue if known else OTHER, how, result] += 1

    def families(self, queues: Names) -> Iterator[Metric]:
        """Yield what was counted."""
        decided = CounterMetricFamily(
            "trunkline_routing_decisions", "Offers made, and agents held back", labels=["queue", "strategy", "result"]
        )
        for (queue, how, result), count in list(self._decided.items()):
            name = "other" if queue == OTHER else queues.name(queue)
            decided.add_metric([name, STRATEGY_NAMES.get(how, str(how)), result], count)
        yield decided
