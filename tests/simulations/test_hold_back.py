"""Is holding back worth it? The smallest centre in which it can be, with and without, on the same callers.

The N system: two queues of 2 calls a minute, calls of 4 minutes, patience of 3 minutes; 7 agents serve the first queue
only, 9 serve both. Both runs meet the same callers: when each comes, how long it would talk and wait is drawn before.
"""

import functools
from typing import Any

import numpy as np
import pytest

from engine.kernel.audit import audit
from engine.messages import kinds as k
from engine.messages.rows import pack_arrival, pack_requirement
from engine.model.settings import SECOND_NS, AgentSetting, QueueSetting
from engine.model.tallies import Tally
from simulations.world import Centre, World

CALLS = 12_000
SPECIALISTS, FLEXIBLE = 7, 9
RATE_PER_S, TALK_S, PATIENCE_S = 4 / 60, 240.0, 180.0


class NSystem(World):
    """The two queues with their agents; callers as drawn from the seed, whatever the routing."""

    def __init__(self, values: tuple[int, int], hold_back_s: int, *, seed: int = 1, calls: int = CALLS) -> None:
        draw = np.random.default_rng(seed)
        self.values, self._hold_back_s = values, hold_back_s
        self._gaps_s = draw.exponential(1 / RATE_PER_S, calls)
        self._queue_of = draw.integers(0, 2, calls)
        self._talks_s = draw.exponential(TALK_S, calls)
        self._patience_s = draw.exponential(PATIENCE_S, calls)
        self._arrived, self._number = 0, {-1: -1}
        self.held = 0
        agents = SPECIALISTS + FLEXIBLE
        super().__init__(Centre(agents, queues=2, skills=2, skills_per_agent=1, occupancy=1.0, contacts_max=256))
        self.run(calls)

    def _set_up(self) -> None:
        for queue, value in enumerate(self.values):
            self._observe(kind=k.REQUIREMENT_DEFINED, queue=queue + 1, a=pack_requirement((queue, 1)), b=-1)
            for column, setting in (
                (QueueSetting.REQUIREMENT, queue + 1),
                (QueueSetting.VALUE, 1000 * value),
                (QueueSetting.HOLD_BACK_NS, self._hold_back_s * SECOND_NS),
            ):
                self._observe(kind=k.SETTING_CHANGED, agent=k.TABLE_QUEUE, queue=queue, contact=int(column), a=setting)
        for agent in range(self.centre.agents):
            self._observe(kind=k.SETTING_CHANGED, agent=k.TABLE_AGENT, queue=agent, contact=AgentSetting.EXISTS, a=1)
            for skill in (0, 1) if agent >= SPECIALISTS else (0,):
                self._observe(kind=k.SETTING_CHANGED, agent=k.TABLE_SKILL_LEVEL, queue=agent, contact=0, a=1, b=skill)
            self._observe(kind=k.AGENT_STATUS_CHANGED, agent=agent, a=k.STATUS_AVAILABLE)

    def _arrival_times(self, contacts: int, rate_per_s: float) -> Any:
        return iter((self.now_ns + np.cumsum(self._gaps_s * SECOND_NS).astype(np.int64)).tolist())

    def _arrive(self) -> None:
        slot, queue = int(self.tables.slots[self.tables.book[0].slot_head]), int(self._queue_of[self._arrived])
        self._number[slot] = self._arrived
        self._arrived += 1
        self._observe(kind=k.CONTACT_ARRIVED, contact=slot, queue=queue, a=pack_arrival(0, 0))

    def _react(self, row: Any) -> None:
        kind, contact = int(row.kind), int(row.contact)
        number = self._number.get(contact, -1)
        if kind == k.CONTACT_QUEUED:
            self._later(self._patience_s[number], k.CONTACT_RELEASED, contact, -1)
        elif kind == k.OFFER_MADE:
            self._later(0.0, k.OFFER_ANSWERED, contact, int(row.agent))
        elif kind == k.CONTACT_ANSWERED:
            self._later(self._talks_s[number], k.CONTACT_RELEASED, contact, int(row.agent))
        elif kind == k.AGENT_HELD_BACK:
            self.held += 1
        if row["flags"] & k.FLAG_CLOSES:
            self._generation[contact] += 1

    def lost(self) -> list[int]:
        """Abandonments of each queue."""
        exits = [Tally.EXIT + k.EXIT_ABANDONED, Tally.EXIT + k.EXIT_SHORT_ABANDONED]
        cells = [queue * k.CHANNELS + k.VOICE for queue in range(2)]
        return [int(self.tables.tallies[cell, exits].sum()) for cell in cells]

    def cost(self) -> float:
        """Value lost a minute."""
        minutes = float(self._gaps_s.sum()) / 60
        return sum(value * lost for value, lost in zip(self.values, self.lost(), strict=True)) / minutes


@functools.cache
def run(values: tuple[int, int], hold_back_s: int) -> NSystem:
    """One run; the same question is not simulated twice."""
    return NSystem(values, hold_back_s)


@pytest.mark.slow
def test_it_saves_value_where_the_flexible_agents_are_dear() -> None:
    never, priced = run((1, 3), 0), run((1, 3), 600)
    assert never.held == 0 < priced.held
    assert audit(priced.tables) == []
    assert priced.cost() < 0.93 * never.cost()
    assert priced.lost()[1] < never.lost()[1]
    assert priced.lost()[0] > never.lost()[0], "it is not for nothing: the cheap queue waits"


@pytest.mark.slow
def test_the_bound_limits_what_it_costs_and_what_it_saves() -> None:
    never, short, long = (run((1, 3), bound_s) for bound_s in (0, 30, 600))
    assert never.lost()[0] < short.lost()[0] < long.lost()[0]
    assert long.cost() < short.cost() < never.cost()


@pytest.mark.slow
def test_queues_of_equal_value_are_served_as_ever() -> None:
    never, priced = run((1, 1), 0), run((1, 1), 600)
    assert priced.held < 0.02 * CALLS
    assert priced.cost() == pytest.approx(never.cost(), rel=0.02)
