"""`/api/v1/cases`: opened, listed, resolved and opened again, and what is wrong with a command."""

import asyncio
import time
from collections.abc import AsyncIterator
from hashlib import sha256
from threading import Event, Thread

import aiohttp
import pytest
from aiohttp import ClientSession

from tests.http.support import CENTRE, Build, get, tell

HOUR_NS = 3600 * 10**9

CASES = """
cases:
  complaint: {queue: help, limit: 2d, complaint: true}
  refund: {queue: sales, limit: 1h, report_to: customer}
"""


@pytest.fixture
async def client(build: Build) -> AsyncIterator[ClientSession]:
    """Return a client of a house with two kinds of cases."""
    house = await build(centre=CENTRE + CASES)
    async with aiohttp.ClientSession(house.url) as session:
        yield session


async def test_who_resolved_a_case_is_the_token_where_nobody_is_named(build: Build) -> None:
    token = f"tokens: [{{id: crm, sha256: {sha256(b'secret').hexdigest()}, scopes: [agent, read]}}]\n"
    house = await build(centre=CENTRE + CASES + token)
    async with aiohttp.ClientSession(house.url, headers={"Authorization": "Bearer trunkline_crm_secret"}) as client:
        said = {"kind": "complaint", "subject": "late", "customer": "ann"}
        number = (await tell(client, "/api/v1/cases", 201, **said))["seq"]
        path = f"/api/v1/cases/{number}"
        await tell(client, f"{path}/resolve", resolution="sent again")
        assert (await get(client, path))["case"]["resolved_by"] == "crm"
        await tell(client, f"{path}/reopen", reason="nothing came")
        assert (await get(client, path))["case"]["reopened_by"] == "crm"
        await tell(client, f"{path}/resolve", resolution="sent once more", by="the courier")
        assert (await get(client, path))["case"]["resolved_by"] == "the courier"


async def test_supervisors_see_to_cases_too_and_others_are_told_what_it_takes(build: Build) -> None:
    lines = ", ".join(
        f"{{id: {name}, sha256: {sha256(b'secret').hexdigest()}, scopes: [{scope}, read]}}"
        for name, scope in (("mai", "supervise"), ("crm", "ingest"))
    )
    house = await build(centre=f"{CENTRE}{CASES}tokens: [{lines}]\n")
    async with aiohttp.ClientSession(house.url, headers={"Authorization": "Bearer trunkline_mai_secret"}) as client:
        path = f"/api/v1/cases/{(await tell(client, '/api/v1/cases', 201, kind='complaint'))['seq']}"
        assert (await get(client, path))["case"]["opened_by"] == "mai"
        await tell(client, f"{path}/resolve", resolution="sent again")
        await tell(client, f"{path}/reopen", reason="nothing came")
        case = (await get(client, path))["case"]
        assert (case["state"], case["resolved_by"], case["reopened_by"]) == ("open", "mai", "mai")
        (event,) = (await get(client, "/api/v1/events?type=case_reopened"))["events"]
        assert (event["data"]["by"], event["data"]["reason"]) == ("mai", "nothing came")
    async with aiohttp.ClientSession(house.url, headers={"Authorization": "Bearer trunkline_crm_secret"}) as client:
        refused = await tell(client, f"{path}/resolve", 403, resolution="sent again")
        assert "the token 'crm' lacks the scope 'agent' or 'supervise'" in refused["detail"]


