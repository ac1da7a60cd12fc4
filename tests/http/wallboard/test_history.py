"""What a board tells of times before: who was lost, the day against its plan, and any moment of the log."""

import asyncio
import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from engine.config import load_config
from engine.config.doubts import of_adapters
from tests.http.support import CENTRE, CONTACTS, Build, get, tell
from tests.http.wallboard.test_words import PLACE, catalogue

BOARD = "/api/v1/boards/default"
SALES = {"queue": "sales"}


async def lose(client: ClientSession, *names: str, customer: str) -> None:
    """Let contacts of one customer give up."""
    for name in names:
        await tell(client, CONTACTS, 201, contact=name, customer=customer, **SALES)
        await tell(client, f"{CONTACTS}/{name}/release", by="customer")


async def serve(client: ClientSession, name: str, customer: str) -> None:
    """Let alice speak with a customer."""
    await tell(client, "/api/v1/agents/alice/status", status="available")
    await tell(client, CONTACTS, 201, contact=name, customer=customer, **SALES)
    await tell(client, f"/api/v1/agents/alice/offers/{name}/answer")


async def test_the_lost_are_told_with_those_who_called_again(client: ClientSession) -> None:
    await lose(client, "a1", "a2", customer="+84 24 3825 1001")
    await lose(client, "b1", customer="+84 24 3825 1002")
    await lose(client, "n1", customer="")
    await serve(client, "b2", "+84 24 3825 1002")
    found = await get(client, f"{BOARD}/lost")
    assert (found["total"], found["customers"]) == (4, 3)
    told = {one["contact"]: one for one in found["contacts"]}
    assert [one["contact"] for one in found["contacts"]] == ["n1", "b1", "a2", "a1"]
    assert [told[name]["times"] for name in ("a1", "a2", "b1", "n1")] == [2, 2, 1, 1]
    assert [bool(told[name]["reached_ns"]) for name in ("a1", "b1", "n1")] == [False, True, False]
    assert not any("3825" in one["caller"] for one in found["contacts"])
    ticked = told["a1"]["id"]
    await tell(client, "/api/v1/alerts/acknowledge", alert=f"lost/{ticked}", by="lan", reason="spoke with her")
    again = {one["contact"]: one for one in (await get(client, f"{BOARD}/lost"))["contacts"]}
    assert again["a1"]["called_back_by"] == "lan"
    assert not again["a2"]["called_back_ns"]
    assert len((await get(client, f"{BOARD}/lost?limit=1"))["contacts"]) == 1


async def test_who_was_lost_by_a_fault_is_listed_too(client: ClientSession) -> None:
    await tell(client, CONTACTS, 201, contact="f1", customer="x", **SALES)
    await tell(client, f"{CONTACTS}/f1/release", by="system")
    (found,) = (await get(client, f"{BOARD}/lost"))["contacts"]
    assert (found["contact"], found["exit"]) == ("f1", "system_error")


async def test_the_lost_are_told_as_they_stood(client: ClientSession) -> None:
    await lose(client, "a1", customer="x")
    before = await get(client, f"{BOARD}/lost")
    await asyncio.sleep(0.01)
    await lose(client, "a2", customer="x")
    await serve(client, "a3", "x")
    said: dict[str, Any] = {"alert": f"lost/{before['contacts'][0]['id']}", "by": "lan", "reason": "spoke with her"}
    await tell(client, "/api/v1/alerts/acknowledge", **said)
    after = await get(client, f"{BOARD}/lost")
    assert [one["times"] for one in after["contacts"]] == [2, 2]
    await asyncio.sleep(0.01)
    await tell(client, "/api/v1/alerts/acknowledge", **said | {"by": "hoa"})
    for live in (before, after):
        then = await get(client, f"{BOARD}/lost?at={live['at_ns']}")
        assert (then["contacts"], then["total"], then["whole_from_ns"]) == (live["contacts"], live["total"], 0)


async def test_the_lost_come_as_csv_that_no_spreadsheet_reckons_with(client: ClientSession) -> None:
    await lose(client, "=1+1", customer="+84 24 3825 1001")
    async with client.get(f"{BOARD}/lost?format=csv") as answer:
        assert (answer.status, answer.content_type) == (200, "text/csv")
        (row,) = csv.DictReader(io.StringIO(await answer.text()))
    assert row["contact"] == "'=1+1"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00:00", row["lost_at"])
    assert (row["reached_at"], row["called_back_at"], "lost_ns" in row) == ("", "", False)
    assert row["caller"] == "'+84 24 3825 1001", "who may supervise needs the number to call back"


@pytest.mark.parametrize(
    ("customer", "cell"),
    [(" =1+1", "' =1+1"), ("Lan;=1+1", "Lan;'=1+1"), ("Lan; @now", "Lan;' @now"), ("Lan - Ha", "Lan - Ha")],
)
async def test_no_cell_begins_a_formula_wherever_a_spreadsheet_cuts(
    client: ClientSession, customer: str, cell: str
) -> None:
    await lose(client, "one", customer=customer)
    async with client.get(f"{BOARD}/lost?format=csv") as answer:
        (row,) = csv.DictReader(io.StringIO(await answer.text()))
    assert row["caller"] == cell


