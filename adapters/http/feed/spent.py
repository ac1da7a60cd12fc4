"""Processor time of some work alone, whoever else works in this process meanwhile."""

import time
from collections.abc import Callable


class Spent:
    """Adds up what is done inside `with`, in the thread that does it; not for two at once."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._began_s = 0.0

    def __enter__(self) -> "Spent":
        self._began_s = time.thread_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds += time.thread_time() - self._began_s

    def on(self, work: Callable[[], object]) -> None:
        """Do some work, in whatever thread this is called."""
        with self:
            work()
