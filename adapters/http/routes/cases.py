"""`/api/v1/cases`: work that outlives its contact, opened, resolved and opened again."""

import asyncio
from typing import Any, Final

import msgspec
from aiohttp import web

from adapters.http.answers.replies import answer, next_link, not_found
from adapters.http.case_origin import of_contact
from adapters.http.context import CALLER, context_of
from adapters.http.problems import Problem
from adapters.http.requests import parameters
from adapters.http.requests.bodies import read_body
from adapters.http.requests.commands import Outcome, run_command, shape_without
from adapters.http.requests.translate import media_type
from adapters.http.route_table import IDEMPOTENCY_KEY, Parameter, Route, whole, words
from adapters.http.routes.quality import LIMIT, LIMIT_MAX
from engine.messages import observed
from engine.messages.decoding import JSON, decode_as
from engine.model.scopes import Scope
from engine.projections.quality.tables.answers import CaseAnswer, CaseList
from engine.projections.views import Views

STATES: Final = ("open", "overdue", "resolved")
CASES_MAX: Final = 100_000
"""Open cases beyond which none is opened here: every one is kept in memory until it is resolved."""
OpenBody: Final = shape_without("CaseOpenedBody", observed.CaseOpened)
ResolveBody: Final = shape_without("CaseResolvedBody", observed.CaseResolved, ("case_id",))
ReopenBody: Final = shape_without("CaseReopenedBody", observed.CaseReopened, ("case_id",))
_CASE: Final = Parameter("case", "Number of the case", {"type": "integer", "minimum": 1}, "path", True)
_PROBLEMS: Final = (404, 408, 409, 413, 415, 422, 503)


async def get_cases(request: web.Request) -> web.Response:
    """Tell cases, page by page."""
    context = context_of(request)
    state = parameters.one_of(request, "state", "open", STATES)
    limit = parameters.whole(request, "limit", LIMIT, 1, LIMIT_MAX)
    after = parameters.whole(request, "after", 0, 0, parameters.INTEGER_MAX)
    queue, kind = request.query.get("queue", ""), request.query.get("kind", "")
    try:
        number = context.views.queue_number(queue) if queue else None
    except KeyError as error:
        raise not_found(error) from None
    now_ns = context.views.now_ns(context.wall_ns())
    found = await asyncio.to_thread(context.views.quality.cases, state, number, kind, limit, after, now_ns)
    return await answer(request, found, headers=next_link(request, found.next_after))


async def get_case(request: web.Request) -> web.Response:
    """Tell one case."""
    return await answer(request, await _case(request))


async def _case(request: web.Request) -> CaseAnswer:
    """Return the case that the path names. Raises Problem."""
    text, context = request.match_info["case"], context_of(request)
    try:
        number = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0
        return await asyncio.to_thread(context.views.quality.case, number, context.views.now_ns(context.wall_ns()))
    except KeyError:
        raise Problem("not-found", f"there is no case {text[:40]!r}") from None


async def post_case(request: web.Request) -> web.Response:
    """Open a case."""
    fields = await _fields(request, OpenBody)
    _name_caller(request, fields)
    context = context_of(request)
    if (await asyncio.to_thread(context.views.quality.case_counts, 0)).open >= CASES_MAX:
        raise Problem("overloaded", f"{CASES_MAX} cases are open; resolve some", headers={"Retry-After": "60"})
    outcome = await run_command(request, "case_opened", _with_origin(context.views, fields), ())
    return await answer(request, outcome, 201, {"Location": f"/api/v1/cases/{outcome.seq}"}, settled=True)


def _with_origin(views: Views, fields: dict[str, Any]) -> dict[str, Any]:
    """Take over from the contact what the case does not say itself."""
    try:
        record = views.contacts.find(fields["contact_id"]).contact if fields["contact_id"] else None
    except KeyError:
        return fields  # forgotten, or none: whether it may be is not for here
    if record is None or record.contact != fields["contact"]:
        return fields
    return fields | {name: value for name, value in of_contact(record)._asdict().items() if not fields[name]}


async def resolve_case(request: web.Request) -> web.Response:
    """Resolve a case."""
    return await _change(request, ResolveBody, "case_resolved", "open")


async def reopen_case(request: web.Request) -> web.Response:
    """Open a resolved case again."""
    return await _change(request, ReopenBody, "case_reopened", "resolved")


async def _change(request: web.Request, shape: Any, tag: str, state: str) -> web.Response:
    """Submit a fact about a case that must be in this state, unless the same command was sent before."""
    fields = await _fields(request, shape)
    _name_caller(request, fields)
    case = (await _case(request)).case
    if case.state != state and not request.headers.get("Idempotency-Key"):
        raise Problem("conflict", f"case {case.id} is {case.state}; nothing was changed")
    return await answer(request, await run_command(request, tag, {**fields, "case_id": case.id}, ()), settled=True)


def _name_caller(request: web.Request, fields: dict[str, Any]) -> None:
    """Let it be the caller who did it, where the body names nobody."""
    if not (fields["agent"] or fields["by"]):
        caller = request[CALLER]
        fields |= {"agent": caller.agent} if caller.agent else {"by": caller.name}


async def _fields(request: web.Request, shape: Any) -> dict[str, Any]:
    body = await read_body(request)
    media = media_type(request.content_type) if body else JSON
    fields: dict[str, Any] = msgspec.to_builtins(decode_as(body, media, shape))
    return fields


def _post(path: str, handler: Any, name: str, summary: str, body: Any, tag: str, *more: Parameter) -> Route:
    return Route(
        "POST",
        path,
        handler,
        name,
        summary,
        Scope.AGENT,
        "cases",
        or_scope=Scope.SUPERVISE,
        body=body,
        body_required=any(field.required for field in msgspec.structs.fields(body)),
        answer=Outcome,
        status=200 if more else 201,
        parameters=(*more, IDEMPOTENCY_KEY),
        problems=_PROBLEMS,
        text=f"Makes the fact `{tag}`.",
    )


ROUTES: Final = (
    Route(
        "GET",
        "/api/v1/cases",
        get_cases,
        "getCases",
        "Cases, and how many there are",
        Scope.READ,
        "cases",
        answer=CaseList,
        parameters=(
            Parameter(
                "state",
                "open by their deadlines, overdue likewise, or resolved, the latest first",
                words(*STATES, default="open"),
            ),
            Parameter("queue", "Only of this queue"),
            Parameter("kind", "Only of this kind"),
            Parameter("after", "`next_after` of the page before", whole(0, parameters.INTEGER_MAX, 0)),
            Parameter("limit", "Cases at most", whole(1, LIMIT_MAX, LIMIT)),
        ),
        problems=(404,),
        text="`counts` are of all cases since the beginning of the log, complaints by customer base and region.",
    ),
    Route(
        "GET",
        "/api/v1/cases/{case}",
        get_case,
        "getCase",
        "One case",
        Scope.READ,
        "cases",
        answer=CaseAnswer,
        parameters=(_CASE,),
        problems=(404,),
    ),
    _post("/api/v1/cases", post_case, "openCase", "Open a case; `seq` is its number", OpenBody, "case_opened"),
    _post(
        "/api/v1/cases/{case}/resolve",
        resolve_case,
        "resolveCase",
        "Resolve a case",
        ResolveBody,
        "case_resolved",
        _CASE,
    ),
    _post(
        "/api/v1/cases/{case}/reopen",
        reopen_case,
        "reopenCase",
        "Open a resolved case again",
        ReopenBody,
        "case_reopened",
        _CASE,
    ),
)
