"""Figures over HTTP: null is not zero, tables add up, and a table is not sent twice."""

import csv
import io
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession

from tests.http.support import CENTRE, CONTACTS, Build, get, tell


async def serve_one(client: ClientSession) -> None:
    """Have alice take one contact of sales, and lose one."""
    await tell(client, "/api/v1/agents/alice/status", status="available")
    await tell(client, CONTACTS, 201, queue="sales", contact="c1")
    await tell(client, "/api/v1/agents/alice/offers/c1/answer")
    await tell(client, CONTACTS, 201, queue="sales", contact="c2")
    await tell(client, f"{CONTACTS}/c2/release")
    await tell(client, f"{CONTACTS}/c1/release")


async def test_a_queue_nobody_came_to_has_no_shares(client: ClientSession) -> None:
    queue = await get(client, "/api/v1/queues/sales")
    assert queue["service_level"]["value"] is None
    assert queue["waits"]["average_speed_of_answer_s"] is None
    assert (queue["entries"], queue["waiting"], queue["oldest_wait_s"]) == (0, 0, 0.0)
    assert queue["expected_wait"]["p50_s"] is None
    assert (queue["health"], queue["health_reason"]) == ("ok", "nobody waits and nobody is logged in")


async def test_a_queue_that_was_staffed_and_is_not_any_more_is_at_risk(client: ClientSession) -> None:
    await tell(client, "/api/v1/agents/alice/status", status="paused", reason="lunch")
    queue = await get(client, "/api/v1/queues/sales")
    assert (queue["health"], queue["health_reason"]) == ("at_risk", "nobody can take a contact")
    await tell(client, "/api/v1/agents/alice/status", status="offline")
    assert (await get(client, "/api/v1/queues/sales"))["health"] == "ok"


async def test_agents_who_do_not_take_the_channel_do_not_staff_the_queue(build: Build) -> None:
    centre = CENTRE.replace("queues: [sales, help]}", "queues: [sales, help], capacity: {voice: 1, chat: 0}}")
    assert centre != CENTRE
    house = await build("", centre)
    async with ClientSession(house.url) as client:
        await tell(client, "/api/v1/agents/bob/status", status="available")
        queues = {queue["queue"]: queue for queue in (await get(client, "/api/v1/queues"))["queues"]}
        assert [(queues[name]["staffed"], queues[name]["available"]) for name in ("sales", "help")] == [(1, 1), (0, 0)]
        rows = (await get(client, "/api/v1/realtime?group_by=queue"))["rows"]
        assert {row["queue"]: row["agents_online"] for row in rows} == {"sales": 1, "help": 0}


async def test_counters_after_a_call(client: ClientSession) -> None:
    await serve_one(client)
    queue = await get(client, "/api/v1/queues/sales?since=all&service_level=SL_OFF")
    assert (queue["entries"], queue["answered"], queue["abandoned"], queue["short_abandoned"]) == (2, 1, 1, 1)
    assert (queue["service_level"]["met"], queue["service_level"]["of"]) == (1, 2)
    assert queue["entries"] == sum(queue["exits"].values()) + queue["waiting"]
    assert queue["display_name"] == "Sales"
    for since in ("today", "1h", "2020-01-01T00:00:00Z", "1"):
        assert (await get(client, f"/api/v1/queues/sales?since={since}"))["entries"] == 2
    formulas = await get(client, "/api/v1/queues/sales/formulas")
    assert {level["id"]: level["value"] for level in formulas["service_levels"]}["SL_SHORT"] == 1.0


