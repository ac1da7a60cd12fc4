"""A log up to the instant from which on it is played again: what holds then, as facts of that instant."""

from typing import Any

import numpy as np

from engine.kernel.tables import Array, Capacity
from engine.log_port import Turn, part_of
from engine.messages.kinds import (
    AGENT_REACHABILITY_CHANGED,
    AGENT_STATUS_CHANGED,
    CONTACT_FREE,
    ENGINE_STARTED,
    QUEUE_CLOSED,
    STATUS_OFFLINE,
)
from engine.messages.rows import empty_rows
from engine.model.directory import Directory
from engine.model.setting_tables import SettingTables, default_tables
from engine.model.settings import AgentSetting, QueueSetting
from engine.replay.apply import StateReplay
from engine.state import FEWEST_FACTS, EngineState, started_with


class Beginning:
    """Folds recorded turns up to an instant, ns; from a state on where the log's older segments were deleted."""

    def __init__(self, since_ns: int, state: EngineState | None = None) -> None:
        self.since_ns = since_ns if state is None else max(since_ns, state.now_ns)
        self._state: EngineState | None = None
        self._replay: StateReplay | None = None
        if state is not None:
            self._go_on_from(state)

    def pass_over(self, run: Turn) -> Turn:
        """Fold what lies before the instant; return what is left of the run."""
        if self._state is None:
            self._go_on_from(EngineState(_capacity(run), FEWEST_FACTS))
        assert self._replay is not None
        place = int(np.searchsorted(run.rows["at_ns"], self.since_ns))
        if place:
            self._replay.apply(part_of(run, 0, place))
        return part_of(run, place, len(run.rows))

    def _go_on_from(self, state: EngineState) -> None:
        state.agent_times.pass_all()
        self._state, self._replay = state, StateReplay(state)

    @property
    def directory(self) -> Directory:
        """The names that hold then."""
        return self._state.directory if self._state else Directory()

    @property
    def capacity(self) -> Capacity:
        """The room that the engine has then."""
        return self._state.capacity if self._state else Capacity()

    @property
    def open_contacts(self) -> int:
        """Contacts under way then: they are not played."""
        return int((self._state.tables.contacts["state"] != CONTACT_FREE).sum()) if self._state else 0

    def facts(self) -> Array:
        """Return the facts of that instant, dtype ROW: settings, closed queues, who is there, longest idle first."""
        if self._state is None:
            return np.asarray(empty_rows(0))
        t: Any = self._state.tables
        held = self._state.settings()
        wanted, blank = (_sized_like(held, tables) for tables in (held, default_tables()))
        closed = np.flatnonzero(wanted.queues[:, QueueSetting.OPEN] == 0)
        wanted.queues[:, QueueSetting.OPEN] = 1
        settings = np.asarray(wanted.changes_from(blank))
        agents = np.asarray(t.agents)
        there = np.flatnonzero((agents["settings"][:, AgentSetting.EXISTS] == 1) & (agents["status"] != STATUS_OFFLINE))
        there = there[np.argsort(np.asarray(t.idle_seqs)[there], kind="stable")]
        reached = np.flatnonzero(agents["reachable"] == 1)
        rows = np.concatenate(
            [
                settings,
                _rows(QUEUE_CLOSED, "queue", closed, 0),
                _rows(AGENT_REACHABILITY_CHANGED, "agent", reached, 1),
                _rows(AGENT_STATUS_CHANGED, "agent", there, agents["status"][there]),
            ]
        )
        rows["at_ns"] = self.since_ns
        return rows


def _capacity(run: Turn) -> Capacity:
    first = run.rows[0]
    return started_with(first, run.payload) if first["kind"] == ENGINE_STARTED else Capacity()


def _sized_like(held: SettingTables, tables: SettingTables) -> SettingTables:
    return tables.resized(
        requirements=len(held.requirements),
        trunk_groups=len(held.trunk_groups),
        queues=len(held.queues),
        agents=len(held.agents),
        skills=held.skill_levels.shape[1],
    )


def _rows(kind: int, column: str, numbers: Array, a: Any) -> Array:
    rows: Array = np.asarray(empty_rows(len(numbers)))
    rows["kind"], rows[column], rows["a"] = kind, numbers, a
    return rows
