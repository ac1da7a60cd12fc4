"""`/api/v1/events`: facts in once, batches judged whole for shape and one by one for sense, the log out."""

import hashlib
import io
from pathlib import Path

import msgspec
import pytest
from aiohttp import ClientSession
from yarl import URL

from adapters.http.adapter import HttpAdapter
from engine.config.load import load_config
from engine.ingest.runs import SLOTS_KEPT_FREE
from engine.live.recovered import record_told
from tests.http.support import CAPACITY, CONTACTS, House, tell

EVENTS = "/api/v1/events"


def arrival(contact: str, queue: str = "sales", **more: object) -> dict[str, object]:
    """Return a contact's arrival."""
    return {"type": "contact_arrived", "contact": contact, "queue": queue, **more}


async def test_facts_are_accepted_and_told_where_they_stand(client: ClientSession) -> None:
    async with client.post(EVENTS, json=[arrival("c1"), arrival("c2")]) as answer:
        assert answer.status == 202
        body = await answer.json()
    assert (body["accepted"], body["duplicates"], body["rejected"]) == (2, 0, 0)
    first, second = (result["seq"] for result in body["results"])
    assert 0 < first < second == body["seq"]


async def test_a_configuration_says_which_file_it_is_and_how_much_it_changed(
    client: ClientSession, house: House, tmp_path: Path
) -> None:
    file = tmp_path / "centre.yaml"
    file.write_text(file.read_text("utf-8").replace("wrap_up: 10s", "wrap_up: 11s"), "utf-8")
    changed = house.engine.configure(load_config(file, adapters={"http": lambda: HttpAdapter}))
    house.engine.log.flush()
    async with client.get(f"{EVENTS}?type=configuration_loaded") as answer:
        told = [event["data"] for event in (await answer.json())["events"]]
    last = [data for data in told if "digest" in data][-1]
    assert last == {"digest": hashlib.sha256(file.read_bytes()).hexdigest(), "settings": changed}
    assert changed == 1


async def test_a_row_that_loads_no_configuration_says_what_it_brings(
    client: ClientSession, house: House, tmp_path: Path
) -> None:
    file = tmp_path / "centre.yaml"
    file.write_text("# another file of the same settings\n" + file.read_text("utf-8"), "utf-8")
    house.engine.configure(load_config(file, adapters={"http": lambda: HttpAdapter}))
    await tell(client, "/api/v1/agents/alice/status", status="paused", reason="training")
    record_told(house.engine, 3)
    house.engine.log.flush()
    async with client.get(f"{EVENTS}?type=configuration_loaded") as answer:
        told = [event["data"] for event in (await answer.json())["events"]]
    assert {"digest": hashlib.sha256(file.read_bytes()).hexdigest(), "settings": 0} in told, "none is a number, too"
    assert "training" in [reason for data in told for reason in data.get("reasons", ())]
    assert any("sources" in data for data in told)
    assert told[-1] == {"told_seq": 3}
    assert {} not in told


async def test_messagepack_is_taken_and_given(client: ClientSession) -> None:
    headers = {"Content-Type": "application/msgpack", "Accept": "application/msgpack"}
    async with client.post(EVENTS, data=msgspec.msgpack.encode(arrival("c1")), headers=headers) as answer:
        assert (answer.status, answer.content_type) == (202, "application/msgpack")
        assert msgspec.msgpack.decode(await answer.read())["accepted"] == 1


async def test_a_fact_sent_again_changes_nothing(client: ClientSession, house: House) -> None:
    async with client.post(EVENTS, json=arrival("c1", id="call-1")) as answer:
        first = await answer.json()
    before = house.engine.views.as_of
    async with client.post(EVENTS, json=arrival("c1", id="call-1")) as answer:
        assert answer.status == 202
        again = await answer.json()
    assert again["results"] == [{"seq": first["seq"], "id": "call-1", "duplicate": True}]
    assert (again["accepted"], again["duplicates"]) == (0, 1)
    assert house.engine.views.as_of == before


async def test_a_malformed_item_leaves_the_whole_batch_undone(client: ClientSession, house: House) -> None:
    before = house.engine.views.as_of
    async with client.post(EVENTS, json=[arrival("c1"), {"type": "queue_closed", "queue": 1}]) as answer:
        assert (answer.status, answer.content_type) == (400, "application/problem+json")
        body = await answer.json()
    assert body["errors"] == [{"detail": "Expected `str`, got `int`", "pointer": "/1/queue"}]
    assert body["type"] == "/problems/malformed"
    assert body["request_id"] == answer.headers["X-Request-Id"]
    assert house.engine.views.as_of == before


async def test_names_that_mean_nothing_are_told_with_the_malformed(client: ClientSession, house: House) -> None:
    items = [
        arrival("c1", "sels", skills={"juggling": 3}),
        {"type": "offer_answered", "contact": "c1", "agent": "alice"},
        {"type": "offer_answered", "contact": "c9", "agent": "alyce"},
        {"type": "queue_closed", "queue": 1},
        {"type": "agent_status_changed", "agent": "bob", "status": "asleep", "by": 3},
    ]
    async with client.post(EVENTS, json=items) as answer:
        assert answer.status == 400
        errors = (await answer.json())["errors"]
    assert [error["pointer"] for error in errors] == [
        "/0/queue",
        "/0/skills/juggling",
        "/2/agent",
        "/2/contact",
        "/3/queue",
        "/4/status",
        "/4/by",
    ]
    assert errors[0]["detail"] == "there is no queue 'sels'; did you mean 'sales'?"
    async with client.post(EVENTS, data=b'{"type": "queue_closed", "queue": "sales", "queue": "sels"}') as answer:
        assert answer.status == 415
    headers = {"Content-Type": "application/json"}
    body = b'{"type": "queue_closed", "queue": "sales", "queue": "sels"}'
    async with client.post(EVENTS, data=body, headers=headers) as answer:
        assert answer.status == 400
        assert {error["pointer"] for error in (await answer.json())["errors"]} == {"/queue"}


