"""Notes stand in the contact's timeline, in the order of the log, during the contact and after it."""

from aiohttp import ClientSession

from adapters.http.desk.commands import Note
from adapters.http.desk.lately import REMARKED_WITHIN_NS, had_lately
from engine.model.settings import SECOND_NS
from tests.http.desk.support import CENTRE, opened
from tests.http.desk.test_socket import connected
from tests.http.support import CONTACTS, Build, get


async def test_notes_stand_in_the_timeline_of_their_contact(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with opened(house) as desk, ClientSession(house.url) as client:
        number = await connected(house, desk, "chat-1")
        of = {"contact": "chat-1", "contact_id": number}
        during = await desk.do("note", **of, text="wants a window seat")
        await desk.do("end", contact="chat-1")
        await desk.until(lambda: desk.contact("chat-1")["state"] == "wrapping")
        after = await desk.do("note", **of, text="call again on Monday")
        events = (await get(client, f"{CONTACTS}/{number}/timeline"))["events"]
    notes = [(one["seq"], one["agent"], one["data"]["text"]) for one in events if one["type"] == "note_written"]
    assert notes == [(during["seq"], "an", "wants a window seat"), (after["seq"], "an", "call again on Monday")]
    ended = next(one["seq"] for one in events if one["type"] == "contact_ended")
    assert during["seq"] < ended < after["seq"]


async def test_who_had_a_contact_last_may_remark_on_it_when_it_is_over(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with opened(house) as desk, ClientSession(house.url) as client:
        number = await connected(house, desk, "chat-1")
        of = {"contact": "chat-1", "contact_id": number}
        await desk.do("end", contact="chat-1")
        await desk.until(lambda: desk.contact("chat-1")["state"] == "wrapping")
        await desk.do("finish", contact="chat-1")
        await desk.until(lambda: "contact:" + str(number) not in desk.items)
        late = await desk.do("note", **of, text="it was about the window seat")
        assert not late["error"]
        events = (await get(client, f"{CONTACTS}/{number}/timeline"))["events"]
        assert [one["seq"] for one in events if one["type"] == "note_written"] == [late["seq"]]
        views, now_ns = house.engine.views, house.adapter.context.wall_ns()
        note = Note(id="n", text="late", contact="chat-1", contact_id=number)
        assert had_lately(note, "an", views, now_ns + REMARKED_WITHIN_NS - SECOND_NS)
        assert not had_lately(note, "an", views, now_ns + REMARKED_WITHIN_NS + SECOND_NS)
        wrong = await desk.do("note", contact="chat-2", contact_id=number, text="another name")
        assert "do not serve" in wrong["error"]
        async with opened(house, "binh") as other:
            told = await other.do("note", **of, text="never had it")
            assert "do not serve" in told["error"]


async def test_who_handed_a_contact_over_notes_and_classifies_it_no_more(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with opened(house) as desk, opened(house, "binh") as other:
        number = await connected(house, desk, "chat-1")
        of = {"contact": "chat-1", "contact_id": number}
        await other.do("status", status="available")
        await desk.do("transfer", contact="chat-1", queue="care")
        await desk.do("finish", contact="chat-1")
        await other.until(lambda: other.contact("chat-1").get("state") == "offered")
        await other.do("accept", contact="chat-1")
        assert not (await desk.do("note", **of, text="asked for a window seat"))["error"]
        assert "do not serve" in (await desk.do("classify", **of, code="booked"))["error"]
