"""Commands: an address and a small body that together make one fact, answered with what became of it."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from aiohttp import web

from adapters.http.context import CALLER, context_of
from adapters.http.problems import Fault, Problem
from adapters.http.replies import answer, fault_of, read_body, source_of, submit
from adapters.http.route_table import IDEMPOTENCY_KEY, Parameter, Route
from adapters.http.translate import media_type
from engine.messages.decoding import JSON, build_fact, decode_as, is_text
from engine.messages.observed import Fact, Observed
from engine.projections.events import Event

_SAID_BY_THE_PATH: Final = frozenset({"id", "at_ns"})
"""Fields of every fact that a command's body does not have."""
_WORDS: Final = frozenset({"status", "priority", "channel", "by"})
"""Fields that an event's data tells by the same words."""


class Outcome(msgspec.Struct, frozen=True):
    """A command was carried out; it is durable."""

    seq: int
    """Its place in the log."""
    duplicate: bool
    contact: str = ""


def shape_without(
    name: str, fact: type[Fact], said: Sequence[str] = (), optional: Sequence[str] = ()
) -> type[msgspec.Struct]:
    """Return the shape of a fact's body where the path says some of its fields and some may be left out."""
    fields: list[Any] = []
    for field in msgspec.structs.fields(fact):
        if field.name in _SAID_BY_THE_PATH or field.name in said:
            continue
        if field.name in optional:
            fields.append((field.name, field.type, ""))
        elif field.required:
            fields.append((field.name, field.type))
        elif field.default_factory is not msgspec.NODEFAULT:
            fields.append((field.name, field.type, msgspec.field(default_factory=field.default_factory)))
        else:
            fields.append((field.name, field.type, field.default))
    return msgspec.defstruct(
        name, fields, kw_only=True, frozen=True, forbid_unknown_fields=True, namespace={"__doc__": fact.__doc__}
    )


async def run_command(request: web.Request, tag: str, fields: Mapping[str, Any], path_fields: Sequence[str]) -> Outcome:
    """Submit the fact `tag` with these fields. Raises Problem when it is wrong or the state does not allow it."""
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > 128:
        raise Problem("malformed", "the Idempotency-Key has more than 128 characters")
    if not is_text(key):
        raise Problem("malformed", "the Idempotency-Key is not UTF-8")
    fact = build_fact({"type": tag, "id": key, **fields})
    request[CALLER].require_own_agent(fact, context_of(request).views)
    (receipt,) = await submit(request, source_of(request), [fact])
    if receipt.error:
        if receipt.field in path_fields:
            raise Problem("not-found", receipt.error, [Fault(receipt.error, parameter=receipt.field)])
        raise Problem("unprocessable", f"{receipt.error}; nothing was changed", [fault_of(receipt)])
    if receipt.duplicate:
        await _require_same(request, fact, receipt.seq)
    if receipt.refused:
        raise Problem("conflict", f"routing set it aside: {receipt.refused.replace('_', ' ')}")
    return Outcome(receipt.seq, receipt.duplicate, getattr(fact, "contact", ""))


async def _require_same(request: web.Request, fact: Observed, seq: int) -> None:
    """Raise Problem where the fact recorded at `seq`, by the same key, is another one: this one was not carried out."""
    page = await asyncio.to_thread(context_of(request).views.read_events, seq - 1, 1)
    for event in page.events:
        if event.seq == seq and not _same(fact, event):
            what = f"'{event.type}'" + (f" of contact {event.contact!r}" if event.contact else "")
            raise Problem(
                "unprocessable",
                f"this Idempotency-Key was used before, for another command: {what} at sequence {seq}; "
                "use a new key for each command; nothing was changed",
            )


def _same(fact: Observed, event: Event) -> bool:
    """Whether a fact is what the log says, as far as rows say it."""
    if event.type != fact.__struct_config__.tag:
        return False
    for field in fact.__struct_fields__:
        said = getattr(fact, field)
        if field in ("agent", "queue"):
            if said != getattr(event, field):
                return False
        elif field == "contact":
            if said != event.contact and event.contact:  # the log names no contact that is long forgotten
                return False
        elif field in _WORDS and said != event.data.get(field, said):
            return False
    return True


def command_routes(
    group: str, path: str, scope: str, commands: Mapping[str, tuple[type[Fact], str]], method: str = "POST"
) -> list[Route]:
    """Return one route for each command: its last path part, the fact that it makes, and its summary."""
    return [command_route(group, f"{path}/{end}", scope, fact, text, method) for end, (fact, text) in commands.items()]


def command_route(group: str, path: str, scope: str, fact: type[Fact], summary: str, method: str = "POST") -> Route:
    """Return the route whose path says some of a fact's fields and whose body says the others."""
    said = tuple(part[1:-1] for part in path.split("/") if part.startswith("{"))
    tag = str(fact.__struct_config__.tag)
    shape = shape_without(f"{fact.__name__}Body", fact, said)
    required = any(field.required for field in msgspec.structs.fields(shape))

    async def handle(request: web.Request) -> web.Response:
        body = await read_body(request)
        media = media_type(request.content_type) if body else JSON
        given = msgspec.to_builtins(decode_as(body, media, shape))
        outcome = await run_command(request, tag, {**given, **{name: request.match_info[name] for name in said}}, said)
        return await answer(request, outcome, settled=True)

    return Route(
        method,
        path,
        handle,
        tag,
        summary,
        scope,
        group,
        body=shape,
        body_required=required,
        answer=Outcome,
        parameters=(*(Parameter(name, f"Name of the {name}", None, "path", True) for name in said), IDEMPOTENCY_KEY),
        problems=(404, 408, 409, 413, 415, 422, 503),
        text=f"Makes the fact `{tag}`.",
    )
