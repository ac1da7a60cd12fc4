"""Expected wait as quantiles from the present state: what routing itself tells on entry, in the shape of an answer."""

import msgspec

from engine.kernel import expected_wait as kernel
from engine.kernel.tables import Array, Tables
from engine.messages.kinds import CONTACT_OFFERED
from engine.model.tallies import Tally
from engine.projections.figures import NS, position, ratio


class ExpectedWait(msgspec.Struct, frozen=True):
    """Expected wait from now on, until the answer. All quantiles are None when nobody is at work: it cannot be told."""

    as_of: int
    place: int
    """Place in line that it is told for; 1 is the head."""
    slots: int
    """Contacts that the agents at work who may serve it can hold at once."""
    mean_handle_s: float
    mean_patience_s: float
    p50_s: float | None
    p80_s: float | None
    p90_s: float | None


class Calibration(msgspec.Struct, frozen=True):
    """How often contacts were answered within what they had been told: near 0.5 and 0.9 if the telling is good."""

    told: int
    within_p50: float | None
    within_p90: float | None


def expected_wait(t: Tables, queue: int, place: int = 0, requirement: int = -1, channel: int = -1) -> ExpectedWait:
    """Return the expected wait at `place` in line, or of a contact that comes now.

    Requirement and channel are the contact's, or the queue's own where nothing is said. A negative place is that of a
    contact which rings at somebody.
    """
    at, slots, handle_ns, patience_ns, *waits_ns = kernel.expected_wait(t, queue, requirement, channel, place)
    p50, p80, p90 = (round(wait_ns / NS, 1) if slots else None for wait_ns in waits_ns)
    handle_s, patience_s = round(handle_ns / NS, 3), round(patience_ns / NS, 3)
    return ExpectedWait(position(t), at, slots, handle_s, patience_s, p50, p80, p90)


def expected_wait_of(t: Tables, slot: int, place: int) -> ExpectedWait:
    """Return the expected wait from now on of the contact in `slot` at `place` in line; while it rings, only that."""
    contact = t.contacts[slot]
    at = -place if contact["state"] == CONTACT_OFFERED else place
    return expected_wait(t, int(contact["queue"]), at, int(contact["requirement"]), int(contact["channel"]))


def wait_left_s(t: Tables, slot: int, place: int) -> tuple[float | None, float | None]:
    """Return the median and 90 % quantile of the wait from now on of the contact in `slot` at `place` in line."""
    told = expected_wait_of(t, slot, place)
    return told.p50_s, told.p90_s


def calibration(tally: Array) -> Calibration:
    """Read one row of counters."""
    told = int(tally[Tally.TOLD])
    return Calibration(
        told=told,
        within_p50=ratio(int(tally[Tally.TOLD_WITHIN_P50]), told),
        within_p90=ratio(int(tally[Tally.TOLD_WITHIN_P90]), told),
    )
