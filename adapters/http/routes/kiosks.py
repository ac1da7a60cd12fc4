"""`/api/v1/kiosks`: screens on walls that may read boards; and what people say of a board's alerts."""

from typing import Annotated, Final

import msgspec
from aiohttp import web

from adapters.http.answers.replies import answer
from adapters.http.context import CALLER, context_of
from adapters.http.problems import Fault, Problem
from adapters.http.requests.bodies import read_body
from adapters.http.requests.commands import command_routes
from adapters.http.requests.translate import media_type
from adapters.http.route_table import Parameter, Route
from adapters.http.wallboard.kiosks import Kiosk
from engine.messages import observed
from engine.messages.decoding import JSON, decode_as
from engine.model.durations import parse_duration
from engine.model.scopes import Scope

LIVES: Final = "365d"
LIVES_MAX_NS: Final = parse_duration("3660d")


class NewKiosk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A screen to let in."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    """Where it hangs."""
    board: str = "default"
    lives: str = LIVES
    """How long it may read, as 365d."""


class KioskTicket(msgspec.Struct, frozen=True):
    """The ticket is told this once."""

    kiosk: Kiosk
    ticket: str
    path: str
    """What the screen opens."""


class KioskList(msgspec.Struct, frozen=True):
    """The screens that may read, those let in last first."""

    kiosks: list[Kiosk]


async def get_kiosks(request: web.Request) -> web.Response:
    """Tell which screens may read."""
    return await answer(request, KioskList(context_of(request).kiosks.all()), settled=True)


async def post_kiosk(request: web.Request) -> web.Response:
    """Let a screen in."""
    context, body = context_of(request), await read_body(request)
    asked = decode_as(body, media_type(request.content_type) if body else JSON, NewKiosk)
    if asked.board not in context.settings.all_boards:
        text = f"there is no board {asked.board[:64]!r}"
        raise Problem("unprocessable", text, [Fault(text, pointer="/board")])
    try:
        lives_ns = parse_duration(asked.lives)
    except ValueError as error:
        raise Problem("unprocessable", str(error), [Fault(str(error), pointer="/lives")]) from None
    if not 0 < lives_ns <= LIVES_MAX_NS:
        text = f"{asked.lives[:40]!r} is not a time of up to 3660d"
        raise Problem("unprocessable", text, [Fault(text, pointer="/lives")])
    by = request[CALLER].name
    kiosk, ticket = context.kiosks.issue(asked.name, asked.board, by, context.wall_ns(), lives_ns)
    path = f"/wallboard/{asked.board}?kiosk=1&ticket={ticket}"
    return await answer(request, KioskTicket(kiosk, ticket, path), 201, settled=True)


async def post_revoke(request: web.Request) -> web.Response:
    """Take a screen's ticket back; what it has open ends within seconds."""
    return await answer(request, context_of(request).kiosks.revoke(request.match_info["kiosk"]), settled=True)


ROUTES: Final = (
    *command_routes(
        "boards",
        "/api/v1/alerts",
        Scope.SUPERVISE,
        {"acknowledge": (observed.AlertAcknowledged, "Say that an alert, or a lost contact, was seen")},
    ),
    Route(
        "GET",
        "/api/v1/kiosks",
        get_kiosks,
        "getKiosks",
        "Screens on walls that may read",
        Scope.SUPERVISE,
        "boards",
        answer=KioskList,
    ),
    Route(
        "POST",
        "/api/v1/kiosks",
        post_kiosk,
        "postKiosk",
        "Let a screen on a wall read boards",
        Scope.SUPERVISE,
        "boards",
        body=NewKiosk,
        body_required=True,
        answer=KioskTicket,
        status=201,
        problems=(408, 409, 413, 415, 422),
        text="Its ticket is signed, reads boards alone, and lives until `expires_ns` or until it is taken back.",
    ),
    Route(
        "POST",
        "/api/v1/kiosks/{kiosk}/revoke",
        post_revoke,
        "revokeKiosk",
        "Take a screen's ticket back",
        Scope.SUPERVISE,
        "boards",
        answer=Kiosk,
        parameters=(Parameter("kiosk", "Its id", None, "path", True),),
        problems=(404,),
    ),
)
