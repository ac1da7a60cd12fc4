"""`/api/v1/stream`: what changes, as server-sent events."""

import asyncio
from typing import Final, NamedTuple

import msgspec
from aiohttp import web

from adapters.http.answers.replies import answer, durable
from adapters.http.callers.tickets import LIVES_NS
from adapters.http.context import CALLER, REQUEST_ID, Context, context_of
from adapters.http.feed.board import Board
from adapters.http.feed.feed import TOPICS, Feed
from adapters.http.feed.state_boards import STATE_TOPICS, View
from adapters.http.problems import Problem, bad_parameter
from adapters.http.requests import parameters
from adapters.http.requests.parameters import INTEGER_MAX, whole
from adapters.http.route_table import Parameter, Route, words
from engine.model.scopes import Scope

PING_S: Final = 15
WRITE_WITHIN_S: Final = 30.0
"""A reader that takes nothing for so long is closed."""
DIGITS_MAX: Final = 19
BATCH: Final = 200
"""Events sent before other topics get their turn."""
EARLY_S: Final = 0.2
"""Readers look at the clock once a second: a ping comes so much too early rather than a second too late."""


BY_DEFAULT: Final = ("queues", "agents", "waiting")
PINGS: Final = {"type": "integer", "minimum": 1, "maximum": PING_S, "default": PING_S}


class Wanted(NamedTuple):
    """What a reader asks for."""

    topics: frozenset[str]
    view: View
    fields: bool
    """Whether it can take in single fields of items."""


class Reader:
    """One stream: what it has seen of each topic.

    Messages are named by the position of the log that they are true at, and where effects are told, too, by the number
    of the last effect: `SEQ` or `SEQ.NUMBER`. Whoever gives that back misses nothing and gets nothing twice.
    """

    def __init__(self, feed: Feed, wanted: Wanted, after_seq: int | None, effect: int | None = None) -> None:
        self._feed = feed
        self._wanted = wanted
        self._settings = feed.state.settings_of(wanted.view)
        self._boards: list[Board] = []
        self._versions: tuple[int, ...] = ()
        """Of each board, the last one seen; 0: none."""
        oldest = feed.views.events.first_seq - 1
        is_gone = after_seq is not None and after_seq < oldest and "events" in wanted.topics
        self._lost = is_gone or (after_seq is not None and after_seq > feed.views.as_of)
        """The reader comes from a position that this log never had: of another log, or of one that was restored. Or
        what followed it is deleted, and it goes on with the oldest that is kept.
        """
        start = feed.durable_seq if after_seq is None or self._lost else after_seq
        start = oldest if is_gone else start
        self._start = start
        self._event = start if "events" in wanted.topics else None
        """The last event told; None: they are not asked for."""
        self._effect: int | None = None
        """Likewise of effects."""
        if "effects" in wanted.topics:
            known = feed.effects.last if after_seq is None or self._lost else feed.effects.number_at(after_seq)
            self._effect = known if effect is None or self._lost else effect

    @property
    def topics(self) -> frozenset[str]:
        """What it reads."""
        return self._wanted.topics

    @property
    def outdated(self) -> bool:
        """Whether its board has changed by a reload: it is to come back then, and see what it may see now."""
        now = self._feed.state.settings_of(self._wanted.view)
        return now is not self._settings and now != self._settings

    def join(self) -> bool:
        """Begin to read; returns False when too many do."""
        boards = self._feed.join(self, self._wanted.topics, self._wanted.view)
        if boards is None:
            return False
        self._boards, self._versions = boards, (0,) * len(boards)
        return True

    async def news(self) -> bytes:
        """Return what is new, each piece once; empty: nothing is."""
        found = []
        if self._lost:
            self._lost = False
            found.append(_message("reset", self._id(self._start), b'{"as_of":%d}' % self._start))
        found.append(self._state())
        if self._event is not None:
            for seq, body in await self._feed.events_after(self._event, BATCH):
                self._event = seq
                found.append(_message("event", self._id(), body))
        if self._effect is not None:
            entries, lost = self._feed.effects.after(self._effect, BATCH)
            if lost:
                self._effect = entries[0][0] - 1 if entries else self._feed.effects.last
                found.append(_message("gap", self._id(), b'{"topic":"effects"}'))
            for number, body in entries:
                self._effect = number
                found.append(_message("effect", self._id(), body))
        return b"".join(found)

    @property
    def behind(self) -> bool:
        """Whether there is more to send at once."""
        late = self._event is not None and self._event < self._feed.durable_seq
        return late or (self._effect is not None and self._effect < self._feed.effects.last)

    def _state(self) -> bytes:
        """What is new of the boards: the same bytes for all readers who want and have seen the same."""
        if self._event is not None or self._effect is not None:
            told, self._versions, skipped = self._look()
        else:
            key = self._wanted, self._versions
            found = self._feed.round.get(key)
            if found is None:
                found = self._feed.round[key] = self._look()
            told, self._versions, skipped = found
        self._feed.skipped += skipped
        return told

    def _look(self) -> tuple[bytes, tuple[int, ...], int]:
        """Return (messages, the versions seen with them, how many versions were passed over)."""
        messages, skipped = [], 0
        for board, seen in zip(self._boards, self._versions, strict=True):
            found = board.encoded_since(seen, fields=self._wanted.fields) if board.version else None
            if found is not None:
                skipped += max(0, board.version - seen - 1) if seen else 0
                messages.append(_message(found[0], self._id(found[1]), found[2]))
        return b"".join(messages), tuple(board.version for board in self._boards), skipped

    def _id(self, as_of: int | None = None) -> str:
        """Where a reader that comes back should go on: the position up to which it has everything."""
        seq = self._event if self._event is not None else self._feed.durable_seq if as_of is None else as_of
        return str(seq) if self._effect is None else f"{seq}.{self._effect}"


