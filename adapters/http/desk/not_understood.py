"""What can be answered of a message that is not understood: the page would say it again on every new socket."""

import json
from typing import Annotated, Final

import msgspec

Id = Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,64}$")]


class Named(msgspec.Struct, frozen=True):
    """The name of a command or a question, whatever else it says."""

    id: Id


class NamedDo(msgspec.Struct, frozen=True, tag_field="type", tag="do"):
    """A command, as far as it can be told from others."""

    command: Named


class NamedAsk(msgspec.Struct, frozen=True, tag_field="type", tag="ask"):
    """A question, as far as it can be told from others."""

    question: Named


_SHAPES: Final = NamedDo | NamedAsk


def named(text: str) -> tuple[str, str]:
    """The type of the answer that a message waits for, and its name; both empty where there is none.

    Half of a character, as scripts may make one, is no JSON to msgspec; it is to the standard library.
    """
    try:
        said: NamedDo | NamedAsk = msgspec.convert(json.loads(text), _SHAPES)
    except (ValueError, RecursionError):
        return "", ""
    return ("done", said.command.id) if isinstance(said, NamedDo) else ("answer", said.question.id)
