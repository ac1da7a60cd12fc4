"""Contacts and agents over HTTP: a call from its arrival to its end, told at each step."""

import asyncio
from typing import Any

import pytest
from aiohttp import ClientSession
from yarl import URL

from engine.projections.contacts.history import ContactHistory
from tests.http.support import CONTACTS, Build, House, get, tell


async def test_a_call_from_arrival_to_end(client: ClientSession) -> None:
    await tell(client, "/api/v1/agents/alice/status", status="available")
    brought = await tell(client, CONTACTS, 201, queue="sales", customer="+49 30 1", attributes={"page": "pricing"})
    name = brought["contact"]
    contact = (await get(client, f"{CONTACTS}/{name}"))["contact"]
    assert (contact["state"], contact["customer"], contact["attributes"]) == (
        "offered",
        "+49 30 1",
        {"page": "pricing"},
    )
    await tell(client, f"/api/v1/agents/alice/offers/{name}/answer")
    assert (await get(client, "/api/v1/agents/alice"))["state"] == "busy"
    await tell(client, f"{CONTACTS}/{name}/release", by="agent")
    contact = (await get(client, f"{CONTACTS}/{name}"))["contact"]
    assert (contact["state"], contact["agent"], contact["exit"], contact["ended_by"]) == (
        "closed",
        "alice",
        "answered",
        "agent",
    )
    assert (await get(client, "/api/v1/agents/alice"))["state"] == "wrapping"
    await tell(client, "/api/v1/agents/alice/wrap-up/finish")
    assert (await get(client, "/api/v1/agents/alice"))["state"] == "idle"
    types = [event["type"] for event in (await get(client, f"{CONTACTS}/{name}/timeline"))["events"]]
    assert types[:4] == ["contact_arrived", "contact_queued", "offer_made", "offer_answered"]
    assert types[-1] == "contact_ended"
    assert [found["contact"] for found in (await get(client, f"{CONTACTS}?customer=%2B49 30 1"))["contacts"]] == [name]
    assert (await get(client, f"{CONTACTS}/{contact['id']}"))["contact"]["contact"] == name


async def test_an_agent_hangs_up_on_nobody_who_waits(client: ClientSession) -> None:
    key = {"Idempotency-Key": "hung up"}
    await tell(client, CONTACTS, 201, queue="sales", contact="c")
    for said in ("waits", "rings"):
        async with client.post(f"{CONTACTS}/c/release", json={"by": "agent"}, headers=key) as answer:
            assert answer.status == 409
            problem = await answer.json()
        assert problem["code"] == "wrong_state"
        assert problem["detail"].startswith(f"contact 'c' {said}: no agent serves it who could hang up; withdraw it")
        await tell(client, "/api/v1/agents/alice/status", status="available")
    assert (await get(client, f"{CONTACTS}/c"))["contact"]["state"] == "offered"
    await tell(client, "/api/v1/agents/alice/offers/c/answer")
    for _ in range(2):  # sent again, it is the first one
        async with client.post(f"{CONTACTS}/c/release", json={"by": "agent"}, headers=key) as answer:
            assert answer.status == 200
    assert (await get(client, f"{CONTACTS}/c"))["contact"]["ended_by"] == "agent"
    fact = {"type": "contact_released", "contact": "d", "by": "agent"}
    await tell(client, CONTACTS, 201, queue="sales", contact="d")
    async with client.post("/api/v1/events", json=fact) as answer:
        assert answer.status == 202, "who tells what happened is believed"
    assert (await get(client, f"{CONTACTS}/d"))["contact"]["exit"] == "short_abandoned"


