"""Every exact point of the shared tables, to 1e-9: up to 5,000 agents, overload included, arrays at a time."""

from typing import Any

import numpy as np
import pytest

from simulations import queueing as q
from tests.simulations.queueing.points import columns, needs_points, points

pytestmark = needs_points
NAMES = {
    "pwait": "p_wait",
    "pab": "p_abandon",
    "asa_all": "wait_s",
    "asa_served": "asa_s",
    "sl_served_in_T": "service_level_offered",
    "sl_given_served": "service_level_answered",
    "p_vwait_le_T": "service_level_virtual",
}


def exact(wanted: Any) -> Any:
    return pytest.approx(np.asarray(wanted), rel=1e-9, abs=0)


def minutes(values: Any) -> Any:
    """Minutes to seconds, and rates per minute to rates per hour."""
    return 60.0 * np.asarray(values)


def check(figures: q.Figures, wanted: dict[str, Any]) -> None:
    for name, value in wanted.items():
        field = NAMES.get(name, name)
        assert getattr(figures, field) == exact(minutes(value) if field.endswith("_s") else value), name
    shares = np.array([getattr(figures, name) for name in figures._fields if name.startswith(("p_", "serv", "occ"))])
    assert (shares >= 0.0).all()
    assert (shares <= 1.0).all()


def test_erlang_b() -> None:
    servers, loads, wanted = columns("erlang_b", "c", "a", "B")
    assert len(wanted) == 12
    assert q.erlang_b(loads, servers) == exact(wanted)
    assert q.erlang_b_continuous(loads, servers) == exact(wanted)


def test_erlang_b_inverse() -> None:
    servers, blocked, loads = columns("erlang_b_inverse", "c", "B", "a")
    assert len(loads) == 28
    assert q.erlang_b_load(servers, blocked) == exact(loads)
    assert q.erlang_b_servers(np.array(loads) * (1 - 1e-9), blocked).tolist() == servers


def test_erlang_c() -> None:
    rate, mean, agents, within, *wanted = columns("erlang_c", "lam", "aht", "c", "T", "pwait", "asa", "sl")
    assert len(rate) == 9
    figures = q.erlang_c(minutes(rate), minutes(mean), agents, within_s=minutes(within))
    check(figures, {"pwait": wanted[0], "asa_served": wanted[1], "sl_served_in_T": wanted[2]})


def test_erlang_a() -> None:
    inputs = columns("erlang_a", "lam", "aht", "patience", "c", "T")
    rate, mean, patience, agents, within = (np.asarray(column) for column in inputs)
    assert len(rate) == 27
    assert agents.max() == 5000
    figures = q.erlang_a(minutes(rate), minutes(mean), minutes(patience), agents, within_s=minutes(within))
    check(figures, dict(zip(NAMES, columns("erlang_a", *NAMES), strict=True)))


@pytest.mark.parametrize("name", list(NAMES))
def test_erlang_a_as_a_mixture_of_equals_is_integrated(name: str) -> None:
    """The general integrals, which exponential patience goes round: two equal phases are one."""
    for point in points("erlang_a"):
        mean = minutes(point["patience"])
        figures = q.mmcg(
            minutes(point["lam"]),
            minutes(point["aht"]),
            q.hyperexponential((0.25, 0.75), (mean, mean)),
            point["c"],
            within_s=minutes(point["T"]),
        )
        check(figures, {name: point[name]})


def test_erlang_a_with_trunks_that_bound_nothing() -> None:
    for point in points("erlang_a"):
        figures = q.erlang_a(
            minutes(point["lam"]),
            minutes(point["aht"]),
            minutes(point["patience"]),
            point["c"],
            within_s=minutes(point["T"]),
            trunks=point["c"] + 100_000,
        )
        assert figures.p_block == 0.0
        for name, field in NAMES.items():
            wanted = minutes(point[name]) if field.endswith("_s") else point[name]
            assert getattr(figures, field) == pytest.approx(wanted, rel=1e-9, abs=1e-12), name