def _message(event: str, position: str, data: bytes) -> bytes:
    return b"event: %s\nid: %s\ndata: %s\n\n" % (event.encode(), position.encode(), data)


async def get_stream(request: web.Request) -> web.StreamResponse:
    """Send what changes until the reader goes or the service stops."""
    context = context_of(request)
    ping_s = whole(request, "ping", PING_S, 1, PING_S)
    topics = frozenset(parameters.words(request, "topics") or BY_DEFAULT)
    unknown = topics - set(TOPICS)
    if unknown:
        raise bad_parameter("topics", f"{sorted(unknown)[0][:40]!r} is not one of {', '.join(TOPICS)}")
    after_seq, effect = _last_event_id(request)
    caller = request[CALLER]
    if caller.kiosk and topics - set(STATE_TOPICS):
        raise Problem("forbidden", "the ticket of a kiosk shows boards, and nothing else")
    fields = parameters.one_of(request, "changes", "items", ("items", "fields")) == "fields"
    wanted = Wanted(topics, view_of(request, context), fields)
    await durable(context)
    reader = Reader(context.feed, wanted, after_seq, effect)
    if not reader.join():
        raise Problem("overloaded", f"{context.feed.streams_max} streams are open", headers={"Retry-After": "10"})
    context.metrics.stream_clients.labels("sse").set(len(context.feed.readers))
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
            "X-Content-Type-Options": "nosniff",
            "X-Request-Id": request[REQUEST_ID],
        }
    )
    try:
        await _pump(request, response, reader, context, ping_s)
    except ConnectionError:
        pass  # the reader went away
    except TimeoutError:
        context.feed.dropped += 1
        context.metrics.stream_dropped.labels("sse", "stream").inc()
        if request.transport is not None:
            request.transport.abort()
    finally:
        context.feed.leave(reader)
        context.metrics.stream_clients.labels("sse").set(len(context.feed.readers))
    return response


async def _pump(
    request: web.Request, response: web.StreamResponse, reader: Reader, context: Context, ping_s: int
) -> None:
    feed, kiosk, topics, now_s = context.feed, request[CALLER].kiosk, reader.topics, asyncio.get_running_loop().time
    dropped = context.metrics.stream_dropped.labels("sse", "state")
    await response.prepare(request)
    await response.write(b"retry: 2000\n\n")
    written_s = now_s()
    while not feed.closing and (not kiosk or context.kiosks.stands(kiosk, context.wall_ns())):
        if request.transport is None or request.transport.is_closing():
            return  # the reader went away
        if reader.outdated:
            break
        fresh, skipped = feed.news(topics), feed.skipped
        told = await reader.news()
        if feed.skipped > skipped:
            dropped.inc(feed.skipped - skipped)
        if not told and now_s() - written_s >= ping_s - EARLY_S:
            told = b": %d\n\n" % feed.now_ns
        if told:
            async with asyncio.timeout(WRITE_WITHIN_S):
                await response.write(told)
            written_s = now_s()
        if not reader.behind and not feed.closing:
            await fresh.wait()
    await response.write(b"event: end\ndata: {}\n\n")