async def test_a_forgotten_contact_is_told_from_the_log(client: ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("old", "new"):
        await tell(client, CONTACTS, 201, queue="sales", contact=name)
        await tell(client, f"{CONTACTS}/{name}/messages", by="customer", text=f"from {name}")
        await tell(client, f"{CONTACTS}/{name}/release")
    number = (await get(client, f"{CONTACTS}/old"))["contact"]["id"]
    known = {end: await get(client, f"{CONTACTS}/{number}{end}") for end in ("", "/explain", "/messages", "/timeline")}
    monkeypatch.setattr(ContactHistory, "_oldest", property(lambda history: len(history) + 1))  # as if many came since
    for end, told in known.items():
        found = await get(client, f"{CONTACTS}/{number}{end}")
        for answer in (found, told):
            answer.pop("as_of")
        assert found == told
        async with client.get(f"{CONTACTS}/old{end}") as answer:
            assert answer.status == 404
            assert "an older one is found by its id" in (await answer.json())["detail"]


async def test_decisions_explain_themselves(client: ClientSession) -> None:
    await tell(client, "/api/v1/agents/alice/status", status="available")
    await tell(client, "/api/v1/agents/bob/status", status="paused", reason="lunch")
    for name in ("first", "second", "third"):
        await tell(client, CONTACTS, 201, queue="sales", contact=name)
    first = await get(client, f"{CONTACTS}/first/explain")
    assert first["offers"][0]["text"] == "alice was the only free agent who may serve it"
    assert first["waiting"]["agents"][0]["detail"] == "is being offered this contact"
    third = (await get(client, f"{CONTACTS}/third/explain"))["waiting"]
    assert (third["position"], third["waiting"]) == (2, 3)  # the first rings already
    assert third["constraints"] == {"paused": 1, "ringing": 1}
    assert {block["agent"]: block["detail"] for block in third["agents"]}["bob"] == "paused: lunch"
    assert third["summary"] == "the one agent who can take it is engaged; 1 contact is ahead"
    assert third["expected_wait"]["p50_s"] < third["expected_wait"]["p90_s"]


async def test_a_contact_says_where_it_rings_and_what_it_was_told(client: ClientSession) -> None:
    await tell(client, CONTACTS, 201, queue="sales", contact="c0")
    await tell(client, "/api/v1/agents/alice/status", status="available")
    await tell(client, CONTACTS, 201, queue="sales", contact="c1")
    ringing = (await get(client, f"{CONTACTS}/c0"))["contact"]
    assert (ringing["state"], ringing["agent"], ringing["offered_to"]) == ("offered", "", ["alice"])
    assert ringing["offers"][0]["strategy"] == "longest-idle"
    for name in ("c0", "c1"):
        (visit,) = (await get(client, f"{CONTACTS}/{name}"))["contact"]["visits"]
        events = (await get(client, f"{CONTACTS}/{name}/timeline"))["events"]
        (told,) = [event["data"] for event in events if event["type"] == "contact_queued"]
        for field in ("told_p50_s", "told_p90_s"):
            assert visit[field] == told[field], (name, field)
    await tell(client, "/api/v1/agents/alice/offers/c0/answer")
    answered = (await get(client, f"{CONTACTS}/c0"))["contact"]
    assert (answered["agent"], answered["offered_to"]) == ("alice", [])


async def test_a_missing_skill_is_named(client: ClientSession) -> None:
    await tell(client, "/api/v1/agents/alice/status", status="available")
    await tell(client, CONTACTS, 201, queue="sales", contact="c1", skills={"english": 7})
    waiting = (await get(client, f"{CONTACTS}/c1/explain"))["waiting"]
    assert waiting["requires"] == {"english": 7}
    details = {block["agent"]: block["detail"] for block in waiting["agents"]}
    assert details["alice"] == "lacks english level 7 (has 5)"
    assert waiting["constraints"] == {"lacks_skill": 2}
    assert waiting["summary"].startswith("no agent may serve it")


async def test_commands_on_what_is_not_there(client: ClientSession) -> None:
    body = await tell(client, f"{CONTACTS}/nobody/withdraw", 404)
    assert body["errors"][0]["parameter"] == "contact"
    await tell(client, "/api/v1/agents/carol/status", 404, status="available")
    await tell(client, "/api/v1/queues/nowhere/close", 404)
    for address in (
        "contacts/nobody",
        "contacts/nobody/explain",
        "contacts/nobody/timeline",
        "agents/carol",
        "queues/x",
    ):
        async with client.get(f"/api/v1/{address}") as answer:
            assert answer.status == 404, address


async def test_commands_that_the_state_does_not_allow(client: ClientSession) -> None:
    await tell(client, CONTACTS, 201, queue="sales", contact="c1")
    body = await tell(client, "/api/v1/agents/alice/offers/c1/answer", 409)
    assert body["type"] == "/problems/conflict"
    body = await tell(client, f"{CONTACTS}/c1/transfer", 422)
    assert "neither is given" in body["detail"]
    await tell(client, f"{CONTACTS}/c1/priority", 400)
    await tell(client, f"{CONTACTS}/c1/priority", 400, priority=9)
    await tell(client, f"{CONTACTS}/c1/priority", priority=7)
    await tell(client, f"{CONTACTS}/c1/transfer", queue="help")
    assert (await get(client, "/api/v1/queues/help"))["waiting"] == 1
    await tell(client, f"{CONTACTS}/c1/withdraw", reason="called by mistake")
    assert (await get(client, f"{CONTACTS}/c1"))["contact"]["exit"] == "withdrawn"


async def test_a_command_with_a_key_is_carried_out_once(client: ClientSession) -> None:
    headers = {"Idempotency-Key": "k1"}
    sent = []
    for _ in range(2):
        async with client.post(CONTACTS, json={"queue": "sales", "contact": "c1"}, headers=headers) as answer:
            assert answer.status == 201
            sent.append(await answer.json())
    assert sent[0]["seq"] == sent[1]["seq"]
    assert [outcome["duplicate"] for outcome in sent] == [False, True]


async def test_a_key_is_good_for_one_command_alone(client: ClientSession) -> None:
    async def send(address: str, expected: int, **body: Any) -> Any:
        method = client.put if address.endswith("/status") else client.post
        async with method(address, json=body, headers={"Idempotency-Key": "k1"}) as answer:
            assert answer.status == expected, await answer.text()
            return await answer.json()

    await tell(client, CONTACTS, 201, queue="sales", contact="z")
    first = await send(CONTACTS, 201, queue="sales", contact="i1")
    problem = await send(f"{CONTACTS}/z/withdraw", 422)
    said = "this Idempotency-Key was used before, for another command: 'contact_arrived' of contact 'i1'"
    assert problem["detail"].startswith(f"{said} at sequence {first['seq']}; use a new key")
    await send("/api/v1/agents/alice/status", 422, status="available")
    await send(CONTACTS, 422, queue="sales", contact="i2")
    await send(CONTACTS, 422, queue="help", contact="i1")
    await send(CONTACTS, 422, queue="sales", contact="i1", priority=3)
    assert (await send(CONTACTS, 201, queue="sales", contact="i1"))["duplicate"]
    assert (await get(client, f"{CONTACTS}/z"))["contact"]["state"] == "waiting"
    async with client.get(f"{CONTACTS}/i2") as answer:
        assert answer.status == 404


async def test_a_key_of_a_command_that_was_refused_is_good_for_that_command_alone(client: ClientSession) -> None:
    headers = {"Idempotency-Key": "r"}
    await tell(client, CONTACTS, 201, queue="sales", contact="w")
    answer_it = "/api/v1/agents/alice/offers/w/answer"
    for address, expected in ((answer_it, 409), (answer_it, 409), (f"{CONTACTS}/w/withdraw", 422)):
        async with client.post(address, json={}, headers=headers) as answer:
            assert answer.status == expected, await answer.text()


ARRIVAL = {
    "queue": "sales",
    "contact": "k",
    "channel": "voice",
    "priority": 1,
    "skills": {"english": 3},
    "preferred_agent": "alice",
    "trunk_group": "main",
    "protected": False,
    "customer": "+8491",
    "entry": "1900",
    "attributes": {"plan": "gold"},
}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("queue", "help"),
        ("channel", "chat"),
        ("priority", 2),
        ("skills", {"english": 4}),
        ("skills", {}),
        ("preferred_agent", "bob"),
        ("trunk_group", ""),
        ("protected", True),
        ("customer", "+8492"),
        ("entry", "1901"),
        ("waiting_since_ns", 1),
        ("attributes", {"plan": "blue"}),
    ],
)
async def test_a_key_covers_every_field_of_an_arrival(client: ClientSession, field: str, value: Any) -> None:
    headers = {"Idempotency-Key": "k"}
    for body, expected in ((ARRIVAL, 201), (ARRIVAL, 201), ({**ARRIVAL, field: value}, 422), (ARRIVAL, 201)):
        async with client.post(CONTACTS, json=body, headers=headers) as answer:
            assert answer.status == expected, await answer.text()
            if expected == 422:
                problem = await answer.json()
                assert f"another command: 'contact_arrived' of contact 'k' with another {field} at" in problem["detail"]
                first = ARRIVAL.get(field, 0)
                said = f"the first command with this key said {first!r}"
                assert problem["errors"] == [{"detail": said, "pointer": f"/{field}"}]


