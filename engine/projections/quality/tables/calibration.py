"""Whether evaluators judge alike: contacts that several judged by one scorecard, compared answer by answer. Pure."""

from collections.abc import Iterable
from itertools import combinations

import msgspec

from engine.model.directory import Directory
from engine.projections.quality.statistics import Estimate, mean, share
from engine.projections.quality.subjects.evaluations import Evaluation

DIFFERENCES = (-100, 100)
"""What an evaluator's score may differ from the others', in percentage points."""


class Calibrated(msgspec.Struct, frozen=True):
    """One contact that several judged by one version of a scorecard: of each, the latest evaluation counts."""

    contact: str
    contact_id: int
    queue: str
    agent: str
    scorecard: str
    version: int
    scores: dict[str, float]
    """By evaluator, %."""
    spread: float
    """The highest score less the lowest."""
    agreement: float
    """Of all pairs of evaluators and all criteria, the share in which the answers are the same."""
    apart: list[str]
    """Criteria that were not answered alike by all."""


class Calibrator(msgspec.Struct, frozen=True):
    """One evaluator beside the others."""

    evaluator: str
    contacts: int
    difference: Estimate | None
    """Own score less the mean of the others' of the same contact, in percentage points, in the mean."""


class Calibration(msgspec.Struct, frozen=True):
    """All of it, of the evaluations that are kept word for word."""

    as_of: int
    agreement: Estimate | None
    """Of all pairs of answers; null where nothing was judged twice."""
    evaluators: list[Calibrator]
    contacts: list[Calibrated]
    """The latest first."""


def calibration(
    as_of: int, evaluations: Iterable[Evaluation], directory: Directory, scorecard: str, limit: int
) -> Calibration:
    """Compare evaluations, in the order of the log; of one scorecard where it is said. `limit` contacts are told."""
    judged: dict[tuple[int, str, int], dict[str, Evaluation]] = {}
    for one in evaluations:
        if scorecard in ("", one.scorecard):
            theirs = judged.setdefault((one.contact_id, one.scorecard, one.version), {})
            theirs.pop(one.evaluator, None)
            theirs[one.evaluator] = one
    several = [theirs for theirs in judged.values() if len(theirs) > 1]
    several.sort(key=lambda theirs: -max(one.seq for one in theirs.values()))
    same = pairs = 0
    differences: dict[str, list[float]] = {}
    for theirs in several:
        agreed, compared = _agreed(list(theirs.values()))
        same, pairs = same + agreed, pairs + compared
        total = sum(one.score for one in theirs.values())
        for name, one in theirs.items():
            others = (total - one.score) / (len(theirs) - 1)
            differences.setdefault(name, []).append((one.score - others) / 100)
    return Calibration(
        as_of=as_of,
        agreement=share(same, pairs),
        evaluators=[
            Calibrator(name, len(own), mean([(value, 1) for value in own], DIFFERENCES))
            for name, own in sorted(differences.items())
        ],
        contacts=[_told(theirs, directory) for theirs in several[:limit]],
    )


def _agreed(evaluations: list[Evaluation]) -> tuple[int, int]:
    """Return how many pairs of answers are the same, and how many there are."""
    pairs = [
        one.answers.get(name) == other.answers.get(name)
        for one, other in combinations(evaluations, 2)
        for name in one.answers.keys() | other.answers.keys()
    ]
    return sum(pairs), len(pairs)


def _told(theirs: dict[str, Evaluation], directory: Directory) -> Calibrated:
    evaluations = list(theirs.values())
    first, scores = evaluations[0], {name: one.score / 100 for name, one in theirs.items()}
    agreed, pairs = _agreed(evaluations)
    criteria = dict.fromkeys(name for one in evaluations for name in one.answers)
    return Calibrated(
        contact=first.contact,
        contact_id=first.contact_id,
        queue=directory.queues.name(first.queue),
        agent=directory.agents.name(first.agent),
        scorecard=first.scorecard,
        version=first.version,
        scores=scores,
        spread=round(max(scores.values()) - min(scores.values()), 2),
        agreement=round(agreed / pairs, 4) if pairs else 1.0,
        apart=[name for name in criteria if len({one.answers.get(name) for one in evaluations}) > 1],
    )
