"""The MQTT adapter's life: one persistent session at a broker, facts in, states, events and effects out."""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import aiomqtt
import msgspec
from paho.mqtt.subscribeoptions import SubscribeOptions

from adapters.mqtt.broker import BrokerClient, all_granted
from adapters.mqtt.connection import Connection
from adapters.mqtt.effects import Effects
from adapters.mqtt.events import Events
from adapters.mqtt.intake import SOURCE, Intake
from adapters.mqtt.settings import Settings as MqttSettings
from adapters.mqtt.states import States
from adapters.mqtt.survey import Survey
from adapters.mqtt.topics import Topics
from adapters.mqtt.translate import Cursor
from engine.errors import Overloaded
from engine.messages.effects import AnyEffect
from engine.messages.observed import StreamGapped
from engine.ports import AdapterStatus, EngineLink, OpenContact, Turn

logger = logging.getLogger(__name__)
HOUSEKEEPING_S: Final = 1.0
CURSOR_EVERY_NS: Final = 10_000_000_000
"""The cursor is written this often even when nothing happens: its age then tells when we were last connected."""
NEVER_RETAINED: Final = 2
"""Retain handling of MQTT 5: send no retained messages at subscribing."""
DROPPED: Final = ("effects_dropped", "events_dropped", "dropped_unqueued")
COUNTERS: Final = (
    *DROPPED,
    "published",
    "received",
    "accepted",
    "duplicates",
    "rejected",
    "refused",
    "overloaded",
    "effects",
    "refused_by_broker",
    "gaps",
    "connections",
    "failures",
)


class Stopping(Exception):
    """Ends the tasks of a connection because the adapter stops."""


