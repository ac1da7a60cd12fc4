"""What frames of the adapter carry: where a visitor's contact is, its lines, and the conversations of before."""

from typing import Literal

import msgspec


class File(msgspec.Struct, frozen=True):
    """A file that goes with a line."""

    name: str
    media_type: str
    size_bytes: int
    url: str
    """Where it can be had for a while, below the adapter's own address."""


class Line(msgspec.Struct, frozen=True):
    """One line as a visitor sees it."""

    seq: int
    at_ms: int
    by: str
    """customer, agent or system."""
    agent: str
    """Shown name of the agent who wrote it."""
    text: str
    file: File | None = None


class Past(msgspec.Struct, frozen=True):
    """An earlier conversation."""

    contact_id: int
    at_ms: int
    lines: list[Line]


class Notice(msgspec.Struct, frozen=True):
    """What a continuity plan in force tells visitors."""

    text: dict[str, str]
    """By language; by the empty word where it is the same in all."""


class State(msgspec.Struct, frozen=True):
    """Where the visitor's contact is, all of it: what a reconnected client needs beside the lines."""

    phase: Literal["none", "queued", "connected", "ended"] = "none"
    agent: str = ""
    """Shown name of the agent who is there."""
    handed_on: bool = False
    """Whether the visitor waits again: an agent was there before, and somebody else will come."""
    position: int = 0
    wait_low_min: int | None = None
    wait_high_min: int | None = None
    """The range of the wait from now on, as it is told; None: cannot be told."""
    longer: bool = False
    """Whether the range is worse than what was told before: to be said in words."""
    can_leave_number: bool = False
    agent_typing: bool = False
    agent_read_seq: int = 0
    reason: str = ""
    """Why it ended: customer, agent, idle, callback, or a name of an exit."""
    survey: str = ""
    """csat, nps or ces, where the visitor is asked."""
    contact_id: int = 0
    notices: list[Notice] = []
    open: bool = True
    """Whether chats are taken now."""
    idle_limit_s: int = 0
    """Silence of the visitor, while no line of theirs waits for an answer, after which the chat ends; 0: never."""
    idle_ends_ms: int = 0
    """When that ends the chat as things stand, ms since 1970 by the service's clock; 0: it does not."""
