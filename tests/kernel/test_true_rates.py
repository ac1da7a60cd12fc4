"""The kernel's running estimates against what is so: contacts at known rates, sparse and dense, with known durations.

The naive twin follows the kernel's own order of counting and fading, so it cannot see an order that is wrong.
"""

import heapq
import random

import numpy as np
import pytest

from engine.kernel.erlang import STEADY_MEMORY_NS, mean_handle_ns, mean_patience_ns
from engine.messages import kinds as k
from engine.model.settings import SECOND_NS, QueueSetting
from tests.kernel.facts import Fact
from tests.kernel.scene import Scene

SERVED, UNSERVED = 0, 1
TALK_S = 25.0
PATIENCE_S = 90.0
CONTACTS = 2000


class Quick(Scene):
    """A scene whose books others look at."""

    def fact(self, kind: int, **fields: int) -> list[Fact]:
        """Observe a fact now."""
        self.said = self.observe(Fact(kind, at_ns=self.now_ns, **fields))
        return self.said


class Traffic:
    """Two queues with the same traffic by chance: one with agents for all, one that nobody serves."""

    def __init__(self, gap_s: float, seed: int = 3) -> None:
        scene = self.scene = Quick(agents=24, queues=2, contacts=256)
        scene.requirement(1, (0, 1))
        scene.queue(UNSERVED, QueueSetting.REQUIREMENT, 1)
        for queue in (SERVED, UNSERVED):
            scene.queue(queue, QueueSetting.STRATEGY, k.ERLANG)
        self._gap_s, self._draw = gap_s, random.Random(seed)
        self._ends: list[tuple[int, int]] = []
        self.rates: list[list[float]] = [[], []]
        """As each contact found them when it came, a second."""

    def run(self) -> None:
        """Let contacts come to each queue, and leave in their time."""
        for _ in range(CONTACTS):
            self._pass_until(self.scene.now_ns + self._drawn_ns(self._gap_s))
            for queue, rates in enumerate(self.rates):
                rates.append(float(self.scene.tables.queues["rate"][queue]) * 1e9)
                self._come(queue)

    def _drawn_ns(self, mean_s: float) -> int:
        return int(self._draw.expovariate(1 / mean_s) * SECOND_NS)

    def _come(self, queue: int) -> None:
        contact = self.scene.arrive(queue)
        if queue == SERVED:
            (offer,) = (fact for fact in self.scene.said if fact.kind == k.OFFER_MADE)
            self.scene.answer(contact, offer.agent)
        lasts_ns = self._drawn_ns(TALK_S if queue == SERVED else PATIENCE_S)
        heapq.heappush(self._ends, (self.scene.now_ns + lasts_ns, contact))

    def _pass_until(self, until_ns: int) -> None:
        while self._ends and self._ends[0][0] <= until_ns:
            at_ns, contact = heapq.heappop(self._ends)
            self.scene.wait((at_ns - self.scene.now_ns) / SECOND_NS)
            self.scene.release(contact)
        self.scene.wait((until_ns - self.scene.now_ns) / SECOND_NS)


@pytest.mark.parametrize("gap_s", [3600, 600, 60, 5])
def test_rates_and_durations_are_estimated_as_they_are(gap_s: int) -> None:
    traffic = Traffic(gap_s)
    traffic.run()
    # What is estimated when a contact comes counts that contact too: one of those whom a working day holds.
    most = 1 + gap_s * SECOND_NS / STEADY_MEMORY_NS
    for rates in traffic.rates:
        assert 1 - 0.08 < np.mean(rates[CONTACTS // 4 :]) * gap_s < most + 0.08
    t = traffic.scene.tables
    assert float(mean_handle_ns(t, SERVED)) / 1e9 == pytest.approx(TALK_S, rel=0.1)
    assert float(mean_patience_ns(t, UNSERVED)) / 1e9 == pytest.approx(PATIENCE_S, rel=0.1)
