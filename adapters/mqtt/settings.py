"""The adapter's section of the configuration file."""

from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from adapters.mqtt.topics import DEFAULT_SITE
from engine.messages import kinds
from engine.model.fields import Duration, Text, TimeZone, Whole, fault, nearest

ScopeWord = Literal["ingest", "agent", "supervise"]
PLAIN_PORT: Final = 1883
TLS_PORT: Final = 8883
LEVEL: Final = r"[^/+#$\x00-\x1f\x7f][^/+#\x00-\x1f\x7f]{0,63}"
"""One level of a topic."""
KINDS_UNTOLD: Final = frozenset(
    {
        kinds.DEADLINE_PASSED,
        kinds.SETTING_CHANGED,
        kinds.CONFIGURATION_LOADED,
        kinds.LEG_RECORDED,
        kinds.ENGINE_STARTED,
        kinds.REQUIREMENT_DEFINED,
    }
)
"""The engine's own bookkeeping: published only when asked for by name."""
EVENT_TYPES: Final = tuple(name for kind, name in kinds.KIND_NAMES.items() if kind not in KINDS_UNTOLD)


class Tls(BaseModel):
    """Files for an encrypted connection; without `ca_file` the system's authorities are trusted."""

    model_config = ConfigDict(extra="forbid")
    ca_file: str = ""
    certificate_file: str = ""
    """This engine's own certificate, where the broker asks for one."""
    key_file: str = ""


class Settings(BaseModel):
    """Which broker, as whom, under which topics, and how much."""

    model_config = ConfigDict(extra="forbid")
    host: str = "127.0.0.1"
    port: Annotated[int, Whole(0, 65_535)] = 0
    """0: 1883, or 8883 with `tls`."""
    tls: Tls | None = None
    """A section of files, or true."""
    username: str = ""
    password: str = ""
    """Best as ${NAME}, from the environment."""
    password_file: str = ""
    """Line breaks at its end are not part of the password. In a configuration file, the loader has read it already."""
    client_id: Annotated[str, Text(r"[\x20-\x7e]{0,64}", "a client id; write at most 64 ASCII characters")] = ""
    """Names the session that the broker keeps; empty: trunkline-<site>. Two engines must not share one."""
    prefix: Annotated[str, Text(rf"{LEVEL}(/{LEVEL})*", "a topic without wildcards, as trunkline/v1")] = "trunkline/v1"
    site: Annotated[str, Text(LEVEL, "one level of a topic, without / + # and a leading $")] = DEFAULT_SITE
    """The level of every topic that tells this engine from others at the same broker."""
    status_topic: Annotated[str, Text(r"[^+#\x00]{0,512}", "a topic without wildcards")] = ""
    """Where online and offline are told; empty: <prefix>/$status, or <prefix>/<site>/$status where a site is named."""
    scopes: Annotated[list[ScopeWord], Field(min_length=1)] = Field(default_factory=lambda: [*get_args(ScopeWord)])
    """What those who may publish to the topics of facts may say, as a token's scopes."""
    events: bool | list[str] = True
    """Publish events: true, false, or a list of types."""
    time_zone: TimeZone = "UTC"
    """Of 'today', which the counters of queues cover."""
    keepalive_ns: Annotated[int, Duration("5s", "20m")] = Field(default=30_000_000_000, alias="keepalive")
    session_expiry_ns: Annotated[int, Duration("1m", "30d")] = Field(default=86_400_000_000_000, alias="session_expiry")
    """How long the broker keeps what it has for us while we are away (MQTT 5)."""
    retry_limit_ns: Annotated[int, Duration("1s", "10m")] = Field(default=30_000_000_000, alias="retry_limit")
    """Longest wait between two attempts to connect."""
    payload_limit: Annotated[int, Whole(1024, 8 << 20)] = 1 << 20
    """Bytes of one incoming message."""
    batch_limit: Annotated[int, Whole(1, 10_000)] = 1000
    """Facts of one incoming message."""
    in_flight: Annotated[int, Whole(1, 10_000)] = 100
    """Incoming messages taken from the broker and not yet acknowledged."""
    events_behind_limit: Annotated[int, Whole(1000, 100_000_000)] = 1_000_000
    """Rows of the log that are published late after an absence of the broker; older ones are skipped and counted."""
    effects_limit: Annotated[int, Whole(100, 1_000_000)] = 100_000
    """Effects kept while the broker is away; beyond, the oldest are dropped and counted."""
    required: bool = False
    """Whether the service counts as not ready without the broker."""

    @property
    def broker_port(self) -> int:
        """The port to connect to."""
        return self.port or (TLS_PORT if self.tls else PLAIN_PORT)

    @property
    def session(self) -> str:
        """The client id."""
        return self.client_id or f"trunkline-{self.site}"

    @property
    def event_types(self) -> tuple[str, ...]:
        """Types to publish, none if events are off."""
        if isinstance(self.events, bool):
            return EVENT_TYPES if self.events else ()
        return tuple(dict.fromkeys(self.events))

    def read_password(self) -> str | None:
        """Return the password, None if there is none. Raises OSError when its file cannot be read."""
        if self.password_file:
            return Path(self.password_file).read_text(encoding="utf-8").rstrip("\r\n")
        return self.password or None

    @field_validator("tls", mode="before")
    @classmethod
    def _tls_by_word(cls, value: Any) -> Any:
        if value is True:
            return {}
        return None if value is False else value

    @field_validator("events")
    @classmethod
    def _known_types(cls, value: bool | list[str]) -> bool | list[str]:
        known = kinds.KIND_NAMES.values()
        for word in value if isinstance(value, list) else ():
            if word not in known:
                raise fault(f"there is no event type '{word}'{nearest(word, known)}")
        return value

    @model_validator(mode="after")
    def _one_password(self) -> Self:
        if self.password and self.password_file:
            raise fault("password and password_file are both given; keep one")
        if (self.password or self.password_file) and not self.username:
            raise fault("a password needs a username")
        if self.tls and bool(self.tls.certificate_file) != bool(self.tls.key_file):
            raise fault("certificate_file and key_file belong together; give both or neither")
        return self
