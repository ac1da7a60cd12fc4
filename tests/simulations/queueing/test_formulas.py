"""What the planner's formulas promise beyond the points: shapes, bounds, minima, limits, refusals, one kernel."""

import inspect
import math
import warnings
from typing import Any

import numpy as np
import pytest

from engine.kernel.erlang import channel_cost, loss_rate
from simulations import queueing as q


def test_shapes_follow_the_inputs() -> None:
    one = q.erlang_a(144.0, 300.0, 180.0, 12)
    assert all(isinstance(found, float) for found in one)
    grid = q.erlang_a(144.0, 300.0, [[60.0], [180.0]], [10, 12, 14])
    assert all(found.shape == (2, 3) for found in grid)
    assert grid.p_wait[1, 1] == one.p_wait
    assert isinstance(q.agents_for(144.0, 300.0, service_level=0.8), int)
    assert q.agents_for(144.0, 300.0, service_level=[0.8, 0.9]).dtype == np.int64
    assert q.erlang_b([[1.0], [2.0]], [1, 2, 3]).shape == (2, 3)
    assert q.trunk_reservation([20.0, 8.0], [[30], [40], [50]], [0, 2]).shape == (3, 1, 2)


def test_a_table_for_notebooks() -> None:
    shown = q.erlang_a(144.0, 300.0, 180.0, [10, 12])._repr_html_()
    assert "<th>p_abandon</th>" in shown
    assert shown.count("<tr>") == len(q.Figures._fields)


def test_the_router_and_the_planner_lose_alike() -> None:
    for agents, rate, mean, patience in ((1, 0.5, 1.0, 1.0), (20, 4.0, 4.5, 2.0), (200, 1000.0, 5.0, 3.0)):
        found = q.erlang_a(rate * 3600, mean, patience, agents).p_abandon
        assert loss_rate(agents, rate, mean, patience) / rate == pytest.approx(found, rel=1e-12)
    assert channel_cost(20.0, 10, 24) == pytest.approx(q.erlang_b(20.0, 24) / q.erlang_b(20.0, 10), rel=1e-12)


SHARES = ("p_wait", "p_abandon", "p_block", "service_level_offered", "service_level_answered", "service_level_virtual")


@pytest.mark.parametrize("trunks", [None, 40])
@pytest.mark.parametrize("patience_s", [math.inf, 180.0])
def test_no_probability_lies_outside_of_0_to_1(patience_s: float, trunks: int | None) -> None:
    random = np.random.default_rng(5)
    agents = np.ceil(np.exp(random.uniform(0.0, math.log(2000.0), 4000))) if trunks is None else np.full(4000, 20.0)
    rates = agents * np.exp(random.uniform(math.log(0.05), math.log(55.0), agents.size)) * 12.0
    patience = patience_s * np.exp(random.uniform(-3.0, 3.0, agents.size))
    within_s = np.exp(random.uniform(0.0, math.log(600.0), agents.size))
    figures = q.erlang_a(rates, 300.0, patience, agents, within_s=within_s, trunks=trunks)
    for name in (*SHARES, "occupancy"):
        found = getattr(figures, name)
        assert ((found >= 0.0) & (found <= 1.0)).all(), (name, found.min(), found.max())
    for found in (q.erlang_b(rates / 12.0, agents), q.erlang_b_continuous(rates / 12.0, agents - 0.5)):
        assert ((found >= 0.0) & (found <= 1.0)).all()


def test_a_certain_wait_is_no_more_than_certain() -> None:
    assert q.erlang_a(12000.0, 300.0, 180.0, 4, within_s=600.0).p_wait == 1.0


def test_overload_without_patience_grows_without_bound() -> None:
    figures = q.erlang_c(6000.0, 300.0, [500, 499, 1])
    assert (figures.p_wait == 1.0).all()
    assert np.isinf(figures.asa_s).all()
    assert (figures.service_level_offered == 0.0).all()
    assert (figures.occupancy == 1.0).all()


def test_figures_do_not_jump_where_another_formula_takes_over() -> None:
    patience_s = np.geomspace(1.0, 1e9, 400)
    figures = q.erlang_a(6000.0, 300.0, patience_s, 505)
    assert (np.diff(figures.p_wait) > 0.0).all()
    assert (np.diff(figures.p_abandon) < 0.0).all()
    assert figures.p_wait[-1] == pytest.approx(q.erlang_c(6000.0, 300.0, 505).p_wait, rel=1e-5)


