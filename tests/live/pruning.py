"""An engine on the disk whose log fills several segments, and what the tests of deleting old ones do with it."""

import asyncio
import time
from pathlib import Path
from typing import Any, Final

from engine.kernel.fingerprint import fingerprint
from engine.live.host import EngineHost
from engine.live.prune import KEEP_LEAST_NS, prune
from engine.live.snapshots import Snapshots
from engine.log.file_ops import FileOps
from engine.log.segment import SMALLEST_SEGMENT_BYTES, segment_paths
from engine.messages.observed import ContactArrived, ContactReleased
from engine.model.tallies import Tally
from engine.replay.restore import restore
from tests.driver_support import load_centre

SEGMENT_BYTES: Final = SMALLEST_SEGMENT_BYTES * 8
LATER_NS: Final = 2 * KEEP_LEAST_NS
"""So much later somebody prunes."""


def host_of(folder: Path) -> EngineHost:
    return EngineHost(load_centre(folder), folder / "data", segment_bytes=SEGMENT_BYTES)


async def worked(folder: Path, first: int, segments: int) -> int:
    """Let an engine take contacts until the log has so many segments; all but one of each turn leave again.

    Returns the number of the next contact.
    """
    host = host_of(folder)
    await host.start()
    while len(segment_paths(FileOps(), folder / "data" / "log")) < segments:
        names = [f"c{number}" for number in range(first, first + 20)]
        await until_admitting(host)
        await host.engine.submit("desk", [ContactArrived(contact=name, queue="sales") for name in names])
        leaving = names if first else names[1:]
        await host.engine.submit("desk", [ContactReleased(contact=name) for name in leaving])
        first += 20
    await host.stop()
    return first


async def until_admitting(host: EngineHost) -> None:
    """Wait until the log has its next segment, however slow the disk is: contacts are refused before."""
    async with asyncio.timeout(60):
        while not host.engine.log.admitting:  # noqa: ASYNC110
            await asyncio.sleep(0.001)


def host_snapshots(host: EngineHost, log: Any) -> Snapshots:
    return Snapshots(host._data / "snapshots", log)


def pruned(folder: Path, **more: Any) -> Any:
    return prune(folder / "data", KEEP_LEAST_NS, now_ns=time.time_ns() + LATER_NS, **more)


def entries(state: Any) -> int:
    found: int = state.tables.tallies[:, Tally.ENTRIES].sum()
    return found


def state_at_end(folder: Path) -> int:
    """Return the fingerprint of what the log and the state at which it begins say."""
    host = host_of(folder)
    log = host._open_log(0)
    try:
        state = host._recover(log, host_snapshots(host, log))
        restore(log, state)
        found: int = fingerprint(state.tables)
        return found
    finally:
        log.close()