async def test_the_realtime_table(client: ClientSession) -> None:
    await serve_one(client)
    table = await get(client, "/api/v1/realtime?group_by=queue,channel")
    rows = {(row["queue"], row["channel"]): row for row in table["rows"]}
    assert set(rows) == {("sales", "voice"), ("help", "chat")}
    sales = rows["sales", "voice"]
    assert (sales["contacts_queued"], sales["contacts_in_queue"], sales["oldest_contact_age_s"]) == (2, 0, None)
    assert (sales["agents_online"], sales["agents_after_contact_work"], sales["slots_active"]) == (1, 1, 1)
    assert rows["help", "chat"]["service_level"] is None
    (whole,) = (await get(client, "/api/v1/realtime?group_by=channel"))["rows"][:1]
    assert (whole["queue"], whole["channel"], whole["contacts_queued"]) == (None, "voice", 2)


@pytest.mark.parametrize("by", ["event", "arrival"])
async def test_the_interval_table(client: ClientSession, by: str) -> None:
    await serve_one(client)
    table = await get(client, f"/api/v1/intervals?step=15m&by={by}")
    (row,) = table["rows"]
    assert (row["queue"], row["channel"], row["offered"], row["answered"], row["abandoned"]) == (
        "sales",
        "voice",
        2,
        1,
        1,
    )
    assert (row["source"], row["open"], row["by"], row["agents_required"]) == ("live", True, by, None)
    async with client.get(f"/api/v1/intervals?step=30m&by={by}&format=csv") as answer:
        assert answer.content_type == "text/csv"
        (line,) = csv.DictReader(io.StringIO(await answer.text()))
    assert (line["offered"], line["interval_s"], line["agents_required"]) == ("2", "1800.0", "")


@pytest.mark.parametrize("address", ["/api/v1/intervals", "/api/v1/quality"])
async def test_a_table_that_did_not_change_is_not_sent_again(client: ClientSession, address: str) -> None:
    async with client.get(address) as answer:
        etag = answer.headers["ETag"]
        as_of = int(answer.headers["X-Trunkline-As-Of"])
    await tell(client, "/api/v1/agents/alice/status", status="offline")
    async with client.get(address, headers={"If-None-Match": f'"other", {etag}'}) as answer:
        assert (answer.status, await answer.read()) == (304, b"")
        assert int(answer.headers["X-Trunkline-As-Of"]) > as_of, "the same rows at a later position"
    async with client.get(address, headers={"If-None-Match": etag, "Accept": "application/msgpack"}) as answer:
        assert answer.status == 200, "another form has a tag of its own"
        assert msgspec.msgpack.decode(await answer.read())["rows"] == []
    await tell(client, "/api/v1/agents/alice/status", status="available")
    await tell(client, CONTACTS, 201, contact="c", queue="sales", customer="+8412")
    await tell(client, "/api/v1/agents/alice/offers/c/answer")
    await tell(client, f"{CONTACTS}/c/release", by="customer")
    async with client.get(address, headers={"If-None-Match": etag}) as answer:
        assert answer.status == 200
        assert (await answer.json())["rows"] != []


