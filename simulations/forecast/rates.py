"""The kernel's own estimate of how many contacts come, for whoever plays on from its tables."""

from engine.kernel.estimates import estimate_rate, fade
from engine.kernel.jit import door
from engine.kernel.tables import Tables


@door
def arrival_rate(t: Tables, q: int) -> float:
    """Return the contacts a ns that enter a queue as of now, as its prices rest on; what was counted fades until then.

    The kernel itself looks at it only while some queue is under `erlang`.
    """
    fade(t, q)
    estimate_rate(t, q)
    return float(t.queues[q].rate)
