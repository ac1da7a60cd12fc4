"""Who is away because the world broke, who works on from home, and what of it differs between replications."""

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from simulations.scenario.disruptions import Plan
from simulations.scenario.file import ScenarioFile
from simulations.scenario.home import Home, Window, cut_rows, of_share, outages, place_rows, room
from simulations.scenario.overlay import Lasting, lasting
from simulations.scenario.roster import Stint, status_rows, stints
from simulations.scenario.sections import Group

Array = np.ndarray[Any, Any]
Span = tuple[int, int]


class Spell(msgspec.Struct, frozen=True):
    """A time for which an agent is at home, ns."""

    agent: int
    start_ns: int
    end_ns: int
    home: Home


class Duty(msgspec.Struct, frozen=True):
    """When agents are at work."""

    rows: Array
    """The same in every replication: changes of status, moves home, talks that break off."""
    windows: tuple[Window, ...]
    """Of those at home whose line or power may fail: when they would be at work."""
    members: tuple[tuple[int, int], ...]
    """Of every agent: number of its group, and its own within."""

    @property
    def room(self) -> int:
        """How many rows `drawn` may return at most."""
        return 3 * room(self.windows) + 2 * len(self.windows)

    def drawn(self, group_keys: list[int], seed: int, replication: int) -> Array:
        """Return the rows of those at home whose lines may fail, in one replication."""
        found: list[Stint] = []
        cuts: list[Span] = []
        for window in self.windows:
            group, member = self.members[window.agent]
            key = [seed, replication, group_keys[group], 2, member, window.start_ns]
            since_ns = window.start_ns
            for from_ns, until_ns in outages(window, np.random.default_rng(key)):
                if since_ns < from_ns:
                    found.append(Stint(window.agent, since_ns, from_ns))
                    cuts.append((from_ns, window.agent))
                since_ns = until_ns
            if since_ns < window.end_ns:
                found.append(Stint(window.agent, since_ns, window.end_ns, stays=window.stays))
        rows: Array = np.concatenate([status_rows(found, 0), cut_rows(cuts)])
        return rows[np.argsort(rows["at_ns"], kind="stable")][: self.room]


def duty(file: ScenarioFile, begin_ns: int) -> Duty:
    """Return who is at work when, with all that disruptions do to it."""
    members = tuple((number, member) for number, group in enumerate(file.groups) for member in range(group.at_work))
    found = stints(file, begin_ns, file.end_ns)
    spells = list(_always_at_home(file, members, begin_ns))
    rows: list[Array] = []
    for one in lasting(file):
        gone = dict(_gone(file, members, one))
        found = [part for stint in found for part in _cut(stint, *gone.get(stint.agent, (0, 0)))]
        spells += _sent_home(file, members, gone, one)
        rows.append(cut_rows(_cuts(file, members, one)))
    rows.append(place_rows([(one.start_ns, one.agent, 1.0 / one.home.speed) for one in spells]))
    rows.append(place_rows([(one.end_ns, one.agent, 1.0) for one in spells]))
    windows: list[Window] = []
    for spell in spells:
        if spell.home.availability < 1.0:
            mine = [stint for stint in found if stint.agent == spell.agent]
            windows += [window for stint in mine for window in _windows(stint, spell)]
            apart = [part for stint in mine for part in _cut(stint, spell.start_ns, spell.end_ns)]
            found = [stint for stint in found if stint.agent != spell.agent] + apart
    at_site = {(stint.agent, stint.start_ns) for stint in found}
    windows = [msgspec.structs.replace(one, stays=(one.agent, one.end_ns) in at_site) for one in windows]
    return Duty(np.concatenate([status_rows(found, begin_ns), *rows]), tuple(windows), members)


def _always_at_home(file: ScenarioFile, members: tuple[Span, ...], begin_ns: int) -> Iterator[Spell]:
    end_ns = file.end_ns + file.horizon.drain_ns
    for agent, (number, member) in enumerate(members):
        home = file.groups[number].home
        if of_share(member, home.always):
            yield Spell(agent, begin_ns, end_ns, home)


