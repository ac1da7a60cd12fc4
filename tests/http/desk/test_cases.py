"""Cases at the desk: opened from a contact, worked on, told to who opened them, opened again when the customer asks."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession, CookieJar

from engine.live.cases import CaseWork
from tests.http.desk.support import CENTRE, Desk, opened, sign_in, socket_of
from tests.http.support import CONTACTS, Build, House, get, tell

OFFICE = "queues:\n  office: {channel: task, wrap_up: 0s}\n"
CASES = """
cases:
  complaint: {display_name: A complaint, queue: office, limit: 2d, report_to: agent, again_after: 1s}
  refund: {queue: office, limit: 1d, report_to: customer}
"""
WITH_CASES = CENTRE.replace("queues: [care]", "queues: [care, office]").replace("queues:\n", OFFICE, 1) + CASES


@pytest.fixture
async def house(build: Build) -> AsyncIterator[House]:
    """Return a house with kinds of cases, where somebody sees to their tasks."""
    made = await build(centre=WITH_CASES)
    work = CaseWork(made.engine)
    work.start()
    yield made
    work.stop()


async def served(house: House, desk: Desk, name: str, customer: str = "Lan") -> Any:
    """Bring a chat that the desk's agent accepts."""
    async with ClientSession(house.url) as api:
        await tell(api, CONTACTS, 201, contact=name, queue="chat", channel="chat", customer=customer)
    await desk.until(lambda: desk.contact(name).get("state") == "offered")
    assert not (await desk.do("accept", contact=name))["error"]
    await desk.until(lambda: desk.contact(name).get("state") == "connected")
    return desk.contact(name)


async def test_a_case_from_its_contact_to_who_opened_it(house: House) -> None:
    async with opened(house) as an, opened(house, "binh") as binh:
        assert [one["display_name"] for one in an.items["house"]["cases"]] == ["A complaint", "refund"]
        assert an.items["names"] == {"an": "Nguyễn Thị An", "binh": "Trần Bình"}
        await an.do("status", status="available")
        await binh.do("status", status="available")
        chat = await served(house, an, "chat-1")
        command = {"contact": "chat-1", "contact_id": chat["id"], "kind": "complaint", "subject": "the bus was late"}
        assert "has its name now" in (await an.do("open_case", **command | {"contact_id": 1}))["error"]
        assert "there is no kind of case" in (await an.do("open_case", **command | {"kind": "praise"}))["error"]
        number = (await an.do("open_case", **command))["seq"]
        (told,) = (await an.ask("cases", contact_id=chat["id"]))["cases"]
        assert (told["id"], told["opened_by"], told["contact"], told["state"]) == (number, "an", "chat-1", "open")
        task = f"case-{number}-1"
        await binh.until(lambda: binh.contact(task).get("state") == "offered")
        await binh.do("accept", contact=task)
        stolen = await binh.do("resolve_case", contact=task, case_id=number + 1, resolution="x")
        assert f"no case {number + 1}" in stolen["error"]
        await binh.do("resolve_case", contact=task, case_id=number, resolution="a voucher")
        await an.do("end", contact="chat-1")
        await an.until(lambda: an.contact("chat-1").get("state") == "wrapping")
        await an.do("finish", contact="chat-1")
        report = f"case-{number}-report-0-1"
        await an.until(lambda: an.contact(report).get("state") == "offered")
        assert an.contact(report)["attributes"]["resolution"] == "a voucher"
        assert an.contact(report)["case_opened_by"] == "an"
        await an.do("accept", contact=report)
        await an.do("end", contact=report)
        again = await served(house, an, "chat-2")
        earlier = (await an.ask("earlier", contact_id=again["id"]))["earlier"]
        assert {one["queue"] for one in earlier} == {"chat", "office"}, "of reports the customer knows nothing"
        async with ClientSession(house.url) as api:
            assert (await get(api, f"/api/v1/cases/{number}"))["case"]["told_ns"]


async def test_what_colleagues_do_to_a_customers_cases_is_told_at_once(house: House) -> None:
    async with opened(house) as an, opened(house, "binh") as binh, ClientSession(house.url) as api:
        await an.do("status", status="available")
        chat = await served(house, an, "chat-1")
        await served(house, an, "chat-2", "Hoa")
        said = {"kind": "complaint", "subject": "late", "customer": "Lan", "agent": "binh"}
        number = (await tell(api, "/api/v1/cases", 201, **said))["seq"]
        await tell(api, f"/api/v1/cases/{number}/resolve", resolution="sent again", agent="binh")
        await tell(api, f"/api/v1/cases/{number}/reopen", reason="not at all", agent="binh")
        await an.until(lambda: bool(an.cases) and an.cases[-1]["cases"][0]["reopened"] == 1)
        assert {one["contact_id"] for one in an.cases} == {chat["id"]}
        assert all(one["changed"] == [number] for one in an.cases)
        assert an.cases[-1]["cases"][0]["reason"] == "not at all"
        assert (await binh.ask("colleagues"))["colleagues"], "so it was told all that was before"
        assert binh.cases == []


async def test_a_resolved_case_is_opened_again_for_its_customer_alone(house: House) -> None:
    async with opened(house) as an:
        await an.do("status", status="available")
        async with ClientSession(house.url) as api:
            said = {"kind": "complaint", "subject": "late", "customer": "Lan", "agent": "binh"}
            number = (await tell(api, "/api/v1/cases", 201, **said))["seq"]
            await tell(api, f"/api/v1/cases/{number}/resolve", resolution="sent again", agent="binh")
        other = await served(house, an, "chat-2", "Hoa")
        assert (await an.ask("cases", contact_id=other["id"]))["cases"] == []
        refused = await an.do("reopen_case", contact="chat-2", case_id=number, reason="I say so")
        assert "of no customer whom you serve" in refused["error"]
        chat = await served(house, an, "chat-1")
        (told,) = (await an.ask("cases", contact_id=chat["id"]))["cases"]
        assert (told["state"], told["resolution"], told["resolved_by"]) == ("resolved", "sent again", "binh")
        assert not (await an.do("reopen_case", contact="chat-1", case_id=number, reason="nothing came"))["error"]
        (told,) = (await an.ask("cases", contact_id=chat["id"]))["cases"]
        assert (told["state"], told["reason"], told["reopened_by"]) == ("open", "nothing came", "an")


async def test_signing_out_of_one_session_leaves_the_other_at_work(build: Build) -> None:
    house = await build(centre=CENTRE)
    path = f"{house.url}/api/v1/desk/session"
    jars = [CookieJar(unsafe=True) for _ in range(2)]
    async with ClientSession(cookie_jar=jars[0]) as here, ClientSession(cookie_jar=jars[1]) as there:
        for client in (here, there):
            await sign_in(client, house.url)
        async with socket_of(here, house.url) as one, socket_of(there, house.url) as other:
            await one.do("status", status="available")
            async with there.delete(path) as answer:
                assert answer.status == 204
            await other.until(lambda: other.ended == "session_over")
            assert (await one.ask("colleagues"))["colleagues"] == []
            assert house.engine.views.agent("an").status == "available"
            async with here.delete(path) as answer:
                assert answer.status == 204
            status = house.engine.views.agent("an")
            assert (status.status, status.reason) == ("offline", "")
