"""Whitt's published simulations (2005) of M/M/100+G, which the formulas for any patience answer without simulating."""

import math
from typing import Any

import pytest

from simulations import queueing as q
from tests.simulations.queueing.points import needs_points, points

HALF_WIDTHS = 2.0
"""Published are 95 % intervals of thirty figures: one in twenty is expected outside, so twice as far is allowed."""


def law_of(patience: list[Any]) -> q.Patience:
    kind, mean, squared_variation = patience
    return q.erlang(mean, 2) if kind == "E2" else q.lognormal(mean, math.sqrt(squared_variation))


def figures_of(point: dict[str, Any]) -> dict[str, float]:
    law, rate, agents = law_of(point["patience"]), point["lam"], point["s"]
    whole = q.mmcg(rate * 3600, 1.0, law, agents, within_s=0.0)
    found = {
        "P_W0": 1.0 - whole.p_wait,
        "P_A": whole.p_abandon,
        "EQ": whole.mean_waiting,
        "EN": whole.mean_waiting + agents * whole.occupancy,
        "EW_S": whole.asa_s,
        "EW_A": whole.wait_abandoned_s,
    }
    for within in (0.1, 0.2, 0.4):
        figures = q.mmcg(rate * 3600, 1.0, law, agents, within_s=within)
        found[f"P_W_le_{within}_given_S"] = figures.service_level_answered
    return found


@needs_points
def test_the_formulas_lie_within_whitts_intervals() -> None:
    compared = 0
    for point in points("whitt2005_tables"):
        if point["service"] != "M":
            continue
        found = figures_of(point)
        for name, (value, half_width) in point["published"].items():
            if name in found:
                rounding = 0.5 * 10.0 ** -len(str(value).partition(".")[2])
                wanted = pytest.approx(value, abs=HALF_WIDTHS * half_width + rounding)
                assert found[name] == wanted, (point["model"], name)
                compared += 1
    assert compared >= 20
