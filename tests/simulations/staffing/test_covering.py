"""Shifts that cover: against every possibility on small days, and what is told where nothing covers."""

import itertools
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from engine.errors import TrunklineError
from simulations.staffing import Break, Cover, Cut, Shift, cover, shift_patterns
from simulations.staffing.task import Covered, NoCover, Task

HOUR_S = 3600.0


def cheapest(required: np.ndarray, works: np.ndarray, cost: np.ndarray, most: int) -> float:
    """The least cost of all ways to have up to `most` agents on each pattern."""
    counts = np.array(list(itertools.product(range(most + 1), repeat=len(works))))
    return float((counts @ cost)[(counts @ works >= required).all(axis=1)].min())


@pytest.mark.parametrize("seed", range(12))
def test_no_cover_costs_less(seed: int) -> None:
    draw = np.random.default_rng(seed)
    works = (draw.random((5, 6)) < 0.6).astype(float)
    works[0] = 1.0
    cost, required = draw.uniform(1.0, 9.0, 5).round(1), draw.integers(0, 4, 6)
    found = cover(required, works, cost)
    assert found.cost == pytest.approx(cheapest(required, works, cost, 4))
    assert (found.on_duty[0] >= required - 1e-9).all()
    assert found.cost == pytest.approx(float(found.counts[0] @ cost))
    assert found.optimal
    assert found.bound <= found.cost + 1e-6
    assert not found.short.any()


def test_nothing_but_answers_reaches_standard_output() -> None:
    """Held against a whole process: the solver is no Python, and writes past what stands in for `sys.stdout`."""
    program = "from simulations.staffing import cover; print(cover([1, 2], [[1.0, 1.0], [0.0, 1.0]], [1.0, 1.0]).cost)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "2.0\n"
    assert done.stderr == ""


def test_a_day_of_268_patterns_is_covered_at_once() -> None:
    shifts = (
        Shift("full", 8.5 * HOUR_S, 6 * HOUR_S, 15 * HOUR_S, 1800.0, (Break(1800.0, 3 * HOUR_S, 5 * HOUR_S),)),
        Shift("long", 10.5 * HOUR_S, 6 * HOUR_S, 13 * HOUR_S, 1800.0, (Break(1800.0, 4 * HOUR_S, 6 * HOUR_S),)),
        Shift("part", 4 * HOUR_S, 5 * HOUR_S, 19.5 * HOUR_S, 1800.0),
        Shift("night", 8 * HOUR_S, 20 * HOUR_S, 23.5 * HOUR_S, 1800.0, (Break(1800.0, 3 * HOUR_S, 5 * HOUR_S),)),
    )
    patterns = shift_patterns(shifts, 48, round_the_clock=True)
    assert patterns.works.shape[0] > 200
    clock = np.arange(48) / 2
    required = np.ceil(3 + 60 * np.exp(-(((clock - 10.5) / 2.5) ** 2)) + 45 * np.exp(-(((clock - 15.5) / 3) ** 2)))
    found = cover(required, patterns.works, patterns.cost)
    assert (found.on_duty[0] >= required - 1e-9).all()
    assert found.cost <= 1.002 * found.bound
    assert found.cost >= required.sum() / 2
    again = cover(required, patterns.works, patterns.cost)
    assert (again.counts == found.counts).all()


def test_without_nodes_the_first_cover_is_returned() -> None:
    draw = np.random.default_rng(5)
    works, required = (draw.random((30, 12)) < 0.4).astype(float), draw.integers(5, 30, 12)
    quick, best = (cover(required, works, np.ones(30), nodes_max=nodes) for nodes in (0, 20_000))
    assert (quick.on_duty[0] >= required - 1e-9).all()
    assert best.cost <= quick.cost <= 1.1 * best.cost
    assert quick.bound <= best.cost + 1e-6


def test_days_are_covered_one_by_one_with_the_bound_of_whole_agents(monkeypatch: pytest.MonkeyPatch) -> None:
    """Agents of 80 % are needed whole, so what relaxed shifts cost says little; and only a day that changed is new."""
    shift = Shift("day", 8 * HOUR_S, 7 * HOUR_S, 12 * HOUR_S, HOUR_S, (Break(HOUR_S, 3 * HOUR_S, 5 * HOUR_S),))
    week = [shift_patterns((shift,), 7 * 24, interval_s=HOUR_S, begins_s=-24 * HOUR_S * day) for day in range(7)]
    works, cost = np.concatenate([day.works for day in week]), np.concatenate([day.cost for day in week])
    clock = np.arange(7 * 24) % 24
    chance = np.random.default_rng(3).integers(0, 4, (2, 7 * 24))
    required = np.where((clock >= 7) & (clock < 20), 3 + chance, 0).astype(float)
    required = np.vstack([required, required.sum(axis=0)])
    able = np.array([[0.8, 0.0, 0.85], [0.0, 0.8, 0.85], [0.8, 0.8, 0.85]])
    solved: list[int] = []
    solve = Task.solve

    def noted(task: Task, nodes_max: int) -> Covered:
        solved.append(task.needs.shape[1])
        return solve(task, nodes_max)

    monkeypatch.setattr(Task, "solve", noted)
    known: dict[bytes, Covered] = {}
    prices = np.array([[1.0], [1.0], [1.06]]) * cost
    quick = cover(required, works, prices, able=able, nodes_max=0, known=known)
    assert solved == [13] * 7
    assert (able @ quick.on_duty >= required - 1e-6).all()
    required[0, 31] += 1.0
    cover(required, works, prices, able=able, nodes_max=0, known=known)
    assert solved == [13] * 8
    required[0, 31] -= 1.0
    best = cover(required, works, prices, able=able, nodes_max=100)
    assert best.gap < 0.005
    assert 0.98 * best.cost < quick.bound <= best.bound + 1e-6, "of agents in parts it would be far below"
    assert quick.cost < 1.03 * best.cost


