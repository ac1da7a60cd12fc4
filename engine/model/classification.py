"""What contacts are classified by when they are over: wrap-up codes, and quality fields."""

from typing import Final

import msgspec

YES_NO: Final = "yes_no"
SCORE: Final = "score"
CHOICE: Final = "choice"
TEXT: Final = "text"
FIELD_KINDS: Final = (YES_NO, SCORE, CHOICE, TEXT)
"""How a quality field is filled in: yes or no, 1 to 5, one of its choices, some words."""


class WrapUpCode(msgspec.Struct, frozen=True):
    """What a contact was about."""

    code: str
    display_name: str = ""
    queues: tuple[str, ...] = ()
    """Of whose contacts it is said; empty: of all."""


class QualityField(msgspec.Struct, frozen=True):
    """Something that an agent says of a contact beside its code."""

    field: str
    display_name: str = ""
    kind: str = YES_NO
    choices: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
