"""`trunkline log prune`: delete what of a log is older than it is to be kept."""

from pathlib import Path

import msgspec
import typer

from engine.commands.outcome import Exit
from engine.live.prune import PruneReport
from engine.live.prune import prune as delete_old


def prune(data: Path, keep_ns: int, dry_run: bool, as_json: bool) -> Exit:
    """Delete, and say what; `dry_run` only says it. Raises LogError, LogLocked, LogDamaged and OSError."""
    report = delete_old(data, keep_ns, dry_run=dry_run)
    typer.echo(msgspec.json.encode(report) if as_json else in_words(report))
    return Exit.OK


def in_words(report: PruneReport) -> str:
    """Say what was deleted, or would be."""
    if not report.segments:
        return f"nothing to delete: each of the {report.segments_kept} segments holds something that is to be kept"
    what = f"{report.segments} segment{'' if report.segments == 1 else 's'}, {report.bytes / 1e6:.1f} MB"
    begins = f"the log begins at sequence {report.first_seq}, {report.first_at}"
    return f"deleted {what}; {begins}" if report.done else f"would delete {what}; then {begins}"
