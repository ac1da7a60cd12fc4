"""Laws of patience: what they say of themselves, against numerical integrals and each other, and what they refuse."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import TrunklineError
from simulations import queueing as q
from simulations.queueing.laws import at

LAWS = {
    "exponential": q.exponential(120.0),
    "deterministic": q.deterministic(120.0),
    "erlang": q.erlang(120.0, 7),
    "nearly fixed": q.erlang(120.0, 400),
    "mixture": q.hyperexponential((0.3, 0.7), (2.0, 300.0)),
    "lognormal": q.lognormal(120.0, 1.3),
    "narrow lognormal": q.lognormal(120.0, 0.05),
    "curve": q.empirical((0.0, 30.0, 60.0, 300.0), (0.97, 0.8, 0.5, 0.1)),
    "callers": q.empirical((5.0, 5.0, 40.0, 200.0)),
    "some balk": q.balking(0.2, q.erlang(120.0, 2)),
}


@pytest.mark.parametrize("name", LAWS)
def test_shares_and_integrals_of_a_law_agree(name: str) -> None:
    law = LAWS[name]
    times, rows = np.linspace(0.0, 600.0, 12_001), law.rows()
    triples = np.array([at(law.kind, rows, 0, x) for x in times])
    staying, gone, integral = triples.T
    assert staying + gone == pytest.approx(np.ones_like(staying), abs=1e-12)
    assert (np.diff(staying) <= 1e-14).all()
    summed = np.cumsum(0.5 * (staying[1:] + staying[:-1]) * np.diff(times))
    assert integral[1:] == pytest.approx(summed, rel=1e-3, abs=0.03)
    assert law.staying(60.0) == pytest.approx(law.row[0] * staying[1_200])


def test_gone_is_exact_where_hardly_anybody_is() -> None:
    for law, wanted in (
        (q.exponential(1e6), 1e-9),
        (q.erlang(120.0, 2), 0.5 * (2e-3 / 120) ** 2),
        (q.hyperexponential((0.5, 0.5), (1e6, 1e6)), 1e-9),
    ):
        assert at(law.kind, law.rows(), 0, 1e-3)[1] == pytest.approx(wanted, rel=2e-5)


def test_one_queue_by_laws_that_come_to_the_same() -> None:
    same = [
        (q.exponential(180.0), q.erlang(180.0, 1)),
        (q.exponential(180.0), q.hyperexponential((0.5, 0.5), (180.0, 180.0))),
        (q.balking(0.0, q.lognormal(90.0, 1.0)), q.lognormal(90.0, 1.0)),
        (q.deterministic(60.0), q.empirical((60.0,))),
        (q.hyperexponential_of(60.0, 1.0), q.exponential(60.0)),
    ]
    for one, other in same:
        for agents in (6, 12, 40):
            left, right = (q.mmcg(144.0, 300.0, law, agents, within_s=[0.0, 20.0, 400.0]) for law in (one, other))
            for name, a, b in zip(left._fields, left, right, strict=True):
                # Hardly anybody gives up with 40 agents; the mean wait of these few is a difference of two sums.
                assert a == pytest.approx(b, rel=1e-6 if name == "wait_abandoned_s" else 1e-9, abs=1e-14), name


def test_a_fine_curve_comes_near_to_the_law_it_was_drawn_from() -> None:
    times = np.linspace(0.0, 3000.0, 30_001)[1:]
    curve = q.empirical(times, np.exp(-(times + 0.05) / 180.0))
    figures, wanted = q.mmcg(6000.0, 300.0, curve, 490), q.erlang_a(6000.0, 300.0, 180.0, 490)
    for name in ("p_wait", "p_abandon", "asa_s", "service_level_offered"):
        assert getattr(figures, name) == pytest.approx(getattr(wanted, name), rel=1e-4)


def test_whoever_never_gives_up_may_wait_for_ever() -> None:
    patient = q.empirical((60.0,), (0.5,))
    stable, lost = q.mmcg(144.0, 300.0, patient, [7, 6])[2:4]
    assert stable[0] < 1.0
    figures = q.mmcg(144.0, 300.0, patient, 6)
    assert (figures.p_wait, figures.service_level_offered, figures.asa_s) == (1.0, 0.0, math.inf)
    assert figures.p_abandon == pytest.approx(0.5)
    assert lost[1] == figures.p_abandon


@given(st.floats(1.0, 4000.0), st.floats(0.3, 3.0), st.floats(0.01, 100.0), st.integers(0, 3), st.floats(0.0, 3.0))
def test_figures_are_sound_whatever_the_queue(load: float, busy: float, ratio: float, kind: int, within: float) -> None:
    handle_s, agents = 300.0, max(round(load / busy), 1)
    mean_s = handle_s * ratio
    law = (q.exponential(mean_s), q.deterministic(mean_s), q.lognormal(mean_s, 1.5), q.erlang(mean_s, 3))[kind]
    figures = q.mmcg(load * 12.0, handle_s, law, agents, within_s=within * mean_s)
    shares = [figures.p_wait, figures.p_abandon, figures.occupancy, *figures[8:11]]
    assert all(0.0 <= share <= 1.0 for share in shares)
    assert figures.service_level_offered <= figures.service_level_virtual + 1e-12
    # What is served is what the agents do: the balance that none of the sums was made from.
    answered = load * (1.0 - figures.p_abandon)
    busy_agents = agents - _idle(load, agents, figures.p_wait)
    assert answered == pytest.approx(busy_agents, rel=1e-8)


def _idle(load: float, agents: int, p_wait: float) -> float:
    """Mean idle agents: the states below all busy are Erlang B's of one server less, whatever happens beyond."""
    blocked = float(q.erlang_b(load, agents - 1))
    return (1.0 - p_wait) * (agents - load * (1.0 - blocked))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: q.exponential(0.0), "mean_s is 0"),
        (lambda: q.erlang(10.0, 401), "phases is 401"),
        (lambda: q.hyperexponential((0.5, 0.4), (1.0, 2.0)), "sum to 1"),
        (lambda: q.hyperexponential((1.0,), (1.0, 2.0)), "one share for each mean"),
        (lambda: q.hyperexponential_of(10.0, 0.5), "squared_variation is 0.5"),
        (lambda: q.lognormal(10.0, -1.0), "variation is -1"),
        (lambda: q.empirical(()), "at least one time"),
        (lambda: q.empirical((2.0, 1.0), (0.5, 0.2)), "rising"),
        (lambda: q.empirical((1.0, 2.0), (0.2, 0.5)), "must fall"),
        (lambda: q.balking(1.0, q.exponential(1.0)), "share is 1"),
    ],
)
def test_laws_that_make_no_sense(make: Sequence[int], words: str) -> None:
    with pytest.raises(TrunklineError, match=words):
        make()  # type: ignore[operator]
