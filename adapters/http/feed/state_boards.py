"""What streams tell of state: tiles of queues, agents, waiting contacts, alerts; of all, or as one board shows them."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import msgspec

from adapters.http.boards import BoardSettings
from adapters.http.feed.board import Board
from adapters.http.wallboard.alerts import AlertBook, AlertTile
from adapters.http.wallboard.members import who_serves
from adapters.http.wallboard.plan_tiles import PlanTile, plan_tiles
from adapters.http.wallboard.privacy import unnamed_agent, unnamed_alert, unnamed_plan, unnamed_wait
from adapters.http.wallboard.tiles import StreamedQueue, WaitingTile, streamed_queue, waiting_tiles
from engine.model.names import Names
from engine.model.plan_views import PlanList
from engine.projections.agents.status import AgentTile, AgentWatch
from engine.projections.effort import is_large
from engine.projections.queues.tiles import agent_tile
from engine.projections.views import Views

STATE_TOPICS: Final = ("queues", "agents", "waiting", "alerts", "plans")
WAITING_NS: Final = 250_000_000
"""The waiting list, with why each of them waits, is told at most four times a second."""
MEMBERS_NS: Final = 1_000_000_000
"""Who may serve a board's queues is looked up once a second."""


class View(NamedTuple):
    """Whose eyes state is seen with."""

    board: str = ""
    """Only what this board shows; empty: everything."""
    unnamed: bool = False
    """Without names of agents."""


Tiles = dict[str, msgspec.Struct]
Sampled = Callable[[list[StreamedQueue]], None]


class StateBoards:
    """The boards that somebody reads, by topic and view, and how they are filled."""

    def __init__(self, boards: Mapping[str, BoardSettings]) -> None:
        self._settings = boards
        self._boards: dict[tuple[str, View], Board] = {}
        self._readers: Counter[tuple[str, View]] = Counter()
        self._last_version = 0
        """Of the boards that are gone: what was told of them is never told of another."""
        self._watch = AgentWatch()
        self._names: Names | None = None
        """Of the agents when they were looked at last: a reload makes others."""
        self._agents: dict[str, tuple[int, AgentTile]] = {}
        """Every agent, with the number."""
        self._members: dict[str, frozenset[str]] = {}
        """Agents who may serve a board's queues."""
        self._members_due_ns = 0
        self._agents_whole = False
        """Whether boards are to take in all agents, not only those who changed."""
        self._waiting_due_ns = 0

    def follow(self, boards: Mapping[str, BoardSettings]) -> None:
        """Go on with other boards."""
        self._settings = boards
        self._members_due_ns = 0

    def settings_of(self, view: View) -> BoardSettings | None:
        """The board that a view is of; None: it is of everything, or of a board that is gone."""
        return self._settings.get(view.board)

    def open(self, topic: str, view: View) -> Board:
        """Return the board of a topic for one more reader."""
        self._readers[topic, view] += 1
        self._waiting_due_ns = 0
        if topic == "agents":
            self._members_due_ns = 0
        if (topic, view) not in self._boards:
            self._boards[topic, view] = Board(topic, self._last_version)
        return self._boards[topic, view]

    def close(self, topic: str, view: View) -> None:
        """Take a reader away; what nobody reads is not kept."""
        self._readers[topic, view] -= 1
        if self._readers[topic, view] <= 0:
            del self._readers[topic, view]
            gone = self._boards.pop((topic, view), None)
            self._last_version = max(self._last_version, gone.version if gone else 0)

    def look_anew(self) -> None:
        """Take in every agent with the next look: what the last one found did not come to those who read."""
        self._names = None

    @property
    def wanted(self) -> bool:
        """Whether anybody reads state."""
        return bool(self._boards)

    def look(
        self,
        views: Views,
        now_ns: int,
        today_ns: int,
        alerts: AlertBook,
        sampled: Sampled,
        plans: Callable[[], PlanList] | None = None,
    ) -> "Look":
        """Begin to look at the tables; what takes long is left for `Look.reckon`, which may run in a thread."""
        topics = {topic for topic, _ in self._boards}
        if "agents" in topics and views.directory.agents is not self._names:
            self._watch, self._names, self._members_due_ns = AgentWatch(), views.directory.agents, 0
            self._agents.clear()
            self._agents_whole = True
        changed = views.agents_changed(self._watch) if "agents" in topics else []
        if self._members_due_ns <= now_ns:
            self._members_due_ns = now_ns + MEMBERS_NS
            some = {view.board for topic, view in self._boards if topic == "agents" and self._of_some(view)}
            members = {board: who_serves(views, self._settings[board].queues) for board in some}
            self._agents_whole |= members != self._members
            self._members = members
        waiting: dict[View, list[WaitingTile]] = {}
        if self._waiting_due_ns <= now_ns:
            self._waiting_due_ns = now_ns + WAITING_NS
            waiting = {view: self._waiting(views, view, now_ns) for topic, view in self._boards if topic == "waiting"}
        told = plan_tiles(plans()) if plans is not None and "plans" in topics else []
        return Look(self, views, topics, changed, waiting, now_ns, today_ns, alerts, sampled, told)

    def _waiting(self, views: Views, view: View, now_ns: int) -> list[WaitingTile]:
        queues = self._settings[view.board].queues if self._of_some(view) else ()
        found = waiting_tiles(views, now_ns, queues=queues)
        return [unnamed_wait(tile) for tile in found] if view.unnamed else found

    def take_in(self, look: "Look", as_of: int) -> bool:
        """Bring what was found to those who read it; returns whether anything is new."""
        fresh = {name: (number, tile) for name, number, tile in look.agents}
        self._agents.update(fresh)
        news = False
        for (topic, view), board in self._boards.items():
            if topic == "agents":
                if topic not in look.topics or (self._of_some(view) and view.board not in self._members):
                    continue  # nobody has looked for this reader yet
                whole = self._agents_whole or board.version == 0
                tiles = self._shown_agents(view, self._agents if whole else fresh)
                news |= board.update(tiles, as_of, look.now_ns, partial=not whole)
            elif (found := self._shown(topic, view, look)) is not None:
                news |= board.update(found, as_of, look.now_ns)
        self._agents_whole = False
        return news

    def _shown_agents(self, view: View, agents: Mapping[str, tuple[int, AgentTile]]) -> Tiles:
        members = self._members[view.board] if self._of_some(view) else None
        chosen = [one for name, one in agents.items() if members is None or name in members]
        tiles = [unnamed_agent(tile, number) if view.unnamed else tile for number, tile in chosen]
        return {tile.agent: tile for tile in tiles}

    def _of_some(self, view: View) -> bool:
        """Whether a view shows some queues alone."""
        settings = self._settings.get(view.board)
        return settings is not None and bool(settings.queues)

    def _shown(self, topic: str, view: View, look: "Look") -> Tiles | None:
        """What one board shows of one topic; None where nobody has looked."""
        if topic not in look.topics:
            return None
        settings = self._settings.get(view.board)
        if topic == "waiting":
            return {tile.contact: tile for tile in look.waiting[view]} if view in look.waiting else None
        if topic == "queues":
            return {tile.queue: tile for tile in look.queues if settings is None or settings.shows(tile.queue)}
        if topic == "plans":
            return {plan.plan: unnamed_plan(plan) if view.unnamed else plan for plan in look.plans}
        own = [tile for tile in look.alerts if not view.board or tile.board == view.board]
        return {tile.alert: unnamed_alert(tile) if view.unnamed else tile for tile in own}