@pytest.mark.parametrize(
    ("address", "body", "others"),
    [
        ("withdraw", {"by": "boss", "reason": "spam"}, [{"by": "boss", "reason": "prank"}, {"reason": "spam"}, {}]),
        ("withdraw", {}, [{"reason": "spam"}]),
        ("callback", {"number": "+84911"}, [{"number": "+84912"}, {}]),
        ("callback", {}, [{"number": "+84912"}]),
        ("transfer", {"queue": "help"}, [{"agent": "bob"}, {"queue": "help", "keep_place": True}]),
        ("priority", {"priority": 3}, [{"priority": 4}, {"priority": 3, "by": "boss"}]),
        (
            "release",
            {"by": "network", "cause": 16},
            [{"by": "network", "cause": 17}, {"by": "customer", "cause": 16}, {}],
        ),
    ],
)
async def test_a_key_covers_every_field_of_a_command(
    client: ClientSession, address: str, body: dict[str, Any], others: list[dict[str, Any]]
) -> None:
    for name in ("one", "other"):
        await tell(client, CONTACTS, 201, queue="sales", contact=name)
    same = [(f"{CONTACTS}/one/{address}", body, 200)] * 2
    for where, said, expected in [
        *same,
        *((f"{CONTACTS}/one/{address}", other, 422) for other in others),
        (f"{CONTACTS}/other/{address}", body, 422),
        (f"{CONTACTS}/one/requeue", {}, 422),
        *same,
    ]:
        async with client.post(where, json=said, headers={"Idempotency-Key": "k"}) as answer:
            assert answer.status == expected, (said, await answer.text())
    assert (await get(client, f"{CONTACTS}/other"))["contact"]["state"] == "waiting"


