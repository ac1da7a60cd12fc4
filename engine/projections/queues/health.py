"""A queue's health in one word and one reason: what an eye on the wall must see first."""

from typing import Final

from engine.projections.formulas.abandonment import Abandonment
from engine.projections.formulas.service_level import ServiceLevel

ABANDONMENT_BOUND: Final = 0.1
"""Share of callers lost beyond which a queue is at risk, whatever its service level: one in ten."""
JUDGED_OF: Final = 10
"""Contacts that a share must speak of before it alarms anybody: one of the first two who is late is no alarm."""
FOR_COLLEAGUES: Final = "ok", "no customers wait here"
"""Of a queue for colleagues, whoever waits: only the one who is asked can take what is there."""


def judge(
    is_open: bool,
    unattended: bool,
    overdue: int,
    working: int,
    staffed: bool,
    level: ServiceLevel,
    target: float,
    abandonment: Abandonment,
) -> tuple[str, str]:
    """Return a queue's health (breached, at_risk, closed, ok) and the reason in words.

    `unattended`: somebody waits whom nobody can take; `working`: so many can take a contact. `staffed`: somebody is
    logged in, or served it in the window. A queue that nobody ever came to needs nobody.
    """
    if unattended:
        return "breached", "contacts are waiting and nobody can take them"
    if overdue:
        word = "contact waits" if overdue == 1 else "contacts wait"
        return "breached", f"{overdue} {word} longer than the threshold"
    reasons = []
    if level.value is not None and level.of >= JUDGED_OF and level.value < target:
        reasons.append(f"service level {level.value:.0%} is below the target of {target:.0%}")
    if abandonment.value is not None and abandonment.of >= JUDGED_OF and abandonment.value > ABANDONMENT_BOUND:
        reasons.append(f"{abandonment.value:.0%} abandoned")
    if reasons:
        return "at_risk", " and ".join(reasons)
    if not is_open:
        return "closed", "the queue is closed"
    if not working and staffed:
        return "at_risk", "nobody can take a contact"
    if not working:
        return "ok", "nobody waits and nobody is logged in"
    return "ok", "on target"
