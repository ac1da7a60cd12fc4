"""A month predicted from another: the parts by hand, and the bank's February from nothing but January's people."""

from functools import cache

import msgspec
import numpy as np
import pytest

from engine.errors import ConfigError
from simulations.fit.calls import CALL, SECOND_NS, STINT, Calls
from simulations.fit.duty import last_waited_ns, served
from simulations.fit.habits import CREDITED, LINES, Drawn, drawn, habits_of, line_of, turnbull
from simulations.fit.predicted import Learnt, Prediction, learn, predict
from simulations.fit.read_bank import PRIORITY_CREDIT_S
from simulations.fit.recorded import Crew, as_recorded
from simulations.fit.statistics import Array
from tests.simulations.fit.bank_months import month

START_NS = 1_800_000_000 * SECOND_NS
CREDIT_NS = round(PRIORITY_CREDIT_S * SECOND_NS)


def calls_of(*arrivals_s: float) -> Calls:
    rows = np.zeros(len(arrivals_s), CALL)
    rows["arrival_ns"] = START_NS + (np.array(arrivals_s) * SECOND_NS).astype(np.int64)
    return Calls(rows, ("sales",), ("ann",), "UTC", "made up", {})


def played(calls: Calls, patience_s: Array, talk_s: float, away_s: float, hurry: float) -> list[float]:
    """Return waits, s, of calls to one agent; `patience_s`: shape (lines,)."""
    count = len(calls.rows)
    people = Drawn(
        np.zeros(count, bool),
        np.repeat(patience_s[:, None], count, axis=1).astype(np.int64) * SECOND_NS,
        np.full(count, round(talk_s * SECOND_NS)),
        np.full((len(LINES), count), round(away_s * SECOND_NS)),
    )
    crew = Crew(np.array([(0, START_NS - 1, START_NS + 9000 * SECOND_NS)], STINT), np.ones((1, 1), bool), 0)
    return [wait / SECOND_NS for wait in Prediction(calls, people, crew, 0, hurry).run().wait_ns.tolist()]


def test_a_type_that_habits_do_not_know_is_refused() -> None:
    known = calls_of(0.0, 10.0)
    known.rows["handle_ns"] = SECOND_NS
    habits, other = habits_of(known), calls_of(0.0)
    assert len(drawn(other, habits, seed=1).talk_ns) == 1
    with pytest.raises(ConfigError, match="calls of loans, and none in the record"):
        drawn(msgspec.structs.replace(other, types=("loans",)), habits, seed=1)


def test_an_agent_who_is_away_is_back_sooner_while_somebody_waits() -> None:
    calls, patient = calls_of(0, 50), np.full(len(LINES), 8000)
    assert played(calls, patient, 10, 100, hurry=1.0) == pytest.approx([0, 60], abs=1e-6)
    assert played(calls, patient, 10, 100, hurry=2.0) == pytest.approx([0, 30], abs=1e-6), "60 s are left, and halved"
    gave_up = np.array([20, *patient[1:]])
    # The second gives up after 20 s, in which 40 pass; 20 are left, of which 10 pass before the third comes.
    assert played(calls_of(0, 50, 80), gave_up, 10, 100, hurry=2.0) == pytest.approx([0, 20, 5], abs=1e-6)


def test_callers_are_as_patient_as_those_who_met_such_a_line() -> None:
    patience = np.array([1000, 30, 20, 10, 5])
    assert played(calls_of(0, 1, 2, 3), patience, 100, 0, 1.0) == pytest.approx([0, 99, 30, 20]), "lines of 0, 1 and 2"


def test_the_law_of_what_lies_between_bounds() -> None:
    exact = np.array([2.0, 2.0, 5.0, 9.0])
    assert turnbull(exact, exact, 20)[[2, 5, 9]] == pytest.approx([0.5, 0.25, 0.25])
    least, most = np.r_[exact, 0.0, 6.0], np.r_[exact, 4.0, 20.0]
    law = turnbull(least, most, 20)
    assert law[2] == pytest.approx(3 / 6), "the one that was over by 4 s goes to those of 2 s"
    assert law[9] == pytest.approx(2 / 6), "the one that lasted 6 s and more to the one of 9 s"
    assert law.sum() == pytest.approx(1)


def test_what_is_seen_of_an_agent_between_two_calls() -> None:
    """Somebody waited from 120 s to 150 s, gave up, and the agent was free by 300 s at the latest."""
    calls = calls_of(0, 120, 300)
    calls.rows["answered"], calls.rows["abandoned"] = [True, False, True], [False, True, False]
    calls.rows["handle_ns"], calls.rows["wait_ns"] = 100 * SECOND_NS, np.array([0, 30, 0]) * SECOND_NS
    calls.rows["agent"] = [0, -1, 0]
    assert (last_waited_ns(calls, served(calls)) - START_NS).tolist() == [150 * SECOND_NS]
    assert line_of(calls, START_NS + np.array([119, 120, 149, 150]) * SECOND_NS).tolist() == [0, 1, 1, 0]


def test_nothing_is_drawn_from_the_calls_but_their_types_and_number() -> None:
    learnt_from = calls_of(*range(0, 4000, 10))
    learnt_from.rows["wait_ns"] = np.arange(400) % 60 * SECOND_NS
    learnt_from.rows["abandoned"] = np.arange(400) % 3 == 0
    learnt_from.rows["answered"] = ~learnt_from.rows["abandoned"]
    learnt_from.rows["handle_ns"] = np.where(learnt_from.rows["answered"], 60 * SECOND_NS, -1)
    learnt_from.rows["priority"] = np.where(np.arange(400) % 2, CREDITED, 0)
    habits = habits_of(learnt_from)
    one = drawn(calls_of(*range(100)), habits, 1)
    other = calls_of(*range(100))
    other.rows["wait_ns"], other.rows["abandoned"], other.rows["priority"] = 999 * SECOND_NS, True, CREDITED
    again = drawn(other, habits, 1)
    assert all((getattr(one, name) == getattr(again, name)).all() for name in one.__struct_fields__)
    assert 0.3 < one.is_credited.mean() < 0.7


@cache
def of_january() -> Learnt:
    return learn(month("january"), CREDIT_NS)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("name", "abandoned_within", "p_wait_within", "wait_within_s"),
    [("january", 0.010, 0.04, 2.0), ("february", 0.015, 0.03, 3.0)],
)
def test_february_is_predicted_from_january(
    name: str, abandoned_within: float, p_wait_within: float, wait_within_s: float
) -> None:
    """The mean wait of January is what one number was calibrated to; nothing else of either month was fitted."""
    calls = month(name)
    happened, found = as_recorded(calls), predict(calls, of_january(), CREDIT_NS, seed=3)
    assert found.abandonment == pytest.approx(happened.abandonment, abs=abandoned_within)
    assert found.p_wait == pytest.approx(happened.p_wait, abs=p_wait_within)
    assert found.mean_wait_s == pytest.approx(happened.mean_wait_s, abs=wait_within_s)
