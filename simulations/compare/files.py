"""Differences, structures over the months and resilience, as rows and as the files that `trunkline report` draws."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from engine.version import installed_version
from simulations.compare.paired import limited
from simulations.experiment.files import how_made, write_json, write_table
from simulations.experiment.whole import whole

Row = dict[str, Any]


def write_comparison(found: Row, folder: Path) -> list[Path]:
    """Write `compare.json` and `compare.csv`; return their paths. Raises OSError."""
    return _write("compare", found, comparison_rows(found), folder)


def write_payback(found: Row, folder: Path) -> list[Path]:
    """Write `payback.json` and `payback.csv`; return their paths. Raises OSError."""
    return _write("payback", found, month_rows(found), folder)


def write_resilience(found: Row, folder: Path) -> list[Path]:
    """Write `resilience.json` and `resilience.csv`; return their paths. Raises OSError."""
    return _write("resilience", found, case_rows(found), folder)


def _write(name: str, found: Row, rows: Iterable[Row], folder: Path) -> list[Path]:
    page, table = f"{name}.json", f"{name}.csv"
    with whole(folder) as fresh:
        write_json(found | {"version": installed_version()} | how_made(), fresh / page)
        write_table(iter(rows), fresh / table)
    return [folder / page, folder / table]


def comparison_rows(found: Row) -> Iterator[Row]:
    """Yield a row a queue and figure: both sides and other minus one, with limits, and who is better."""
    for row in found["figures"]:
        flat = {"queue": row["queue"], "figure": row["figure"]}
        for key in ("one", "other", "difference"):
            flat |= limited(key, row[key])
        yield flat | {"better": row["better"] or ""}


def month_rows(found: Row) -> Iterator[Row]:
    """Yield a row a structure and month: volume as a factor of the first month's, service level, and amounts."""
    for one in found["structures"]:
        for month in one["months"]:
            flat = {"scenario": one["scenario"], **{key: month[key] for key in ("month", "volume", "service_level")}}
            for key in ("cost", "benefit", "balance"):
                flat |= limited(key, month[key])
            yield flat


def case_rows(found: Row) -> Iterator[Row]:
    """Yield a row a case and queue, and one of all queues, which alone tells what the whole case lost."""
    for case in found["cases"]:
        for queue, level in case["service_level_during"].items():
            flat = {"case": case["case"], "queue": queue, "activated_s": case["activated_s"]}
            flat |= {"service_level": level["value"], "sl_lo": level["low"], "sl_hi": level["high"]}
            flat |= {"recovered_s": case["recovered_s"][queue], "untold_drop": case["untold_drop"][queue]}
            for key in ("lost", "lost_more", "backlog", "damage"):
                flat |= {end: value if queue == "all" else None for end, value in limited(key, case[key]).items()}
            yield flat
