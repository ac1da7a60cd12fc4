"""Metrics: well formed in both forms, all series there from the start, and true."""

import re
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from engine.messages.kinds import FACT_REFUSED, FIRST_DECIDED, STRATEGY_NAMES
from engine.messages.observed import ContactArrived, OfferAnswered
from engine.model.settings import QueueSetting
from engine.model.tallies import Tally
from engine.ports import AdapterStatus
from tests.http.support import CONTACTS, Build, House, tell

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


async def scrape(client: ClientSession, accept: str = "") -> dict[str, Metric]:
    """Return the families by name."""
    async with client.get("/metrics", headers={"Accept": accept}) as answer:
        assert answer.status == 200
        text = await answer.text()
    if accept:
        assert answer.content_type == "application/openmetrics-text"
        return {family.name: family for family in parse_openmetrics(text)}  # type: ignore[no-untyped-call]
    return {family.name: family for family in parse_text(text)}


def value(families: dict[str, Metric], name: str, **labels: str) -> float:
    """Return one sample."""
    found = [
        sample.value
        for family in families.values()
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    assert len(found) == 1, (name, labels, found)
    return float(found[0])


async def test_all_series_are_there_before_anything_happens(client: ClientSession) -> None:
    families = await scrape(client, OPENMETRICS)
    sales = {"queue": "sales", "channel": "voice"}
    assert value(families, "trunkline_queue_exits_total", outcome="abandoned", **sales) == 0
    assert value(families, "trunkline_service_level_contacts_total", result="met", **sales) == 0
    assert value(families, "trunkline_queue_wait_seconds_bucket", outcome="answered", le="20.0", **sales) == 0
    assert value(families, "trunkline_agents", queue="help", state="available") == 0
    assert value(families, "trunkline_events_accepted_total", source="http") == 0
    assert value(families, "trunkline_queue_service_level_threshold_seconds", **sales) == 20
    assert value(families, "trunkline_trunk_channels_limit", trunk="main") == 10
    assert sum(len(family.samples) for family in families.values()) < 10_000


async def test_figures_are_true(client: ClientSession) -> None:
    await tell(client, "/api/v1/agents/alice/status", status="available")
    for name in ("c1", "c2", "c3"):
        await tell(client, CONTACTS, 201, queue="sales", contact=name)
    await tell(client, "/api/v1/agents/alice/offers/c1/answer")
    await tell(client, f"{CONTACTS}/c2/release")
    sales = {"queue": "sales", "channel": "voice"}
    for families in (await scrape(client), await scrape(client, OPENMETRICS)):
        entries = value(families, "trunkline_queue_entries_total", **sales)
        exits = sum(
            sample.value for sample in families["trunkline_queue_exits"].samples if sample.labels["queue"] == "sales"
        )
        assert (entries, exits, value(families, "trunkline_queue_waiting", **sales)) == (3, 2, 1)
        assert value(families, "trunkline_queue_wait_seconds_count", outcome="answered", **sales) == 1
        assert value(families, "trunkline_queue_wait_seconds_bucket", outcome="answered", le="20.0", **sales) == 1
        assert value(families, "trunkline_service_level_contacts_total", result="met", **sales) == 1
        assert value(families, "trunkline_contacts_active", phase="talking", **sales) == 1
        assert value(families, "trunkline_agents", queue="sales", state="busy") == 1
        assert value(families, "trunkline_capacity_slots", channel="voice", state="used") == 1
        assert value(families, "trunkline_queue_oldest_wait_seconds", **sales) > 0


async def test_what_handling_consists_of(house: House, client: ClientSession) -> None:
    agent = "/api/v1/agents/alice"
    await tell(client, f"{agent}/status", status="available")
    await tell(client, CONTACTS, 201, queue="sales", contact="c1")
    await tell(client, f"{agent}/offers/c1/answer")
    await tell(client, CONTACTS, 201, queue="sales", contact="c2", channel="chat")
    await tell(client, f"{CONTACTS}/c2/callback", number="+84 1")
    await tell(client, f"{CONTACTS}/c1/release")
    families = await scrape(client, OPENMETRICS)
    sales = {"queue": "sales", "channel": "voice"}
    t = house.engine.views.tables
    for name, sums, count in (
        ("talk", Tally.TALK_NS, 1),
        ("hold", Tally.HOLD_NS, 1),
        ("wrapup", Tally.WRAP_UP_NS, int(t.tallies[0, Tally.WRAPPED])),
        ("offer", Tally.RING_NS, 1),
    ):
        of = {**sales, "result": "accepted"} if name == "offer" else sales
        assert value(families, f"trunkline_{name}_seconds_count", **of) == count, name
        total = value(families, f"trunkline_{name}_seconds_sum", **of)
        assert total == pytest.approx(int(t.tallies[0, sums]) / 1e9), name
    assert value(families, "trunkline_talk_seconds_sum", **sales) > 0
    for result, count in (("promised", 1), ("answered", 0), ("lost", 0)):
        assert value(families, "trunkline_callbacks_total", queue="sales", result=result) == count
    assert value(families, "trunkline_contacts_received_total", channel="chat", entry="") == 1
    decided = {"queue": "sales", "result": "offered"}
    strategy = STRATEGY_NAMES[int(t.queues["settings"][0, QueueSetting.STRATEGY])]
    assert value(families, "trunkline_routing_decisions_total", strategy=strategy, **decided) >= 1


async def test_who_pauses_who_is_turned_away_and_what_is_owed(house: House, client: ClientSession) -> None:
    await tell(client, "/api/v1/agents/alice/status", status="paused", reason="lunch")
    await tell(client, CONTACTS, 201, queue="sales", contact="c1")
    await tell(client, f"{CONTACTS}/c1/callback", number="+84 1")
    await tell(client, "/api/v1/queues/sales/close")
    await tell(client, CONTACTS, 201, queue="sales", contact="c2")
    families = await scrape(client, OPENMETRICS)
    assert value(families, "trunkline_agents_paused", queue="sales", reason="lunch") == 1
    assert value(families, "trunkline_contacts_blocked_total", channel="voice", entry="", reason="closed") == 1
    assert value(families, "trunkline_contacts_blocked_total", channel="voice", entry="", reason="full") == 0
    told = sum(value(families, "trunkline_callbacks_pending", queue=queue) for queue in ("sales", "help"))
    assert told == len([entry for entry in house.engine.state.contacts if entry.name.startswith("callback-")]) == 1


async def test_who_waits_whom_nobody_can_take_is_told(client: ClientSession) -> None:
    await tell(client, "/api/v1/agents/alice/status", status="available")
    for name in ("c1", "c2"):
        await tell(client, CONTACTS, 201, queue="sales", contact=name)
    await tell(client, "/api/v1/agents/alice/offers/c1/answer")
    for status, at_work, unattended in (("available", 1, 0), ("paused", 0, 1)):
        await tell(client, "/api/v1/agents/alice/status", status=status)
        families = await scrape(client)
        assert value(families, "trunkline_agents", queue="sales", state="busy") == 1
        assert value(families, "trunkline_agents_at_work", queue="sales") == at_work
        assert value(families, "trunkline_queue_unattended", queue="sales") == unattended


async def test_where_contacts_come_in_is_told_within_bounds(
    client: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.http.metrics.arrivals.ENTRIES_MAX", 2)
    for number, entry in enumerate(("1900", "1901", "1900", "1902", "1903", "")):
        await tell(client, CONTACTS, 201, queue="sales", contact=f"c{number}", entry=entry)
    await tell(client, "/api/v1/queues/sales/close")
    await tell(client, CONTACTS, 201, queue="sales", contact="late", entry="1901")
    families = await scrape(client, OPENMETRICS)
    for entry, count in (("1900", 2), ("1901", 2), ("other", 2), ("", 1)):
        assert value(families, "trunkline_contacts_received_total", channel="voice", entry=entry) == count
    blocked = {"channel": "voice", "entry": "1901"}
    assert value(families, "trunkline_contacts_blocked_total", reason="closed", **blocked) == 1
    assert value(families, "trunkline_contacts_blocked_total", reason="trunk_full", **blocked) == 0


async def test_what_becomes_of_callbacks(house: House, client: ClientSession) -> None:
    for name in ("c1", "c2"):
        await tell(client, CONTACTS, 201, queue="sales", contact=name)
        await tell(client, f"{CONTACTS}/{name}/callback", number="+84 1")
    house.engine.log.flush()
    await house.engine.durable()
    called = [entry.name for entry in house.engine.state.contacts if entry.name.startswith("callback-")]
    assert len(called) == 2
    await tell(client, f"{CONTACTS}/{called[0]}/withdraw")
    await tell(client, "/api/v1/agents/alice/status", status="available")
    await tell(client, f"/api/v1/agents/alice/offers/{called[1]}/answer")
    families = await scrape(client, OPENMETRICS)
    for result, count in (("promised", 2), ("answered", 1), ("lost", 1)):
        assert value(families, "trunkline_callbacks_total", queue="sales", result=result) == count
    assert value(families, "trunkline_callbacks_queued_total") == 2
    assert value(families, "trunkline_callbacks_waiting") == 0


async def test_what_deciding_takes_and_how_old_the_snapshot_is(house: House, client: ClientSession) -> None:
    await tell(client, CONTACTS, 201, queue="sales", contact="c1")
    families = await scrape(client, OPENMETRICS)
    decided = value(families, "trunkline_routing_decision_seconds_count")
    assert decided >= 2
    assert value(families, "trunkline_routing_decision_seconds_bucket", le="+Inf") == decided
    assert value(families, "trunkline_routing_decision_seconds_sum") > 0
    assert not families["trunkline_snapshot_age_seconds"].samples
    house.engine.counters["snapshot_at_ns"] = time.time_ns() - 60 * 10**9
    families = await scrape(client, OPENMETRICS)
    assert 60 <= value(families, "trunkline_snapshot_age_seconds") < 90
    figures = {sample.labels["figure"] for sample in families["trunkline_engine_figure"].samples}
    assert "snapshot_at_ns" not in figures


async def test_requests_are_counted_by_route_and_not_by_address(client: ClientSession) -> None:
    for name in ("a", "b", "c"):
        async with client.get(f"{CONTACTS}/{name}") as answer:
            assert answer.status == 404
    async with client.get("/no/such/address"):
        pass
    families = await scrape(client)
    labels = {"http_route": "/api/v1/contacts/{contact}", "http_response_status_code": "404"}
    assert value(families, "http_server_request_duration_seconds_count", **labels) == 3
    assert value(families, "http_server_request_duration_seconds_count", http_route="unmatched") == 1


async def test_duplicates_and_rejections_are_counted(client: ClientSession) -> None:
    fact = {"type": "contact_arrived", "contact": "c1", "queue": "sales", "id": "1", "at_ns": time.time_ns()}
    for _ in range(2):
        await client.post("/api/v1/events", json=[fact, {**fact, "queue": "x", "id": "2", "contact": "c2"}])
    families = await scrape(client)
    assert value(families, "trunkline_events_accepted_total", source="http") == 1
    assert value(families, "trunkline_events_duplicate_total", source="http") == 1
    assert value(families, "trunkline_events_rejected_total", source="http", reason="wrong") == 2
    assert value(families, "trunkline_event_lag_seconds_count", source="http") == 4


async def test_clocks_that_are_wrong_do_not_spoil_the_lag(client: ClientSession) -> None:
    for place, at_ns in enumerate((0, time.time_ns() + 10**18)):
        body = {"type": "contact_arrived", "contact": f"c{place}", "queue": "sales", "at_ns": at_ns}
        await client.post("/api/v1/events", json=body)
    families = await scrape(client)
    assert value(families, "trunkline_event_lag_seconds_count", source="http") == 1
    assert value(families, "trunkline_event_lag_seconds_sum", source="http") == 0


async def test_facts_of_other_sources_are_counted_too(house: House, client: ClientSession) -> None:
    await tell(client, CONTACTS, 201, queue="sales", contact="c0")
    arrival = ContactArrived(contact="c1", queue="sales", id="1")
    wrong = ContactArrived(contact="c2", queue="nowhere")
    futile = OfferAnswered(contact="c1", agent="alice")
    submitted = house.engine.submit("sip", [arrival, arrival, wrong, futile])
    house.engine.log.flush()
    receipts = await submitted
    assert [receipt.duplicate for receipt in receipts] == [False, True, False, False]
    assert receipts[3].refused
    for _ in range(2):  # a second look counts nothing twice
        families = await scrape(client)
        assert value(families, "trunkline_events_accepted_total", source="sip") == 2
        assert value(families, "trunkline_events_rejected_total", source="sip", reason="refused") == 1
        assert value(families, "trunkline_events_duplicate_total", source="other") == 1
        assert value(families, "trunkline_events_rejected_total", source="other", reason="wrong") == 1
        assert value(families, "trunkline_events_accepted_total", source="http") == 1
        assert value(families, "trunkline_events_duplicate_total", source="http") == 0


async def test_two_services_in_one_process_do_not_share_counters(build: Build) -> None:
    one, other = await build(), await build()
    async with ClientSession(one.url) as client:
        await tell(client, CONTACTS, 201, queue="sales")
        assert value(await scrape(client), "trunkline_events_accepted_total", source="http") == 1
    async with ClientSession(other.url) as client:
        assert value(await scrape(client), "trunkline_events_accepted_total", source="http") == 0


async def test_the_engine_and_its_adapters_are_told(house: House, client: ClientSession, monkeypatch: Any) -> None:
    link = house.adapter.context.engine
    mqtt = AdapterStatus("mqtt", False, True, "no broker at localhost:1883", {"reconnects": 4, "sip.malformed": 3})
    chat = AdapterStatus("chat", False, False, "not listening", {})
    monkeypatch.setattr(link, "statuses", lambda: [mqtt, chat], raising=False)
    monkeypatch.setattr(link, "figures", lambda: {**house.engine.figures(), "strange": 7}, raising=False)
    await tell(client, CONTACTS, 201, queue="sales", contact="c1")
    families = await scrape(client, OPENMETRICS)
    assert value(families, "trunkline_adapter_up", adapter="mqtt") == 0
    assert value(families, "trunkline_adapter_reconnects_total", adapter="mqtt") == 4
    assert value(families, "trunkline_adapter_figure", adapter="mqtt", figure="sip.malformed") == 3
    assert value(families, "trunkline_adapter_unreadable_total", adapter="mqtt") == 3
    assert value(families, "trunkline_adapter_unreadable_total", adapter="chat") == 0
    assert value(families, "trunkline_invariant_violations_total") == 0
    assert value(families, "trunkline_facts_total") == 1
    assert value(families, "trunkline_contacts_open") == 1
    assert value(families, "trunkline_engine_figure", figure="strange") == 7
    assert value(families, "trunkline_projection_lag_events", projection="contact_history") == 0
    assert value(families, "trunkline_event_append_seconds_count") == 1
    async with client.get("/readyz?verbose") as answer:
        assert answer.status == 503
        problem = await answer.json()
    assert problem["detail"] == "mqtt: no broker at localhost:1883"
    assert [fault["detail"].partition(":")[0] for fault in problem["errors"]] == [
        "log",
        "disk",
        "http",
        "mqtt",
        "chat",
        "books",
        "configuration",
    ]
    assert [fault["detail"] for fault in problem["errors"] if not fault["detail"].endswith("(good)")] == [
        "mqtt: no broker at localhost:1883",
        "chat: not listening",
    ]
    async with client.get("/readyz") as answer:
        assert [fault["detail"] for fault in (await answer.json())["errors"]] == ["mqtt: no broker at localhost:1883"]
    monkeypatch.setattr(link, "statuses", lambda: [chat])
    async with client.get("/readyz?verbose") as answer:
        assert answer.status == 200
        checks = {check["name"]: (check["good"], check["required"]) for check in (await answer.json())["checks"]}
    assert checks == {
        "log": (True, True),
        "disk": (True, True),
        "http": (True, True),
        "chat": (False, False),
        "books": (True, False),
        "configuration": (True, False),
    }


async def test_a_configuration_that_is_followed_in_part_only_is_told(house: House, client: ClientSession) -> None:
    assert value(await scrape(client), "trunkline_configuration_not_taken") == 0
    house.engine.loads.followed(["trunk group 'main': routing does not take 5 as channels"])
    assert value(await scrape(client), "trunkline_configuration_not_taken") == 1
    async with client.get("/readyz?verbose") as answer:
        assert answer.status == 200, "what holds is what held before: contacts are served"
        (told,) = (check for check in (await answer.json())["checks"] if check["name"] == "configuration")
    assert not told["good"]
    assert told["detail"] == (
        "not taken: trunk group 'main': routing does not take 5 as channels; "
        "correct the file and send SIGHUP, or restart where it says so"
    )


async def test_a_configuration_that_is_not_in_force_is_told(house: House, client: ClientSession) -> None:
    house.engine.loads.followed([])
    house.engine.loads.refuse(["centre.yaml:3:4: 'secret' is not a number"])
    page = await scrape(client)
    assert value(page, "trunkline_configuration_last_load_successful") == 0
    assert value(page, "trunkline_configuration_loads_total", result="whole") == 1
    assert value(page, "trunkline_configuration_loads_total", result="refused") == 1
    assert value(page, "trunkline_configuration_loads_total", result="in_part") == 0
    async with client.get("/readyz?verbose") as answer:
        assert answer.status == 200, "what holds is what held before: contacts are served"
        text = await answer.text()
    assert "the file that was read last has 1 fault, and what held before holds on" in text
    assert "secret" not in text, "who may ask this need not be who may read the file"
    house.engine.loads.followed([])
    assert value(await scrape(client), "trunkline_configuration_last_load_successful") == 1


async def test_every_metric_is_documented_and_the_other_way_round(client: ClientSession) -> None:
    fact = {"type": "contact_arrived", "contact": "c1", "queue": "sales", "at_ns": time.time_ns()}
    async with client.post("/api/v1/events", json=fact) as answer:
        assert answer.status == 202, await answer.text()
    async with client.get("/metrics") as answer:
        text = await answer.text()
    document = (Path(__file__).parents[2] / "docs" / "METRICS.md").read_text(encoding="utf-8")
    table = document.partition("## Every metric\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| \S", table, re.MULTILINE)
    told = dict(re.findall(r"^# HELP (\w+) (.+)", text, re.MULTILINE))
    assert sorted(name for name, _ in rows) == sorted(told)
    labels = {name: set(re.findall(r"`(\w+)`", cell)) for name, cell in rows}
    for name in told:
        lines = re.findall(rf"^{name}(?:_bucket|_sum|_count)?\{{(.*)\}} ", text, re.MULTILINE)
        found = {label for line in lines for label in re.findall(r'(\w+)="', line)} - {"le"}
        assert found <= labels[name], name
        assert found == labels[name] or not lines, name
    meaning = table.partition("| `trunkline_engine_figure` | `figure` |")[2].partition("\n")[0]
    figures = re.findall(r'^trunkline_engine_figure\{figure="(\w+)"\}', text, re.MULTILINE)
    assert figures
    assert set(figures) <= set(re.findall(r"`(\w+)`", meaning))


async def test_counters_of_sources_equal_a_recount_of_the_log(house: House, client: ClientSession) -> None:
    began = house.engine.views.as_of
    for number in range(5):
        await tell(client, CONTACTS, 201, queue="sales", contact=f"c{number}")
    futile = OfferAnswered(contact="c1", agent="alice")
    submitted = house.engine.submit("sip", [ContactArrived(contact="s1", queue="sales"), futile, futile])
    house.engine.log.flush()
    await submitted
    recorded: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    names = house.engine.views.interned.sources
    for run in house.engine.log.read_runs(began + 1):
        for place, row in enumerate(run.rows):
            if row["kind"] < FIRST_DECIDED and row["source"]:
                recorded[names[int(row["source"])]] += 1
            elif row["kind"] == FACT_REFUSED:
                refused[names[int(run.rows[place - int(row["cause"])]["source"])]] += 1
    families = await scrape(client)
    for source, count in recorded.items():
        assert value(families, "trunkline_events_accepted_total", source=source) == count
        assert value(families, "trunkline_events_rejected_total", source=source, reason="refused") == refused[source]
    assert (recorded, refused) == ({"http": 5, "sip": 3}, {"sip": 2})
