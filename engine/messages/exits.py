"""Who ended a stay in a queue: every exit in exactly one class, and every list of exits that is made from them."""

from enum import StrEnum
from typing import Any, Final

import numpy as np

from engine.messages.kinds import (
    EXIT_ABANDONED,
    EXIT_ANSWERED,
    EXIT_CALLBACK,
    EXIT_EMPTY,
    EXIT_KEY,
    EXIT_NAMES,
    EXIT_OVERFLOWED,
    EXIT_REFUSED_CLOSED,
    EXIT_REFUSED_EMPTY,
    EXIT_REFUSED_FULL,
    EXIT_REFUSED_TRUNK,
    EXIT_SHORT_ABANDONED,
    EXIT_SYSTEM_ERROR,
    EXIT_TIMED_OUT,
    EXIT_TRANSFERRED,
    EXIT_UNKNOWN,
    EXIT_WITHDRAWN,
    EXITS,
)


class EndedBy(StrEnum):
    """What ended a stay in a queue."""

    SERVED = "served"
    """An agent took the contact."""
    GAVE_UP = "gave_up"
    """The customer left for good."""
    DISMISSED = "dismissed"
    """The queue put an end to the wait: it hung up."""
    REFUSED = "refused"
    """The queue did not let the contact in; or, by a `refuse` step, no longer."""
    MOVED_ON = "moved_on"
    """It goes on elsewhere: another queue, an agent, or wherever the customer's key leads."""
    CALLED_BACK = "called_back"
    """The customer hung up and keeps the place."""
    WITHDRAWN = "withdrawn"
    """Somebody took it out."""
    FAULT = "fault"
    """The engine, an adapter or the network lost it."""


EXIT_CLASSES: Final[dict[EndedBy, tuple[int, ...]]] = {
    EndedBy.SERVED: (EXIT_ANSWERED,),
    EndedBy.GAVE_UP: (EXIT_ABANDONED, EXIT_SHORT_ABANDONED),
    EndedBy.DISMISSED: (EXIT_TIMED_OUT, EXIT_EMPTY),
    EndedBy.REFUSED: (EXIT_REFUSED_FULL, EXIT_REFUSED_EMPTY, EXIT_REFUSED_CLOSED, EXIT_REFUSED_TRUNK),
    EndedBy.MOVED_ON: (EXIT_OVERFLOWED, EXIT_KEY, EXIT_TRANSFERRED),
    EndedBy.CALLED_BACK: (EXIT_CALLBACK,),
    EndedBy.WITHDRAWN: (EXIT_WITHDRAWN,),
    EndedBy.FAULT: (EXIT_SYSTEM_ERROR, EXIT_UNKNOWN),
}
"""Every exit once."""


def exits_by(*enders: EndedBy) -> tuple[int, ...]:
    """Return the exits of these classes, as numbers."""
    return tuple(way_out for ender in enders for way_out in EXIT_CLASSES[ender])


def exit_names(exits: tuple[int, ...]) -> tuple[str, ...]:
    """Return exits by their names."""
    return tuple(EXIT_NAMES[way_out] for way_out in exits)


def exit_marks(exits: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return of each exit whether it is one of these, shape (EXITS,): for arrays of exits and for compiled code."""
    marks = np.zeros(EXITS, np.bool_)
    marks[[*exits]] = True
    return marks


GAVE_UP: Final = exits_by(EndedBy.GAVE_UP)
DISMISSED: Final = exits_by(EndedBy.DISMISSED)
REFUSED: Final = exits_by(EndedBy.REFUSED)
MOVED_ON: Final = exits_by(EndedBy.MOVED_ON)
FAULTS: Final = exits_by(EndedBy.FAULT)
LOST: Final = exits_by(EndedBy.GAVE_UP, EndedBy.DISMISSED, EndedBy.REFUSED, EndedBy.FAULT)
"""After these nobody has spoken with the customer, and nobody is going to."""
FLOW_OUTS: Final = exits_by(EndedBy.DISMISSED, EndedBy.MOVED_ON, EndedBy.CALLED_BACK, EndedBy.WITHDRAWN)
"""Of those who waited: neither answered nor given up."""
SENT_AWAY: Final = exits_by(EndedBy.DISMISSED, EndedBy.REFUSED)
"""The queue's doing. Whoever had waited is a miss at once: no answer can come any more."""
IS_LOST: Final = exit_marks(LOST)
IS_SENT_AWAY: Final = exit_marks(SENT_AWAY)
LEFT_BY_THEMSELVES: Final = (*GAVE_UP, EXIT_UNKNOWN)
"""The customer's side is over: there is nobody to tell that the wait has ended."""
