"""Estimates find back what samples were made from, and say how sure they are."""

import math
from datetime import date, datetime

import numpy as np
import pytest

from simulations.fit.arrivals import busyness, cut_short, day_counts, fit_arrivals, ordinary_weekdays, poisson_test
from simulations.fit.calls import CALL, SECOND_NS, Calls, instant_ns, local_ns
from simulations.fit.durations import PROBABILITIES, fit_durations
from simulations.fit.fitted import fit
from simulations.fit.observed import edges_ns
from simulations.fit.patience import SAMPLES, fit_patience, kaplan_meier, samples
from simulations.fit.retrials import fit_retrials
from simulations.fit.statistics import Array, kolmogorov_p, mean_of, share_of

MONDAY_NS = 1_795_392_000 * SECOND_NS
DAY_NS = 86_400 * SECOND_NS


def calls_at(arrivals_ns: Array, time_zone: str = "UTC") -> Calls:
    rows = np.zeros(len(arrivals_ns), CALL)
    rows["arrival_ns"] = np.sort(arrivals_ns)
    rows["customer"] = -1
    return Calls(rows, ("calls",), (), time_zone, "made up", {})


def test_the_law_that_samples_were_made_by_is_found() -> None:
    chance = np.random.default_rng(1)
    made = {
        "exponential": chance.exponential(180, 4000),
        "lognormal": chance.lognormal(5, 0.8, 4000),
        "erlang": chance.gamma(3, 60, 4000),
        "hyperexponential": np.where(
            chance.random(4000) < 0.9, chance.exponential(50, 4000), chance.exponential(450, 4000)
        ),
    }
    for name, found in made.items():
        best = fit_durations(found).laws[0]
        assert best.name == name
        assert best.ks_p > 0.01
        observed = np.quantile(found, PROBABILITIES)
        assert np.abs(np.log(best.quantiles_s / observed))[1:-1].max() < 0.1
    assert fit_durations(made["erlang"]).best == f"erlang(mean={made['erlang'].mean():.1f}s, k=3)"
    exponential = {law.name: law for law in fit_durations(made["exponential"]).laws}
    assert exponential["erlang"].aic == pytest.approx(exponential["exponential"].aic + 2)


def test_a_wrong_law_fails_the_test_of_its_fit() -> None:
    laws = {law.name: law for law in fit_durations(np.random.default_rng(2).lognormal(5, 0.8, 2000)).laws}
    assert laws["exponential"].ks_p < 1e-6
    assert laws["lognormal"].aic < laws["exponential"].aic


def test_few_or_no_durations_make_no_law() -> None:
    few = fit_durations(np.array([10.0, 30.0, 0.0]), unknown=4)
    assert (few.mean_s.value, few.unknown, few.laws, few.best) == (20.0, 5, [], "exponential(20.0s)")
    assert fit_durations(np.zeros(0)).mean_s.n == 0


def test_patience_is_found_behind_the_waits_that_an_answer_cut_short() -> None:
    chance = np.random.default_rng(3)
    patience, answer = chance.exponential(200, 20_000), chance.exponential(60, 20_000)
    waits, gave_up = np.minimum(patience, answer), patience < answer
    found = fit_patience(waits, gave_up)
    assert found.exponential_s.low < 200 < found.exponential_s.high
    assert found.exponential_distance < 0.05
    for _, _, per_minute, count in found.hazard:
        assert count < 200 or per_minute == pytest.approx(60 / 200, rel=0.25)
    naive_s = waits[gave_up].mean()
    assert naive_s < 60, "the mean wait of those who gave up is no patience"


def test_kaplan_and_meier_by_hand() -> None:
    waits = np.array([1.0, 2.0, 2.0, 3.0, 4.0])
    gave_up = np.array([True, True, False, False, True])
    curve = kaplan_meier(waits, gave_up)
    assert curve.times_s.tolist() == [1.0]
    assert curve.survival.tolist() == [pytest.approx(0.8)]
    many = kaplan_meier(np.tile(waits, 10), np.tile(gave_up, 10))
    assert many.survival.tolist() == pytest.approx([0.8, 0.6, 0.0])
    assert many.deviation[0] == pytest.approx(math.sqrt(0.8 * 0.2 / 50))


