"""Surveys: who was asked, what was answered, and whether somebody is to be asked.

A figure stands where the survey was requested: in that interval, with the queue, agent and channel that the contact had
then. So nobody can answer more surveys than there were, and late answers complete an older interval.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import xxhash

from engine.messages.kinds import SURVEY_NAMES
from engine.model.quality import SURVEY_SCORES, SurveyRule
from engine.projections.quality.columns.cells import Cells, Key
from engine.projections.quality.columns.people import CUSTOMERS_MAX, Segment
from engine.projections.quality.statistics import Estimate, mean, share

REQUESTED: Final = 0
ANSWERED: Final = 1
UNASKED: Final = 2
"""Answers of whom nobody had asked: they count as answers, not as responses."""
SCORES: Final = 3
"""From here one column for each score, 0 to 10."""
WIDTH: Final = SCORES + 11
KINDS: Final = (*SURVEY_NAMES.values(),)
ASKED_MAX: Final = 100_000
ANSWERS_KEPT: Final = 5_000
SAMPLE_STEPS: Final = 1_000_000
CSAT_SATISFIED: Final = 4
"""From here on a customer is satisfied: the upper two of five."""
NPS_PROMOTER: Final = 9
NPS_DETRACTOR: Final = 6
CES_EASY: Final = 5
"""From here on it was easy: the upper three of seven."""


class Asked(msgspec.Struct, array_like=True):
    """A survey that was requested."""

    at_ns: int
    key: Key
    answered: bool = False
    code: str = ""
    """What the contact was about, as far as it was said by then."""


class SurveyAnswer(msgspec.Struct):
    """One answer, with what was so when the survey was requested."""

    seq: int
    at_ns: int
    kind: str
    contact: str
    contact_id: int
    customer: str
    queue: int
    agent: int
    channel: int
    score: int
    comment: str
    code: str


class Said(msgspec.Struct):
    """What the payload of an answer must say."""

    contact: str = ""
    comment: str = ""


_SAID: Final = msgspec.msgpack.Decoder(Said)


class Surveys(msgspec.Struct):
    """All surveys, folded."""

    cells: dict[str, Cells] = msgspec.field(default_factory=lambda: {kind: Cells(WIDTH) for kind in KINDS})
    asked: dict[str, Asked] = {}
    people: dict[str, int] = {}
    """When each customer was asked last, by kind and customer."""
    answers: list[SurveyAnswer] = []
    ignored: dict[str, int] = {}
    """Facts that count nothing: `requested_again`, `answered_again`, `answered_late`."""

    def request(self, kind: str, contact_id: int, segment: Segment, at_ns: int, start_ns: int) -> None:
        """Take in a request."""
        name = f"{kind} {contact_id}"
        if name in self.asked:
            self._ignore("requested_again")
            return
        key = Key(start_ns, segment.queue, segment.agent, segment.channel)
        self.asked[name] = Asked(at_ns, key, code=segment.code)
        _keep(self.asked, ASKED_MAX)
        self.cells[kind].add(key, REQUESTED)
        if segment.customer:
            person = f"{kind} {segment.customer}"
            self.people.pop(person, None)
            self.people[person] = at_ns
            _keep(self.people, CUSTOMERS_MAX)

    def answer(
        self,
        seq: int,
        kind: str,
        score: int,
        contact_id: int,
        segment: Segment,
        at_ns: int,
        start_ns: int,
        rule: SurveyRule,
        payload: Any,
    ) -> None:
        """Take in an answer."""
        asked = self.asked.get(f"{kind} {contact_id}")
        if asked is None:
            asked = self.asked[f"{kind} {contact_id}"] = Asked(
                at_ns, Key(start_ns, segment.queue, segment.agent, segment.channel), answered=True, code=segment.code
            )
            _keep(self.asked, ASKED_MAX)
            self.cells[kind].add(asked.key, UNASKED)
        elif asked.answered or at_ns - asked.at_ns > rule.expires_ns:
            self._ignore("answered_again" if asked.answered else "answered_late")
            return
        else:
            asked.answered = True
            self.cells[kind].add(asked.key, ANSWERED)
        self.cells[kind].add(asked.key, SCORES + score)
        said, key = _SAID.decode(payload) if len(payload) else Said(), asked.key
        self.answers.append(
            SurveyAnswer(
                *(seq, at_ns, kind, said.contact, contact_id, segment.customer),
                *(key.queue, key.agent, key.channel, score, said.comment, asked.code),
            )
        )
        if len(self.answers) > ANSWERS_KEPT:
            del self.answers[: ANSWERS_KEPT // 10]

    def _ignore(self, why: str) -> None:
        self.ignored[why] = self.ignored.get(why, 0) + 1


def _keep(found: dict[str, Any], most: int) -> None:
    while len(found) > most:
        del found[next(iter(found))]


class Advice(msgspec.Struct, frozen=True):
    """Whether a customer is to be asked, and why not."""

    as_of: int
    contact: str
    contact_id: int
    kind: str
    ask: bool
    reason: str
    """Empty, or: answered_already, not_configured, unknown, not_closed, not_served, other_queue, asked_already,
    cool_down or not_sampled."""


def advice(
    surveys: Surveys,
    rules: Mapping[str, SurveyRule],
    kind: str,
    contact_id: int,
    segment: Segment,
    queue: str,
    now_ns: int,
) -> str:
    """Return why the customer of a closed contact is not asked; empty: ask."""
    asked = surveys.asked.get(f"{kind} {contact_id}")
    if asked is not None and asked.answered:
        return "answered_already"
    rule = rules.get(kind)
    if rule is None:
        return "not_configured"
    if not segment.talked:
        return "not_served"
    if rule.queues and queue not in rule.queues:
        return "other_queue"
    if asked is not None:
        return "asked_already"
    asked_ns = surveys.people.get(f"{kind} {segment.customer}") if segment.customer else None
    if asked_ns is not None and now_ns - asked_ns < rule.cool_down_ns:
        return "cool_down"
    drawn = xxhash.xxh3_64_intdigest(f"{kind} {contact_id}".encode()) % SAMPLE_STEPS
    return "" if drawn < rule.sample * SAMPLE_STEPS else "not_sampled"


class SurveyFigures(msgspec.Struct, frozen=True):
    """One kind of survey in one group."""

    kind: str
    requested: int
    answered: int
    """Of those requested."""
    unasked: int
    """Answers that nobody had asked for; they count in the scores."""
    response_rate: Estimate | None
    """answered / requested."""
    scores: list[int]
    """How often each score from 0 to 10 was given."""
    mean: Estimate | None
    """Of the scores."""
    share: Estimate | None
    """csat: answers of 4 and 5; nps: of 9 and 10, the promoters; ces: of 5 to 7."""
    nps: Estimate | None
    """Promoters less detractors, -100 to 100: the mean of +100, 0 and -100. Null for other kinds."""


NPS_BOUNDS: Final = (-100, 100)
_SHARE_FROM: Final = {"csat": CSAT_SATISFIED, "nps": NPS_PROMOTER, "ces": CES_EASY}


def survey_figures(kind: str, counts: list[int]) -> SurveyFigures:
    """Return the figures of counters of WIDTH columns."""
    scores = counts[SCORES:]
    n = sum(scores)
    promoters, detractors = sum(scores[NPS_PROMOTER:]), sum(scores[: NPS_DETRACTOR + 1])
    balance = mean([(1, promoters), (0, n - promoters - detractors), (-1, detractors)], NPS_BOUNDS, 100)
    return SurveyFigures(
        kind=kind,
        requested=counts[REQUESTED],
        answered=counts[ANSWERED],
        unasked=counts[UNASKED],
        response_rate=share(counts[ANSWERED], counts[REQUESTED]),
        scores=scores,
        mean=mean([(float(score), count) for score, count in enumerate(scores)], SURVEY_SCORES[kind]),
        share=share(sum(scores[_SHARE_FROM[kind] :]), n),
        nps=balance if kind == "nps" else None,
    )
