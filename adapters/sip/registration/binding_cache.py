"""A cache of registrations in a file, so that phones can be rung right after a restart, before they register again.

Not the log: registrations are renewed all the time and say nothing about any contact. Losing the file costs what it
spares; a file that cannot be read is passed over.
"""

import asyncio
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from adapters.sip.registration.bindings import Binding, Bindings

logger = logging.getLogger(__name__)

FILE: Final = "registrations"
WRITE_AFTER_S: Final = 2.0
"""Changes of so long are written at once."""


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """One binding in the file; its `expires_ns` is that of the wall clock."""

    agent: str
    binding: Binding


class BindingCache:
    """Reads the file at a start, and writes it soon after each change. Without a folder nothing is kept."""

    def __init__(
        self,
        folder: Path | None,
        bindings: Bindings,
        monotonic_ns: Callable[[], int],
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._path = folder / FILE if folder is not None else None
        self._bindings = bindings
        self._monotonic_ns = monotonic_ns
        self._wall_ns = wall_ns
        self._alarm: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None
        self.failed = 0
        """Times that the file could not be written or read."""

    def load(self, longest_ns: int) -> list[tuple[str, Binding]]:
        """Read what has not run out; nothing may last longer than `longest_ns` from now."""
        if self._path is None:
            return []
        try:
            kept = msgspec.msgpack.decode(self._path.read_bytes(), type=list[_Kept])
        except FileNotFoundError:
            return []
        except (OSError, msgspec.DecodeError) as error:
            self.failed += 1
            logger.warning("the registrations in %s are passed over: %s", self._path, error)
            return []
        to_monotonic_ns, now_ns = self._monotonic_ns() - self._wall_ns(), self._monotonic_ns()
        found = []
        for agent, binding in ((one.agent, one.binding) for one in kept):
            binding.expires_ns = min(binding.expires_ns + to_monotonic_ns, now_ns + longest_ns)
            if binding.expires_ns > now_ns:
                found.append((agent, binding))
        return found

    def touch(self) -> None:
        """Something has changed: write it soon."""
        if self._path is not None and self._alarm is None:
            self._alarm = asyncio.get_running_loop().call_later(WRITE_AFTER_S, self._begin)

    async def close(self) -> None:
        """Write what is not written yet."""
        changed = self._alarm is not None
        if self._alarm is not None:
            self._alarm.cancel()
        if self._writing is not None:
            await self._writing  # it does not have what changed since it began
        if changed:
            self._begin()
            assert self._writing is not None, "begun"
            await self._writing

    def _begin(self) -> None:
        self._alarm = None
        if self._writing is not None and not self._writing.done():
            self.touch()
            return
        self._writing = asyncio.get_running_loop().create_task(asyncio.to_thread(self._write, self._encoded()))

    def _encoded(self) -> bytes:
        to_wall_ns = self._wall_ns() - self._monotonic_ns()
        kept: list[msgspec.Raw] = []
        for agent, binding in self._bindings.all():
            one = _Kept(agent, msgspec.structs.replace(binding, expires_ns=binding.expires_ns + to_wall_ns))
            try:
                kept.append(msgspec.Raw(msgspec.msgpack.encode(one)))
            except UnicodeEncodeError:  # one phone must not keep the others from being kept
                self.failed += 1
                logger.warning("a registration of agent %s cannot be kept: it has octets that are not UTF-8", agent)
        return msgspec.msgpack.encode(kept)

    def _write(self, octets: bytes) -> None:
        """Replace the file at once, so that whoever reads it finds the old or the new one whole."""
        assert self._path is not None, "only called with a path"
        fresh = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(octets)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
        except OSError as error:
            self.failed += 1
            logger.warning("the registrations cannot be kept in %s: %s", self._path, error)
