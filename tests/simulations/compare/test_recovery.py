"""When a service level is back, held against drawn counts of which it is known."""

from typing import Any

import numpy as np
import pytest

from simulations.compare.recovery import SHORT, Served, intervals_short, untold_drop

Array = np.ndarray[Any, Any]
INTERVALS, CALLERS, REPLICATIONS = 24, 50, 30
USUAL = 0.6


def drawn(seed: int, lost: Array, replications: int = REPLICATIONS) -> tuple[Served, Served]:
    """So many callers in each interval of a day that loses so much of its level, and of one that loses nothing."""
    random, shape = np.random.default_rng(seed), (replications, INTERVALS)
    wholes = np.full(shape, CALLERS)
    now, usual = (random.binomial(CALLERS, np.broadcast_to(level, shape)) for level in (USUAL - lost, USUAL))
    return Served(now, wholes), Served(usual, wholes)


def lost_in(first: int, share: float, rest: float = 0.0) -> Array:
    """Lost in the first intervals, and in all others."""
    return np.where(np.arange(INTERVALS) < first, share, rest)


def back(now: Served, usual: Served, target: float = 0.8) -> int:
    """After how many intervals one of three queues is back, at 95 %."""
    return intervals_short(now, usual, target, 0.95, 3)


@pytest.mark.parametrize("replications", [10, 30, 300])
def test_chance_alone_puts_it_off_seldom_however_many_intervals_and_replications(replications: int) -> None:
    found = [back(*drawn(seed, lost_in(4, 0.3), replications)) for seed in range(100)]
    assert min(found) == 4
    assert sum(after > 5 for after in found) <= 5


def test_less_than_half_a_point_is_back() -> None:
    for seed in range(10):
        assert back(*drawn(seed, lost_in(4, 0.3, SHORT), 3000)) in (4, 5)


def test_a_little_less_in_every_interval_is_found_in_all_together() -> None:
    found = [back(*drawn(seed, lost_in(4, 0.3, 0.03))) for seed in range(20)]
    assert np.median(found) > 8


def test_few_replications_tell_a_great_loss() -> None:
    assert all(back(*drawn(seed, lost_in(4, 0.4), 5)) >= 4 for seed in range(20))


def test_what_meets_its_target_or_nobody_came_to_is_not_short() -> None:
    now, usual = drawn(1, lost_in(4, 0.3))
    assert back(now, usual, target=0.2) == 0
    assert back(usual, usual) == 0
    nobody = Served(0 * now.parts, 0 * now.wholes)
    assert back(nobody, nobody) == 0


def test_what_stays_short_to_the_end_is_not_back() -> None:
    assert back(*drawn(1, lost_in(INTERVALS, 0.3))) == INTERVALS


def test_a_great_loss_that_few_replications_do_not_tell_is_said() -> None:
    """Of two replications of which one falls and the other does not, nothing is told: 15 points may be chance."""
    wholes = np.full((2, INTERVALS), 100)
    usual = Served(np.full((2, INTERVALS), 60), wholes)
    fallen = np.where(np.arange(INTERVALS) < 6, [[30], [60]], 60)
    now = Served(fallen, wholes)
    assert back(now, usual) == 0
    assert untold_drop(now, usual, 0.8, 0, 4) == pytest.approx(0.15), "as low right behind it, too"
    assert untold_drop(now, usual, 0.8, 0, 12) == pytest.approx(0.075)
    assert untold_drop(now, usual, 0.8, 6, 4) is None, "back when it was"
    assert untold_drop(now, usual, 0.4, 0, 4) is None, "it meets its target"
    assert untold_drop(usual, usual, 0.8, 0, 4) is None
    nobody = Served(0 * fallen, 0 * wholes)
    assert untold_drop(nobody, nobody, 0.8, 0, 4) is None
