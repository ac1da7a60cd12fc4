"""`/api/v1/quality`: what it answers, whom it lets ask, and what is wrong with a question."""

from typing import Any

import aiohttp
import pytest
from aiohttp import ClientSession

from engine.projections.contact_views import ContactViews
from tests.http.support import CENTRE, CONTACTS, Build, get, tell

QUALITY = """
quality:
  surveys: {csat: {queues: [sales]}}
  scorecards:
    - {name: calls, sections: [{name: all, criteria: [{name: solves, weight: 100, points: 5}]}]}
  schedule:
    - {agent: alice, from: 2000-01-01T08:00, to: 2000-01-01T09:00, activity: work}
"""


@pytest.fixture
async def client(build: Build) -> Any:
    """Return a client of a house with surveys, a scorecard and a schedule of long ago."""
    house = await build(centre=CENTRE + QUALITY)
    async with aiohttp.ClientSession(house.url) as session:
        yield session


async def served(client: ClientSession, name: str = "c") -> int:
    """Let alice serve a contact; returns its id."""
    await tell(client, "/api/v1/agents/alice/status", status="available")
    await tell(client, CONTACTS, 201, queue="sales", contact=name, customer="ann")
    answered = {"type": "offer_answered", "contact": name, "agent": "alice"}
    async with client.post("/api/v1/events", json=[answered]) as answer:
        assert answer.status == 202, await answer.text()
    await tell(client, f"{CONTACTS}/{name}/release")
    return int((await get(client, f"{CONTACTS}/{name}"))["contact"]["id"])


async def test_a_survey_is_asked_once_and_counted(client: ClientSession) -> None:
    contact = await served(client)
    advice = await get(client, "/api/v1/quality/advice?contact=c&kind=csat")
    assert (advice["ask"], advice["contact_id"]) == (True, contact)
    said: dict[str, Any] = {"contact": "c", "contact_id": contact, "kind": "csat"}
    await tell(client, "/api/v1/quality/surveys", 201, **said)
    again = await tell(client, "/api/v1/quality/surveys", 409, **said)
    assert "asked already" in again["detail"]
    await tell(client, "/api/v1/quality/surveys", 409, **said | {"kind": "nps"})
    await tell(client, "/api/v1/quality/answers", **said, score=4, comment="quick")
    (row,) = (await get(client, "/api/v1/quality?group_by=queue,agent"))["rows"]
    assert (row["queue"], row["agent"], row["channel"], row["interval_start"]) == ("sales", "alice", None, None)
    (survey,) = row["surveys"]
    assert (survey["requested"], survey["answered"], survey["share"]["value"]) == (1, 1, 1.0)
    assert survey["share"]["interval"] == "wilson"
    assert row["resolution"]["contacts"] == 1
    assert row["resolution"]["first_contact_resolution"] is None
    (told,) = (await get(client, "/api/v1/quality/surveys?kind=csat"))["answers"]
    assert (told["score"], told["comment"], told["agent"]) == (4, "quick", "alice")
    assert (await get(client, "/api/v1/quality/surveys?score_max=3"))["answers"] == []


async def test_an_evaluation_is_scored(client: ClientSession) -> None:
    contact = await served(client)
    (card,) = (await get(client, "/api/v1/quality/scorecards"))["scorecards"]
    assert (card["name"], card["version"]) == ("calls", 1)
    judged: dict[str, Any] = {
        "contact": "c",
        "contact_id": contact,
        "scorecard": "calls",
        "version": 1,
        "evaluator": "eve",
    }
    await tell(client, "/api/v1/quality/evaluations", **judged, answers={"solves": 4})
    wrong = await tell(client, "/api/v1/quality/evaluations", 422, **judged, answers={"solves": 6})
    assert "0 to 5 points" in wrong["detail"]
    (told,) = (await get(client, "/api/v1/quality/evaluations?agent=alice"))["evaluations"]
    assert (told["score"], told["evaluator"], told["answers"]) == (80.0, "eve", {"solves": 4})
    assert (await get(client, "/api/v1/quality/evaluations?agent=bob"))["evaluations"] == []
    (row,) = (await get(client, "/api/v1/quality"))["rows"]
    assert row["evaluations"][0]["score"] == {"value": 80.0, "lo": None, "hi": None, "n": 1, "interval": "student_t"}


