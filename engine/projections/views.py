"""All read models behind one door: what adapters see of the engine's state."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from copy import copy

import msgspec
import numpy as np

from engine.kernel.tables import Array, Tables
from engine.log_port import EventLog, Turn
from engine.messages.decoding import Fault, Malformed
from engine.model.directory import Directory
from engine.model.plans import ActivePlans
from engine.model.settings import EngineSetting, QueueSetting
from engine.projections.agents.eligibility import eligible
from engine.projections.agents.interval_times import AgentTimes
from engine.projections.agents.occupancy import occupancy
from engine.projections.agents.own_figures import OwnFigures
from engine.projections.agents.status import AgentStatus, AgentSummary, AgentWatch, agent_statuses, agent_summary
from engine.projections.answers import AgentList, Formulas, TrunkGroupList
from engine.projections.contact_views import ContactViews
from engine.projections.contacts.history import ContactHistory
from engine.projections.contacts.records import ContactRecord
from engine.projections.feed.events import EventPage, EventReader
from engine.projections.figures import (
    NEVER_NS,
    NS,
    LiveCells,
    add_up,
    cells_of,
    counts,
    live_cells,
    now_of,
    overdue_since,
    position,
    window,
    window_start_ns,
)
from engine.projections.followers import Followers
from engine.projections.formulas import abandonment, service_level
from engine.projections.formulas.durations import Durations
from engine.projections.metrics_view import MetricsView
from engine.projections.misnamed import faults_in
from engine.projections.names import Interned, OpenContacts, existing, number_of
from engine.projections.quality.quality import Quality
from engine.projections.queues.expected_wait import calibration
from engine.projections.queues.interval_cut import Asked, cut_intervals
from engine.projections.queues.intervals import IntervalTable
from engine.projections.queues.realtime import Realtime, realtime_rows
from engine.projections.queues.status import QueueList, QueueStatus, queue_statuses
from engine.projections.still import still_tables
from engine.projections.trunk_occupancy import trunk_group_statuses


class Views:
    """The read models over one engine.

    Figures come from the kernel's tables when asked for, or from what `apply` kept, which must see every durable turn.
    `now_ns` is the caller's clock; it never stands before the tables' own time. Methods that name a queue, an agent or
    a contact raise KeyError, with a sentence, where none is.
    """

    def __init__(
        self,
        tables: Tables,
        directory: Directory,
        contacts: OpenContacts,
        log: EventLog,
        interned: Interned,
        quality: bytes = b"",
        agent_times: AgentTimes | None = None,
        plans: ActivePlans | None = None,
        follow: Callable[..., Followers] = Followers,
    ) -> None:
        self.tables = tables
        self.directory = directory
        self.open_contacts = contacts
        self.interned = interned
        self.agent_times = agent_times
        """Kept by who applies rows; None: not known."""
        self.plans = plans if plans is not None else ActivePlans()
        self._live: tuple[int, LiveCells] | None = None
        self._window: tuple[int, Array] | None = None
        self._log = log
        self._followers = follow(tables, directory, contacts, log, interned, self._slot_of, quality)
        self.contacts = ContactViews(tables, directory, contacts, interned, self._followers)

    @property
    def quality(self) -> Quality:
        """Surveys, evaluations, resolution, adherence and cases."""
        return self._followers.quality

    @property
    def history(self) -> ContactHistory:
        """The latest contacts, as of the last durable turn."""
        return self._followers.history

    @property
    def events(self) -> EventReader:
        """The log in words."""
        return self._followers.events

    @property
    def as_of(self) -> int:
        """The sequence at which the next answer would be true."""
        return position(self.tables)

    @property
    def admitting(self) -> bool:
        """False while disk space for new contacts is not assured."""
        return self._log.admitting

    @property
    def interval_ns(self) -> int:
        """Length of one interval of the interval table, as configured."""
        return int(self.tables.book["settings"][0, EngineSetting.INTERVAL_NS])

    def reconfigure(self, directory: Directory) -> None:
        """Speak in the names of a configuration that was loaded anew."""
        self.directory = self.contacts.directory = directory
        self._followers.reconfigure(directory)

    def apply(self, turn: Turn) -> None:
        """Take in one durable turn."""
        self._followers.apply(turn)

    def settle(self) -> None:
        """Let everything be counted by the settings in force, which are about to change."""
        self._followers.take_in()

    def still(self, now_ns: int | None = None, since_ns: int = 0) -> "Views":
        """These read models as they are now, to be asked in a thread for figures of `now_ns` and since `since_ns`.

        For queues, agents, trunk groups and the real-time table; lists of contacts go on changing.
        """
        at_ns = self.now_ns(now_ns)
        copied = copy(self)
        copied.tables = still_tables(self.tables)
        copied.contacts = self.contacts.of_tables(copied.tables)
        copied._live = at_ns, live_cells(self.tables, at_ns)
        since_ns = window_start_ns(copied.tables, since_ns)
        copied._window = since_ns, window(copied.tables, since_ns)
        return copied

    def live(self, now_ns: int) -> LiveCells:
        """Who is in the house, in every cell."""
        at_ns, found = self._live or (0, None)
        return found if found is not None and at_ns == now_ns else live_cells(self.tables, now_ns)

    def window(self, since_ns: int) -> Array:
        """The counters of every cell from `since_ns` on, which `window_start_ns` gave."""
        start_ns, found = self._window or (0, None)
        return found if found is not None and start_ns == since_ns else window(self.tables, since_ns)

    def now_ns(self, now_ns: int | None = None) -> int:
        """The later of the caller's time and the tables' own."""
        return now_of(self.tables, now_ns)

    def queue_number(self, name: str) -> int:
        """Number of a queue. Raises KeyError."""
        return number_of(self.directory.queues, name, "queue")

    def agent_number(self, name: str) -> int:
        """Number of an agent. Raises KeyError."""
        return number_of(self.directory.agents, name, "agent")

    def queues(
        self,
        now_ns: int | None = None,
        since_ns: int = 0,
        service_level_id: str = service_level.DEFAULT,
        after: str = "",
        limit: int | None = None,
    ) -> QueueList:
        """Every queue, or `limit` of those behind `after`; counters from `since_ns` on, 0 for the whole log."""
        at_ns, since_ns = self.now_ns(now_ns), window_start_ns(self.tables, since_ns)
        chosen = existing(self.directory.queues)
        if after:
            chosen = chosen[bisect_right(chosen, self.queue_number(after)) :]
        more = limit is not None and len(chosen) > limit
        chosen = chosen[:limit]
        live, tallies = self.live(at_ns), self.window(since_ns)
        found = queue_statuses(self.tables, self.directory, live, tallies, at_ns, since_ns, service_level_id, chosen)
        return QueueList(self.as_of, at_ns, found, found[-1].queue if more else None)

    def queue(
        self,
        name: str,
        now_ns: int | None = None,
        since_ns: int = 0,
        service_level_id: str = service_level.DEFAULT,
    ) -> QueueStatus:
        """One queue."""
        number, at_ns = self.queue_number(name), self.now_ns(now_ns)
        since_ns = window_start_ns(self.tables, since_ns)
        live, tallies = self.live(at_ns), self.window(since_ns)
        found = queue_statuses(self.tables, self.directory, live, tallies, at_ns, since_ns, service_level_id, [number])
        return found[0]

    def idle_limit_s(self, queue: str) -> int:
        """Silence of a chat's customer, while they wait for no line, after which it ends; 0: never. Raises KeyError."""
        return round(int(self.tables.queues[self.queue_number(queue)]["settings"][QueueSetting.IDLE_LIMIT_NS]) / NS)

    def formulas(self, queue: str, now_ns: int | None = None, since_ns: int = 0) -> Formulas:
        """Every variant of the shares that contracts speak of."""
        number, at_ns, since_ns = self.queue_number(queue), self.now_ns(now_ns), window_start_ns(self.tables, since_ns)
        tally = add_up(self.window(since_ns)[cells_of(number)])
        threshold_s = int(self.tables.queues[number]["settings"][QueueSetting.THRESHOLD_NS]) / NS
        overdue = int(overdue_since(self.tables, at_ns, since_ns)[cells_of(number)].sum())
        levels = service_level.all_service_levels(counts(tally), threshold_s, overdue)
        rates = abandonment.all_abandonments(counts(tally))
        busy = occupancy(self.tables, self.eligible(queue), at_ns)
        return Formulas(self.as_of, at_ns, since_ns, queue, levels, rates, calibration(tally), busy)

    def agents(
        self,
        now_ns: int | None = None,
        numbers: Sequence[int] | None = None,
        after: str = "",
        limit: int | None = None,
    ) -> AgentList:
        """Every agent, or those numbered `numbers`; of them at most `limit`, in the configuration's order."""
        at_ns = self.now_ns(now_ns)
        chosen = existing(self.directory.agents) if numbers is None else sorted(numbers)
        if after:
            chosen = chosen[bisect_right(chosen, self.agent_number(after)) :]
        more = limit is not None and len(chosen) > limit
        chosen = chosen[:limit]
        listed = agent_statuses(self.tables, self.directory, self.interned, at_ns, chosen)
        return AgentList(self.as_of, at_ns, agent_summary(self.tables), listed, listed[-1].agent if more else None)

    def agent(self, name: str, now_ns: int | None = None) -> AgentStatus:
        """One agent."""
        number = self.agent_number(name)
        return agent_statuses(self.tables, self.directory, self.interned, self.now_ns(now_ns), [number])[0]

    def own_figures(self, agent: str, since_ns: int, now_ns: int | None = None) -> OwnFigures:
        """What an agent did since the quarter hour of an instant, at most two days back."""
        number = self.agent_number(agent)
        times, found = self.agent_times, self._followers.own.since(number, since_ns)
        busy = None if times is None else times.occupancy_since(self.tables, number, since_ns, self.now_ns(now_ns))
        return msgspec.structs.replace(found, occupancy=busy)

    def eligible(self, queue: str) -> Array:
        """The mask of agents who may serve a queue, shape (agents,)."""
        return eligible(self.tables, self.queue_number(queue))

    def agents_at_work(
        self, starts_ns: Sequence[int], step_ns: int, queues: Sequence[str] = (), now_ns: int | None = None
    ) -> list[float | None]:
        """How many who may serve any of these queues (of none: of all) were at work in each interval, on average.

        The starts are bounds of intervals; None: not known, or not begun. Raises KeyError.
        """
        times, t, at_ns = self.agent_times or AgentTimes(0), self.tables, self.now_ns(now_ns)
        masks = [self.eligible(queue) for queue in queues] or [np.ones(len(t.agents), bool)]
        return [times.at_work(t, np.logical_or.reduce(masks), start_ns, step_ns, at_ns) for start_ns in starts_ns]

    def agents_changed(self, watch: AgentWatch) -> list[int]:
        """Return the numbers of the agents who look different from the last time that `watch` looked."""
        return watch.changed(self.tables)

    def agent_summary(self) -> AgentSummary:
        """All agents counted by state."""
        return agent_summary(self.tables)

    def trunk_groups(self, now_ns: int | None = None) -> TrunkGroupList:
        """Every trunk group."""
        at_ns = self.now_ns(now_ns)
        found = trunk_group_statuses(self.tables, self.directory, self._followers.traffic, at_ns)
        return TrunkGroupList(self.as_of, at_ns, found)

    def durations(self) -> Durations:
        """What will be counted of how long things last, by whoever hands it every durable turn from now on."""
        return Durations(self.tables)

    def metrics(self, now_ns: int | None = None) -> MetricsView:
        """What a scrape for metrics tells."""
        at_ns = self.now_ns(now_ns)
        return MetricsView(self.tables, self.directory, self.interned, self.live(at_ns), at_ns)

    def realtime(self, group_by: Sequence[str], now_ns: int | None = None, since_ns: int = 0) -> Realtime:
        """The real-time table. Raises ValueError for an unknown grouping."""
        at_ns, since_ns = self.now_ns(now_ns), window_start_ns(self.tables, since_ns)
        live, tallies = self.live(at_ns), self.window(since_ns)
        rows = realtime_rows(self.tables, self.directory, live, tallies, at_ns, group_by, since_ns)
        return Realtime(self.as_of, at_ns, since_ns, list(group_by), rows)

    def cut_intervals(
        self,
        step_ns: int,
        from_ns: int = 0,
        to_ns: int = NEVER_NS,
        by: str = "event",
        queue: str = "",
        service_level_id: str = service_level.DEFAULT,
        now_ns: int | None = None,
        limit: int | None = None,
    ) -> Callable[[], IntervalTable]:
        """Returns what makes the interval table as it is now, of whole intervals until there are `limit` rows.

        That takes a while where there are many: call it in a thread. Raises ValueError for a step or `by` that cannot
        be, KeyError for an unknown queue.
        """
        at_ns, level = self.now_ns(now_ns), service_level.variant(service_level_id)
        asked = Asked(step_ns, from_ns, to_ns, by, self.queue_number(queue) if queue else None, level, limit)
        cut = cut_intervals(
            self.tables, self.directory, at_ns, asked, self._followers.waits, self.agent_times, self.plans
        )
        as_of, eligible_now = self.as_of, self.eligible

        def table() -> IntervalTable:
            found = IntervalTable(as_of, at_ns, step_ns / NS, by, level.formula, cut.rows(), cut.next_from_ns)
            return self.quality.complete(found, from_ns, to_ns, step_ns, eligible_now)

        return table

    def read_events(self, after_seq: int, limit: int, types: Sequence[str] = (), contact: str = "") -> EventPage:
        """Events after a position. Reads the disk: call it in a thread. Raises ValueError for an unknown type."""
        return self.events.read(after_seq, limit, types, *(self.contacts.recorded(contact) if contact else ()))

    def faults_of(self, malformed: Malformed, limit: int, *, of_contacts: bool = True) -> list[Fault]:
        """What is wrong with a body that cannot be taken in: its shape, and names in it that mean nothing here.

        `of_contacts`: whether the sender may know which contacts are open.
        """
        return faults_in(self.directory, self.open_contacts if of_contacts else None, malformed, limit)

    def _slot_of(self, record: ContactRecord) -> int:
        return self.contacts.slot_of(record)
