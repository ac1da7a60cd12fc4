"""`trunkline backup` and `trunkline restore`: copy a data folder, also one in use, and bring it back."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import typer

from engine.commands.outcome import Exit
from engine.errors import LogError
from engine.log.backup import back_up, restore_log
from engine.log.file_ops import FileOps
from engine.replay.restore import LOG_FOLDER, SNAPSHOT_FOLDER

NOT_COPIED: Final = frozenset({LOG_FOLDER, SNAPSHOT_FOLDER})
"""The log is copied by its frames; snapshots are made anew."""


class BackupReport(msgspec.Struct, frozen=True):
    """What was copied, and up to where."""

    last_seq: int
    segments_copied: int
    segments_kept: int
    files_copied: int
    bytes_copied: int


def backup(data: Path, to: Path, as_json: bool) -> Exit:
    """Copy a data folder, which may be in use. Raises LogError, LogDamaged and OSError."""
    copied = back_up(data / LOG_FOLDER, to / LOG_FOLDER)
    # After the log: what its rows speak of was there before them.
    files, size = _copy_beside(data, to)
    report = BackupReport(
        copied.last_seq, copied.segments_copied, copied.segments_kept, files, copied.bytes_copied + size
    )
    _tell(report, as_json, f"copied to {to}")
    return Exit.OK


def restore(backup_folder: Path, data: Path, as_json: bool) -> Exit:
    """Bring a backup back into a folder without a log. Raises LogError, LogDamaged and OSError."""
    if (data / SNAPSHOT_FOLDER).exists() and any((data / SNAPSHOT_FOLDER).iterdir()):
        raise LogError(f"{data / SNAPSHOT_FOLDER} holds snapshots of another log: name another folder, or move it away")
    files, size = _copy_beside(backup_folder, data)
    copied = restore_log(backup_folder / LOG_FOLDER, data / LOG_FOLDER)
    report = BackupReport(copied.last_seq, copied.segments_copied, 0, files, copied.bytes_copied + size)
    _tell(report, as_json, f"restored into {data}")
    return Exit.OK


def _tell(report: BackupReport, as_json: bool, done: str) -> None:
    if as_json:
        typer.echo(msgspec.json.encode(report))
        return
    kept = f", {report.segments_kept} segments were there already" if report.segments_kept else ""
    typer.echo(f"{done}: up to sequence {report.last_seq}, {report.bytes_copied / 1e6:.1f} MB{kept}")


def _copy_beside(source: Path, target: Path) -> tuple[int, int]:
    """Copy what lies beside the log and is new or changed, durably; return the number of files and their bytes."""
    files, size, ops, changed = 0, 0, FileOps(), dict[Path, None]()
    for path in _files(source):
        copy = target / path.relative_to(source)
        try:
            there = path.stat()
            if copy.exists() and (copy.stat().st_size, copy.stat().st_mtime_ns) == (there.st_size, there.st_mtime_ns):
                continue
            copy.parent.mkdir(parents=True, exist_ok=True)
            draft = copy.with_name(copy.name + ".tmp")
            shutil.copy2(path, draft)
            with draft.open("rb") as written:
                ops.sync(written.fileno())
            ops.rename(draft, copy)
        except FileNotFoundError:
            continue  # a cache that its owner replaced meanwhile
        files, size = files + 1, size + there.st_size
        changed |= dict.fromkeys((copy.parent, copy.parent.parent))  # a new folder is a name in the one above
    for folder in changed:
        ops.sync_folder(folder)
    return files, size


def _files(folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
        if entry.name not in NOT_COPIED:
            yield from (path for path in sorted([entry, *entry.rglob("*")]) if path.is_file() and path.suffix != ".tmp")
