"""What a page of the desk says over its socket."""

from typing import Annotated, Final

import msgspec

from adapters.http.desk.cases import AnyCaseCommand
from adapters.http.desk.commands import AnyCommand
from adapters.http.desk.questions import AnyQuestion
from engine.messages.observed import INTEGER_MAX

RESUMED_MAX: Final = 256
AGO_S_MAX: Final = 31 * 86_400

ContactId = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,18}$")]
Position = Annotated[int, msgspec.Meta(ge=0, le=INTEGER_MAX)]


class Hello(msgspec.Struct, frozen=True, tag_field="type", tag="hello"):
    """The first message: how far the page has each conversation, by the contact's id.

    The cookie is the whole browser's: the page says whose it is, and is refused where another one has signed in since.
    """

    agent: Annotated[str, msgspec.Meta(max_length=128)] = ""
    """Empty: whoever is signed in."""
    after: Annotated[dict[ContactId, Position], msgspec.Meta(max_length=RESUMED_MAX)] = {}


class Do(msgspec.Struct, frozen=True, tag_field="type", tag="do"):
    """Do this."""

    command: AnyCommand | AnyCaseCommand


class Ask(msgspec.Struct, frozen=True, tag_field="type", tag="ask"):
    """Tell this."""

    question: AnyQuestion


class Alive(msgspec.Struct, frozen=True, tag_field="type", tag="alive"):
    """Somebody sits there, or did so long ago: the session was not idle then."""

    ago_s: Annotated[float, msgspec.Meta(ge=0, le=AGO_S_MAX)] = 0.0


class Typing(msgspec.Struct, frozen=True, tag_field="type", tag="typing"):
    """The agent writes, or stopped."""

    contact_id: int
    typing: bool


Said = Hello | Do | Ask | Alive | Typing
