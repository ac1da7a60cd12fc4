"""Surveys: figures by hand, whom a figure belongs to, who is asked, and what counts nothing."""

from typing import Any

from engine.messages.observed import AgentStatusChanged, ContactClassified, SurveyAnswered, SurveyRequested
from engine.projections.quality.subjects.surveys import SCORES, WIDTH, SurveyFigures, survey_figures
from tests.projections.quality.support import QualityCentre

STEP_NS = 900 * 10**9
DAY_S = 86_400.0


def counted(scores: dict[int, int], requested: int = 0, answered: int = 0) -> list[int]:
    """Return counters with so many of each score."""
    return [requested, answered, 0, *(scores.get(score, 0) for score in range(11))]


def figures(centre: QualityCentre, *group_by: str) -> dict[tuple[Any, ...], SurveyFigures]:
    """Return the survey figures of all time by group and kind."""
    table = centre.quality.table(group_by, 0, 2**62, STEP_NS, centre.clock.now_ns())
    return {
        (*(getattr(row, "interval_start" if by == "interval" else by) for by in group_by), one.kind): one
        for row in table.rows
        for one in row.surveys
    }


def test_csat_is_the_upper_two_and_the_mean() -> None:
    found = survey_figures("csat", counted({1: 1, 3: 2, 4: 3, 5: 4}, 20, 10))
    assert found.share is not None
    assert (found.share.value, found.share.lo, found.share.hi, found.share.interval) == (0.7, 0.3968, 0.8922, "wilson")
    assert found.mean is not None
    assert (found.mean.value, found.mean.n, found.mean.interval) == (3.9, 10, "student_t")
    assert found.response_rate is not None
    assert found.response_rate.value == 0.5
    assert found.nps is None


def test_nps_is_promoters_less_detractors() -> None:
    found = survey_figures("nps", counted({0: 1, 6: 2, 7: 3, 8: 1, 9: 2, 10: 1}))
    assert found.nps is not None
    assert (found.nps.value, found.nps.n) == (0.0, 10)
    assert found.nps.lo is not None
    assert found.nps.hi is not None
    assert found.nps.lo == -found.nps.hi == -58.4086  # t(9) * sqrt((6 / 9) / 10)
    all_promoters = survey_figures("nps", counted({10: 5})).nps
    assert all_promoters is not None
    assert (all_promoters.value, all_promoters.lo, all_promoters.hi) == (100.0, None, None)


def test_ces_is_the_mean_and_who_found_it_easy() -> None:
    found = survey_figures("ces", counted({2: 1, 5: 1, 7: 2}))
    assert found.mean is not None
    assert found.share is not None
    assert (found.mean.value, found.share.value) == (5.25, 0.75)


def test_nothing_answered_is_null_and_not_zero() -> None:
    found = survey_figures("nps", [0] * WIDTH)
    assert (found.response_rate, found.mean, found.share, found.nps) == (None, None, None, None)
    assert SCORES + 11 == WIDTH


async def test_a_score_belongs_to_whom_it_was_asked_about(centre: QualityCentre) -> None:
    contact = await centre.talk("c", customer="ann")
    await centre.say(SurveyRequested(contact="c", contact_id=contact, kind="csat"))
    await centre.after(3600, SurveyAnswered(contact="c", contact_id=contact, kind="csat", score=5, comment="good"))
    found = figures(centre, "queue", "agent", "channel")
    assert list(found) == [("sales", "alice", "voice", "csat")]
    by_interval = figures(centre, "interval")
    ((start, kind),) = by_interval
    assert kind == "csat"
    assert (by_interval[start, kind].requested, by_interval[start, kind].answered) == (1, 1)
    (told,) = centre.quality.answers("", 10, 2**62, 10).answers
    assert (told.queue, told.agent, told.customer, told.score, told.comment) == ("sales", "alice", "ann", 5, "good")
    columns = {row.queue: row for row in centre.views.cut_intervals(STEP_NS)().rows}
    assert (columns["sales"].surveys_requested, columns["sales"].surveys_answered, columns["sales"].csat) == (1, 1, 1.0)


async def test_what_the_contact_was_about_is_taken_at_the_request(centre: QualityCentre) -> None:
    contact = await centre.talk("c")
    said: dict[str, Any] = {"contact": "c", "contact_id": contact}
    await centre.say(
        ContactClassified(**said, agent="alice", code="bill"),
        SurveyRequested(**said, kind="csat"),
        ContactClassified(**said, agent="alice", code="other"),
        SurveyAnswered(**said, kind="csat", score=2),
    )
    (told,) = centre.quality.answers("csat", 10, 2**62, 10).answers
    assert told.code == "bill"


async def test_what_counts_nothing_is_counted_as_that(centre: QualityCentre) -> None:
    asked, unasked, late = [await centre.talk(name) for name in ("a", "b", "c")]
    await centre.say(
        SurveyRequested(contact="a", contact_id=asked, kind="csat"),
        SurveyRequested(contact="a", contact_id=asked, kind="csat"),
        SurveyRequested(contact="c", contact_id=late, kind="csat"),
        SurveyAnswered(contact="a", contact_id=asked, kind="csat", score=1),
        SurveyAnswered(contact="a", contact_id=asked, kind="csat", score=5),
        SurveyAnswered(contact="b", contact_id=unasked, kind="csat", score=4),
    )
    await centre.after(3 * DAY_S, SurveyAnswered(contact="c", contact_id=late, kind="csat", score=5))
    (found,) = figures(centre).values()
    assert (found.requested, found.answered, found.unasked) == (2, 1, 1)
    assert {score: count for score, count in enumerate(found.scores) if count} == {1: 1, 4: 1}
    assert centre.quality.survey_facts_ignored() == {"requested_again": 1, "answered_again": 1, "answered_late": 1}


async def test_who_is_asked_follows_from_the_rules(centre: QualityCentre) -> None:
    contact = await centre.talk("c", customer="ann")

    def why(kind: str, name: str, number: int) -> str:
        return centre.quality.advice(name, number, kind, centre.clock.now_ns()).reason

    assert why("csat", "c", contact) == ""
    assert why("ces", "c", contact) == "not_configured"
    assert why("csat", "x", 10**9) == "unknown"
    await centre.say(SurveyRequested(contact="c", contact_id=contact, kind="csat"))
    assert why("csat", "c", contact) == "asked_already"
    assert centre.quality.survey_answer("csat", contact) is None
    await centre.say(SurveyAnswered(contact="c", contact_id=contact, kind="csat", score=2, comment="so so"))
    assert why("csat", "c", contact) == "answered_already"
    answer = centre.quality.survey_answer("csat", contact)
    assert answer is not None
    assert (answer.score, answer.comment) == (2, "so so")
    again = await centre.talk("d", customer="ann")
    other = await centre.talk("e", customer="ben")
    assert why("csat", "d", again) == "cool_down"
    assert why("csat", "e", other) == ""
    await centre.after(31 * DAY_S)
    assert why("csat", "d", again) == ""
    await centre.say(AgentStatusChanged(agent="bob", status="available"))
    vip = await centre.talk("v", agent="alice", queue="vip")
    assert why("csat", "v", vip) == "other_queue"


async def test_half_of_a_sample_of_a_half_is_asked(centre: QualityCentre) -> None:
    contacts = [(name, await centre.talk(name)) for name in map(str, range(60))]
    asked = [centre.quality.advice(*one, "nps", centre.clock.now_ns()).ask for one in contacts]
    assert 15 < sum(asked) < 45
    assert asked == [centre.quality.advice(*one, "nps", centre.clock.now_ns()).ask for one in contacts]
