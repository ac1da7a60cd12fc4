"""The people's own book: what they did and what they saw, to hold beside the engine's."""

from typing import Final

import msgspec


class Tally(msgspec.Struct):
    """Counters of one run."""

    calls: int = 0
    """INVITEs sent by callers."""
    calls_answered: int = 0
    """... that got their 200."""
    calls_given_up: int = 0
    """... taken back with CANCEL, and ended with 487."""
    calls_refused: int = 0
    """... that ended with another final response, or none."""
    calls_failed: int = 0
    """... that timed out or met a reply that nobody expects."""
    calls_open: int = 0
    rang: int = 0
    """Calls that reached an agent's phone."""
    declined: int = 0
    not_answered: int = 0
    registered: int = 0
    """Phones with a registration."""
    chats: int = 0
    tasks: int = 0
    chat_lines_said: int = 0
    """Lines of visitors that are in the log, as they were told."""
    chat_lines_heard: int = 0
    """Lines of agents that visitors were shown."""
    chat_lines_answered: int = 0
    """Times that an agent answered what a visitor had written."""
    chat_lines_lost: int = 0
    """Lines of visitors who could not be connected any more."""
    surveys: int = 0
    http_answered: int = 0
    """Chats and tasks that an agent's desk took."""
    http_given_up: int = 0
    http_failed: int = 0
    """Requests that were answered with an error."""
    statuses: dict[str, int] = {}
    """Final responses to callers by status."""


READY: Final = "ready"
"""The line that says that phones are registered and agents at work."""
