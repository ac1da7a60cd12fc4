"""What several of the planner's commands let be said, and what was said to those that play one scenario."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer

Form = Literal["table", "json", "csv"]

Changes = Annotated[
    list[str] | None, typer.Option("--set", metavar="WHERE=VALUE", help="Change the scenario first; repeatable.")
]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Seed of all chance.")]
Workers = Annotated[int | None, typer.Option("--workers", min=1, help="Threads; not said: one a core.")]
Cluster = Annotated[
    str | None,
    typer.Option("--cluster", metavar="ADDRESS", help="Play on a Dask cluster: its scheduler, as tcp://10.0.0.5:8786."),
]
PairedReplications = Annotated[
    int | None, typer.Option("-n", "--replications", min=2, max=100_000, help="Not said: as the first file says.")
]
Out = Annotated[Path | None, typer.Option("-o", "--out", metavar="DIR", help="Write the answer there, for report.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def form_of(as_json: bool, as_csv: bool) -> Form:
    """Return how to tell the answer. Raises typer.BadParameter where two forms are asked for."""
    if as_json and as_csv:
        raise typer.BadParameter("say --json or --csv, not both")
    return "json" if as_json else "csv" if as_csv else "table"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for, as it was written, of a command that plays one scenario."""

    path: Path
    replications: int | None
    changes: tuple[str, ...]
    seed: int | None
    out: Path | None
    workers: int | None
    cluster: str | None
    form: Form
