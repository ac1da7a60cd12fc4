"""Queues: who waits and for how long, who could serve, and how the day went, each queue in one answer."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from engine.kernel.tables import Array, Tables
from engine.messages.kinds import AGENT_IDLE, CHANNEL_NAMES, STRATEGY_NAMES
from engine.model.directory import Directory, QueueCard
from engine.model.settings import QueueSetting
from engine.projections.agents.occupancy import HANDLING, state_times_ns
from engine.projections.figures import (
    NEVER_NS,
    NS,
    Counts,
    LiveCells,
    add_up,
    age_s,
    cells_of,
    counts,
    overdue_since,
    position,
    ratio,
)
from engine.projections.formulas import abandonment, service_level
from engine.projections.formulas.handle_time import HandleTime, handle_time
from engine.projections.formulas.response_times import ResponseTimes, response_times
from engine.projections.formulas.waits import Waits, waits
from engine.projections.names import existing
from engine.projections.queues.expected_wait import ExpectedWait, expected_wait
from engine.projections.queues.health import FOR_COLLEAGUES, judge
from engine.projections.queues.people import People, Presence, people_of, presence_of

TARGET: Final = 0.8
"""Share to be answered within T where the configuration says nothing else: 80/20 is the field's habit."""


class QueueStatus(msgspec.Struct, frozen=True):
    """One queue now, and its counters over the window asked for."""

    as_of: int
    at_ns: int
    since_ns: int
    """Start of the window that the counters cover; 0: the whole log."""
    queue: str
    display_name: str
    channel: str
    """Of contacts that come to it and say no other."""
    for_colleagues: bool
    """No customer waits in it, but calls among colleagues or reports of cases do: nothing is transferred to it, nobody
    is missing there, and sums of customers leave it out."""
    open: bool
    strategy: str
    health: str
    """ok, at_risk, breached, or closed."""
    health_reason: str
    waiting: int
    """Not answered yet: in line or being offered."""
    offered: int
    connected: int
    held: int
    wrapping: int
    overdue: int
    """Waiting longer than T."""
    oldest_since_ns: int
    """When the longest waiting entered this queue; 0: nobody waits."""
    oldest_wait_s: float
    oldest_arrival_since_ns: int
    """The same since the contact's arrival, over all queues it was in; 0: nobody waits."""
    callbacks: int
    """Of the waiting, customers whom the engine calls back."""
    callback_since_ns: int
    """When the first of them came; 0: there is none."""
    staffed: int
    """Agents logged in who may serve the queue."""
    available: int
    """... of them idle now."""
    at_work: int
    """... of them who can take a contact of its channel, at once or once they finished what they have in hand."""
    unattended: bool
    """Somebody waits, not being offered to anybody, and nobody is at work who takes contacts of their channel here."""
    agents: dict[str, int]
    """Agents who may serve the queue by state, zeros included; an agent counts in each of their queues."""
    threshold_s: float
    target: float
    service_level: service_level.ServiceLevel
    abandonment: abandonment.Abandonment
    entries: int
    answered: int
    abandoned: int
    """Short ones included."""
    short_abandoned: int
    exits: dict[str, int]
    waits: Waits
    handle_time: HandleTime
    response_times: ResponseTimes
    occupancy: float | None
    expected_wait: ExpectedWait
    """For a contact that came now."""


class QueueList(msgspec.Struct, frozen=True):
    """All queues at one position of the log."""

    as_of: int
    at_ns: int
    queues: list[QueueStatus]
    next_after: str | None = None
    """Where the next page begins; null: this is the last."""


def queue_statuses(
    t: Tables,
    directory: Directory,
    live: LiveCells,
    tallies: Array,
    now_ns: int,
    since_ns: int = 0,
    service_level_id: str = service_level.DEFAULT,
    numbers: Sequence[int] | None = None,
) -> list[QueueStatus]:
    """Return every configured queue, or those numbered `numbers`. Raises KeyError for an unknown service level.

    `live` is of `now_ns`, and `tallies` of the window that begins with `since_ns`.
    """
    kind = service_level.variant(service_level_id)
    spent = state_times_ns(t, now_ns)
    build = _Build(
        t=t,
        directory=directory,
        now_ns=now_ns,
        since_ns=since_ns,
        kind=kind,
        live=live,
        late=overdue_since(t, now_ns, since_ns),
        tallies=tallies,
        presence=presence_of(t),
        handling_ns=spent[:, HANDLING].sum(axis=1),
        idle_ns=spent[:, AGENT_IDLE],
    )
    return [_status(build, number) for number in (existing(directory.queues) if numbers is None else numbers)]


