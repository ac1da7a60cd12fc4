"""Wrap-up that no record tells is found from what agents did next, long ones included."""

import heapq

import numpy as np

from simulations.fit.between import between_calls_s
from simulations.fit.calls import SECOND_NS, Calls, Collected
from simulations.fit.fitted import fit


def centre(wrap_up_s: float, calls: int = 4000, agents: int = 5) -> Calls:
    """A queue whose agents wrap up for an exponential time and come free in any order, and callers who give up."""
    chance = np.random.default_rng(8)
    found = Collected()
    free = [(0.0, agent) for agent in range(agents)]
    at_s = 0.0
    for _ in range(calls):
        at_s += chance.exponential(60)
        since_s, agent = heapq.heappop(free)
        wait_s, patience_s = max(since_s - at_s, 0.0), chance.exponential(150)
        begin_ns = round(at_s * SECOND_NS)
        if wait_s > patience_s:
            found.add(arrival_ns=begin_ns, wait_ns=round(patience_s * SECOND_NS), kind="sales", abandoned=True)
            heapq.heappush(free, (since_s, agent))
            continue
        talk_s = chance.lognormal(5.2, 0.8)
        found.add(
            arrival_ns=begin_ns,
            wait_ns=round(wait_s * SECOND_NS),
            handle_ns=round(talk_s * SECOND_NS),
            kind="sales",
            agent=f"a{agent}",
            answered=True,
        )
        heapq.heappush(free, (at_s + wait_s + talk_s + chance.exponential(wrap_up_s), agent))
    return found.calls("made up", "UTC")


def test_long_wrap_ups_are_not_left_out() -> None:
    found = between_calls_s(centre(20.0))
    assert found.low < 20.0 < found.high
    assert found.high - found.low < 4.0
    assert found.n > 1000


def test_it_is_asked_for_only_where_the_record_does_not_tell() -> None:
    calls = centre(20.0, calls=400)
    assert fit(calls).between_calls_s.n > 0
    calls.rows["wrap_up_ns"] = np.where(calls.rows["answered"], 0, -1)
    known = fit(calls)
    assert known.between_calls_s.n == 0
    assert known.queues[0].wrap_up is not None, "it is known that there is none"
