"""`trunkline verify`: decide a recorded log again and compare."""

from functools import partial
from pathlib import Path

import msgspec
import typer

from engine.commands.outcome import Exit
from engine.errors import FirstPartDeleted
from engine.live.base import read_base
from engine.log.reader import checksum_at
from engine.replay.restore import log_folder
from engine.replay.verify import verify as verify_log


def verify(data: Path, as_json: bool) -> Exit:
    """Print what was found. Raises LogError, LogDamaged and OSError.

    FirstPartDeleted where old segments were deleted and what is there is whole, the state at which it begins included.
    """
    try:
        report = verify_log(data)
    except FirstPartDeleted as error:
        read_base(data, error.first_seq, partial(checksum_at, log_folder(data)))
        raise
    if as_json:
        typer.echo(msgspec.json.encode(report))
    else:
        typer.echo(str(report))
    return Exit.OK if report.ok else Exit.FINDINGS
