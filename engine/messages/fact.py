"""What all observed facts are made of: the base that they share, and the types of their fields."""

from typing import Annotated, Final, Literal

import msgspec

from engine.messages.checked import line_of_text

Name = Annotated[str, line_of_text(1, 128)]
NameOrNone = Annotated[str, msgspec.Meta(max_length=128)]
INTEGER_MAX: Final = 2**63 - 1
"""What a row and MessagePack hold; as an instant, a day in 2262."""
Instant = Annotated[int, msgspec.Meta(ge=0, le=INTEGER_MAX)]
"""Nanoseconds since 1970."""
Cause = Annotated[int, msgspec.Meta(ge=-INTEGER_MAX, le=INTEGER_MAX)]
Text = Annotated[str, msgspec.Meta(max_length=1024)]
MESSAGE_MAX: Final = 4096
"""Characters of a message or a note."""
Message = Annotated[str, msgspec.Meta(max_length=MESSAGE_MAX)]
Priority = Annotated[int, msgspec.Meta(ge=0, le=7)]
Channel = Literal["voice", "chat", "email", "task"]
CALLBACK_NUMBER: Final = "callback_number"
"""Attribute of a contact whose customer is not here, but to be called at this number."""
CALLBACK_OF: Final = "callback_of"
"""Attribute of the engine's own among these: the contact whose customer left the line for it."""
SIGNED: Final = "signed"
"""Attribute that is `yes` where who brought the contact vouches for who the customer is, whatever number they leave."""
CALLED_BY: Final = "called_by"
"""Attribute of a call that an agent's phone makes: the agent."""
CONSULTATION_OF: Final = "consultation_of"
"""Attribute of such a call beside a customer's: that one's contact, about which the agent asks."""
ATTRIBUTES_MAX: Final = 32
Attributes = Annotated[dict[Annotated[str, msgspec.Meta(max_length=64)], Text], msgspec.Meta(max_length=ATTRIBUTES_MAX)]


class Fact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="type"):
    """What every observed fact has. Written down, a fact says only what is not so by default."""

    id: Annotated[str, msgspec.Meta(max_length=128)] = ""
    """Names the fact within its source: a second one with the same id is answered as the first and changes nothing."""
    at_ns: Instant | None = None
    """When the source says it happened; kept for lag figures, never for ordering.

    It may lie as far from the engine's clock as it likes: a source whose clock is wrong must not lose its contacts.
    """
