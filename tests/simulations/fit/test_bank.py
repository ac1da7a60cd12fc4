"""The figures of two months of a real bank's calls come out as others measured them."""

import math

import numpy as np
import pytest

from simulations.fit.arrivals import day_counts, fit_arrivals, ordinary_weekdays
from simulations.fit.durations import fit_durations
from simulations.fit.patience import fit_patience
from tests.simulations.fit.bank_months import month

MONTHS = {
    "january": (30_140, 0.1022, 0.553, 37.7, 184.7, 224, 114, 369),
    "february": (31_094, 0.1265, 0.580, 44.0, 176.5, None, None, 348),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MONTHS)
def test_the_measured_figures(name: str) -> None:
    offered, abandoned, p_wait, wait_s, handle_s, sd_s, median_s, patience_s = MONTHS[name]
    calls = month(name)
    rows = calls.rows
    assert len(rows) == offered
    assert rows["abandoned"].mean() == pytest.approx(abandoned, abs=5e-5)
    assert (rows["wait_ns"] > 0).mean() == pytest.approx(p_wait, abs=5e-4)
    assert calls.waits_s.mean() == pytest.approx(wait_s, abs=0.05)
    known = rows["handle_ns"][rows["handle_ns"] > 0] / 1e9
    handled = fit_durations(known[known < 3600])  # who measured left out the three or four services beyond an hour
    assert handled.mean_s.value == pytest.approx(handle_s, abs=0.05)
    assert sd_s is None or handled.sd_s == pytest.approx(sd_s, abs=0.5)
    assert median_s is None or handled.quantiles_s[2] == median_s
    assert fit_patience(calls.waits_s, rows["abandoned"]).exponential_s.value == pytest.approx(patience_s, abs=0.5)


@pytest.mark.slow
def test_what_is_known_of_these_callers() -> None:
    calls = month("january")
    found = fit_patience(calls.waits_s, calls.rows["abandoned"])
    by_start = {low: per_minute for low, _, per_minute, _ in found.hazard}
    assert by_start[5] > by_start[30] < by_start[45] > by_start[75], "giving up peaks early, and after 60 s once more"
    counts = day_counts(calls, 1800)
    weekdays = ordinary_weekdays(counts)
    assert weekdays.tolist() == [0, 1, 2, 3, 6], "Sunday to Thursday are the working days"
    arrivals = fit_arrivals(calls, counts.on(weekdays))
    assert arrivals.poisson_distance < 0.02, "within minutes calls come by chance"
    assert arrivals.busyness.low > 0.05, "and days differ by more than chance"
    spread = np.array([value for value in arrivals.dispersion if not math.isnan(value)])
    assert np.median(spread) > 1.5