def test_a_patience_beyond_what_was_seen_goes_on_exponentially() -> None:
    chance = np.random.default_rng(4)
    patience = chance.exponential(300, 50_000)
    waits, gave_up = np.minimum(patience, 120.0), patience < 120
    drawn = samples(kaplan_meier(waits, gave_up))
    assert len(drawn) == SAMPLES
    assert (np.diff(drawn) >= 0).all()
    assert drawn.mean() == pytest.approx(300, rel=0.1)
    assert np.median(drawn) == pytest.approx(300 * math.log(2), rel=0.05)


def test_where_nobody_gave_up_patience_has_no_end() -> None:
    found = fit_patience(np.array([1.0, 2.0]), np.zeros(2, bool))
    assert found.exponential_s.value == math.inf
    assert found.median_s == math.inf


def test_where_all_leave_at_once_there_is_no_patience() -> None:
    found = fit_patience(np.zeros(50), np.ones(50, bool))
    assert found.exponential_s.value == 0.0
    assert found.median_s == 0.0
    assert found.exponential_distance == 0.0


def test_the_test_for_poisson_believes_chance_and_not_a_clock() -> None:
    chance = np.random.default_rng(5)
    times = np.concatenate([MONDAY_NS + day * DAY_NS + chance.integers(0, DAY_NS, 2000) for day in range(5)])
    days = np.unique(times // DAY_NS)
    assert poisson_test(calls_at(times), days)[1] > 0.01
    rounded = calls_at(times // SECOND_NS * SECOND_NS)
    assert poisson_test(rounded, days)[1] > 0.01
    even = calls_at(np.arange(0, 5 * DAY_NS, 45 * SECOND_NS) + MONDAY_NS)
    assert poisson_test(even, days)[1] < 1e-6


def test_busyness_is_what_days_differ_by_beyond_chance() -> None:
    chance = np.random.default_rng(6)
    factor = chance.gamma(0.2**-2, 0.2**2, 400)
    found = busyness(chance.poisson(1000 * factor))
    assert found.low < 0.2 < found.high
    assert busyness(chance.poisson(1000, 400)).value < 0.02


def test_volumes_are_by_the_clock_on_the_wall_and_ordinary_days_like_the_busiest() -> None:
    nine = MONDAY_NS + 2 * 3600 * SECOND_NS
    times = [nine + day * DAY_NS + k * SECOND_NS for day in range(14) for k in range(4 if day % 7 == 6 else 10)]
    calls = calls_at(np.array(times), "Asia/Ho_Chi_Minh")
    assert set((local_ns(calls.rows["arrival_ns"], calls.time_zone) % DAY_NS // (3600 * SECOND_NS)).tolist()) == {9}
    counts = day_counts(calls, 1800)
    assert counts.counts.shape == (14, 48)
    weekdays = ordinary_weekdays(counts)
    assert weekdays.tolist() == [0, 1, 2, 3, 4, 5]
    found = fit_arrivals(calls, counts.on(weekdays))
    assert (found.volumes[18], sum(found.volumes), found.dispersion[18]) == (10.0, 10.0, 0.0)


@pytest.mark.parametrize(
    ("first_from_h", "last_until_h", "left_out"), [(8, 18, 0), (8, 12, 1), (14, 14, 2), (8, 17.99, 0)]
)
def test_days_that_the_record_holds_half_are_left_out(first_from_h: float, last_until_h: float, left_out: int) -> None:
    chance = np.random.default_rng(10)
    hours = [np.sort(chance.uniform(8, 18, chance.poisson(1000))) for _ in range(8)]
    hours[0], hours[-1] = hours[0][hours[0] >= first_from_h], hours[-1][hours[-1] < last_until_h]
    calls = calls_at(
        np.concatenate([MONDAY_NS + day * DAY_NS + (one * 3.6e12).astype(np.int64) for day, one in enumerate(hours)])
    )
    cut = cut_short(calls, day_counts(calls, 1800).days)
    assert [one.is_certain for one in cut] == [True] * left_out
    found = fit(calls, weekdays=np.arange(7))
    assert found.days_chosen == 8 - left_out
    assert found.queues[0].arrivals.volume.value == pytest.approx(1000, rel=0.04)
    assert found.queues[0].arrivals.busyness.value < 0.05
    assert len(found.remarks) == left_out
    for text, missed in found.remarks.items():
        day, within, missing_h = ("11-30", "ends", 18 - last_until_h) if "after" in text else ("11-23", "begins", 6)
        assert f"none on mon 2026-{day}: left out, as the record {within} within it" in text
        assert missed == pytest.approx(100 * missing_h, rel=0.1), "of the other Monday, as far as it is recorded"


@pytest.mark.parametrize(("last_day", "hours"), [(4, (8, 14)), (5, (9, 15))])
def test_a_day_that_closes_early_is_kept_where_no_other_of_its_weekday_tells(
    last_day: int, hours: tuple[int, int]
) -> None:
    chance = np.random.default_rng(12)
    of_days = [(8, 18)] * last_day + [hours]

    def recorded(weeks: int) -> Calls:
        at_h = [
            (week * 7 + day) * 24 + chance.uniform(opens, closes, 100 * (closes - opens))
            for week in range(weeks)
            for day, (opens, closes) in enumerate(of_days)
        ]
        return calls_at(MONDAY_NS + (np.concatenate(at_h) * 3.6e12).astype(np.int64))

    found = fit(recorded(1))
    assert found.days_chosen == last_day + 1
    assert found.weekdays[-1] == ("fri", "sat")[last_day - 4]
    ((text, missed),) = found.remarks.items()
    day = f"{found.weekdays[-1]} 2026-11-{23 + last_day}"
    assert f"{hours[1] - 1}:59 on other days, none on {day}: kept, as no other {day[:3]} tells" in text
    assert missed == pytest.approx(100 * (18 - hours[1]), rel=0.15)
    assert fit(recorded(2)).remarks == {}, "the other one of its weekday has the same hours"


def test_two_half_days_are_better_than_none() -> None:
    chance = np.random.default_rng(11)
    halves = [chance.uniform(14, 18, 400), 24 + chance.uniform(8, 14, 600)]
    found = fit(calls_at(MONDAY_NS + (np.concatenate(halves) * 3.6e12).astype(np.int64)), weekdays=np.arange(7))
    assert found.days_chosen == 2
    begins, ends = found.remarks
    assert begins.startswith("call before 14:0")
    assert "none on mon 2026-11-23: kept, as no other mon tells whether the record begins within it" in begins
    assert "none on tue 2026-11-24: kept, as no other tue tells whether the record ends within it" in ends
    assert all("volumes are too low" in text for text in found.remarks)


def test_two_halves_of_one_weekday_are_better_than_none() -> None:
    chance = np.random.default_rng(11)
    halves = [chance.uniform(14, 18, 400), 7 * 24 + chance.uniform(8, 14, 600)]
    found = fit(calls_at(MONDAY_NS + (np.concatenate(halves) * 3.6e12).astype(np.int64)))
    assert found.days_chosen == 2
    assert list(found.remarks.values()) == [600, 400]
    assert all("kept, as no day is whole: volumes are too low" in text for text in found.remarks)


def test_intervals_are_of_the_clock_on_the_wall_where_clocks_change() -> None:
    zone = "Europe/Berlin"
    lengths_h = []
    for day in (date(2026, 3, 29), date(2026, 10, 25)):
        (edges,) = edges_ns(np.array([day.toordinal() - date(1970, 1, 1).toordinal()]), 3600, zone)
        nine = instant_ns(datetime(day.year, day.month, day.day, 9), zone)  # noqa: DTZ001  # local on purpose
        assert edges[9] == nine
        lengths_h.append((np.diff(edges)[[1, 2, 3]] // (3600 * SECOND_NS)).tolist())
    assert lengths_h == [[1, 0, 1], [1, 2, 1]]


def test_who_calls_again_within_an_hour() -> None:
    calls = calls_at(MONDAY_NS + np.array([0, 600, 10_000, 10_100, 20_000]) * SECOND_NS)
    calls.rows["customer"] = [1, 1, 2, 3, 2]
    calls.rows["abandoned"] = [True, False, True, True, False]
    calls.rows["wait_ns"] = 60 * SECOND_NS
    found = fit_retrials(calls)
    assert found.share.value == pytest.approx(1 / 3)
    assert found.after.mean_s.value == 540


def test_intervals_of_confidence() -> None:
    chance = np.random.default_rng(7)
    hits = 0
    for _ in range(400):
        found = mean_of(chance.exponential(10, 100))
        hits += found.low < 10 < found.high
    assert 0.9 < hits / 400 < 0.98
    wilson = share_of(0, 10)
    assert wilson.low == pytest.approx(0.0, abs=1e-12)
    assert wilson.high == pytest.approx(0.2775, abs=1e-4)
    assert kolmogorov_p(1.3581) == pytest.approx(0.05, abs=1e-4)
