"""Machine code of the kernel that nobody uses any more: each build has a folder of its own, and they add up."""

import logging
import os
import re
import shutil
import time
from pathlib import Path
from typing import Final

UNUSED_S: Final = 30 * 86_400.0
_BUILD: Final = re.compile(r"[0-9a-f]{16}")

logger = logging.getLogger(__name__)


def prune_builds(own: Path, now_s: float | None = None) -> list[Path]:
    """Note that the build in the folder `own` is used, and remove those beside it that were not for 30 days.

    Returns what was removed. A folder that cannot be touched or removed is let be.
    """
    now_s = time.time() if now_s is None else now_s
    try:
        os.utime(own, (now_s, now_s))
        beside = [path for path in own.parent.iterdir() if _BUILD.fullmatch(path.name) and path != own]
        unused = [path for path in beside if path.is_dir() and now_s - path.stat().st_mtime > UNUSED_S]
    except OSError as error:
        logger.debug("builds of the kernel were not looked at: %s", error)
        return []
    for path in unused:
        shutil.rmtree(path, ignore_errors=True)
    removed = [path for path in unused if not path.exists()]
    if removed:
        logger.info("%d builds of the kernel that nobody used for 30 days were removed", len(removed))
    return removed
