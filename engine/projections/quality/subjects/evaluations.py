"""Evaluations by scorecards: each as it was made, and their means. A later version of a scorecard changes none."""

from typing import Any, Final

import msgspec

from engine.projections.quality.columns.cells import Cells, Key
from engine.projections.quality.columns.people import Segment
from engine.projections.quality.statistics import Estimate, mean_of_sums

COUNT: Final = 0
SUM: Final = 1
SQUARES: Final = 2
FAILED: Final = 3
"""Evaluations with a score of 0."""
WIDTH: Final = 4
EVALUATIONS_KEPT: Final = 20_000


class Judged(msgspec.Struct):
    """What an evaluation's payload says."""

    contact: str = ""
    scorecard: str = ""
    version: int = 0
    evaluator: str = ""
    answers: dict[str, int | None] = {}
    comment: str = ""


class Evaluation(msgspec.Struct):
    """One evaluation."""

    seq: int
    at_ns: int
    contact: str
    contact_id: int
    queue: int
    agent: int
    channel: int
    score: int
    """1/100 %."""
    scorecard: str
    version: int
    evaluator: str
    answers: dict[str, int | None]
    comment: str


_JUDGED: Final = msgspec.msgpack.Decoder(Judged)


class Evaluations(msgspec.Struct):
    """All evaluations, folded."""

    cells: dict[str, Cells] = {}
    """By scorecard."""
    latest: list[Evaluation] = []

    def take(
        self,
        seq: int,
        at_ns: int,
        start_ns: int,
        contact_id: int,
        segment: Segment,
        agent: int,
        score: int,
        payload: Any,
    ) -> None:
        """Take in an evaluation; `agent` is of whom it speaks, -1: of who served the contact last."""
        judged = _JUDGED.decode(payload)
        agent = segment.agent if agent < 0 else agent
        cells = self.cells.setdefault(judged.scorecard, Cells(WIDTH))
        key = Key(start_ns, segment.queue, agent, segment.channel)
        for column, more in ((COUNT, 1), (SUM, score), (SQUARES, score * score), (FAILED, int(score == 0))):
            cells.add(key, column, more)
        self.latest.append(
            Evaluation(
                *(seq, at_ns, judged.contact, contact_id, segment.queue, agent, segment.channel, score),
                *(judged.scorecard, judged.version, judged.evaluator, judged.answers, judged.comment),
            )
        )
        if len(self.latest) > EVALUATIONS_KEPT:
            del self.latest[: EVALUATIONS_KEPT // 10]


class EvaluationFigures(msgspec.Struct, frozen=True):
    """The evaluations of one group by one scorecard, all of its versions."""

    scorecard: str
    n: int
    failed: int
    """With a score of 0."""
    score: Estimate | None
    """Mean, %."""


def evaluation_figures(scorecard: str, counts: list[int]) -> EvaluationFigures:
    """Return the figures of counters of WIDTH columns."""
    score = mean_of_sums(counts[COUNT], counts[SUM], counts[SQUARES], (0, 100), 0.01)
    return EvaluationFigures(scorecard, counts[COUNT], counts[FAILED], score)
