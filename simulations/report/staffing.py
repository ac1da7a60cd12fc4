"""Staffing against requirement: per queue, who is required, paid and at work in every interval, and the gap."""

from typing import Any, Final

import msgspec
import numpy as np

from simulations.experiment.detail import pool_name, pools_of
from simulations.queueing.errors import UnfitInput, Unreachable
from simulations.report.folder import Folder, Row, limits, moment
from simulations.report.markup import Element, el, short
from simulations.report.plot import Known, Plot, level, steps, thinned, ticks, time_axis, upsets, y_axis
from simulations.report.section import Missing, Panel, Section, Table, room_for
from simulations.report.wording import Words
from simulations.scenario.roster import serving_groups
from simulations.scenario.scenario import Scenario
from simulations.solve.demand import needs_of
from simulations.solve.goals import goals_of

LEADS_MAX: Final = 4
GAP_MIN: Final = 0.5
"""Agents that are missing in an interval before it is spoken of: less is rounding."""


class Team(msgspec.Struct):
    """A queue, or queues that share agents, by interval."""

    name: str
    needs: list[float | None]
    paid: list[float | None]
    at_work: list[float | None]
    rows: list[Row]
    """Of `intervals` or `pools`: contacts and the service level with their limits."""
    short_level: str
    """What the columns of the limits of the service level are called by."""
    is_pool: bool = False
    shares_agents: bool = False
    """Whether who may serve the queue serves others, too: that there are enough is told of all of them together."""

    @property
    def gaps(self) -> list[float | None]:
        """At work less required."""
        both = zip(self.at_work, self.needs, strict=True)
        return [None if need is None or there is None else there - need for there, need in both]


def staffing(folder: Folder, say: Words) -> Section | Missing:
    """Return the section: a picture for queues that share agents, and one for each queue."""
    if not folder.intervals:
        return Missing("staffing", "trunkline simulate FILE -o DIR")
    teams = teams_of(folder)
    is_known = any(value is not None for team in teams for value in team.needs)
    legend = [("line at-work", say("at_work")), ("line scheduled", say("scheduled"))]
    solved = folder.plan is not None
    if is_known:
        legend = [("line required", say("required_by_plan" if solved else "required_by_formula")), *legend]
        legend += [("rect spare", say("spare")), ("rect short", say("short"))]
    if folder.disruptions:
        legend.append(("rect upset", say("disruption", names=", ".join(one.name for one in folder.disruptions))))
    notes = [] if solved or not is_known else [say("required_note")]
    if len(teams) > len(folder.queues):
        notes.append(say("required_shared" if solved else "required_alone"))
    return Section(
        "staffing",
        _lead(folder, teams, say) if is_known else [say("staffing_unknown")],
        [_panel(folder, team, say) for team in teams[: room_for(len(folder.starts))]],
        _table(folder, teams, say),
        legend,
        wide=len(teams) > 1,
        notes=notes,
    )


def teams_of(folder: Folder) -> list[Team]:
    """Return the pools of several queues, then the queues."""
    queues = {
        name: _team(name, rows, [row["agents_required"] for row in rows], "sl") for name, rows in folder.queues.items()
    }
    if folder.scenario is None:
        return list(queues.values())
    names = list(folder.scenario.file.queues)
    pools = _pools_of_several(folder, folder.scenario)
    if folder.plan is None:
        sets = [np.isin(names, [team.name]) for team in queues.values()] + [
            np.isin(names, inside) for _, inside in pools
        ]
        _reckon(folder.scenario, [*queues.values(), *(team for team, _ in pools)], sets)
    for _, inside in pools:
        for name in inside:
            queues[name].shares_agents = True
    return [*(team for team, _ in pools), *queues.values()]


def _team(name: str, rows: list[Row], needs: list[float | None], short_level: str, *, is_pool: bool = False) -> Team:
    paid, there = [row["agents_scheduled"] for row in rows], [row["agents_actual"] for row in rows]
    return Team(name, needs, paid, there, rows, short_level, is_pool)


def _pools_of_several(folder: Folder, scenario: Scenario) -> list[tuple[Team, list[str]]]:
    """Return the pools of several queues, with the names of these."""
    file, found = scenario.file, []
    names = list(file.queues)
    for members in pools_of(file):
        rows = [row for row in folder.pools if row["pool"] == pool_name(file, members)]
        if len(members) > 1 and rows:
            needs = _planned(folder, members) or [None] * len(rows)
            team = _team(rows[0]["pool"], rows, needs, "service_level", is_pool=True)
            found.append((team, [names[q] for q in members]))
    return found


def _planned(folder: Folder, members: Any) -> list[float | None] | None:
    """Return the agents that a plan asks for of the groups that serve any of these queues."""
    if folder.plan is None or folder.scenario is None:
        return None
    file = folder.scenario.file
    serving = serving_groups(file)[members].any(axis=0)
    asked = [
        folder.plan["groups"][group.name]["required"]
        for group, serves in zip(file.groups, serving, strict=True)
        if serves and group.name in folder.plan["groups"]
    ]
    return [float(sum(column)) for column in zip(*asked, strict=True)] or None


