"""What a board tells of times before: contacts that were lost, the day against its plan, and any moment of the log."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

import msgspec
from aiohttp import web

from adapters.http.answers.replies import AS_OF, answer, durable
from adapters.http.boards import BoardSettings
from adapters.http.context import CALLER, context_of
from adapters.http.problems import Problem
from adapters.http.requests import parameters
from adapters.http.route_table import Parameter, Route, whole, words
from adapters.http.routes.wallboard import BOARD, board_of
from adapters.http.wallboard.alerts import AlertTile, passed
from adapters.http.wallboard.day import Day, cut_day, day_of
from adapters.http.wallboard.lost import LostList, as_csv, lost_contacts
from adapters.http.wallboard.members import who_serves
from adapters.http.wallboard.plan_tiles import PlanTile, plan_tiles_of
from adapters.http.wallboard.privacy import initials, unnamed_agent, unnamed_plan, unnamed_wait
from adapters.http.wallboard.tiles import StreamedQueue, WaitingTile, streamed_queue, waiting_tiles
from engine.errors import LogError
from engine.model.scopes import Scope
from engine.projections.agents.status import AgentTile
from engine.projections.days import midnight_ns
from engine.projections.queues.tiles import agent_tile
from engine.projections.views import Views

HOUR_NS: Final = 3_600_000_000_000
LIMIT: Final = 200
LIMIT_MAX: Final = 2000
ASKING_MAX: Final = 32
"""Questions about moments of the past that may wait at once: eight who replay ask up to four each."""
OF_PAST: Final = ("day", "lost", "quality")
"""What is told of an instant of the past, too."""
T = TypeVar("T")


class Span(msgspec.Struct, frozen=True):
    """What can be replayed."""

    began_ns: int
    now_ns: int


class ReadingAnswer(msgspec.Struct, frozen=True):
    """How far the log is read for whoever asks for a moment of it."""

    at_ns: int
    """The moment; 0: nothing is being read."""
    share: float
    """Between 0 and 1. It begins anew where quality of service is read after the rest."""


class Moment(msgspec.Struct, frozen=True):
    """A board as it was: what its stream told at that instant. Counters are of the day until then."""

    as_of: int
    at_ns: int
    queues: list[StreamedQueue]
    agents: list[AgentTile]
    waiting: list[WaitingTile]
    alerts: list[AlertTile]
    plans: list[PlanTile]
    """Continuity plans that were in force."""


async def get_lost(request: web.Request) -> web.Response:
    """Tell who was lost lately."""
    _, board = board_of(request)
    context = context_of(request)
    back_ns = parameters.duration_ns(request, "within", HOUR_NS)
    limit = parameters.whole(request, "limit", LIMIT, 1, LIMIT_MAX)
    form = parameters.one_of(request, "format", "json", ("json", "csv"))
    then, in_clear = "at" in request.query, form == "csv" and request[CALLER].may(Scope.SUPERVISE)
    tell = partial(lost_contacts, board, back_ns=back_ns, limit=limit, in_clear=in_clear)
    if then:
        found = await asked_of_past(request, tell)
    else:
        found = await asyncio.to_thread(tell, context.views, context.wall_ns(), seen=context.feed.seen)
    if request[CALLER].kiosk and board.privacy:
        shown = [msgspec.structs.replace(one, called_back_by=initials(one.called_back_by)) for one in found.contacts]
        found = msgspec.structs.replace(found, contacts=shown)
    if form == "json":
        return await answer(request, found, settled=then)
    await durable(context)
    headers = {"Content-Disposition": 'attachment; filename="lost.csv"', AS_OF: str(found.as_of)}
    text = as_csv(found.contacts, board.time_zone or context.settings.time_zone)
    return web.Response(text=text, content_type="text/csv", charset="utf-8", headers=headers)


async def get_day(request: web.Request) -> web.Response:
    """Tell the day so far, by interval, against its plan; or as it stood at an instant."""
    _, board = board_of(request)
    context = context_of(request)
    zone = board.time_zone or context.settings.time_zone
    then = "at" in request.query
    if then:
        day = await asked_of_past(request, lambda views, at_ns: cut_day(views, board, at_ns, zone)())
    else:
        day = await asyncio.to_thread(cut_day(context.views, board, context.wall_ns(), zone))
    queues = context.views.directory.queues.in_force  # of the plan, which is today's, whatever moment is told
    return await answer(request, await asyncio.to_thread(day_of, board, day, queues), settled=then)


async def get_span(request: web.Request) -> web.Response:
    """Tell from when on the log can be replayed."""
    board_of(request)
    context = context_of(request)
    await durable(context)
    try:
        began_ns = await context.looking_back.run(context.engine.past.began_ns)
    except LogError as error:
        raise Problem("conflict", str(error)) from None
    return await answer(request, Span(began_ns, context.views.now_ns(context.wall_ns())), settled=True)


async def get_reading(request: web.Request) -> web.Response:
    """Tell how far the log is read: at once, whoever is waiting for it."""
    board_of(request)
    reading = context_of(request).engine.past.reading
    told = ReadingAnswer(0, 0.0) if reading is None else ReadingAnswer(reading.at_ns, round(reading.share, 3))
    return await answer(request, told, settled=True)


async def get_moment(request: web.Request) -> web.Response:
    """Tell the board as it was."""
    _, board = board_of(request)
    unnamed = request[CALLER].kiosk != "" and board.privacy
    zone = board.time_zone or context_of(request).settings.time_zone
    return await answer(request, await asked_of_past(request, partial(_moment, board, zone, unnamed)), settled=True)


async def asked_of_past(request: web.Request, question: Callable[[Views, int], T]) -> T:
    """Return what the read models answer as they were at `at`. Raises Problem."""
    context = context_of(request)
    at_ns = min(parameters.instant_ns(request, "at", 0), context.views.now_ns(context.wall_ns()))
    if context.asking >= ASKING_MAX:
        waiting = f"{ASKING_MAX} questions about the past wait right now"
        raise Problem("overloaded", waiting, headers={"Retry-After": "1"})
    context.asking += 1
    try:
        await durable(context)
        return await context.looking_back.run(context.engine.past.ask, at_ns, question)
    except LogError as error:
        raise Problem("conflict", str(error)) from None
    finally:
        context.asking -= 1


def _moment(board: BoardSettings, zone: str, unnamed: bool, views: Views, at_ns: int) -> Moment:
    today_ns = midnight_ns(at_ns, zone)
    statuses = views.queues(at_ns, today_ns).queues
    queues = [streamed_queue(status, today_ns) for status in statuses if board.shows(status.queue)]
    alerts = [
        AlertTile(f"/{one.queue}/{one.metric}", "", one.queue, one.metric, one.level, one.threshold, one.since_ns)
        for one in passed(board, queues, at_ns)
    ]
    members = who_serves(views, board.queues) if board.queues else None
    agents = [agent_tile(one) for one in views.agents(at_ns).agents if members is None or one.agent in members]
    waiting, plans = waiting_tiles(views, at_ns, queues=board.queues), plan_tiles_of(views.plans)
    if unnamed:
        agents = [unnamed_agent(agent, views.agent_number(agent.agent)) for agent in agents]
        waiting = [unnamed_wait(wait) for wait in waiting]
        plans = [unnamed_plan(plan) for plan in plans]
    return Moment(
        as_of=views.as_of,
        at_ns=at_ns,
        queues=queues,
        agents=agents,
        waiting=waiting,
        alerts=alerts,
        plans=plans,
    )


def board_route(
    end: str, handler: object, name: str, summary: str, shape: type, *more: Parameter, text: str = ""
) -> Route:
    """Return the route of what is told of one board, which its kiosks may ask for as well."""
    return Route(
        "GET",
        f"/api/v1/boards/{{board}}/{end}",
        handler,  # type: ignore[arg-type]
        name,
        summary,
        Scope.READ,
        "boards",
        for_kiosks=True,
        answer=shape,
        parameters=(BOARD, *more),
        problems=(404, 409) if end in OF_PAST or end.startswith("past") else (404,),
        produces=("application/json", "application/msgpack", *(("text/csv",) if end == "lost" else ())),
        text=text,
    )


ROUTES: Final = (
    board_route(
        "lost",
        get_lost,
        "getBoardLost",
        "Contacts that were lost lately",
        LostList,
        Parameter("within", "How far back, as 1h, which is the default"),
        Parameter("at", "An instant of the log, as RFC 3339 or ns since 1970: the list as it stood then"),
        Parameter("limit", "Contacts at most", whole(1, LIMIT_MAX, LIMIT)),
        Parameter("format", "Form of the answer", words("json", "csv", default="json")),
        text=(
            "Whoever gave up, was hung up on or refused, latest first; whether the same customer was lost more "
            "often, and whether somebody spoke with them since. Callers are masked, but in CSV for those who may "
            "supervise."
        ),
    ),
    board_route(
        "day",
        get_day,
        "getBoardDay",
        "The day so far, by interval, against its plan",
        Day,
        Parameter("at", "An instant of the log, as RFC 3339 or ns since 1970: the day as it stood then"),
        text=(
            "`agents` are those at work on average, weighted by time as `agents_actual` of the interval table, of the "
            "running interval so far; who may serve several of the board's queues counts once."
        ),
    ),
    board_route("past/span", get_span, "getBoardSpan", "From when on the log can be replayed", Span),
    board_route("past/reading", get_reading, "getBoardReading", "How far the log is read for a moment", ReadingAnswer),
    board_route(
        "past",
        get_moment,
        "getBoardMoment",
        "The board as it was at an instant of the log",
        Moment,
        Parameter("at", "The instant, as RFC 3339 or ns since 1970", None, "query", True),
        text="The same kernel folds the log up to that instant, and the same read models answer.",
    ),
)
