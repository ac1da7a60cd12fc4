"""`trunkline resilience`: what goes wrong without a plan, with it, and with the plan late."""

from pathlib import Path
from typing import Annotated, Any

import typer

from engine.commands.outcome import errors_as_exits
from engine.model.durations import parse_duration
from simulations.commands.options import AsJson, Changes, Cluster, Out, PairedReplications, Seed, Workers, form_of


def resilience(
    scenario: Annotated[Path, typer.Argument(metavar="FILE", help="Scenario with 'disruptions', or results.")],
    late: Annotated[str, typer.Option("--late", help="How much later the plan comes in the last case.")] = "30m",
    replications: PairedReplications = None,
    changes: Changes = None,
    seed: Seed = None,
    out: Out = None,
    workers: Workers = None,
    cluster: Cluster = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a row a case and queue as CSV.")] = False,
) -> None:
    """Tell how a centre stands its disruptions. Example: trunkline resilience continuity.yaml --late 30m"""
    with errors_as_exits():
        from simulations.commands.answer import tell
        from simulations.commands.loading import loaded
        from simulations.commands.simulate_run import progress_bar
        from simulations.commands.workers import workers_of
        from simulations.compare.files import case_rows, write_resilience
        from simulations.compare.resilience import resilience as played

        form = form_of(as_json, as_csv)
        try:
            late_ns = parse_duration(late)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--late") from None
        asked = loaded(scenario, changes or ())
        with progress_bar("replications") as bar, workers_of(workers, cluster) as who:
            found = played(asked, late_ns, replications, seed, workers=who, progress=bar)
        tell(found, form, rows=case_rows, table=_print, write=write_resilience, out=out)


def _print(answer: dict[str, Any]) -> None:
    from simulations.commands.answer import of_seed
    from simulations.commands.tables import print_table, table_of
    from simulations.notation.numbers import money_unit, with_half

    found = answer["cases"]
    unit, word = money_unit(case["damage"]["value"] or 0.0 for case in found)
    table = table_of(
        ("case", "plan after, min", "lost", "lost more", "waiting at most", "damage"),
        title=f"{answer['scenario']}: a day, and what differs from an undisturbed one",
        caption=f"± {answer['confidence']:.0%} confidence; damage: costs less benefits, {word}{answer['currency']}",
    )
    for case in found:
        cells = [with_half(case[figure]) for figure in ("lost", "lost_more", "backlog")]
        table.add_row(case["case"], _minutes(case["activated_s"], "-"), *cells, with_half(case["damage"], unit))
    print_table(table)
    levels = table_of(
        ("queue", *(case["case"] for case in found)),
        title="service level, %, of those who came meanwhile; after how many minutes it was back for good",
    )
    for queue, level in found[0]["service_level_during"].items():
        others = (
            f"{with_half(case['service_level_during'][queue], 0.01)}, {_minutes(case['recovered_s'][queue], 'not')}"
            + ("" if case["untold_drop"][queue] is None else "?")
            for case in found[1:]
        )
        levels.add_row(queue, with_half(level, 0.01), *others)
    print_table(levels)
    for case in found:
        drops = [f"{queue} {100 * drop:.1f}" for queue, drop in case["untold_drop"].items() if drop and queue != "all"]
        if drops:
            told = f"{case['case']}: too few replications to tell when it was back (?): points lower meanwhile"
            typer.echo(f"{told}: {', '.join(drops)}.")
    typer.echo(f"{answer['replications']} replications of each case. {of_seed(answer['seed'])}")


def _minutes(seconds: float | None, otherwise: str) -> str:
    return otherwise if seconds is None else f"{seconds / 60:.0f}"
