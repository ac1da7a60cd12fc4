"""A stage: the tables of one simulated engine and its world, in which one replication after the other is played."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from engine.errors import TrunklineError
from engine.kernel.deadlines import NEVER_NS
from engine.kernel.jit import callers_cache_folder
from engine.kernel.tables import Tables, new_tables, reset
from engine.messages.kinds import AGENT_STATUS_CHANGED, CHANNELS, CONFIGURATION_LOADED, ENGINE_STARTED
from engine.messages.rows import ROW, empty_rows
from engine.model.tallies import MAXIMA, TALLY_COLUMNS
from engine.version import installed_version
from simulations.scenario.build import Model, name_key, roomier
from simulations.world import run as world_run
from simulations.world.run import run
from simulations.world.tables import WorldTables

Array = np.ndarray[Any, Any]
CONTACTS_MAX: Final = 1_000_000
"""Contacts at once that room is made for at most."""


class SimulationFailed(TrunklineError):
    """A replication cannot be played: it needs more room than there may be, or the kernel refused a fact."""


class Played(msgspec.Struct, frozen=True):
    """What one replication came to."""

    tallies: Array
    """shape (queues, intervals, TALLY_COLUMNS): the kernel's counters, by the interval in which contacts entered."""
    waits: Array
    """shape (queues, intervals, WAIT_BINS): answered, by their wait."""
    longest: Array
    """shape (queues, intervals): most who waited at once."""
    crowd: Array
    """shape (intervals,): most who waited at once in all queues together."""
    retried: Array
    """shape (queues, intervals): arrivals that were not a first attempt."""
    cut_off: Array
    """shape (queues, intervals): talks that broke off, by when."""
    states_ns: Array
    """shape (groups, intervals, AGENT_STATES): time that agents spent in each state."""
    busy_trunks_ns: Array
    """shape (trunk groups, intervals): channels busy, times time."""
    peak_trunks: Array
    """shape (trunk groups, intervals): most channels busy at once."""
    contacts: int
    """That came in all, retrials included, warm-up too."""
    rows: int
    """That the kernel took and wrote."""


def played_by() -> tuple[str, ...]:
    """Return who plays here: versions of trunkline and numpy, hashes of kernel and world with compiler and processor.

    Where they are the same, a replication comes to the same to the bit.
    """
    kernel, world = callers_cache_folder(Path(world_run.__file__)).parts[-2:]
    return installed_version(), np.__version__, kernel, world.removeprefix("callers-")


def _started(model: Model) -> Array:
    """Return the rows with which every log begins: that the engine started, and with which configuration."""
    rows: Array = np.asarray(empty_rows(2))
    rows["kind"] = ENGINE_STARTED, CONFIGURATION_LOADED
    rows["at_ns"] = model.begin_ns
    return rows


