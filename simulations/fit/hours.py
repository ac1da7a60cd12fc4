"""When agents were signed in, and paused, as a record says it: its readers tell what happened, in order."""

from typing import Final

import numpy as np

from simulations.fit.calls import STINT, Array, Names

Span = tuple[str, int, int]
NOWHERE: Final = ""
"""A queue's place in what is said of all of them."""


class Hours:
    """Takes in who comes, pauses and leaves, instants in ns. Who is in already, or out, changes nothing."""

    def __init__(self) -> None:
        self._in: dict[str, int] = {}
        self._paused: dict[str, int] = {}
        self._were_in: list[Span] = []
        self._were_paused: list[Span] = []

    def come(self, agent: str, at_ns: int) -> None:
        """Somebody signs in."""
        self._in.setdefault(agent, at_ns)

    def leave(self, agent: str, at_ns: int) -> None:
        """Somebody signs out, and is not paused any more."""
        self.go_on(agent, at_ns)
        _end(self._in, self._were_in, agent, at_ns)

    def pause(self, agent: str, at_ns: int) -> None:
        """Somebody is not ready."""
        self._paused.setdefault(agent, at_ns)

    def go_on(self, agent: str, at_ns: int) -> None:
        """Somebody is ready again."""
        _end(self._paused, self._were_paused, agent, at_ns)

    def tables(self, names: Names, until_ns: int) -> tuple[Array, Array]:
        """Return when everybody was signed in, and when paused, both dtype STINT; who is there still, until the end of
        the record. Agents are numbered by `names`.
        """
        for agent in [*self._paused, *self._in]:
            self.leave(agent, until_ns)
        return tuple(  # type: ignore[return-value]
            np.array([(names.number(agent), *span) for agent, *span in spans], STINT)
            for spans in (self._were_in, self._were_paused)
        )


class Members:
    """Members of queues as a queue_log tells them, who pause in one queue or in all; makes hours of it."""

    def __init__(self) -> None:
        self.hours = Hours()
        self.queues: dict[str, list[str]] = {}
        """By agent: those that they were ever members of."""
        self._of: dict[str, set[str]] = {}
        self._answered_in: dict[str, set[str]] = {}
        """Queues that they answered calls of: of members by configuration no record tells more."""
        self._by_configuration: set[str] = set()
        """Agents who answered where the log does not make them members: it does not tell all of their hours."""
        self._paused_in: dict[str, set[str]] = {}

    def join(self, agent: str, queue: str, at_ns: int) -> None:
        """Somebody becomes a member; of NOWHERE: logs in."""
        if queue and queue not in self.queues.setdefault(agent, []):
            self.queues[agent].append(queue)
        self._of.setdefault(agent, set()).add(queue)
        self.hours.come(agent, at_ns)
        self._review(agent, at_ns)

    def quit(self, agent: str, queue: str, at_ns: int, begin_ns: int) -> None:
        """Somebody is a member no more. Who never became one was there since `begin_ns`, when the record begins."""
        if agent not in self._of:
            self.join(agent, queue, begin_ns)
        self._of[agent].discard(queue)
        self._review(agent, at_ns)
        if not self._of[agent]:
            self.hours.leave(agent, at_ns)

    def pause(self, agent: str, queue: str, at_ns: int) -> None:
        """Somebody pauses in a queue; NOWHERE: in all."""
        self._paused_in.setdefault(agent, set()).add(queue)
        self._review(agent, at_ns)

    def go_on(self, agent: str, queue: str, at_ns: int) -> None:
        """Somebody is ready again in a queue; NOWHERE: in all."""
        paused = self._paused_in.setdefault(agent, set())
        paused.clear() if queue == NOWHERE else paused.discard(queue)
        self._review(agent, at_ns)

    def answer(self, agent: str, queue: str, at_ns: int) -> None:
        """Somebody answers a call of a queue: whatever was said before, they are ready there."""
        self._answered_in.setdefault(agent, set()).add(queue)
        if not self._of.get(agent, set()) & {queue, NOWHERE}:
            self._by_configuration.add(agent)
        if agent in self._paused_in:
            self.go_on(agent, queue, at_ns)

    def tables(self, names: Names, until_ns: int) -> tuple[Array, Array]:
        """Return what `Hours.tables` does, signed in only those whose hours are all told."""
        signed_in, paused = self.hours.tables(names, until_ns)
        partly = [names.number(agent) for agent in self._by_configuration]
        return signed_in[~np.isin(signed_in["agent"], partly)], paused

    def _review(self, agent: str, at_ns: int) -> None:
        """Paused is who pauses in all queues that they are known to serve."""
        paused = self._paused_in.get(agent, set())
        serves = self._of.get(agent, set()) | self._answered_in.get(agent, set())
        if paused and (NOWHERE in paused or paused >= serves - {NOWHERE}):
            self.hours.pause(agent, at_ns)
        else:
            self.hours.go_on(agent, at_ns)


def _end(since: dict[str, int], spans: list[Span], agent: str, at_ns: int) -> None:
    if (from_ns := since.pop(agent, None)) is not None and at_ns > from_ns:
        spans.append((agent, from_ns, at_ns))
