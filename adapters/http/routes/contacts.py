"""`/api/v1/contacts`: one contact and what can be done with it."""

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import quote

import msgspec
from aiohttp import web

from adapters.http.answers.replies import answer, durable, next_link, not_found, source_of
from adapters.http.context import context_of
from adapters.http.problems import bad_parameter
from adapters.http.requests import parameters
from adapters.http.requests.bodies import read_body
from adapters.http.requests.commands import Outcome, command_routes, run_command, shape_without
from adapters.http.requests.translate import media_type
from adapters.http.route_table import IDEMPOTENCY_KEY, Parameter, Route, whole
from engine.messages import observed
from engine.messages.decoding import decode_as
from engine.messages.observed import INTEGER_MAX
from engine.model.scopes import Scope
from engine.projections.answers import ContactAnswer, ContactList
from engine.projections.contacts.explain import Explanation
from engine.projections.feed.conversation import Conversation
from engine.projections.feed.events import EventPage
from engine.projections.views import Views

T = TypeVar("T")
LIMIT: Final = 100
LIMIT_MAX: Final = 1000
ID: Final = {"type": "integer", "minimum": 1, "maximum": parameters.INTEGER_MAX}
NewContact: Final = shape_without("NewContact", observed.ContactArrived, optional=("contact",))


async def post_contact(request: web.Request) -> web.Response:
    """Bring a contact; its name is made up where none is given."""
    sent = await read_body(request)
    body = decode_as(sent, media_type(request.content_type), NewContact)
    fields: dict[str, Any] = msgspec.to_builtins(body)
    fields["contact"] = fields.get("contact") or _made_up(request)
    outcome = await run_command(request, "contact_arrived", fields, ())
    location = f"/api/v1/contacts/{quote(outcome.contact, safe='')}"
    return await answer(request, outcome, 201, {"Location": location}, settled=True)


def _made_up(request: web.Request) -> str:
    """Make up a name: any, or the same again for the same Idempotency-Key."""
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        return secrets.token_hex(16)
    return hashlib.sha256(f"{source_of(request)} {key}".encode("utf-8", "surrogateescape")).hexdigest()[:32]


async def get_contact(request: web.Request) -> web.Response:
    """Tell one contact."""
    views, name, now_ns = _asked(request)
    return await answer(request, await _found(request, lambda in_log: views.contacts.find(name, now_ns, in_log=in_log)))


def _asked(request: web.Request) -> tuple[Views, str, int]:
    context = context_of(request)
    return context.views, request.match_info["contact"], context.wall_ns()


async def _found(request: web.Request, ask: Callable[[bool], T]) -> T:
    """Answer from memory; where the contact is forgotten, from the log, in a thread. Raises Problem."""
    try:
        return ask(False)
    except KeyError:
        await durable(context_of(request))
    try:
        return await asyncio.to_thread(ask, True)
    except KeyError as error:
        raise not_found(error) from None


async def get_contacts(request: web.Request) -> web.Response:
    """Tell a customer's contacts, page by page."""
    context, customer = context_of(request), request.query.get("customer", "")
    if not customer:
        raise bad_parameter("customer", "say whose contacts")
    limit = parameters.whole(request, "limit", LIMIT, 1, LIMIT_MAX)
    after = parameters.whole(request, "after", parameters.INTEGER_MAX, 1, parameters.INTEGER_MAX)
    found = context.views.contacts.of_customer(customer, context.wall_ns(), limit, after)
    return await answer(request, found, headers=next_link(request, found.next_after))


async def get_timeline(request: web.Request) -> web.Response:
    """Tell everything that happened to a contact."""
    context = context_of(request)
    after_seq = parameters.whole(request, "after_seq", 0, 0, parameters.INTEGER_MAX)
    limit = parameters.whole(request, "limit", LIMIT_MAX, 1, LIMIT_MAX)
    await durable(context)
    try:
        page = await asyncio.to_thread(context.views.contacts.timeline, request.match_info["contact"], limit, after_seq)
    except KeyError as error:
        raise not_found(error) from None
    following = page.next_after_seq if page.more else None
    return await answer(request, page, headers=next_link(request, following, "after_seq"))


