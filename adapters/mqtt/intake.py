"""Facts in: each message is decided and durable before the broker is told that it arrived, in the order of arrival."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

import aiomqtt
import msgspec
from paho.mqtt.properties import Properties

from adapters.mqtt.broker import IN_FLIGHT_MAX, BrokerClient, published_json
from adapters.mqtt.settings import Settings
from adapters.mqtt.topics import BadTopic, Topics
from adapters.mqtt.translate import IntakeResult, form_of, result_of, unread
from engine.errors import ContactsFull, Overloaded, SourcesFull
from engine.messages.decoding import FAULTS_MAX, Fault, Malformed, decode_facts, pointer_to
from engine.messages.observed import ContactArrived, Observed
from engine.model.fact_scopes import missing_scopes, own_contacts_only
from engine.ports import EngineLink, Receipt
from engine.uploads import submit_facts

logger = logging.getLogger(__name__)
SOURCE: Final = "mqtt"
SOURCES_MAX: Final = 256
"""Different sources that may be named by topics: the engine's own table of them is bounded too."""

FULL_LIMIT_S: Final = 30.0
"""How long contacts wait for a place while as many are open as may be."""


class Taken(NamedTuple):
    """A message whose facts are with the engine, or that has its result already."""

    source: str
    facts: list[Observed]
    many: bool
    receipts: "asyncio.Future[list[Receipt]] | None"
    faults: list[Fault]


