"""The folder of a run: `run.json`, `intervals.csv`, `summary.md`, and the scenario as it was played."""

import platform
from pathlib import Path
from typing import Any

import msgspec
import xxhash
from ruamel.yaml import YAML

from simulations.experiment.intervals import interval_rows, write_csv
from simulations.experiment.result import Result
from simulations.experiment.summary import SHOWN, TITLES, summary
from simulations.scenario.scenario import Scenario


def write_run(scenario: Scenario, result: Result, folder: Path) -> list[Path]:
    """Write the files, made anew if they are there; return their paths. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    locked = folder / "scenario.lock.yaml"
    with locked.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(scenario.raw, file)
    found = summary(result)
    run = found | {
        "scenario_file": scenario.path,
        "scenario_hash": xxhash.xxh3_64_hexdigest(msgspec.json.encode(scenario.raw)),
        "host": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
    }
    (folder / "run.json").write_bytes(msgspec.json.format(msgspec.json.encode(run), indent=2) + b"\n")
    write_csv(interval_rows(result), folder / "intervals.csv")
    (folder / "summary.md").write_text(summary_text(found), encoding="utf-8")
    return [folder / "run.json", folder / "intervals.csv", folder / "summary.md", locked]


def summary_text(found: dict[str, Any]) -> str:
    """Return the summary as a page of Markdown."""
    lines = [
        f"# {found['scenario']}",
        "",
        f"{found['replications']} replications, seed {found['seed']}, {found['contacts']} contacts; intervals of "
        f"{found['confidence']:.0%} confidence.",
        "",
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
