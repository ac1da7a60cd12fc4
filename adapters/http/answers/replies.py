"""How answers are made: only of what is durable, with its position in the log, as JSON or MessagePack."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar

import msgspec
from aiohttp import web

from adapters.http.answers.accept import Form, chosen_form
from adapters.http.context import CALLER, Context, context_of
from adapters.http.problems import Fault, Problem
from engine.errors import Overloaded
from engine.messages.decoding import JSON, MSGPACK
from engine.messages.fact_results import pointer_of
from engine.messages.observed import Fact, Observed
from engine.model.fact_scopes import EVERY_CONTACT
from engine.ports import Receipt
from engine.projections.effort import is_large
from engine.projections.views import Views
from engine.uploads import submit_facts

DURABLE_WITHIN_S: Final = 10.0
"""A disk that takes longer has failed, as far as a caller is concerned."""
FORMS: Final = (Form(JSON), Form(MSGPACK), Form("application/x-msgpack"))
"""Forms of answers. Who wants none of them gets the first."""
T = TypeVar("T")
AS_OF: Final = "X-Trunkline-As-Of"


def wants_msgpack(request: web.Request) -> bool:
    """Whether the caller asks for MessagePack rather than JSON."""
    accept = request.headers.get("Accept", "")
    found = chosen_form(accept, FORMS) if accept not in ("", "*/*", JSON) else None
    return found is not None and found.kind != JSON


async def durable(context: Context) -> int:
    """Wait until everything that an answer may speak of is durable. Raises Problem when the log does not get there."""
    try:
        return await asyncio.wait_for(asyncio.shield(context.engine.durable()), DURABLE_WITHIN_S)
    except TimeoutError:
        raise Problem(
            "not-ready", f"the log was not durable within {DURABLE_WITHIN_S:g} s", headers={"Retry-After": "5"}
        ) from None


async def answer(
    request: web.Request,
    value: Any,
    status: int = 200,
    headers: dict[str, str] | None = None,
    *,
    settled: bool = False,
) -> web.Response:
    """Answer with `value`, encoded now and sent once everything that it speaks of is durable.

    `settled`: it speaks of receipts alone, which are given for what is durable; later turns need not be waited for.
    """
    packed = wants_msgpack(request)
    body = msgspec.msgpack.encode(value) if packed else msgspec.json.encode(value)
    if not settled:
        await durable(context_of(request))
    as_of = getattr(value, "as_of", None)
    found = {"Cache-Control": "no-store", "Vary": "Accept", **(headers or {})}
    if as_of is not None:
        found[AS_OF] = str(as_of)
    return web.Response(body=body, status=status, content_type=MSGPACK if packed else JSON, headers=found)


async def figures(context: Context, since_ns: int, ask: Callable[[Views, int], T]) -> T:
    """Ask for figures of now and since `since_ns`; where they are many, a thread reckons them on a still copy."""
    views, now_ns = context.views, context.wall_ns()
    if not is_large(len(views.directory.agents), len(views.directory.queues)):
        return ask(views, now_ns)
    now_ns = views.now_ns(now_ns)
    return await asyncio.to_thread(ask, views.still(now_ns, since_ns), now_ns)


def source_of(request: web.Request) -> str:
    """Name the source of a request's facts: ids are unique within it."""
    name = request[CALLER].name
    return f"http:{name}" if name else "http"


async def submit(
    request: web.Request, source: str, facts: list[Observed], own_only: frozenset[type[Fact]] = EVERY_CONTACT
) -> list[Receipt]:
    """Hand facts to the engine and wait for their receipts. Raises Problem when it is full or cannot write."""
    context = context_of(request)
    began_ns = context.monotonic_ns()
    try:
        async with asyncio.timeout(DURABLE_WITHIN_S):
            submit_now = partial(context.engine.submit, source, facts, own_only=own_only)
            receipts = await (await submit_facts(facts, context.engine.attachments, submit_now))
    except Overloaded as full:
        raise Problem("overloaded", str(full), headers={"Retry-After": str(full.retry_after_s)}) from None
    except TimeoutError:
        raise Problem(
            "not-ready",
            f"the facts were not durable within {DURABLE_WITHIN_S:g} s; send them again, with the same ids",
            headers={"Retry-After": "5"},
        ) from None
    except OSError as error:
        raise Problem(
            "not-ready",
            f"a file that they name cannot be kept ({error.strerror}); send the facts again, with the same ids",
            headers={"Retry-After": "5"},
        ) from None
    context.metrics.append.observe((context.monotonic_ns() - began_ns) / 1e9)
    context.metrics.count_facts(source, facts, receipts)
    return receipts


def next_link(request: web.Request, after: str | int | None, parameter: str = "after") -> dict[str, str]:
    """Return the header that leads to the page behind `after`; none where this is the last."""
    following = request.rel_url.update_query({parameter: str(after)})
    return {} if after is None else {"Link": f'<{following}>; rel="next"'}


def not_found(error: KeyError) -> Problem:
    """Return the problem of a name that is none."""
    return Problem("not-found", str(error.args[0]))


def fault_of(receipt: Receipt, place: int | None = None) -> Fault:
    """Return what is wrong with a fact, pointing into the body."""
    return Fault(receipt.error, pointer=pointer_of(receipt, place))
