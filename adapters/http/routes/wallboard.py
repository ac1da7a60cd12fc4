"""The wallboard: its page at `/wallboard`, the files of the page, and what it asks for beside the stream."""

import hashlib
from html import escape
from importlib.resources import files
from typing import Final

import msgspec
from aiohttp import web

from adapters.http.answers.accept import Form, chosen_form
from adapters.http.answers.replies import answer, figures, not_found
from adapters.http.boards import DEFAULT_BOARD, METRICS, BoardSettings, Threshold
from adapters.http.context import CALLER, context_of
from adapters.http.problems import MEDIA_TYPE, Problem
from adapters.http.requests import parameters
from adapters.http.route_table import OPEN, Parameter, Route, whole
from adapters.http.routes.documents import page
from adapters.http.wallboard.hour import Hour
from adapters.http.wallboard.masks import masked
from adapters.http.wallboard.no_board import no_board
from adapters.http.wallboard.privacy import unnamed_wait
from adapters.http.wallboard.tiles import WaitingTile
from engine.model.scopes import Scope
from engine.projections.queues.health import JUDGED_OF
from engine.projections.queues.tiles import rounded
from engine.projections.views import Views

_FOLDER: Final = files("adapters.http") / "pages" / "wallboard"
_TYPES: Final = {"js": "text/javascript", "css": "text/css", "json": "application/json"}
_FILES: Final = {
    file.name: (file.read_bytes(), _TYPES[file.name.rpartition(".")[2]])
    for file in _FOLDER.iterdir()
    if file.name.rpartition(".")[2] in _TYPES
}
_TAGS: Final = {name: f'"{hashlib.sha256(body).hexdigest()[:32]}"' for name, (body, _) in _FILES.items()}
_OF_NO_BOARD: Final = (Form(MEDIA_TYPE), Form("text/html"))
_PAGE: Final = (_FOLDER / "wallboard.html").read_text("utf-8")
LINE: Final = 200
LINE_MAX: Final = 1000
RECENT_NS: Final = 30 * 60 * 1_000_000_000
BOARD: Final = Parameter("board", "Name of the board; `default` is always there", None, "path", True)


class ScreenAnswer(msgspec.Struct, frozen=True):
    """What is seen at once."""

    name: str
    blocks: list[str]


class ThresholdAnswer(msgspec.Struct, frozen=True):
    """From `warn` on a figure is at risk, from `alert` on breached."""

    warn: float
    alert: float


class BoardAnswer(msgspec.Struct, frozen=True):
    """One board as the page draws it."""

    board: str
    title: str
    service: str
    queues: list[str]
    screens: list[ScreenAnswer]
    rotate_s: float
    """0: it does not rotate."""
    theme: str
    language: str
    time_zone: str
    privacy: bool
    unnamed: bool
    """Whether agents come to this caller by their initials alone."""
    sound: bool
    thresholds: dict[str, dict[str, ThresholdAnswer]]
    """By queue and figure: those that hold."""
    judged_of: int
    """Contacts that a share must speak of before it is judged."""
    time_limits_s: dict[str, float]
    """By state of an agent; 0: none."""
    planned: bool
    """Whether there is a plan to compare the day with."""
    pause_reasons: list[str]
    name: str
    """The caller's token; empty where there are none."""
    may_supervise: bool
    may_set_status: bool


class InLine(WaitingTile, frozen=True, kw_only=True):
    """One contact in a queue's line."""

    position: int
    """1 is served next; those who are being offered to somebody do not count."""
    expected_s: float | None
    """How much longer half of those in its place wait; null: it cannot be told."""


class Line(msgspec.Struct, frozen=True):
    """A queue's line in the order of service."""

    as_of: int
    at_ns: int
    queue: str
    total: int
    contacts: list[InLine]


class BoardName(msgspec.Struct, frozen=True):
    """One board on the list."""

    board: str
    title: str


class BoardList(msgspec.Struct, frozen=True):
    """The boards of the configuration."""

    boards: list[BoardName]


async def get_page(request: web.Request) -> web.Response:
    """Give the page; it reads from the address which board it is."""
    name = context_of(request).views.directory.service or "Trunkline"
    body = _PAGE.replace("{service}", escape(name)).encode()
    return _file(request, body, "text/html", f'"{hashlib.sha256(body).hexdigest()[:32]}"')