async def test_a_key_of_what_an_agent_says_covers_contact_agent_and_reason(client: ClientSession) -> None:
    agents = "/api/v1/agents"
    for agent in ("alice", "bob"):
        await tell(client, f"{agents}/{agent}/status", 200, status="available")
    for name in ("a", "b"):
        await tell(client, CONTACTS, 201, queue="sales", contact=name)
    offered = {name: (await get(client, f"{CONTACTS}/{name}"))["contact"]["offered_to"][0] for name in ("a", "b")}
    one, other = f"{agents}/{offered['a']}/offers/a/decline", f"{agents}/{offered['b']}/offers/b/decline"
    for where, body, expected in (
        (one, {"reason": "busy"}, 200),
        (one, {"reason": "declined"}, 422),
        (one, {"reason": "busy", "cause": 17}, 422),
        (other, {"reason": "busy"}, 422),
        (one.replace("decline", "answer"), {}, 422),
        (one, {"reason": "busy"}, 200),
    ):
        async with client.post(where, json=body, headers={"Idempotency-Key": "d"}) as answer:
            assert answer.status == expected, (where, body, await answer.text())
    status = f"{agents}/alice/status"
    lunch = {"status": "paused", "reason": "lunch"}
    for body, expected in ((lunch, 200), ({**lunch, "reason": "training"}, 422), ({"status": "paused"}, 422)):
        async with client.put(status, json=body, headers={"Idempotency-Key": "s"}) as answer:
            assert answer.status == expected, (body, await answer.text())


async def test_a_key_of_a_wrap_up_covers_whose_it_was(client: ClientSession) -> None:
    await tell(client, "/api/v1/agents/alice/status", 200, status="available")
    await tell(client, CONTACTS, 201, queue="sales", contact="w")
    await tell(client, "/api/v1/agents/alice/offers/w/answer")
    await tell(client, f"{CONTACTS}/w/release")
    finish = "/api/v1/agents/alice/wrap-up/finish"
    for body, expected in (({"contact": "w"}, 200), ({}, 422), ({"contact": "x"}, 422), ({"contact": "w"}, 200)):
        async with client.post(finish, json=body, headers={"Idempotency-Key": "w"}) as answer:
            assert answer.status == expected, (body, await answer.text())


async def test_a_key_tells_two_statuses_of_one_agent_apart(client: ClientSession) -> None:
    for status, expected in (("available", 200), ("available", 200), ("offline", 422)):
        headers = {"Idempotency-Key": "s"}
        async with client.put("/api/v1/agents/alice/status", json={"status": status}, headers=headers) as answer:
            assert answer.status == expected


async def test_control_characters_are_no_name(client: ClientSession) -> None:
    for name in ("a\r\nX", "a\n", "\x00", "b\x7f"):
        problem = await tell(client, CONTACTS, 400, queue="sales", contact=name)
        (fault,) = problem["errors"]
        assert (fault["pointer"], fault["detail"]) == ("/contact", "Expected `str` without control characters")


@pytest.mark.parametrize("name", ["a/b ü", "a%2Fb", "a?b#c"])
async def test_the_location_of_a_contact_leads_to_it(client: ClientSession, name: str) -> None:
    async with client.post(CONTACTS, json={"queue": "sales", "contact": name}) as answer:
        assert answer.status == 201
        location = answer.headers["Location"]
    async with client.get(URL(location, encoded=True)) as answer:
        assert answer.status == 200
        assert (await answer.json())["contact"]["contact"] == name


async def test_a_name_with_a_slash_can_be_addressed(client: ClientSession) -> None:
    await tell(client, CONTACTS, 201, queue="sales", contact="a/b ü")
    contact = await get(client, f"{CONTACTS}/a%2Fb%20%C3%BC")
    assert contact["contact"]["contact"] == "a/b ü"