def test_as_many_as_a_group_has_work_on_each_day() -> None:
    works = np.array([[1.0, 0.0], [0.0, 1.0]])
    able, cost = np.ones((1, 2)), np.array([[1.0, 1.0], [2.0, 2.0]])
    found = cover([3, 5], works, cost, able=able, group_max=[4, np.inf], days=[0, 1])
    assert found.counts.tolist() == [[3, 4], [0, 1]]
    assert cover([3, 5], works, cost, able=able, group_max=[4, np.inf]).counts.sum(axis=1).tolist() == [4, 4]


def test_groups_share_what_sets_of_queues_need() -> None:
    works, cost = np.ones((1, 1)), np.array([[1.0], [1.0], [1.5]])
    able = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
    alone = cover([[5], [5], [10]], works, cost, able=able)
    assert alone.counts.ravel().tolist() == [5, 5, 0]
    pooled = cover([[5], [5], [8]], works, cost, able=able)
    assert pooled.cost == pytest.approx(9.0)
    assert pooled.counts.sum() == 8


def test_bounds_and_cuts_are_kept() -> None:
    works, cost = np.eye(3), np.array([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]])
    able = np.ones((1, 2))
    assert cover([4, 4, 4], works, cost, able=able, group_max=[7, 99]).counts.sum(axis=1).tolist() == [7, 5]
    limited = cover([4, 4, 4], works, cost, able=able, most=np.array([[1, 9, 9], [9, 9, 9]]))
    assert limited.counts.tolist() == [[1, 4, 4], [3, 0, 0]]
    weights = np.zeros((2, 3))
    weights[1, 2] = 1.0
    cut = cover([4, 4, 4], works, cost, able=able, cuts=[Cut(weights, 2.0)])
    assert cut.counts.tolist() == [[4, 4, 2], [0, 0, 2]]


def test_shortfall_at_a_price() -> None:
    works = np.array([[1.0, 1.0, 0.0]])
    found = cover([2, 3, 4], works, [10.0], shortfall_cost=6.0)
    assert found.counts.tolist() == [[2]]
    assert found.short.tolist() == [[0.0, 1.0, 4.0]]
    assert found.cost == 20.0
    assert found.bound == pytest.approx(20.0 + 5 * 6.0, rel=1e-3)
    assert found.short_cost == 30.0
    unproven = found._replace(optimal=False, bound=45.0)
    assert unproven.gap == pytest.approx(0.1), "those who are missing are in the bound, too"


def test_part_of_an_interval_counts_as_part_of_an_agent() -> None:
    assert cover([1.0], [[0.5]], [1.0]).counts.tolist() == [[2]]


@pytest.mark.parametrize(
    ("required", "works", "cost", "more", "words"),
    [
        ([1, 1], [[1.0, 0.0]], [1.0], {}, "interval 1 requires agents, and no shift works then"),
        ([1, 1], [[1.0]], [1.0], {}, "the shape"),
        ([1], [[1.0]], [1.0, 2.0], {}, "cost has the shape"),
        ([1], [[1.0]], [-1.0], {}, "0 or more"),
        ([[1]], [[1.0]], [1.0], {"able": [[0.0]]}, "no group counts in it"),
        ([5], [[1.0]], [1.0], {"most": 3}, "of agents at work are missing 2 of 5 in interval 0, row 0; allow more"),
        (
            [2, 0, 0, 2],
            [[1.0, 1, 0, 0], [0, 0, 1, 1]],
            [1.0, 1.0],
            {"group_max": [3.0]},
            "1 of 2 in interval [03], row 0",
        ),
    ],
)
def test_what_cannot_be_covered_is_told(
    required: list[int], works: list[list[float]], cost: list[float], more: dict[str, object], words: str
) -> None:
    with pytest.raises(TrunklineError, match=words):
        cover(required, works, cost, **more)  # type: ignore[arg-type]


