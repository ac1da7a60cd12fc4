"""Cases over a running engine: tasks, deadlines, resolutions that are reported, reopening, and restarts."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from engine.config.load import load_config
from engine.config.sections import Config
from engine.errors import Overloaded
from engine.live.cases import CaseWork, priority_at
from engine.live.host import EngineHost
from engine.log.segment import SMALLEST_SEGMENT_BYTES
from engine.messages.observed import (
    AgentReachabilityChanged,
    AgentStatusChanged,
    CaseOpened,
    CaseReopened,
    CaseResolved,
    ContactArrived,
    ContactReleased,
    ContactWithdrawn,
    Observed,
    OfferAnswered,
    OfferDeclined,
)
from engine.model.quality import CASE_REPORTS
from engine.projections.quality.subjects.cases import Case
from engine.projections.quality.tables.answers import ToldCase
from tests.projections.quality.support import QUALITY, WITH_BACK_OFFICE, QualityCentre

S = 1_000_000_000
HOUR_S = 3600.0


class Office:
    """A centre whose cases find somebody."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.centre = QualityCentre(folder)
        self.work = CaseWork(self.centre.engine)
        self.work.start()

    async def later(self, seconds: float = 0.0) -> None:
        """Let time pass, and let the driver do what is due."""
        self.centre.clock.advance(int(seconds * S))
        for _ in range(3):
            await self.look()
            await self.centre.engine.durable()
            await self.centre.say()

    async def look(self) -> None:
        """Let the driver look once at all that happened."""
        self.work.look()
        await self.work.wait_settled()

    async def open(self, **said: Any) -> int:
        """Open a case; returns its number."""
        (receipt,) = await self.centre.say(CaseOpened(**{"kind": "complaint", "agent": "alice"} | said))
        assert not receipt.error
        await self.later()
        return receipt.seq

    def configured(self, alice: str, more: str = "") -> Config:
        """The centre's configuration with what is said of alice, and of more."""
        path = self._folder / "other.yaml"
        path.write_text(more + WITH_BACK_OFFICE.replace("{english: 5}}", alice) + QUALITY)
        return load_config(path, adapters={})

    def names(self) -> set[str]:
        """The names of all contacts that came."""
        return {record.contact for record in self.centre.views.history.records()}

    def case(self, number: int) -> ToldCase:
        """Return a case as it is told."""
        return self.centre.quality.case(number, self.centre.clock.now_ns()).case

    async def serve(self, contact: str, agent: str) -> None:
        """Let an agent take a contact."""
        await self.centre.say(AgentStatusChanged(agent=agent, status="available"))
        (receipt,) = await self.centre.after(1, OfferAnswered(contact=contact, agent=agent))
        assert (receipt.error, receipt.refused) == ("", ""), self.centre.views.contacts.find(contact)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    office = Office(tmp_path)
    yield office
    office.work.stop()
    await office.centre.engine.stop()


async def test_a_case_is_a_task_of_its_queue_until_it_is_resolved(office: Office) -> None:
    contact = await office.centre.talk("c", customer="ann")
    number = await office.open(contact="c", contact_id=contact, subject="late", customer="ann")
    case = office.case(number)
    assert (case.state, case.queue, case.task, case.overdue) == ("open", "back", f"case-{number}-1", False)
    assert case.deadline_ns == case.opened_ns + 2 * 86_400 * S
    task = office.centre.views.contacts.find(case.task).contact
    assert (task.channel, task.queue, task.state, task.attributes["subject"]) == ("task", "back", "waiting", "late")
    await office.serve(case.task, "carol")
    assert office.case(number).task_agent == "carol"
    await office.centre.say(CaseResolved(case_id=number, resolution="sent again", agent="carol"))
    await office.later()
    case = office.case(number)
    assert (case.state, case.resolution, case.resolved_by, case.task) == ("resolved", "sent again", "carol", "")


