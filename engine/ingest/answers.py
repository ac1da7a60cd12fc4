"""What a wrong fact is answered: the field, what is wrong with it, and the nearest word that would be right."""

import difflib
import logging
from collections.abc import Iterable
from typing import Final

import msgspec

from engine.errors import SourcesFull, TrunklineError
from engine.messages import kinds
from engine.messages.observed import Observed
from engine.ports import Receipt

COMPARED_MAX: Final = 2000
"""Names compared to find the nearest: beyond, looking would cost more than it helps."""
LISTED_MAX: Final = 8
SHOWN_MAX: Final = 60
_encode: Final = msgspec.msgpack.Encoder().encode
logger = logging.getLogger(__name__)

CODES: Final[dict[str, int]] = {
    "customer": kinds.BY_CUSTOMER,
    "agent": kinds.BY_AGENT,
    "network": kinds.BY_NETWORK,
    "system": kinds.BY_SYSTEM,
    "unknown": kinds.BY_UNKNOWN,
    "declined": kinds.OFFER_REJECTED,
    "busy": kinds.OFFER_BUSY,
    "no_answer": kinds.OFFER_NO_ANSWER,
    "unreachable": kinds.OFFER_UNREACHABLE,
    "available": kinds.STATUS_AVAILABLE,
    "paused": kinds.STATUS_PAUSED,
    "offline": kinds.STATUS_OFFLINE,
}
"""Words of the facts as the numbers of their rows."""

UNWRITABLE: Final = (UnicodeEncodeError, OverflowError, TypeError, KeyError)
"""What writing a fact down raises where a field holds what no row can: each answered as a wrong fact."""


class BadFact(TrunklineError):
    """A fact that cannot become a row; it becomes a receipt before it leaves this room."""

    def __init__(self, field: str, error: str, *, full: bool = False, key: str = "") -> None:
        super().__init__(error)
        self.field = field
        self.error = error
        self.full = full
        """There is no room for it now."""
        self.key = key
        """Of a field with several entries: the wrong one's name."""


def excerpt(text: str) -> str:
    """Quote what somebody sent, shortened."""
    return repr(text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 1] + "…")


def unknown(what: str, name: str, names: Iterable[str]) -> str:
    """Say that there is no such thing, and what there is instead."""
    known = [known_name for known_name in names if known_name]
    sentence = f"there is no {what} {excerpt(name)}"
    close = difflib.get_close_matches(name, known, n=1) if len(known) <= COMPARED_MAX and len(name) <= 128 else []
    if close:
        return f"{sentence}; did you mean {close[0]!r}?"
    if 0 < len(known) <= LISTED_MAX:
        return f"{sentence}; there are {', '.join(known)}"
    return f"{sentence} among the {len(known)} configured"


def wrong(fact: Observed, error: Exception) -> Receipt:
    """Answer a fact that could not be taken in because of `error`, which is being handled."""
    if isinstance(error, BadFact):
        return Receipt(0, error=error.error, field=error.field, full=error.full, key=error.key)
    if isinstance(error, SourcesFull):
        return Receipt(0, error=str(error))
    if isinstance(error, UNWRITABLE):
        return unwritable(fact, error)
    logger.exception("a fact of type %s could not be taken in", type(fact).__name__)
    return Receipt(0, error=f"the engine cannot take this fact in: {type(error).__name__}; its log says more")


def unwritable(fact: Observed, error: Exception) -> Receipt:
    """Answer a fact that cannot be written down: which field it is, and why."""
    for field in fact.__struct_fields__:
        try:
            _encode(getattr(fact, field))
        except UnicodeEncodeError:
            return Receipt(0, field=field, error="the text is not Unicode; send it as UTF-8")
        except OverflowError:
            return Receipt(0, field=field, error="the number does not fit into 64 bits")
        except TypeError as wrong:
            return Receipt(0, field=field, error=str(wrong))
    return Receipt(0, error=f"the fact cannot be written down: {error}")
