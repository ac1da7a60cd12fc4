"""Results that the tests of reports share: a small centre with names that mean harm, played once."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from simulations.compare.sensitivity import kept_sensitivity
from simulations.experiment.files import write_run
from simulations.experiment.simulate import simulate
from simulations.experiment.summary import summary
from simulations.report.folder import Folder, read_folder
from simulations.scenario.scenario import Scenario

HOSTILE: Final = "<img src=x onerror=alert(1)>"
TITLE: Final = "</title><script>alert(1)</script> \"a\" & 'b' $title {0.__class__}"
RAW: Final[dict[str, Any]] = {
    "name": TITLE,
    "time_zone": "Asia/Ho_Chi_Minh",
    "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 10:00", "interval": "30m"},
    "trunk_groups": {"main": {"channels": 14, "display_name": "City lines"}},
    "skills": ["sell"],
    "queues": {
        "sales": {
            "service_level": "80% in 20s",
            "strategy": "longest-idle",
            "skills": {"sell": 1},
            "arrivals": {"rate": "90/h"},
            "handle": {"talk": "lognormal(mean=180s, cv=0.9)", "wrap_up": "exponential(30s)"},
            "patience": {"distribution": "exponential(2m)", "balk": "2%"},
            "ring": {"answer": "exponential(4s)"},
            "trunk_groups": ["main"],
        },
        HOSTILE: {
            "service_level": "80% in 60s",
            "strategy": "longest-idle",
            "arrivals": {"rate": "20/h"},
            "handle": {"talk": "erlang(mean=5m, k=2)"},
            "patience": "exponential(5m)",
            "agents": 3,
        },
    },
    "agents": [{"group": "sellers", "count": 8, "skills": {"sell": 1}, "queues": ["sales"], "shrinkage": "20%"}],
    "disruptions": [
        {"name": "cut <b>", "at": "2026-11-23 09:00", "for": "30m", "world": {"volume": 1.5, "trunks": {"main": 5}}}
    ],
    "costs": {"currency": "VND", "agent_hour": 60_000, "abandonment": 40_000},
    "experiment": {"replications": 6, "seed": 5},
}
_kept: Final = TemporaryDirectory(prefix="results-")


@cache
def played() -> Path:
    """Return the folder of a run of RAW, with its sensitivity."""
    folder = Path(_kept.name) / "run"
    scenario = Scenario.of(RAW)
    result = simulate(scenario)
    write_run(scenario, result, folder)
    kept_sensitivity(scenario, summary(result), folder)
    return folder


def whole() -> Folder:
    """Return what that folder holds."""
    found = read_folder(played())
    assert found.scenario is not None
    assert found.run is not None
    found.sensitivity = kept_sensitivity(found.scenario, found.run, played())
    return found