@pytest.mark.parametrize(
    ("address", "parameter"),
    [
        ("intervals?step=10m", "step"),
        ("intervals?step=15", "step"),
        ("intervals?step=0s", "step"),
        ("intervals?step=99999999h", "step"),
        ("intervals?step=" + "9" * 400 + "h", "step"),
        ("intervals?by=day", "by"),
        ("intervals?format=parquet", "format"),
        ("intervals?from=yesterday", "from"),
        ("intervals?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "to"),
        ("quality?from=2&to=1", "to"),
        ("quality/sample?from=2&to=1", "to"),
        ("quality/adherence?to=1", "to"),
        ("intervals?to=2026-01-01T00:00:00", "to"),
        ("realtime?group_by=agent", "group_by"),
        ("queues?since=x", "since"),
        ("queues?service_level=SL_80", "service_level"),
        ("queues/sales/contacts?limit=0", "limit"),
        ("contacts", "customer"),
        ("stream?topics=weather", "topics"),
        ("stream?after_seq=x", "Last-Event-ID"),
        ("stream?after_seq=1.2.3", "Last-Event-ID"),
        ("stream?after_seq=1.", "Last-Event-ID"),
        ("stream?after_seq=" + "9" * 5000, "Last-Event-ID"),
        ("queues?sinse=all", "sinse"),
        ("queues/sales?colour=red", "colour"),
    ],
)
async def test_wrong_parameters_are_named(client: ClientSession, address: str, parameter: str) -> None:
    async with client.get(f"/api/v1/{address}") as answer:
        assert answer.status == 400
        assert (await answer.json())["errors"][0]["parameter"] == parameter


async def test_the_nearest_parameter_is_named(client: ClientSession) -> None:
    for address, hint in (
        ("/api/v1/queues?service-level=SL_OFF", "did you mean 'service_level'?"),
        ("/api/v1/contacts/c1?x=1", "it takes none"),
        ("/readyz?verbos", "did you mean 'verbose'?"),
        ("/api/v1/realtime?zzz=1", "it takes group_by, since"),
    ):
        async with client.get(address) as answer:
            assert answer.status == 400
            assert (await answer.json())["errors"][0]["detail"].endswith(hint)
    async with client.get("/?from=mail") as answer:
        assert answer.status == 200, "a page takes whatever its links carry"


async def test_intervals_are_as_long_as_configured(client: ClientSession) -> None:
    assert (await get(client, "/api/v1/intervals"))["step_s"] == 900


async def test_health(client: ClientSession) -> None:
    assert (await get(client, "/livez"))["status"] == "alive"
    ready: Any = await get(client, "/readyz?verbose")
    assert {check["name"] for check in ready["checks"] if check["good"]} == {
        "log",
        "disk",
        "http",
        "books",
        "configuration",
    }
    assert "checks" not in await get(client, "/readyz")


async def test_heads_are_answered_without_a_body(client: ClientSession) -> None:
    for address in ("/", "/livez", "/api/v1/queues", "/metrics"):
        async with client.head(address) as answer:
            assert (answer.status, await answer.read()) == (200, b"")
    async with client.head("/api/v1/stream") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "GET")


async def test_trunk_groups_and_agents_of_a_queue(client: ClientSession) -> None:
    (group,) = (await get(client, "/api/v1/trunk-groups"))["trunk_groups"]
    assert (group["trunk_group"], group["channels"], group["busy"], group["blocking"]) == ("main", 10, 0, None)
    agents = (await get(client, "/api/v1/agents?queue=help"))["agents"]
    assert [agent["agent"] for agent in agents] == ["bob"]
    waiting = await get(client, "/api/v1/queues/sales/contacts")
    assert (waiting["total"], waiting["contacts"]) == (0, [])


async def test_large_centres_are_reckoned_in_a_thread(client: ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    await tell(client, "/api/v1/agents/alice/status", status="available")
    addresses = ("queues", "agents", "agents?queue=sales", "realtime")
    here = [await get(client, f"/api/v1/{address}") for address in addresses]
    monkeypatch.setattr("engine.projections.effort.AGENTS_AT_ONCE", 0)
    there = [await get(client, f"/api/v1/{address}") for address in addresses]
    for one, other in zip(here, there, strict=True):
        assert one.keys() == other.keys()
        assert one["as_of"] == other["as_of"]
    assert there[1]["summary"] == here[1]["summary"]
    page = await get(client, "/api/v1/agents?limit=1")
    assert (len(page["agents"]), page["next_after"]) == (1, "alice")
    async with client.get("/api/v1/agents?limit=1") as answer:
        following = str(answer.links["next"]["url"])
    assert [agent["agent"] for agent in (await get(client, following))["agents"]] == ["bob"]
    async with client.get("/api/v1/agents?after=nobody") as answer:
        assert answer.status == 404


async def test_every_column_that_may_be_null_says_when(client: ClientSession) -> None:
    described = await get(client, "/openapi.json")
    columns = described["components"]["schemas"]["IntervalRow"]["properties"]
    for name, column in columns.items():
        choices = [choice.get("type") for choice in column.get("anyOf", [])]
        if "null" in choices:
            assert "Null " in column.get("description", ""), name
