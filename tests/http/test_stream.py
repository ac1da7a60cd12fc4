"""The stream: a snapshot, then what changes; events and effects go on after the last one seen; it ends when told."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from aiohttp import ClientResponse, ClientSession

from adapters.http.feed.effect_log import EffectLog
from adapters.http.feed.state_boards import View
from adapters.http.routes.stream import Reader, Wanted
from engine.messages.effects import EndContact
from tests.http.support import CONTACTS, Build, House, tell

STREAM = "/api/v1/stream"


class Message(msgspec.Struct):
    """One server-sent event."""

    event: str
    id: int
    """The position of the log in its name."""
    name: str
    data: Any


class Stream:
    """Reads server-sent events."""

    def __init__(self, answer: ClientResponse) -> None:
        self.answer = answer

    async def next(self) -> Message:
        """Return the next event, comments skipped. Raises EOFError at the end."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(10):
            while True:
                line = (await self.answer.content.readline()).decode()
                if not line:
                    raise EOFError
                name, _, value = line.strip().partition(": ")
                if name:
                    fields[name] = value
                elif "event" in fields:
                    data = msgspec.json.decode(fields["data"])
                    name = fields.get("id", "0")
                    return Message(fields["event"], int(name.partition(".")[0]), name, data)
                else:
                    fields.clear()


@asynccontextmanager
async def stream(client: ClientSession, topics: str, last: int | str | None = None) -> AsyncIterator[Stream]:
    """Open a stream."""
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    async with client.get(f"{STREAM}?topics={topics}", headers=headers) as answer:
        assert (answer.status, answer.content_type) == (200, "text/event-stream")
        yield Stream(answer)


async def test_state_begins_with_a_snapshot_and_goes_on_with_changes(client: ClientSession) -> None:
    async with stream(client, "queues") as queues:
        first = await queues.next()
        assert (first.event, {item["queue"] for item in first.data["items"]}) == ("snapshot", {"sales", "help"})
        outcome = await tell(client, CONTACTS, 201, queue="sales")
        change = await queues.next()
    assert change.event == "delta"
    (sales,) = change.data["items"]
    assert (sales["queue"], sales["waiting"], sales["health"]) == ("sales", 1, "breached")
    assert change.id == change.data["as_of"] >= outcome["seq"]


async def test_whoever_can_is_told_only_the_fields_that_changed(client: ClientSession) -> None:
    async with stream(client, "queues&changes=fields") as queues:
        assert (await queues.next()).event == "snapshot"
        await tell(client, CONTACTS, 201, queue="sales")
        change = await queues.next()
    assert change.event == "patch"
    (sales,) = change.data["items"]
    assert (sales["queue"], sales["waiting"]) == ("sales", 1)
    assert "target" not in sales
    assert "display_name" not in sales


async def test_readers_who_have_seen_the_same_are_told_the_same_bytes(house: House) -> None:
    feed = house.adapter.context.feed
    wanted = Wanted(frozenset({"queues", "agents"}), View(), fields=True)
    readers = [Reader(feed, wanted, None) for _ in range(3)]
    assert all(reader.join() for reader in readers)
    told = [b"", b"", b""]
    async with asyncio.timeout(10):
        while not all(told):
            fresh = feed.news(wanted.topics)
            told = [more or had for more, had in zip([await one.news() for one in readers], told, strict=True)]
            if not all(told):
                await fresh.wait()
    assert told[0] is told[1] is told[2]
    assert len(feed.round) <= 2
    for reader in readers:
        feed.leave(reader)
    assert not feed.state.wanted


async def test_agents_and_waiting_contacts(client: ClientSession) -> None:
    async with stream(client, "agents,waiting") as state:
        topics = {message.data["topic"] for message in (await state.next(), await state.next())}
        assert topics == {"agents", "waiting"}
        await tell(client, "/api/v1/agents/bob/status", status="paused", reason="lunch")
        change = await state.next()
        (bob,) = change.data["items"]
        assert (change.event, bob["agent"], bob["state"], bob["reason"]) == ("delta", "bob", "paused", "lunch")
        await tell(client, CONTACTS, 201, queue="sales", contact="c1")
        change = await state.next()
        assert [item["contact"] for item in change.data["items"]] == ["c1"]
        await tell(client, f"{CONTACTS}/c1/release")
        change = await state.next()
        assert change.data["removed"] == ["c1"]