async def get_home(request: web.Request) -> web.Response:
    """Give the page with the default board."""
    return await get_page(request)


async def get_page_of_board(request: web.Request) -> web.Response:
    """Give the page of one board. Where there is none, browsers get the boards there are; raises Problem for others."""
    name, boards = request.match_info["board"], context_of(request).settings.all_boards
    if name not in boards and chosen_form(request.headers.get("Accept", ""), _OF_NO_BOARD) == _OF_NO_BOARD[1]:
        text = page("No such board · Không có bảng này", no_board(name, boards))
        return web.Response(text=text, status=404, content_type="text/html", headers={"Vary": "Accept"})
    board_of(request)
    return await get_page(request)


async def get_file(request: web.Request) -> web.Response:
    """Give a script, a style or a catalogue of words. Raises Problem where there is none."""
    name = request.match_info["file"]
    if name not in _FILES:
        raise Problem("not-found", f"the wallboard has no file {name[:40]!r}")
    body, content_type = _FILES[name]
    return _file(request, body, content_type, _TAGS[name])


def _file(request: web.Request, body: bytes, content_type: str, etag: str) -> web.Response:
    headers = {"Cache-Control": "no-cache", "ETag": etag}
    if request.headers.get("If-None-Match") == etag:
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)


def board_of(request: web.Request) -> tuple[str, BoardSettings]:
    """Return the board that the address names. Raises Problem."""
    name, boards = request.match_info.get("board", DEFAULT_BOARD), context_of(request).settings.all_boards
    caller = request.get(CALLER)
    if caller is not None and caller.kiosk and name != caller.kiosk_board:
        raise Problem("forbidden", f"the ticket of this kiosk shows the board '{caller.kiosk_board}' alone")
    if name not in boards:
        raise Problem("not-found", f"there is no board {name[:64]!r}; there is {', '.join(boards)}")
    return name, boards[name]


async def get_boards(request: web.Request) -> web.Response:
    """Tell which boards there are."""
    boards, caller = context_of(request).settings.all_boards, request[CALLER]
    shown = {name: board for name, board in boards.items() if not caller.kiosk or name == caller.kiosk_board}
    return await answer(request, BoardList([BoardName(name, board.title) for name, board in shown.items()]))


async def get_board(request: web.Request) -> web.Response:
    """Tell what a board shows and by which thresholds."""
    name, board = board_of(request)
    context, caller = context_of(request), request[CALLER]
    shown = [queue for queue in context.views.queues().queues if board.shows(queue.queue)]
    thresholds = {
        queue.queue: {metric: _pair(pair) for metric in METRICS if (pair := board.threshold(metric, queue)) is not None}
        for queue in shown
    }
    limits = board.time_limits
    return await answer(
        request,
        BoardAnswer(
            board=name,
            title=board.title,
            service=context.views.directory.service or "Trunkline",
            queues=list(board.queues),
            screens=[ScreenAnswer(screen.name, list(screen.blocks)) for screen in board.screens],
            rotate_s=board.rotate_ns / 1e9,
            theme=board.theme,
            language=board.language,
            time_zone=board.time_zone or context.settings.time_zone,
            privacy=board.privacy,
            unnamed=bool(caller.kiosk) and board.privacy,
            sound=board.sound,
            thresholds=thresholds,
            judged_of=JUDGED_OF,
            time_limits_s={state: getattr(limits, state) / 1e9 for state in type(limits).model_fields},
            planned=bool(board.plan),
            pause_reasons=list(context.views.directory.pause_reasons),
            name=caller.name,
            may_supervise=caller.may(Scope.SUPERVISE),
            may_set_status=(caller.may(Scope.AGENT) or caller.may(Scope.SUPERVISE)) and caller.agent is None,
        ),
    )


def _pair(pair: Threshold) -> ThresholdAnswer:
    return ThresholdAnswer(pair.warn, pair.alert)


