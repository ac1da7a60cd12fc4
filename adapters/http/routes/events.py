"""`/api/v1/events`: facts in, the log out."""

import asyncio
from typing import Final

import msgspec
from aiohttp import web

from adapters.http.answers.replies import AS_OF, answer, durable, fault_of, next_link, not_found, source_of, submit
from adapters.http.callers.tokens import Caller
from adapters.http.context import CALLER, context_of
from adapters.http.problems import Problem, bad_parameter
from adapters.http.requests import parameters
from adapters.http.requests.bodies import read_body
from adapters.http.requests.cloud_events import BATCHED, STRUCTURED, CloudEvent, decode_cloud_events, is_cloud_event
from adapters.http.requests.translate import media_type
from adapters.http.route_table import Parameter, Route, whole
from engine.messages.decoding import FAULTS_MAX, decode_facts
from engine.messages.fact_results import FactsTaken, facts_taken
from engine.messages.kinds import KIND_NAMES
from engine.messages.observed import Observed
from engine.model.fact_scopes import missing_scopes
from engine.model.scopes import Scope
from engine.projections.feed.events import EventPage

LIMIT_MAX: Final = 1000
NDJSON: Final = "application/x-ndjson"


async def post_events(request: web.Request) -> web.Response:
    """Take in one fact or an array of them."""
    settings = context_of(request).settings
    body, content_type = await read_body(request), request.content_type.lower()
    if is_cloud_event(content_type, request.headers):
        facts, many = decode_cloud_events(body, content_type, request.headers, settings.batch_limit)
    else:
        facts, many = decode_facts(body, media_type(content_type), settings.batch_limit)
    caller = request[CALLER]
    _require_scopes(caller, facts)
    for fact in facts if caller.agent is not None else ():
        caller.require_own_agent(fact, context_of(request).views)
    receipts = await submit(request, source_of(request), facts, caller.own_only)
    told = facts_taken(facts, receipts, many)
    if told.rejected == len(receipts):
        faults = [fault_of(receipt, place if many else None) for place, receipt in enumerate(receipts)]
        raise Problem("unprocessable", f"{faults[0].detail}; nothing was changed", faults[:FAULTS_MAX])
    return await answer(request, told, 202, settled=True)


def _require_scopes(caller: Caller, facts: list[Observed]) -> None:
    """Raise Problem for facts that the caller may submit about nobody's contact."""
    missing = missing_scopes(facts, caller.scopes)
    for place, fact in enumerate(facts) if missing else ():
        scope = missing.get(type(fact))
        if scope is not None:
            tag = type(fact).__struct_config__.tag
            which = f", fact {place + 1} of {len(facts)}," if len(facts) > 1 else ""
            raise Problem("forbidden", f"'{tag}'{which} needs the scope '{scope}', which token '{caller.name}' lacks")


async def get_events(request: web.Request) -> web.Response:
    """Read the log from a position on."""
    context = context_of(request)
    after_seq = parameters.whole(request, "after_seq", 0, 0, parameters.INTEGER_MAX)
    limit = parameters.whole(request, "limit", 100, 1, LIMIT_MAX)
    types, contact = parameters.words(request, "type"), request.query.get("contact", "")
    await durable(context)
    try:
        page = await asyncio.to_thread(context.views.read_events, after_seq, limit, types, contact)
    except ValueError as error:
        raise bad_parameter("type", str(error)) from None
    except KeyError as error:
        raise not_found(error) from None
    headers = next_link(request, page.next_after_seq, "after_seq") | {"Cache-Control": "no-store", "Vary": "Accept"}
    if NDJSON in request.headers.get("Accept", ""):
        body = b"".join(msgspec.json.encode(event) + b"\n" for event in page.events)
        headers[AS_OF] = str(page.as_of)
        return web.Response(body=body, content_type=NDJSON, headers=headers)
    return await answer(request, page, headers=headers)


ROUTES: Final = (
    Route(
        "POST",
        "/api/v1/events",
        post_events,
        "postEvents",
        "Take in facts",
        Scope.INGEST,
        "events",
        body=Observed | list[Observed],
        body_required=True,
        also_takes=((STRUCTURED, CloudEvent), (BATCHED, list[CloudEvent])),
        answer=FactsTaken,
        status=202,
        problems=(408, 413, 415, 422, 503),
        text=(
            "One fact or an array. A batch is checked for its shape first: if any item is malformed the answer is 400 "
            "with a pointer to each fault of each, names that mean nothing included, and nothing was changed. A key "
            "that stands twice in one object is malformed, too. Items that are well formed but name what is not there "
            "(an unknown queue, a contact that is not open) are rejected one by one: the others are accepted, and "
            "`results` says which is which, in order. If none could be accepted the answer is 422. The answer comes "
            "once everything accepted is durable. Facts with an `id` may be sent again: they are answered as the first "
            "time, with `duplicate`, and change nothing, also where they say something else now. Ids belong to the "
            "token that sent them. "
            "CloudEvents 1.0 are taken in all three forms: `type` names the fact, as `contact_arrived` or "
            "`io.trunkline.contact_arrived.v1`, `data` holds its fields, `subject` its contact; `source` and `id` "
            "together are its id, and `time` is its `at_ns`. "
            "`at_ns` (1970 to 2262) is kept and orders nothing; a time to come, or one a month ago, is a clock that is "
            "wrong: it counts as no lag, or not at all. "
            "With the scope `ingest` alone a token submits contacts, everything about contacts that it brought itself "
            "(and callbacks of customers that came by HTTP), reachability of phones and gaps of its stream. About "
            "contacts of others, `offer_*`, `contact_held` and `contact_resumed` need `agent` too, the rest "
            "`supervise`; without, they are rejected as if there were no such contact. `agent_status_changed` and "
            "`wrap_up_finished` need `agent`, `queue_opened` and `queue_closed` `supervise`; without, the answer is "
            "403 and nothing was changed; likewise for facts of other agents, where the token has an `agent`."
        ),
    ),
    Route(
        "GET",
        "/api/v1/events",
        get_events,
        "getEvents",
        "Read the log",
        Scope.READ,
        "events",
        answer=EventPage,
        produces=("application/json", "application/msgpack", NDJSON),
        parameters=(
            Parameter("after_seq", "Position to read from", whole(0, parameters.INTEGER_MAX, 0)),
            Parameter("limit", "Events at most", whole(1, LIMIT_MAX, 100)),
            Parameter(
                "type",
                "Only events of these types, separated by commas",
                {"type": "array", "items": {"type": "string", "enum": list(KIND_NAMES.values())}},
            ),
            Parameter("contact", "Only events of this contact, by name or id; by id also long after it is over"),
        ),
        problems=(404,),
        text=(
            "Pages follow one another by `next_after_seq`, which is also in the Link header. `contact` and "
            "`contact_id` are those of the arrival, looked up among the 50,000 latest contacts, in the page, and in "
            "the 500,000 events before it; empty and null where it is none of these."
        ),
    ),
)
