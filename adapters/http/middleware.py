"""Around every request: an id, the checks of who asks from where, errors as problems, and headers that keep it safe."""

import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from adapters.http.callers.tokens import Caller
from adapters.http.context import CALLER, REQUEST_ID, Context, context_of
from adapters.http.problems import MEDIA_TYPE, Problem, of_status
from adapters.http.requests.parameters import check_known
from adapters.http.requests.translate import unreadable
from adapters.http.route_table import OPEN, Route
from adapters.http.wallboard.kiosks import PREFIX as KIOSK
from engine.errors import Overloaded
from engine.messages.decoding import FAULTS_MAX, Malformed

logger = logging.getLogger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
HOME: Final = frozenset({"localhost", "127.0.0.1", "::1"})
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SAFE_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_GONE: Final = 499
"""Counted where the client left before its answer was begun; the number that proxies use for it, sent to nobody."""
ROUTE: Final = "trunkline_route"
"""Attribute by which a handler names its Route."""


@web.middleware
async def outermost(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id, turn every error into a problem, measure, and set the common headers."""
    context = context_of(request)
    given = request.headers.get("X-Request-Id", "")
    request_id = given if _SAFE_ID.fullmatch(given) else secrets.token_hex(8)
    request[REQUEST_ID] = request_id
    began_ns = context.monotonic_ns()
    try:
        response = await handler(request)
    except Problem as problem:
        response = _problem(request, problem, request_id)
    except Malformed as malformed:
        caller = request.get(CALLER)
        of_contacts = caller is not None and not caller.own_only
        faults = context.views.faults_of(malformed, FAULTS_MAX, of_contacts=of_contacts)
        response = _problem(request, unreadable(malformed, faults), request_id)
    except Overloaded as full:
        again = {"Retry-After": str(full.retry_after_s)}
        response = _problem(request, Problem("overloaded", str(full), headers=again), request_id)
    except web.HTTPException as error:
        response = _problem(request, _of_library(error), request_id) if error.status >= 400 else error
    except Exception as error:
        if isinstance(error, ConnectionError) and (request.transport is None or request.transport.is_closing()):
            response = web.Response(status=_GONE)
        else:
            logger.exception("request %s: %s %s failed", request_id, request.method, request.path)
            response = _problem(request, Problem("internal", f"see the service's log for {request_id}"), request_id)
    if not response.prepared:
        set_headers(response, request_id)
        _set_cors(request, context, response)
    route = route_of(request)
    took_s = (context.monotonic_ns() - began_ns) / 1e9
    context.metrics.count_request(route.path if route else "unmatched", request.method, response.status, took_s)
    return response


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let in only those who may: the right host and origin, a token with the scope, and not too many at once."""
    context = context_of(request)
    if not context.connections.serves(request.protocol):
        headers = {"Retry-After": "5", "Connection": "close"}
        raise Problem("overloaded", f"more than {context.settings.connections} connections are open", headers=headers)
    if context.stopping:
        raise Problem("not-ready", "the service is stopping", headers={"Retry-After": "5"})
    _check_host(request, context)
    if request.method not in _READING:
        require_same_origin(request, context)
    route = route_of(request)
    if route is None or request.method == "OPTIONS":
        return await handler(request)
    address = request.remote or ""
    if route.scope == OPEN:
        _take_turn(context, address)
        _check_query(request, route)
        return await handler(request)
    try:
        caller = request[CALLER] = _caller(request, route, context)
    except Problem:
        _take_turn(context, address)  # whoever tries one token after the other is slowed down too
        raise
    _take_turn(context, caller.name or address)
    if caller.kiosk and not route.for_kiosks:
        raise Problem("forbidden", "the ticket of a kiosk shows boards, and nothing else")
    if not caller.may(route.scope) and not (route.or_scope and caller.may(route.or_scope)):
        enough = " or ".join(f"'{scope}'" for scope in (route.scope, route.or_scope) if scope)
        raise Problem("forbidden", f"the token '{caller.name}' lacks the scope {enough}")
    _check_query(request, route)
    return await handler(request)


def _check_query(request: web.Request, route: Route) -> None:
    """Refuse parameters that nobody would read: a filter that is misspelt filters nothing."""
    if route.group != "pages":
        check_known(request.query, [each.name for each in route.parameters if each.place == "query"])


def _take_turn(context: Context, key: str) -> None:
    wait_s = context.rate_limit.take(key, context.monotonic_ns())
    if wait_s > 0.0:
        limit = context.settings.requests_per_second
        raise Problem(
            "too-many-requests",
            f"more than {limit} requests a second; facts can be sent many at a time",
            headers={"Retry-After": str(max(1, round(wait_s)))},
        )


def _caller(request: web.Request, route: Route, context: Context) -> Caller:
    ticket = request.query.get("ticket", "") if route.by_ticket else ""
    if ticket:
        return context.tickets.use(ticket, context.monotonic_ns())
    authorization = request.headers.get("Authorization", "")
    if authorization.startswith(f"Bearer {KIOSK}"):
        return context.kiosks.caller(authorization.removeprefix("Bearer "), context.wall_ns())
    return context.tokens.caller(authorization)


def route_of(request: web.Request) -> Route | None:
    """Return the route that a request matched; None for addresses that do not exist."""
    return getattr(request.match_info.handler, ROUTE, None)


def _check_host(request: web.Request, context: Context) -> None:
    if not context.settings.on_loopback:
        return
    name = _host_name(f"//{request.headers.get('Host', '')}")
    if name not in HOME and name not in context.settings.hosts:
        raise Problem("misdirected", f"the Host header names {name[:80]!r}, not this machine")


def require_same_origin(request: web.Request, context: Context) -> None:
    """Raise Problem for a request of a page of another origin that is not listed."""
    origin = request.headers.get("Origin")
    if origin is None or origin in context.settings.cors:
        return
    if _netloc(origin) != request.headers.get("Host", ""):
        raise Problem("forbidden", f"pages of {origin[:80]!r} may not send this; list the origin under 'cors'")


@lru_cache(maxsize=64)
def _host_name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _netloc(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def _of_library(error: web.HTTPException) -> Problem:
    if error.status == 405 and isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        return of_status(405, f"{error.method} is not among {allowed}", {"Allow": allowed})
    if error.status == 404:
        return of_status(404, "there is no such address")
    return of_status(error.status, error.reason)


def _problem(request: web.Request, problem: Problem, request_id: str) -> web.Response:
    headers = {"Cache-Control": "no-store", **problem.headers}
    body = problem.body(request.path, request_id)
    response = web.Response(body=body, status=problem.kind.status, content_type=MEDIA_TYPE, headers=headers)
    if headers.pop("Connection", "") == "close":
        response.force_close()
    return response


def set_headers(response: web.StreamResponse, request_id: str) -> None:
    """Set what every answer has."""
    headers = response.headers
    headers["X-Request-Id"] = request_id
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["X-Frame-Options"] = "DENY"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    headers.setdefault("Cache-Control", "no-store")
    headers["Server"] = "trunkline"


def _set_cors(request: web.Request, context: Context, response: web.StreamResponse) -> None:
    origin = request.headers.get("Origin")
    if origin is None or origin not in context.settings.cors:
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = "X-Request-Id, X-Trunkline-As-Of, Link, Retry-After, ETag"
    response.headers.add("Vary", "Origin")


async def preflight(request: web.Request) -> web.Response:
    """Answer what a browser asks before it lets a page of a listed origin call."""
    context = context_of(request)
    if request.headers.get("Origin") not in context.settings.cors:
        raise Problem("forbidden", "pages of other origins may not call; list the origin under 'cors'")
    return web.Response(
        status=204,
        headers={
            "Access-Control-Allow-Methods": "GET, POST, PUT",
            "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Request-Id",
            "Access-Control-Max-Age": "600",
        },
    )