@pytest.mark.parametrize("word", ["close", "open"])
async def test_queues_open_and_close(client: ClientSession, word: str) -> None:
    await tell(client, f"/api/v1/queues/sales/{word}")
    assert (await get(client, "/api/v1/queues/sales"))["open"] is (word == "open")


async def test_nothing_is_answered_before_it_is_durable(build: Build) -> None:
    house: House = await build(hold=True)
    async with ClientSession(house.url) as client:
        posting = asyncio.create_task(tell(client, CONTACTS, 201, queue="sales", contact="c1"))
        async with asyncio.timeout(10):
            while house.engine.log.next_seq - 1 == house.engine.log.durable_seq:  # noqa: ASYNC110
                await asyncio.sleep(0)
        reading = asyncio.create_task(get(client, "/api/v1/queues/sales"))
        scraping = asyncio.create_task(client.get("/metrics"))
        done, _ = await asyncio.wait((posting, reading, scraping), timeout=0.1)
        assert not done
        house.engine.log.flush()
        assert (await reading)["waiting"] == 1
        assert (await posting)["contact"] == "c1"
        (await scraping).release()


async def test_a_made_up_name_is_the_same_for_the_same_key(client: ClientSession) -> None:
    said = [
        await (await client.post(CONTACTS, json={"queue": "sales"}, headers={"Idempotency-Key": key})).json()
        for key in ("k1", "k1", "k2")
    ]
    assert [answer["duplicate"] for answer in said] == [False, True, False]
    assert said[0]["contact"] == said[1]["contact"] != said[2]["contact"]
    assert said[0]["seq"] == said[1]["seq"]


async def test_a_conversation_is_written_and_resumed_by_sequence(client: ClientSession) -> None:
    await tell(client, "/api/v1/agents/alice/status", status="available")
    await tell(client, CONTACTS, 201, queue="sales", contact="chat-1", channel="chat")
    lines = f"{CONTACTS}/chat-1/messages"
    asked = await tell(client, lines, text="hello")
    await tell(client, lines, 409, by="agent", agent="alice", text="too early")
    await tell(client, "/api/v1/agents/alice/offers/chat-1/answer")
    await tell(client, lines, by="agent", agent="alice", text="good morning")
    await tell(client, f"{CONTACTS}/chat-1/read", by="agent", agent="alice", up_to_seq=asked["seq"])
    whole = await get(client, lines)
    assert [(line["by"], line["agent"], line["text"]) for line in whole["messages"]] == [
        ("customer", "", "hello"),
        ("agent", "alice", "good morning"),
    ]
    assert (whole["customer_read_seq"], whole["agent_read_seq"]) == (0, asked["seq"])
    later = await get(client, f"{lines}?after_seq={asked['seq']}")
    assert [line["text"] for line in later["messages"]] == ["good morning"]
    times = (await get(client, "/api/v1/queues/sales"))["response_times"]
    assert (times["messages_received"], times["messages_sent"], times["first_responses"]) == (1, 1, 1)
    events = (await get(client, f"{CONTACTS}/chat-1/timeline"))["events"]
    assert next(event["data"]["text"] for event in events if event["type"] == "message_sent") == "hello"
    assert (await tell(client, lines, 422, by="agent", agent="alice"))["errors"][0]["pointer"] == "/text"
    assert (await tell(client, lines, 422, agent="alice", text="whose?"))["errors"][0]["pointer"] == "/agent"


async def test_a_customer_is_one_however_their_number_is_written(build: Build) -> None:
    house = await build(centre="service: {numbers: {country_code: 84}}\nqueues: {sales: {}}\n")
    async with ClientSession(house.url) as client:
        for name, number in (("a", "0912 345 678"), ("b", "+84912345678"), ("c", "84912345678"), ("d", "visitor-1")):
            await tell(client, CONTACTS, 201, contact=name, queue="sales", customer=number)
        found = await get(client, f"{CONTACTS}?customer=0912345678")
        assert [one["contact"] for one in found["contacts"]] == ["c", "b", "a"]
        assert {one["customer"] for one in found["contacts"]} == {"+84912345678"}
        assert found["contacts"][-1]["attributes"] == {"number": "0912 345 678"}, "what is dialled, as it came"
        await tell(client, f"{CONTACTS}/a/callback")
        await house.engine.durable()
        (back,) = (await get(client, f"{CONTACTS}?customer=0912345678&limit=1"))["contacts"]
        assert (back["customer"], back["attributes"]["callback_number"]) == ("+84912345678", "0912 345 678")
