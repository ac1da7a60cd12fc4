"""What a bearer token is called, and what it may do."""

from enum import StrEnum
from typing import Final

TOKEN_ID: Final = r"[a-z0-9][a-z0-9-]{0,31}"
"""Pattern of a token's id; the token itself is `trunkline_<id>_<secret>`."""


class Scope(StrEnum):
    """One thing that a bearer token may allow."""

    INGEST = "ingest"
    """Submit facts."""
    READ = "read"
    """Read figures."""
    AGENT = "agent"
    """Act as an agent."""
    SUPERVISE = "supervise"
    """Act on contacts, agents and queues."""
    ADMIN = "admin"
    """Everything."""
