"""What the loop may reckon itself, and what takes so long that a thread must."""

from typing import Final

AGENTS_AT_ONCE: Final = 1000
"""What the loop reckons itself: some 15 ms of work."""
AGENTS_OF_A_QUEUE: Final = 20
"""A queue's figures take as long as so many agents'."""


def is_large(agents: int, queues: int) -> bool:
    """Tell whether the figures of so many are to be reckoned in a thread, on a still copy."""
    return agents + AGENTS_OF_A_QUEUE * queues > AGENTS_AT_ONCE
