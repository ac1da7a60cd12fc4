"""A scenario in a folder with a log of one of its days, for commands to read."""

import json
from pathlib import Path
from typing import Any

from simulations.experiment.recording import record
from simulations.scenario.scenario import Scenario


def recorded_day(folder: Path, raw: dict[str, Any]) -> Path:
    """Write `day.yaml` and `log` into a folder; returns the folder."""
    (folder / "day.yaml").write_text(json.dumps(raw), encoding="utf-8")
    record(Scenario.of(raw), 3, 0, folder / "log")
    return folder
