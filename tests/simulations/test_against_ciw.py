"""An independent simulator plays the same queue: both must agree within their limits of confidence."""

import math

import numpy as np
import pytest

from simulations.experiment.result import Result
from simulations.experiment.simulate import simulate
from tests.simulations.scenes import single_queue

ciw = pytest.importorskip("ciw", reason="ciw is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
AGENTS, PER_MIN, TALK_MIN, PATIENCE_MIN = 6, 1.5, 4.0, 2.0
RUNS, UNTIL_MIN, WARM_MIN = 12, 1500.0, 100.0


def theirs() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Share abandoned and mean wait of the served (min) by run: talk of two stages, exponential patience."""
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(PER_MIN)],
        service_distributions=[ciw.dists.Gamma(2.0, TALK_MIN / 2.0)],
        reneging_time_distributions=[ciw.dists.Exponential(1.0 / PATIENCE_MIN)],
        number_of_servers=[AGENTS],
    )
    found = []
    for seed in range(RUNS):
        ciw.seed(seed)
        simulation = ciw.Simulation(network)
        simulation.simulate_until_max_time(UNTIL_MIN)
        records = [one for one in simulation.get_all_records() if one.arrival_date > WARM_MIN]
        waits = [one.waiting_time for one in records if one.record_type == "service"]
        found.append((1.0 - len(waits) / len(records), float(np.mean(waits))))
    return np.array(found)


def test_both_see_the_same_queue() -> None:
    talk, patience = f"erlang({TALK_MIN * 60:.0f}s, 2)", f"exponential({PATIENCE_MIN * 60:.0f}s)"
    played = simulate(single_queue(AGENTS, PER_MIN, talk, patience), 20, 7)
    result = Result(played.model, played.seed, 0.9999, played.played)
    other = theirs()
    half_widths = 4.5 * other.std(axis=0, ddof=1) / math.sqrt(RUNS)
    ours = (result.estimate("abandon_rate"), result.estimate("asa_s"))
    for place, (estimate, scale) in enumerate(zip(ours, (1.0, 1.0 / 60.0), strict=True)):
        allowed = math.hypot(estimate.half_width * scale, half_widths[place])
        assert abs(estimate.value * scale - other[:, place].mean()) <= allowed
        assert allowed < 0.5 * estimate.value * scale, "the comparison says something"
