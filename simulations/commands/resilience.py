"""`trunkline resilience`: what goes wrong without a plan, with it, and with the plan late."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.commands.outcome import errors_as_exits
from engine.errors import ConfigError
from engine.model.durations import parse_duration
from simulations.commands.options import AsJson, Changes, Cluster, PairedReplications, Seed, Workers, form_of
from simulations.commands.players import players

if TYPE_CHECKING:
    from simulations.experiment.simulate import Workers as Players


def resilience(
    scenario: Annotated[Path, typer.Argument(metavar="FILE", help="Scenario with 'disruptions'.", dir_okay=False)],
    late: Annotated[str, typer.Option("--late", help="How much later the plan comes in the last case.")] = "30m",
    replications: PairedReplications = None,
    seed: Seed = None,
    changes: Changes = None,
    workers: Workers = None,
    cluster: Cluster = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a row a case and queue as CSV.")] = False,
) -> None:
    """Tell how a centre stands its disruptions. Example: trunkline resilience continuity.yaml --late 30m"""
    with errors_as_exits():
        form = form_of(as_json, as_csv)
        with players(workers, cluster) as who:
            _resilience(scenario, late, replications, seed, tuple(changes or ()), who, form)


def _resilience(
    path: Path,
    late: str,
    replications: int | None,
    seed: int | None,
    changes: tuple[str, ...],
    workers: "Players | None",
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

    from simulations.commands.tables import money_unit, table_of, with_half

    console = Console(highlight=False)
    unit, word = money_unit(case["damage"]["value"] or 0.0 for case in found)
    table = table_of(
        ("case", "plan after, min", "lost", "lost more", "waiting at most", "damage"),
        title=f"{name}: a day, and what differs from an undisturbed one",
        caption=f"damage: costs less benefits, {word}{currency}",
    )
    for case in found:
        cells = [with_half(case[figure]) for figure in ("lost", "lost_more", "backlog")]
        table.add_row(case["case"], _minutes(case["activated_s"], "-"), *cells, with_half(case["damage"], unit))
    console.print(table)
    levels = table_of(
        ("queue", *(case["case"] for case in found)),
        title="service level, %, of those who came meanwhile; after how many minutes it was back for good",
    )
    for queue, level in found[0]["service_level_during"].items():
        others = (
            f"{with_half(case['service_level_during'][queue], 0.01)}, {_minutes(case['recovered_s'][queue], 'not')}"
            for case in found[1:]
        )
        levels.add_row(queue, with_half(level, 0.01), *others)
    console.print(levels)


def _minutes(seconds: float | None, otherwise: str) -> str:
    return otherwise if seconds is None else f"{seconds / 60:.0f}"