def _reckon(scenario: Scenario, teams: list[Team], sets: list[Any]) -> None:
    try:
        needs = needs_of(scenario, np.array(sets), list(goals_of(scenario.file, {}, {}).values()))
    except (UnfitInput, Unreachable):
        return
    for team, values in zip(teams, needs, strict=True):
        team.needs = [float(value) for value in values]


def _lead(folder: Folder, teams: list[Team], say: Words) -> list[str]:
    said = []
    for team in teams:
        gaps = [(gap, place) for place, gap in enumerate(team.gaps) if gap is not None]
        short = [one for one in gaps if one[0] < -GAP_MIN]
        if short:
            gap, place = min(short)
            most, at = say.number(-gap, 1), moment(folder, place, say)
            key = "staffing_short_kept" if _is_kept(folder, team) else "staffing_short"
            said.append(say(key, queue=team.name, count=len(short), of=len(gaps), gap=most, at=at))
        elif gaps and not team.shares_agents:
            spare = sum(gap for gap, _ in gaps) / len(gaps)
            said.append(say("staffing_enough", queue=team.name, spare=say.number(spare, 1)))
    return said[:LEADS_MAX]


def _is_kept(folder: Folder, team: Team) -> bool:
    """Tell whether a plan keeps the targets of a team: shifts do so otherwise than by as many in every interval."""
    if folder.plan is None:
        return False
    queues = folder.plan["queues"]
    of = queues.values() if team.is_pool or team.name not in queues else [queues[team.name]]
    return not any(one.get("intervals_missed") or one.get("intervals_unsure") for one in of)


def _panel(folder: Folder, team: Team, say: Words) -> Panel:
    count, gaps = len(team.rows), team.gaps
    most = max((value for value in (*team.at_work, *team.paid, *team.needs) if value is not None), default=1.0)
    marks = ticks(0.0, max(most, 1.0), whole=True)
    has_gaps = any(gap is not None for gap in gaps)
    plot = Plot(0, count, 0, marks[-1], top=22, bottom=206 if has_gaps else 292)
    shapes = [
        *upsets(plot, folder.disruptions),
        *y_axis(plot, marks, say.number, say("agents")),
        steps(plot, team.paid, "scheduled"),
        steps(plot, team.needs, "required"),
        steps(plot, team.at_work, "at-work"),
    ]
    axis = plot
    if has_gaps:
        widest = max(1.0, *(abs(gap) for gap in gaps if gap is not None))
        axis = Plot(0, count, -widest, widest, top=232, bottom=292)
        shapes += [*upsets(axis, folder.disruptions), *_gap_bars(axis, gaps), level(axis, 0.0, "axis-line")]
        shapes += y_axis(
            axis, [-widest, widest], lambda value: ("+" if value > 0 else "") + say.number(value), say("gap")
        )
    shapes += time_axis(axis, folder.starts, folder.interval_s, say)
    known = [gap for gap in gaps if gap is not None]
    told = say("staffing_told", queue=team.name, most=most, short=sum(gap < -GAP_MIN for gap in known), of=len(known))
    return Panel(team.name, told, shapes, 320)


def _gap_bars(plot: Plot, gaps: Known) -> list[Element]:
    stride, shown = thinned(gaps)
    wide, zero = plot.x(stride) - plot.x(0), plot.y(0)
    paths = {"spare": "", "short": ""}
    for place, gap in enumerate(shown):
        if gap:
            left, high = short(plot.x(place * stride) + wide * 0.12), short(plot.y(gap) - zero)
            bar = f"M{left} {short(zero)}v{high}h{short(wide * 0.76)}V{short(zero)}z"
            paths["short" if gap < -GAP_MIN else "spare"] += bar
    return [el("path", class_=kind, d=path) for kind, path in paths.items() if path]


def _table(folder: Folder, teams: list[Team], say: Words) -> Table:
    several = len(teams) > 1
    rows, matters = [], []
    for team in teams:
        for place, (row, gap, need) in enumerate(zip(team.rows, team.gaps, team.needs, strict=True)):
            rows.append(
                [
                    moment(folder, place, say),
                    *([team.name] if several else []),
                    say.limits(limits(row, "offered"), 1),
                    say.number(need),
                    say.number(row["agents_scheduled"], 1),
                    say.limits(limits(row, "agents_actual")) if team.is_pool else say.number(row["agents_actual"], 1),
                    say.number(gap, 1),
                    say.shares(limits(row, "service_level", team.short_level)),
                ]
            )
            matters.append(-gap if gap is not None else 0.0)
    headings = [say("from"), *([say("queue")] if several else []), say("offered_limits")]
    headings += [*map(say.heading, ("required", "scheduled", "at_work", "gap")), say("level_limits")]
    return Table(headings, rows, 2 if several else 1, matters)
