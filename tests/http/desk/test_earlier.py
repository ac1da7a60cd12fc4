"""Earlier contacts at the desk: under whatever name the customer came then, and those alone that were with them."""

from typing import Any

import pytest
from aiohttp import ClientSession

from engine.messages.observed import CallbackRequested, ContactArrived, ContactReleased, MessageSent
from tests.http.desk.support import CENTRE, Desk, opened
from tests.http.desk.test_cases import WITH_CASES
from tests.http.support import CONTACTS, Build, House, get, tell

VISITOR = "visitor-" + "0f5e" * 8
NUMBER = "+84912345678"
ASKED = {"called_by": "binh", "consultation_of": "call"}


async def served(house: House, desk: Desk, contact: str) -> Any:
    """Let the desk take a contact that is offered to it; returns it."""
    await desk.until(lambda: desk.contact(contact).get("state") == "offered")
    assert (await desk.do("accept", contact=contact))["error"] == ""
    await desk.until(lambda: desk.contact(contact)["state"] == "connected")
    return desk.contact(contact)


async def rest(desk: Desk, contact: str) -> None:
    """Let the agent end a contact, and its wrap-up."""
    await desk.do("end", contact=contact)
    await desk.do("finish", contact=contact)
    await desk.until(lambda: not desk.contact(contact))


async def number_left(house: House, desk: Desk, chat: str, **said: Any) -> Any:
    """Let a visitor write and leave a number; returns the callback, which the desk has taken."""
    asked = {"callback_queue": "sales", **said.pop("attributes", {})}
    await house.engine.submit(
        "web",
        [
            ContactArrived(contact=chat, queue="care", channel="chat", attributes=asked, **said),
            MessageSent(contact=chat, text="need help"),
            CallbackRequested(contact=chat, number=NUMBER),
        ],
    )
    await desk.until(lambda: any(item.get("channel") == "voice" for item in desk.items.values()))
    name = next(item["contact"] for item in desk.items.values() if item.get("channel") == "voice")
    return await served(house, desk, name)


async def earlier_of(desk: Desk, contact: Any) -> list[Any]:
    """The earlier contacts of a contact's customer, as they are told."""
    found: list[Any] = (await desk.ask("earlier", contact_id=contact["id"]))["earlier"]
    return found


async def test_who_calls_back_sees_what_the_visitor_wrote(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with opened(house) as desk:
        await desk.do("status", status="available")
        before = ContactArrived(contact="chat-0", queue="chat", channel="chat", customer=VISITOR)
        await house.engine.submit("web", [before, ContactReleased(contact="chat-0")])
        callback = await number_left(house, desk, "chat-1", customer=VISITOR, attributes={"name": "Lan"})
        assert callback["customer"] == NUMBER
        last, first = await earlier_of(desk, callback)
        assert (last["channel"], last["exit"], last["name"]) == ("chat", "callback", "Lan")
        assert first["id"] < last["id"] < callback["id"]
        told = (await desk.ask("transcript", contact_id=last["id"]))["conversation"]
        assert [line["text"] for line in told["messages"]] == ["need help"]
        await rest(desk, callback["contact"])
        await house.engine.submit("sip", [ContactArrived(contact="call", queue="sales", customer=NUMBER)])
        call = await served(house, desk, "call")
        assert [one["id"] for one in await earlier_of(desk, call)] == [callback["id"], last["id"]], "they ring up"
        assert (await desk.ask("transcript", contact_id=last["id"]))["conversation"]["messages"]
        assert "no customer whom you serve" in (await desk.ask("transcript", contact_id=first["id"]))["error"]


async def test_a_signed_customer_is_who_they_were(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with opened(house) as desk:
        await desk.do("status", status="available")
        attributes = {"signed": "yes", "name": "Lan"}
        callback = await number_left(house, desk, "chat-1", customer="c-7", attributes=attributes)
        assert (callback["customer"], callback["attributes"]["name"]) == ("c-7", "Lan")
        assert callback["attributes"]["callback_number"] == NUMBER
        (chat,) = await earlier_of(desk, callback)
        assert (chat["channel"], chat["exit"]) == ("chat", "callback")


async def test_a_name_that_somebody_else_has_by_now_leads_to_nobody(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with opened(house) as desk:
        await desk.do("status", status="available")
        callback = await number_left(house, desk, "chat-1", customer=VISITOR)
        (receipt, _) = await house.engine.submit(
            "web",
            [
                ContactArrived(contact="chat-1", queue="care", channel="chat", customer="somebody else"),
                MessageSent(contact="chat-1", text="a secret"),
            ],
        )
        assert await earlier_of(desk, callback) == []
        assert "no customer whom you serve" in (await desk.ask("transcript", contact_id=receipt.seq))["error"]


async def test_the_cases_of_who_left_a_number_are_theirs(build: Build) -> None:
    house = await build(centre=WITH_CASES)
    async with opened(house) as desk, ClientSession(house.url) as api:
        await desk.do("status", status="available")
        said = {"kind": "complaint", "subject": "late", "agent": "binh"}
        number = (await tell(api, "/api/v1/cases", 201, customer=VISITOR, **said))["seq"]
        other = (await tell(api, "/api/v1/cases", 201, customer="Hoa", **said))["seq"]
        callback = await number_left(house, desk, "chat-1", customer=VISITOR)
        assert [one["id"] for one in (await desk.ask("cases", contact_id=callback["id"]))["cases"]] == [number]
        command = {"contact": callback["contact"], "contact_id": callback["id"], "resolution": "a voucher"}
        refused = await desk.do("resolve_case", **command, case_id=other)
        assert "of no customer whom you serve" in refused["error"]
        assert not (await desk.do("resolve_case", **command, case_id=number))["error"]
        await desk.until(lambda: bool(desk.cases))
        assert (desk.cases[-1]["contact_id"], desk.cases[-1]["changed"]) == (callback["id"], [number])
        assert (await get(api, f"/api/v1/cases/{number}"))["case"]["state"] == "resolved"


@pytest.mark.parametrize("is_through", [False, True])
async def test_where_a_colleague_was_asked_the_customer_had_no_part(build: Build, is_through: bool) -> None:
    house = await build(centre=CENTRE)
    async with opened(house) as desk, ClientSession(house.url) as api:
        await tell(api, CONTACTS, 201, contact="call", queue="sales", customer=NUMBER)
        for name in ("asked", "again"):
            await tell(api, CONTACTS, 201, contact=name, queue="sales", customer=NUMBER, attributes=ASKED)
        if is_through:
            moved = [{"type": "caller_moved", "contact": "call", "to": "again"}]
            async with api.post("/api/v1/events", json=moved) as answer:
                assert answer.status == 202, await answer.text()
        for name in ("call", "asked", "again"):
            await tell(api, f"{CONTACTS}/{name}/release", by="customer")
        await desk.do("status", status="available")
        await tell(api, CONTACTS, 201, contact="next", queue="sales", customer=NUMBER)
        call = await served(house, desk, "next")
        names = [house.engine.views.contacts.find(one["id"]).contact.contact for one in await earlier_of(desk, call)]
        assert names == (["again", "call"] if is_through else ["call"])
