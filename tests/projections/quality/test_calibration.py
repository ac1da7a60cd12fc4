"""Calibration of evaluators, and the draw of what they should judge."""

from itertools import count
from typing import Any

from engine.messages.observed import QualityEvaluated, SurveyAnswered
from engine.model.directory import Directory
from engine.projections.quality.calibration import calibration
from engine.projections.quality.evaluations import Evaluation
from engine.projections.quality.sampling import Candidate, sampled
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
    judged_before = set(range(1, 21))

    def drawn(seed: str, order: int = 1) -> list[int]:
        return [one.contact_id for one in sampled(candidates[::order], [], judged_before, Directory(), 8, seed)]

    assert drawn("a") == drawn("a", -1)
    assert len(drawn("a")) == 16
    assert set(drawn("a")).isdisjoint(judged_before)
    assert sum(number % 2 for number in drawn("a")) == 8, "as many of each agent"
    assert drawn("a") != drawn("b")


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
