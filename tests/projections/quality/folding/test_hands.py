"""What agents have in hand, known from the middle of a log on: the same however its rows come."""

import random
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from engine.log_port import Turn
from engine.messages import kinds
from engine.messages.rows import empty_rows
from engine.model.quality import SurveyRule
from engine.projections.quality.columns.people import UNKNOWN
from engine.projections.quality.folding.fold import Fold
from engine.projections.quality.folding.folded import Folded
from engine.projections.quality.subjects.surveys import ASKED_MAX, Surveys

ROWS, AGENTS = 400, 3
HAPPENS = (kinds.CONTACT_ANSWERED, kinds.CONTACT_ENDED, kinds.WRAP_UP_STARTED, kinds.WRAP_UP_ENDED)
STATUSES = (kinds.STATUS_AVAILABLE, kinds.STATUS_PAUSED, kinds.STATUS_OFFLINE)


def presence_of(rows: np.ndarray[Any, Any], cuts: list[int]) -> tuple[object, object]:
    """What is known of agents after the rows came in these pieces."""
    fold = Fold(Folded())
    for begin, end in pairwise([0, *cuts, len(rows)]):
        fold.apply(Turn(begin + 1, end, rows[begin:end], memoryview(b"")))
    presence = fold.state.presence
    return presence.hands, presence.changes


@pytest.mark.parametrize("seed", range(8))
def test_how_rows_are_joined_changes_nothing(seed: int) -> None:
    draw = random.Random(seed)
    rows = np.asarray(empty_rows(ROWS)).view(np.recarray)
    for place in range(ROWS):
        chosen = place < AGENTS or draw.random() < 0.05
        rows[place]["kind"] = kinds.AGENT_STATUS_CHANGED if chosen else draw.choice(HAPPENS)
        rows[place]["a"] = draw.choice(STATUSES) if chosen else 0
        rows[place]["agent"] = place if place < AGENTS else draw.randrange(AGENTS)
        rows[place]["contact"] = -1 if chosen else draw.randrange(9)
        rows[place]["at_ns"] = place + 1
    one_by_one = presence_of(rows, list(range(1, ROWS)))
    assert presence_of(rows, []) == one_by_one
    assert presence_of(rows, sorted(draw.sample(range(1, ROWS), 20))) == one_by_one


def test_answers_that_nobody_asked_for_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.projections.quality.subjects.surveys.ASKED_MAX", 10)
    surveys = Surveys()
    for number in range(1, 31):
        surveys.answer(number, "csat", 5, number, UNKNOWN, number, 0, SurveyRule(), b"")
    assert len(surveys.asked) == 10 < ASKED_MAX
