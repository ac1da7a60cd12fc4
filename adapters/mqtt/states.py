"""States out: retained messages of queues, agents and plans, only the newest of each and only when it changed."""

import asyncio
import contextlib
from collections.abc import Callable, Set
from typing import Final

from adapters.mqtt.broker import BrokerClient
from adapters.mqtt.settings import Settings
from adapters.mqtt.topics import Topics
from adapters.mqtt.translate import agent_body, plan_body, queue_body, stated
from engine.ports import EngineLink
from engine.projections.agents.status import AgentWatch
from engine.projections.days import midnight_ns
from engine.projections.effort import is_large
from engine.projections.views import Views

AGENTS_EVERY_S: Final = 0.2
QUEUES_EVERY_S: Final = 1.0
"""Also how often queues are looked at without an event: contacts pass their thresholds in silence."""


class States:
    """Publishes to one connection after the other, to each everything at first: a broker may have forgotten."""

    def __init__(self, settings: Settings, topics: Topics, engine: EngineLink, wall_ns: Callable[[], int]) -> None:
        self._topics = topics
        self._engine = engine
        self._wall_ns = wall_ns
        self._time_zone = settings.time_zone
        self._dirty = asyncio.Event()
        self._sent: dict[str, bytes] = {}
        """What the broker has, by topic."""
        self._watch = AgentWatch()
        self._directory: object = None
        self._plans: Set[str] = frozenset()
        self._quiet: tuple[int, int] | None = None
        """Where in the log, and on which day, queues were looked at last; None: or somebody waited."""
        self.found: set[str] = set()
        """Topics of states that the broker had from an earlier run."""

    @property
    def _views(self) -> Views:
        return self._engine.views

    def note(self) -> None:
        """Something happened."""
        self._dirty.set()

    async def run(self, client: BrokerClient) -> None:
        """Publish until the connection ends. Raises MqttError."""
        loop = asyncio.get_running_loop()
        self._sent, self._watch, self._directory, self._quiet = {}, AgentWatch(), None, None
        queues_due_s = 0.0
        while True:
            self._dirty.clear()
            look_at_queues = loop.time() >= queues_due_s
            if look_at_queues:
                queues_due_s = loop.time() + QUEUES_EVERY_S
            await self._publish(client, look_at_queues=look_at_queues)
            await asyncio.sleep(AGENTS_EVERY_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(queues_due_s):
                    await self._dirty.wait()

    async def _publish(self, client: BrokerClient, *, look_at_queues: bool) -> None:
        """Look at the tables now and publish what changed once all of it is durable."""
        views, now_ns = self._views, self._wall_ns()
        as_of, at_ns = views.as_of, views.now_ns(now_ns)
        bodies: dict[str, bytes] = {}
        plans = {self._topics.plan_state(plan.plan): plan_body(plan) for plan in self._engine.plans.overview().plans}
        bodies |= plans
        changed = views.agents_changed(self._watch)
        names = views.directory.agents
        for agent in views.agents(now_ns, [number for number in changed if names.exists(number)]).agents:
            bodies[self._topics.agent_state(agent.agent)] = agent_body(agent)
        if look_at_queues:
            bodies |= await self._queues(as_of, at_ns)
        gone = self._gone(plans.keys())
        news = {topic: body for topic, body in bodies.items() if self._sent.get(topic) != body}
        if not news and not gone:
            return
        await self._engine.durable()
        await client.send_all([(topic, stated(body, as_of, at_ns)) for topic, body in news.items()], retain=True)
        await client.send_all([(topic, b"") for topic in gone], retain=True)
        self._sent.update(news)
        for topic in gone:
            self._sent.pop(topic, None)
            self.found.discard(topic)

    async def _queues(self, as_of: int, now_ns: int) -> dict[str, bytes]:
        """What is to be said of queues, by topic; nothing where nothing happened, as long as nobody waits."""
        views, today_ns = self._views, midnight_ns(now_ns, self._time_zone)
        if self._quiet == (as_of, today_ns):
            return {}
        if is_large(0, len(views.directory.queues)):
            queues = (await asyncio.to_thread(views.still(now_ns, today_ns).queues, now_ns, today_ns)).queues
        else:
            queues = views.queues(now_ns, today_ns).queues
        self._quiet = None if any(queue.waiting for queue in queues) else (as_of, today_ns)
        return {self._topics.queue_state(queue.queue): queue_body(queue) for queue in queues}

    def _gone(self, plans: Set[str]) -> list[str]:
        """Topics whose queue, agent or plan is not configured any more: their retained message is taken back."""
        directory = self._views.directory
        if directory is self._directory and plans == self._plans and not self.found:
            return []
        self._directory, self._plans = directory, frozenset(plans)
        configured = {self._topics.queue_state(name) for name in directory.queues.configured()}
        configured |= {self._topics.agent_state(name) for name in directory.agents.configured()}
        gone = sorted((self._sent.keys() | self.found) - configured - plans)
        self.found &= set(gone)
        return gone