async def test_a_stream_that_is_opened_again_tells_what_changed_in_between(client: ClientSession, house: House) -> None:
    async with stream(client, "agents") as agents:
        first = await agents.next()
        assert {item["agent"]: item["state"] for item in first.data["items"]}["alice"] == "offline"
    async with asyncio.timeout(10):
        while house.adapter.context.feed.readers:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await tell(client, "/api/v1/agents/alice/status", status="available")
    async with stream(client, "agents") as agents:
        again = await agents.next()
        assert again.event == "snapshot"
        assert {item["agent"]: item["state"] for item in again.data["items"]}["alice"] == "idle"
        await tell(client, "/api/v1/agents/alice/status", status="paused", reason="lunch")
        (alice,) = (await agents.next()).data["items"]
        assert (alice["agent"], alice["state"]) == ("alice", "paused")


async def test_who_comes_in_a_quiet_hour_is_told_the_time(client: ClientSession, house: House) -> None:
    feed = house.adapter.context.feed
    hour_ns = 3600 * 10**9
    async with stream(client, "queues&ping=1") as first, stream(client, "queues") as other:
        began_ns = (await first.next()).data["at_ns"]
        assert (await other.next()).data["at_ns"] - began_ns < hour_ns
        wall_ns = feed._wall_ns
        feed._wall_ns = lambda: wall_ns() + hour_ns
        await feed._refresh()
        async with stream(client, "queues") as last:
            assert (await last.next()).data["at_ns"] - began_ns >= hour_ns
        async with asyncio.timeout(10):
            line = b""
            while not line.startswith(b":"):
                line = await first.answer.content.readline()
        assert int(line[1:]) - began_ns >= hour_ns, "and who was there hears of it, too"