async def get_messages(request: web.Request) -> web.Response:
    """Tell what was written in a contact."""
    context = context_of(request)
    limit = parameters.whole(request, "limit", LIMIT_MAX, 1, LIMIT_MAX)
    after_seq = parameters.whole(request, "after_seq", 0, 0, INTEGER_MAX)
    await durable(context)
    try:
        found = await asyncio.to_thread(
            context.views.contacts.conversation, request.match_info["contact"], after_seq, limit
        )
    except KeyError as error:
        raise not_found(error) from None
    return await answer(request, found)


async def get_explanation(request: web.Request) -> web.Response:
    """Tell why this agent, and why still waiting."""
    views, name, now_ns = _asked(request)
    return await answer(
        request, await _found(request, lambda in_log: views.contacts.explain(name, now_ns, in_log=in_log))
    )


def _contact_route(end: str, handler: Any, name: str, summary: str, shape: Any, *more: Parameter) -> Route:
    path = Parameter(
        "contact",
        "Name of the contact, or its id: the sequence of its arrival. Of all but the latest 50,000 by id",
        None,
        "path",
        True,
    )
    return Route(
        "GET",
        f"/api/v1/contacts/{{contact}}{end}",
        handler,
        name,
        summary,
        Scope.READ,
        "contacts",
        answer=shape,
        parameters=(path, *more),
        problems=(404,),
    )


ROUTES: Final = (
    Route(
        "POST",
        "/api/v1/contacts",
        post_contact,
        "postContact",
        "Bring a contact",
        Scope.INGEST,
        "contacts",
        body=NewContact,
        body_required=True,
        answer=Outcome,
        status=201,
        parameters=(IDEMPOTENCY_KEY,),
        problems=(408, 409, 413, 415, 422, 503),
        text="A convenience for `contact_arrived`: the name is made up where none is given.",
    ),
    Route(
        "GET",
        "/api/v1/contacts",
        get_contacts,
        "getContacts",
        "A customer's contacts, latest first",
        Scope.READ,
        "contacts",
        answer=ContactList,
        parameters=(
            Parameter("customer", "Number, address or customer id", None, "query", True),
            Parameter("after", "`next_after` of the page before: earlier contacts", ID),
            Parameter("limit", "Contacts at most", whole(1, LIMIT_MAX, LIMIT)),
        ),
        text=(
            "Among the 50,000 latest contacts of all. Pages follow one another by `next_after`, which is also in the "
            "Link header."
        ),
    ),
    _contact_route("", get_contact, "getContact", "One contact", ContactAnswer),
    _contact_route(
        "/timeline",
        get_timeline,
        "getTimeline",
        "What happened to a contact",
        EventPage,
        Parameter("after_seq", "Position to read from", whole(0, parameters.INTEGER_MAX, 0)),
        Parameter("limit", "Events at most", whole(1, LIMIT_MAX, LIMIT_MAX)),
    ),
    _contact_route(
        "/messages",
        get_messages,
        "getMessages",
        "What was written in a contact, in order",
        Conversation,
        Parameter("after_seq", "Resume after this sequence", whole(0, INTEGER_MAX, 0)),
        Parameter("limit", "Messages at most", whole(1, LIMIT_MAX, LIMIT_MAX)),
    ),
    *command_routes(
        "contacts",
        "/api/v1/contacts/{contact}",
        Scope.AGENT,
        {
            "messages": (observed.MessageSent, "Write a line of the conversation"),
            "read": (observed.MessagesRead, "Say how far the conversation was read"),
        },
    ),
    _contact_route("/explain", get_explanation, "explainContact", "Why this agent, why still waiting", Explanation),
    *command_routes(
        "contacts",
        "/api/v1/contacts/{contact}",
        Scope.SUPERVISE,
        {
            "release": (observed.ContactReleased, "Hang up"),
            "transfer": (observed.TransferRequested, "Hand over to another queue or agent"),
            "requeue": (observed.RequeueRequested, "Put back into its queue, with its place"),
            "withdraw": (observed.ContactWithdrawn, "Take a waiting contact out"),
            "callback": (observed.CallbackRequested, "Let a waiting contact leave for a callback"),
            "priority": (observed.PriorityChanged, "Change a waiting contact's priority"),
        },
    ),
)