def law_of(point: dict[str, Any]) -> q.Patience:
    mean = minutes(point["patience_mean"])
    kind = point["patience_dist"]
    if kind == "D":
        return q.deterministic(mean)
    if kind == "E2":
        return q.erlang(mean, 2)
    return q.hyperexponential_of(mean, 4.0) if kind == "H2" else q.balking(0.1, q.exponential(mean))


def test_any_patience() -> None:
    assert {point["patience_dist"] for point in points("mmcG")} == {"D", "E2", "H2", "balk"}
    for point in points("mmcG"):
        figures = q.mmcg(
            minutes(point["lam"]), minutes(point["aht"]), law_of(point), point["c"], within_s=minutes(point["T"])
        )
        check(figures, {name: point[name] for name in NAMES})


def test_staffing_by_erlang_c() -> None:
    rate, mean, within, target, wanted = columns("erlang_c_staffing", "lam", "aht", "T", "target", "c_min")
    assert len(wanted) == 11
    found = q.agents_for(minutes(rate), minutes(mean), service_level=target, within_s=minutes(within))
    assert found.tolist() == wanted
    for fewer, column in ((0, "sl_at_c"), (1, "sl_at_c_minus_1")):
        figures = q.erlang_c(minutes(rate), minutes(mean), found - fewer, within_s=minutes(within))
        assert figures.service_level_offered == exact(columns("erlang_c_staffing", column)[0])


def test_finite_trunks() -> None:
    rate, mean, agents, trunks = columns("mmck", "lam", "aht", "c", "K")
    assert len(rate) == 3
    blocked, waiting, asa, busy = columns("mmck", "pblock", "pwait_acc", "asa_acc", "occ")
    figures = q.erlang_c(minutes(rate), minutes(mean), agents, trunks=trunks)
    check(figures, {"p_block": blocked, "p_wait": waiting, "wait_s": asa, "occupancy": busy})


def test_trunk_reservation() -> None:
    servers, first, second, reserve, *wanted = columns("trunk_reservation_loss", "C", "a1", "a2", "r", "B1", "B2")
    assert len(servers) == 12
    loads, reserves = np.transpose([first, second]), np.transpose([np.zeros(12), reserve])
    assert q.trunk_reservation(loads, servers, reserves) == exact(np.transpose(wanted))


def test_overflow() -> None:
    servers, loads, *wanted = columns("overflow_moments", "N", "a", "overflow_mean", "overflow_var", "peakedness")
    assert len(loads) == 3
    for found, column in zip(q.overflow_moments(loads, servers), wanted, strict=True):
        assert found == exact(column)


def test_priorities() -> None:
    assert len(points("priority_mmc")) == 2
    for point in points("priority_mmc"):
        found = q.priorities(minutes(point["lam"]), minutes(point["aht"]), point["c"])
        assert found.p_wait == exact(point["pwait"])
        assert found.asa_s == exact(minutes(point["wq_by_class_high_to_low"]))


def test_limits_of_many_agents() -> None:
    beta, ratio, agents, limit = columns("garnett_qed", "beta", "theta_over_mu", "c", "qed_pwait")
    assert len(beta) == 18
    assert q.garnett(beta, ratio, agents).p_wait == exact(limit)
    rate, p_wait, p_abandon = columns("garnett_qed", "lam", "exact_pwait", "exact_pab")
    figures = q.erlang_a(np.array(rate) * 3600, 1.0, 1.0 / np.array(ratio), agents)
    assert figures.p_wait == exact(p_wait)
    assert figures.p_abandon == exact(p_abandon)
    assert q.garnett(beta, ratio, agents).p_abandon == pytest.approx(np.array(p_abandon), rel=0.2)


def test_sourced_points() -> None:
    assert q.erlang_b_load(15, 0.01) == exact(points("sourced")[0]["exact"])
    assert q.erlang_b(123, 132) == exact(points("sourced")[1]["exact"])
