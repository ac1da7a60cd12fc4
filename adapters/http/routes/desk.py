"""`/desk`: the agents' page; who is signed in there, and the socket that it lives on."""

import asyncio
from typing import Annotated, Final

import msgspec
from aiohttp import web

from adapters.http.answers.replies import answer
from adapters.http.context import context_of
from adapters.http.desk.commands import SERVED
from adapters.http.desk.desk import gone
from adapters.http.desk.files import PICTURES, find_attachment, headers_of, read_attachment
from adapters.http.desk.questions import in_hand
from adapters.http.desk.sessions import COOKIE, Session
from adapters.http.desk.uploads import Uploaded
from adapters.http.middleware import require_same_origin
from adapters.http.problems import Problem
from adapters.http.requests.bodies import read_body
from adapters.http.requests.translate import media_type
from adapters.http.route_table import OPEN, Parameter, Route
from engine.messages.decoding import JSON, decode_as

SECOND_NS: Final = 1_000_000_000
PATH: Final = "/api/v1/desk/session"
GROUP: Final = "desk"
DIGITS_MAX: Final = 19


class Credentials(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who wants to sign in: an agent with a password, or somebody with a token of one agent."""

    agent: Annotated[str, msgspec.Meta(max_length=128)] = ""
    password: Annotated[str, msgspec.Meta(max_length=1024)] = ""
    token: Annotated[str, msgspec.Meta(max_length=1024)] = ""


class SignedIn(msgspec.Struct, frozen=True):
    """Somebody is signed in."""

    agent: str
    display_name: str
    began_ns: int
    until_ns: int
    """When the session ends, whatever happens."""
    idle_limit_s: float
    """It ends, too, when nothing was done for so long."""


async def post_session(request: web.Request) -> web.Response:
    """Sign in."""
    context, desks = context_of(request), context_of(request).desks
    body = await read_body(request)
    given = decode_as(body, media_type(request.content_type) if body else JSON, Credentials)
    address, now_ns = request.remote or "", context.monotonic_ns()
    if given.token:
        agent, credential = desks.sign_in.by_token(given.token, address, now_ns)
    elif given.agent:
        agent = given.agent
        desks.require_not_gone(request, agent)
        credential = await desks.sign_in.by_password(agent, given.password, address, now_ns)
    else:
        raise Problem("malformed", "give an 'agent' with a 'password', or a 'token'")
    session = desks.sessions.begin(agent, credential, context.wall_ns())
    return await _with_cookie(request, session)


async def get_session(request: web.Request) -> web.Response:
    """Say who is signed in, and since when nothing was done, in the cookie; say nothing where nobody is."""
    context = context_of(request)
    try:
        session = context.desks.session_of(request)
    except Problem as problem:
        if problem.kind.slug != "unauthorised":
            raise
        return web.Response(status=204)
    return await _with_cookie(request, session)


async def delete_session(request: web.Request) -> web.Response:
    """Sign out."""
    context = context_of(request)
    await context.desks.sign_out(context.desks.session_of(request))
    response = web.Response(status=204)
    response.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict")
    return response


async def _with_cookie(request: web.Request, session: Session) -> web.Response:
    context = context_of(request)
    limits = context.settings.desk
    try:
        name = context.views.agent(session.agent).display_name
    except KeyError:
        raise Problem("not-found", gone(session.agent)) from None
    until_ns = session.began_ns + limits.session_limit_ns
    said = SignedIn(session.agent, name, session.began_ns, until_ns, limits.idle_limit_ns / SECOND_NS)
    response = await answer(request, said, settled=True)
    now_ns = context.wall_ns()
    response.set_cookie(
        COOKIE,
        context.desks.sessions.cookie(session),
        path="/",
        httponly=True,
        samesite="Strict",
        secure=request.secure or request.headers.get("X-Forwarded-Proto") == "https",
        max_age=max(0, (until_ns - now_ns) // SECOND_NS),
    )
    return response


async def get_desk_socket(request: web.Request) -> web.StreamResponse:
    """Open the socket of the signed-in agent's desk."""
    context = context_of(request)
    require_same_origin(request, context)
    session = context.desks.session_of(request)
    if request.headers.get("Upgrade", "").lower() != "websocket":
        raise Problem("malformed", "this address takes WebSockets only")
    return await context.desks.socket(session).run(request)


async def get_attachment(request: web.Request) -> web.Response:
    """Give a file that was sent in a contact of somebody whom the agent serves now."""
    context = context_of(request)
    session = context.desks.session_of(request)
    views, store = context.views, context.engine.attachments
    contact_id, sha256 = request.match_info["contact_id"], request.match_info["sha256"]
    if store is None or not (contact_id.isascii() and contact_id.isdigit() and len(contact_id) < DIGITS_MAX):
        raise Problem("not-found", "there is no such file")
    if not in_hand(int(contact_id), views.contacts.engagements(session.agent), views):
        raise Problem("forbidden", "this contact is of no customer whom you serve now")
    try:
        found = await asyncio.to_thread(find_attachment, views, int(contact_id), sha256)
        if found is None:
            raise Problem("not-found", "no line of this contact has such a file")
        content = await asyncio.to_thread(read_attachment, store, sha256)
    except (KeyError, OSError, ValueError):
        raise Problem("not-found", "the file is not there any more") from None
    return web.Response(body=content, headers=headers_of(found))


async def post_attachment(request: web.Request) -> web.Response:
    """Keep a file that the agent is going to send; it is in nobody's conversation before a line says so."""
    context = context_of(request)
    desks, now_ns = context.desks, context.wall_ns()
    require_same_origin(request, context)
    session, store = desks.session_of(request), context.engine.attachments
    if store is None or desks.files is None:
        raise Problem("forbidden", "files are not sent from desks here")
    held = context.views.contacts.engagements(session.agent)
    contact_id = next((one.contact_id for one in held if str(one.contact_id) == request.match_info["contact_id"]), 0)
    if not any(one.contact_id == contact_id and one.state in SERVED for one in held):
        raise Problem("forbidden", "you do not serve this contact now")
    wait_s = desks.uploads.rate_limit.take(session.agent, context.monotonic_ns())
    if wait_s:
        raise Problem("too-many-requests", "so many files at once", headers={"Retry-After": str(int(wait_s) + 1)})
    if not context.views.admitting:
        raise Problem("overloaded", "there is no room for files now", headers={"Retry-After": "10"})
    found = await desks.uploads.take(request, store, session.agent, contact_id, now_ns)
    desks.sessions.touch(session, now_ns)
    return await answer(request, found, settled=True)


def _session_route(method: str, handler: object, name: str, summary: str, status: int = 200) -> Route:
    signs_in = method == "POST"
    return Route(
        method,
        PATH,
        handler,  # type: ignore[arg-type]
        name,
        summary,
        OPEN,
        GROUP,
        body=Credentials if signs_in else None,
        body_required=signs_in,
        answer=SignedIn if status == 200 else None,
        or_nothing=method == "GET",
        status=status,
        problems=(401, 404, 413, 415, 429) if signs_in else (401, 404),
    )


ROUTES: Final = (
    _session_route("POST", post_session, "signIn", "Sign in at the agent desk"),
    _session_route("GET", get_session, "getSession", "Who is signed in at the agent desk"),
    _session_route("DELETE", delete_session, "signOut", "Sign out", 204),
    Route(
        "GET",
        "/api/v1/desk/contacts/{contact_id}/attachments/{sha256}",
        get_attachment,
        "getDeskAttachment",
        "A file that a customer sent",
        OPEN,
        GROUP,
        produces=("application/octet-stream", *sorted(PICTURES)),
        parameters=(
            Parameter("contact_id", "Sequence of the contact's arrival", None, "path", True),
            Parameter("sha256", "Digest of the file", None, "path", True),
        ),
        problems=(404,),
    ),
    Route(
        "POST",
        "/api/v1/desk/contacts/{contact_id}/attachments",
        post_attachment,
        "postDeskAttachment",
        "A file that the agent is going to send",
        OPEN,
        GROUP,
        takes_file=True,
        answer=Uploaded,
        parameters=(
            Parameter("contact_id", "Sequence of the contact's arrival", None, "path", True),
            Parameter("name", "The file's name"),
        ),
        problems=(413, 415, 429),
    ),
    Route("GET", "/api/v1/ws/desk", get_desk_socket, "openDesk", "The agent desk's socket", OPEN, "pages"),
)
