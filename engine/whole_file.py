"""Small files that are there wholly or as before, whatever happens while they are written."""

import os
from pathlib import Path


def write_whole(path: Path, body: bytes) -> None:
    """Write a file for its owner alone, making its folder where there is none. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
