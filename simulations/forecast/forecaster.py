"""Forecasts for a running engine: each in a process of its own, which is ended when its time is up or nobody waits."""

import asyncio
import contextlib
import logging
import pickle
import sys
from typing import Final

import msgspec

from engine.errors import ForecastFailed, Overloaded
from engine.model.forecast import Forecast, ForecastQuestion
from simulations.forecast.worker import Reply

LIMIT_S: Final = 240.0
"""All of it: some seconds; a minute more where the world is not compiled yet."""
TOLD_MAX: Final = 300

logger = logging.getLogger(__name__)


class Forecaster:
    """One forecast at a time, see `engine.ports.Forecaster`."""

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        self._limit_s = limit_s
        self.busy = False
        """Whether one is being made."""

    async def __call__(self, question: ForecastQuestion) -> Forecast:
        """Play it. Raises ForecastFailed, Overloaded."""
        if self.busy:
            raise Overloaded("another forecast is being made; ask again in some seconds", retry_after_s=5)
        self.busy = True
        packing = asyncio.get_running_loop().run_in_executor(None, pickle.dumps, question, pickle.HIGHEST_PROTOCOL)
        try:
            asked = await asyncio.shield(packing)
            async with asyncio.timeout(self._limit_s):
                reply = await _ask(asked)
        except TimeoutError:
            raise ForecastFailed(
                "too_slow", f"the forecast took longer than {self._limit_s:g} s, and was given up"
            ) from None
        finally:
            # Who asked may be gone while the thread still packs: there is memory for one copy, not for two.
            if packing.done():
                self.busy = False
            else:
                packing.add_done_callback(self._go_free)
        if reply.forecast is None:
            raise ForecastFailed(reply.code, reply.failed)
        return reply.forecast

    def _go_free(self, packed: asyncio.Future[bytes]) -> None:
        self.busy = False
        if not packed.cancelled():
            packed.exception()  # nobody else looks at it


async def _ask(asked: bytes) -> Reply:
    """Let a process answer; it ends with this call, however that ends."""
    pipe = asyncio.subprocess.PIPE
    arguments = (sys.executable, "-m", "simulations.forecast.worker")
    process = await asyncio.create_subprocess_exec(*arguments, stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        said, errors = await process.communicate(asked)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    try:
        return msgspec.json.decode(said, type=Reply)
    except msgspec.DecodeError:
        told = errors.decode(errors="replace").strip().rpartition("\n")[2][:TOLD_MAX]
        logger.error("a forecast ended with exit code %d: %s", process.returncode or 0, told)
        text = f"the process that plays ended without an answer: {told or process.returncode}"
        raise ForecastFailed("failed", text) from None
