"""Facts in, without a broker: order of acknowledgement, patience with a full engine, bounds."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, cast

import aiomqtt
import pytest

from adapters.mqtt import intake as intake_module
from adapters.mqtt.broker import BrokerClient, Incoming
from adapters.mqtt.intake import Intake
from adapters.mqtt.settings import Settings
from adapters.mqtt.topics import Topics
from engine.errors import ContactsFull, Overloaded, SourcesFull
from engine.log.attachments import AttachmentStore
from engine.messages.observed import ContactArrived, ContactReleased, Fact, MessageSent, Observed, QueueClosed
from engine.ports import Attachments, EngineLink, Receipt
from tests.mqtt.conftest import until

TOPICS = Topics("t", "s")


def message(mid: int, topic: str = "t/s/in/events", qos: int = 1, retain: bool = False) -> aiomqtt.Message:
    body = {"type": "contact_arrived", "id": str(mid), "contact": f"c{mid}", "queue": "q"}
    return aiomqtt.Message(topic, json.dumps(body).encode(), qos, retain, mid, None)


class Line:
    """Stands for a connection that delivers what is put into `arriving`, None being its end."""

    speaks_5 = True

    def __init__(self) -> None:
        self.arriving: asyncio.Queue[aiomqtt.Message | None] = asyncio.Queue()
        self.acknowledged: list[int] = []
        self.sent: list[tuple[str, Any]] = []

    @property
    async def messages(self) -> AsyncIterator[aiomqtt.Message]:
        while (found := await self.arriving.get()) is not None:
            yield found
        raise aiomqtt.MqttError("lost")

    def acknowledge(self, found: aiomqtt.Message) -> None:
        self.acknowledged.append(found.mid)

    async def send(self, topic: str, payload: bytes, **_: Any) -> None:
        self.sent.append((topic, json.loads(payload)))


class Engine:
    """Stands for the engine: answers when it is told to, and is full `full` times first."""

    attachments: Attachments | None = None

    def __init__(self, full: int = 0) -> None:
        self.full = full
        self.contacts_full = False
        self.sources_full = False
        self.own_only: frozenset[type[Fact]] = frozenset()
        self.taken: list[tuple[str, Sequence[Observed], asyncio.Future[list[Receipt]]]] = []

    def submit(
        self, source: str, facts: Sequence[Observed], *, own_only: frozenset[type[Fact]] = frozenset()
    ) -> "asyncio.Future[list[Receipt]]":
        if self.contacts_full and any(isinstance(fact, ContactArrived) for fact in facts):
            raise ContactsFull("64 contacts are open", retry_after_s=0)
        if self.sources_full:
            raise SourcesFull("4096 sources have submitted facts", retry_after_s=0)
        if self.full:
            self.full -= 1
            raise Overloaded("full", retry_after_s=0)
        future: asyncio.Future[list[Receipt]] = asyncio.get_running_loop().create_future()
        self.taken.append((source, facts, future))
        self.own_only = own_only
        return future

    def answer(self, place: int) -> None:
        self.taken[place][2].set_result([Receipt(place + 1)])


class Room:
    def __init__(self, full: int = 0, **settings: Any) -> None:
        self.counters: Counter[str] = Counter()
        self.engine, self.line = Engine(full), Line()
        link = cast("EngineLink", self.engine)
        self.intake = Intake(Settings(**settings), TOPICS, link, self.counters)
        self.task = asyncio.ensure_future(self.intake.run(cast("BrokerClient", self.line)))

    async def settle(self) -> None:
        for _ in range(50):
            await asyncio.sleep(0)

    async def end(self) -> None:
        self.line.arriving.put_nowait(None)
        with pytest.raises(ExceptionGroup):
            await self.task


async def test_acknowledged_in_the_order_of_arrival_and_only_once_durable() -> None:
    room = Room()
    for mid in (7, 8, 9):
        room.line.arriving.put_nowait(message(mid))
    await room.settle()
    assert [facts[0].id for _, facts, _ in room.engine.taken] == ["7", "8", "9"]
    room.engine.answer(2)
    room.engine.answer(1)
    await room.settle()
    assert room.line.acknowledged == []
    room.engine.answer(0)
    await room.settle()
    assert room.line.acknowledged == [7, 8, 9]
    assert room.counters["accepted"] == 3
    await room.end()


async def test_a_source_too_many_is_told_so_and_keeps_nobody_waiting() -> None:
    room = Room()
    room.engine.sources_full = True
    room.line.arriving.put_nowait(message(7))
    await room.settle()
    assert room.line.acknowledged == [7]
    (result,) = room.line.sent
    assert "4096 sources have submitted facts; send as one of them" in str(result)
    room.engine.sources_full = False
    room.line.arriving.put_nowait(message(8))
    await room.settle()
    assert len(room.engine.taken) == 1
    await room.end()


@pytest.mark.parametrize(("scopes", "taken"), [(["ingest"], False), (["ingest", "supervise"], True)])
async def test_facts_need_the_scopes_of_the_settings(scopes: list[str], taken: bool) -> None:
    room = Room(scopes=scopes)
    bodies: list[dict[str, Any]] = [
        {"type": "contact_arrived", "contact": "c", "queue": "q"},
        {"type": "queue_closed", "queue": "q"},
    ]
    found = aiomqtt.Message("t/s/in/events", json.dumps(bodies).encode(), 1, False, 1, None)
    room.line.arriving.put_nowait(found)
    await room.settle()
    if taken:
        assert isinstance(room.engine.taken[0][1][1], QueueClosed)
        assert ContactReleased not in room.engine.own_only
    else:
        ((_, result),) = room.line.sent
        (fault,) = result["errors"]
        assert fault["pointer"] == "/1/type"
        assert "needs the scope 'supervise'" in fault["detail"]
        assert room.engine.taken == []
        room.line.arriving.put_nowait(message(2))
        await room.settle()
        assert ContactReleased in room.engine.own_only
    await room.end()


async def test_a_place_is_waited_for_but_not_by_those_who_could_make_one(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room()
    room.engine.contacts_full = True
    room.line.arriving.put_nowait(message(1))
    await room.settle()
    assert (room.line.sent, room.engine.taken) == ([], [])
    monkeypatch.setattr(intake_module, "FULL_LIMIT_S", 0.0)
    release = json.dumps({"type": "contact_released", "contact": "c0"}).encode()
    for found in (message(2), aiomqtt.Message("t/s/in/events", release, 1, False, 3, None)):
        room.line.arriving.put_nowait(found)
    await room.settle()
    assert [result["errors"][0]["detail"] for _, result in room.line.sent] == [
        "64 contacts are open; send it again later",
        "64 contacts are open; send it again later",
    ]
    assert [type(facts[0]) for _, facts, _ in room.engine.taken] == [ContactReleased]
    assert room.counters["rejected"] == 2
    room.engine.contacts_full = False
    monkeypatch.setattr(intake_module, "FULL_LIMIT_S", 30.0)
    room.line.arriving.put_nowait(message(4))
    await room.settle()
    assert [type(facts[0]) for _, facts, _ in room.engine.taken] == [ContactReleased, ContactArrived]
    await room.end()


async def test_a_message_that_breaks_whatever_reads_it_does_not_end_the_connection(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    room = Room()

    def broken(*_: Any, **__: Any) -> Any:
        raise UnicodeEncodeError("utf-8", "\udcff", 0, 1, "surrogates not allowed")

    with monkeypatch.context() as patched:
        patched.setattr(room.engine, "submit", broken)
        room.line.arriving.put_nowait(message(1))
        await room.settle()
    room.line.arriving.put_nowait(message(2))
    await room.settle()
    ((_, result),) = room.line.sent
    assert result["errors"][0]["detail"] == "the message cannot be read: UnicodeEncodeError"
    assert room.line.acknowledged == [1]
    assert [facts[0].id for _, facts, _ in room.engine.taken] == ["2"]
    assert "cannot be read" in caplog.text
    await room.end()


async def test_a_full_engine_is_waited_for_and_nothing_is_refused() -> None:
    room = Room(full=3)
    room.line.arriving.put_nowait(message(1))
    await room.settle()
    room.engine.answer(0)
    await room.settle()
    assert room.line.acknowledged == [1]
    assert (room.counters["overloaded"], room.counters["accepted"], room.counters["rejected"]) == (3, 1, 0)
    await room.end()


async def test_so_many_messages_are_taken_at_once_and_no_more() -> None:
    room = Room(in_flight=4)
    for mid in range(20):
        room.line.arriving.put_nowait(message(mid))
    await room.settle()
    taken = len(room.engine.taken)
    assert 4 <= taken <= 6, "the line, the one waited for, and the one that waits to enter the line"
    room.engine.answer(0)
    await room.settle()
    assert len(room.engine.taken) == taken + 1
    room.task.cancel()
    await asyncio.gather(room.task, return_exceptions=True)


async def test_an_answer_after_the_end_of_the_connection_still_counts() -> None:
    room = Room()
    room.line.arriving.put_nowait(message(1))
    await room.settle()
    await room.end()
    room.engine.answer(0)
    await room.settle()
    assert (room.counters["accepted"], room.line.acknowledged) == (1, [])


async def test_sources_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_module, "SOURCES_MAX", 2)
    room = Room()
    for mid, source in enumerate(("a", "b", "a", "c")):
        room.line.arriving.put_nowait(message(mid, f"t/s/in/events/{source}"))
    await room.settle()
    assert [source for source, _, _ in room.engine.taken] == ["mqtt:a", "mqtt:b", "mqtt:a"]
    for place in range(3):
        room.engine.answer(place)
    await room.settle()
    assert [topic for topic, _ in room.line.sent] == [f"t/s/in/results{rest}" for rest in ("/a", "/b", "/a", "")]
    assert "2 sources have sent facts" in room.line.sent[3][1]["errors"][0]["detail"]
    await room.end()


async def test_other_messages_go_elsewhere() -> None:
    room, others = Room(), list[aiomqtt.Message]()
    room.intake.on_other = others.append
    room.line.arriving.put_nowait(message(1, "t/s/cursor"))
    await room.settle()
    assert [found.mid for found in others] == [1]
    assert (room.line.acknowledged, room.engine.taken, room.counters["received"]) == ([1], [], 0)
    await room.end()


def test_a_flood_of_qos_0_is_dropped_and_counted_but_qos_1_never() -> None:
    counters: Counter[str] = Counter()
    queue = Incoming(limit=3, counters=counters)
    for mid in range(5):
        queue.put_nowait(message(mid, qos=0))
    for mid in range(5, 10):
        queue.put_nowait(message(mid, qos=1))
    assert [queue.get_nowait().mid for _ in range(queue.qsize())] == [0, 1, 2, 5, 6, 7, 8, 9]
    assert counters["dropped_unqueued"] == 2


async def test_what_cannot_be_decoded_has_a_result_and_is_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room()
    deep, good = b"[" * 90_000, message(3).payload
    for mid, body in enumerate((deep, b"\xff\xfe", b'{"type": "\xff"}', b"\x91" * 90_000), 1):
        room.line.arriving.put_nowait(aiomqtt.Message("t/s/in/events", body, 1, False, mid, None))
    await room.settle()
    assert room.line.acknowledged == [1, 2, 3, 4]
    monkeypatch.setattr(intake_module, "decode_facts", lambda *_: 1 / 0)
    room.line.arriving.put_nowait(aiomqtt.Message("t/s/in/events", good, 1, False, 5, None))
    await room.settle()
    assert room.line.acknowledged == [1, 2, 3, 4, 5]
    assert [len(sent["errors"]) for _, sent in room.line.sent] == [1] * 5
    assert "ZeroDivisionError" in room.line.sent[4][1]["errors"][0]["detail"]
    assert (room.counters["received"], room.counters["rejected"], room.engine.taken) == (5, 5, [])
    await room.end()


def line_naming(mid: int, digest: str) -> aiomqtt.Message:
    """A line of a conversation with a file."""
    file = {"name": "a.png", "media_type": "image/png", "size_bytes": 1, "sha256": digest}
    body = {"type": "message_sent", "contact": "c", "by": "customer", "attachment": file}
    return aiomqtt.Message("t/s/in/events", json.dumps(body).encode(), 1, False, mid, None)


async def test_a_file_that_a_line_names_is_kept_before_and_no_message_overtakes_it(tmp_path: Path) -> None:
    room, store = Room(), AttachmentStore(tmp_path)
    room.engine.attachments = store
    digest = store.store(b"a")
    room.line.arriving.put_nowait(line_naming(1, digest))
    room.line.arriving.put_nowait(message(2))
    await until(lambda: len(room.engine.taken) == 2, "both with the engine")
    assert [type(facts[0]) for _, facts, _ in room.engine.taken] == [MessageSent, ContactArrived]
    assert list(store.in_doubt()) == [digest]
    await room.end()


async def test_a_line_whose_file_cannot_be_kept_is_to_be_sent_again(tmp_path: Path) -> None:
    room, store = Room(), AttachmentStore(tmp_path)

    def full(sha256: str) -> None:
        raise OSError(28, "No space left on device")

    store.keep = full  # type: ignore[method-assign]
    room.engine.attachments = store
    room.line.arriving.put_nowait(line_naming(1, store.store(b"a")))
    await until(lambda: room.line.sent, "told")
    ((_, result),) = room.line.sent
    assert "cannot be kept (No space left on device); send it again later" in result["errors"][0]["detail"]
    assert (room.engine.taken, room.counters["rejected"]) == ([], 1)
    await room.end()
