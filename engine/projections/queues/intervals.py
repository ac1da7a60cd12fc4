"""The interval table: one row for each interval, queue and channel, with the same columns as planned figures have.

By event, a figure stands where it happened; by arrival, where its contact entered the queue: such a row is open until
the last of its contacts has left.
"""

import csv
import io
from typing import Annotated, Final

import msgspec

_EXACT: Final = "Bounds of a simulated figure. Null in live rows, where the figure is exact."
_UNHANDLED: Final = "Null where no served contact ended."
_PLANNED: Final = "Of plans. Null in live rows."
_BY_EVENT: Final = "Of the surveys requested here. Null by arrival, and in plans."
_UNANSWERED: Final = "Null where nothing was answered or judged, by arrival, and in plans."
_FLOW: Final = "Null by arrival, and in plans."
_TOO_YOUNG: Final = "Null where nothing is old enough to judge, by arrival, and in plans."
_OF_AGENTS: Final = (
    "Of the agents who may serve the queue, whatever they did. Null by arrival, in plans, and in intervals that were "
    "not seen whole. "
)
_OF_SCHEDULE: Final = (
    "Of the agents who may serve the queue. Null by arrival, and where none of them is in the configuration's schedule."
)
_NOT_KEPT: Final = (
    "Null in live rows: not kept by interval. What holds now is in the real-time table and in the queues."
)


_WAITS: Final = (
    "Of the answered, exact to 9 % from 0.13 s on. Null where nothing was answered, in rows by arrival, and in "
    "intervals that began before the latest 500,000 events at the start of the process."
)
_BLOCKING: Final = (
    "Of the offered, the share refused for want of a channel of a trunk group. Null where no call was offered, and for "
    "other channels than voice."
)


class IntervalRow(msgspec.Struct, frozen=True):
    """One interval of one queue and channel. Planned figures and those that live data cannot give are null."""

    scenario: str
    replication: int
    queue: str
    channel: str
    interval_start: str
    """RFC 3339, UTC."""
    interval_s: float
    by: str
    open: bool
    """More can still be counted here."""
    incomplete: bool
    """A source had lost its stream at this time: what it would have told is missing here.

    A queue of which nothing at all was told in such an interval has a row of zeros.
    """
    offered: int
    blocked: int
    """Refused, at the door or by a step: full, empty, closed, or no trunk."""
    answered: int
    answered_in_threshold: int
    abandoned: int
    """Short ones included."""
    short_abandoned: int
    dismissed: int
    """The queue hung up on them: `timed_out` and `empty`."""
    moved_on: int
    """Went on elsewhere: to another queue, to an agent, or by a key."""
    overflowed: int
    """Of these, sent on by a rule of the queue."""
    callbacks: int
    withdrawn: int
    failed: int
    """Lost by a fault: `system_error` and `unknown`."""
    service_level: Annotated[
        float | None, msgspec.Meta(description="Null where no contact counts by the formula chosen.")
    ]
    service_level_met: int
    service_level_of: int
    """What the level divides by what, so that rows can be added up."""
    sl_lo: Annotated[float | None, msgspec.Meta(description=_EXACT)]
    sl_hi: Annotated[float | None, msgspec.Meta(description=_EXACT)]
    asa_s: Annotated[float | None, msgspec.Meta(description="Null where nothing was answered.")]
    wait_max_s: float
    abandon_rate: Annotated[float | None, msgspec.Meta(description="Null where no contact counts by its formula.")]
    aht_s: Annotated[float | None, msgspec.Meta(description=_UNHANDLED)]
    talk_s: Annotated[float | None, msgspec.Meta(description=_UNHANDLED)]
    hold_s: Annotated[float | None, msgspec.Meta(description=_UNHANDLED)]
    wrap_s: Annotated[float | None, msgspec.Meta(description="Null where no wrap-up ended.")]
    erlangs: float
    """Handling time that ended here over the interval's length."""
    source: str
    wait_p50_s: Annotated[float | None, msgspec.Meta(description=_WAITS)] = None
    wait_p90_s: Annotated[float | None, msgspec.Meta(description=_WAITS)] = None
    agents_required: Annotated[float | None, msgspec.Meta(description=_PLANNED)] = None
    agents_required_with_shrinkage: Annotated[float | None, msgspec.Meta(description=_PLANNED)] = None
    agents_scheduled: Annotated[
        float | None, msgspec.Meta(description="Those scheduled for work, on average. " + _OF_SCHEDULE)
    ] = None
    agents_actual: Annotated[float | None, msgspec.Meta(description=_OF_AGENTS + "Those at work, on average.")] = None
    gap: Annotated[float | None, msgspec.Meta(description=_PLANNED)] = None
    occupancy: Annotated[float | None, msgspec.Meta(description=_OF_AGENTS + "Handling over handling and idle.")] = None
    utilization: Annotated[float | None, msgspec.Meta(description=_OF_AGENTS + "Handling over time signed in.")] = None
    shrinkage: Annotated[float | None, msgspec.Meta(description=_PLANNED)] = None
    trunks_p99: Annotated[float | None, msgspec.Meta(description=_NOT_KEPT)] = None
    trunk_blocking: Annotated[float | None, msgspec.Meta(description=_BLOCKING)] = None
    max_queue: Annotated[float | None, msgspec.Meta(description=_NOT_KEPT)] = None
    cost: Annotated[float | None, msgspec.Meta(description=_PLANNED)] = None
    surveys_requested: Annotated[int | None, msgspec.Meta(description=_BY_EVENT)] = None
    surveys_answered: Annotated[int | None, msgspec.Meta(description=_BY_EVENT)] = None
    csat: Annotated[float | None, msgspec.Meta(description=_UNANSWERED)] = None
    """Share of the satisfied."""
    nps: Annotated[float | None, msgspec.Meta(description=_UNANSWERED)] = None
    """-100 to 100."""
    ces: Annotated[float | None, msgspec.Meta(description=_UNANSWERED)] = None
    """Mean, 1 to 7."""
    qa_score: Annotated[float | None, msgspec.Meta(description=_UNANSWERED)] = None
    """Mean of the evaluations, %."""
    no_answers: Annotated[int | None, msgspec.Meta(description=_FLOW)] = None
    """Offers that rang out."""
    handled: Annotated[int | None, msgspec.Meta(description=_FLOW)] = None
    """Talks that ended, one for each agent who had the contact."""
    transfers: Annotated[int | None, msgspec.Meta(description=_FLOW)] = None
    """Of these, by being handed over."""
    first_contact_resolution: Annotated[float | None, msgspec.Meta(description=_TOO_YOUNG)] = None
    reopen_rate: Annotated[float | None, msgspec.Meta(description=_TOO_YOUNG)] = None
    adherence: Annotated[
        float | None, msgspec.Meta(description="Share of scheduled time in which they kept to it. " + _OF_SCHEDULE)
    ] = None
    drill: bool = False
    """A drill of a continuity plan lasted in a part of it: its figures are those of an exercise, too."""


class IntervalTable(msgspec.Struct, frozen=True):
    """The rows asked for, at one position of the log."""

    as_of: int
    at_ns: int
    step_s: float
    by: str
    service_level_formula: str
    rows: list[IntervalRow]
    next_from_ns: int | None = None
    """What `from` must be for the next page; null: this is the last."""


def as_csv(rows: list[IntervalRow]) -> str:
    """Return the rows as CSV with a header; null is an empty field."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(IntervalRow.__struct_fields__)
    for row in rows:
        writer.writerow(msgspec.structs.astuple(row))
    return text.getvalue()