async def test_what_is_drawn_leaves_the_list_when_it_is_judged_and_is_calibrated_when_two_did(
    client: ClientSession,
) -> None:
    contact = await served(client)
    (drawn,) = (await get(client, "/api/v1/quality/sample?agent=alice&seed=7"))["contacts"]
    assert (drawn["contact_id"], drawn["agent"], drawn["why"]) == (contact, "alice", "random")
    (drawn,) = (await get(client, "/api/v1/quality/sample?weights=transferred:1"))["contacts"]
    assert (drawn["why"], drawn["transfers"]) == ("random", 0), "there are no others"
    for wrong in ("loud:1", "random:0", "random", "random:1,random:2", "random:1000"):
        async with client.get(f"/api/v1/quality/sample?weights={wrong}") as refused:
            assert refused.status == 400, wrong
    judged: dict[str, Any] = {"contact": "c", "contact_id": contact, "scorecard": "calls", "version": 1}
    for evaluator, points in (("eve", 4), ("mai", 2)):
        answers = {"solves": points}
        await tell(client, "/api/v1/quality/evaluations", **judged, evaluator=evaluator, answers=answers)
    assert (await get(client, "/api/v1/quality/sample"))["contacts"] == []
    found = await get(client, "/api/v1/quality/calibration?scorecard=calls")
    assert found["contacts"][0]["scores"] == {"eve": 80.0, "mai": 40.0}
    assert (found["agreement"]["value"], found["contacts"][0]["apart"]) == (0.0, ["solves"])


async def test_the_schedule_and_its_exceptions_are_told(client: ClientSession) -> None:
    report = await get(client, "/api/v1/quality/adherence?from=2000-01-01T00:00:00Z&agent=alice")
    (alice,) = report["agents"]
    assert (report["scheduled"], alice["scheduled_s"], alice["adherence"]) == (True, 3600.0, 0.0)
    assert alice["attendance"][0]["absent"]
    begin_ns = alice["attendance"][0]["from_ns"]
    excepted: dict[str, Any] = {
        "agent": "alice",
        "from_ns": begin_ns,
        "to_ns": begin_ns + 3600 * 10**9,
        "reason": "sick",
    }
    await tell(client, "/api/v1/quality/exceptions", **excepted)
    (alice,) = (await get(client, "/api/v1/quality/adherence?from=2000-01-01T00:00:00Z"))["agents"]
    assert (alice["adherence"], alice["excepted_s"], alice["attendance"][0]["reason"]) == (None, 3600.0, "sick")


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("?group_by=colour", 400, "is not one of queue"),
        ("?step=17m", 400, "multiple of the interval"),
        ("?queue=nowhere", 404, "no queue"),
        ("?agent=nobody", 404, "no agent"),
        ("/adherence?agent=nobody", 404, "no agent"),
        ("/advice?contact=nobody", 404, "no contact"),
        ("/surveys?kind=joy", 400, "is not one of csat"),
    ],
)
async def test_a_wrong_question_is_told(client: ClientSession, address: str, status: int, words: str) -> None:
    async with client.get(f"/api/v1/quality{address}") as answer:
        assert answer.status == status
        assert words in (await answer.json())["detail"]


async def test_metrics_tell_surveys(client: ClientSession) -> None:
    contact = await served(client)
    said: dict[str, Any] = {"contact": "c", "contact_id": contact, "kind": "csat"}
    await tell(client, "/api/v1/quality/surveys", 201, **said)
    await tell(client, "/api/v1/quality/answers", **said, score=4)
    await tell(client, "/api/v1/quality/answers", **said, score=5)
    async with client.get("/metrics") as answer:
        text = await answer.text()
    labels = 'channel="voice",kind="csat",queue="sales"'
    assert f"trunkline_survey_requests_total{{{labels}}} 1.0" in text
    assert f'trunkline_survey_answers_total{{{labels},score="4"}} 1.0' in text
    assert 'trunkline_survey_facts_ignored_total{reason="answered_again"} 1.0' in text


