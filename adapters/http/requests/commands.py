"""Commands: an address and a small body that together make one fact, answered with what became of it."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from aiohttp import web

from adapters.http.answers.replies import answer, fault_of, source_of, submit
from adapters.http.context import CALLER, context_of
from adapters.http.problems import Fault, Problem
from adapters.http.requests.bodies import read_body
from adapters.http.requests.translate import media_type
from adapters.http.route_table import IDEMPOTENCY_KEY, Parameter, Route
from engine.messages.decoding import JSON, build_fact, decode_as, is_text, pointer_to
from engine.messages.observed import ContactArrived, ContactReleased, Fact, Observed
from engine.projections.views import Views

_OF_THE_SENDING: Final = frozenset({"id", "at_ns"})
"""Fields of every fact that a command's body does not have: they say nothing of what is to be done."""
NOBODY_SERVES: Final = {"waiting": "waits", "offered": "rings"}
"""States of a contact with nobody to hang up on it, in words."""
SAID_MAX: Final = 80
"""Characters told of what a first command said."""


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
        if field.name in _OF_THE_SENDING or field.name in said:
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
    await _require_arrived(fact, context_of(request).views)
    _require_somebody_to_hang_up(fact, context_of(request).views)
    (receipt,) = await submit(request, source_of(request), [fact])
    if receipt.error:
        if receipt.field in path_fields:
            raise Problem("not-found", receipt.error, [Fault(receipt.error, parameter=receipt.field)])
        raise Problem("unprocessable", f"{receipt.error}; nothing was changed", [fault_of(receipt)])
    if receipt.duplicate:
        await _require_same(request, fact, receipt.seq, fields, path_fields)
    if receipt.refused:
        detail = f"routing set it aside: {receipt.refused.replace('_', ' ')}"
        raise Problem("conflict", detail, code=receipt.refused)
    return Outcome(receipt.seq, receipt.duplicate, getattr(fact, "contact", ""))


async def _require_arrived(fact: Observed, views: Views) -> None:
    """Raise Problem where a fact about a contact that may be closed names one that never came under that id.

    Routing knows open contacts only; of others the log says who they were, as far as it is kept.
    """
    name, contact_id = getattr(fact, "contact", ""), getattr(fact, "contact_id", 0)
    if not name or not views.events.first_seq <= contact_id <= views.as_of:
        return
    try:
        found = views.contacts.find(contact_id).contact.contact
    except KeyError:  # so many have come since
        arrival = await asyncio.to_thread(views.events.fact, contact_id)
        found = arrival.contact if isinstance(arrival, ContactArrived) else ""
    if found != name:
        known = f"that is contact {found!r}" if found else "no contact has arrived there"
        detail = f"contact_id: no contact {name[:SAID_MAX]!r} has arrived at sequence {contact_id}; {known}"
        raise Problem("unprocessable", f"{detail}; nothing was changed", [Fault(detail, pointer="/contact_id")])


def _require_somebody_to_hang_up(fact: Observed, views: Views) -> None:
    """Raise Problem where an agent is said to have hung up on a contact that waits.

    As a fact it holds: whoever tells it knows that the contact is gone, even where the answer was missed. As a command
    it is a mistake, and would be counted as a customer who gave up.
    """
    if not isinstance(fact, ContactReleased) or fact.by != "agent":
        return
    try:
        found = views.contacts.find(fact.contact).contact
    except KeyError:
        return
    if found.contact != fact.contact or found.state not in NOBODY_SERVES:  # a text may be another one's id
        return
    detail = f"contact {fact.contact[:SAID_MAX]!r} {NOBODY_SERVES[found.state]}: no agent serves it who could hang up"
    advice = "withdraw it, or release it by 'customer' if they gave up; nothing was changed"
    raise Problem("conflict", f"{detail}; {advice}", code="wrong_state")


async def _require_same(
    request: web.Request, fact: Observed, seq: int, fields: Mapping[str, Any], path_fields: Sequence[str]
) -> None:
    """Raise Problem where the fact recorded at `seq`, by the same key, is another one: this one was not carried out."""
    views = context_of(request).views
    first = await asyncio.to_thread(views.events.fact, seq)
    used = "this Idempotency-Key was used before"
    advice = "use a new key for each command; nothing was changed"
    if first is None:
        raise Problem("unprocessable", f"{used}, at sequence {seq}, of which the log tells no command; {advice}")
    other = _differing(fact, first, views)
    if not other:
        return
    what = f"'{first.__struct_config__.tag}'"
    if contact := getattr(first, "contact", ""):
        what += f" of contact {contact!r}"
    faults = []
    if type(first) is type(fact):
        what += f" with another {', '.join(other)}"
        faults = [_of_first(name, first, name in path_fields) for name in other if name in fields]
    raise Problem("unprocessable", f"{used}, for another command: {what} at sequence {seq}; {advice}", faults)


def _differing(fact: Observed, first: Observed, views: Views) -> list[str]:
    """Return the fields in which a fact is not the first one; `type` alone for a fact of another kind."""
    if type(first) is not type(fact):
        return ["type"]
    other = [
        name
        for name in fact.__struct_fields__
        if name not in _OF_THE_SENDING and getattr(fact, name) != getattr(first, name)
    ]
    named, forgotten = getattr(fact, "contact", ""), not getattr(first, "contact", "")
    if "contact" in other and named and forgotten and views.history.find(named) is None:
        other.remove("contact")  # one that is remembered would be another
    return other


def _of_first(name: str, first: Observed, in_path: bool) -> Fault:
    said = repr(getattr(first, name))
    detail = f"the first command with this key said {said if len(said) <= SAID_MAX else said[: SAID_MAX - 1] + '…'}"
    return Fault(detail, parameter=name) if in_path else Fault(detail, pointer=pointer_to(name, None))


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
