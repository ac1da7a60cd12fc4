"""Whatever a scenario says that it may not say, the answer is a sentence with a place, never a traceback."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import simulations
from engine.config.document import Location, read_document
from engine.errors import ConfigError
from simulations.scenario.load import check_value, load_document
from simulations.scenario.scenario import Scenario

ONE_QUEUE = """
horizon: {from: 2026-11-23 08:00, to: 2026-11-23 12:00, interval: 30m}
queues:
  sales: {arrivals: %s, handle: {talk: 3m}, agents: 8}
"""

EXAMPLE = Path(simulations.__file__).parent / "examples" / "hotline" / "hotline.yaml"
WRONG: tuple[Any, ...] = (-1, "none.csv", [], {"x": 1, 2: 3})


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
        ("{trace: none.csv}", "4:29: none.csv cannot be read: No such file or directory"),
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


def test_a_file_that_is_no_csv_is_told_wherever_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "open.csv").write_text('hours\n"' + "1" * 200_000, encoding="utf-8")
    queues = "".join(
        f"  {name}: {{arrivals: {arrivals}, handle: {{talk: {talk}}}}}\n"
        for name, arrivals, talk in (
            ("a", "{csv: open.csv}", "3m"),
            ("b", "{trace: open.csv}", "3m"),
            ("c", "{rate: 1/min}", "empirical(open.csv)"),
        )
    )
    told = faults(tmp_path, f"queues:\n{queues}agents: [{{group: g, shifts: open.csv}}]\n")
    assert [line[0] for line in told] == ["2", "3", "4", "5"]
    assert all("is no CSV file (field larger than field limit" in line for line in told)


def test_names_are_listed_once_each(tmp_path: Path) -> None:
    twice = "agents: [{group: a}, {group: a}]\ncosts: {agent_hour: {b: 10}}\n"
    text = ONE_QUEUE % "{rate: 1/min}" + twice
    assert faults(tmp_path, text)[-1] == "6:21: there is no group 'b'; there is a, sales"


def places(value: Any, at: Location = ()) -> Iterator[Location]:
    """Where something stands in a document."""
    for part, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield (*at, part)
        yield from places(inner, (*at, part))


def with_value(value: Any, at: Location, wrong: Any) -> Any:
    changed = holder = copy.deepcopy(value)
    for part in at[:-1]:
        holder = holder[part]
    holder[at[-1]] = wrong
    return changed


@pytest.mark.slow
def test_no_wrong_value_of_any_key_ends_in_a_traceback() -> None:
    raw = read_document(EXAMPLE).value
    refused = 0
    for at in places(raw):
        for wrong in WRONG:
            try:
                document, _ = load_document(with_value(raw, at, wrong), EXAMPLE.parent)
                check_value(document, EXAMPLE.parent)
            except ConfigError as error:
                refused += len(error.faults) > 0
            except Exception as error:
                raise AssertionError(f"{wrong!r} at {at} ends in {error!r}") from error
    assert refused > 100
