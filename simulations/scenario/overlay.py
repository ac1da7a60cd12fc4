"""What disruptions and plans change: rates, talks, who is at work, and settings of the engine as rows of their time."""

from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np

from engine.config.compile import compile_settings
from engine.config.in_force import in_force
from engine.config.sections import Config
from engine.messages.kinds import QUEUE_CLOSED, QUEUE_OPENED, SETTING_CHANGED, TABLE_TRUNK_GROUP
from engine.messages.rows import empty_rows
from engine.model.directory import Directory
from engine.model.setting_tables import SettingTables, default_tables, fold_settings
from engine.model.settings import TrunkGroupSetting
from simulations.scenario.disruptions import Disruption, Plan
from simulations.scenario.file import ScenarioFile
from simulations.world.changes import ANNOUNCED, TRUNKS_CUT

Array = np.ndarray[Any, Any]


class Lasting(msgspec.Struct, frozen=True):
    """A disruption with its instants, ns."""

    what: Disruption
    start_ns: int
    end_ns: int
    activated_ns: int
    """When its plan is activated; at the end, if there is none."""


def lasting(file: ScenarioFile) -> list[Lasting]:
    """Return the disruptions in the order of the file."""
    found = []
    for what in file.disruptions:
        start_ns = file.instant_ns(what.at)
        end_ns = start_ns + what.for_ns
        activated_ns = min(start_ns + what.respond.after_ns, end_ns) if what.respond else end_ns
        found.append(Lasting(what, start_ns, end_ns, activated_ns))
    return found


def rate_segments(
    file: ScenarioFile, queue: str, rates: Array, edges_ns: Array, cuts_ns: Collection[int] = ()
) -> list[tuple[int, float]]:
    """Return (until, rate) of stretches of constant rate: `rates` between `edges_ns`, times what disruptions say.

    None of them reaches over one of `cuts_ns`.
    """
    events = [one for one in lasting(file) if one.what.world.volume != 1.0]
    events = [one for one in events if not one.what.world.queues or queue in one.what.world.queues]
    cuts = {at for one in events for at in (one.start_ns, one.end_ns) if edges_ns[0] < at < edges_ns[-1]}
    bounds = sorted({int(edge) for edge in edges_ns} | cuts | set(cuts_ns))
    segments = []
    for start_ns, until_ns in pairwise(bounds):
        rate = float(rates[np.searchsorted(edges_ns, start_ns, "right") - 1])
        for one in events:
            if one.start_ns <= start_ns < one.end_ns:
                rate *= one.what.world.volume
        segments.append((until_ns, rate))
    return segments


def talk_factors(file: ScenarioFile) -> list[tuple[int, float]]:
    """Return (until, factor) of the time that talks take, in order; afterwards it is 1."""
    events = [one for one in lasting(file) if one.what.world.talk != 1.0]
    bounds = sorted({at for one in events for at in (one.start_ns, one.end_ns)})
    found = [(bounds[0], 1.0)] if bounds else []
    for start_ns, until_ns in pairwise(bounds):
        factor = 1.0
        for one in events:
            if one.start_ns <= start_ns < one.end_ns:
                factor *= one.what.world.talk
        found.append((until_ns, factor))
    return found


def setting_rows(file: ScenarioFile, config: Config, directory: Directory, settings: Array) -> Array:
    """Return the rows that trunks cut and plans activated make; `settings` are those with which the day begins."""
    rows: list[Array] = [np.asarray(empty_rows(0))]
    for one in lasting(file):
        for name, (channels, from_ns) in _lines_left(file, one).items():
            group = directory.trunk_groups.number(name)
            rows.append(_trunk_row(group, channels, from_ns))
            rows.append(_trunk_row(group, file.trunk_groups[name].channels, one.end_ns))
            if channels == 0:
                rows.append(_cut_row(group, from_ns))
        if one.what.respond is not None:
            plan = file.plans[one.what.respond.plan]
            rows += _door_rows(file, directory, plan, one)
            rows += [_announced_row(directory.queues.number(name), one, on) for name in plan.announce for on in (1, 0)]
            rows += _plan_rows(config, directory, plan, settings, one)
    return np.concatenate(rows)


def _lines_left(file: ScenarioFile, one: Lasting) -> dict[str, tuple[int, int]]:
    """Return how many channels are left of each trunk group that is hit, and since when."""
    world = one.what.world
    left = {
        name: (min(channels, file.trunk_groups[name].channels), one.start_ns) for name, channels in world.trunks.items()
    }
    left |= dict.fromkeys(world.carrier_down, (0, one.start_ns))
    if world.power_down is not None:
        dark_ns = one.start_ns + file.sites[world.power_down].backup_power_ns
        if dark_ns < one.end_ns:
            left |= {name: (0, dark_ns) for name, group in file.trunk_groups.items() if group.site == world.power_down}
    return left


def _announced_row(queue: int, one: Lasting, on: int) -> Array:
    row: Array = np.asarray(empty_rows(1))
    row["kind"], row["queue"], row["a"] = ANNOUNCED, queue, on
    row["at_ns"] = one.activated_ns if on else one.end_ns
    return row


def _cut_row(group: int, at_ns: int) -> Array:
    row: Array = np.asarray(empty_rows(1))
    row["kind"], row["queue"], row["at_ns"] = TRUNKS_CUT, group, at_ns
    return row


def _trunk_row(group: int, channels: int, at_ns: int) -> Array:
    row: Array = np.asarray(empty_rows(1))
    row["kind"], row["agent"], row["queue"], row["contact"] = SETTING_CHANGED, TABLE_TRUNK_GROUP, group, 0
    row["contact"], row["a"], row["at_ns"], row["b"] = int(TrunkGroupSetting.CHANNELS), channels, at_ns, 0
    return row


def _door_rows(file: ScenarioFile, directory: Directory, plan: Plan, one: Lasting) -> Iterator[Array]:
    """Yield the closing of queues, and the opening of those that are open by their hours afterwards."""
    effects = plan.effects()
    for name in file.queues:
        if not effects.closes(name):
            continue
        hours = file.queues[name].opening_hours
        reopens = hours is None or file.opening_hours[hours].opening_hours().is_open(one.end_ns)
        for kind, at_ns in ((QUEUE_CLOSED, one.activated_ns), (QUEUE_OPENED, one.end_ns)):
            if kind == QUEUE_CLOSED or reopens:
                row: Array = np.asarray(empty_rows(1))
                row["kind"], row["queue"], row["at_ns"] = kind, directory.queues.number(name), at_ns
                yield row


def _plan_rows(config: Config, directory: Directory, plan: Plan, settings: Array, one: Lasting) -> Iterator[Array]:
    """Yield what the engine's own reload would change: to the plan's configuration, and back."""
    planned = in_force(config, [plan.effects()])
    normal = _folded(config, directory, settings)
    there = np.asarray(compile_settings(planned, directory, normal))
    there["at_ns"] = one.activated_ns
    changed = _folded(config, directory, np.concatenate([settings, there]))
    back = np.asarray(compile_settings(config, directory, changed))
    back["at_ns"] = one.end_ns
    yield there
    yield back


def _folded(config: Config, directory: Directory, rows: Array) -> SettingTables:
    tables = default_tables().resized(
        requirements=config.limits.requirements,
        trunk_groups=config.limits.trunk_groups,
        queues=len(directory.queues),
        agents=len(directory.agents),
        skills=len(directory.skills),
    )
    fold_settings(tables, rows.view(np.recarray))
    return tables
