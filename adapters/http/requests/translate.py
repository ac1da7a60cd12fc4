"""Between bodies and messages: the form of a body by its Content-Type, and how one that cannot be read is answered."""

from collections.abc import Sequence

from adapters.http.problems import Fault, Problem
from engine.messages.decoding import FORMS, JSON, MSGPACK, Malformed, TooMany
from engine.messages.decoding import Fault as Found


def media_type(content_type: str) -> str:
    """Return the form of a body by its Content-Type. Raises Problem."""
    found = FORMS.get(content_type.lower())
    if found is None:
        raise Problem("unsupported-media-type", f"{content_type!r} is neither {JSON} nor {MSGPACK}")
    return found


def unreadable(malformed: Malformed, found: Sequence[Found] = ()) -> Problem:
    """Return the problem of a body; `found` is everything that is wrong with it, where more is known."""
    found = found or malformed.faults
    first = found[0]
    if isinstance(malformed, TooMany):
        return Problem("too-large", first.detail)
    place = f" at {first.pointer}" if first.pointer else ""
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    faults = [Fault(fault.detail, pointer=fault.pointer) for fault in found]
    return Problem("malformed", f"{first.detail}{place}{more}; nothing was changed", faults)
