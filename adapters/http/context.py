"""What every handler has at hand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from adapters.http.callers.tickets import Tickets
from adapters.http.callers.tokens import Caller, Tokens
from adapters.http.connections import Connections
from adapters.http.desk.desk import Desks
from adapters.http.feed.feed import Feed
from adapters.http.metrics.metrics import Metrics
from adapters.http.settings import Settings
from adapters.http.wallboard.kiosks import Kiosks
from adapters.http.wallboard.last_week import LastWeek
from adapters.http.wallboard.looking_back import LookingBack
from engine.model.rate_limit import RateLimit
from engine.ports import EngineLink
from engine.projections.views import Views


@dataclass(slots=True)
class Context:
    """The adapter's parts, shared by all requests."""

    settings: Settings
    engine: EngineLink
    tokens: Tokens
    rate_limit: RateLimit
    feed: Feed
    connections: Connections
    metrics: Metrics
    desks: Desks
    wall_ns: Callable[[], int]
    """Time of day, for ages; never for ordering."""
    monotonic_ns: Callable[[], int]
    kiosks: Kiosks
    last_week: LastWeek
    looking_back: LookingBack = field(default_factory=LookingBack)
    tickets: Tickets = field(default_factory=Tickets)
    openapi: bytes = b""
    docs_page: str = ""
    asking: int = 0
    """Requests that wait for a moment of the past."""
    stopping: bool = False
    counters: dict[str, int] = field(default_factory=dict)

    @property
    def views(self) -> Views:
        """The engine's read models."""
        return self.engine.views


CONTEXT: Final = web.AppKey("trunkline_context", Context)
CALLER: Final = web.RequestKey("trunkline_caller", Caller)
REQUEST_ID: Final = web.RequestKey("trunkline_request_id", str)


def context_of(request: web.Request) -> Context:
    """Return the adapter's parts."""
    return request.app[CONTEXT]
