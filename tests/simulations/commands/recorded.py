"""A scenario in a folder with a log of one of its days, for commands to read."""

import json
from pathlib import Path
from typing import Any, Final

from simulations.experiment.recording import record
from simulations.scenario.scenario import Scenario

DISTURBED: Final[dict[str, Any]] = {
    "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 09:00", "interval": "30m"},
    "queues": {"sales": {"arrivals": {"rate": "1/min"}, "handle": {"talk": "2m"}, "patience": "exponential(3m)"}},
    "agents": [{"group": "everybody", "count": 6}],
    "disruptions": [{"at": "2026-11-23 08:30", "for": "10m", "world": {"volume": 2}}],
    "experiment": {"replications": 2, "seed": 3},
}
"""An hour in which something goes wrong, quickly played."""


def recorded_day(folder: Path, raw: dict[str, Any]) -> Path:
    """Write `day.yaml` and `log` into a folder; returns the folder."""
    (folder / "day.yaml").write_text(json.dumps(raw), encoding="utf-8")
    record(Scenario.of(raw), 3, 0, folder / "log")
    return folder
