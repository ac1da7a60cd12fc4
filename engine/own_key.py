"""An adapter's own key, kept over restarts: what it signed before one is known again after it."""

import logging
import os
from pathlib import Path
from typing import Final

from engine.whole_file import write_whole

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
        write_whole(path, key)
    except OSError as error:
        logger.warning("the key in %s cannot be kept: %s", path, error)
        return os.urandom(SIZE)
    return key
