"""`trunkline verify`: decide a recorded log again and compare."""

from pathlib import Path

import msgspec
import typer

from engine.commands.outcome import Exit
from engine.replay.verify import verify as verify_log


def verify(data: Path, as_json: bool) -> Exit:
    """Print what was found. Raises LogError, LogDamaged and OSError."""
    report = verify_log(data)
    if as_json:
        typer.echo(msgspec.json.encode(report))
    else:
        typer.echo(str(report))
    return Exit.OK if report.ok else Exit.FINDINGS
