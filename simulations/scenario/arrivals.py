"""The section that says when contacts come: a rate, volumes by interval, or a trace; inline or from a CSV file."""

import csv
import io
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import ValidationInfo, model_validator

from engine.config.faults import several
from engine.model.fields import Number, Section
from simulations.scenario.values import Share, plain, read_rate

CELLS_MAX: Final = 1_000_000


class Arrivals(Section):
    """When contacts come. One of `rate`, `volumes`, `csv` and `trace` is said."""

    rate: Annotated[float | None, plain(read_rate)] = None
    """Contacts a second, the same all the time."""
    volumes: list[Annotated[float, Number(0, 10_000_000)]] | None = None
    """Contacts expected in each interval of the horizon, from its first on; after the last the list begins again."""
    csv: str | None = None
    """A file with a heading, whose column `column` holds the same as `volumes`."""
    column: str = "volume"
    trace: str | None = None
    """A file whose first column holds the instant of every contact, in seconds from the start of the horizon."""
    volume: Annotated[float, Number(0, 1000)] = 1.0
    """Factor of all of them but a trace."""
    busyness: Annotated[float, Share(5.0)] = 0.0
    """How much days differ beyond chance: the coefficient of variation of a gamma factor of the whole day's rates."""

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        said = [word for word in ("rate", "volumes", "csv", "trace") if getattr(self, word) is not None]
        if len(said) != 1:
            raise several([((), f"say one of rate, volumes, csv and trace; there is {' and '.join(said) or 'none'}")])
        if self.volumes == []:
            raise several([(("volumes",), "there must be one volume at least")])
        return self

    @model_validator(mode="before")
    @classmethod
    def _read_file(cls, value: Any, info: ValidationInfo) -> Any:
        """Read the file that `csv` names at once, so that its faults show with all others."""
        folder = (info.context or {}).get("folder")
        if not isinstance(value, dict) or folder is None:
            return value
        if isinstance(value.get("csv"), str) and "volumes" not in value:
            column = str(value.get("column", "volume"))
            rest = {key: item for key, item in value.items() if key not in ("csv", "column")}
            return rest | {"volumes": _column(folder / value["csv"], column, ("csv",))}
        return value


def _column(path: Path, column: str, location: tuple[str, ...]) -> list[float]:
    try:
        reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""), skipinitialspace=True)
        rows, names = list(reader), reader.fieldnames or ()
    except (OSError, UnicodeDecodeError) as error:
        raise several([(location, f"the file cannot be read: {error}")]) from None
    if column not in names:
        raise several([(location, f"{path.name} has no column '{column}'; there is {', '.join(names) or 'none'}")])
    try:
        return [float(row[column]) for row in rows]
    except (ValueError, TypeError) as error:
        raise several([(location, f"{path.name}: a volume is no number: {error}")]) from None


def read_trace(path: Path) -> list[float]:
    """Return the instants of a trace, s from the start of the horizon, in order. Raises OSError and ValueError."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        cells = [row[0] for row in csv.reader(file) if row]
    if cells and not cells[0].replace(".", "", 1).lstrip("-").isdecimal():
        cells = cells[1:]
    return sorted(float(cell) for cell in cells)
