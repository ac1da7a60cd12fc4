"""The section that says when contacts come: a rate, volumes by interval, or a trace; inline or from a CSV file."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, ValidationInfo, model_validator

from engine.config.faults import several
from engine.model.fields import Number, Section, fault
from simulations.scenario.csv_files import first_column, why_unread
from simulations.scenario.values import Share, plain, read_rate
from simulations.scenario.volumes import VOLUME_MAX, spread, volumes_of_file

INSTANT_MAX_S: Final = 100 * 366 * 86400.0
"""Seconds from the start beyond which an instant of a trace is taken for a mistake."""
TRACES_KEPT: Final = 16
"""Of the traces that were read: as many as a scenario has queues, as a rule."""


def _readable(trace: str | None, info: ValidationInfo) -> str | None:
    """Read a trace at once, so that its faults show with all others."""
    folder = (info.context or {}).get("folder")
    if trace is not None and folder is not None:
        try:
            read_trace(folder / trace)
        except (OSError, ValueError) as error:
            raise fault(unreadable(trace, error)) from None
    return trace


class Arrivals(Section):
    """When contacts come. One of `rate`, `volumes`, `csv` and `trace` is said."""

    rate: Annotated[float | None, plain(read_rate)] = None
    """Contacts a second, the same all the time."""
    volumes: list[Annotated[float, Number(0, VOLUME_MAX)]] | None = None
    """Contacts expected in each interval of the horizon, from its first on."""
    csv: str | None = None
    """A file with a heading, whose column `column` holds volumes; where a column `interval_start` says when its rows
    begin, they are aligned by it."""
    column: str = "volume"
    repeat: bool = False
    """Whether volumes begin again after the last: else they must be those of the horizon."""
    trace: Annotated[str | None, AfterValidator(_readable)] = None
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
        if self.repeat and self.volumes is None and self.csv is None:
            raise several([(("repeat",), "only volumes of a list or a file repeat")])
        return self

    @model_validator(mode="before")
    @classmethod
    def _by_interval(cls, value: Any, info: ValidationInfo) -> Any:
        """Read the file that `csv` names at once, so that its faults show with all others, and bring volumes to the
        intervals of the horizon.
        """
        context = info.context or {}
        folder, timeline = context.get("folder"), context.get("timeline")
        if not isinstance(value, dict) or folder is None or timeline is None:
            return value
        repeat = value.get("repeat") is True
        name, volumes = value.get("csv"), value.get("volumes")
        try:
            if isinstance(name, str) and volumes is None:
                column = str(value.get("column", "volume"))
                rest = {key: item for key, item in value.items() if key not in ("csv", "column")}
                return rest | {"volumes": volumes_of_file(folder / name, column, timeline, repeat=repeat)}
            if isinstance(volumes, list) and volumes:
                return value | {"volumes": spread(volumes, timeline, repeat=repeat)}
        except ValueError as error:
            raise several([(("csv" if name is not None else "volumes",), str(error))]) from None
        return value


def unreadable(trace: str, error: OSError | ValueError) -> str:
    """Return the sentence that says why a trace cannot be read."""
    return f"{trace} cannot be read: {why_unread(error)}"


def read_trace(path: Path) -> tuple[float, ...]:
    """Return the instants of a trace, s from the start of the horizon, in order; a heading is passed over.

    A file that was read is read anew once it changes: checking, building and every trial of a plan ask for it. Raises
    OSError and ValueError.
    """
    file = path.stat()
    return _read_trace(path.absolute(), (file.st_ino, file.st_size, file.st_mtime_ns, file.st_ctime_ns))


@lru_cache(maxsize=TRACES_KEPT)
def _read_trace(path: Path, _is_of: tuple[int, ...]) -> tuple[float, ...]:
    found = [float(cell) for cell in first_column(path)]
    for instant in found:
        if not abs(instant) <= INSTANT_MAX_S:
            raise ValueError(f"{instant} is no instant within {INSTANT_MAX_S / 86400:.0f} days of the start")
    return tuple(sorted(found))