async def test_a_case_is_opened_resolved_and_opened_again(client: ClientSession) -> None:
    said = {"kind": "complaint", "subject": "late", "customer": "ann", "customer_base": "cable", "region": "north"}
    async with client.post("/api/v1/cases", json=said) as answer:
        assert answer.status == 201
        number = (await answer.json())["seq"]
        assert answer.headers["Location"] == f"/api/v1/cases/{number}"
    case = (await get(client, f"/api/v1/cases/{number}"))["case"]
    assert (case["state"], case["queue"], case["subject"], case["overdue"]) == ("open", "help", "late", False)
    assert case["deadline_ns"] - case["opened_ns"] == 2 * 86_400 * 10**9
    await tell(client, f"/api/v1/cases/{number}/resolve", resolution="sent again", agent="bob")
    again = await tell(client, f"/api/v1/cases/{number}/resolve", 409, resolution="sent again")
    assert "is resolved" in again["detail"]
    listed = await get(client, "/api/v1/cases?state=resolved&kind=complaint&queue=help")
    assert [(one["id"], one["resolved_by"]) for one in listed["cases"]] == [(number, "bob")]
    await tell(client, f"/api/v1/cases/{number}/reopen", reason="nothing came", by="the customer's call")
    await tell(client, f"/api/v1/cases/{number}/reopen", 409)
    page = await get(client, "/api/v1/cases")
    reopened = [(one["id"], one["reopened"], one["reason"], one["reopened_by"]) for one in page["cases"]]
    assert reopened == [(number, 1, "nothing came", "the customer's call")]
    counts = page["counts"]
    assert (counts["open"], counts["overdue"]) == (1, 0)
    happened = {"opened": 1, "resolved": 1, "resolved_overdue": 0, "reopened": 1, "told": 0, "not_told": 0}
    assert counts["events"] == happened
    assert counts["complaints"] == [{"customer_base": "cable", "region": "north", "contacts": 0, "complaints": 1}]


async def test_a_case_takes_over_what_its_contact_says(client: ClientSession) -> None:
    attributes = {"customer_base": "gold", "region": "north", "callback_number": "+8491"}
    said = {"contact": "c", "queue": "sales", "customer": "ann", "attributes": attributes}
    arrival = (await tell(client, "/api/v1/contacts", 201, **said))["seq"]
    of = {"kind": "complaint", "contact": "c", "contact_id": arrival}
    for more, wanted in (
        ({}, ("ann", "gold", "north", "+8491")),
        ({"region": "south", "number": "+8492"}, ("ann", "gold", "south", "+8492")),
    ):
        number = (await tell(client, "/api/v1/cases", 201, **of, **more))["seq"]
        case = (await get(client, f"/api/v1/cases/{number}"))["case"]
        assert (case["customer"], case["customer_base"], case["region"], case["number"]) == wanted
    refused = await tell(client, "/api/v1/cases", 422, **of | {"contact": "another"})
    assert "that is contact 'c'" in refused["detail"]


async def test_a_visitor_of_a_chat_is_never_dialled(client: ClientSession) -> None:
    chat = {"contact": "web", "queue": "help", "channel": "chat", "customer": "visitor-c1c3"}
    call = {"contact": "call", "queue": "sales", "customer": "sip-ann"}
    crm = {"contact": "crm", "queue": "help", "channel": "chat", "customer": "4711"}
    of = {}
    for said in (chat, call, crm):
        seq = (await tell(client, "/api/v1/contacts", 201, **said))["seq"]
        of[said["contact"]] = {"contact": said["contact"], "contact_id": seq}
    refused = await tell(client, "/api/v1/cases", 422, kind="refund", **of["web"])
    assert refused["errors"][0]["pointer"] == "/number"
    assert "by telephone; say the number, as 'visitor-c1c3' is not known to be one" in refused["detail"]
    await tell(client, "/api/v1/cases", 422, kind="refund", **of["crm"])
    await tell(client, "/api/v1/contacts/crm/withdraw")
    await tell(client, "/api/v1/cases", 422, kind="refund", **of["crm"])
    for more, number in (
        ({"kind": "refund", "number": "+8491", **of["web"]}, "+8491"),
        ({"kind": "complaint", **of["web"]}, ""),
        ({"kind": "complaint", **of["crm"]}, ""),
        ({"kind": "refund", **of["call"]}, "sip-ann"),
        ({"kind": "refund", "customer": "0912 345 678"}, "0912 345 678"),
    ):
        case = (await tell(client, "/api/v1/cases", 201, **more))["seq"]
        assert (await get(client, f"/api/v1/cases/{case}"))["case"]["number"] == number


async def test_a_chat_whose_customer_looks_like_a_number_is_not_dialled_in_one_form_either(build: Build) -> None:
    house = await build(centre=CENTRE.replace("service: {", "service: {numbers: {country_code: 84}, ") + CASES)
    async with aiohttp.ClientSession(house.url) as client:
        for channel, kind, number in (("chat", "complaint", ""), ("voice", "refund", "0912 345 678")):
            said = {"contact": channel, "queue": "help", "channel": channel, "customer": "0912 345 678"}
            seq = (await tell(client, "/api/v1/contacts", 201, **said))["seq"]
            of = {"contact": channel, "contact_id": seq, "customer": "0912 345 678"}
            case = (await tell(client, "/api/v1/cases", 201, kind=kind, **of))["seq"]
            told = (await get(client, f"/api/v1/cases/{case}"))["case"]
            assert (told["customer"], told["number"]) == ("+84912345678", number)
            if channel == "chat":
                await tell(client, "/api/v1/cases", 422, kind="refund", **of)


