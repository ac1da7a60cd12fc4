"""`/api/v1/realtime` and `/api/v1/intervals`: tables for reports."""

import asyncio
from typing import Final

from aiohttp import web

from adapters.http.answers.replies import answer, figures, not_found
from adapters.http.answers.tables import CSV, answer_table
from adapters.http.context import context_of
from adapters.http.problems import bad_parameter
from adapters.http.requests import parameters
from adapters.http.route_table import SERVICE_LEVEL, SINCE, Parameter, Route, whole, words
from adapters.http.routes.queues import service_level_id
from engine.model.scopes import Scope
from engine.projections.queues.intervals import IntervalTable, as_csv
from engine.projections.queues.realtime import Realtime

LIMIT: Final = 10_000
LIMIT_MAX: Final = 100_000


async def get_realtime(request: web.Request) -> web.Response:
    """Tell the real-time table."""
    context = context_of(request)
    since_ns = parameters.since_ns(request)
    group_by = parameters.words(request, "group_by") or ["queue", "channel"]
    try:
        found = await figures(context, since_ns, lambda views, now_ns: views.realtime(group_by, now_ns, since_ns))
    except ValueError as error:
        raise bad_parameter("group_by", str(error)) from None
    return await answer(request, found)


async def get_intervals(request: web.Request) -> web.Response:
    """Tell the interval table."""
    context = context_of(request)
    step_ns = parameters.duration_ns(request, "step", context.views.interval_ns)
    from_ns, to_ns = parameters.window_ns(request)
    by = parameters.one_of(request, "by", "event", ("event", "arrival"))
    limit = parameters.whole(request, "limit", LIMIT, 1, LIMIT_MAX)
    form = parameters.one_of(request, "format", "json", ("json", "csv"))
    queue, level = request.query.get("queue", ""), service_level_id(request)
    try:
        cut = context.views.cut_intervals(step_ns, from_ns, to_ns, by, queue, level, context.wall_ns(), limit)
    except ValueError as error:
        raise bad_parameter("step", str(error)) from None
    except KeyError as error:
        raise not_found(error) from None
    table = await asyncio.to_thread(cut)
    headers = {}
    if table.next_from_ns is not None:
        following = request.rel_url.update_query({"from": str(table.next_from_ns)})
        headers["Link"] = f'<{following}>; rel="next"'
    if form == "csv":
        headers["Content-Disposition"] = 'attachment; filename="intervals.csv"'
    return await answer_table(request, table, headers, as_csv if form == "csv" else None)


ROUTES: Final = (
    Route(
        "GET",
        "/api/v1/realtime",
        get_realtime,
        "getRealtime",
        "The real-time table",
        Scope.READ,
        "reports",
        answer=Realtime,
        parameters=(Parameter("group_by", "queue, channel, both separated by a comma, which is the default"), SINCE),
        text="null cannot be computed, 0 was counted, and an empty list means that there is no such group. "
        "Groups of several queues are of customers: queues for colleagues have their rows by queue alone.",
    ),
    Route(
        "GET",
        "/api/v1/intervals",
        get_intervals,
        "getIntervals",
        "The interval table",
        Scope.READ,
        "reports",
        answer=IntervalTable,
        produces=("application/json", "application/msgpack", CSV),
        tagged=True,
        parameters=(
            Parameter("from", "First instant, as RFC 3339 or ns since 1970"),
            Parameter("to", "First instant that is not wanted any more"),
            Parameter("step", "Length of a row, a multiple of the engine's interval, which is the default, as 15m"),
            Parameter("queue", "Only this queue"),
            Parameter("by", "Where a figure stands", words("event", "arrival", default="event")),
            Parameter("format", "Form of the answer", words("json", "csv", default="json")),
            Parameter("limit", "Rows at most, rounded up to whole intervals", whole(1, LIMIT_MAX, LIMIT)),
            SERVICE_LEVEL,
        ),
        problems=(404,),
        text=(
            "By event, a figure stands where it happened; by arrival, where its contact entered the queue. `open` rows "
            "can still change. The columns are those of planned and simulated tables; what live data lacks is null, "
            "as each column says. Pages follow one another by `next_from_ns`, which is also in the Link header."
        ),
    ),
)