def test_more_trunks_come_to_no_trunks_and_no_more_than_agents_to_erlang_b() -> None:
    loss = q.erlang_a(6000.0, 300.0, 180.0, 490, trunks=490)
    assert loss.p_block == pytest.approx(q.erlang_b(500.0, 490), rel=1e-12)
    assert (loss.p_wait, loss.p_abandon, loss.service_level_offered) == (0.0, 0.0, pytest.approx(1.0))
    # A little room: the line by its chain of states, added up here from empty.
    figures = q.erlang_a(144.0, 300.0, 180.0, 12, trunks=15)
    weights = [1.0]
    for busy in range(15):
        leaving = min(busy + 1, 12) / 300.0 + max(busy + 1 - 12, 0) / 180.0
        weights.append(weights[-1] * 0.04 / leaving)
    total = math.fsum(weights)
    assert figures.p_block == pytest.approx(weights[15] / total)
    assert figures.p_wait == pytest.approx(sum(weights[12:15]) / sum(weights[:15]))
    assert figures.mean_waiting == pytest.approx((weights[13] + 2 * weights[14] + 3 * weights[15]) / total)


BOUNDS: list[dict[str, Any]] = [
    {"service_level": 0.8},
    {"service_level": 0.9, "definition": "answered", "within_s": 10.0},
    {"service_level": 0.95, "definition": "virtual", "within_s": 60.0},
    {"asa_s": 5.0},
    {"p_abandon": 0.01},
    {"occupancy": 0.85},
    {"service_level": 0.5, "p_abandon": 0.02, "occupancy": 0.9, "asa_s": 30.0},
]
FIELDS = {"asa_s": "asa_s", "p_abandon": "p_abandon", "occupancy": "occupancy"}


def keeps(figures: q.Figures, bounds: dict[str, Any]) -> bool:
    level = getattr(figures, f"service_level_{bounds.get('definition', 'offered')}")
    most = all(getattr(figures, field) <= bounds[name] for name, field in FIELDS.items() if name in bounds)
    return bool(level >= bounds.get("service_level", 0.0)) and most


@pytest.mark.parametrize("bounds", BOUNDS)
@pytest.mark.parametrize("patience", [180.0, math.inf, "lognormal", "trunks"])
def test_no_fewer_agents_keep_the_bounds(bounds: dict[str, Any], patience: Any) -> None:
    within_s = bounds.get("within_s", 20.0)
    law = q.lognormal(180.0, 1.2)
    trunks = 700 if patience == "trunks" else None
    for rate in (1.0, 144.0, 6000.0):
        known: Any = law if patience == "lognormal" else 180.0 if patience == "trunks" else patience
        found = q.agents_for(rate, 300.0, patience=known, trunks=trunks, **bounds)
        for agents in range(max(found - 1, 1), found + 1):
            if patience == "lognormal":
                figures = q.mmcg(rate, 300.0, law, agents, within_s=within_s)
            else:
                figures = q.erlang_a(rate, 300.0, known, agents, within_s=within_s, trunks=trunks)
            assert keeps(figures, bounds) == (agents == found)


def test_many_intervals_at_once_are_staffed_as_one_by_one() -> None:
    draw = np.random.default_rng(3)
    rates, handles = draw.uniform(10, 9000, 60), draw.uniform(60, 600, 60)
    together = q.agents_for(rates, handles, patience=120.0, service_level=0.8)
    alone = [q.agents_for(r, h, patience=120.0, service_level=0.8) for r, h in zip(rates, handles, strict=True)]
    assert together.tolist() == alone


def test_no_fewer_trunks_block_so_little() -> None:
    for patience_s in (180.0, math.inf):
        found = (
            q.trunks_for(6000.0, 300.0, [480, 510, 700], 0.01, patience_s=patience_s)
            if patience_s < 1e9
            else (q.trunks_for(6000.0, 300.0, [505, 510, 700], 0.01))
        )
        for agents, trunks in zip((480 if patience_s < 1e9 else 505, 510, 700), found.tolist(), strict=True):
            blocked = q.erlang_a(6000.0, 300.0, patience_s, agents, trunks=trunks).p_block
            assert blocked <= 0.01
            if trunks > agents:
                assert q.erlang_a(6000.0, 300.0, patience_s, agents, trunks=trunks - 1).p_block > 0.01


