"""`/api/v1/quality`: surveys, evaluations, resolution and adherence, as figures and as commands."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from aiohttp import web

from adapters.http.answers.replies import answer, next_link, not_found
from adapters.http.answers.tables import answer_table
from adapters.http.context import context_of
from adapters.http.problems import Problem, bad_parameter
from adapters.http.requests import parameters
from adapters.http.requests.bodies import read_body
from adapters.http.requests.commands import Outcome, command_route, run_command, shape_without
from adapters.http.requests.translate import media_type
from adapters.http.route_table import IDEMPOTENCY_KEY, Parameter, Route, whole, words
from engine.messages import kinds, observed
from engine.messages.decoding import decode_as
from engine.model.scopes import Scope
from engine.projections.quality.subjects.surveys import Advice
from engine.projections.quality.tables.answers import AdherenceReport, EvaluationList, Scorecards, SurveyAnswers
from engine.projections.quality.tables.calibration import Calibration
from engine.projections.quality.tables.sampling import WEIGHTS, Sample
from engine.projections.quality.tables.table import QualityTable

LIMIT: Final = 100
LIMIT_MAX: Final = 1000
SCORE_MAX: Final = 10
PER_AGENT: Final = 8
PER_AGENT_MAX: Final = 100
SEED_MAX: Final = 64
DEFAULT_WEIGHTS: Final = ",".join(f"{why}:{weight}" for why, weight in WEIGHTS.items())
KINDS: Final = (*kinds.SURVEY_NAMES.values(),)
SurveyBody: Final = shape_without("SurveyRequestedBody", observed.SurveyRequested, optional=())
FROM: Final = Parameter("from", "First instant, as RFC 3339 or ns since 1970")
TO: Final = Parameter("to", "First instant that is not wanted any more")
AGENT: Final = Parameter("agent", "Only this agent")
BEFORE: Final = Parameter("before", "`next_before` of the page before: earlier ones", {"type": "integer", "minimum": 1})


async def get_quality(request: web.Request) -> web.Response:
    """Tell the figures by group."""
    context = context_of(request)
    views = context.views
    step_ns = parameters.duration_ns(request, "step", views.interval_ns)
    from_ns, to_ns = parameters.window_ns(request)
    group_by = parameters.words(request, "group_by") or ["queue"]
    if step_ns % views.interval_ns:
        raise bad_parameter("step", f"the step must be a multiple of the interval of {views.interval_ns / 1e9:g} s")
    try:
        queue, agent = _number(request, "queue"), _number(request, "agent")
        now_ns = views.now_ns(context.wall_ns())
        found = await asyncio.to_thread(views.quality.table, group_by, from_ns, to_ns, step_ns, now_ns, queue, agent)
    except ValueError as error:
        raise bad_parameter("group_by", str(error)) from None
    return await answer_table(request, found)


def _number(request: web.Request, what: str) -> int | None:
    """Number of the queue or agent that is asked for; None: none is. Raises Problem."""
    name, views = request.query.get(what, ""), context_of(request).views
    if not name:
        return None
    try:
        return views.queue_number(name) if what == "queue" else views.agent_number(name)
    except KeyError as error:
        raise not_found(error) from None


async def get_answers(request: web.Request) -> web.Response:
    """Tell the latest answers to surveys."""
    kind = request.query.get("kind", "")
    if kind:
        parameters.one_of(request, "kind", "", KINDS)
    limit, before = _page(request)
    most = parameters.whole(request, "score_max", SCORE_MAX, 0, SCORE_MAX)
    quality = context_of(request).views.quality
    found = await asyncio.to_thread(quality.answers, kind, limit, before, most)
    return await answer(request, found, headers=next_link(request, found.next_before, "before"))


async def get_advice(request: web.Request) -> web.Response:
    """Tell whether a customer is to be asked."""
    kind = parameters.one_of(request, "kind", "csat", KINDS)
    return await answer(request, await _advice(request, request.query.get("contact", ""), 0, kind))


async def _advice(request: web.Request, contact: str, contact_id: int, kind: str) -> Advice:
    context = context_of(request)
    if not contact_id:
        try:
            record = context.views.contacts.find(contact).contact
        except KeyError as error:
            raise not_found(error) from None
        contact, contact_id = record.contact, record.id
    now_ns = context.views.now_ns(context.wall_ns())
    return await asyncio.to_thread(context.views.quality.advice, contact, contact_id, kind, now_ns)


async def post_survey(request: web.Request) -> web.Response:
    """Note that a customer is asked, if the rules let them be asked."""
    sent = await read_body(request)
    fields: dict[str, Any] = msgspec.to_builtins(decode_as(sent, media_type(request.content_type), SurveyBody))
    advice = await _advice(request, fields["contact"], fields["contact_id"], fields["kind"])
    is_repeated = advice.reason in ("asked_already", "answered_already") and request.headers.get("Idempotency-Key")
    if not advice.ask and not is_repeated:
        raise Problem("conflict", f"the customer is not asked: {advice.reason.replace('_', ' ')}; nothing was changed")
    return await answer(request, await run_command(request, "survey_requested", fields, ()), 201, settled=True)


async def get_scorecards(request: web.Request) -> web.Response:
    """Tell the scorecards."""
    return await answer(request, await asyncio.to_thread(context_of(request).views.quality.scorecards))


async def get_evaluations(request: web.Request) -> web.Response:
    """Tell the latest evaluations."""
    limit, before = _page(request)
    agent, card = _number(request, "agent"), request.query.get("scorecard", "")
    quality = context_of(request).views.quality
    found = await asyncio.to_thread(quality.evaluations, agent, card, limit, before)
    return await answer(request, found, headers=next_link(request, found.next_before, "before"))


async def get_calibration(request: web.Request) -> web.Response:
    """Tell whether evaluators judge alike."""
    limit = parameters.whole(request, "limit", LIMIT, 1, LIMIT_MAX)
    quality = context_of(request).views.quality
    return await answer(
        request, await asyncio.to_thread(quality.calibration, request.query.get("scorecard", ""), limit)
    )


async def get_sample(request: web.Request) -> web.Response:
    """Tell which contacts should be judged next."""
    context = context_of(request)
    from_ns, to_ns = parameters.window_ns(request, parameters.since_ns(request))
    per_agent = parameters.whole(request, "per_agent", PER_AGENT, 1, PER_AGENT_MAX)
    agent, seed = _number(request, "agent"), request.query.get("seed", "")[:SEED_MAX]
    draw = context.views.quality.sample
    found = await asyncio.to_thread(draw, from_ns, to_ns, agent, per_agent, seed, _weights(request))
    return await answer(request, found)


def _weights(request: web.Request) -> Mapping[str, int]:
    """Return the weights that are asked for, as unhappy:3,random:1; the usual ones where none are. Raises Problem."""
    said = request.query.get("weights", "")
    if not said:
        return WEIGHTS
    found: dict[str, int] = {}
    for part in said.split(","):
        why, _, weight = part.partition(":")
        if why not in WEIGHTS or why in found or not (weight.isascii() and weight.isdigit() and len(weight) <= 3):
            text = f"a list as unhappy:3,random:1 of {', '.join(WEIGHTS)}, each 0 to 999, is wanted; not {part[:40]!r}"
            raise bad_parameter("weights", text)
        found[why] = int(weight)
    if not any(found.values()):
        raise bad_parameter("weights", "at least one of them must be above 0")
    return {why: found[why] for why in WEIGHTS if why in found}


async def get_adherence(request: web.Request) -> web.Response:
    """Tell who kept to the schedule."""
    context = context_of(request)
    from_ns, to_ns = parameters.window_ns(request, parameters.since_ns(request))
    agent = request.query.get("agent", "")
    if agent:
        _number(request, "agent")
    now_ns = context.views.now_ns(context.wall_ns())
    found = await asyncio.to_thread(context.views.quality.adherence, from_ns, to_ns, now_ns, agent)
    return await answer(request, found)


def _page(request: web.Request) -> tuple[int, int]:
    limit = parameters.whole(request, "limit", LIMIT, 1, LIMIT_MAX)
    return limit, parameters.whole(request, "before", parameters.INTEGER_MAX, 1, parameters.INTEGER_MAX)


def _get(
    path: str,
    handler: Any,
    name: str,
    summary: str,
    shape: Any,
    *more: Parameter,
    text: str = "",
    tagged: bool = False,
) -> Route:
    return Route(
        "GET",
        f"/api/v1/quality{path}",
        handler,
        name,
        summary,
        Scope.READ,
        "quality",
        answer=shape,
        tagged=tagged,
        parameters=more,
        problems=(404,),
        text=text,
    )


_LIMIT: Final = Parameter("limit", "At most so many", whole(1, LIMIT_MAX, LIMIT))
_KIND: Final = Parameter("kind", "csat, nps or ces", words(*KINDS, default="csat"))

ROUTES: Final = (
    _get(
        "",
        get_quality,
        "getQuality",
        "Surveys, evaluations and resolution by group",
        QualityTable,
        Parameter("group_by", "Some of queue, agent, channel and interval, separated by commas; queue is the default"),
        FROM,
        TO,
        Parameter("step", "Length of an interval, a multiple of the engine's, which is the default"),
        Parameter("queue", "Only this queue"),
        AGENT,
        text=(
            "Shares have the interval of Wilson, means that of Student's t, both at 95 %, and each its n. A survey "
            "stands where it was requested. A contact is judged once the window has passed since its interval."
        ),
        tagged=True,
    ),
    _get(
        "/surveys",
        get_answers,
        "getSurveyAnswers",
        "The latest answers to surveys",
        SurveyAnswers,
        Parameter("kind", "csat, nps or ces; all where none is said", {"type": "string", "enum": list(KINDS)}),
        Parameter("score_max", "Up to this score: who is to be called back", whole(0, SCORE_MAX, SCORE_MAX)),
        BEFORE,
        _LIMIT,
    ),
    _get(
        "/advice",
        get_advice,
        "getSurveyAdvice",
        "Whether the customer of a closed contact is to be asked",
        Advice,
        Parameter("contact", "Name of the contact, or the sequence of its arrival", None, "query", True),
        _KIND,
        text="By the configuration: queues, sample and cool-down.",
    ),
    Route(
        "POST",
        "/api/v1/quality/surveys",
        post_survey,
        "postSurvey",
        "Ask a customer, if the rules allow it",
        Scope.INGEST,
        "quality",
        body=SurveyBody,
        body_required=True,
        answer=Outcome,
        status=201,
        parameters=(IDEMPOTENCY_KEY,),
        problems=(404, 408, 409, 413, 415, 422, 503),
        text="Makes the fact `survey_requested`; 409 where the rules say that the customer is not asked.",
    ),
    command_route(
        "quality", "/api/v1/quality/answers", Scope.INGEST, observed.SurveyAnswered, "Note what a customer answered"
    ),
    _get("/scorecards", get_scorecards, "getScorecards", "The scorecards, every version", Scorecards),
    _get(
        "/evaluations",
        get_evaluations,
        "getEvaluations",
        "The latest evaluations",
        EvaluationList,
        AGENT,
        Parameter("scorecard", "Only by this scorecard"),
        BEFORE,
        _LIMIT,
    ),
    command_route(
        "quality", "/api/v1/quality/evaluations", Scope.SUPERVISE, observed.QualityEvaluated, "Judge a contact"
    ),
    _get(
        "/calibration",
        get_calibration,
        "getCalibration",
        "Whether evaluators judge alike",
        Calibration,
        Parameter("scorecard", "Only this scorecard"),
        _LIMIT,
        text=(
            "Of contacts that several judged by one version of a scorecard, the latest evaluation of each: how often "
            "answers are the same, and how each evaluator's scores differ from the others'. 85 % is a usual target."
        ),
    ),
    _get(
        "/sample",
        get_sample,
        "getSample",
        "Which contacts should be judged next",
        Sample,
        FROM,
        TO,
        AGENT,
        Parameter("per_agent", "Contacts of each agent at most", whole(1, PER_AGENT_MAX, PER_AGENT)),
        Parameter("seed", "Another seed draws others"),
        Parameter("weights", f"Parts of the draw by reason; not said: {DEFAULT_WEIGHTS}"),
        text=(
            "Of the latest 50,000 closed contacts, those that ended in the window (today, where none is said) and that "
            "nobody has judged: by weights of the reasons to look, what is left drawn by the seed, the same whoever "
            "asks. `GET /api/v1/contacts/{contact}` takes the id."
        ),
    ),
    _get(
        "/adherence",
        get_adherence,
        "getAdherence",
        "Adherence, conformance and attendance",
        AdherenceReport,
        FROM,
        TO,
        AGENT,
        text="From midnight where nothing is said. `scheduled` is false where no schedule is configured.",
    ),
    command_route(
        "quality",
        "/api/v1/quality/exceptions",
        Scope.SUPERVISE,
        observed.ScheduleExcepted,
        "Take a time out of an agent's schedule, with the reason",
    ),
)