class MqttAdapter:
    """Facts come from `<prefix>/<site>/in/events`; see `topics` for everything that is published."""

    Settings: type = MqttSettings

    def __init__(
        self,
        settings: MqttSettings,
        engine: EngineLink,
        *,
        wall_ns: Callable[[], int] = time.time_ns,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.name = "mqtt"
        self.settings = settings
        self._engine = engine
        self._wall_ns = wall_ns
        self._counters: Counter[str] = Counter(dict.fromkeys(COUNTERS, 0))
        self.topics = Topics(settings.prefix, settings.site, settings.status_topic)
        self.intake = Intake(settings, self.topics, engine, self._counters)
        self.events = Events(settings, self.topics, engine, self._counters)
        self.states = States(settings, self.topics, engine, wall_ns)
        self.effects = Effects(settings, self.topics, self._counters)
        self.survey = Survey(self.topics)
        self.intake.on_other = self.survey.note
        self.connection = Connection(settings, self.topics, self._counters, self._serve, jitter)
        self._task: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        self._written = Cursor(-1, 0)
        self._contacts_open = False
        self._last_up_ns = 0
        """When the last connection was known to be good; 0: there was none yet."""
        self._gap: StreamGapped | None = None
        """Not yet taken by the engine."""

    async def start(self, contacts: Sequence[OpenContact]) -> None:
        """Begin to connect; does not wait for the broker. Raises OSError when a file of the settings cannot be read."""
        self.connection.prepare()
        self.events.start(self._engine.views.as_of)
        self.effects.restore(contacts)
        self._contacts_open = bool(contacts)
        self._unsubscribe = self._engine.subscribe(self._on_turn)
        self._task = asyncio.get_running_loop().create_task(self.connection.run(), name="mqtt connection")

    def act(self, effect: AnyEffect) -> None:
        """Publish an effect as soon as the broker is there."""
        self.effects.put(effect)

    def status(self) -> AdapterStatus:
        """Say how it is doing."""
        counters = dict(self._counters)
        counters["reconnects"] = max(0, counters.pop("connections") - 1)
        counters["dropped"] = sum(counters[what] for what in DROPPED)
        counters["effects_waiting"] = len(self.effects)
        counters["events_behind"] = self.events.behind
        connection = self.connection
        return AdapterStatus(self.name, connection.up, self.settings.required, connection.detail, counters)

    async def stop(self) -> None:
        """Say that we go offline, and disconnect; the broker keeps the session."""
        self._unsubscribe()
        self.connection.stopping.set()
        task, self._task = self._task, None
        if task is not None:
            await task

    def _on_turn(self, turn: Turn) -> None:
        self.events.note(turn)
        self.states.note()

    # --- one connection

    async def _serve(self, client: BrokerClient) -> None:
        """Serve a connection until it ends (raises MqttError) or the adapter stops."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._raise_when_stopping())
                group.create_task(client.wait_lost())
                group.create_task(self.intake.run(client))
                await self._open(client)
                group.create_task(self.effects.run(client))
                group.create_task(self.states.run(client))
                group.create_task(self.events.run(client))
                group.create_task(self._keep_house(client))
        except* Stopping:
            pass
        if self.survey.done:
            await self._write_cursor(client)
        await client.send(self.topics.status, b"offline", retain=True)

    async def _raise_when_stopping(self) -> None:
        await self.connection.stopping.wait()
        raise Stopping

    async def _open(self, client: BrokerClient) -> None:
        """Subscribe, find out what was missed, and say that we are online."""
        await self._subscribe(client)
        if not self.survey.done:
            await self.survey.run(client)
            cursor = self.survey.cursor
            self.events.begin_at(cursor.seq if cursor else None)
            self.states.found = self.survey.states
            if cursor is not None:
                self._last_up_ns = cursor.at_ns
            elif self._contacts_open:
                self._last_up_ns = self._wall_ns()
        if self._last_up_ns and not client.session_present:
            self._note_gap("the broker kept no session for us")
        self._last_up_ns = self._wall_ns()
        await client.send(self.topics.status, b"online", retain=True)

    async def _subscribe(self, client: BrokerClient) -> None:
        wanted = self.topics.inbox + "/#"
        if client.speaks_5:
            options = SubscribeOptions(qos=1, retainHandling=NEVER_RETAINED)
            granted = await client.subscribe(wanted, options=options)
        else:
            granted = await client.subscribe(wanted, qos=1)
        if not all_granted(granted):
            raise aiomqtt.MqttError(f"the broker does not let us subscribe to {wanted}: {granted[0]}")

    async def _keep_house(self, client: BrokerClient) -> None:
        unqueued = self._counters["dropped_unqueued"]
        while True:
            if unqueued != self._counters["dropped_unqueued"]:
                unqueued = self._counters["dropped_unqueued"]
                self._note_gap("messages of QoS 0 came faster than they could be taken")
            self._submit_gap()
            self._last_up_ns = self._wall_ns()
            await self._write_cursor(client)
            await asyncio.sleep(HOUSEKEEPING_S)

    async def _write_cursor(self, client: BrokerClient) -> None:
        """Write how far events were published, for the next start, if that has changed or is old."""
        seq, now_ns = self.events.published_seq or 0, self._wall_ns()
        if seq == self._written.seq and now_ns - self._written.at_ns < CURSOR_EVERY_NS:
            return
        cursor = Cursor(seq, now_ns)
        await client.send(self.topics.cursor, msgspec.json.encode(cursor), retain=True)
        self._written = cursor

    # --- gaps

    def _note_gap(self, reason: str) -> None:
        """Remember that input may have been lost since the connection was last known to be good."""
        since_ns = min(self._last_up_ns, self._gap.lost_since_ns if self._gap else self._last_up_ns)
        self._gap = StreamGapped(lost_since_ns=since_ns, reason=reason)
        logger.warning("facts may have been lost: %s", reason)
        self._submit_gap()

    def _submit_gap(self) -> None:
        if self._gap is None:
            return
        try:
            # What becomes of it stands in the log; nobody waits for the receipt.
            _ = self._engine.submit(SOURCE, [self._gap])
        except Overloaded:
            return
        self._gap = None
        self._counters["gaps"] += 1
