"""Closes connections that never say what they want: the HTTP library times only those that asked before."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

SWEEPS: Final = 4
"""Looks taken while the time allowed runs."""


class Connections:
    """The connections of one server. `serves` is asked for each that sent a whole request head."""

    def __init__(self, idle_s: float, connections_max: int) -> None:
        self._idle_s = idle_s
        self._max = connections_max
        self._open: Callable[[], list[Any]] = list
        self._begun: set[Any] = set()
        self._seen_at: dict[Any, float] = {}
        self._task: asyncio.Task[None] | None = None
        self.closed = 0
        """Connections closed because no request came."""

    def start(self, open_connections: Callable[[], list[Any]]) -> None:
        """Begin to look after them."""
        self._open = open_connections
        self._task = asyncio.get_running_loop().create_task(self._sweep_for_ever(), name="http connections")

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def serves(self, connection: Any) -> bool:
        """Note that a request came in; return whether it is served: not the first one where there are too many.

        Connections are counted for the first request of each alone: the server hands out a copy of all of them.
        """
        if connection in self._begun:
            return True
        if len(self._open()) > self._max:
            return False
        self._begun.add(connection)
        return True

    async def _sweep_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._idle_s / SWEEPS)
            connections = self._open()
            self._begun.intersection_update(connections)
            silent = [connection for connection in connections if connection not in self._begun]
            self._seen_at = {connection: self._seen_at.get(connection, loop.time()) for connection in silent}
            for connection, seen_at in self._seen_at.items():
                if loop.time() - seen_at >= self._idle_s:
                    self.closed += 1
                    connection.force_close()