def test_fewest_servers_of_erlang_b() -> None:
    loads, wanted = np.geomspace(0.01, 5000.0, 40)[:, None], np.array([0.5, 0.1, 0.01, 1e-6])
    servers = q.erlang_b_servers(loads, wanted)
    assert (q.erlang_b(loads, servers) <= wanted).all()
    assert (q.erlang_b(loads, servers - 1)[servers > 0] > np.broadcast_to(wanted, servers.shape)[servers > 0]).all()


def test_servers_that_are_not_whole_lie_between_the_whole_ones() -> None:
    for load in (0.02, 0.7, 1.4999, 1.5001, 3.0, 80.0):
        servers = np.linspace(0.0, 6.0, 61)
        found = q.erlang_b_continuous(load, servers)
        assert (np.diff(found) < 0.0).all()
        assert found[::10] == pytest.approx(q.erlang_b(load, np.arange(7)), rel=1e-12)
    # Of half a server, 1 / B = 1 / sqrt(a) e^a Gamma(3/2, a), with Gamma(3/2, a) by the error function.
    for load in (0.3, 1.2, 2.0, 9.0):
        gamma = math.sqrt(load) * math.exp(-load) + 0.5 * math.sqrt(math.pi) * math.erfc(math.sqrt(load))
        assert q.erlang_b_continuous(load, 0.5) == pytest.approx(math.sqrt(load) * math.exp(-load) / gamma, rel=1e-12)


def test_overflow_methods_meet_where_they_must() -> None:
    mean, variance, peak = q.overflow_moments(45.0, 50)
    load, servers = q.equivalent_group(mean, variance)
    assert (load, servers) == (pytest.approx(45.0, rel=1e-6), pytest.approx(50.0, rel=1e-6))
    behind = q.wilkinson(mean, variance, 7)
    assert behind * mean == pytest.approx(q.brockmeyer_loss(45.0, 50, 7).mean_erlangs, rel=1e-6)
    assert q.hayward(10 * mean, peak, 35) == pytest.approx(q.wilkinson(10 * mean, 10 * variance, 35), rel=0.05)
    assert q.hayward(20.0, 1.0, 24) == pytest.approx(q.erlang_b(20.0, 24), rel=1e-12)
    assert q.wilkinson(20.0, 20.0, 24) == pytest.approx(q.erlang_b(20.0, 24), rel=1e-6)


def test_reservation_of_several_classes() -> None:
    alike = q.trunk_reservation([5.0, 7.0, 8.0], 24, [0, 0, 0])
    assert alike == pytest.approx(np.full(3, q.erlang_b(20.0, 24)), rel=1e-12)
    graded = q.trunk_reservation([5.0, 7.0, 8.0], 24, [0, 3, 30])
    assert graded[0] < graded[1] < graded[2] == 1.0
    assert q.trunk_reservation([0.0, 8.0], 24, [0, 4]) == pytest.approx([0.0, q.erlang_b(8.0, 20)])


def test_priorities_of_one_class_and_in_overload() -> None:
    assert q.priorities([144.0], 300.0, 14).asa_s == pytest.approx([q.erlang_c(144.0, 300.0, 14).asa_s])
    waits = q.priorities([60.0, 60.0, 60.0], 300.0, 12).asa_s
    assert waits[0] < waits[1]
    assert math.isinf(waits[2])
    rates, waits = np.array([60.0, 70.0]), q.priorities([60.0, 70.0], 300.0, 12).asa_s
    whole = q.erlang_c(130.0, 300.0, 12).asa_s
    assert (rates * waits).sum() == pytest.approx(130.0 * whole), "waits are only handed from class to class"


