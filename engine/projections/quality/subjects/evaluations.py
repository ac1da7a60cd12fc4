"""Evaluations by scorecards: each as it was made, and their means. A later version of a scorecard changes none.

Who judges a contact again by the same version has changed their mind: of each evaluator the latest counts.
"""

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
    start_ns: int = 0
    """Of the interval in which it counts."""


_JUDGED: Final = msgspec.msgpack.Decoder(Judged)


class Evaluations(msgspec.Struct, dict=True):
    """All evaluations, folded."""

    cells: dict[str, Cells] = {}
    """By scorecard."""
    latest: list[Evaluation] = []

    def __post_init__(self) -> None:
        self._counting = {_judgement(one): one for one in self.latest}
        """What counts, of those that are remembered; reckoned from them, and not saved."""

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
        made = Evaluation(
            *(seq, at_ns, judged.contact, contact_id, segment.queue, agent, segment.channel, score),
            *(judged.scorecard, judged.version, judged.evaluator, judged.answers, judged.comment, start_ns),
        )
        before = self._counting.pop(_judgement(made), None)
        if before is not None:
            self._count(before, -1)
        self._count(made, 1)
        self._counting[_judgement(made)] = made
        self.latest.append(made)
        if len(self.latest) > EVALUATIONS_KEPT:
            self._forget(EVALUATIONS_KEPT // 10)

    def _count(self, one: Evaluation, times: int) -> None:
        cells = self.cells.setdefault(one.scorecard, Cells(WIDTH))
        key, score = Key(one.start_ns, one.queue, one.agent, one.channel), one.score
        for column, more in ((COUNT, 1), (SUM, score), (SQUARES, score * score), (FAILED, int(score == 0))):
            cells.add(key, column, times * more)

    def _forget(self, oldest: int) -> None:
        for one in self.latest[:oldest]:
            if self._counting.get(_judgement(one)) is one:
                del self._counting[_judgement(one)]
        del self.latest[:oldest]


def _judgement(one: Evaluation) -> tuple[int, str, int, str]:
    """Return what somebody judged, and by what."""
    return one.contact_id, one.scorecard, one.version, one.evaluator


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
