"""What became of contacts beyond their end: handed over, put back, not answered; whether the customer came again."""

from typing import Final

import msgspec

from engine.projections.quality.statistics import Estimate, share

OFFERS: Final = 0
"""Offers that ended, by an answer or otherwise: they stand where they ended."""
NO_ANSWERS: Final = 1
HANDLED: Final = 2
"""Talks that ended, one for each agent who had the contact."""
TRANSFERS: Final = 3
"""Of these, by being handed over: by somebody's will, to another queue or agent."""
JUDGED: Final = 4
"""Contacts that ended after an answer and whose customer is known."""
REPEATED: Final = 5
"""Of these, whose customer came again within the window."""
RESOLVED: Final = 6
"""Cases that were resolved."""
REOPENED: Final = 7
"""Of these, that were reopened within the window."""
PUT_BACK: Final = 8
"""Of HANDLED, by going back to the queue, as when the agent's desk is gone: nobody handed them over."""
WIDTH: Final = 9


class ResolutionFigures(msgspec.Struct, frozen=True):
    """Talks and offers of one group, and how many of its contacts resolved what the customer came for."""

    offers: int
    no_answers: int
    no_answer_rate: Estimate | None
    handled: int
    transfers: int
    transfer_rate: Estimate | None
    put_back: int
    """Of the handled, that went back to their queue, as from a desk that is gone; no transfers."""
    window_s: float
    """A contact resolved it at first if the customer did not come again within this time."""
    contacts: int
    """Ended after an answer, of customers who are known."""
    mature: int
    """Of these, old enough to judge: the window has passed since."""
    mature_share: float | None
    repeated: int
    """Of the mature, whose customer came again."""
    first_contact_resolution: Estimate | None
    """Of the mature, whose customer did not."""
    cases_resolved: int
    cases_mature: int
    cases_reopened: int
    """Of the mature, that were reopened within the window."""
    reopen_rate: Estimate | None


def resolution_figures(counts: list[int], mature: list[int], window_ns: int) -> ResolutionFigures:
    """Return the figures of counters of WIDTH columns; `mature` are those of them that are old enough to judge."""
    contacts, old = counts[JUDGED], mature[JUDGED]
    return ResolutionFigures(
        offers=counts[OFFERS],
        no_answers=counts[NO_ANSWERS],
        no_answer_rate=share(counts[NO_ANSWERS], counts[OFFERS]),
        handled=counts[HANDLED],
        transfers=counts[TRANSFERS],
        transfer_rate=share(counts[TRANSFERS], counts[HANDLED]),
        put_back=counts[PUT_BACK],
        window_s=window_ns / 1e9,
        contacts=contacts,
        mature=old,
        mature_share=round(old / contacts, 4) if contacts else None,
        repeated=mature[REPEATED],
        first_contact_resolution=share(old - mature[REPEATED], old),
        cases_resolved=counts[RESOLVED],
        cases_mature=mature[RESOLVED],
        cases_reopened=mature[REOPENED],
        reopen_rate=share(mature[REOPENED], mature[RESOLVED]),
    )