async def test_pages_follow_the_deadlines(client: ClientSession) -> None:
    for name in ("a", "b", "c"):
        await tell(client, "/api/v1/cases", 201, kind="complaint", subject=name)
    await tell(client, "/api/v1/cases", 201, kind="refund", subject="first", number="+8491")
    page = await get(client, "/api/v1/cases?limit=3")
    assert [one["subject"] for one in page["cases"]] == ["first", "a", "b"]
    rest = await get(client, f"/api/v1/cases?limit=3&after={page['next_after']}")
    assert ([one["subject"] for one in rest["cases"]], rest["next_after"]) == (["c"], None)
    await tell(client, "/api/v1/cases", 201, kind="complaint", subject="late", deadline_ns=time.time_ns() - HOUR_NS)
    for deadline_ns in (1, time.time_ns() // 10**9, time.time_ns() // 10**6):
        refused = await tell(client, "/api/v1/cases", 422, kind="complaint", subject="s", deadline_ns=deadline_ns)
        assert "ns since 1970 are wanted" in refused["detail"]
    overdue = await get(client, "/api/v1/cases?state=overdue")
    assert [one["subject"] for one in overdue["cases"]] == ["late"]
    async with client.get("/metrics") as answer:
        text = await answer.text()
    assert "trunkline_cases_open 5.0" in text
    assert "trunkline_cases_overdue 1.0" in text
    assert 'trunkline_cases_total{event="opened"} 5.0' in text


async def test_a_wrong_command_is_told(client: ClientSession) -> None:
    assert "no kind of case 'praise'" in (await tell(client, "/api/v1/cases", 422, kind="praise"))["detail"]
    assert "say the number" in (await tell(client, "/api/v1/cases", 422, kind="refund"))["detail"]
    await tell(client, "/api/v1/cases/999999/resolve", 404, resolution="x")
    await tell(client, "/api/v1/cases/7x/reopen", 404)
    number = (await tell(client, "/api/v1/cases", 201, kind="complaint"))["seq"]
    await tell(client, f"/api/v1/cases/{number}/resolve", 400)
    await tell(client, f"/api/v1/cases/{number}/resolve", 422, resolution="x", agent="nobody")
    async with client.get("/api/v1/cases?state=lost") as answer:
        assert answer.status == 400


async def test_the_same_command_is_carried_out_once(client: ClientSession) -> None:
    number = (await tell(client, "/api/v1/cases", 201, kind="complaint"))["seq"]
    for duplicate in (False, True):
        headers = {"Idempotency-Key": "k"}
        address = f"/api/v1/cases/{number}/resolve"
        async with client.post(address, json={"resolution": "done"}, headers=headers) as answer:
            assert answer.status == 200
            assert (await answer.json())["duplicate"] is duplicate


async def test_the_service_answers_while_quality_is_reckoned_with(build: Build) -> None:
    house = await build(centre=CENTRE + CASES)
    asked = ("cases", "cases/1", "quality/surveys", "quality/scorecards", "quality/evaluations")
    lock, taken, let_go = house.engine.views.quality._lock, Event(), Event()

    def hold() -> None:
        with lock:
            taken.set()
            let_go.wait(10)

    holder = Thread(target=hold)
    holder.start()
    taken.wait(10)
    async with ClientSession(house.url) as client:

        async def status(path: str) -> int:
            async with client.get(path) as answer:
                return answer.status

        waiting = [asyncio.create_task(status(f"/api/v1/{path}")) for path in asked]
        waiting.append(asyncio.create_task(status("/metrics")))
        try:
            for _ in range(20):
                assert await status("/livez") == 200
            assert holder.is_alive(), "it let go at last: the loop had waited for it"
            assert not any(task.done() for task in waiting)
        finally:
            let_go.set()
        assert await asyncio.gather(*waiting) == [200, 404, 200, 200, 200, 200]
    holder.join()
