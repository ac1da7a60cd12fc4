"""One engine and its world, in which one replication after the other is played: with more room, where one needs it."""

from collections.abc import Callable, Iterator
from enum import Enum, auto
from typing import Final, NamedTuple

import numpy as np

from engine.errors import TrunklineError
from engine.kernel.tables import Array, Capacity, Tables, new_tables, reset
from engine.messages.rows import ROW
from simulations.world.run import run
from simulations.world.tables import WorldTables

CONTACTS_MAX: Final = 1_000_000
"""Contacts at once that room is made for at most."""
GROWTH: Final = 4
"""How much more room there is whenever there was too little."""
_NOT_RESTORED: Final = ("out", "log")
"""Written before it is read."""


class SimulationFailed(TrunklineError):
    """A replication cannot be played: it needs more room than there may be, or the kernel refused a fact."""


class Beginning(NamedTuple):
    """How every replication begins, but for what is its own."""

    engine: Capacity | Tables
    """How large an engine is that has seen nothing; or what one that is under way has seen."""
    world: dict[str, Array]
    """All tables of the world."""


class Short(Enum):
    """Of what there was too little room."""

    CONTACTS = auto()
    RETRIALS = auto()


MakeRoom = Callable[[Short], Beginning]
"""Return how replications begin where there is more of it. Raises where there may be no more."""


class WorldRunner:
    """Plays replications that begin alike. Not for two threads at once; others run meanwhile."""

    def __init__(self, beginning: Beginning, make_room: MakeRoom, log_rows: int = 0) -> None:
        self._make_room = make_room
        self.hold(beginning, log_rows)

    def hold(self, beginning: Beginning, log_rows: int = 0) -> None:
        """Begin like this from now on; with a log, so many rows of it are held at once."""
        parts = beginning.world | {"log": np.zeros(log_rows, ROW)}
        self._beginning = beginning
        engine = beginning.engine
        self.tables = new_tables(engine) if isinstance(engine, Capacity) else _copy(engine)
        self.world = WorldTables(**{name: part.copy() for name, part in parts.items()})

    def play(self, set_up: Callable[[WorldTables], object]) -> Iterator[Array]:
        """Play one replication, after `set_up` has made the world its own; yield all rows, where there is a log.

        It is begun anew, `set_up` too, as often as there must be more room; but not once rows were told. Tables are as
        it ended when the iterator has come to its end. Raises SimulationFailed, and what making room does.
        """
        told = 0
        while True:
            self._begin()
            set_up(self.world)
            while not run(self.tables, self.world):
                rows = self._taken()
                told += len(rows)
                yield rows
            short = self._short_of()
            if short is None:
                yield self._taken()
                return
            if told:
                raise SimulationFailed("it takes more room than the one before; play it once without a log")
            self.hold(self._make_room(short), len(self.world.log))

    def _begin(self) -> None:
        if isinstance(self._beginning.engine, Capacity):
            reset(self.tables)
        else:
            for name, table in self._beginning.engine.items():
                np.copyto(getattr(self.tables, name), table)
        for name, part in self._beginning.world.items():
            if name not in _NOT_RESTORED:
                np.copyto(getattr(self.world, name), part)

    def _taken(self) -> Array:
        book = self.world.book[0]
        rows: Array = self.world.log[: int(book["logged"])].copy()
        book["logged"] = 0
        return rows

    def _short_of(self) -> Short | None:
        book = self.world.book[0]
        if book["lost"]:
            return Short.CONTACTS
        return Short.RETRIALS if book["not_retried"] else None


def more_contacts(contacts: int) -> int:
    """Return for how many contacts at once to make room where it is too little. Raises SimulationFailed."""
    if GROWTH * contacts > CONTACTS_MAX:
        text = f"more than {CONTACTS_MAX // GROWTH} contacts at once: nobody serves them, and they do not give up"
        raise SimulationFailed(text)
    return GROWTH * contacts


def _copy(tables: Tables) -> Tables:
    return Tables(**{name: table.copy() for name, table in tables.items()})
