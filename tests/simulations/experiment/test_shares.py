"""Limits of shares hold where few replications have a miss, and where none has one."""

from typing import Any

import numpy as np
import pytest

from simulations.experiment.estimates import ratio
from simulations.experiment.result import Result
from simulations.experiment.shares import shares
from simulations.experiment.simulate import simulate
from simulations.scenario.scenario import Scenario

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world
LEVELS = np.array([0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.9995])
CONTACTS = 40
BURST = 3.0
"""Misses that come together, in the mean."""
SETS = 400
"""Of replications: a coverage of .95 is told to .01."""


def _played(random: np.random.Generator, replications: int) -> tuple[Any, Any]:
    """Return contacts in time and all of them, shape (replications, intervals): misses come in bursts."""
    shape = (replications, len(LEVELS))
    wholes = random.poisson(CONTACTS, shape)
    bursts = random.poisson((1 - LEVELS) * wholes / BURST)
    # So many bursts of a geometric number each.
    missed = bursts + random.negative_binomial(np.maximum(bursts, 1), 1 / BURST) * (bursts > 0)
    return wholes - np.minimum(missed, wholes), wholes


def _covered(tell: Any, replications: int) -> Any:
    """Return in what part of the sets the limits of each interval hold the truth."""
    random = np.random.default_rng(7)
    parts, wholes = _played(random, 400_000)
    truth = parts.sum(axis=0) / wholes.sum(axis=0)
    held = np.zeros(len(LEVELS))
    for _ in range(SETS):
        found = tell(*_played(random, replications), 0.95)
        held += (found.low <= truth) & (truth <= found.high)
    return held / SETS


@pytest.mark.parametrize("replications", [10, 20, 50])
def test_limits_hold_the_truth_as_often_as_they_say(replications: int) -> None:
    covered = _covered(shares, replications)
    assert covered.min() > 0.92
    assert covered[:2].max() < 0.98  # where there are misses enough they are no wider than need be


def test_students_limits_alone_do_not() -> None:
    assert _covered(ratio, 20)[-1] < 0.5


def test_they_are_as_wide_as_students_where_these_lie_inside_0_to_1() -> None:
    parts, wholes = _played(np.random.default_rng(3), 20)
    student, found = ratio(parts, wholes, 0.95), shares(parts, wholes, 0.95)
    inside = (student.low > 0) & (student.high < 1)
    assert 3 <= inside.sum() < len(LEVELS)
    assert (found.low[inside] <= student.low[inside]).all()
    assert (found.high[inside] >= student.high[inside]).all()
    assert ((found.low >= 0) & (found.low < found.value) & (found.value <= found.high) & (found.high <= 1)).all()


def test_without_any_miss_more_contacts_leave_less_in_doubt() -> None:
    wholes = np.full((20, 3), (10.0, 100.0, 1000.0))
    found = shares(wholes, wholes, 0.95)
    assert (found.high == 1.0).all()
    assert (np.diff(found.low) > 0).all()
    assert found.low[0] == pytest.approx(1 / (1 + 2.093**2 * (1 + 9 * 0.05) / 200), abs=1e-4)
    mirrored = shares(np.zeros_like(wholes), wholes, 0.95)
    assert mirrored.high == pytest.approx(1 - found.low)
    assert (mirrored.low == 0.0).all()


def test_an_interval_without_contacts_has_no_share_and_spoils_no_other() -> None:
    parts, wholes = np.array([[9.0, 0.0], [10.0, 0.0]]), np.array([[10.0, 0.0], [10.0, 0.0]])
    found = shares(parts, wholes, 0.95)
    assert np.isnan([found.value[1], found.low[1], found.high[1]]).all()
    assert found.low[0] < 0.95 < found.high[0]
    alone = shares(parts[:1], wholes[:1], 0.95)
    assert alone.value[0] == 0.9
    assert np.isnan([alone.low[0], alone.high[0]]).all()


@pytest.fixture(scope="module")
def easy() -> Result:
    queue = {"arrivals": {"rate": "30/h"}, "handle": {"talk": "exponential(3m)"}, "patience": "exponential(2m)"}
    horizon = {"from": "2026-11-23 08:00", "to": "2026-11-23 10:00", "interval": "30m"}
    return simulate(Scenario.of({"horizon": horizon, "queues": {"q": queue | {"agents": 12}}}), 10, 1)


@pytest.mark.parametrize("figure", ["service_level", "staffed_level", "abandon_rate", "lost_rate", "p_wait"])
def test_every_share_of_an_interval_has_a_width(easy: Result, figure: str) -> None:
    found = easy.estimate(figure, "q", by_interval=True)
    assert (np.abs(found.value - np.round(found.value)) < 1e-9).all()
    assert (found.half_width > 0.005).all()
    assert easy.estimate(figure, "q").half_width == 0.0  # of the whole run Student's t stands
    if figure != "p_wait":
        assert (easy.by_queue(figure).low == found.low).all()


def test_times_keep_students_limits(easy: Result) -> None:
    assert (easy.estimate("asa_s", "q", by_interval=True).half_width == 0.0).all()