def test_square_root_staffing_comes_near() -> None:
    for load in (100.0, 2000.0):
        for ratio in (0.0, 1.5):
            agents = q.square_root_agents(load, 0.3, ratio)
            patience_s = 300.0 / ratio if ratio else math.inf
            found = q.erlang_a(load * 12.0, 300.0, patience_s, round(agents)).p_wait
            assert found == pytest.approx(0.3, abs=0.05)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: q.erlang_a(0.0, 300.0, 180.0, 5), "rate_per_h is 0; give more than 0"),
        (lambda: q.erlang_a([1.0, math.nan], 300.0, 180.0, 5), "rate_per_h at place 1 is nan"),
        (lambda: q.erlang_a(10.0, 300.0, 180.0, 5.5), "agents is 5.5; give a whole number"),
        (lambda: q.erlang_a(10.0, 300.0, 180.0, 0), "agents is 0; give at least 1"),
        (lambda: q.erlang_a(10.0, 300.0, 180.0, 5, trunks=4), "5 agents share 4 trunks"),
        (lambda: q.erlang_a([1.0, 2.0], 300.0, 180.0, [1, 2, 3]), "shapes are rate_per_h"),
        (lambda: q.agents_for(10.0, 300.0), "no bound is given"),
        (lambda: q.agents_for(10.0, 300.0, service_level=1.0), "give less than 1: no agents promise"),
        (lambda: q.agents_for(10.0, 300.0, service_level=1.0), "service_level is 1"),
        (lambda: q.agents_for(10.0, 300.0, service_level=0.8, definition="all"), "definition is 'all'"),
        (lambda: q.agents_for(10.0, 300.0, patience=q.deterministic(9), p_abandon=0.1, trunks=9), "trunks need"),
        (lambda: q.agents_for(600.0, 300.0, occupancy=0.5, trunks=10), "no number of agents"),
        (lambda: q.trunks_for(6000.0, 300.0, 400, 0.01), "more trunks block no less"),
        (lambda: q.erlang_b_load(5, 0.0), "p_block is 0"),
        (lambda: q.trunk_reservation([1.0, 2.0], 5, [0]), "same classes"),
        (lambda: q.equivalent_group(5.0, 4.0), "smoother"),
        (lambda: q.priorities([], 300.0, 5), "rates_per_h"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_a_reason(ask: Any, words: str) -> None:
    with pytest.raises((q.UnfitInput, q.Unreachable), match=words):
        ask()


@pytest.mark.parametrize("name", ["erlang_a", "agents_for", "erlang_b", "overflow_moments", "garnett"])
def test_help_shows_a_signature_that_can_be_read(name: str) -> None:
    assert len(str(inspect.signature(getattr(q, name)))) < 450


@pytest.mark.parametrize("spare", [None, 0, 5, 2000])
def test_whoever_gives_up_has_waited_and_no_longer_than_patience_lasts(spare: int | None) -> None:
    rates, patiences, factors = np.meshgrid(
        [1.0, 100.0, 400.0, 3000.0, 40000.0],
        [1.0, 60.0, 3600.0, 1e6, 1e12],
        [0.1, 0.5, 0.9, 1.0, 1.1, 1.5, 2.0, 3.0, 5.0, 10.0, 50.0],
    )
    agents = np.maximum(np.round(factors * rates * 180.0 / 3600.0), 1.0)
    trunks = None if spare is None else agents + spare
    found = q.erlang_a(rates, 180.0, patiences, agents, trunks=trunks)
    told = ~np.isnan(found.wait_abandoned_s)
    assert (told == (found.p_abandon > 1e-290)).all()
    assert told.any() == (spare != 0)
    assert (found.wait_abandoned_s[told] > 0.0).all()
    # Who gives up has waited no longer, on the mean, than patience that knows no end of the wait.
    assert (found.wait_abandoned_s[told] <= patiences[told] * (1.0 + 1e-9)).all()
    assert found.p_abandon * patiences == pytest.approx(found.wait_s, rel=1e-9, abs=1e-300)


def test_where_hardly_anybody_waits_a_wait_lasts_until_one_of_all_is_done() -> None:
    # All agents busy, one waits: either an agent is done, or patience, each at its rate; nobody comes behind in time.
    agents, handle_s, patience_s = 100, 180.0, 60.0
    found = q.erlang_a(1.0, handle_s, patience_s, agents)
    stage_s = 1.0 / (agents / handle_s + 1.0 / patience_s)
    assert 0.0 < found.p_abandon < 1e-100
    assert found.p_abandon == pytest.approx(found.p_wait * stage_s / patience_s, rel=1e-2)
    assert found.wait_abandoned_s == pytest.approx(stage_s, rel=1e-2)
    assert found.asa_s == pytest.approx(found.p_wait * stage_s * stage_s * agents / handle_s, rel=1e-2)


def test_arrays_of_one_are_taken_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one = q.erlang_a(np.array([[60.0]]), np.array([300.0]), 180.0, np.array([6.0]), within_s=20.0)
    assert one.service_level_offered.shape == (1, 1)
