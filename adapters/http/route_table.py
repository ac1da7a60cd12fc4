"""The routes as data: what the server serves and what the documentation documents are one list."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

OPEN: Final = ""
"""No token is needed."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Parameter:
    """One query parameter, path part or header."""

    name: str
    text: str
    schema: Any = None
    """JSON schema; None: text."""
    place: str = "query"
    required: bool = False


@dataclass(frozen=True)
class Route:
    """One method of one address."""

    method: str
    path: str
    handler: Handler
    name: str
    """Operation id."""
    summary: str
    scope: str
    group: str
    body: Any = None
    """Type of the body; None: it takes none."""
    body_required: bool = False
    takes_file: bool = False
    """The body is a file, as it is."""
    also_takes: tuple[tuple[str, Any], ...] = ()
    """Other forms of the body: (media type, type)."""
    by_ticket: bool = False
    """A one-use ticket does instead of a token."""
    or_scope: str = ""
    """Another scope that does as well; empty: none."""
    for_kiosks: bool = False
    """Screens on walls may ask, too."""
    answer: Any = None
    """Type of the answer; None: as `produces` says."""
    status: int = 200
    produces: tuple[str, ...] = ("application/json", "application/msgpack")
    or_nothing: bool = False
    """Answers 204 where there is nothing to tell."""
    tagged: bool = False
    """Answers 304 to whoever has the same already."""
    parameters: tuple[Parameter, ...] = ()
    problems: tuple[int, ...] = ()
    """Statuses beyond those that every address may answer."""
    text: str = ""
    """More than the summary."""


SINCE: Final = Parameter(
    "since", "Start of the counters' window: today, all, a duration back as 30m, or an instant as RFC 3339 or ns"
)
SERVICE_LEVEL: Final = Parameter("service_level", "A variant of the service level, as SL_OFF; see `formulas`")
IDEMPOTENCY_KEY: Final = Parameter(
    "Idempotency-Key",
    "Names the command: the same again with its key changes nothing, another command is answered 422",
    None,
    "header",
)


def whole(low: int, high: int, default: int) -> dict[str, Any]:
    """Return the schema of a bounded whole number."""
    return {"type": "integer", "minimum": low, "maximum": high, "default": default}


def words(*choices: str, default: str) -> dict[str, Any]:
    """Return the schema of one of some words."""
    return {"type": "string", "enum": list(choices), "default": default}
