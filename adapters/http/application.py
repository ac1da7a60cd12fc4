"""Puts routes, middlewares and documentation together into one aiohttp application."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from aiohttp import web

from adapters.http import middleware, openapi
from adapters.http.context import CONTEXT, Context
from adapters.http.requests.bodies import expect
from adapters.http.route_table import Route
from adapters.http.routes import (
    agents,
    board_figures,
    board_history,
    cases,
    contacts,
    desk,
    documents,
    events,
    health,
    kiosks,
    pages,
    plans,
    quality,
    queues,
    reports,
    stream,
    wallboard,
)
from engine.version import installed_version

ROUTES: Final[Sequence[Route]] = (
    *events.ROUTES,
    *contacts.ROUTES,
    *queues.ROUTES,
    *agents.ROUTES,
    *reports.ROUTES,
    *quality.ROUTES,
    *cases.ROUTES,
    *plans.ROUTES,
    *stream.ROUTES,
    *desk.ROUTES,
    *health.ROUTES,
    *documents.ROUTES,
    *pages.ROUTES,
    *wallboard.ROUTES,
    *board_history.ROUTES,
    *board_figures.ROUTES,
    *kiosks.ROUTES,
)


def build_application(context: Context) -> web.Application:
    """Return the application of one adapter."""
    app = web.Application(
        middlewares=[middleware.outermost, middleware.guard], client_max_size=context.settings.body_limit
    )
    app[CONTEXT] = context
    described = [route for route in ROUTES if route.group != "pages"]
    description = openapi.describe(described, installed_version(), bool(context.tokens))
    context.openapi = msgspec.json.encode(description)
    context.docs_page = documents.docs_page(description)
    for route in ROUTES:
        setattr(route.handler, middleware.ROUTE, route)
        if route.method == "GET":
            # A stream has no end, so there is nothing to answer HEAD with.
            app.router.add_get(route.path, route.handler, allow_head=route.group != "stream")
        else:
            app.router.add_route(route.method, route.path, route.handler, expect_handler=expect)
    for path in dict.fromkeys(route.path for route in ROUTES):
        if context.settings.cors:
            app.router.add_route("OPTIONS", path, middleware.preflight)
    app.on_response_prepare.append(_keep_server_name)
    return app


async def _keep_server_name(_: Any, response: web.StreamResponse) -> None:
    response.headers["Server"] = "trunkline"
