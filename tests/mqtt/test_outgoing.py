"""Effects and events towards a broker that comes and goes, without one."""

import asyncio
import json
from collections import Counter
from typing import Any, cast

import aiomqtt
import numpy as np
import pytest

from adapters.mqtt.broker import BrokerClient
from adapters.mqtt.effects import Effects
from adapters.mqtt.events import Events
from adapters.mqtt.settings import Settings
from adapters.mqtt.topics import Topics
from engine.messages import kinds
from engine.messages.effects import EndContact
from engine.messages.rows import empty_rows
from engine.ports import EngineLink, OpenContact, Turn
from engine.projections.feed.events import Event, EventPage

TOPICS = Topics("t", "s")


class Line:
    """Stands for a connection: takes `takes` messages, then it is lost."""

    def __init__(self, takes: int = 1_000_000) -> None:
        self.takes = takes
        self.sent: list[tuple[str, Any]] = []

    async def send(self, topic: str, payload: bytes, **_: Any) -> None:
        if len(self.sent) >= self.takes:
            raise aiomqtt.MqttError("lost")
        self.sent.append((topic, json.loads(payload)))
        await asyncio.sleep(0)

    async def send_all(self, messages: list[tuple[str, bytes]]) -> None:
        for message in list(messages):
            await self.send(*message)


async def run(what: Effects | Events, line: Line) -> None:
    """Serve the line until it is lost or nothing more happens."""
    task = asyncio.ensure_future(what.run(cast("BrokerClient", line)))
    for _ in range(2000):
        await asyncio.sleep(0)
    if isinstance(what, Events):
        for _ in range(200):
            await asyncio.sleep(0.005)
            if task.done() or not what.behind:
                break
    task.cancel()
    (ended,) = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(ended, aiomqtt.MqttError | asyncio.CancelledError), ended


def effect(seq: int) -> EndContact:
    return EndContact(seq=seq, contact="c", agent="", by="customer")


async def test_effects_of_a_lost_connection_come_again() -> None:
    counters: Counter[str] = Counter()
    effects = Effects(Settings(), TOPICS, counters)
    for seq in range(100):
        effects.put(effect(seq))
    first, second = Line(takes=70), Line()
    await run(effects, first)
    assert len(effects) == 36, "64 were acknowledged, 6 more perhaps"
    await run(effects, second)
    assert [body["seq"] for _, body in second.sent] == list(range(64, 100))
    assert (len(effects), counters["effects"], counters["effects_dropped"]) == (0, 100, 0)


async def test_contacts_are_given_back_but_for_those_that_ended() -> None:
    effects = Effects(Settings(), TOPICS, Counter())
    ended = OpenContact("b", "sales", "connected", ("ann",), {}, closed=True)
    effects.restore([OpenContact("a", "sales", "waiting", (), {}), ended])
    line = Line()
    await run(effects, line)
    assert [(body["type"], body["contact"]) for _, body in line.sent] == [("contact_restored", "a")]


async def test_too_many_effects_are_dropped_counted_and_told() -> None:
    counters: Counter[str] = Counter()
    effects = Effects(Settings(effects_limit=100), TOPICS, counters)
    for seq in range(130):
        effects.put(effect(seq))
    line = Line()
    await run(effects, line)
    assert line.sent[0] == ("t/s/gap", {"what": "effects", "count": 30, "after_seq": 0, "until_seq": 0})
    assert [body["seq"] for _, body in line.sent[1:]] == list(range(30, 130))
    assert counters["effects_dropped"] == 30


class Book:
    """Stands for the engine: its log holds `count` turns of one contact_queued each."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.pages = 0
        self.views = self.events = self

    def event(self, seq: int, row: Any, payload: memoryview) -> Event:
        kind = kinds.KIND_NAMES[int(row["kind"])]
        return Event(seq, 0, kind, False, seq, "", "c", 1, "q", "", {})

    def turn(self, seq: int) -> Turn:
        rows = empty_rows(1)
        rows["kind"] = kinds.CONTACT_QUEUED if seq % 2 else kinds.DEADLINE_PASSED
        return Turn(seq, seq, np.asarray(rows), memoryview(b""))

    def read_events(self, after_seq: int, limit: int, types: Any) -> EventPage:
        self.pages += 1
        found = [
            self.event(seq, self.turn(seq).rows[0], memoryview(b"")) for seq in range(after_seq + 1, self.count + 1)
        ]
        wanted = [event for event in found if event.type in types][:limit]
        more = len(wanted) == limit
        return EventPage(self.count, wanted[-1].seq if more else self.count, more, wanted)


def make(book: Book, counters: Counter[str], **settings: Any) -> Events:
    return Events(Settings(**settings), TOPICS, cast("EngineLink", book), counters)


async def test_events_continue_from_the_log_then_from_memory() -> None:
    book, counters = Book(2000), Counter[str]()
    events = make(book, counters)
    events.start(2000)
    events.begin_at(500)
    await run(events, line := Line())
    assert [body["seq"] for _, body in line.sent] == list(range(501, 2001, 2))
    assert events.published_seq == 2000
    assert book.pages == 3
    for seq in range(2001, 2011):
        events.note(book.turn(seq))
    assert events.behind == 10
    await run(events, line := Line())
    assert [body["seq"] for _, body in line.sent] == [2001, 2003, 2005, 2007, 2009]
    assert (book.pages, events.behind) == (3, 0)


async def test_events_of_a_lost_connection_come_again() -> None:
    events = make(Book(10), Counter())
    events.start(10)
    events.begin_at(0)
    await run(events, Line(takes=3))
    assert events.published_seq == 0
    await run(events, line := Line())
    assert [body["seq"] for _, body in line.sent] == [1, 3, 5, 7, 9]


async def test_too_old_events_are_skipped_counted_and_told() -> None:
    counters: Counter[str] = Counter()
    events = make(Book(5000), counters, events_behind_limit=1000)
    events.start(5000)
    events.begin_at(100)
    await run(events, line := Line())
    assert line.sent[0] == ("t/s/gap", {"what": "events", "count": 3900, "after_seq": 100, "until_seq": 4000})
    assert line.sent[1][1]["seq"] == 4001
    assert counters["events_dropped"] == 3900


@pytest.mark.parametrize(("cursor", "begins"), [(None, 50), (20, 20), (90, 50)])
def test_where_events_begin(cursor: int | None, begins: int) -> None:
    events = make(Book(60), Counter())
    events.start(50)
    for seq in range(51, 61):
        events.note(Book(60).turn(seq))
    events.begin_at(cursor)
    assert events.published_seq == begins
