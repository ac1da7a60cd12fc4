"""The adapter's section of the configuration file."""

import ipaddress
from collections.abc import Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from engine.file_kinds import MEDIA_TYPES
from engine.model.fields import Duration, Ref, Text, Whole, fault
from engine.model.tls import ServerTls
from engine.ports import Listener

DEFAULT_PORT: Final = 8081
SECRET_MIN: Final = 32
"""Characters of a secret that signs identities: HS256 is no stronger than its key."""
SECOND_NS: Final = 1_000_000_000
WORD: Final = Text(r"[a-z0-9][a-z0-9_-]{0,63}", "a name; write small letters, digits, - and _")
Short = Annotated[str, Field(max_length=200)]
FIELDS_MAX: Final = 8
EVERYWHERE: Final = "*"
Locale = Literal["en", "vi"]
SurveyKind = Literal["csat", "nps", "ces"]


class Part(BaseModel):
    """A section of this adapter's section."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class FormField(Part):
    """One question of the form before a chat."""

    name: Annotated[str, WORD]
    """Becomes an attribute of the contact."""
    label: dict[Locale, Short] | Short
    kind: Literal["text", "email", "tel"] = "text"
    required: bool = False


class Files(Part):
    """What visitors may attach."""

    allowed: bool = True
    bytes_max: Annotated[int, Whole(1024, 32 << 20)] = 10 << 20
    """Of one file."""
    per_chat: Annotated[int, Whole(1, 1000)] = 20
    media_types: Annotated[list[Annotated[str, Text(r"[a-z]+/[a-z0-9.+-]+", "a media type")]], Field(min_length=1)] = (
        Field(default_factory=lambda: list(MEDIA_TYPES))
    )
    """Known by the bytes of the file, never by its name."""


class Inbox(Part):
    """One place where visitors come in: its queue, the pages that show it, and what it asks and offers."""

    queue: Annotated[str, Ref("queue")]
    title: dict[Locale, Short] | Short = ""
    greeting: dict[Locale, Short] | Short = ""
    locale: Locale = "en"
    """Where the visitor's browser asks for none that there is."""
    origins: list[Annotated[str, Text(r"\*|https?://[^/\s]+", "an origin, as https://shop.example, or *")]] = Field(
        default_factory=list
    )
    """Pages that may show it; none: those of the adapter itself alone."""
    allow_webview: bool = False
    """Whether programs that name no origin may, as applications do."""
    identity_secret: str = ""
    """By which the site signs who its visitors are (JWT, HS256). Best as ${NAME}, from the environment."""
    require_identity: bool = False
    """Whether there is no session without a signed identity."""
    pre_chat: Annotated[list[FormField], Field(max_length=FIELDS_MAX)] = Field(default_factory=list)
    message_queue: Annotated[str, Ref("queue")] | None = None
    """Where messages wait that are left while the queue is closed; none: they cannot be left."""
    callback_queue: Annotated[str, Ref("queue")] | None = None
    """Where callbacks wait; none: in the chat's queue, and they cannot be asked for while that is closed."""
    callback: bool = False
    """Whether who waits may leave a number instead."""
    files: Files = Files()
    survey: SurveyKind | None = None
    """What a visitor is asked after a chat that an agent answered."""
    leave_after_ns: Annotated[int, Duration("5s", "1h")] = Field(default=120 * SECOND_NS, alias="leave_after")
    """A waiting visitor whom no page shows any more is gone after so long."""
    chats_per_minute: Annotated[int, Whole(1, 100_000)] = 600

    @field_validator("identity_secret")
    @classmethod
    def _long_enough(cls, value: str) -> str:
        if value and len(value) < SECRET_MIN:
            raise fault(f"the secret has {len(value)} characters; use {SECRET_MIN} or more, made by chance")
        return value

    @model_validator(mode="after")
    def _can_be_identified(self) -> Self:
        if self.require_identity and not self.identity_secret:
            raise fault("require_identity needs an identity_secret, by which the site signs who its visitors are")
        names = [field.name for field in self.pre_chat]
        if len(set(names)) < len(names):
            raise fault("two fields of pre_chat have the same name")
        return self


class Settings(Part):
    """Where it listens, which inboxes there are, and how much one visitor may do."""

    host: str = "127.0.0.1"
    port: Annotated[int, Whole(0, 65_535)] = DEFAULT_PORT
    """0: any free one."""
    tls: ServerTls | None = None
    """Answer by https and wss alone; not said: by http, for a proxy in front."""
    inboxes: Annotated[dict[Annotated[str, WORD], Inbox], Field(min_length=1, max_length=256)]
    trusted_proxies: list[str] = Field(default_factory=list)
    """Addresses or networks of proxies in front, whose X-Forwarded-For says who is asking."""
    connections: Annotated[int, Whole(1, 100_000)] = 10_000
    """Open WebSockets and waiting polls."""
    connections_per_address: Annotated[int, Whole(1, 100_000)] = 100
    sessions_per_minute: Annotated[int, Whole(1, 100_000)] = 30
    """New sessions of one address."""
    requests_per_second: Annotated[int, Whole(1, 100_000)] = 50
    """Of one address, and new connections; five times as many at once."""
    frames_per_second: Annotated[int, Whole(1, 1000)] = 5
    """Of one visitor; four times as many at once."""
    session_lifetime_ns: Annotated[int, Duration("1h", "400d")] = Field(
        default=30 * 86_400 * SECOND_NS, alias="session_lifetime"
    )
    """How long a browser is known again."""
    required: bool = False
    """Whether the service counts as not ready without this adapter."""

    def notes(self, queues: Mapping[str, str]) -> list[tuple[tuple[str, ...], str]]:
        """Tell which inboxes lead to a queue whose own channel is another, each with its keys."""
        return [
            (
                ("inboxes", name, "queue"),
                f"inbox '{name}' leads to queue '{inbox.queue}', whose own channel is {queues[inbox.queue]}: chats "
                "wait there in a line apart, which the queue's own figures leave out; say 'channel: chat' there, or "
                "lead to a queue that has it",
            )
            for name, inbox in self.inboxes.items()
            if queues[inbox.queue] != "chat"
        ]

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """Where it listens."""
        return (Listener(("port",), "tcp", self.host, self.port),)

    @property
    def calls_back(self) -> bool:
        """Whether customers can be called: by telephone, which others do."""
        return False

    @property
    def scheme(self) -> str:
        """By which it answers."""
        return "http" if self.tls is None else "https"

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        for network in value:
            try:
                ipaddress.ip_network(network, strict=False)
            except ValueError:
                raise fault(f"{network!r} is neither an address nor a network, as 10.0.0.0/8") from None
        return value


def in_locale(said: "dict[Locale, str] | str", locale: str) -> str:
    """A text of the configuration in one language; where it has none, in the first that it has."""
    if isinstance(said, str):
        return said
    return next((text for language, text in said.items() if language == locale), next(iter(said.values()), ""))
