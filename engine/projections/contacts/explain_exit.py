"""Why a contact is not served: how it left its last queue unanswered, in a sentence."""

from typing import Final

import msgspec

from engine.projections.contacts.records import ContactRecord, Visit

_OPEN: Final = frozenset({"", "answered", "transferred"})
"""Of a last exit: the contact waits, was served, or is on its way elsewhere."""
_TEXTS: Final = {
    "abandoned": "the customer hung up",
    "short_abandoned": "the customer hung up, sooner than counts as abandoned (`short_abandon`)",
    "timed_out": "it had waited as long as the queue lets anybody (`max_wait`)",
    "exit_key": "the customer left by a key",
    "empty": "nobody was left to serve it (`leave_empty`)",
    "overflowed": "the queue sent it on",
    "callback": "it left for a callback",
    "withdrawn": "a supervisor or a program took it out",
    "refused_full": "the queue was full (`max_length`)",
    "refused_empty": "nobody was there to serve it (`join_empty`)",
    "refused_closed": "the queue was closed",
    "refused_trunk": "its trunk group had no channel for it",
    "system_error": "the engine or an adapter could not go on with it",
    "unknown": "it was over when its source looked again, after a gap",
}


class WhyLeft(msgspec.Struct, frozen=True):
    """How a contact left its last queue without an answer."""

    queue: str
    exit: str
    at_ns: int
    waited_s: float
    """In that queue; 0 for one that was refused at its door."""
    text: str


def why_left(record: ContactRecord) -> WhyLeft | None:
    """Tell how the contact left its last queue; None while it waits or is served, and where it was."""
    if record.exit in _OPEN or not record.visits:
        return None
    last = record.visits[-1]
    waited_s = round((last.left_ns - last.entered_ns) / 1e9, 3)
    text = _TEXTS.get(last.exit, last.exit)
    if waited_s > 0.0:
        text += f", after {waited_s:g} s in {last.queue}"
    elif last.exit.startswith("refused_"):
        text += f": {last.queue} refused it at the door"
    passed = _passed_on(record.visits[:-1])
    if passed:
        text += f"; {', '.join(passed)} had sent it on"
    return WhyLeft(last.queue, last.exit, last.left_ns, waited_s, text)


def _passed_on(visits: list[Visit]) -> list[str]:
    """Return the queues through which it came straight to its last one, in order."""
    found: list[str] = []
    for visit in reversed(visits):
        if visit.exit != "overflowed":
            break
        found.append(visit.queue)
    return found[::-1]
