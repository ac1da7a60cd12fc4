"""One thread for all who look into the log's past: they take turns there anyway, and keep no other work waiting."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from adapters.http.problems import Problem

WAITING_MAX: Final = 64
"""Who may wait at once, on top of the one who is served: boards on walls, and a few people."""
P = ParamSpec("P")
T = TypeVar("T")


class LookingBack:
    """Runs what folds the log, one after the other, in a thread of its own."""

    def __init__(self, waiting_max: int = WAITING_MAX) -> None:
        self._thread = ThreadPoolExecutor(1, "http past")
        self._waiting_max = waiting_max
        self._under_way = 0

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what the work returns. Raises Problem where too many wait, and whatever the work raises."""
        if self._under_way > self._waiting_max:
            raise Problem("overloaded", f"{self._under_way} others look back right now", headers={"Retry-After": "5"})
        self._under_way += 1
        submitted = self._thread.submit(work, *args, **kwargs)
        try:
            return await asyncio.wrap_future(submitted)
        finally:
            self._under_way -= 1

    def stop(self) -> None:
        """Begin nothing more; what is under way ends by itself."""
        self._thread.shutdown(wait=False, cancel_futures=True)
