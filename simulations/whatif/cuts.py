"""Contacts that the network or the system ended, and e-mails put back in line: facts that happen again when they did.

They stand in the script in the order of the record. Whoever was freed by one may have answered somebody else before the
next, or all were cut in one moment, as on a trunk group that breaks down: the world has to know which it was.
"""

from typing import Any, Final

import numpy as np

from engine.messages.kinds import BY_NETWORK, BY_SYSTEM, BY_UNKNOWN, REQUEUE_REQUESTED
from simulations.world.changes import PERSON_CUT, PERSON_PUT_BACK

Array = np.ndarray[Any, Any]
NOT_THEIR_WILL: Final = (BY_NETWORK, BY_SYSTEM, BY_UNKNOWN)


def write_cuts(rows: Array, persons: Array) -> None:
    """Make recorded facts, dtype ROW, lines of the script: those of `persons`, shape (rows,), where that is not -1."""
    cut = persons >= 0
    puts_back = rows["kind"][cut] == REQUEUE_REQUESTED
    rows["kind"][cut] = np.where(puts_back, PERSON_PUT_BACK, PERSON_CUT)
    rows["contact"][cut], rows["b"][cut] = persons[cut], 0


def tie(script: Array, facts: Array) -> None:
    """Tie cuts that follow each other at one instant, with no other fact between: they are one moment.

    `facts` tells of each line how many observed rows the record holds up to it, shape (lines,).
    """
    cut = script["kind"] >= PERSON_CUT
    next_to = (np.diff(facts) == 1) & (np.diff(script["at_ns"]) == 0)
    script["b"][:-1][cut[:-1] & cut[1:] & next_to] = 1
