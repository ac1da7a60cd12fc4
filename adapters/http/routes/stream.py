"""`/api/v1/stream`: what changes, as server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import msgspec
from aiohttp import web

from adapters.http.context import CALLER, REQUEST_ID, Context, context_of
from adapters.http.feed import STATE_TOPICS, TOPICS, Feed
from adapters.http.parameters import INTEGER_MAX, whole, words
from adapters.http.problems import Problem, bad_parameter
from adapters.http.replies import answer, durable
from adapters.http.route_table import Parameter, Route
from adapters.http.tickets import LIVES_NS
from engine.model.scopes import Scope

PING_S: Final = 15
WRITE_WITHIN_S: Final = 30.0
"""A reader that takes nothing for so long is closed."""
DIGITS_MAX: Final = 19
BATCH: Final = 200
"""Events sent before other topics get their turn."""


BY_DEFAULT: Final = ("queues", "agents", "waiting")
PINGS: Final = {"type": "integer", "minimum": 1, "maximum": PING_S, "default": PING_S}


class Reader:
    """One stream: what it has seen of each topic.

    Messages are named by the position of the log that they are true at, and where effects are told, too, by the number
    of the last effect: `SEQ` or `SEQ.NUMBER`. Whoever gives that back misses nothing and gets nothing twice.
    """

    def __init__(self, feed: Feed, topics: frozenset[str], after_seq: int | None, effect: int | None = None) -> None:
        self._feed = feed
        self.topics = topics
        self._versions: dict[str, int] = {topic: 0 for topic in STATE_TOPICS if topic in topics}
        self._lost = after_seq is not None and after_seq > feed.views.as_of
        """The reader comes from a position that this log never had: of another log, or of one that was restored."""
        start = feed.durable_seq if after_seq is None or self._lost else after_seq
        self._start = start
        self._event = start if "events" in topics else None
        """The last event told; None: they are not asked for."""
        self._effect: int | None = None
        """Likewise of effects."""
        if "effects" in topics:
            known = feed.effects.last if after_seq is None or self._lost else feed.effects.number_at(after_seq)
            self._effect = known if effect is None or self._lost else effect

    async def news(self) -> AsyncIterator[bytes]:
        """Yield what is new, each piece once."""
        if self._lost:
            self._lost = False
            yield _message("reset", self._id(self._start), b'{"as_of":%d}' % self._start)
        for topic in self._versions:
            message = self._state(topic)
            if message:
                yield message
        if self._event is not None:
            for event in await self._feed.events_after(self._event, BATCH):
                self._event = event.seq
                yield _message("event", self._id(), msgspec.json.encode(event))
        if self._effect is not None:
            entries, lost = self._feed.effects.after(self._effect, BATCH)
            if lost:
                self._effect = entries[0][0] - 1 if entries else self._feed.effects.last
                yield _message("gap", self._id(), b'{"topic":"effects"}')
            for number, body in entries:
                self._effect = number
                yield _message("effect", self._id(), body)

    @property
    def behind(self) -> bool:
        """Whether there is more to send at once."""
        late = self._event is not None and self._event < self._feed.durable_seq
        return late or (self._effect is not None and self._effect < self._feed.effects.last)

    def _state(self, topic: str) -> bytes:
        board, seen = self._feed.boards[topic], self._versions[topic]
        if board.version == 0:
            return b""
        found = board.encoded_since(seen)
        if found is None:
            return b""
        self._feed.skipped += max(0, board.version - seen - 1) if seen else 0
        self._versions[topic] = board.version
        name, as_of, body = found
        return _message(name, self._id(as_of), body)

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
    topics = frozenset(words(request, "topics") or BY_DEFAULT)
    unknown = topics - set(TOPICS)
    if unknown:
        raise bad_parameter("topics", f"{sorted(unknown)[0][:40]!r} is not one of {', '.join(TOPICS)}")
    after_seq, effect = _last_event_id(request)
    caller = request[CALLER]
    if caller.kiosk and topics - set(STATE_TOPICS):
        raise Problem("forbidden", "the ticket of a kiosk shows boards, and nothing else")
    await durable(context)
    reader = Reader(context.feed, topics, after_seq, effect)
    if not context.feed.join(reader, topics):
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
    feed = context.feed
    await response.prepare(request)
    await response.write(b"retry: 2000\n\n")
    kiosk = request[CALLER].kiosk
    while not feed.closing and (not kiosk or context.kiosks.stands(kiosk, context.wall_ns())):
        skipped = feed.skipped
        async for message in reader.news():
            await asyncio.wait_for(response.write(message), WRITE_WITHIN_S)
        context.metrics.stream_dropped.labels("sse", "state").inc(feed.skipped - skipped)
        if reader.behind or feed.closing:
            continue
        if not await feed.news(ping_s):
            await asyncio.wait_for(response.write(b": ping\n\n"), WRITE_WITHIN_S)
    await response.write(b"event: end\ndata: {}\n\n")


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
            Parameter("ping", "Seconds without news after which a comment says that all is well", PINGS),
            Parameter("ticket", "A ticket of `/api/v1/stream/tickets`, instead of a token"),
            Parameter("Last-Event-ID", "The same, as browsers say it", None, "header"),
        ),
        problems=(503,),
        text=(
            "Topics of state (`queues`, `agents`, `waiting`, `alerts`) begin with a `snapshot` and go on with "
            "`delta`s: `items` replace those of the same name, `removed` go. A reader that is slow gets the newest "
            "state, merged; nothing is queued for it. `events` are the log in words, `effects` what the engine asks of "
            "whoever "
            "brought a contact by HTTP (ring this agent, end that offer): an integration that brings contacts by this "
            "API reads them here and acts. Both continue after `Last-Event-ID`, events from the log itself, effects "
            "from the latest ten thousand since the start; a `gap` says that others are no longer kept, then read the "
            "contacts. An id is a position of the log, with effects also the number of the last one, as `1042.17`: "
            "give it back as it came. "
            "A `reset` says that this log never was at the position asked for, and where the stream begins instead. "
            "A comment comes every 15 s (or `ping` s) when nothing else does; `end` says that the service is stopping."
        ),
    ),
)
