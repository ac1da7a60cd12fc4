"""Intervals that follow one another are named as one stretch, with a day said once."""

from simulations.scenario.scenario import Scenario
from simulations.solve.stretches import named, stretches_of


def test_intervals_that_follow_one_another_are_one_stretch() -> None:
    assert stretches_of([1, 2, 3, 7, 9, 10]) == [(1, 3), (7, 7), (9, 10)]
    assert stretches_of([]) == []


def test_a_day_is_said_once() -> None:
    queue = {"arrivals": {"rate": "20/h"}, "handle": {"talk": "3m"}, "agents": 2}
    horizon = {"from": "2026-11-23 20:00", "to": "2026-11-24 08:00", "interval": "1h"}
    file = Scenario.of({"horizon": horizon, "queues": {"sales": queue}}).file
    assert named(file, [0, 1, 3]) == "2026-11-23 20:00 to 22:00, 23:00 to 2026-11-24 00:00"
    assert named(file, [3, 4, 6]) == "2026-11-23 23:00 to 2026-11-24 01:00, 02:00 to 03:00"
