"""Who an effect is for, and the names that effects speak in."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from engine.messages.effects import AnyEffect


class Addressed(NamedTuple):
    """An effect and the number of the source whose adapter carries it out."""

    source: int
    effect: AnyEffect
    calls_back: bool = False
    """Whether it is about a contact that calls a customer: an adapter that cannot call leaves it to one that can."""


class Names(Protocol):
    """Names by number, as the configuration in force has them."""

    @property
    def queues(self) -> Sequence[str]: ...

    @property
    def agents(self) -> Sequence[str]: ...

    @property
    def trunk_groups(self) -> Sequence[str]: ...
