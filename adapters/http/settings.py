"""The adapter's section of the configuration file."""

import ipaddress
from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

from adapters.http.boards import BOARD_NAME, DEFAULT_BOARD, BoardSettings
from adapters.http.day_plan import PlanFault, read_plan
from engine.file_kinds import MEDIA_TYPES
from engine.model.durations import format_duration
from engine.model.fields import Duration, TimeZone, Whole, fault
from engine.model.scopes import TOKEN_ID
from engine.model.tls import ServerTls
from engine.ports import Listener

ScopeWord = Literal["ingest", "read", "agent", "supervise", "admin"]
DEFAULT_PORT: Final = 8080


@lru_cache(maxsize=8)
def _is_loopback(host: str) -> bool:
    """Whether a host to listen at is this machine alone; asked at every request."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Token(BaseModel):
    """A bearer token, known by the digest of its secret."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)
    id: Annotated[str, Field(pattern=f"^{TOKEN_ID}$")]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    scopes: Annotated[list[ScopeWord], Field(min_length=1)]
    agent: str | None = None
    """The only agent whom it acts as; None: any."""


class DeskLimits(BaseModel):
    """How long people stay signed in at the agent desk, and how many desks may be open."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    idle_limit_ns: Annotated[int, Duration("1m", "24h")] = Field(default=3_600_000_000_000, alias="idle_limit")
    """A session ends when nothing was done at its desks for so long."""
    session_limit_ns: Annotated[int, Duration("1m", "7d")] = Field(default=43_200_000_000_000, alias="session_limit")
    """A session ends after so long, whatever happens."""
    desks: Annotated[int, Whole(0, 10_000)] = 1000
    """Open at once, every tab counted."""
    away_limit_ns: Annotated[int, Duration("0s", "24h")] = Field(default=120_000_000_000, alias="away_limit")
    """An agent whose last desk is closed for so long is set offline; 0: never."""
    file_bytes_max: Annotated[int, Whole(0, 32 << 20)] = 10 << 20
    """Of a file that an agent sends; 0: none are."""
    file_types: list[Annotated[str, Field(pattern=r"^[a-z]+/[a-z0-9.+-]+$")]] = Field(
        default_factory=lambda: list(MEDIA_TYPES)
    )
    """Media types that agents may send: known by the bytes of the file, never by its name."""


class Settings(BaseModel):
    """Where it listens, who may ask, and how much."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    host: str = "127.0.0.1"
    """Address to listen at. Anything but this machine's own needs tokens."""
    port: Annotated[int, Whole(0, 65_535)] = DEFAULT_PORT
    """0: any free one."""
    tls: ServerTls | None = None
    """Answer by https alone; not said: by http."""
    tokens: list[Token] = Field(default_factory=list)
    """Who may ask for what; without tokens, everybody on this machine may do everything."""
    hosts: list[str] = Field(default_factory=list)
    """Names besides localhost by which browsers on this machine may call the service."""
    cors: list[str] = Field(default_factory=list)
    """Origins whose pages may call the API, as https://desk.example."""
    time_zone: TimeZone = "UTC"
    """Of 'today' on wallboards, and of their clocks."""
    boards: Annotated[dict[Annotated[str, BOARD_NAME], BoardSettings], Field(max_length=32)] = Field(
        default_factory=dict
    )
    """Wallboards by name; without one called `default` there is one with everything on it."""
    body_limit: Annotated[int, Whole(1024, 64 << 20)] = 1 << 20
    """Bytes of one request's body."""
    batch_limit: Annotated[int, Whole(1, 10_000)] = 1000
    """Facts of one request."""
    idle_timeout_ns: Annotated[int, Duration("1s", "1h")] = Field(default=30_000_000_000, alias="idle_timeout")
    """A connection that sends no complete request head for so long is closed."""
    body_timeout_ns: Annotated[int, Duration("1s", "10m")] = Field(default=20_000_000_000, alias="body_timeout")
    """A request's body must be there within this."""
    requests_per_second: Annotated[int, Whole(1, 1_000_000)] = 500
    """Of one token, or of one address where there are no tokens; twice as many at once."""
    streams: Annotated[int, Whole(0, 10_000)] = 500
    """Open event streams."""
    connections: Annotated[int, Whole(1, 100_000)] = 2000
    """Open connections; beyond, requests are turned away."""
    desk: DeskLimits = Field(default_factory=DeskLimits)
    """Sessions of the agent desk."""
    required: bool = True
    """Whether the service counts as not ready without this adapter."""

    @property
    def all_boards(self) -> dict[str, BoardSettings]:
        """The boards by name, the default one among them."""
        return {DEFAULT_BOARD: BoardSettings(), **self.boards}

    def notes(self, queues: Collection[str]) -> list[tuple[tuple[str, ...], str]]:
        """Tell which boards have a plan that cannot be shown, and of a limit that never counts, each with its keys.

        The service starts without such a plan, and reads it anew.
        """
        told: list[tuple[tuple[str, ...], str]] = []
        for name, board in self.boards.items():
            zone = ZoneInfo(board.time_zone or self.time_zone)
            try:
                if board.plan:
                    read_plan(Path(board.plan), datetime.now(zone), zone, queues)
            except PlanFault as error:
                told.append((("boards", name, "plan"), f"the plan of board '{name}' cannot be shown: {error}"))
        desk = self.desk
        if "idle_limit_ns" in desk.model_fields_set and desk.idle_limit_ns > desk.session_limit_ns:
            text = (
                f"'idle_limit' never ends a session: 'session_limit', {format_duration(desk.session_limit_ns)}, is "
                "over sooner; make the one shorter, or the other longer"
            )
            told.append((("desk", "idle_limit"), text))
        return told

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """Where it listens."""
        return (Listener(("port",), "tcp", self.host, self.port),)

    @property
    def scheme(self) -> str:
        """By which it answers."""
        return "http" if self.tls is None else "https"

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can connect."""
        return _is_loopback(self.host)

    @model_validator(mode="before")
    @classmethod
    def _tokens_of_the_root(cls, value: Any, info: Any) -> Any:
        """Take the tokens of the configuration's own section `tokens` where the loader hands them over."""
        common = (info.context or {}).get("tokens")
        if common and isinstance(value, dict) and "tokens" not in value:
            return {**value, "tokens": common}
        return value

    @model_validator(mode="after")
    def _open_only_at_home(self) -> Self:
        if not self.on_loopback and not self.tokens:
            raise fault(
                f"listening at {self.host} lets other machines in, so tokens are needed: make one with "
                "'trunkline token new', add it under 'tokens', or listen at 127.0.0.1"
            )
        return self
