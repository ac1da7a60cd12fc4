"""`/api/v1/agents`: who works, and what agents say of themselves and of what they are offered."""

from typing import Final

import numpy as np
from aiohttp import web

from adapters.http.commands import command_route, command_routes
from adapters.http.context import context_of
from adapters.http.replies import answer, not_found
from adapters.http.route_table import Parameter, Route
from engine.messages import observed
from engine.model.scopes import Scope
from engine.projections.agent_status import AgentStatus
from engine.projections.views import AgentList

_AGENT: Final = "/api/v1/agents/{agent}"


async def get_agents(request: web.Request) -> web.Response:
    """Tell all agents, or those of one queue."""
    context = context_of(request)
    views, queue = context.views, request.query.get("queue", "")
    numbers = None
    if queue:
        try:
            numbers = np.flatnonzero(views.eligible(queue)).tolist()
        except KeyError as error:
            raise not_found(error) from None
    return await answer(request, views.agents(context.wall_ns(), numbers))


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
        parameters=(Parameter("queue", "Only agents who may serve this queue"),),
        problems=(404,),
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
    command_route(
        "agents", f"{_AGENT}/status", Scope.AGENT, observed.AgentStatusChanged, "Choose an agent's status", "PUT"
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