class Stage:
    """Plays replications of one model. Not for two threads at once; `play` lets others run meanwhile."""

    def __init__(self, model: Model, log_rows: int = 0) -> None:
        """`log_rows` makes room for so many rows between two calls of `take`, see `play`."""
        self.model = model
        self._log_rows = log_rows
        self._hold(model)

    @property
    def settled(self) -> Model:
        """The model with the room that the last replication took."""
        return self._played

    def _hold(self, model: Model) -> None:
        self._played = model
        self.tables: Tables = new_tables(model.capacity)
        self._parts = model.parts
        if self._log_rows:
            self._parts = model.parts | {
                "log": np.zeros(self._log_rows, ROW),
                "script": np.concatenate([_started(model), model.parts["script"]]),
            }
        self.world = WorldTables(**{name: part.copy() for name, part in self._parts.items()})

    def play(self, seed: int, replication: int, take: Callable[[Array], object] | None = None) -> Played:
        """Play one replication; give all rows to `take`, some at a time. Raises SimulationFailed."""
        if self._played is not self.model:
            self._hold(self.model)
        while True:
            self._set_up(seed, replication)
            book = self.world.book[0]
            while not run(self.tables, self.world):
                self._hand_over(take)
            self._hand_over(take)
            if book["refused"]:
                raise SimulationFailed(f"replication {replication}: the kernel refused {book['refused']} facts")
            if not book["lost"] and not book["not_retried"]:
                return self._played_out()
            self._make_room()

    def _hand_over(self, take: Callable[[Array], object] | None) -> None:
        count = int(self.world.book["logged"][0])
        if take is not None and count:
            take(self.world.log[:count].copy())
        self.world.book["logged"] = 0

    def _make_room(self) -> None:
        contacts = 4 * self._played.capacity.contacts
        if contacts > CONTACTS_MAX:
            text = f"more than {CONTACTS_MAX // 4} contacts at once: nobody serves them, and they do not give up"
            raise SimulationFailed(text)
        self._hold(roomier(self.model, contacts))

    def _set_up(self, seed: int, replication: int) -> None:
        model, world = self._played, self.world
        reset(self.tables)
        for name, part in self._parts.items():
            if name not in ("out", "log"):
                np.copyto(getattr(world, name), part)
        for number, name in enumerate(model.source_names):
            states = np.random.SeedSequence([seed, replication, name_key(name)]).generate_state(2, np.uint64)
            world.sources["key"][number] = states[0]
            if model.busyness[number] > 0:
                shape = model.busyness[number] ** -2
                world.sources["volume"][number] = np.random.default_rng(states).gamma(shape, 1 / shape)
        if model.duty.windows:
            self._let_lines_fail(seed, replication)
        if model.absences.any():
            self._keep_absent(seed, replication)

    def _let_lines_fail(self, seed: int, replication: int) -> None:
        """Write into the script when the lines of those who work from home fail."""
        model, script = self._played, self.world.script
        drawn = model.duty.drawn([name_key(name) for name, _ in model.agent_groups], seed, replication)
        free = np.flatnonzero(script["at_ns"] == NEVER_NS)
        script[free[: len(drawn)]] = drawn
        script[:] = script[np.argsort(script["at_ns"], kind="stable")]

    def _keep_absent(self, seed: int, replication: int) -> None:
        """Let those who are absent not come: their changes of status do nothing, as agent 0's settings do not."""
        model, first = self._played, 0
        absent = np.zeros(len(model.absences), bool)
        for name, count in model.agent_groups:
            chance = np.random.default_rng([seed, replication, name_key(name), 1])
            absent[first : first + count] = chance.random(count) < model.absences[first : first + count]
            first += count
        script = self.world.script
        moves = (script["kind"] == AGENT_STATUS_CHANGED) & absent[np.maximum(script["agent"], 0) % max(len(absent), 1)]
        script["a"][moves] = 0

    def _played_out(self) -> Played:
        model, t, w = self._played, self.tables, self.world
        file = model.file
        step_ns = file.horizon.interval_ns
        numbers = file.start_ns // step_ns + np.arange(file.intervals)
        rows = numbers % len(t.intervals)
        held = t.interval_starts[rows] == numbers * step_ns
        cohorts = np.where(held[:, None, None], t.intervals[rows, 1], 0)
        cohorts = cohorts.reshape(file.intervals, -1, CHANNELS, TALLY_COLUMNS)
        tallies = cohorts.sum(axis=2)
        maxima = [int(column) for column in MAXIMA]
        tallies[..., maxima] = cohorts[..., maxima].max(axis=2)
        return Played(
            tallies=np.ascontiguousarray(tallies.transpose(1, 0, 2)),
            waits=w.waits.transpose(1, 0, 2).copy(),
            longest=w.longest.T.copy(),
            crowd=w.crowd.copy(),
            retried=w.retried.T.copy(),
            cut_off=w.cut_off.T.copy(),
            states_ns=np.diff(w.states, axis=0).transpose(1, 0, 2).copy(),
            busy_trunks_ns=np.diff(w.busy_trunks, axis=0).T.copy(),
            peak_trunks=w.peaks.T.copy(),
            contacts=int(w.book["contacts"][0]),
            rows=int(w.book["rows"][0]),
        )