class Look:
    """One look at the tables: what was found of each topic."""

    def __init__(
        self,
        boards: StateBoards,
        views: Views,
        topics: set[str],
        changed: list[int],
        waiting: dict[View, list[WaitingTile]],
        now_ns: int,
        today_ns: int,
        book: AlertBook,
        sampled: Sampled,
        plans: list[PlanTile],
    ) -> None:
        self.topics = topics
        """What somebody read when it began: of others it knows nothing."""
        self.now_ns = now_ns
        self.waiting = waiting
        self.plans = plans
        self.queues: list[StreamedQueue] = []
        self.alerts: list[AlertTile] = []
        self.agents: list[tuple[str, int, AgentTile]] = []
        self._of_queues = bool(topics & {"queues", "alerts"})
        self._changed = changed
        self._today_ns = today_ns
        self._book = book
        self._sampled = sampled
        self.large = is_large(len(changed), len(views.directory.queues) if self._of_queues else 0)
        self._names = views.directory.agents
        self._views = views.still(now_ns, today_ns) if self.large else views

    def reckon(self) -> None:
        """Find the figures of queues and agents."""
        views, now_ns = self._views, self.now_ns
        if self._of_queues:
            statuses = views.queues(now_ns, self._today_ns).queues
            self.queues = [streamed_queue(status, self._today_ns) for status in statuses]
            self.alerts = list(self._book.look(self.queues, now_ns).values())
            self._sampled(self.queues)
        if self._changed:
            tiles = [agent_tile(status) for status in views.agents(now_ns, self._changed).agents]
            self.agents = [(tile.agent, self._names.number(tile.agent), tile) for tile in tiles]
