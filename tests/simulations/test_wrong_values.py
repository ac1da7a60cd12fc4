"""Whatever a scenario says that it may not say, the answer is a sentence with a place, never a traceback."""

from pathlib import Path

import pytest

from engine.errors import ConfigError
from simulations.scenario.scenario import Scenario

ONE_QUEUE = """
horizon: {from: 2026-11-23 08:00, to: 2026-11-23 12:00, interval: 30m}
queues:
  sales: {arrivals: %s, handle: {talk: 3m}, agents: 8}
"""


def faults(folder: Path, text: str) -> list[str]:
    path = folder / "scenario.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        Scenario.load(path)
    return [line.removeprefix(f"{path}:") for line in caught.value.faults]


@pytest.mark.parametrize(
    ("arrivals", "said"),
    [
        ("{volumes: [1, 2]}", "4:31: there are 2 volumes, and the horizon has 8 intervals of 30 min; give one an"),
        ("{csv: none.csv}", "4:27: none.csv cannot be read: No such file or directory"),
        ("{csv: day.csv, column: calls}", "4:27: day.csv has no column 'calls'; there is volume"),
    ],
)
def test_volumes_that_do_not_fit_are_told_and_what_is_wrong_elsewhere_beside_them(
    tmp_path: Path, arrivals: str, said: str
) -> None:
    (tmp_path / "day.csv").write_text("volume\n1\n", encoding="utf-8")
    text = ONE_QUEUE % arrivals
    alone = faults(tmp_path, text)
    assert len(alone) == 1
    assert alone[0].startswith(said)
    both = faults(tmp_path, text + "agents:\n  - {group: b, queues: [sale]}\n")
    assert both == [*alone, "6:25: there is no queue 'sale'; did you mean 'sales'?"]
