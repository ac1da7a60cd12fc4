"""`/api/v1/agents`: who works, and what agents say of themselves and of what they are offered."""

from dataclasses import replace
from typing import Final

import numpy as np
from aiohttp import web

from adapters.http.answers.replies import answer, figures, next_link, not_found
from adapters.http.context import context_of
from adapters.http.requests import parameters
from adapters.http.requests.commands import command_route, command_routes
from adapters.http.route_table import Parameter, Route, whole
from engine.messages import observed
from engine.model.scopes import Scope
from engine.projections.agents.status import AgentStatus
from engine.projections.answers import AgentList
from engine.projections.views import Views

LIMIT: Final = 1000
LIMIT_MAX: Final = 10_000
"""As many as there can be."""
_AGENT: Final = "/api/v1/agents/{agent}"


async def get_agents(request: web.Request) -> web.Response:
    """Tell all agents, or those of one queue, page by page."""
    context = context_of(request)
    queue, after = request.query.get("queue", ""), request.query.get("after", "")
    limit = parameters.whole(request, "limit", LIMIT, 1, LIMIT_MAX)

    def ask(views: Views, now_ns: int) -> AgentList:
        numbers = np.flatnonzero(views.eligible(queue)).tolist() if queue else None
        return views.agents(now_ns, numbers, after, limit)

    try:
        found = await figures(context, 0, ask)
    except KeyError as error:
        raise not_found(error) from None
    return await answer(request, found, headers=next_link(request, found.next_after))


async def get_agent(request: web.Request) -> web.Response:
    """Tell one agent."""
    context = context_of(request)
    try:
        return await answer(request, context.views.agent(request.match_info["agent"], context.wall_ns()))
    except KeyError as error:
        raise not_found(error) from None


ROUTES: Final = (
    Route(
        "GET",
        "/api/v1/agents",
        get_agents,
        "getAgents",
        "All agents",
        Scope.READ,
        "agents",
        answer=AgentList,
        parameters=(
            Parameter("queue", "Only agents who may serve this queue"),
            Parameter("after", "Name of an agent: those behind it in the configuration's order"),
            Parameter("limit", "Agents at most", whole(1, LIMIT_MAX, LIMIT)),
        ),
        problems=(404,),
        text="Pages follow one another by `next_after`, which is also in the Link header; `summary` counts everybody.",
    ),
    Route(
        "GET",
        _AGENT,
        get_agent,
        "getAgent",
        "One agent",
        Scope.READ,
        "agents",
        answer=AgentStatus,
        parameters=(Parameter("agent", "Name of the agent", None, "path", True),),
        problems=(404,),
    ),
    replace(
        command_route(
            "agents", f"{_AGENT}/status", Scope.AGENT, observed.AgentStatusChanged, "Choose an agent's status", "PUT"
        ),
        or_scope=Scope.SUPERVISE,
    ),
    *command_routes(
        "agents",
        f"{_AGENT}/offers/{{contact}}",
        Scope.AGENT,
        {
            "answer": (observed.OfferAnswered, "Take an offered contact"),
            "decline": (observed.OfferDeclined, "Do not take an offered contact"),
        },
    ),
    command_route("agents", f"{_AGENT}/wrap-up/finish", Scope.AGENT, observed.WrapUpFinished, "Finish the wrap-up"),
)
