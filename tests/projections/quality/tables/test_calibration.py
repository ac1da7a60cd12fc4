"""Calibration of evaluators, and the draw of what they should judge."""

from itertools import count
from typing import Any

from engine.log_port import Turn
from engine.messages.observed import (
    AgentStatusChanged,
    ContactArrived,
    ContactReleased,
    OfferAnswered,
    QualityEvaluated,
    RequeueRequested,
    SurveyAnswered,
    TransferRequested,
)
from engine.model.directory import Directory
from engine.projections.quality.quality import Quality
from engine.projections.quality.subjects.evaluations import Evaluation
from engine.projections.quality.tables.calibration import calibration
from engine.projections.quality.tables.sampling import WEIGHTS, Candidate, places_of, reasons_of, sampled
from tests.projections.quality.support import QualityCentre

SEQS = count(1)


def judged(contact_id: int, evaluator: str, score: int, **answers: int | None) -> Evaluation:
    """Return an evaluation; later ones have higher sequences."""
    contact = f"c{contact_id}"
    return Evaluation(next(SEQS), 0, contact, contact_id, 0, 0, 0, score, "calls", 1, evaluator, dict(answers), "")


def test_evaluators_are_compared_answer_by_answer() -> None:
    evaluations = [
        judged(1, "eve", 10_000, greets=1, solves=5),
        judged(1, "mai", 5_000, greets=1, solves=0),
        judged(1, "mai", 8_000, greets=1, solves=3),
        judged(1, "tom", 10_000, greets=1, solves=5),
        judged(2, "eve", 6_000, greets=0, solves=None),
        judged(2, "mai", 4_000, greets=0, solves=None),
        judged(3, "eve", 9_000, greets=1, solves=4),
    ]
    found = calibration(9, evaluations, Directory(), "", 10)
    assert [one.contact_id for one in found.contacts] == [2, 1], "whom one alone judged is not compared"
    second, first = found.contacts
    assert (first.scores, first.spread) == ({"eve": 100.0, "mai": 80.0, "tom": 100.0}, 20.0)
    assert (first.agreement, first.apart) == (round(4 / 6, 4), ["solves"])
    assert (second.agreement, second.apart) == (1.0, [])
    assert found.agreement is not None
    assert (found.agreement.value, found.agreement.n) == (round(6 / 8, 4), 8)
    differences = {one.evaluator: (one.contacts, one.difference and one.difference.value) for one in found.evaluators}
    assert differences == {"eve": (2, 15.0), "mai": (2, -20.0), "tom": (1, 10.0)}
    assert calibration(9, evaluations, Directory(), "chats", 10).agreement is None


def test_the_draw_is_the_same_whoever_asks_and_another_by_another_seed() -> None:
    candidates = [Candidate(number, number, 0, number % 2, 0) for number in range(1, 101)]

    def drawn(seed: str, order: int = 1) -> list[int]:
        return [one.contact_id for one in sampled(candidates[::order], {}, Directory(), 8, seed)]

    assert drawn("a") == drawn("a", -1)
    assert len(drawn("a")) == 16
    assert sum(number % 2 for number in drawn("a")) == 8, "as many of each agent"
    assert drawn("a") != drawn("b")


def test_places_follow_the_weights_and_what_is_left_is_drawn_by_chance() -> None:
    assert places_of(WEIGHTS, 8) == {
        "unhappy": 2,
        "reopened": 1,
        "transferred": 1,
        "long_wait": 1,
        "long_talk": 1,
        "random": 2,
    }
    assert places_of({"unhappy": 1, "random": 3}, 8)["random"] == 6
    assert [sum(places_of(WEIGHTS, places).values()) for places in range(1, 20)] == list(range(1, 20))
    candidates = [
        Candidate(number, number, 0, 7, 0, transfers=int(number % 25 == 0), waited_ns=number, talked_ns=101 - number)
        for number in range(1, 101)
    ]
    reasons = reasons_of(candidates, [], {42})
    assert reasons["transferred"] == {25, 50, 75, 100}
    assert (min(reasons["long_wait"]), max(reasons["long_talk"])) == (91, 10), "beyond nine of ten"
    found = sampled(candidates, reasons, Directory(), 8, "s")
    assert sorted({one.why for one in found}) == ["long_talk", "long_wait", "random", "reopened", "transferred"]
    whys = [one.why for one in found]
    assert [whys.count(why) for why in ("unhappy", "reopened", "transferred", "random")] == [0, 1, 1, 4]
    assert len({one.contact_id for one in found}) == 8
    only = sampled(candidates, reasons, Directory(), 8, "s", {"long_wait": 1})
    assert {one.why for one in only} == {"long_wait"}
    assert min(one.contact_id for one in only) > 90
    alike = [Candidate(number, 0, 0, 0, 0, waited_ns=5) for number in range(50)]
    assert reasons_of(alike, [], ())["long_wait"] == set()


