"""Offers of one side that are answered here, as nobody is to hear it: a caller waits again, a desk holds."""

from typing import Final

from adapters.sip.legs.leg import ALLOW, Leg
from adapters.sip.protocol import SDP, Request, ServerTransaction, SessionTimer
from adapters.sip.protocol.offer_answer import inactive_answer, with_direction
from adapters.sip.translate import CAUSE_GONE

NOT_ACCEPTABLE: Final = 488


def answer_alone(leg: Leg, transaction: ServerTransaction, request: Request, session: SessionTimer) -> None:
    """Accept a session description, or make one where the peer left that to us, by which nothing is sent either way."""
    sent = leg.origin.sent
    body = inactive_answer(request.body, sent) if request.body else with_direction(sent, "inactive")
    if request.body and not body:
        leg.core.endpoint.reply(transaction, NOT_ACCEPTABLE)  # the session stays as it was (§14.2)
        return
    leg.origin.replaced = True  # the words are ours, so their version is, too
    accept_alone(leg, transaction, request, session, leg.origin.pass_on(body))


def accept_alone(
    leg: Leg, transaction: ServerTransaction, request: Request, session: SessionTimer, body: bytes = b""
) -> None:
    """Accept a re-INVITE or UPDATE that concerns this side alone."""
    leg.renewed(request)
    leg.session = session
    if request.method == "INVITE":
        leg.pending_in, transaction.context = transaction, Accepted(leg)
    headers = (ALLOW, *session.response_headers())
    content_type = SDP if body else ""
    leg.core.endpoint.reply(transaction, 200, with_contact=True, headers=headers, content_type=content_type, body=body)
    if body and leg.acknowledged:
        leg.core.facts.mention([leg.recorded()])


class Accepted:
    """The context of an INVITE that was accepted here, until its ACK: no offer of ours may come before it (§14.1)."""

    def __init__(self, leg: Leg) -> None:
        self._leg = leg

    def on_ack(self, request: Request) -> None:
        """The answer has arrived; with it may come the answer to our offer."""
        if request.body:
            self._leg.renewed(request)
        self._go_on()

    def on_ack_missing(self) -> None:
        """That side is gone (§14.2)."""
        leg = self._leg
        self._go_on()
        if not leg.agent or leg.call.has(leg):
            leg.call.release("network", CAUSE_GONE)

    def on_cancel(self, _request: Request) -> None:
        """It has its answer."""

    def _go_on(self) -> None:
        self._leg.pending_in = None
        self._leg.ready()
