"""`trunkline resilience`: what goes wrong without a plan, with it, and with the plan late."""

from pathlib import Path
from typing import Annotated, Any

import typer

from engine.commands.outcome import errors_as_exits
from engine.errors import ConfigError
from engine.model.durations import parse_duration


def resilience(
    scenario: Annotated[Path, typer.Argument(metavar="FILE", help="Scenario with 'disruptions'.", dir_okay=False)],
    late: Annotated[str, typer.Option("--late", help="How much later the plan comes in the last case.")] = "30m",
    replications: Annotated[
        int | None, typer.Option("-n", "--replications", min=2, max=100_000, help="Not said: as the file says.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Seed of all chance.")] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="WHERE=VALUE", help="Change the scenario first; repeatable.")
    ] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Threads; not said: one a core.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a row a case and queue as CSV.")] = False,
) -> None:
    """Tell how a centre stands its disruptions. Example: trunkline resilience continuity.yaml --late 30m"""
    with errors_as_exits():
        if as_json and as_csv:
            raise typer.BadParameter("say --json or --csv, not both")
        form = "json" if as_json else "csv" if as_csv else "table"
        _resilience(scenario, late, replications, seed, tuple(changes or ()), workers, form)


def _resilience(
    path: Path,
    late: str,
    replications: int | None,
    seed: int | None,
    changes: tuple[str, ...],
    workers: int | None,
    form: str,
) -> None:
    import msgspec

    from simulations.commands.simulate_run import progress_bar
    from simulations.compare.resilience import cases, plain_case, told
    from simulations.experiment.simulate import simulate
    from simulations.scenario.scenario import Scenario

    try:
        late_ns = parse_duration(late)
    except ValueError as error:
        raise ConfigError([f"--late {late}: {error}"]) from None
    scenario = Scenario.load(path, changes)
    file = scenario.file
    count = replications or max(file.experiment.replications, 2)
    seed = file.experiment.seed if seed is None else seed
    results = {}
    with progress_bar("cases") as progress:
        played = cases(scenario, late_ns)
        for name, one in played.items():
            results[name] = simulate(one, count, seed, workers=workers)
            progress(len(results), len(played))
    found = [plain_case(case) for case in told(results)]
    if form == "json":
        head = {"scenario": file.name, "seed": seed, "replications": count, "currency": file.costs.currency}
        typer.echo(msgspec.json.encode(head | {"cases": found}))
    elif form == "csv":
        _write_csv(found)
    else:
        _print(found, file.name, file.costs.currency)
        typer.echo(f"{count} replications of each case. Seed {seed}: the same seed gives the same figures.")


def _write_csv(found: list[dict[str, Any]]) -> None:
    import csv
    import sys

    rows = []
    for case in found:
        for queue, level in case["service_level_during"].items():
            of_all = {
                key: case[key]["value"] if queue == "all" else "" for key in ("lost", "lost_more", "backlog", "damage")
            }
            row = {"case": case["case"], "queue": queue, "activated_s": case["activated_s"]}
            row |= {"service_level": level["value"], "sl_lo": level["low"], "sl_hi": level["high"]}
            rows.append(row | {"recovered_s": case["recovered_s"][queue]} | of_all)
    writer = csv.DictWriter(sys.stdout, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)


def _print(found: list[dict[str, Any]], name: str, currency: str) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    most = max(abs(case["damage"]["value"] or 0.0) for case in found)
    unit, word = (1e6, "millions of ") if most >= 1e7 else (1.0, "")
    table = Table(
        title=f"{name}: a day, and what is different from an undisturbed one",
        caption=f"damage: costs less benefits, {word}{currency}; recovered: service level back for good, every queue",
    )
    headings = ("case", "plan after", "lost", "lost more", "waiting at most", "recovered after", "damage")
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "case" else "right")
    for case in found:
        cells = [_duration(case["activated_s"], "-"), _count(case["lost"]), _count(case["lost_more"])]
        recovered = _duration(case["recovered_s"]["all"], "not in time")
        table.add_row(case["case"], *cells, _count(case["backlog"]), recovered, _count(case["damage"], unit))
    console.print(table)
    levels = Table(title="service level of those who came while it lasted")
    levels.add_column("queue")
    for case in found:
        levels.add_column(case["case"], justify="right")
    for queue in found[0]["service_level_during"]:
        levels.add_row(queue, *(_count(case["service_level_during"][queue], 0.01, "%") for case in found))
    console.print(levels)


def _duration(seconds: float | None, otherwise: str) -> str:
    return otherwise if seconds is None else f"{seconds / 60:.0f} min"


def _count(figure: dict[str, float | None], unit: float = 1.0, sign: str = "") -> str:
    value, low, high = figure["value"], figure["low"], figure["high"]
    if value is None:
        return "-"
    half = "" if low is None or high is None else f" ±{(high - low) / 2 / unit:,.1f}"
    return f"{value / unit:,.1f}{half}{sign}"
