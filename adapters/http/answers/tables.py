"""Tables that are asked for again and again: told anew only where a row changed."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, Protocol

import msgspec
from aiohttp import web
from xxhash import xxh3_128_hexdigest

from adapters.http.answers.replies import AS_OF, answer, durable, wants_msgpack
from adapters.http.context import context_of

CSV: Final = "text/csv"


class Table(Protocol):
    """Rows at a position of the log."""

    @property
    def as_of(self) -> int:
        """The position."""

    @property
    def rows(self) -> list[Any]:
        """The rows."""


async def answer_table(
    request: web.Request,
    table: Table,
    headers: dict[str, str] | None = None,
    as_text: Callable[[list[Any]], str] | None = None,
) -> web.Response:
    """Answer with a table, `as_text`: as CSV; 304 where the caller has rows that are the same, whatever time it is.

    The tag is a weak one, as position and time of an answer go on while its rows stay; each form has its own.
    """
    encode = msgspec.msgpack.encode if wants_msgpack(request) else msgspec.json.encode
    rows = await asyncio.to_thread(lambda: as_text(table.rows).encode() if as_text else encode(table.rows))
    digest = xxh3_128_hexdigest(rows)
    given = {"ETag": f'W/"{digest}"', "Cache-Control": "private, no-cache", "Vary": "Accept", AS_OF: str(table.as_of)}
    given |= headers or {}
    if any(tag.value in (digest, "*") for tag in request.if_none_match or ()):
        await durable(context_of(request))
        return web.Response(status=304, headers=given)
    if as_text is not None:
        await durable(context_of(request))
        return web.Response(body=rows, content_type=CSV, charset="utf-8", headers=given)
    whole: Any = table
    return await answer(request, msgspec.structs.replace(whole, rows=msgspec.Raw(rows)), headers=given)