async def get_hour(request: web.Request) -> web.Response:
    """Tell the last hour of a board's queues, minute by minute."""
    _, board = board_of(request)
    context = context_of(request)
    since_ns = context.wall_ns() - RECENT_NS
    found = await figures(context, since_ns, lambda views, now_ns: views.queues(now_ns, since_ns).queues)
    # Where less is kept, the figure of today is of no more either, and says since when.
    shown = [queue for queue in found if board.shows(queue.queue) and not queue.for_colleagues]
    levels = [queue.service_level for queue in shown if queue.since_ns <= since_ns]
    of = sum(level.of for level in levels)
    recent = sum(level.met for level in levels) / of if of else None
    return await answer(request, context.feed.hour.of(board, context.wall_ns(), recent))


async def get_waiting(request: web.Request) -> web.Response:
    """Tell a queue's line, with callers masked and why each of them waits."""
    _, board = board_of(request)
    queue, context = request.query.get("queue", ""), context_of(request)
    limit = parameters.whole(request, "limit", LINE, 1, LINE_MAX)
    if not board.shows(queue):
        raise Problem("not-found", f"the board does not show a queue {queue[:64]!r}")
    try:
        found = _line(context.views, queue, context.wall_ns(), limit)
    except KeyError as error:
        raise not_found(error) from None
    if request[CALLER].kiosk and board.privacy:
        found = msgspec.structs.replace(found, contacts=[unnamed_wait(wait) for wait in found.contacts])
    return await answer(request, found)


def _line(views: Views, queue: str, wall_ns: int, limit: int) -> Line:
    """Return up to `limit` of a queue's line. Raises KeyError."""
    line = views.contacts.waiting(queue, wall_ns, limit)
    slots = [views.open_contacts.slot_of(contact.contact) for contact in line.contacts]
    reasons = views.contacts.waiting_reasons(slots, line.at_ns)
    contacts = [
        InLine(
            contact=contact.contact,
            caller=masked(contact.customer),
            queue=queue,
            channel=contact.channel,
            state=contact.state,
            priority=contact.priority,
            why=why.text,
            why_code=why.code,
            why_count=why.agents,
            why_agent=why.agent,
            why_silent=why.silent,
            since_ns=contact.entered_ns,
            arrived_ns=contact.arrived_ns,
            asked_by=contact.asked_by,
            position=contact.position,
            expected_s=rounded(contact.expected_wait.p50_s, 0),
        )
        for contact, why in zip(line.contacts, reasons, strict=True)
    ]
    return Line(line.as_of, line.at_ns, queue, line.total, contacts)


def _page(path: str, handler: object, operation: str, summary: str, kind: str = "text/html") -> Route:
    return Route("GET", path, handler, operation, summary, OPEN, "pages", produces=(kind,))  # type: ignore[arg-type]


ROUTES: Final = (
    _page("/", get_home, "getHome", "The wallboard with the default board"),
    _page("/wallboard", get_page, "getWallboard", "The wallboard with the default board"),
    _page("/wallboard/{board}", get_page_of_board, "getWallboardOf", "The wallboard with one board"),
    _page("/pages/wallboard/{file}", get_file, "getWallboardFile", "A file of the wallboard", "text/javascript"),
    Route(
        "GET",
        "/api/v1/boards",
        get_boards,
        "getBoards",
        "The boards",
        Scope.READ,
        "boards",
        for_kiosks=True,
        answer=BoardList,
    ),
    Route(
        "GET",
        "/api/v1/boards/{board}",
        get_board,
        "getBoardSettings",
        "What a board shows, and its thresholds",
        Scope.READ,
        "boards",
        for_kiosks=True,
        answer=BoardAnswer,
        parameters=(BOARD,),
        problems=(404,),
    ),
    Route(
        "GET",
        "/api/v1/boards/{board}/hour",
        get_hour,
        "getBoardHour",
        "A board's last hour, minute by minute",
        Scope.READ,
        "boards",
        for_kiosks=True,
        answer=Hour,
        parameters=(BOARD,),
        problems=(404,),
        text="Samples are taken while a wallboard is open; null: nobody looked in that minute.",
    ),
    Route(
        "GET",
        "/api/v1/boards/{board}/waiting",
        get_waiting,
        "getBoardWaiting",
        "A queue's line in the order of service, callers masked",
        Scope.READ,
        "boards",
        for_kiosks=True,
        answer=Line,
        parameters=(
            BOARD,
            Parameter("queue", "Whose line", None, "query", True),
            Parameter("limit", "Contacts at most", whole(1, LINE_MAX, LINE)),
        ),
        problems=(404,),
    ),
)
