"""What facts of the survey after a contact must say beyond their shape."""

from typing import Final

from engine.ingest.answers import BadFact, excerpt
from engine.messages import kinds
from engine.messages.observed import SurveyAnswered, SurveyRequested
from engine.model.quality import SURVEY_SCORES

SURVEYS: Final = {name: number for number, name in kinds.SURVEY_NAMES.items()}


def survey_score(fact: SurveyRequested | SurveyAnswered, last_seq: int) -> int:
    """Return what a survey's row has in `a`. Raises BadFact for an id of the future, or a score that is no answer."""
    if not 0 < fact.contact_id <= last_seq:
        raise BadFact("contact_id", f"no contact {excerpt(fact.contact)} has arrived at sequence {fact.contact_id}")
    if isinstance(fact, SurveyRequested):
        return SURVEYS[fact.kind]
    low, high = SURVEY_SCORES[fact.kind]
    if not low <= fact.score <= high:
        raise BadFact("score", f"{fact.score} is no answer to {fact.kind}; its scores are {low} to {high}")
    return SURVEYS[fact.kind] | fact.score << 8
