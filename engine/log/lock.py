"""One writer a folder: an exclusive lock that the system drops when its holder ends, however it ends."""

from pathlib import Path

from engine.errors import LogLocked
from engine.log.file_ops import FileOps

LOCK_NAME = "lock"


def lock_folder(ops: FileOps, folder: Path) -> int:
    """Take the lock; returns the descriptor to close when done. Raises LogLocked naming the process that has it."""
    held = ops.lock(folder / LOCK_NAME)
    if isinstance(held, str):
        owner = f"process {held}" if held else "another process"
        raise LogLocked(f"{folder} is being written by {owner}: stop it first, or give this one another folder")
    return held
