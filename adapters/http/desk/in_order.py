"""What an agent does about one contact enters the log in the order in which they did it, though some of it was refused.

A desk sends on without waiting for answers. Where the engine has no room for one command, it may have for the next; so
those behind one that was put off are put off, too, until that one has come again, whichever tab they are from.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from engine.errors import Overloaded

PATIENCE_S: Final = 10.0
"""A page that has not come again so long after it was told to is gone, and holds nobody up any more."""
PUT_OFF_MAX: Final = 64
"""So many commands of one agent about one contact are kept; further ones are refused for as long, and keep no place.
A page that obeys has far fewer, as it sends what was put off under the same id."""
Subject = tuple[str, str]
"""An agent, and the name of a contact; empty: the agent's own status."""


class InOrder:
    """The commands that were put off, by agent and contact, in their order. `now_s` is a clock in seconds."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._put_off: dict[Subject, dict[str, float]] = {}
        """By the command's id: when it was told to come again. The first is the one whose turn it is."""
        self._forget_at_s = 0.0

    @contextmanager
    def turn(self, of: Subject, command_id: str, *, came_before: bool = False) -> Iterator[None]:
        """Let a command have its turn, in which whatever raises Overloaded puts it off.

        One that `came_before` is in the log already, so it waits for none. Raises Overloaded before its turn.
        """
        waiting = self._expected(of)
        try:
            if waiting and not came_before and next(iter(waiting)) != command_id:
                left_s = next(iter(waiting.values())) - self._now_s()
                raise Overloaded("what was done before it comes first", retry_after_s=max(1, round(left_s)))
            yield
        except Overloaded as full:
            self._put(of, command_id, full.retry_after_s)
            raise
        except Exception:
            self._had(of, command_id)
            raise
        self._had(of, command_id)

    def _expected(self, of: Subject) -> dict[str, float]:
        """Those put off that may still come."""
        oldest_s = self._now_s() - PATIENCE_S
        return {one: due_s for one, due_s in self._put_off.get(of, {}).items() if due_s >= oldest_s}

    def _put(self, of: Subject, command_id: str, again_s: float) -> None:
        now_s = self._now_s()
        if now_s >= self._forget_at_s:
            self._forget_at_s = now_s + PATIENCE_S
            self._put_off = {one: waiting for one in self._put_off if (waiting := self._expected(one))}
        waiting = self._expected(of)
        if command_id in waiting or len(waiting) < PUT_OFF_MAX:
            self._put_off[of] = {**waiting, command_id: now_s + again_s}

    def _had(self, of: Subject, command_id: str) -> None:
        waiting = self._expected(of)
        waiting.pop(command_id, None)
        if waiting:
            self._put_off[of] = waiting
        else:
            self._put_off.pop(of, None)
