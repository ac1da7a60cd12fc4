"""Who plays replications of one scenario, and what is counted in them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from engine.kernel.deadlines import NEVER_NS
from engine.kernel.jit import callers_cache_folder
from engine.kernel.tables import Tables
from engine.messages.kinds import AGENT_STATUS_CHANGED, CHANNELS, CONFIGURATION_LOADED, ENGINE_STARTED, STATUS_OFFLINE
from engine.messages.rows import empty_rows
from engine.model.tallies import MAXIMA, TALLY_COLUMNS
from engine.version import installed_version
from simulations.scenario.build import Model, name_key, roomier
from simulations.scenario.roster import begun_on
from simulations.world import run as world_run
from simulations.world.runner import Beginning, Short, SimulationFailed, WorldRunner, more_contacts
from simulations.world.tables import WorldTables

Array = np.ndarray[Any, Any]


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
    trunk_calls: Array
    """shape (queues, intervals): arrivals that asked for a trunk channel, first attempts or not."""
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


class ReplicationRunner:
    """Plays replications of one model. Not for two threads at once; `play` lets others run meanwhile."""

    def __init__(self, model: Model, log_rows: int = 0) -> None:
        """`log_rows` makes room for so many rows between two calls of `take`, see `play`."""
        self.model = model
        self.settled = model
        """The model with the room that the last replication took."""
        self._log_rows = log_rows
        self._runner = WorldRunner(self._beginning(), self._make_room, log_rows)

    @property
    def tables(self) -> Tables:
        """The engine's, as the last replication ended."""
        return self._runner.tables

    @property
    def world(self) -> WorldTables:
        """The world's, as the last replication ended."""
        return self._runner.world

    def play(self, seed: int, replication: int, take: Callable[[Array], object] | None = None) -> Played:
        """Play one replication; give all rows to `take`, some at a time. Raises SimulationFailed."""
        if self.settled is not self.model:
            self.settled = self.model
            self._runner.hold(self._beginning(), self._log_rows)
        for rows in self._runner.play(lambda world: self._set_up(world, seed, replication)):
            if take is not None and len(rows):
                take(rows)
        if refused := self.world.book["refused"][0]:
            raise SimulationFailed(f"replication {replication}: the kernel refused {refused} facts")
        return self._played_out()

    def _make_room(self, _: Short) -> Beginning:
        self.settled = roomier(self.model, more_contacts(self.settled.capacity.contacts))
        return self._beginning()

    def _beginning(self) -> Beginning:
        model = self.settled
        if not self._log_rows:
            return Beginning(model.capacity, model.parts)
        script = np.concatenate([_started(model), model.parts["script"]])
        return Beginning(model.capacity, model.parts | {"script": script})

    def _set_up(self, world: WorldTables, seed: int, replication: int) -> None:
        """Write into the world what is this replication's own."""
        model = self.settled
        for number, name in enumerate(model.source_names):
            states = np.random.SeedSequence([seed, replication, name_key(name)]).generate_state(2, np.uint64)
            world.sources["key"][number] = states[0]
            if model.busyness[number] > 0:
                shape = model.busyness[number] ** -2
                factors = np.random.default_rng(states).gamma(shape, 1 / shape, len(model.midnights_ns) + 1)
                self._let_days_differ(world, number, factors)
        if model.duty.windows:
            self._let_lines_fail(world.script, seed, replication)
        if model.absences.any():
            self._keep_absent(world.script, seed, replication)

    def _let_days_differ(self, world: WorldTables, number: int, factors: Array) -> None:
        """Let more or fewer contacts come on each day, by these factors."""
        model, source = self.settled, world.sources[number]
        own = slice(int(source["segment"]), int(source["segments_end"]))
        begins_ns = np.concatenate([[model.begin_ns], world.segments["until_ns"][own][:-1]])
        world.segments["rate"][own] *= factors[np.searchsorted(model.midnights_ns, begins_ns, "right")]

    def _let_lines_fail(self, script: Array, seed: int, replication: int) -> None:
        """Write into the script when the lines of those who work from home fail."""
        model = self.settled
        drawn = model.duty.drawn([name_key(name) for name, _ in model.agent_groups], seed, replication)
        free = np.flatnonzero(script["at_ns"] == NEVER_NS)
        script[free[: len(drawn)]] = drawn
        script[:] = script[np.argsort(script["at_ns"], kind="stable")]

    def _keep_absent(self, script: Array, seed: int, replication: int) -> None:
        """Let those who are absent on a day not come: whatever they would do then, they are offline."""
        model, first = self.settled, 0
        absent = np.zeros((len(model.midnights_ns) + 1, len(model.absences)), bool)
        for name, count in model.agent_groups:
            chance = np.random.default_rng([seed, replication, name_key(name), 1])
            members = slice(first, first + count)
            absent[:, members] = chance.random((len(absent), count)) < model.absences[members]
            first += count
        (moves,) = (script["kind"] == AGENT_STATUS_CHANGED).nonzero()
        found = script[moves]
        script["a"][moves[absent[begun_on(found, model.midnights_ns), found["agent"]]]] = STATUS_OFFLINE

    def _played_out(self) -> Played:
        model, t, w = self.settled, self.tables, self.world
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
            trunk_calls=w.trunk_calls.T.copy(),
            cut_off=w.cut_off.T.copy(),
            states_ns=np.diff(w.states, axis=0).transpose(1, 0, 2).copy(),
            busy_trunks_ns=np.diff(w.busy_trunks, axis=0).T.copy(),
            peak_trunks=w.peaks.T.copy(),
            contacts=int(w.book["contacts"][0]),
            rows=int(w.book["rows"][0]),
        )
