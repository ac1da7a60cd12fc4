"""Who may serve the queues of a board."""

from collections.abc import Sequence

from engine.projections.views import Views


def who_serves(views: Views, queues: Sequence[str]) -> frozenset[str]:
    """The agents who may serve any of these queues, as far as those exist."""
    known, names = frozenset(views.directory.queues.names), views.directory.agents
    eligible = [views.eligible(queue) for queue in queues if queue in known]
    return frozenset(names.name(number) for mask in eligible for number in mask.nonzero()[0].tolist())