def view_of(request: web.Request, context: Context) -> View:
    """Return whose eyes state is seen with: those of the board asked for, of a kiosk its own. Raises Problem."""
    caller, boards = request[CALLER], context.settings.all_boards
    board = request.query.get("board", caller.kiosk_board)
    if caller.kiosk and board != caller.kiosk_board:
        raise Problem("forbidden", f"the ticket of this kiosk shows the board '{caller.kiosk_board}' alone")
    if board and board not in boards:
        raise Problem("not-found", f"there is no board {board[:64]!r}; there is {', '.join(boards)}")
    return View(board, bool(caller.kiosk) and boards[board].privacy)


class Ticket(msgspec.Struct, frozen=True):
    """Lets one stream be opened once, with what its token may do."""

    ticket: str
    expires_s: float


async def post_ticket(request: web.Request) -> web.Response:
    """Give a ticket for one stream."""
    context = context_of(request)
    ticket = context.tickets.issue(request[CALLER], context.monotonic_ns())
    return await answer(request, Ticket(ticket, LIVES_NS / 1e9), 201, settled=True)


def _last_event_id(request: web.Request) -> tuple[int | None, int | None]:
    """Return the position, and the number of the last effect, that the reader has seen; None where it does not say."""
    text = request.headers.get("Last-Event-ID") or request.query.get("after_seq")
    if not text:
        return None, None
    parts = text.split(".")
    if len(parts) > 2 or not all(_is_number(part) for part in parts):
        raise bad_parameter("Last-Event-ID", f"{text[:40]!r} is not a position of the log")
    return int(parts[0]), int(parts[1]) if len(parts) == 2 else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX and int(text) <= INTEGER_MAX


ROUTES: Final = (
    Route(
        "POST",
        "/api/v1/stream/tickets",
        post_ticket,
        "postStreamTicket",
        "A one-use ticket for a stream",
        Scope.READ,
        "stream",
        answer=Ticket,
        status=201,
        text=(
            "For browsers' EventSource, which cannot send a token: open `/api/v1/stream?ticket=…` within the seconds "
            "given. A ticket opens one stream, once; ask for another one to come back."
        ),
    ),
    Route(
        "GET",
        "/api/v1/stream",
        get_stream,
        "getStream",
        "What changes, as server-sent events",
        Scope.READ,
        "stream",
        produces=("text/event-stream",),
        by_ticket=True,
        for_kiosks=True,
        parameters=(
            Parameter(
                "topics", f"Topics, separated by commas, of {', '.join(TOPICS)}; by default {', '.join(BY_DEFAULT)}"
            ),
            Parameter("after_seq", "Position to continue events and effects from"),
            Parameter("board", "Only what this board shows; a kiosk sees its own"),
            Parameter(
                "changes",
                "Whether a change tells whole items, or may tell the fields that changed",
                words("items", "fields", default="items"),
            ),
            Parameter("ping", "Seconds without news after which a comment says that all is well", PINGS),
            Parameter("ticket", "A ticket of `/api/v1/stream/tickets`, instead of a token"),
            Parameter("Last-Event-ID", "The same, as browsers say it", None, "header"),
        ),
        problems=(503,),
        text=(
            "Topics of state (`queues`, `agents`, `waiting`, `alerts`) begin with a `snapshot` and go on with "
            "`delta`s: `items` replace those of the same name, `removed` go. With `changes=fields` a `patch` may come "
            "instead: each of its items has its name and the fields that changed, which replace those of the item. "
            "A reader that is slow gets the newest "
            "state, merged; nothing is queued for it. `events` are the log in words, `effects` what the engine asks of "
            "whoever "
            "brought a contact by HTTP (ring this agent, end that offer): an integration that brings contacts by this "
            "API reads them here and acts. Both continue after `Last-Event-ID`, events from the log itself, effects "
            "from the latest ten thousand since the start; a `gap` says that others are no longer kept, then read the "
            "contacts. An id is a position of the log, with effects also the number of the last one, as `1042.17`: "
            "give it back as it came. "
            "A `reset` says that this log never was at the position asked for, or no longer holds what followed it, "
            "and where the stream begins instead. "
            "A comment comes every 15 s (or `ping` s) when nothing else does, and says what time it is, in ns; "
            "`end` says that the service is stopping."
        ),
    ),
)
