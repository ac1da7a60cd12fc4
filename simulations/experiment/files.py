"""The folder of a run: `run.json`, `summary.md`, the scenario as it was played, and tables as CSV files."""

import csv
import platform
import shlex
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import xxhash
from ruamel.yaml import YAML

from simulations.experiment.detail import convergence_rows, pool_rows, trunk_rows, wait_rows
from simulations.experiment.intervals import interval_rows, write_csv
from simulations.experiment.narrow import too_wide
from simulations.experiment.result import Result
from simulations.experiment.summary import SHOWN, TITLES, summary
from simulations.experiment.whole import whole
from simulations.scenario.portable import as_written, portable
from simulations.scenario.scenario import LOCKED, Scenario

Row = dict[str, Any]
TABLES: Final[dict[str, Callable[[Result], Iterator[Row]]]] = {
    "waits.csv": wait_rows,
    "pools.csv": pool_rows,
    "trunks.csv": trunk_rows,
    "convergence.csv": convergence_rows,
}
"""Beside `intervals.csv`; one without rows is not written."""


def write_run(scenario: Scenario, result: Result, folder: Path) -> list[Path]:
    """Write the files, made anew together if they are there; return their paths. Raises OSError."""
    with whole(folder, TABLES) as fresh:
        written = fill_run(scenario, result, fresh)
    return [folder / path.name for path in written]


def scenario_hash(scenario: Scenario) -> str:
    """Return by what a scenario is known in files of results: 16 hex digits of what it says, its volumes included."""
    return xxhash.xxh3_64_hexdigest(msgspec.json.encode(as_written(portable(scenario))))


def fill_run(scenario: Scenario, result: Result, folder: Path) -> list[Path]:
    """Write the files of a run into a new folder; return their paths. Raises OSError."""
    locked = write_locked(scenario, folder)
    found = summary(result)
    run = found | {
        "scenario_file": scenario.path,
        "scenario_hash": scenario_hash(scenario),
        "host": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
    }
    write_json(run | how_made(), folder / "run.json")
    write_csv(interval_rows(result), folder / "intervals.csv")
    (folder / "summary.md").write_text(summary_text(found), encoding="utf-8")
    tables = [folder / name for name, rows in TABLES.items() if write_table(rows(result), folder / name)]
    return [folder / "run.json", folder / "intervals.csv", *tables, folder / "summary.md", locked]


def write_locked(scenario: Scenario, folder: Path) -> Path:
    """Write the scenario as it was played, standing alone; return its path. Raises OSError."""
    path, yaml = folder / LOCKED, YAML(typ="safe", pure=True)
    # Queues have their numbers by their order, and ties are broken by numbers.
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # said to be None
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(as_written(portable(scenario)), file)
    return path


def how_made() -> dict[str, str]:
    """Return when something was made, and by which command, as far as it was one."""
    is_command = Path(sys.argv[0]).name == "trunkline"
    return {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join(["trunkline", *sys.argv[1:]]) if is_command else "",
    }


def write_json(value: Any, path: Path) -> None:
    """Write a value as a file of JSON to read. Raises OSError."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")


def write_table(rows: Iterator[Row], path: Path) -> bool:
    """Write rows that have the same keys as a CSV file; return whether there are any. Without them no file is made."""
    first = next(rows, None)
    if first is None:
        return False
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(first))
        writer.writeheader()
        writer.writerow(first)
        writer.writerows(rows)
    return True


def summary_text(found: dict[str, Any]) -> str:
    """Return the summary as a page of Markdown."""
    lines = [
        f"# {found['scenario']}",
        "",
        f"{found['replications']} replications, seed {found['seed']}, {found['contacts']} contacts; intervals of "
        f"{found['confidence']:.0%} confidence.",
        "",
        *(line for told in too_wide(found["until"], found["replications"]) for line in (f"Note: {told}.", "")),
        "| queue | offered | " + " | ".join(TITLES.values()) + " |",
        "|---|---|" + "---|" * len(TITLES),
    ]
    for name, figures in [*found["queues"].items(), ("all", found["all"])]:
        cells = [_text(figures["offered"], 1.0)]
        cells += [_text(figures[shown], 1.0 if shown.endswith("_s") else 100.0) for shown in SHOWN]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", "Shares in per cent, times in seconds, counts of one replication.", ""])


def _text(figure: dict[str, float | None], scale: float) -> str:
    value, low, high = figure["value"], figure["low"], figure["high"]
    if value is None:
        return "-"
    limits = "" if low is None or high is None else f" ({low * scale:.1f} to {high * scale:.1f})"
    return f"{value * scale:.1f}{limits}"
