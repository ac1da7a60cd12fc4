"""Quality on a board: what customers and evaluators said, today and in seven days, and who kept to the plan."""

from typing import Final

import msgspec

from adapters.http.boards import BoardSettings
from adapters.http.wallboard.members import who_serves
from engine.projections.days import midnight_ns
from engine.projections.quality.statistics import Estimate, share
from engine.projections.quality.tables.summary import AdherenceSum, QualitySummary, adherence_sum
from engine.projections.views import Views

DAYS_NS: Final = 7 * 86_400_000_000_000


class Complaints(msgspec.Struct, frozen=True):
    """Complaints of all customer bases and regions, since the beginning of the log."""

    contacts: int
    """That said their customer base or region."""
    complaints: int
    """Whose cases say it; the others count among the cases alone."""
    rate: Estimate | None
    """Complaints / contacts; null where no contact said whose customer it is, or there are more complaints."""


class BoardQuality(msgspec.Struct, frozen=True):
    """Quality of the queues of one board."""

    as_of: int
    at_ns: int
    today: QualitySummary
    week: QualitySummary
    """The last seven days, today included."""
    response_today: Estimate | None
    """Answered of requested surveys, all kinds together; null: none was requested."""
    response_week: Estimate | None
    scheduled: bool
    """Whether there is a schedule to keep to."""
    adherence_today: AdherenceSum
    adherence_week: AdherenceSum
    complaints: Complaints
    cases_open: int
    cases_overdue: int


def board_quality(board: BoardSettings, zone: str, views: Views, wall_ns: int) -> BoardQuality:
    """Return what there is of quality. Takes a while where much was asked: call it in a thread."""
    now_ns = views.now_ns(wall_ns)
    today_ns, quality = midnight_ns(now_ns, zone), views.quality
    numbers = [views.directory.queues.number(queue) for queue in board.queues] or None
    today, week = (quality.summary(numbers, from_ns, now_ns + 1, now_ns) for from_ns in (today_ns, now_ns - DAYS_NS))
    members = who_serves(views, board.queues) if board.queues else None
    kept = [
        adherence_sum([one for one in report.agents if members is None or one.agent in members])
        for report in (quality.adherence(from_ns, now_ns, now_ns) for from_ns in (today_ns, now_ns - DAYS_NS))
    ]
    cases = quality.case_counts(now_ns)
    # Who said neither base nor region is in no contacts, so in no complaints either.
    told = [one for one in cases.complaints if one.customer_base or one.region]
    contacts, complaints = (
        sum(one.contacts for one in told),
        sum(one.complaints for one in told),
    )
    return BoardQuality(
        as_of=views.as_of,
        at_ns=now_ns,
        today=today,
        week=week,
        response_today=_response(today),
        response_week=_response(week),
        scheduled=bool(quality.is_scheduled()),
        adherence_today=kept[0],
        adherence_week=kept[1],
        complaints=Complaints(contacts, complaints, share(complaints, contacts) if complaints <= contacts else None),
        cases_open=cases.open,
        cases_overdue=cases.overdue,
    )


def _response(summary: QualitySummary) -> Estimate | None:
    return share(sum(one.answered for one in summary.surveys), sum(one.requested for one in summary.surveys))