async def test_a_look_costs_what_is_due_and_not_what_is_open(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[int] = []
    serve = office.work._serve

    def noted(case: Case, now_ns: int) -> int:
        served.append(case.id)
        return serve(case, now_ns)

    monkeypatch.setattr(office.work, "_serve", noted)
    numbers = [await office.open() for _ in range(20)]
    assert set(served) == set(numbers)
    await office.later(31)
    served.clear()
    await office.later(1)
    await office.centre.say(AgentStatusChanged(agent="bob", status="available"))
    await office.later()
    assert served == [], "nothing happened to any, and nothing is due"
    await office.centre.say(CaseResolved(case_id=numbers[3], resolution="done", agent="carol"))
    await office.later()
    assert set(served) == {numbers[3]}
    office.centre.clock.advance(2 * 86_400 * S)
    await office.later()
    assert set(served) == set(numbers), "all are overdue, and of the highest priority"
    found = [office.centre.views.contacts.find(office.case(number).task).contact for number in numbers[4:]]
    assert {contact.priority for contact in found} == {7}
    await office.later(31)
    served.clear()
    await office.later(31)
    assert served == []


async def test_a_look_waits_for_nobody_who_reads_quality(office: Office) -> None:
    lock = office.centre.quality._aside.lock
    held, looked = Event(), Event()

    def read_long() -> bool:
        with lock:
            held.set()
            return looked.wait(30)

    (opened,) = await office.centre.say(CaseOpened(kind="complaint", agent="alice"))
    reading = asyncio.get_running_loop().run_in_executor(None, read_long)
    await asyncio.to_thread(held.wait)
    office.work.look()
    looked.set()
    assert await reading, "the loop waited until the reader gave up"
    await office.later()
    assert office.case(opened.seq).task == f"case-{opened.seq}-1"


async def test_what_was_told_while_it_was_stopped_is_not_lost(office: Office) -> None:
    (opened,) = await office.centre.say(CaseOpened(kind="complaint", agent="alice"))
    office.work.look()
    office.work.stop()
    office.work.start()
    await office.later()
    assert office.case(opened.seq).task == f"case-{opened.seq}-1"


async def test_what_finds_no_room_is_tried_at_the_next_look(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []

    def full(adapter: str, source: str, facts: Sequence[Observed]) -> None:
        tries.append(facts[0].id)
        raise Overloaded("full")

    office.work.stop()
    (opened,) = await office.centre.say(CaseOpened(kind="complaint", agent="alice"))
    with monkeypatch.context() as narrow:
        narrow.setattr(office.centre.engine, "submit_for", full)
        office.work.start()
        await office.work.wait_settled()
        await office.look()
        await office.look()
    assert tries == [f"case-{opened.seq}-1"] * 3
    await office.later(1)
    assert office.case(opened.seq).task == f"case-{opened.seq}-1"


async def test_a_case_that_fails_bars_the_way_to_no_other(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make = office.work._task
    broken: list[int] = []

    def make_unless_broken(case: Case, now_ns: int) -> ContactArrived:
        if not broken or case.id in broken:
            broken[:] = [case.id]
            raise ValueError("no task can be made of it")
        return make(case, now_ns)

    with monkeypatch.context() as narrow:
        narrow.setattr(office.work, "_task", make_unless_broken)
        first, second = await office.open(), await office.open()
        await office.later(31)
    assert [office.case(number).task for number in (first, second)] == ["", f"case-{second}-1"]
    counters = office.centre.engine.counters
    assert (counters["cases_failed"], counters["ticks_failed"]) == (2, 0)
    assert [record.getMessage() for record in caplog.records if record.exc_info] == [
        f"case {first} failed; it is tried again every 30 s"
    ]
    await office.later(31)
    assert office.case(first).task == f"case-{first}-1"


async def test_what_happened_to_cases_is_kept_when_one_of_them_fails(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [await office.open() for _ in range(3)]
    office.work.stop()
    for number in numbers:
        withdrawn = ContactWithdrawn(contact=f"case-{number}-1")
        await office.centre.say(withdrawn, CaseResolved(case_id=number, resolution="done"))
    assert {office.case(number).state for number in numbers} == {"resolved"}
    fails = iter([True])
    is_owed = Case.is_owed

    def is_owed_or_fails(case: Case, now_ns: int) -> bool:
        if next(fails, False):
            raise ValueError("nobody knows")
        return is_owed(case, now_ns)

    with monkeypatch.context() as narrow:
        narrow.setattr(Case, "is_owed", is_owed_or_fails)
        office.work.start()
        await office.work.wait_settled()
    await office.centre.say(AgentStatusChanged(agent="alice", status="available"))
    await office.later(31)
    told = {record.contact for record in office.centre.views.history.records()}
    assert told >= {f"case-{number}-report-0-1" for number in numbers}


async def test_the_outcome_is_told_to_the_agent_who_opened_it(office: Office) -> None:
    number = await office.open()
    await office.centre.say(CaseResolved(case_id=number, resolution="done", by="boss"))
    await office.later()
    assert [c for c in office.centre.views.history.records() if c.open] == []
    report = f"case-{number}-report-0-1"
    await office.centre.say(AgentStatusChanged(agent="bob", status="available"))
    await office.centre.say(AgentStatusChanged(agent="alice", status="available"))
    await office.later()
    told = office.centre.views.contacts.find(report).contact
    assert (told.channel, told.attributes["resolution"]) == ("task", "done")
    assert told.offered_to == ["alice"]
    await office.serve(report, "alice")
    assert office.case(number).told_ns > 0
    await office.centre.after(5, ContactReleased(contact=report))
    await office.later(HOUR_S)
    assert [c for c in office.centre.views.history.records() if c.open] == []


async def test_the_outcome_is_told_to_who_has_no_phone_just_now(office: Office) -> None:
    office.centre.engine.configure(office.configured('{english: 5}, phone: {address: "sip:alice@127.0.0.1"}}'))
    number = await office.open()
    await office.centre.say(AgentReachabilityChanged(agent="alice", reachable=True))
    await office.centre.say(AgentStatusChanged(agent="alice", status="available"))
    await office.centre.say(ContactArrived(contact="call", queue="sales"))
    await office.centre.say(CaseResolved(case_id=number, resolution="done", by="boss"))
    await office.later()
    report = f"case-{number}-report-0-1"
    assert office.centre.views.agent("alice").state == "offered"
    assert report not in office.names()
    await office.centre.say(AgentReachabilityChanged(agent="alice", reachable=False))
    await office.work.wait_settled()
    await office.centre.say()
    assert office.centre.views.contacts.find("call").contact.state == "waiting"
    assert office.centre.views.contacts.find(report).contact.offered_to == ["alice"]
    await office.serve(report, "alice")
    assert office.case(number).told_ns > 0


async def test_who_declined_is_told_once_work_comes_again(office: Office) -> None:
    number = await office.open()
    await office.centre.say(AgentStatusChanged(agent="alice", status="available"))
    await office.centre.say(ContactArrived(contact="call", queue="sales"))
    await office.centre.say(OfferDeclined(contact="call", agent="alice"), ContactWithdrawn(contact="call"))
    await office.centre.say(CaseResolved(case_id=number, resolution="done", by="boss"))
    await office.later()
    report = f"case-{number}-report-0-1"
    assert office.centre.views.agent("alice").state == "not_responding"
    assert report not in office.names()
    await office.centre.after(2)
    await office.work.wait_settled()
    await office.centre.say()
    assert office.centre.views.contacts.find(report).contact.offered_to == ["alice"]


@pytest.mark.parametrize("told", [False, True])
async def test_the_outcome_is_told_beside_a_call_where_tasks_may_come_then(office: Office, told: bool) -> None:
    channels = "channels: {task: {capacity: 1, may_interrupt: [voice]}}\n" if told else ""
    office.centre.engine.configure(office.configured("{english: 5}}", channels))
    number = await office.open()
    await office.centre.say(AgentStatusChanged(agent="alice", status="available"))
    await office.centre.say(ContactArrived(contact="call", queue="sales"))
    await office.centre.say(OfferAnswered(contact="call", agent="alice"))
    await office.centre.say(CaseResolved(case_id=number, resolution="done", by="boss"))
    await office.later()
    assert (f"case-{number}-report-0-1" in office.names()) == told


async def test_a_report_that_its_agent_does_not_take_goes_to_nobody_else(office: Office) -> None:
    number = await office.open()
    await office.centre.say(AgentStatusChanged(agent="alice", status="available"))
    await office.centre.say(AgentStatusChanged(agent="bob", status="available"))
    await office.centre.say(CaseResolved(case_id=number, resolution="done", agent="carol"))
    await office.later()
    first = office.centre.views.contacts.find(f"case-{number}-report-0-1").contact
    assert (first.queue, first.offered_to) == (CASE_REPORTS, ["alice"])
    assert first.attributes["resolved_by"] == "carol"
    assert int(first.attributes["resolved_ns"]) == office.case(number).resolved_ns
    await office.later(20)
    first = office.centre.views.contacts.find(first.contact).contact
    assert (first.open, first.exit, [offer.agent for offer in first.offers]) == (False, "empty", ["alice"])
    assert office.centre.views.agent("bob").state == "idle"
    await office.later(599)
    assert (office.case(number).told_ns, office.case(number).not_told) == (0, False)
    await office.later(1)
    again = office.centre.views.contacts.find(f"case-{number}-report-0-2").contact
    assert again.offered_to == ["alice"]
    await office.serve(again.contact, "alice")
    assert office.case(number).told_ns > 0


async def test_who_stays_away_is_not_told_in_the_end(office: Office) -> None:
    number, other = await office.open(), await office.open(report_to="nobody")
    for case in (number, other):
        await office.centre.say(CaseResolved(case_id=case, resolution="done", agent="carol"))
    await office.later(7 * 86_400 - 1)
    assert office.centre.quality.case_counts(office.centre.clock.now_ns()).events["not_told"] == 0
    await office.later(1)
    now_ns = office.centre.clock.now_ns()
    assert [office.case(case).not_told for case in (number, other)] == [True, False]
    assert office.centre.quality.case_counts(now_ns).events["not_told"] == 1
    await office.centre.say(AgentStatusChanged(agent="alice", status="available"))
    third = await office.open()  # what is settled by the way is counted once
    await office.centre.say(CaseResolved(case_id=third, resolution="done", agent="carol"))
    assert office.centre.quality.case_counts(office.centre.clock.now_ns()).events["not_told"] == 1
    assert list(office.centre.quality._fold.state.cases.unsettled) == [third]
    assert not [one for one in office.centre.views.history.records() if one.contact.startswith(f"case-{number}-report")]


async def test_a_report_that_waits_ends_with_its_limit(office: Office) -> None:
    number = await office.open()
    await office.centre.say(AgentStatusChanged(agent="alice", status="available"))
    await office.later()
    await office.centre.say(CaseResolved(case_id=number, resolution="done", agent="carol"))
    office.work.stop()
    await office.later(7 * 86_400 - 10)
    report = f"case-{number}-report-0-1"
    assert office.centre.views.contacts.find(report).contact.offered_to == ["alice"]
    await office.later(10)
    assert office.centre.views.contacts.find(report).contact.exit == "withdrawn"
    assert office.case(number).not_told


async def test_the_customer_is_called_back(office: Office) -> None:
    number = await office.open(kind="request", customer="+8491", agent="")
    await office.centre.say(CaseResolved(case_id=number, resolution="done"))
    await office.later()
    told = office.centre.views.contacts.find(f"case-{number}-report-0-1").contact
    assert (told.channel, told.queue, told.attributes["callback_number"]) == ("voice", "sales", "+8491")
    await office.centre.say(ContactReleased(contact=told.contact))
    await office.later(60)
    assert office.case(number).told_ns == 0
    await office.later(900)
    assert office.centre.views.contacts.find(f"case-{number}-report-0-2").contact.state == "waiting"


async def test_a_case_whose_task_ended_rests_and_comes_again(office: Office) -> None:
    number = await office.open()
    await office.serve(f"case-{number}-1", "carol")
    await office.centre.after(60, ContactReleased(contact=f"case-{number}-1", by="agent"))
    await office.later(60)
    assert office.case(number).task == ""
    await office.later(600)
    case = office.case(number)
    assert (case.task, case.tasks) == (f"case-{number}-2", 2)


async def test_the_nearer_the_deadline_the_higher_the_priority(office: Office) -> None:
    number = await office.open()
    priorities = []
    for _ in range(5):
        priorities.append(office.centre.views.contacts.find(f"case-{number}-1").contact.priority)
        await office.later(12 * HOUR_S)
    assert priorities == [0, 2, 4, 6, 7]
    assert office.case(number).overdue
    counts = office.centre.quality.case_counts(office.centre.clock.now_ns())
    assert (counts.open, counts.overdue) == (1, 1)
    second = await office.open(deadline_ns=office.centre.clock.now_ns() + 10 * S)
    assert [case.id for case in office.centre.quality.cases("open", None, "", 9, 0, 0).cases] == [number, second]
    await office.centre.say(CaseResolved(case_id=number, resolution="late"))
    assert office.centre.quality.case_counts(0).events["resolved_overdue"] == 1


def test_priorities_change_when_they_are_said_to() -> None:
    now = 0
    seen: list[int] = []
    while not seen or seen[-1] < 7:
        priority, next_ns = priority_at(1000, 8999, now)
        assert next_ns > now
        if seen:
            assert priority == seen[-1] + 1
            assert priority_at(1000, 8999, now - 2)[0] == seen[-1]
        seen.append(priority)
        now = next_ns
    assert seen == list(range(8))


async def test_a_reopened_case_has_a_task_and_counts_against_its_resolution(office: Office) -> None:
    number = await office.open()
    await office.centre.say(CaseResolved(case_id=number, resolution="done", agent="carol"))
    await office.centre.after(60, CaseReopened(case_id=number, reason="no"))
    await office.later()
    case = office.case(number)
    assert (case.state, case.reopened, case.reason, case.task != "") == ("open", 1, "no", True)
    assert case.deadline_ns == office.centre.clock.now_ns() + 2 * 86_400 * S
    await office.later(20 * 86_400.0)
    quality, now_ns = office.centre.quality, office.centre.clock.now_ns()
    rows = {row.agent: row.resolution for row in quality.table(["agent"], 0, 2**62, 900 * S, now_ns).rows}
    assert (rows["carol"].cases_mature, rows["carol"].cases_reopened) == (1, 1)
    rate = rows["carol"].reopen_rate
    assert rate is not None
    assert rate.value == 1.0
    await office.centre.say(CaseReopened(case_id=number), CaseResolved(case_id=5, resolution="?"))
    assert office.case(number).reopened == 1


async def test_complaints_are_counted_by_base_and_region(office: Office) -> None:
    for name, region in (("a", "north"), ("b", "north"), ("c", "south")):
        attributes = {"customer_base": "cable", "region": region}
        await office.centre.say(ContactArrived(contact=name, queue="vip", attributes=attributes))
    await office.open(customer_base="cable", region="north")
    await office.open(kind="request", customer="+84 24 3825", customer_base="cable", region="south")
    found = {c.region: (c.contacts, c.complaints) for c in office.centre.quality.case_counts(0).complaints}
    assert found == {"north": (2, 1), "south": (1, 0)}


async def test_an_agent_is_told_of_a_case_that_somebody_else_opened_for_them(office: Office) -> None:
    number = await office.open(agent="alice", by="mai")
    assert (office.case(number).opened_by, office.case(number).report_to) == ("mai", "agent")
    await office.centre.say(AgentStatusChanged(agent="alice", status="available"))
    await office.centre.say(CaseResolved(case_id=number, resolution="sent again", by="mai"))
    await office.later(1)
    await office.serve(f"case-{number}-report-0-1", "alice")
    await office.later()
    assert office.case(number).told_ns > 0


async def test_a_case_that_cannot_be_is_told(office: Office) -> None:
    wrong: list[tuple[Observed, str]] = [
        (CaseOpened(kind="praise"), "kind"),
        (CaseOpened(kind="complaint"), "agent"),
        (CaseOpened(kind="request"), "number"),
        (CaseOpened(kind="request", customer="visitor-c1c3"), "number"),
        (CaseOpened(kind="request", customer="+8491", contact="c", contact_id=1), "number"),
        (CaseOpened(kind="complaint", agent="alice", contact_id=3), "contact_id"),
        (CaseOpened(kind="complaint", agent="alice", queue="nowhere"), "queue"),
        (CaseResolved(case_id=10**9, resolution="x"), "case_id"),
    ]
    receipts = await office.centre.say(*(fact for fact, _ in wrong))
    assert [receipt.field for receipt in receipts] == [field for _, field in wrong]


async def test_cases_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "centre.yaml"
    path.write_text(WITH_BACK_OFFICE + QUALITY)

    first = host_of(tmp_path)
    await first.start()
    (opened,) = await first.engine.submit("desk", [CaseOpened(kind="complaint", agent="alice", subject="late")])
    (other,) = await first.engine.submit("desk", [CaseOpened(kind="complaint", agent="alice")])
    await first.engine.submit("desk", [CaseResolved(case_id=other.seq, resolution="done")])
    await first.stop()
    for lost in (None, "snapshots"):
        for kept in (tmp_path / "data" / lost).iterdir() if lost else ():
            kept.unlink()
        again = host_of(tmp_path)
        await again.start()
        assert again._cases is not None
        again._cases.look()
        await again._cases.wait_settled()
        await again.engine.submit("desk", [AgentStatusChanged(agent="bob", status="offline")])
        quality = again.engine.views.quality
        (case,) = quality.cases("open", None, "", 9, 0, 0).cases
        assert (case.id, case.subject, case.task, case.tasks) == (opened.seq, "late", f"case-{opened.seq}-1", 1)
        assert list(quality._fold.state.cases.unsettled) == [other.seq]
        await again.stop()


def host_of(folder: Path) -> EngineHost:
    """Return the host of a data folder."""
    config = load_config(folder / "centre.yaml", adapters={})
    return EngineHost(config, folder / "data", segment_bytes=SMALLEST_SEGMENT_BYTES * 8)
