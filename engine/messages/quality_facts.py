"""Observed facts about quality of service: evaluations, exceptions from schedules, cases."""

from typing import Annotated, Literal

import msgspec

from engine.messages.fact import INTEGER_MAX, Fact, Instant, Message, Name, NameOrNone, Text


class QualityEvaluated(Fact, frozen=True, kw_only=True, tag="quality_evaluated"):
    """Somebody judged a contact by a scorecard. The score follows from the answers and is recorded with them."""

    contact: Name
    contact_id: Annotated[int, msgspec.Meta(ge=1, le=INTEGER_MAX)]
    """Sequence of its arrival."""
    scorecard: Name
    version: Annotated[int, msgspec.Meta(ge=1, le=INTEGER_MAX)]
    evaluator: Name
    answers: Annotated[
        dict[Name, Annotated[int, msgspec.Meta(ge=0, le=100)] | None], msgspec.Meta(min_length=1, max_length=100)
    ]
    """Points for each criterion of the scorecard; null: not applicable."""
    agent: NameOrNone = ""
    """Of whom it speaks; not said: who served the contact last."""
    comment: Message = ""


class ScheduleExcepted(Fact, frozen=True, kw_only=True, tag="schedule_excepted"):
    """A time for which an agent's schedule does not count, with its reason, as sickness or a meeting."""

    agent: Name
    from_ns: Instant
    to_ns: Instant
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    by: Text = ""


class CaseOpened(Fact, frozen=True, kw_only=True, tag="case_opened"):
    """Work that a contact leaves behind: it goes to a back-office queue as a task and has its own deadline."""

    kind: Name
    """As configured under `cases`."""
    subject: Text = ""
    contact: NameOrNone = ""
    """From which it came, and `contact_id`, the sequence of that one's arrival; neither: it came by itself."""
    contact_id: Annotated[int, msgspec.Meta(ge=0, le=INTEGER_MAX)] = 0
    queue: NameOrNone = ""
    """Not said: that of its kind."""
    deadline_ns: Instant = 0
    """0: as much from now as its kind has."""
    customer: Annotated[str, msgspec.Meta(max_length=128)] = ""
    customer_base: Annotated[str, msgspec.Meta(max_length=64)] = ""
    region: Annotated[str, msgspec.Meta(max_length=64)] = ""
    agent: NameOrNone = ""
    """Who opened it, and who is told with `report_to: agent`."""
    by: Text = ""
    """Who opened it, where that was not `agent`."""
    report_to: Literal["", "agent", "customer", "nobody"] = ""
    """Who is told how it ended; not said: as its kind has it."""
    number: Annotated[str, msgspec.Meta(max_length=128)] = ""
    """Where the customer is called back; not said, of a case without a contact: at `customer`, if that is a number."""


class CaseResolved(Fact, frozen=True, kw_only=True, tag="case_resolved"):
    """The case is settled."""

    case_id: Annotated[int, msgspec.Meta(ge=1, le=INTEGER_MAX)]
    """Sequence of its opening."""
    resolution: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
    agent: NameOrNone = ""
    by: Text = ""


class CaseReopened(Fact, frozen=True, kw_only=True, tag="case_reopened"):
    """The case was not settled after all."""

    case_id: Annotated[int, msgspec.Meta(ge=1, le=INTEGER_MAX)]
    reason: Text = ""
    agent: NameOrNone = ""
    deadline_ns: Instant = 0
    """0: as much from now as its kind has."""
    by: Text = ""