async def test_senseless_items_are_rejected_one_by_one(client: ClientSession) -> None:
    async with client.post(EVENTS, json=[arrival("c1", "sels"), arrival("c2")]) as answer:
        assert answer.status == 202
        body = await answer.json()
    assert (body["accepted"], body["rejected"]) == (1, 1)
    assert (body["results"][0]["field"], body["results"][0]["pointer"]) == ("queue", "/0/queue")
    assert "did you mean 'sales'" in body["results"][0]["error"]


async def test_a_wrong_skill_is_pointed_at(client: ClientSession) -> None:
    skill = "a/b~c"
    async with client.post("/api/v1/events", json=[arrival("c1"), arrival("c2", skills={skill: 3})]) as answer:
        told = (await answer.json())["results"][1]
    assert (told["field"], told["pointer"]) == ("skills", "/1/skills/a~1b~0c")
    assert told["error"] == "there is no skill 'a/b~c'; there are english, billing"
    for address in ("/api/v1/events", "/api/v1/contacts"):
        body = arrival("c3", skills={"english": 1, skill: 3})
        if address.endswith("contacts"):
            del body["type"]
        async with client.post(address, json=body) as answer:
            assert answer.status == 422
            assert (await answer.json())["errors"][0]["pointer"] == "/skills/a~1b~0c"


async def test_nothing_acceptable_is_a_problem(client: ClientSession, house: House) -> None:
    await client.post(EVENTS, json=arrival("c0"))
    before = house.engine.views.as_of
    async with client.post(EVENTS, json=[arrival("c1", "sels"), arrival("c2", "halp")]) as answer:
        assert answer.status == 422
        body = await answer.json()
    assert [error["pointer"] for error in body["errors"]] == ["/0/queue", "/1/queue"]
    async with client.post(EVENTS, json=arrival("c1", "sels")) as answer:
        assert [error["pointer"] for error in (await answer.json())["errors"]] == ["/queue"]
    assert house.engine.views.as_of == before


async def test_what_routing_sets_aside_is_said(client: ClientSession) -> None:
    facts = [arrival("c1"), {"type": "offer_answered", "contact": "c1", "agent": "alice"}]
    async with client.post(EVENTS, json=facts) as answer:
        body = await answer.json()
    assert body["refused"] == 1
    assert body["results"][1]["refused"] == "no_such_offer"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{}", "text/plain", 415),
        (b"a=b", "application/x-www-form-urlencoded", 415),
        (b"", "application/json", 400),
        (b"[" + b" " * (1 << 20) + b"]", "application/json", 413),
        (msgspec.json.encode([arrival(str(number)) for number in range(1001)]), "application/json", 413),
    ],
)
async def test_bodies_of_the_wrong_kind_or_size(
    client: ClientSession, body: bytes, content_type: str, status: int
) -> None:
    async with client.post(EVENTS, data=io.BytesIO(body), headers={"Content-Type": content_type}) as answer:
        assert (answer.status, answer.content_type) == (status, "application/problem+json")
        assert (await answer.json())["status"] == status


async def test_the_log_is_read_page_by_page(client: ClientSession) -> None:
    await client.post(EVENTS, json=[arrival(f"c{number}") for number in range(5)])
    found, address = [], f"{EVENTS}?type=contact_arrived&limit=2"
    for _ in range(3):
        async with client.get(address) as answer:
            page = await answer.json()
            found += [event["contact"] for event in page["events"]]
            address = URL(answer.links["next"]["url"]).path_qs
    assert found == ["c0", "c1", "c2", "c3", "c4"]
    async with client.get(address) as answer:
        page = await answer.json()
    assert (page["events"], page["more"]) == ([], False)
    assert page["next_after_seq"] == page["as_of"]


async def test_the_log_comes_as_lines_too(client: ClientSession) -> None:
    await client.post(EVENTS, json=[arrival("c1"), {"type": "contact_released", "contact": "c1"}])
    headers = {"Accept": "application/x-ndjson"}
    async with client.get(f"{EVENTS}?contact=c1", headers=headers) as answer:
        assert answer.content_type == "application/x-ndjson"
        types = [msgspec.json.decode(line)["type"] for line in (await answer.read()).splitlines()]
    assert types == ["contact_arrived", "contact_queued", "contact_released", "contact_left"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("after_seq=-1", "after_seq"),
        ("after_seq=x", "after_seq"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=²", "limit"),
        ("type=contact_arived", "type"),
        (f"after_seq={2**63}", "after_seq"),
    ],
)
async def test_wrong_parameters_are_named(client: ClientSession, query: str, parameter: str) -> None:
    async with client.get(f"{EVENTS}?{query}") as answer:
        assert answer.status == 400
        assert (await answer.json())["errors"][0]["parameter"] == parameter


async def test_a_full_table_of_contacts_is_not_the_client_s_fault(client: ClientSession) -> None:
    fits = CAPACITY.contacts - SLOTS_KEPT_FREE
    batch = [{"type": "contact_arrived", "contact": f"c{number}", "queue": "sales"} for number in range(fits)]
    async with client.post("/api/v1/events", json=batch) as answer:
        assert (await answer.json())["accepted"] == fits
    for address, body in ((CONTACTS, {"queue": "sales"}), ("/api/v1/events", batch[:2])):
        async with client.post(address, json=body) as answer:
            problem = await answer.json()
            assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
            assert problem["detail"] == f"{fits} contacts are open, and no more fit; raise limits.contacts"