async def test_a_board_tells_quality_of_its_own_queues_with_n_and_interval(build: Build) -> None:
    house = await build("boards: {sold: {queues: [sales]}, helped: {queues: [help]}}", CENTRE + QUALITY)
    async with aiohttp.ClientSession(house.url) as client:
        contact = await served(client)
        said: dict[str, Any] = {"contact": "c", "contact_id": contact, "kind": "csat"}
        await tell(client, "/api/v1/quality/surveys", 201, **said)
        await tell(client, "/api/v1/quality/answers", **said, score=5)
        found = await get(client, "/api/v1/boards/sold/quality")
        for period in (found["today"], found["week"]):
            assert period["whole_from_ns"] == period["from_ns"]
            (survey,) = period["surveys"]
            assert (survey["share"]["value"], survey["share"]["n"], survey["share"]["interval"]) == (1.0, 1, "wilson")
            assert 0 < survey["share"]["lo"] < survey["share"]["hi"] <= 1
            assert survey["response_rate"]["value"] == 1.0
            assert (period["resolution"]["handled"], period["resolution"]["window_s"]) == (1, 7 * 86400.0)
        assert (found["scheduled"], found["adherence_today"]["agents"]) == (True, 0)
        other = await get(client, "/api/v1/boards/helped/quality")
        assert (other["today"]["surveys"], other["today"]["resolution"]["handled"]) == ([], 0)
        (row,) = [row for row in (await get(client, "/api/v1/intervals"))["rows"] if row["queue"] == "sales"]
        assert (row["csat"], row["handled"], row["transfers"], row["no_answers"]) == (1.0, 1, 0, 0)
        assert row["first_contact_resolution"] is None


async def test_complaints_stand_against_the_contacts_of_their_customer_base(build: Build) -> None:
    cases = "cases: {complaint: {queue: sales, limit: 1h, complaint: true}}\n"
    house = await build(centre=CENTRE + cases)
    async with aiohttp.ClientSession(house.url) as client:
        for number in range(4):
            base = {"customer_base": "gold", "region": "north"}
            await tell(client, CONTACTS, 201, queue="sales", contact=f"c{number}", attributes=base)
        said = {"kind": "complaint", "customer_base": "gold", "region": "north", "subject": "late"}
        await tell(client, "/api/v1/cases", 201, **said)
        found = await get(client, "/api/v1/boards/default/quality")
        told = found["complaints"]
        assert (told["contacts"], told["complaints"], told["rate"]["value"]) == (4, 1, 0.25)
        assert (found["cases_open"], found["cases_overdue"]) == (1, 0)


@pytest.mark.parametrize("remembered", [True, False])
async def test_what_is_said_of_a_contact_that_never_was_is_refused(
    client: ClientSession, monkeypatch: pytest.MonkeyPatch, remembered: bool
) -> None:
    contact = await served(client)
    if not remembered:
        monkeypatch.setattr(ContactViews, "find", forgotten)
    said: dict[str, Any] = {"kind": "csat", "score": 4}
    for name, number, why in (
        ("nope", contact, "that is contact 'c'"),
        ("c", contact + 1, "no contact has arrived there"),
        ("c", 999_999, "has arrived at sequence 999999"),
    ):
        refused = await tell(client, "/api/v1/quality/answers", 422, contact=name, contact_id=number, **said)
        assert why in refused["detail"]
        assert refused["errors"][0]["pointer"] == "/contact_id"
    await tell(client, "/api/v1/quality/answers", contact="c", contact_id=contact, **said)


def forgotten(*_: Any) -> Any:
    """So many contacts have come since."""
    raise KeyError("forgotten")
