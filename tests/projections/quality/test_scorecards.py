"""Scores by scorecards: golden values by hand, and evaluations that stay what they were."""

from typing import Any

import pytest

from engine.messages.observed import ContactArrived, ContactReleased, QualityEvaluated
from engine.model.quality import BadAnswer, Criterion, Scorecard, ScorecardSection, score
from engine.projections.quality.quality import Quality
from tests.projections.quality.support import QualityCentre

CARD = Scorecard(
    "calls",
    3,
    (
        ScorecardSection("opening", (Criterion("greets", 20), Criterion("names", 10))),
        ScorecardSection(
            "core",
            (
                Criterion("solves", 40, points=5),
                Criterion("explains", 30, points=4),
                Criterion("privacy", 0, optional=False, auto_fail=True),
            ),
        ),
    ),
)
GOLDEN: list[tuple[dict[str, int | None], int]] = [
    ({"greets": 1, "names": 1, "solves": 5, "explains": 4, "privacy": 1}, 10_000),
    ({"greets": 0, "names": 0, "solves": 0, "explains": 0, "privacy": 1}, 0),
    ({"greets": 1, "names": 0, "solves": 4, "explains": 3, "privacy": 1}, 7450),  # 20 + 32 + 22.5
    ({"greets": 1, "names": None, "solves": 4, "explains": 3, "privacy": 1}, 8278),  # 74.5 / 90
    ({"greets": None, "names": None, "solves": None, "explains": 1, "privacy": 1}, 2500),
    ({"greets": 1, "names": 1, "solves": 5, "explains": 4, "privacy": 0}, 0),
    ({"greets": 1, "names": None, "solves": None, "explains": None, "privacy": 1}, 10_000),
]


@pytest.mark.parametrize(("answers", "expected"), GOLDEN)
def test_the_score_is_the_golden_one(answers: dict[str, int | None], expected: int) -> None:
    assert score(CARD, answers) == expected


@pytest.mark.parametrize(
    ("change", "criterion", "words"),
    [
        ({"solves": 6}, "solves", "0 to 5 points"),
        ({"privacy": None}, "privacy", "applies always"),
        ({"hums": 1}, "hums", "no criterion"),
    ],
)
def test_an_answer_that_cannot_be_is_told(change: dict[str, Any], criterion: str, words: str) -> None:
    with pytest.raises(BadAnswer, match=words) as caught:
        score(CARD, GOLDEN[0][0] | change)
    assert caught.value.criterion == criterion


def test_every_criterion_is_answered_and_something_applies() -> None:
    with pytest.raises(BadAnswer, match="'names' is not answered"):
        score(CARD, {"greets": 1})
    with pytest.raises(BadAnswer, match="nothing that weighs"):
        score(CARD, {**dict.fromkeys(("greets", "names", "solves", "explains")), "privacy": 1})


def evaluated(contact_id: int, version: int, answers: dict[str, int | None], **more: Any) -> QualityEvaluated:
    """Return an evaluation of contact c."""
    fields: dict[str, Any] = {"contact": "c", "contact_id": contact_id, "evaluator": "eve", "scorecard": "calls"}
    return QualityEvaluated(**fields | more, version=version, answers=answers)


async def test_evaluations_of_an_old_version_stay_what_they_were(centre: QualityCentre) -> None:
    contact = await centre.talk("c")
    first: dict[str, int | None] = {"greets": 1, "solves": 3, "identifies": 1}
    await centre.say(evaluated(contact, 1, first), evaluated(contact, 2, {"solves": 3}))
    page = centre.quality.evaluations(None, "", 10, 2**62)
    assert [(one.version, one.score, one.agent, one.queue) for one in page.evaluations] == [
        (2, 60.0, "alice", "sales"),
        (1, 76.0, "alice", "sales"),
    ]
    (row,) = centre.quality.table(["agent"], 0, 2**62, 900 * 10**9, centre.clock.now_ns()).rows
    (figures,) = row.evaluations
    assert (row.agent, figures.n, figures.failed) == ("alice", 2, 0)
    assert figures.score is not None
    assert figures.score.value == 68.0


async def test_of_each_evaluator_the_latest_judgement_counts(centre: QualityCentre) -> None:
    contact = await centre.talk("c")
    low: dict[str, int | None] = {"solves": 0}
    high: dict[str, int | None] = {"solves": 5}
    await centre.say(evaluated(contact, 2, low), evaluated(contact, 2, high, evaluator="eva"))
    await centre.say(evaluated(contact, 2, high), evaluated(contact, 1, {"greets": 1, "solves": 3, "identifies": 1}))
    again = Quality(centre.quality.directory, centre.quality.save(), centre.quality.from_seq)
    for quality in (centre.quality, again):
        (row,) = quality.table(["agent"], 0, 2**62, 900 * 10**9, centre.clock.now_ns()).rows
        assert [(one.n, one.failed) for one in row.evaluations] == [(3, 0)]
        assert len(quality.evaluations(None, "", 10, 2**62).evaluations) == 4, "as it was made, each"
    assert again.from_seq == centre.quality.from_seq


async def test_a_contact_is_judged_once_it_is_over(centre: QualityCentre) -> None:
    (arrived,) = await centre.say(ContactArrived(contact="c", queue="sales"))
    (early,) = await centre.say(evaluated(arrived.seq, 2, {"solves": 1}))
    assert (early.field, "is open" in early.error) == ("contact_id", True)
    await centre.say(ContactReleased(contact="c"))
    (late,) = await centre.say(evaluated(arrived.seq, 2, {"solves": 1}))
    assert not late.error


async def test_an_evaluation_of_no_scorecard_is_wrong(centre: QualityCentre) -> None:
    contact = await centre.talk("c")
    wrong = [
        (evaluated(contact, 3, {"solves": 1}), "version", "it has 1, 2"),
        (evaluated(contact, 1, {"solves": 1}, scorecard="chats"), "scorecard", "no scorecard"),
        (evaluated(contact, 2, {"solves": 9}), "answers", "0 to 5 points"),
        (evaluated(10**9, 2, {"solves": 1}), "contact_id", "has arrived"),
    ]
    receipts = await centre.say(*(fact for fact, _, _ in wrong))
    for receipt, (_, field, words) in zip(receipts, wrong, strict=True):
        assert receipt.field == field
        assert words in receipt.error
