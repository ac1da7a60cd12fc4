"""What is known of who sits at a desk, one record an agent, kept over a restart in one small file."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Literal

import msgspec

from engine.whole_file import write_whole

logger = logging.getLogger(__name__)
FILE: Final = "desk-seats"

State = Literal["open", "left", "leaving", "gone", "stands"]


class Seat(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of one agent, since a desk of theirs was open."""

    state: State
    """See `presence`."""
    why: str = ""
    """Of who is leaving, or was: the reason, as the log has it; empty: the desk was closed."""
    chats: frozenset[int] = frozenset()
    """Of whose status stands: ids of the chats that still go back to their queues."""


class SeatsFile:
    """The file of all seats, which `seats` gives by the agents' names whenever it is written.

    Without a folder nothing is kept. One seat takes some tens of bytes, and there are as many as agents, at most.
    """

    def __init__(self, folder: Path | None, seats: Callable[[], Mapping[str, Seat]]) -> None:
        self._path = folder / FILE if folder is not None else None
        self._seats = seats
        self._changes = 0
        self._written = 0
        """How many of the changes the file holds, or could not be made to hold."""
        self._round = asyncio.Event()
        """Set when the writing under way is over; there is another one for each."""
        self._writing: asyncio.Task[None] | None = None

    def read(self) -> dict[str, Seat]:
        """Return what was known when it was written last; nothing where that cannot be told."""
        if self._path is None:
            return {}
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, Seat])
        except FileNotFoundError:
            logger.info("nobody is known to have sat at a desk before: there is no %s yet", self._path)
        except (OSError, msgspec.DecodeError) as error:
            logger.warning("who sat at a desk before is not known, as %s cannot be read: %s", self._path, error)
        return {}

    def changed(self) -> None:
        """Write the file, soon and in a thread; changes that come meanwhile are written together after that."""
        if self._path is None:
            return
        self._changes += 1
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write(self._path), name="desk seats")

    async def written(self) -> None:
        """Wait until the file holds every change up to now. Where it cannot be written, the log says so."""
        wanted = self._changes
        while self._written < wanted:
            await self._round.wait()

    async def _write(self, path: Path) -> None:
        while self._written < self._changes:
            reached = self._changes
            try:
                await asyncio.to_thread(write_whole, path, msgspec.json.encode(self._seats()))
            except OSError as error:
                logger.warning("who sits at a desk cannot be kept in %s over a restart: %s", path, error)
            finally:  # whoever waits goes on in any case
                self._written = reached
                over, self._round = self._round, asyncio.Event()
                over.set()
