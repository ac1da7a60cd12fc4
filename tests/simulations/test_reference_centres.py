"""Centres of several types and groups against another simulator's figures, each with its own interval of confidence."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from simulations.experiment.result import Result
from simulations.experiment.simulate import simulate
from tests.simulations.scenes import centre

DATA = Path(__file__).parents[2] / ".." / "shared" / "data" / "planning" / "routing_reference_simulations.json"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not DATA.exists(), reason="the reference figures are not there (../shared/data/planning)"),
]
CONFIDENCE = 0.9999
WIDER = 2.0
"""Their limits are those of 95 %; ours of 99.99 %."""


def references() -> list[dict[str, Any]]:
    """Those whose policy is a strategy of the engine's: the longest wait first, the longest idle agent."""
    found = json.loads(DATA.read_text()) if DATA.exists() else []
    return [one for one in found if one["policy"].startswith("global FIFO")]


@pytest.mark.parametrize("reference", references(), ids=lambda one: one["instance"])
def test_the_longest_wait_goes_to_the_longest_idle(reference: dict[str, Any]) -> None:
    played = simulate(centre(reference["inst"], "longest-idle", contacts=20_000), 30, 11)
    result = Result(played.model, played.seed, CONFIDENCE, played.played)
    theirs = reference["contactcenters"]
    for number, queue in enumerate(result.queues):
        for name, scale, figures in (("abandon_rate", 100.0, "pab_pct"), ("wait_s", 1 / 60.0, "ew_min")):
            ours = result.estimate(name, queue)
            exact, half_width = theirs[figures][number]
            allowed = math.hypot(ours.half_width * scale, WIDER * half_width)
            assert abs(ours.value * scale - exact) <= allowed, (queue, name, ours, exact, half_width)