async def test_the_course_of_a_contact_is_known_whole_after_its_end(centre: QualityCentre) -> None:
    for agent in ("alice", "bob", "carol"):
        await centre.say(AgentStatusChanged(agent=agent, status="available"))
    (receipt,) = await centre.say(ContactArrived(contact="c", queue="sales", preferred_agent="alice"))
    await centre.after(3, OfferAnswered(contact="c", agent="alice"))
    await centre.after(20, TransferRequested(contact="c", queue="help"))
    (agent,) = centre.views.contacts.find("c").contact.offered_to
    again = Quality(centre.views.directory, centre.quality.save(), centre.views.as_of)
    for turn in (
        await centre.after(7, OfferAnswered(contact="c", agent=agent)),
        await centre.after(30, ContactReleased(contact="c")),
    ):
        assert not turn[0].error
    await centre.engine.durable()
    for one in centre.log.read_runs(1):
        again.apply(Turn(one.first_seq, one.last_seq, one.rows, one.payload))
    for quality in (centre.quality, again):
        (found,) = quality.sample(0, centre.clock.now_ns() + 1, None, 4, "s").contacts
        assert (found.contact_id, found.transfers, found.waited_s, found.talked_s) == (receipt.seq, 1, 7.0, 50.0)
        assert found.why == "transferred"


async def test_who_went_back_to_the_queue_was_handed_over_by_nobody(centre: QualityCentre) -> None:
    for name in ("alice", "bob"):
        await centre.say(AgentStatusChanged(agent=name, status="available"))
    await centre.say(ContactArrived(contact="c", queue="sales", preferred_agent="alice"))
    await centre.after(3, OfferAnswered(contact="c", agent="alice"))
    await centre.after(20, RequeueRequested(contact="c", by="desk", reason="desk closed"))
    (agent,) = centre.views.contacts.find("c").contact.offered_to
    await centre.after(7, OfferAnswered(contact="c", agent=agent), ContactReleased(contact="c"))
    (found,) = centre.quality.sample(0, centre.clock.now_ns() + 1, None, 4, "s").contacts
    assert (found.transfers, found.why) == (0, "random")
    (row,) = centre.quality.table((), 0, 2**62, 900 * 10**9, centre.clock.now_ns()).rows
    flow = row.resolution
    assert (flow.handled, flow.transfers, flow.put_back) == (2, 0, 1)
    assert list(centre.quality.transfer_counts().values()) == [(0, 1)]


async def test_what_an_unhappy_customer_said_is_judged_first(centre: QualityCentre) -> None:
    contacts = [await centre.talk(f"c{number}") for number in range(6)]
    said: dict[str, Any] = {"kind": "csat"}
    for place, score in ((4, 1), (5, 2), (3, 5)):
        await centre.say(SurveyAnswered(contact=f"c{place}", contact_id=contacts[place], score=score, **said))
    evaluation = QualityEvaluated(
        contact="c5", contact_id=contacts[5], evaluator="eve", scorecard="calls", version=2, answers={"solves": 1}
    )
    (receipt,) = await centre.say(evaluation)
    assert not receipt.error
    now_ns = centre.clock.now_ns()
    found = centre.quality.sample(0, now_ns, None, 4, "s").contacts
    assert [(one.contact_id, one.agent, one.why) for one in found[:1]] == [(contacts[4], "alice", "unhappy")]
    assert {one.why for one in found[1:]} == {"random"}
    assert len(found) == 4
    assert contacts[5] not in {one.contact_id for one in found}, "it was judged"
    assert centre.quality.sample(now_ns, 2**62, None, 4, "s").contacts == []
