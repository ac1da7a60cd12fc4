"""What a board tells beside its queues: quality of service, and the same time a week ago."""

import asyncio
from functools import partial
from typing import Final

from aiohttp import web

from adapters.http.answers.replies import answer
from adapters.http.context import context_of
from adapters.http.route_table import Parameter
from adapters.http.routes.board_history import asked_of_past, board_route
from adapters.http.routes.wallboard import board_of
from adapters.http.wallboard.last_week import WeekAgo
from adapters.http.wallboard.quality import BoardQuality, board_quality


async def get_quality(request: web.Request) -> web.Response:
    """Tell quality of today and of seven days; or as it was at an instant."""
    _, board = board_of(request)
    context = context_of(request)
    zone = board.time_zone or context.settings.time_zone
    tell, then = partial(board_quality, board, zone), "at" in request.query
    if then:
        found = await asked_of_past(request, tell)
    else:
        found = await asyncio.to_thread(tell, context.views, context.wall_ns())
    return await answer(request, found, settled=then)


async def get_last_week(request: web.Request) -> web.Response:
    """Tell how things stood a week ago."""
    name, board = board_of(request)
    context = context_of(request)
    views, zone = context.views, board.time_zone or context.settings.time_zone
    now_ns = views.now_ns(context.wall_ns())
    found = await context.looking_back.run(context.last_week.of, name, board, now_ns, views.interval_ns, zone)
    return await answer(request, found, settled=True)


ROUTES: Final = (
    board_route(
        "quality",
        get_quality,
        "getBoardQuality",
        "Quality of service of a board's queues",
        BoardQuality,
        Parameter("at", "An instant of the log, as RFC 3339 or ns since 1970: quality as it was then"),
        text="Today and in seven days, each share and mean with its n and interval. "
        "Complaints and cases are of all queues; complaints without customer base or region count among cases alone.",
    ),
    board_route(
        "last-week",
        get_last_week,
        "getBoardLastWeek",
        "A board at this time a week ago",
        WeekAgo,
        text="At the beginning of the present interval, a week before, as the log tells.",
    ),
)
