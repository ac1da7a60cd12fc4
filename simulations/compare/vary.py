"""What a sweep varies: names with their values, as `volume=0.8:1.3:0.1`, and the grid of all their combinations."""

import math
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import product
from typing import Final

import msgspec

from engine.errors import ConfigError
from engine.model.durations import format_duration, parse_duration
from engine.model.fields import nearest
from simulations.scenario.file import ScenarioFile
from simulations.scenario.scenario import Scenario
from simulations.scenario.sections import Factors

Value = float | int | str
POINTS_MAX: Final = 1000
"""Points of a grid, and values of an axis: more than anybody looks at, and no accident of a tiny step."""
EXAMPLE: Final = "write NAME=FROM:TO:STEP, as volume=0.8:1.3:0.1, or NAME=VALUE,VALUE"
_NUMBER: Final = re.compile(r"-?\d{1,12}(?:\.\d{1,9})?", re.ASCII)


class Axis(msgspec.Struct, frozen=True):
    """One name and the values that it takes."""

    name: str
    values: tuple[Value, ...]

    @property
    def where(self) -> str:
        """The place in the scenario: of `volume`, `aht`, `patience` and `shrinkage` the factor of everything."""
        return f"factors.{self.name}" if self.name in Factors.model_fields else self.name

    def change(self, value: Value) -> str:
        """Return the change of the scenario, as `--set` has it."""
        return f"{self.where}={value}"


def parse_vary(text: str) -> Axis:
    """Return the axis that `volume=0.8:1.3:0.1` or `queues.sales.agents=10,12,15` says.

    Ranges are of numbers, of shares with `%` and of durations, and hold both ends where the step leads there. Raises
    ValueError with what is wrong.
    """
    name, equals, said = text.partition("=")
    name, said = name.strip(), said.strip()
    if not equals or not name or not said:
        raise ValueError(f"'{text}' varies nothing; {EXAMPLE}")
    parts = [part.strip() for part in said.split(":")]
    values = _listed(said) if len(parts) != 3 or "," in said else _ranged(text, *parts)
    if len(parts) == 2 and "," not in said:
        raise ValueError(f"'{text}' has no step; {EXAMPLE}")
    if not all(str(value) for value in values):
        raise ValueError(f"'{text}' has an empty value; {EXAMPLE}")
    if len(set(values)) < len(values):
        raise ValueError(f"'{text}' names a value twice")
    return Axis(name, tuple(values))


def _listed(said: str) -> list[Value]:
    return [_plain(Decimal(part)) if _NUMBER.fullmatch(part) else part for part in map(str.strip, said.split(","))]


def _ranged(text: str, first: str, last: str, step: str) -> list[Value]:
    """Return the values of a range, exact in decimals, so that 0.8:1.3:0.1 ends with 1.3."""
    if all(_NUMBER.fullmatch(part) for part in (first, last, step)):
        return [_plain(value) for value in _steps(text, Decimal(first), Decimal(last), Decimal(step))]
    shares = [part.removesuffix("%") for part in (first, last, step)]
    if last.endswith("%") and all(_NUMBER.fullmatch(part) for part in shares):
        return [f"{_plain(value)}%" for value in _steps(text, *map(Decimal, shares))]
    try:
        low, high, width = (Decimal(parse_duration(part)) for part in (first, last, step))
    except ValueError:
        kinds = "numbers, shares as 10%, or durations as 30s"
        raise ValueError(f"'{text}' is no range of {kinds}; {EXAMPLE}") from None
    return [format_duration(int(value)) for value in _steps(text, low, high, width)]


def _steps(text: str, first: Decimal, last: Decimal, step: Decimal) -> list[Decimal]:
    if step <= 0:
        raise ValueError(f"'{text}' never gets to its end: the step must be more than 0; {EXAMPLE}")
    if last < first:
        raise ValueError(f"'{text}' ends before it begins; {EXAMPLE}")
    count = int((last - first) / step) + 1
    if count > POINTS_MAX:
        raise ValueError(f"'{text}' has {count} values; at most {POINTS_MAX} can be played: take a wider step")
    return [first + place * step for place in range(count)]


def _plain(value: Decimal) -> Value:
    return int(value) if value == value.to_integral_value() else float(value)


def grid(axes: Sequence[Axis]) -> Iterator[tuple[Value, ...]]:
    """Yield the values of every point, the last axis the quickest."""
    return product(*(axis.values for axis in axes))


def check_axes(scenario: Scenario, axes: Sequence[Axis]) -> int:
    """Return how many points there are.

    Raises ConfigError where that is too many, a name comes twice, or the scenario does not take one of the values.
    """
    names = [axis.name for axis in axes]
    count = math.prod(len(axis.values) for axis in axes)
    faults = [f"--vary {name}: said twice" for name in dict.fromkeys(names) if names.count(name) > 1]
    if count > POINTS_MAX:
        sizes = " x ".join(str(len(axis.values)) for axis in axes)
        faults.append(f"--vary: {sizes} makes {count} points; at most {POINTS_MAX} can be played: take wider steps")
    if faults:
        raise ConfigError(faults)
    for axis in axes:
        told = set[str]()  # what is wrong with the name is wrong with each value
        for value in axis.values:
            for fault in _faults(scenario, axis, value):
                if fault not in told:
                    told.add(fault)
                    faults.append(f"--vary {axis.name}={value}: {fault}")
    if faults:
        raise ConfigError(faults)
    return count


def _faults(scenario: Scenario, axis: Axis, value: Value) -> list[str]:
    change = axis.change(value)
    if "." not in axis.where and axis.where not in ScenarioFile.model_fields:
        return [f"unknown word '{axis.name}'{nearest(axis.name, Factors.model_fields)}"]
    try:
        scenario.changed(change)
    except ConfigError as error:
        return [fault.removeprefix(f"--set {change}: ") for fault in error.faults]
    return []