async def test_who_said_that_an_alert_was_seen_stands_in_the_log(client: ClientSession) -> None:
    await tell(client, "/api/v1/alerts/acknowledge", alert="default/sales/waiting", by="lan", reason="on it")
    page = await get(client, "/api/v1/events?type=alert_acknowledged")
    (event,) = page["events"]
    assert event["data"] == {"by": "lan", "reason": "on it", "alert": "default/sales/waiting"}


async def test_orders_of_supervisors_say_who_and_why(client: ClientSession) -> None:
    await tell(client, CONTACTS, 201, contact="c", **SALES)
    said: dict[str, Any] = {"by": "lan", "reason": "storm"}
    await tell(client, f"{CONTACTS}/c/priority", priority=3, **said)
    await tell(client, f"{CONTACTS}/c/transfer", queue="help", **said)
    await tell(client, "/api/v1/queues/sales/close", **said)
    await tell(client, "/api/v1/queues/sales/open", **said)
    for kind in ("priority_changed", "transfer_requested", "queue_closed", "queue_opened"):
        (event,) = (await get(client, f"/api/v1/events?type={kind}"))["events"]
        assert said.items() <= event["data"].items(), kind


async def test_a_moment_is_told_as_it_was(client: ClientSession) -> None:
    def still(board: dict[str, Any]) -> tuple[Any, ...]:
        queues = [(one["queue"], one["waiting"], one["answered"], one["open"]) for one in board["queues"]]
        agents = [(one["agent"], one["state"]) for one in board["agents"]]
        return queues, agents, [one["contact"] for one in board.get("waiting", ())]

    span = await get(client, f"{BOARD}/past/span")
    await tell(client, CONTACTS, 201, contact="c1", customer="+84 24 3825 1001", queue="help")
    moments = []
    for step in (
        lambda: serve(client, "c2", "x"),
        lambda: tell(client, "/api/v1/queues/sales/close"),
        lambda: tell(client, f"{CONTACTS}/c1/release", by="customer"),
    ):
        live = {**await get(client, "/api/v1/queues"), **await get(client, "/api/v1/agents")}
        moments.append((live["at_ns"], still(live)))
        await asyncio.sleep(0.01)
        await step()
    assert span["began_ns"] <= moments[0][0]
    for at_ns, as_it_was in [*moments, *reversed(moments)]:
        told = await get(client, f"{BOARD}/past?at={at_ns}")
        assert still(told)[:2] == as_it_was[:2]
        assert "3825" not in str(told)
    first = await get(client, f"{BOARD}/past?at={moments[0][0]}")
    assert [one["contact"] for one in first["waiting"]] == ["c1"]


QUALITY = """
quality:
  surveys: {csat: {}, nps: {}}
  schedule:
    - {agent: alice, from: 2000-01-01T08:00, to: 2100-01-01T09:00, activity: work}
cases: {complaint: {queue: help, limit: 2d, complaint: true}}
"""


async def test_quality_is_told_as_it_was(build: Build) -> None:
    centre = CENTRE.replace("wrap_up: 10s", "wrap_up: 0s") + QUALITY
    house = await build("boards: {floor: {queues: [sales]}}", centre=centre)
    async with ClientSession(house.url) as client:
        lives = []
        for number, kind in enumerate(("csat", "nps", "csat")):
            name = f"c{number}"
            await serve(client, name, f"customer {number % 2}")
            contact = (await get(client, f"{CONTACTS}/{name}"))["contact"]["id"]
            await tell(client, f"{CONTACTS}/{name}/release")
            said: dict[str, Any] = {"contact": name, "contact_id": contact, "kind": kind}
            await tell(client, "/api/v1/quality/surveys", 201, **said)
            lives += [(board, await get(client, f"/api/v1/boards/{board}/quality")) for board in ("default", "floor")]
            await asyncio.sleep(0.01)
            await tell(client, "/api/v1/quality/answers", **said, score=number + 3)
            await tell(client, "/api/v1/cases", 201, kind="complaint", customer="ann", customer_base="vip")
            lives += [(board, await get(client, f"/api/v1/boards/{board}/quality")) for board in ("default", "floor")]
            await asyncio.sleep(0.01)
        for board, live in [*lives, *reversed(lives)]:
            assert await get(client, f"/api/v1/boards/{board}/quality?at={live['at_ns']}") == live
        assert lives[-1][1]["today"]["surveys"][0]["answered"] == 2
        assert lives[-1][1]["adherence_today"]["agents"] == 1
        assert [live["cases_open"] for _, live in lives[::4]] == [0, 1, 2]
        async with client.get(f"{BOARD}/quality?at=yesterday") as answer:
            assert answer.status == 400


