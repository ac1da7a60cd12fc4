"""While turns are held nothing is decided, and the state may be copied beside the loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from engine.state import EngineState, StateCopy


class Standstill:
    """Of one engine: facts wait in the inbox while it is on, sockets and timers do not.

    One at a time has it. Whoever began it copies, or ends it.
    """

    def __init__(self, state: EngineState, go_on: Callable[[], None]) -> None:
        self._state = state
        self._go_on = go_on
        self._over: asyncio.Future[None] | None = None
        self._began_seq = state.seq
        self._thread = ThreadPoolExecutor(1, "copy")
        """One of its own: turns wait for the copy, and must not wait for what others read, write or hash."""

    @property
    def is_on(self) -> bool:
        """Whether nothing is decided now."""
        return self._over is not None

    def begin(self) -> None:
        """Decide nothing until `end`. Needs the engine's running loop."""
        assert self._over is None, "turns are held already"
        self._over, self._began_seq = asyncio.get_running_loop().create_future(), self._state.seq

    async def begin_next(self) -> None:
        """The same, as soon as nobody else does."""
        while self._over is not None:
            await self.over()
        self.begin()

    async def over(self) -> None:
        """Wait until the one that is on has ended; who waits to begin the next has begun it then."""
        if self._over is not None:
            await asyncio.wait([self._over])

    def end(self) -> None:
        """Make turns again."""
        over, self._over = self._over, None
        if over is not None and not over.done():
            over.set_result(None)
        self._go_on()

    async def copy(self) -> StateCopy | None:
        """Copy the state as it was when this began, and end; None: it did not stand still.

        A configuration or a plan may be recorded meanwhile, and be in one part of the copy alone.
        """
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._thread, self._state.copy)
        except Exception:
            if self._state.seq == self._began_seq:
                raise
            return None
        finally:
            self.end()
        return found if self._state.seq == self._began_seq else None
