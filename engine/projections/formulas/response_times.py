"""How long customers wait for an agent's lines: the first one, and each reply after."""

import msgspec

from engine.kernel.tables import Array
from engine.model.tallies import MEASURED_FIRST_RESPONSE, MEASURED_REPLY, Tally
from engine.projections.figures import NS, mean_s
from engine.projections.formulas.waits import quantiles_s


class ResponseTimes(msgspec.Struct, frozen=True):
    """Means and quantiles in seconds; None where nothing was written yet. Quantiles are of the whole log."""

    messages_received: int
    """Lines that customers wrote."""
    messages_sent: int
    """Lines that agents wrote."""
    first_responses: int
    """Contacts to which an agent has written."""
    average_first_response_s: float | None
    """From the arrival to the first line of an agent."""
    first_response_p50_s: float | None
    first_response_p90_s: float | None
    longest_first_response_s: float
    replies: int
    """Later lines of agents that a customer waited for."""
    average_reply_s: float | None
    """From the customer's first unanswered line to the reply."""
    reply_p50_s: float | None
    reply_p90_s: float | None
    longest_reply_s: float
    ended_idle: int
    """Chats that ended because their customer wrote nothing more."""


def response_times(tally: Array, whole: Array, histograms: Array) -> ResponseTimes:
    """Read a row of counters of the window and one of the whole log, and the cells' histograms."""
    first = quantiles_s(
        histograms[..., MEASURED_FIRST_RESPONSE, :], int(whole[Tally.LONGEST_FIRST_RESPONSE_NS]), (0.5, 0.9)
    )
    reply = quantiles_s(histograms[..., MEASURED_REPLY, :], int(whole[Tally.LONGEST_REPLY_NS]), (0.5, 0.9))
    responses, replies = int(tally[Tally.FIRST_RESPONSES]), int(tally[Tally.REPLIES])
    return ResponseTimes(
        messages_received=int(tally[Tally.MESSAGES_RECEIVED]),
        messages_sent=int(tally[Tally.MESSAGES_SENT]),
        first_responses=responses,
        average_first_response_s=mean_s(tally[Tally.FIRST_RESPONSE_NS], responses),
        first_response_p50_s=first[0],
        first_response_p90_s=first[1],
        longest_first_response_s=round(int(tally[Tally.LONGEST_FIRST_RESPONSE_NS]) / NS, 3),
        replies=replies,
        average_reply_s=mean_s(tally[Tally.REPLY_NS], replies),
        reply_p50_s=reply[0],
        reply_p90_s=reply[1],
        longest_reply_s=round(int(tally[Tally.LONGEST_REPLY_NS]) / NS, 3),
        ended_idle=int(tally[Tally.ENDED_IDLE]),
    )