def _emptied(file: ScenarioFile, one: Lasting) -> Iterator[tuple[str, int, bool]]:
    """Yield the sites that nobody works at: since when, and whether what goes on there breaks off.

    A plan may empty a site that is well.
    """
    world = one.what.world
    if world.site_down is not None:
        yield world.site_down, one.start_ns, True
    if world.power_down is not None:
        yield world.power_down, one.start_ns + file.sites[world.power_down].backup_power_ns, True
    if world.quarantine is not None:
        yield world.quarantine, one.start_ns, False
    for site in _plan(file, one).offline:
        yield site, one.activated_ns, False


def _plan(file: ScenarioFile, one: Lasting) -> Plan:
    """Return the plan against a disruption; one without effects if there is none."""
    return file.plans[one.what.respond.plan] if one.what.respond else Plan()


def _at_site(group: Group, member: int, site: str | None) -> bool:
    return site is not None and group.site == site and not of_share(member, group.home.always)


def _cuts(file: ScenarioFile, members: tuple[Span, ...], one: Lasting) -> list[Span]:
    """Return whose talks break off, (at_ns, agent)."""
    return [
        (from_ns, agent)
        for site, from_ns, breaks_off in _emptied(file, one)
        for agent, (number, member) in enumerate(members)
        if breaks_off and from_ns < one.end_ns and _at_site(file.groups[number], member, site)
    ]


def _gone(file: ScenarioFile, members: tuple[Span, ...], one: Lasting) -> Iterator[tuple[int, Span]]:
    """Yield agents who are away, each with from when until when."""
    world = one.what.world
    for agent, (number, member) in enumerate(members):
        group = file.groups[number]
        spans = [
            (from_ns, _back_ns(file, one, group, member, from_ns))
            for site, from_ns, _ in _emptied(file, one)
            if _at_site(group, member, site)
        ]
        if of_share(member, world.absence) and world.group in (None, group.name):
            spans.append((one.start_ns, one.end_ns))
        if spans:
            yield agent, (min(start for start, _ in spans), max(end for _, end in spans))


def _back_ns(file: ScenarioFile, one: Lasting, group: Group, member: int, from_ns: int) -> int:
    """Return when who is no longer at the site works on: from home, or when all is well again."""
    for home in _plan(file, one).work_from_home:
        share = min(home.share, group.home.equipped)
        if home.site == group.site and of_share(member, share):
            coming = max(int(group.at_work * share), 1)
            ramp_ns = home.ramp_ns * int(member * share) // coming
            return min(max(one.activated_ns + home.after_ns + ramp_ns, from_ns), one.end_ns)
    return one.end_ns


def _sent_home(file: ScenarioFile, members: tuple[Span, ...], gone: dict[int, Span], one: Lasting) -> Iterator[Spell]:
    for agent, (_, back_ns) in gone.items():
        if back_ns < one.end_ns:
            yield Spell(agent, back_ns, one.end_ns, file.groups[members[agent][0]].home)


def _windows(stint: Stint, spell: Spell) -> Iterator[Window]:
    """Yield the time of a stint that is spent at home, breaks taken out."""
    edges = [stint.start_ns, *(edge for pause in stint.breaks for edge in pause), stint.end_ns]
    for start_ns, end_ns in zip(edges[::2], edges[1::2], strict=True):
        from_ns, until_ns = max(start_ns, spell.start_ns), min(end_ns, spell.end_ns)
        if from_ns < until_ns:
            yield Window(stint.agent, from_ns, until_ns, spell.home.availability, spell.home.outage_ns)


def _cut(stint: Stint, start_ns: int, end_ns: int) -> Iterator[Stint]:
    """Yield what is left of a stint without a time. A break that is under way at one of its ends is taken whole."""
    if end_ns <= max(start_ns, stint.start_ns) or start_ns >= stint.end_ns:
        yield stint
        return
    before_ns = min([start_ns, *(pause[0] for pause in stint.breaks if pause[0] < start_ns <= pause[1])])
    after_ns = max([end_ns, *(pause[1] for pause in stint.breaks if pause[0] <= end_ns < pause[1])])
    for low_ns, high_ns in ((stint.start_ns, before_ns), (after_ns, stint.end_ns)):
        if low_ns < high_ns:
            breaks = tuple(pause for pause in stint.breaks if low_ns <= pause[0] and pause[1] <= high_ns)
            yield Stint(stint.agent, low_ns, high_ns, breaks)