class _Build(msgspec.Struct, frozen=True):
    """What all queues of one answer share."""

    t: Tables
    directory: Directory
    now_ns: int
    since_ns: int
    kind: service_level.Variant
    live: LiveCells
    late: Array
    """Who waits past T and became a miss in the window, by cell."""
    tallies: Array
    presence: Presence
    handling_ns: Array
    idle_ns: Array


class _Counted(NamedTuple):
    """How a queue did in the window."""

    counts: Counts
    service_level: service_level.ServiceLevel
    abandonment: abandonment.Abandonment
    waits: Waits
    handle_time: HandleTime
    response_times: ResponseTimes


def _status(build: _Build, number: int) -> QueueStatus:
    live = build.live
    cells = cells_of(number)
    name = build.directory.queues.name(number)
    cards = build.directory.queue_cards
    card = cards[number] if number < len(cards) else QueueCard(target=TARGET)
    settings = build.t.queues[number]["settings"]
    is_open = bool(settings[QueueSetting.OPEN])
    overdue = int(live.overdue[cells].sum())
    people = people_of(build.t, build.directory, number, live, build.presence)
    counted = _counted(build, number)
    for_colleagues = build.directory.for_colleagues(number)
    health, reason = FOR_COLLEAGUES if for_colleagues else _health(is_open, people, counted, overdue, card.target)
    return QueueStatus(
        as_of=position(build.t),
        at_ns=build.now_ns,
        since_ns=build.since_ns,
        queue=name,
        display_name=card.display_name,
        channel=CHANNEL_NAMES[int(settings[QueueSetting.CHANNEL])],
        for_colleagues=for_colleagues,
        open=is_open,
        strategy=STRATEGY_NAMES[int(settings[QueueSetting.STRATEGY])],
        health=health,
        health_reason=reason,
        waiting=int(live.waiting[cells].sum()),
        offered=int(live.offered[cells].sum()),
        connected=int(live.connected[cells].sum()),
        held=int(live.held[cells].sum()),
        wrapping=int(live.wrapping[cells].sum()),
        overdue=overdue,
        oldest_since_ns=_known(live.oldest_entered_ns[cells].min()),
        oldest_wait_s=_oldest_wait_s(build, number),
        oldest_arrival_since_ns=_known(live.oldest_arrived_ns[cells].min()),
        callbacks=int(live.callbacks[cells].sum()),
        callback_since_ns=_known(live.callback_since_ns[cells].min()),
        staffed=people.staffed,
        available=people.available,
        at_work=people.at_work,
        unattended=people.unattended,
        agents=people.agents,
        threshold_s=_threshold_s(build, number),
        target=card.target,
        service_level=counted.service_level,
        abandonment=counted.abandonment,
        entries=counted.counts.entries,
        answered=counted.counts.answered,
        abandoned=counted.counts.abandoned,
        short_abandoned=counted.counts.short_abandoned,
        exits=counted.counts.exits,
        waits=counted.waits,
        handle_time=counted.handle_time,
        response_times=counted.response_times,
        occupancy=_occupied(build, people.may_serve),
        expected_wait=expected_wait(build.t, number),
    )


def _counted(build: _Build, number: int) -> _Counted:
    cells = cells_of(number)
    tally = add_up(build.tallies[cells])
    whole = add_up(build.t.tallies[cells])
    histograms = build.t.histograms[cells]
    c = counts(tally)
    late = int(build.late[cells].sum())
    return _Counted(
        counts=c,
        service_level=service_level.service_level(build.kind, c, _threshold_s(build, number), late),
        abandonment=abandonment.abandonment(abandonment.variant(abandonment.DEFAULT), c),
        waits=waits(tally, whole, histograms, _oldest_wait_s(build, number)),
        handle_time=handle_time(tally, whole, histograms),
        response_times=response_times(tally, whole, histograms),
    )


def _health(is_open: bool, people: People, counted: _Counted, overdue: int, target: float) -> tuple[str, str]:
    return judge(
        is_open,
        people.unattended,
        overdue,
        people.at_work,
        people.staffed > 0 or counted.counts.answered > 0,
        counted.service_level,
        target,
        counted.abandonment,
    )


def _threshold_s(build: _Build, number: int) -> float:
    return int(build.t.queues[number]["settings"][QueueSetting.THRESHOLD_NS]) / NS


def _oldest_wait_s(build: _Build, number: int) -> float:
    return age_s(int(build.live.oldest_entered_ns[cells_of(number)].min()), build.now_ns)


def _occupied(build: _Build, may_serve: Array) -> float | None:
    """Return the share of the time at work that these agents spent with contacts."""
    handling = int(build.handling_ns[may_serve].sum())
    return ratio(handling, handling + int(build.idle_ns[may_serve].sum()))


def _known(since_ns: int) -> int:
    """Return an instant; 0 for none."""
    return 0 if since_ns == NEVER_NS else int(since_ns)
