"""Which timer is whose: contacts first, then engagements, agents and queues."""

from engine.kernel.jit import jit
from engine.kernel.tables import Tables


@jit
def engagement_subject(t: Tables, engagement: int) -> int:
    """Return the timer subject of an engagement."""
    return len(t.contacts) + engagement


@jit
def agent_subject(t: Tables, agent: int) -> int:
    """Return the timer subject of an agent."""
    return len(t.contacts) + len(t.engagements) + agent


@jit
def queue_subject(t: Tables, queue: int) -> int:
    """Return the timer subject of a queue."""
    return len(t.contacts) + len(t.engagements) + len(t.agents) + queue