async def test_the_day_is_told_as_it_stood(client: ClientSession) -> None:
    def counted(day: dict[str, Any]) -> list[tuple[Any, ...]]:
        return [(row["start_ns"], row["offered"], row["answered"], row["abandoned"]) for row in day["rows"]]

    await serve(client, "c1", "x")
    await lose(client, "a1", customer="y")
    before = await get(client, f"{BOARD}/day")
    await asyncio.sleep(0.01)
    await lose(client, "a2", "a3", customer="y")
    after = await get(client, f"{BOARD}/day")
    assert sum(row["abandoned"] or 0 for row in after["rows"]) == 3
    for live in (before, after, before):
        then = await get(client, f"{BOARD}/day?at={live['at_ns']}")
        assert counted(then) == counted(live)
        assert then["rows"][-1]["agents"] is not None
    async with client.get(f"{BOARD}/day?at=yesterday") as answer:
        assert answer.status == 400


async def test_the_day_is_told_against_its_plan(build: Build, tmp_path: Path) -> None:
    plan = tmp_path / "plan.csv"
    lines = [f"{hour:02d}:{minute:02d},sales,{hour},2,3" for hour in range(24) for minute in (0, 30)]
    plan.write_text("interval_start,queue,forecast_offered,required,scheduled\n" + "\n".join(lines))
    house = await build(f"boards: {{default: {{plan: {plan}, queues: [sales]}}}}")
    async with ClientSession(house.url) as client:
        await tell(client, "/api/v1/agents/alice/status", status="available")
        await tell(client, CONTACTS, 201, contact="c1", **SALES)
        await tell(client, CONTACTS, 201, contact="c2", queue="help")
        day = await get(client, f"{BOARD}/day")
        assert (day["planned"], day["fault"], day["step_s"]) == (True, "", 1800.0)
        assert len(day["rows"]) == 48
        now = [row for row in day["rows"] if row["start_ns"] <= day["at_ns"] < row["start_ns"] + 1800 * 10**9]
        assert [(row["offered"], row["required"], row["scheduled"]) for row in now] == [(1, 2, 3)]
        (table,) = (await get(client, "/api/v1/intervals?step=30m&queue=sales"))["rows"]
        assert 0 <= now[0]["agents"] <= 1, "an average over the part of the interval that has passed"
        assert now[0]["agents"] == pytest.approx(table["agents_actual"], abs=0.2)
        assert sum(row["forecast"] for row in day["rows"]) == 2 * sum(range(24))
        plan.write_text("interval_start,queue\n25:77,sales\n")
        day = await get(client, f"{BOARD}/day")
        assert "line 2: '25:77'" in day["fault"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("when,queue\n", "the column 'interval_start' is missing"),
        ("interval_start,queue,required\n08:00,sales,many\n", "line 2: 'many' is no number for 'required'"),
        ("interval_start,queue,required\n08:00,sales,-1\n", "line 2: -1 is out of range"),
        (
            "interval_start,queue\n08:00, sales \n08:00,salez\n",
            "line 3: there is no queue 'salez'; did you mean 'sales'?",
        ),
        ("interval_start,queue\n08:00,vip\n", "line 2: there is no queue 'vip'; there is sales, help"),
    ],
)
async def test_a_wrong_plan_says_where(build: Build, tmp_path: Path, text: str, fault: str) -> None:
    plan = tmp_path / "plan.csv"
    plan.write_text(text)
    house = await build(f"boards: {{default: {{plan: {plan}}}}}")
    async with ClientSession(house.url) as client:
        day = await get(client, f"{BOARD}/day")
        assert fault in day["fault"]
        words = [catalogue(language)[f"plan_fault_{day['fault_code']}"] for language in ("en", "vi")]
        assert all(PLACE.findall(text) and set(PLACE.findall(text)) <= day["fault_given"].keys() for text in words)
        plan.unlink()
        day = await get(client, f"{BOARD}/day")
        assert (day["fault"], day["fault_code"]) == (f"there is no file {plan}", "missing")
        assert day["fault_given"] == {"path": str(plan)}


def test_a_plan_is_beside_the_configuration_and_check_notes_what_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "centre.yaml"
    file.write_text("queues: {sales: {}}\nadapters: {http: {boards: {day: {plan: plan.csv}, bare: {}}}}\n")
    config = load_config(file, {})
    settings: Any = config.adapters["http"]
    plan = tmp_path / "plan.csv"
    assert [board.plan for board in settings.boards.values()] == [str(plan), ""]
    where = "adapter 'http': the plan of board 'day' cannot be shown:"
    at = ("adapters", "http", "boards", "day", "plan")
    assert of_adapters(config) == [(at, f"{where} there is no file {plan}")]
    plan.write_text("interval_start,queue\n25:77,sales\n")
    ((_, note),) = of_adapters(config)
    assert note.startswith(f"{where} line 2: '25:77'")
    plan.write_text("interval_start,queue\n08:00,\n08:00,salez\n")
    assert of_adapters(config) == [(at, f"{where} line 3: there is no queue 'salez'; did you mean 'sales'?")]
    plan.write_text("interval_start,queue\n08:00,sales\n")
    assert of_adapters(config) == []