async def test_boards_do_not_rest_because_others_work(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def burn() -> None:
        until_s = time.thread_time() + 0.5
        while time.thread_time() < until_s:
            pass

    feed = house.adapter.context.feed
    monkeypatch.setattr(feed._engine, "durable", lambda: asyncio.to_thread(burn), raising=False)
    assert 0 < await feed._refresh() < 0.3


async def test_events_resume_where_the_reader_stopped(client: ClientSession) -> None:
    async with stream(client, "events") as events:
        await tell(client, CONTACTS, 201, queue="sales", contact="c1")
        seen = [await events.next() for _ in range(3)]
    types = [message.data["type"] for message in seen if message.data["contact"]]
    assert types[0] == "contact_arrived"
    await tell(client, f"{CONTACTS}/c1/release")
    async with stream(client, "events", seen[-1].id) as events:
        following = [await events.next() for _ in range(2)]
    assert [message.data["type"] for message in following] == ["contact_released", "contact_left"]
    assert [message.id for message in following] == [seen[-1].id + 1, seen[-1].id + 2]


async def test_who_comes_back_to_what_was_deleted_is_told_so(client: ClientSession, house: House) -> None:
    await tell(client, CONTACTS, 201, queue="sales", contact="c1")
    log = house.engine.views.events._log
    oldest = log.first_seq = house.engine.views.as_of
    async with stream(client, "events", oldest - 2) as events:
        begun = await events.next()
        assert (begun.event, begun.id, begun.data) == ("reset", oldest - 1, {"as_of": oldest - 1})
        assert (await events.next()).id == oldest
    async with stream(client, "events", oldest - 1) as events:
        assert (await events.next()).event == "event"


async def test_a_position_that_the_log_never_had_is_a_new_beginning(client: ClientSession, house: House) -> None:
    async with stream(client, "events,queues", 99_999_999) as state:
        begun = await state.next()
        assert (begun.event, begun.id, begun.data) == ("reset", house.engine.views.as_of, {"as_of": begun.id})
        snapshot = await state.next()
        assert (snapshot.event, snapshot.id) == ("snapshot", begun.id)
        await tell(client, CONTACTS, 201, queue="sales", contact="c1")
        following = await state.next()
        while following.event == "delta":
            following = await state.next()
    assert (following.event, following.id) == ("event", begun.id + 1)


async def test_events_come_from_the_log_when_they_lie_far_back(client: ClientSession, house: House) -> None:
    for number in range(4):
        await tell(client, CONTACTS, 201, queue="sales", contact=f"c{number}")
    house.adapter.context.feed.recent.forget()  # as if they had been pushed out by later ones
    async with stream(client, "events", 0) as events:
        seqs = [(await events.next()).id for _ in range(house.engine.views.as_of)]
    assert seqs == list(range(1, len(seqs) + 1))


async def test_effects_reach_whoever_brought_the_contact(client: ClientSession) -> None:
    await tell(client, "/api/v1/agents/alice/status", status="available")
    async with stream(client, "effects") as effects:
        await tell(client, CONTACTS, 201, queue="sales", contact="c1")
        offer = await effects.next()
        while offer.data["type"] == "inform_queued":
            offer = await effects.next()
        assert offer.event == "effect"
        assert (offer.data["type"], offer.data["agent"], offer.data["contact"]) == ("offer_contact", "alice", "c1")
        await tell(client, "/api/v1/agents/alice/offers/c1/answer")
        assert (await effects.next()).data["type"] == "connect_contact"
    async with stream(client, "effects", offer.name) as effects:
        assert (await effects.next()).data["type"] == "connect_contact"


async def test_effects_of_one_sequence_are_neither_lost_nor_repeated(client: ClientSession, house: House) -> None:
    feed = house.adapter.context.feed
    numbers: list[int] = []
    last: str | None = None
    async with stream(client, "effects"):
        for seq in (7, 7, 7, 5, 9, 9):  # what is told again after a start, and places in line, have older sequences
            feed.note_effect(EndContact(contact=f"c{seq}", seq=seq, agent="alice", by="agent"))
    for _ in range(3):
        async with stream(client, "events,effects", last or f"0.{feed.effects.last - 6}") as effects:
            got = 0
            while got < 2:
                message = await effects.next()
                if message.event == "effect":
                    got += 1
                    numbers.append(message.data["seq"])
                    last = message.name
    assert numbers == [7, 7, 7, 5, 9, 9]


async def test_effects_of_an_earlier_run_are_a_gap(client: ClientSession, house: House) -> None:
    last = house.adapter.context.feed.effects.last
    for number in (last - 1, last + 5):
        async with stream(client, "effects", f"0.{number}") as effects:
            assert (await effects.next()).event == "gap"
            house.adapter.context.feed.note_effect(EndContact(contact="c", seq=1, agent="alice", by="agent"))
            assert (await effects.next()).event == "effect"


def test_the_latest_effects_are_kept() -> None:
    log = EffectLog(100, kept=3)
    assert (log.after(100, 9), log.number_at(0)) == (([], False), 100)
    for seq in (4, 4, 6, 5, 8):
        log.note(EndContact(contact="c", seq=seq, agent="alice", by="agent"))
    assert [number for number, _ in log.after(102, 9)[0]] == [103, 104, 105]
    assert [log.after(number, 9)[1] for number in (99, 101, 102, 105, 106)] == [True, True, False, False, True]
    assert [number for number, _ in log.after(102, 2)[0]] == [103, 104]
    assert [log.number_at(seq) for seq in (3, 5, 6, 8)] == [101, 101, 104, 105]


async def test_nothing_undurable_is_streamed(build: Build) -> None:
    house = await build(hold=True)
    async with ClientSession(house.url) as client, stream(client, "queues,events") as state:
        await state.next()
        posting = asyncio.create_task(tell(client, CONTACTS, 201, queue="sales", contact="c1"))
        reading = asyncio.create_task(state.next())
        done, _ = await asyncio.wait((reading,), timeout=0.6)
        assert not done
        house.engine.log.flush()
        await reading
        await posting


async def test_a_stopping_service_ends_its_streams_at_once(build: Build) -> None:
    house = await build()
    async with ClientSession(house.url) as client, stream(client, "queues") as state:
        await state.next()
        await house.adapter.stop()
        assert (await state.next()).event == "end"


async def test_streams_are_bounded(build: Build) -> None:
    house = await build("streams: 1")
    async with ClientSession(house.url) as client, stream(client, "queues") as state:
        await state.next()
        async with client.get(STREAM) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "10")


async def test_a_reader_that_goes_is_forgotten(client: ClientSession, house: House) -> None:
    async with stream(client, "events") as events:
        await tell(client, CONTACTS, 201, queue="sales", contact="c1")
        await events.next()
        assert house.adapter.status().counters["streams"] == 1
    async with asyncio.timeout(10):
        while house.adapter.status().counters["streams"]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
