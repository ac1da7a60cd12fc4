"""`/api/v1/queues`: who waits, how the day goes, opening and closing."""

from typing import Final

from aiohttp import web

from adapters.http.answers.replies import answer, figures, next_link, not_found
from adapters.http.context import context_of
from adapters.http.problems import bad_parameter
from adapters.http.requests import parameters
from adapters.http.requests.commands import command_routes
from adapters.http.route_table import SERVICE_LEVEL, SINCE, Parameter, Route, whole
from engine.messages import observed
from engine.model.scopes import Scope
from engine.projections.answers import Formulas, TrunkGroupList
from engine.projections.formulas import service_level
from engine.projections.queues.status import QueueList, QueueStatus
from engine.projections.queues.waiting_list import WaitingList
from engine.projections.views import Views

LIMIT: Final = 1000
LIMIT_MAX: Final = 4096
"""As many as there can be."""
NAME: Final = Parameter("queue", "Name of the queue", None, "path", True)


def service_level_id(request: web.Request) -> str:
    """Return the variant of the service level that is asked for. Raises Problem."""
    name = request.query.get("service_level", service_level.DEFAULT)
    try:
        return service_level.variant(name).id
    except KeyError as error:
        raise bad_parameter("service_level", str(error.args[0])) from None


async def get_queues(request: web.Request) -> web.Response:
    """Tell all queues, page by page."""
    since_ns, level = parameters.since_ns(request), service_level_id(request)
    after, limit = request.query.get("after", ""), parameters.whole(request, "limit", LIMIT, 1, LIMIT_MAX)

    def ask(views: Views, now_ns: int) -> QueueList:
        return views.queues(now_ns, since_ns, level, after, limit)

    try:
        found = await figures(context_of(request), since_ns, ask)
    except KeyError as error:
        raise not_found(error) from None
    return await answer(request, found, headers=next_link(request, found.next_after))


async def get_queue(request: web.Request) -> web.Response:
    """Tell one queue."""
    context, level = context_of(request), service_level_id(request)
    since_ns = parameters.since_ns(request)
    try:
        return await answer(
            request, context.views.queue(request.match_info["queue"], context.wall_ns(), since_ns, level)
        )
    except KeyError as error:
        raise not_found(error) from None


async def get_waiting(request: web.Request) -> web.Response:
    """Tell who waits in a queue."""
    context = context_of(request)
    limit, after = parameters.whole(request, "limit", 100, 1, 1000), request.query.get("after", "")
    try:
        found = context.views.contacts.waiting(request.match_info["queue"], context.wall_ns(), limit, after)
    except KeyError as error:
        raise not_found(error) from None
    except ValueError as error:
        raise bad_parameter("after", str(error)) from None
    return await answer(request, found, headers=next_link(request, found.next_after))


async def get_formulas(request: web.Request) -> web.Response:
    """Tell every variant of service level and abandonment of a queue."""
    context = context_of(request)
    since_ns = parameters.since_ns(request)
    try:
        return await answer(request, context.views.formulas(request.match_info["queue"], context.wall_ns(), since_ns))
    except KeyError as error:
        raise not_found(error) from None


async def get_trunk_groups(request: web.Request) -> web.Response:
    """Tell all trunk groups."""
    context = context_of(request)
    return await answer(request, context.views.trunk_groups(context.wall_ns()))


ROUTES: Final = (
    Route(
        "GET",
        "/api/v1/queues",
        get_queues,
        "getQueues",
        "All queues",
        Scope.READ,
        "queues",
        answer=QueueList,
        parameters=(
            SINCE,
            SERVICE_LEVEL,
            Parameter("after", "Name of a queue: those behind it in the configuration's order"),
            Parameter("limit", "Queues at most", whole(1, LIMIT_MAX, LIMIT)),
        ),
        problems=(404,),
        text="Pages follow one another by `next_after`, which is also in the Link header.",
    ),
    Route(
        "GET",
        "/api/v1/queues/{queue}",
        get_queue,
        "getQueue",
        "One queue",
        Scope.READ,
        "queues",
        answer=QueueStatus,
        parameters=(NAME, SINCE, SERVICE_LEVEL),
        problems=(404,),
    ),
    Route(
        "GET",
        "/api/v1/queues/{queue}/contacts",
        get_waiting,
        "getWaiting",
        "Who waits in a queue, in the order of service",
        Scope.READ,
        "queues",
        answer=WaitingList,
        parameters=(
            NAME,
            Parameter("after", "`next_after` of the page before: those behind it in the line"),
            Parameter("limit", "Contacts at most", whole(1, 1000, 100)),
        ),
        problems=(404,),
        text="Pages follow one another by `next_after`, which is also in the Link header.",
    ),
    Route(
        "GET",
        "/api/v1/queues/{queue}/formulas",
        get_formulas,
        "getFormulas",
        "Every service level and abandonment rate, with its formula",
        Scope.READ,
        "queues",
        answer=Formulas,
        parameters=(NAME, SINCE),
        problems=(404,),
    ),
    Route(
        "GET",
        "/api/v1/trunk-groups",
        get_trunk_groups,
        "getTrunkGroups",
        "All trunk groups",
        Scope.READ,
        "queues",
        answer=TrunkGroupList,
    ),
    *command_routes(
        "queues",
        "/api/v1/queues/{queue}",
        Scope.SUPERVISE,
        {
            "open": (observed.QueueOpened, "Open a queue"),
            "close": (observed.QueueClosed, "Close a queue; those waiting stay"),
        },
    ),
)
