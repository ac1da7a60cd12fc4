"""Service level and abandonment: the golden vector, the live rule, and 0/0."""

import numpy as np
import pytest

from engine.messages.kinds import (
    EXIT_ABANDONED,
    EXIT_ANSWERED,
    EXIT_CALLBACK,
    EXIT_KEY,
    EXIT_SHORT_ABANDONED,
    EXIT_TIMED_OUT,
)
from engine.model.tallies import TALLY_COLUMNS, Tally
from engine.projections.figures import Counts, counts
from engine.projections.formulas import abandonment, service_level

THRESHOLD_S = 20.0


@pytest.fixture
def golden() -> Counts:
    """100 offered: 70 answered <= T, 12 later; 10 abandoned <= T (6 short), 8 later; 11 flow-outs."""
    tally = np.zeros(TALLY_COLUMNS, np.int64)
    tally[Tally.ENTRIES] = 111
    for exit_number, count in (
        (EXIT_ANSWERED, 82),
        (EXIT_ABANDONED, 12),
        (EXIT_SHORT_ABANDONED, 6),
        (EXIT_CALLBACK, 5),
        (EXIT_TIMED_OUT, 4),
        (EXIT_KEY, 2),
    ):
        tally[Tally.EXIT + exit_number] = count
    tally[Tally.ANSWERED_WITHIN] = 70
    tally[Tally.ABANDONED_WITHIN] = 10
    tally[Tally.OTHER_WITHIN] = 3
    tally[Tally.MET] = 70
    # 12 answered late, 12 gave up (not the short ones), 4 timed out, 2 callbacks asked for late; the keys were in time.
    tally[Tally.MISSED] = 12 + 12 + 4 + 2
    return counts(tally)


@pytest.mark.parametrize(
    ("name", "met", "of", "percent"),
    [
        ("SL_ANS", 70, 82, 85.37),
        ("SL_OFF", 70, 100, 70.00),
        ("SL_IGN", 70, 90, 77.78),
        ("SL_POS", 80, 100, 80.00),
        ("SL_AST2", 80, 104, 76.92),
        ("SL_SHORT", 70, 94, 74.47),
        ("SL_QUEUED", 83, 111, 74.77),
        ("SL_ALL", 70, 111, 63.06),
        ("SL_LIVE", 70, 100, 70.00),
        ("live", 70, 100, 70.00),
        ("answered", 70, 82, 85.37),
        ("offered", 70, 94, 74.47),
        ("abandons_in", 80, 100, 80.00),
        ("all", 70, 111, 63.06),
    ],
)
def test_every_variant_gives_the_golden_vectors_figure(
    golden: Counts, name: str, met: int, of: int, percent: float
) -> None:
    level = service_level.service_level(service_level.variant(name), golden, THRESHOLD_S)
    assert (level.met, level.of) == (met, of)
    assert level.value is not None
    assert round(100 * level.value, 2) == percent
    assert level.operator == "<="
    assert level.formula


@pytest.mark.parametrize(
    ("name", "percent"),
    [
        ("SL_OFF", 67.31),
        ("SL_POS", 76.92),
        ("SL_SHORT", 71.43),
        ("SL_ALL", 60.87),
        ("SL_LIVE", 67.31),
        ("SL_ANS", 85.37),
    ],
)
def test_contacts_waiting_past_the_threshold_are_misses_already(golden: Counts, name: str, percent: float) -> None:
    level = service_level.service_level(service_level.variant(name), golden, THRESHOLD_S, overdue=4)
    assert level.value is not None
    assert round(100 * level.value, 2) == percent
    assert level.overdue == (0 if name == "SL_ANS" else 4)


@pytest.mark.parametrize(
    ("name", "percent"), [("AR_OFF", 18.00), ("AR_NET", 12.77), ("AR_NUM", 12.00), ("AR_QUEUED", 16.22)]
)
def test_abandonment_gives_the_golden_vectors_figure(golden: Counts, name: str, percent: float) -> None:
    rate = abandonment.abandonment(abandonment.variant(name), golden)
    assert rate.value is not None
    assert round(100 * rate.value, 2) == percent


def test_nothing_counted_is_null_and_not_zero() -> None:
    nothing = counts(np.zeros(TALLY_COLUMNS, np.int64))
    assert {level.value for level in service_level.all_service_levels(nothing, THRESHOLD_S)} == {None}
    assert {rate.value for rate in abandonment.all_abandonments(nothing)} == {None}


def test_an_unknown_variant_is_answered_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match="SL_OFF"):
        service_level.variant("SL_80")
    with pytest.raises(KeyError, match="AR_NET"):
        abandonment.variant("AR")
