"""Intervals of confidence against published values and against simulation-free identities."""

import pytest

from engine.projections.quality.statistics import mean, mean_of_sums, share, student_quantile, within

TABLE = {1: 12.7062, 2: 4.3027, 3: 3.1824, 4: 2.7764, 5: 2.5706, 10: 2.2281, 29: 2.0452, 60: 2.0003, 120: 1.9799}
"""Two-sided 5 % points of Student's t, as in every printed table."""


@pytest.mark.parametrize("degrees", TABLE)
def test_the_quantiles_are_those_of_the_tables(degrees: int) -> None:
    assert student_quantile(degrees) == pytest.approx(TABLE[degrees], abs=6e-5)
    assert within(student_quantile(degrees), degrees) == pytest.approx(0.95, abs=1e-9)


def test_the_expansion_continues_the_series() -> None:
    assert student_quantile(200) > student_quantile(201) > student_quantile(100_000) > 1.95996
    assert within(student_quantile(201), 201) == pytest.approx(0.95, abs=1e-9)


def test_a_share_has_the_interval_of_wilson() -> None:
    """Newcombe (Statistics in Medicine 17, 1998, 857-872), table I, method 3."""
    for part, whole, lo, hi in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)):
        found = share(part, whole)
        assert found is not None
        assert [found.lo, found.hi] == pytest.approx([lo, hi], abs=1e-4)
        assert found.n == whole
    assert share(0, 0) is None


def test_a_mean_has_the_interval_of_student() -> None:
    found = mean([(4.0, 3), (5.0, 2)], (1, 7))
    assert found is not None
    assert (found.value, found.lo, found.hi, found.n) == (4.4, 3.7199, 5.0801, 5)
    assert mean([], (1, 5)) is None
    assert mean_of_sums(0, 0, 0, (0, 100)) is None


@pytest.mark.parametrize(
    ("counted", "lo", "hi"),
    [
        ([(4.0, 3), (5.0, 2)], 3.7199, 5),
        ([(1.0, 9), (2.0, 1)], 1, 1.3262),
        ([(3.0, 1)], None, None),
        ([(4.0, 20)], None, None),
        ([(1.0, 1), (5.0, 1)], None, None),
    ],
    ids=["up to the best", "down to the worst", "one", "all the same", "the whole scale"],
)
def test_the_interval_of_a_mean_stays_inside_the_scale(
    counted: list[tuple[float, int]], lo: float | None, hi: float | None
) -> None:
    found = mean(counted, (1, 5))
    assert found is not None
    assert (found.lo, found.hi) == (lo, hi)
