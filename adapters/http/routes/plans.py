"""`/api/v1/plans`: continuity plans, what one would change and how the next hour would go, activating and ending."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web

from adapters.http.answers.replies import answer, not_found
from adapters.http.context import CALLER, Context, context_of
from adapters.http.problems import Fault, Problem
from adapters.http.requests.bodies import read_body
from adapters.http.requests.translate import media_type
from adapters.http.route_table import Parameter, Route
from engine.errors import PlanRefused
from engine.messages.decoding import JSON, decode_as
from engine.messages.fact import INTEGER_MAX
from engine.model.durations import parse_clock, parse_duration
from engine.model.plan_views import PlanDetail, PlanList, PlanOrder, PlanOutcome, PlanPreview
from engine.model.scopes import Scope
from engine.model.settings import SECOND_NS

PLAN: Final = Parameter("plan", "Name of the plan", None, "path", True)
LOOK_S: Final = 0.25
"""How soon a preview ends whose caller is gone."""
T = TypeVar("T")


class ActivatePlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The order to activate a plan."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
    until: str | Annotated[int, msgspec.Meta(ge=0, le=INTEGER_MAX)] = ""
    """RFC 3339, ns since 1970, a time of day as 12:00, or a duration from now as 2h; not said: as long as may be."""
    drill: bool = False
    """It is an exercise: everything is carried out, and told as one."""
    by: Annotated[str, msgspec.Meta(max_length=128)] = ""
    """Who says so, where there are no tokens; else it is the caller's token."""


class DeactivatePlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The order to end a plan."""

    reason: Annotated[str, msgspec.Meta(max_length=1024)] = ""
    by: Annotated[str, msgspec.Meta(max_length=128)] = ""


async def get_plans(request: web.Request) -> web.Response:
    """Tell all plans."""
    return await answer(request, context_of(request).engine.plans.overview())


async def get_plan(request: web.Request) -> web.Response:
    """Tell one plan, and what would change now."""
    try:
        return await answer(request, context_of(request).engine.plans.detail(request.match_info["plan"]))
    except KeyError as error:
        raise not_found(error) from None


async def post_preview(request: web.Request) -> web.Response:
    """Tell the same, with the next hour simulated."""
    preview = context_of(request).engine.plans.preview(request.match_info["plan"])
    try:
        return await answer(request, await _while_wanted(request, preview))
    except KeyError as error:
        raise not_found(error) from None


async def post_activate(request: web.Request) -> web.Response:
    """Activate a plan, or prolong it."""
    context, order = context_of(request), await _body(request, ActivatePlan)
    until_ns = order.until if isinstance(order.until, int) else _instant_ns(order.until, context)
    said = PlanOrder(request[CALLER].name or order.by, order.reason, until_ns, order.drill)
    return await _ordered(request, context.engine.plans.activate(request.match_info["plan"], said))


async def post_deactivate(request: web.Request) -> web.Response:
    """End a plan."""
    context, order = context_of(request), await _body(request, DeactivatePlan)
    by = request[CALLER].name or order.by
    return await _ordered(request, context.engine.plans.deactivate(request.match_info["plan"], by, order.reason))


async def _body(request: web.Request, shape: type[T]) -> T:
    body = await read_body(request)
    found: T = decode_as(body, media_type(request.content_type) if body else JSON, shape)
    return found


async def _ordered(request: web.Request, outcome: Coroutine[Any, Any, PlanOutcome]) -> web.Response:
    try:
        return await answer(request, await outcome, settled=True)
    except KeyError as error:
        raise not_found(error) from None
    except PlanRefused as refused:
        pointer = f"/{refused.field.removesuffix('_ns')}"
        slug = "conflict" if refused.field == "drill" else "unprocessable"
        raise Problem(slug, f"{refused}; nothing was changed", [Fault(str(refused), pointer=pointer)]) from None


async def _while_wanted(request: web.Request, work: Coroutine[Any, Any, T]) -> T:
    """Do what takes a while; end it when the caller goes."""
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            await asyncio.wait([task], timeout=LOOK_S)
            if request.transport is None or request.transport.is_closing():
                task.cancel()
        return task.result()
    finally:
        task.cancel()


def _instant_ns(text: str, context: Context) -> int:
    """Return the instant that `until` says, 0 where it says nothing. Raises Problem."""
    now_ns = context.wall_ns()
    if not text:
        return 0
    try:
        return now_ns + parse_duration(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text) if "-" in text else _time_of_day(text, now_ns, context.settings.time_zone)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(context.settings.time_zone))
        return int(moment.timestamp()) * SECOND_NS
    except (ValueError, OverflowError):
        detail = f"{text[:40]!r} is no instant; write 2026-11-23T12:00:00+07:00, 12:00 or 2h"
        raise Problem("unprocessable", detail, [Fault(detail, pointer="/until")]) from None


def _time_of_day(text: str, now_ns: int, zone: str) -> datetime:
    """The next time that it is so late. Raises ValueError."""
    minutes = parse_clock(text)
    now = datetime.fromtimestamp(now_ns / SECOND_NS, ZoneInfo(zone))
    moment = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(minutes=minutes)
    return moment if moment > now else moment + timedelta(days=1)


ROUTES: Final = (
    Route("GET", "/api/v1/plans", get_plans, "getPlans", "All continuity plans", Scope.READ, "plans", answer=PlanList),
    Route(
        "GET",
        "/api/v1/plans/{plan}",
        get_plan,
        "getPlan",
        "One continuity plan, and what would change now",
        Scope.READ,
        "plans",
        answer=PlanDetail,
        parameters=(PLAN,),
        problems=(404,),
        text="What activating it would change; of a plan in force, what ending it would.",
    ),
    Route(
        "POST",
        "/api/v1/plans/{plan}/preview",
        post_preview,
        "previewPlan",
        "The same, with the next hour simulated",
        Scope.SUPERVISE,
        "plans",
        answer=PlanPreview,
        parameters=(PLAN,),
        problems=(404,),
        text="From the present state, with and without the plan, by the kernel itself, in a process of its own. It "
        "takes some seconds; `forecast_missing` says why where there is none, `forecast_missing_code` in a word. "
        "Nothing is changed.",
    ),
    Route(
        "POST",
        "/api/v1/plans/{plan}/activate",
        post_activate,
        "activatePlan",
        "Activate a continuity plan, or prolong it",
        Scope.SUPERVISE,
        "plans",
        body=ActivatePlan,
        body_required=True,
        answer=PlanOutcome,
        parameters=(PLAN,),
        problems=(404, 408, 409, 413, 415, 422),
        text="Makes the fact `plan_activated`, and those of all that changes. The same order again changes nothing.",
    ),
    Route(
        "POST",
        "/api/v1/plans/{plan}/deactivate",
        post_deactivate,
        "deactivatePlan",
        "End a continuity plan, and put back what it changed",
        Scope.SUPERVISE,
        "plans",
        body=DeactivatePlan,
        answer=PlanOutcome,
        parameters=(PLAN,),
        problems=(404, 408, 409, 413, 415, 422),
        text="Makes the fact `plan_deactivated`; nothing where the plan is not in force.",
    ),
)