def test_patterns_of_shifts_with_breaks() -> None:
    shift = Shift("day", 4 * HOUR_S, 8 * HOUR_S, 9 * HOUR_S, HOUR_S, (Break(HOUR_S, HOUR_S, 2 * HOUR_S),))
    found = shift_patterns([shift], 6, interval_s=HOUR_S, begins_s=8 * HOUR_S)
    assert found.works.tolist() == [[1, 0, 1, 1, 0, 0], [1, 1, 0, 1, 0, 0], [0, 1, 0, 1, 1, 0], [0, 1, 1, 0, 1, 0]]
    assert found.cost.tolist() == [3.0] * 4
    assert found.starts_s.tolist() == [8 * HOUR_S, 8 * HOUR_S, 9 * HOUR_S, 9 * HOUR_S]
    assert found.breaks_s[0] == (9 * HOUR_S,)
    quarter = Shift("odd", HOUR_S, 900.0, 900.0, cost=7.0)
    assert shift_patterns([quarter], 3).works.tolist() == [[0.5, 1.0, 0.5]]
    assert shift_patterns([quarter], 3).cost.tolist() == [7.0]


def test_nights_come_round() -> None:
    night = [Shift("night", 8 * HOUR_S, 20 * HOUR_S, 20 * HOUR_S)]
    assert shift_patterns(night, 24, interval_s=HOUR_S, round_the_clock=True).works[0].sum() == 8
    assert shift_patterns(night, 24, interval_s=HOUR_S).works[0].sum() == 4


def test_breaks_never_overlap() -> None:
    rest = Break(1800.0, HOUR_S, 2 * HOUR_S)
    found = shift_patterns([Shift("two", 4 * HOUR_S, 0.0, 0.0, breaks=(rest, rest))], 8)
    assert (found.works.sum(axis=1) == 6).all()
    assert len(found.names) == 6


@pytest.mark.parametrize(
    ("shift", "words"),
    [
        (Shift("a", 0.0, 0.0, 0.0), "length"),
        (Shift("a", HOUR_S, 2.0, 1.0), "last start"),
        (Shift("a", HOUR_S, 0.0, 0.0, breaks=(Break(1800.0, 0.0, HOUR_S),)), "does not lie inside"),
        (Shift("a", HOUR_S, 0.0, 86_400.0, step_s=0.5), "more than 100000"),
    ],
)
def test_shifts_that_make_no_sense(shift: Shift, words: str) -> None:
    with pytest.raises(TrunklineError, match=words):
        shift_patterns([shift], 48)


def test_a_search_that_is_cut_short_says_how_far_it_is_and_does_not_depend_on_the_time_it_has() -> None:
    shift = Shift("day", 8 * HOUR_S, 7 * HOUR_S, 14 * HOUR_S, 1800.0, (Break(1800.0, 3 * HOUR_S, 5 * HOUR_S),))
    patterns = shift_patterns((shift,), 30, begins_s=7 * HOUR_S)
    shape = np.sin(np.pi * np.arange(30) / 29)
    chance = np.random.default_rng(0).uniform(0.0, 3.0, (2, 30))
    required = np.ceil(np.array([6 + 12 * shape, 3 + 2 * shape]) + chance)
    required = np.vstack([required, required.sum(axis=0) - 1.0])
    able = np.array([[0.8, 0.0, 0.9], [0.0, 0.85, 0.9], [0.8, 0.85, 0.9]])
    cost = np.array([[1.0], [1.0], [1.15]]) * patterns.cost

    def found(nodes_max: int) -> Cover:
        return cover(required, patterns.works, cost, able=able, group_max=[np.inf, np.inf, 8.0], nodes_max=nodes_max)

    short = found(1)
    assert not short.optimal
    assert 0.0 < short.gap < 0.2
    assert short.cost * (1.0 - short.gap) == pytest.approx(short.bound)
    assert (able @ short.on_duty >= required - 1e-6).all()
    stop = threading.Event()
    with ThreadPoolExecutor(3) as busy:
        for _ in range(3):
            busy.submit(_spin, stop)
        again = found(1)
        stop.set()
    assert (again.counts == short.counts).all()
    assert (again.bound, again.optimal) == (short.bound, short.optimal)


def _spin(stop: threading.Event) -> None:
    while not stop.is_set():
        sum(range(10_000))


def test_where_parts_of_agents_would_do_it_is_said_where_whole_ones_are_missing() -> None:
    """Two rounds of three intervals, two to a shift: half an agent on each is three in all, whole ones are four."""
    works = np.kron(np.eye(2), [[1, 1, 0], [0, 1, 1], [1, 0, 1]])
    assert cover([1] * 6, works, np.ones(6), group_max=[4], days=[0] * 6).cost == 4.0
    with pytest.raises(NoCover) as error:
        cover([1] * 6, works, np.ones(6), group_max=[3], days=[0] * 6)
    assert sum(one.missing for one in error.value.lacking) == pytest.approx(1.0)
    assert "1 of 1 in interval" in str(error.value)
