"""What carrying out a continuity plan, or ending it, writes into the log: doors, agents offline, settings."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from engine.config.compile import compile_settings
from engine.config.in_force import in_force
from engine.config.sections import Config
from engine.kernel.tables import Array
from engine.messages.kinds import AGENT_STATUS_CHANGED, QUEUE_CLOSED, QUEUE_OPENED, STATUS_OFFLINE
from engine.messages.rows import empty_rows
from engine.model.plans import ActivePlan, HeldStatus, PlanEffects, closed_by
from engine.model.settings import QueueSetting
from engine.state import EngineState

Reopens = Callable[[str, int, bool], bool]
"""From a queue, since when plans keep it closed and whether it was open, to whether it is to open."""


class Change(NamedTuple):
    """Rows without time and source, and what the payload of the first must say of them."""

    rows: Array
    doors: dict[str, bool]
    statuses: dict[str, HeldStatus]


def change_rows(
    state: EngineState,
    config: Config,
    effects: Sequence[PlanEffects],
    reopens: Reopens,
    *,
    offline: Iterable[str] = (),
    back: ActivePlan | None = None,
) -> Change:
    """Return what leads from the plans in force to `effects`, those then in force.

    Agents of the sites `offline` go offline; those whom `back` set offline, and who chose nothing since, get back what
    they had chosen.
    """
    doors, held = _doors(state, effects, reopens)
    away, statuses = _away(state, offline)
    returned = _returned(state, back) if back is not None else []
    settings = np.asarray(compile_settings(in_force(config, effects), state.directory, state.settings()))
    return Change(np.concatenate([*doors, *away, *returned, settings]), held, statuses)


def is_open(state: EngineState, queue: int) -> bool:
    """Whether a queue takes contacts."""
    return bool(state.tables.queues["settings"][queue, QueueSetting.OPEN])


def _doors(state: EngineState, effects: Sequence[PlanEffects], reopens: Reopens) -> tuple[list[Array], dict[str, bool]]:
    """Return the rows that open and close queues, and those that are closed anew, with whether they were open."""
    rows: list[Array] = [np.asarray(empty_rows(0))]
    held: dict[str, bool] = {}
    for queue in state.directory.queues.configured():
        number, door = state.directory.queues.number(queue), state.plans.doors.get(queue)
        opened, closes = is_open(state, number), closed_by(queue, effects)
        if closes and door is None:
            held[queue] = opened
            if opened:
                rows.append(_row(QUEUE_CLOSED, queue=number))
        elif door is not None and not closes and not opened and reopens(queue, door.since_ns, door.was_open):
            rows.append(_row(QUEUE_OPENED, queue=number))
    return rows, held


def _away(state: EngineState, sites: Iterable[str]) -> tuple[list[Array], dict[str, HeldStatus]]:
    gone, rows, statuses = frozenset(sites), list[Array](), dict[str, HeldStatus]()
    if not gone:
        return rows, statuses
    directory, agents = state.directory, state.tables.agents
    for name in directory.agents.configured():
        number = directory.agents.number(name)
        status, reason = int(agents["status"][number]), int(agents["reason"][number])
        if directory.agent_cards[number].site in gone and status != STATUS_OFFLINE:
            statuses[name] = HeldStatus(status, reason)
            rows.append(_row(AGENT_STATUS_CHANGED, agent=number, a=STATUS_OFFLINE))
    return rows, statuses


def _returned(state: EngineState, plan: ActivePlan) -> list[Array]:
    rows, agents = list[Array](), state.tables.agents
    still_away = {site for other in state.plans if other.seq != plan.seq for site in other.record.effects.offline}
    for name, held in plan.record.statuses.items():
        number = state.directory.agents.number(name)
        if number < 0 or state.directory.agent_cards[number].site in still_away:
            continue
        came_back = int(agents["login_ns"][number]) > plan.since_ns
        if int(agents["status"][number]) == STATUS_OFFLINE and not came_back:
            rows.append(_row(AGENT_STATUS_CHANGED, agent=number, a=held.status, b=held.reason))
    return rows


def _row(kind: int, **fields: int) -> Any:
    row: Array = np.asarray(empty_rows(1))
    row["kind"] = kind
    for name, value in fields.items():
        row[name] = value
    return row