class Intake:
    """Takes messages from one connection after the other. `on_other` gets those that are not facts."""

    def __init__(self, settings: Settings, topics: Topics, engine: EngineLink, counters: Counter[str]) -> None:
        self._settings = settings
        self._topics = topics
        self._engine = engine
        self._counters = counters
        self._sources: set[str] = set()
        self._own_only = own_contacts_only(settings.scopes)
        self._full_since_s = 0.0
        """Since when no contact got in, all places being taken; 0: the last one did."""
        self.on_other: Callable[[aiomqtt.Message], None] = lambda _: None

    async def run(self, client: BrokerClient) -> None:
        """Take messages until the connection ends. Raises MqttError."""
        taken: asyncio.Queue[tuple[aiomqtt.Message, Taken]] = asyncio.Queue(self._settings.in_flight)
        told: asyncio.Queue[tuple[aiomqtt.Message, asyncio.Task[None]]] = asyncio.Queue(IN_FLIGHT_MAX)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tell(client, taken, told, group))
            group.create_task(self._acknowledge(client, told))
            async for message in client.messages:
                if self._topics.is_incoming(str(message.topic)):
                    await taken.put((message, await self._take(message)))
                else:
                    self.on_other(message)
                    client.acknowledge(message)

    async def _tell(
        self,
        client: BrokerClient,
        taken: "asyncio.Queue[tuple[aiomqtt.Message, Taken]]",
        told: "asyncio.Queue[tuple[aiomqtt.Message, asyncio.Task[None]]]",
        group: asyncio.TaskGroup,
    ) -> None:
        """Publish what became of each message, in order, several at once."""
        while True:
            message, what = await taken.get()
            if what.receipts is None:
                result = unread(what.source, what.faults)
            else:
                result = result_of(what.source, what.facts, await asyncio.shield(what.receipts), what.many)
            topic, properties, result = self._address(client, message, result)
            sending = group.create_task(client.send(topic, msgspec.json.encode(result), to=properties))
            await told.put((message, sending))

    async def _acknowledge(
        self, client: BrokerClient, told: "asyncio.Queue[tuple[aiomqtt.Message, asyncio.Task[None]]]"
    ) -> None:
        """Acknowledge in the order of arrival, as MQTT demands."""
        while True:
            message, sending = await told.get()
            await sending
            client.acknowledge(message)

    async def _take(self, message: aiomqtt.Message) -> Taken:
        """Decode a message and hand its facts to the engine; waits while the engine is full."""
        self._counters["received"] += 1
        try:
            return await self._take_in(message)
        except Exception as error:
            # One message must not end the connection: the broker would send it again, and again.
            self._counters["rejected"] += 1
            logger.exception("a message at %s cannot be read", message.topic)
            return Taken("", [], False, None, [Fault(f"the message cannot be read: {type(error).__name__}")])

    async def _take_in(self, message: aiomqtt.Message) -> Taken:
        source = ""
        try:
            source = self._source_of(str(message.topic))
            facts, many = self._decode(message)
            faults = self._not_allowed(facts, many)
            if faults:
                self._counters["rejected"] += 1
                return Taken(source, [], False, None, faults)
        except BadTopic as bad:
            self._counters["rejected"] += 1
            return Taken(source, [], False, None, [Fault(str(bad))])
        except Malformed as bad:
            self._counters["rejected"] += 1
            faults = bad.faults
            if bad.items:
                faults = self._engine.views.faults_of(bad, FAULTS_MAX, of_contacts=not self._own_only)
            return Taken(source, [], False, None, faults)
        try:
            receipts = await self._submit(f"{SOURCE}:{source}" if source else SOURCE, facts)
        except SourcesFull as full:
            self._counters["rejected"] += len(facts)
            return Taken(source, [], False, None, [Fault(f"{full}; send as one of them")])
        except ContactsFull as full:
            self._counters["rejected"] += len(facts)
            return Taken(source, [], False, None, [Fault(f"{full}; send it again later")])
        except OSError as error:
            self._counters["rejected"] += len(facts)
            said = f"a file that they name cannot be kept ({error.strerror}); send it again later"
            return Taken(source, [], False, None, [Fault(said)])
        receipts.add_done_callback(self._count)
        return Taken(source, facts, many, receipts, [])

    async def _submit(self, source: str, facts: list[Observed]) -> "asyncio.Future[list[Receipt]]":
        """Hand facts to the engine as soon as it takes them.

        Raises ContactsFull or SourcesFull: patience is no use; OSError where a file that they name cannot be kept.
        """
        time = asyncio.get_running_loop().time
        while True:
            try:
                submit_now = partial(self._engine.submit, source, facts, own_only=self._own_only)
                receipts = await submit_facts(facts, self._engine.attachments, submit_now)
            except SourcesFull:
                raise
            except Overloaded as full:
                # The broker keeps what we do not acknowledge: nothing is refused, the senders' messages wait there.
                # What ends a contact may wait there, too, behind one that does not fit in: that is not waited for long.
                self._counters["overloaded"] += 1
                if isinstance(full, ContactsFull):
                    self._full_since_s = self._full_since_s or time()
                    if time() - self._full_since_s >= FULL_LIMIT_S:
                        raise
                await asyncio.sleep(full.retry_after_s)
            else:
                if any(type(fact) is ContactArrived for fact in facts):
                    self._full_since_s = 0.0
                return receipts

    def _source_of(self, topic: str) -> str:
        source = self._topics.source_of(topic)
        if source and source not in self._sources:
            if len(self._sources) >= SOURCES_MAX:
                raise BadTopic(f"{SOURCES_MAX} sources have sent facts, and {source!r} would be one more")
            self._sources.add(source)
        return source

    def _decode(self, message: aiomqtt.Message) -> tuple[list[Observed], bool]:
        payload = message.payload
        if message.retain:
            raise Malformed([Fault("the message is retained: it would be taken again at every start; publish without")])
        if len(payload) > self._settings.payload_limit:
            limit = self._settings.payload_limit
            raise Malformed([Fault(f"the payload has {len(payload)} bytes; at most {limit} are possible, send less")])
        content_type = getattr(message.properties, "ContentType", "")
        return decode_facts(payload, form_of(payload, content_type), self._settings.batch_limit)

    def _not_allowed(self, facts: list[Observed], many: bool) -> list[Fault]:
        """Tell which facts need a scope that nobody has here."""
        found: list[Fault] = []
        missing = missing_scopes(facts, self._settings.scopes)
        for place, fact in enumerate(facts) if missing else ():
            scope = missing.get(type(fact))
            if scope is not None and len(found) < FAULTS_MAX:
                tag = type(fact).__struct_config__.tag
                text = f"'{tag}' needs the scope '{scope}', which adapters.mqtt.scopes does not have"
                found.append(Fault(text, pointer_to("type", place if many else None)))
        return found

    def _count(self, answered: "asyncio.Future[list[Receipt]]") -> None:
        if answered.cancelled() or answered.exception() is not None:
            return
        for receipt in answered.result():
            word = "rejected" if receipt.error else "duplicates" if receipt.duplicate else "accepted"
            self._counters[word] += 1
            self._counters["refused"] += bool(receipt.refused)

    def _address(
        self, client: BrokerClient, message: aiomqtt.Message, result: IntakeResult
    ) -> tuple[str, Properties | None, IntakeResult]:
        """Return where the result goes: where the sender wants it (MQTT 5), or to the topic of results."""
        topic = self._topics.results(result.source)
        asked = getattr(message.properties, "ResponseTopic", None)
        if asked is not None:
            try:
                self._topics.require_response(asked)
                topic = asked
            except BadTopic as bad:
                result = msgspec.structs.replace(result, errors=[*result.errors, Fault(str(bad))])
        correlation = getattr(message.properties, "CorrelationData", None)
        if not client.speaks_5 or correlation is None:
            return topic, None, result
        properties = published_json()
        properties.CorrelationData = correlation
        return topic, properties, result
