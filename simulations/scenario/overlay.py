"""What disruptions and plans change: rates, talks, who is at work, and settings of the engine as rows of their time."""

from collections.abc import Iterator
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
from simulations.scenario.roster import Stint
from simulations.scenario.sections import Group, ScenarioFile

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


def rate_segments(file: ScenarioFile, queue: str, rates: Array, edges_ns: Array) -> list[tuple[int, float]]:
    """Return (until, rate) of stretches of constant rate: `rates` between `edges_ns`, times what disruptions say."""
    events = [one for one in lasting(file) if one.what.world.volume != 1.0]
    events = [one for one in events if not one.what.world.queues or queue in one.what.world.queues]
    cuts = {at for one in events for at in (one.start_ns, one.end_ns) if edges_ns[0] < at < edges_ns[-1]}
    bounds = sorted({int(edge) for edge in edges_ns} | cuts)
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


def without_those_away(file: ScenarioFile, found: list[Stint]) -> list[Stint]:
    """Return the stints without the time that disruptions take: of a site that is down, of those who go home."""
    for one in lasting(file):
        first = 0
        gone: dict[int, int] = {}
        for group in file.groups:
            for member in range(group.at_work):
                back_ns = _back_ns(file, one, group, member)
                if back_ns > one.start_ns:
                    gone[first + member] = back_ns
            first += group.at_work
        found = [part for stint in found for part in _cut(stint, one.start_ns, gone.get(stint.agent, 0))]
    return found


def _back_ns(file: ScenarioFile, one: Lasting, group: Group, member: int) -> int:
    """Return until when a member of a group is away; 0: not at all."""
    world = one.what.world
    if world.site_down is not None and group.site == world.site_down:
        plan = file.plans[one.what.respond.plan] if one.what.respond else Plan()
        for home in plan.work_from_home:
            coming = round(home.share * group.at_work)
            if home.site == world.site_down and member < coming:
                ramp_ns = home.ramp_ns * member // max(coming, 1)
                return min(one.activated_ns + home.after_ns + ramp_ns, one.end_ns)
        return one.end_ns
    of_group = world.group is None or world.group == group.name
    share = world.absence if of_group else 0.0
    # Spread evenly over the group, whatever its shifts.
    return one.end_ns if int((member + 1) * share) > int(member * share) else 0


def _cut(stint: Stint, start_ns: int, end_ns: int) -> Iterator[Stint]:
    if end_ns <= max(start_ns, stint.start_ns) or start_ns >= stint.end_ns:
        yield stint
        return
    for low_ns, high_ns in ((stint.start_ns, start_ns), (end_ns, stint.end_ns)):
        if low_ns < high_ns:
            breaks = tuple(pause for pause in stint.breaks if low_ns <= pause[0] and pause[1] <= high_ns)
            yield Stint(stint.agent, low_ns, high_ns, breaks)


def setting_rows(file: ScenarioFile, config: Config, directory: Directory, settings: Array) -> Array:
    """Return the rows that trunks cut and plans activated make; `settings` are those with which the day begins."""
    rows: list[Array] = [np.asarray(empty_rows(0))]
    for one in lasting(file):
        for name, channels in one.what.world.trunks.items():
            group = directory.trunk_groups.number(name)
            rows.append(_trunk_row(group, channels, one.start_ns))
            rows.append(_trunk_row(group, file.trunk_groups[name].channels, one.end_ns))
        if one.what.respond is not None:
            plan = file.plans[one.what.respond.plan]
            rows += _door_rows(file, directory, plan, one)
            rows += _plan_rows(config, directory, plan, settings, one)
    return np.concatenate(rows)


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
