"""The kernel's running estimates against what is so: contacts at known rates, sparse and dense, with known durations.

The naive twin follows the kernel's own order of counting and fading, so it cannot see an order that is wrong.
"""

import heapq
import random

import numpy as np
import pytest

from engine.kernel.erlang import mean_handle_ns, mean_patience_ns
from engine.messages import kinds as k
from engine.model.settings import SECOND_NS, QueueSetting
from tests.kernel.facts import Fact
from tests.kernel.scene import Scene

SERVED, UNSERVED = 0, 1
TALK_S = 25.0
PATIENCE_S = 90.0
CONTACTS = 4000


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
        self.came_ns: list[int] = []
        self.rates: list[list[float]] = [[], []]
        """By which each contact was routed when it came, a second."""

    def run(self) -> None:
        """Let contacts come to each queue, and leave in their time."""
        for _ in range(CONTACTS):
            self._pass_until(self.scene.now_ns + self._drawn_ns(self._gap_s))
            self.came_ns.append(self.scene.now_ns)
            for queue, rates in enumerate(self.rates):
                self._come(queue)
                rates.append(float(self.scene.tables.queues["rate"][queue]) * 1e9)

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


@pytest.mark.parametrize("gap_s", [14400, 3600, 600, 60, 5])
def test_rates_and_durations_are_estimated_as_they_are(gap_s: int) -> None:
    traffic = Traffic(gap_s)
    traffic.run()
    came_s = np.array(traffic.came_ns[CONTACTS // 4 :]) / SECOND_NS
    came = (len(came_s) - 1) / (came_s[-1] - came_s[0])
    for rates in traffic.rates:
        assert np.mean(rates[CONTACTS // 4 :]) == pytest.approx(came, rel=0.02)
    t = traffic.scene.tables
    assert float(mean_handle_ns(t, SERVED)) / 1e9 == pytest.approx(TALK_S, rel=0.1)
    assert float(mean_patience_ns(t, UNSERVED)) / 1e9 == pytest.approx(PATIENCE_S, rel=0.1)
