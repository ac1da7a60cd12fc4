"""An adapter's own key, kept over restarts: what it signed before one is known again after it."""

import logging
import os
from pathlib import Path
from typing import Final

logger = logging.getLogger(__name__)

FILE: Final = "key"
SIZE: Final = 32


def own_key(folder: Path | None, file: str = FILE) -> bytes:
    """Read the key, or make one and keep it. Without a folder, or where it cannot be written, the key is for once."""
    if folder is None:
        return os.urandom(SIZE)
    path = folder / file
    try:
        found = path.read_bytes() if path.exists() else b""
        if len(found) == SIZE:
            return found
        key = os.urandom(SIZE)
        folder.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(key)
            opened.flush()
            os.fsync(opened.fileno())
        fresh.replace(path)
    except OSError as error:
        logger.warning("the key in %s cannot be kept: %s", path, error)
        return os.urandom(SIZE)
    return key
