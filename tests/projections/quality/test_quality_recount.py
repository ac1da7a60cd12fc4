"""Every figure of quality equals a naive recount of the log in words; and a start, saved or not, finds the same."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
import pytest

from engine.log_port import Turn
from engine.messages.observed import ContactReleased, RequeueRequested, SurveyAnswered, SurveyRequested
from engine.projections.feed.events import Event
from engine.projections.quality.quality import Quality
from engine.projections.quality.tables.table import QualityRow
from tests.projections.quality.support import QualityCentre

STEP_NS = 900 * 10**9
WINDOW_NS = 7 * 86_400 * 10**9
GROUPS = ("interval", "queue", "agent", "channel")
KINDS = {"csat": 5, "nps": 10, "ces": 7}


async def random_life(centre: QualityCentre, seed: int) -> None:
    """Live a while, and ask and answer surveys at random: known, unknown, open and closed contacts."""
    chance = random.Random(seed)
    for part in range(5):
        await centre.live(seed * 100 + part, 200)
        for record in [one for one in centre.views.history.records() if one.open]:
            if record.agent and record.state in ("connected", "held"):
                await centre.say(RequeueRequested(contact=record.contact, by="desk"))
            await centre.say(ContactReleased(contact=record.contact))
        await centre.after(60)
        for number in range(8):
            await centre.talk(f"talk {part} {number}", customer=f"customer {chance.randrange(9)}")
        centre.clock.advance(chance.choice((1, 3, 8)) * 86_400 * 10**9)
        for record in list(centre.views.history.records()):
            kind: Any = chance.choice(list(KINDS))
            said: dict[str, Any] = {"contact": record.contact, "contact_id": record.id}
            if chance.random() < 0.2:
                await centre.say(SurveyRequested(**said, kind=kind))
            if chance.random() < 0.15:
                await centre.after(1, SurveyAnswered(**said, kind=kind, score=chance.randint(1, KINDS[kind])))


def events(centre: QualityCentre) -> Iterator[Event]:
    """Yield the whole log in words."""
    after = 0
    while True:
        page = centre.views.read_events(after, 1000)
        yield from page.events
        if not page.more:
            return
        after = page.next_after_seq


class Recount:
    """The figures, counted once more by looking everything up again and again."""

    def __init__(self, centre: QualityCentre) -> None:
        log = list(events(centre))
        refused = {event.cause_seq for event in log if event.type == "fact_refused"}
        self.log = [event for event in log if event.seq not in refused]
        self.types = {event.seq: event.type for event in log}
        self.records = {record.id: record for record in centre.views.history.records()}
        self.counts: dict[tuple[str, str, str, str], Counter[str]] = {}
        for event in self.log:
            self._count_flow(event)
        self._count_resolution()
        self._count_surveys()

    def at(self, at_ns: int, queue: str, agent: str, channel: str) -> Counter[str]:
        start = msgspec.json.encode(at_ns // STEP_NS * STEP_NS).decode()
        return self.counts.setdefault((start, queue, agent, channel), Counter())

    def _count_flow(self, event: Event) -> None:
        channel = self.records[event.contact_id].channel if event.contact_id in self.records else ""
        what = {"offer_ended": "offers", "contact_answered": "offers", "contact_ended": "handled"}.get(event.type)
        if what is not None:
            self.at(event.at_ns, event.queue, event.agent, channel)[what] += 1
        if event.type == "offer_ended" and event.data["reason"] == "no_answer":
            self.at(event.at_ns, event.queue, event.agent, channel)["no_answers"] += 1
        if event.type == "contact_ended" and event.data["by"] == "transfer":
            asked = self.types[event.cause_seq or 0] == "requeue_requested"
            self.at(event.at_ns, event.queue, event.agent, channel)["put back" if asked else "transfers"] += 1

    def _closing(self, contact_id: int) -> Event | None:
        record = self.records[contact_id]
        if not record.closed_ns:
            return None
        ways = [e for e in self.log if e.contact_id == contact_id and e.type in ("contact_ended", "contact_left")]
        return ways[-1] if ways else None

    def _count_resolution(self) -> None:
        arrivals = [e for e in self.log if e.type == "contact_arrived"]
        for contact_id, record in self.records.items():
            closing = self._closing(contact_id)
            if closing is None or closing.type != "contact_ended" or not record.customer:
                continue
            cell = self.at(closing.at_ns, closing.queue, closing.agent, record.channel)
            cell["contacts"] += 1
            cell["repeated"] += any(
                self.records[e.contact_id or 0].customer == record.customer
                and e.seq > closing.seq
                and e.at_ns - closing.at_ns <= WINDOW_NS
                and e.source != "callbacks"
                for e in arrivals
            )

    def _count_surveys(self) -> None:
        about: dict[tuple[str, int], Event] = {}
        answered: set[tuple[str, int]] = set()
        for event in self.log:
            if event.type not in ("survey_requested", "survey_answered"):
                continue
            name = (event.data["survey"], event.contact_id or 0)
            if event.type == "survey_requested" and name not in about:
                about[name] = event
                self._survey_cell(event, event)[f"{name[0]} requested"] += 1
            elif event.type == "survey_answered":
                limit_ns = (2 if name[0] == "csat" else 14) * 86_400 * 10**9
                first = about.get(name)
                if name in answered or (first is not None and event.at_ns - first.at_ns > limit_ns):
                    continue
                answered.add(name)
                cell = self._survey_cell(event, about.setdefault(name, event))
                cell[f"{name[0]} {'unasked' if first is None else 'answered'}"] += 1
                cell[f"{name[0]} score {event.data['score']}"] += 1

    def _survey_cell(self, event: Event, asked: Event) -> Counter[str]:
        closing = self._closing(event.contact_id or 0)
        if closing is None or closing.seq > asked.seq:
            return self.at(asked.at_ns, "", "", "")
        record = self.records[event.contact_id or 0]
        return self.at(asked.at_ns, closing.queue, closing.agent, record.channel)


def counted(row: QualityRow) -> Counter[str]:
    """Return what a row counts, by the words of the recount."""
    flow = row.resolution
    found = Counter(
        offers=flow.offers,
        handled=flow.handled,
        no_answers=flow.no_answers,
        transfers=flow.transfers,
        **{"put back": flow.put_back},
        contacts=flow.contacts,
        repeated=flow.repeated,
    )
    for survey in row.surveys:
        for what in ("requested", "answered", "unasked"):
            found[f"{survey.kind} {what}"] = getattr(survey, what)
        for score, count in enumerate(survey.scores):
            found[f"{survey.kind} score {score}"] = count
    return +found


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_cell_equals_the_recount(centre: QualityCentre, seed: int) -> None:
    await random_life(centre, seed)
    centre.clock.advance(30 * 86_400 * 10**9)  # everything is old enough to judge
    rows = centre.quality.table(GROUPS, 0, 2**62, STEP_NS, centre.clock.now_ns()).rows
    found = {
        (_start(row.interval_start), row.queue or "", row.agent or "", row.channel or ""): counted(row) for row in rows
    }
    expected = {key: +counts for key, counts in Recount(centre).counts.items() if +counts}
    assert {key: counts for key, counts in found.items() if counts} == expected
    total = sum(expected.values(), Counter[str]())
    assert total["repeated"] > 10
    assert total["transfers"] > 0
    assert total["put back"] > 0
    assert total["csat unasked"] > 0
    assert total["nps answered"] > 5
    (everything,) = centre.quality.table((), 0, 2**62, STEP_NS, centre.clock.now_ns()).rows
    assert counted(everything) == total


def _start(text: str | None) -> str:
    return str(int(datetime.fromisoformat(text or "").timestamp()) * 10**9)


async def test_a_start_finds_the_same_with_and_without_what_was_saved(centre: QualityCentre) -> None:
    await random_life(centre, 3)
    saved = centre.quality.save()
    await centre.live(77, 40)
    log = centre.log
    anew, continued = Quality(centre.views.directory), Quality(centre.views.directory, saved, log.durable_seq)
    for quality in (anew, continued):
        for run in log.read_runs(quality.from_seq):
            quality.apply(run)
    assert continued.save() == anew.save() == centre.quality.save()
    assert 1 < Quality(centre.views.directory, saved, log.durable_seq).from_seq <= log.durable_seq
    for useless in (b"", b"broken", saved[:-1]):
        assert Quality(centre.views.directory, useless, log.durable_seq).from_seq == 1
    assert Quality(centre.views.directory, saved, 5).from_seq == 1


async def test_turns_that_are_folded_one_by_one_give_the_same(centre: QualityCentre) -> None:
    await random_life(centre, 4)
    alone, together = Quality(centre.views.directory), Quality(centre.views.directory)
    for frame in centre.log.read():
        alone.apply(Turn(frame.first_seq, frame.first_seq + len(frame.rows) - 1, frame.rows, frame.payload))
        alone.is_scheduled()  # folds what was put aside
    for run in centre.log.read_runs():
        together.apply(run)
    assert alone.save() == together.save()


async def test_what_is_too_young_is_not_judged(centre: QualityCentre) -> None:
    await centre.talk("c", customer="ann")
    await centre.after(3600)

    def resolution() -> Any:
        (row,) = centre.quality.table((), 0, 2**62, STEP_NS, centre.clock.now_ns()).rows
        return row.resolution

    young = resolution()
    assert (young.contacts, young.mature, young.mature_share, young.first_contact_resolution) == (1, 0, 0.0, None)
    await centre.talk("d", customer="ann")
    await centre.after(8 * 86_400.0)
    old = resolution()
    assert (old.contacts, old.mature, old.mature_share, old.repeated, old.window_s) == (2, 2, 1.0, 1, 604_800.0)
    assert old.first_contact_resolution.value == 0.5
