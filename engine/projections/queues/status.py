"""Queues: who waits and for how long, who could serve, and how the day went, each queue in one answer."""

from collections.abc import Sequence
from typing import Final

import msgspec

from engine.kernel.tables import Array, Tables
from engine.messages.kinds import AGENT_IDLE, AGENT_STATE_NAMES, AGENT_STATES, CHANNEL_NAMES, STRATEGY_NAMES
from engine.model.directory import Directory
from engine.model.settings import QueueSetting
from engine.projections.agents.eligibility import at_work, eligible, logged_in, states_of
from engine.projections.agents.occupancy import HANDLING, state_times_ns
from engine.projections.figures import (
    NEVER_NS,
    NS,
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
from engine.projections.queues.health import judge

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
    """Carries calls among colleagues only: nothing is transferred to it."""
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
    """Somebody waits, not being offered to anybody, and nobody is at work who could take them."""
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
    times = spent[:, HANDLING].sum(axis=1), spent[:, AGENT_IDLE]
    chosen = existing(directory.queues) if numbers is None else numbers
    late = overdue_since(t, now_ns, since_ns)
    build = _Build(t, directory, now_ns, since_ns, kind, live, late, tallies, logged_in(t), at_work(t), *times)
    return [_status(build, number) for number in chosen]


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
    logged_in: Array
    at_work: Array
    handling_ns: Array
    idle_ns: Array


def _status(build: _Build, number: int) -> QueueStatus:
    t, live, cells = build.t, build.live, cells_of(number)
    settings = t.queues[number]["settings"]
    card = next(iter(build.directory.queue_cards[number : number + 1]), None)
    tally, whole = add_up(build.tallies[cells]), add_up(t.tallies[cells])
    c, may_serve = counts(tally), eligible(t, number)
    states = states_of(t, may_serve)
    waiting, overdue = int(live.waiting[cells].sum()), int(live.overdue[cells].sum())
    oldest, channel = int(live.oldest_entered_ns[cells].min()), int(settings[QueueSetting.CHANNEL])
    staffed, working = (int((may_serve & who).sum()) for who in (build.logged_in, build.at_work[:, channel]))
    threshold_s = int(settings[QueueSetting.THRESHOLD_NS]) / NS
    level = service_level.service_level(build.kind, c, threshold_s, int(build.late[cells].sum()))
    target, is_open = card.target if card else TARGET, bool(settings[QueueSetting.OPEN])
    lost = abandonment.abandonment(abandonment.variant(abandonment.DEFAULT), c)
    idle, offered = int(states[AGENT_IDLE]), int(live.offered[cells].sum())
    unattended = waiting > offered and not working
    health, reason = judge(is_open, unattended, overdue, working, staffed > 0 or c.answered > 0, level, target, lost)
    return QueueStatus(
        as_of=position(t),
        at_ns=build.now_ns,
        since_ns=build.since_ns,
        queue=build.directory.queues.name(number),
        display_name=card.display_name if card else "",
        channel=CHANNEL_NAMES[channel],
        for_colleagues=build.directory.queues.name(number) in build.directory.colleague_queues,
        open=is_open,
        strategy=STRATEGY_NAMES[int(settings[QueueSetting.STRATEGY])],
        health=health,
        health_reason=reason,
        waiting=waiting,
        offered=offered,
        connected=int(live.connected[cells].sum()),
        held=int(live.held[cells].sum()),
        wrapping=int(live.wrapping[cells].sum()),
        overdue=overdue,
        oldest_since_ns=_known(oldest),
        oldest_wait_s=age_s(oldest, build.now_ns),
        oldest_arrival_since_ns=_known(live.oldest_arrived_ns[cells].min()),
        callbacks=int(live.callbacks[cells].sum()),
        callback_since_ns=_known(live.callback_since_ns[cells].min()),
        staffed=staffed,
        available=idle,
        at_work=working,
        unattended=unattended,
        agents={AGENT_STATE_NAMES[state]: int(states[state]) for state in range(AGENT_STATES)},
        threshold_s=threshold_s,
        target=target,
        service_level=level,
        abandonment=lost,
        entries=c.entries,
        answered=c.answered,
        abandoned=c.abandoned,
        short_abandoned=c.short_abandoned,
        exits=c.exits,
        waits=waits(tally, whole, t.histograms[cells], age_s(oldest, build.now_ns)),
        handle_time=handle_time(tally, whole, t.histograms[cells]),
        response_times=response_times(tally, whole, t.histograms[cells]),
        occupancy=_occupied(build, may_serve),
        expected_wait=expected_wait(t, number),
    )


def _occupied(build: _Build, may_serve: Array) -> float | None:
    """Return the share of the time at work that these agents spent with contacts."""
    handling = int(build.handling_ns[may_serve].sum())
    return ratio(handling, handling + int(build.idle_ns[may_serve].sum()))


def _known(since_ns: int) -> int:
    """Return an instant; 0 for none."""
    return 0 if since_ns == NEVER_NS else int(since_ns)
