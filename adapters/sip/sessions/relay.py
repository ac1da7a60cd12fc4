"""A request of one side, carried to the other: new session descriptions (hold, resume, another codec), DTMF, text."""

import random
from typing import Final

from adapters.sip.core import Core
from adapters.sip.legs.leg import ALLOW, Leg
from adapters.sip.protocol import (
    SDP,
    ClientTransaction,
    Headers,
    LocalProtocolError,
    MalformedMessage,
    Refusal,
    Request,
    Response,
    ServerTransaction,
    SessionTimer,
    answer_session_timer,
)
from adapters.sip.protocol.offer_answer import with_direction
from adapters.sip.sessions.alone import accept_alone, answer_alone
from adapters.sip.sessions.held import note_hold
from adapters.sip.translate import CAUSE_GONE, GONE

PENDING: Final = Refusal(491)
PASSED_HEADERS: Final = (("retry-after", "Retry-After"), ("warning", "Warning"))


def relay_offer(leg: Leg, transaction: ServerTransaction, request: Request) -> None:
    """Take a re-INVITE or UPDATE of one side: pass its offer on, or answer what concerns this side alone."""
    endpoint = leg.core.endpoint
    if not leg.take(request, transaction):
        return
    peer = _hearer_of(leg)
    session = answer_session_timer(request, leg.core.policy)
    refusal = session if isinstance(session, Refusal) else _busy(leg, peer)
    if refusal is not None or isinstance(session, Refusal):
        assert refusal is not None
        endpoint.reply(transaction, refusal.status, headers=refusal.headers)
    elif request.method == "UPDATE" and not request.body:
        accept_alone(leg, transaction, request, session)
    elif not leg.acknowledged and request.method == "UPDATE":
        # The offer of its INVITE has no answer yet (RFC 3311 §5.2).
        endpoint.reply(transaction, 500, headers=(("Retry-After", _retry_s()),))
    elif peer is None:
        answer_alone(leg, transaction, request, session)
    else:
        Relay(leg, peer, transaction, request, session).begin()


def _hearer_of(leg: Leg) -> Leg | None:
    """To whom an offer of this side goes on: not while the caller waits for somebody, nor while a desk holds the call.

    Else the refresh of a phone would end the desk's hold: who is held by another offers to send (RFC 6337 §5.3).
    """
    peer = leg.call.peer_of(leg)
    return None if peer is None or peer.closed or leg.call.holds.by_desk else peer


def _busy(leg: Leg, peer: Leg | None) -> Refusal | None:
    """Two offers may not cross (§14.2), on neither side."""
    if leg.pending_in is not None:
        return Refusal(500, headers=(("Retry-After", _retry_s()),))
    if leg.pending_out is not None or (peer is not None and not _is_free(peer)):
        leg.core.counters["offers_crossed"] += 1
        return PENDING
    return None


def _is_free(peer: Leg) -> bool:
    """Whether an offer can go to this side, now or when the ACK is here that alone is missing."""
    if peer.pending_out is not None or peer.next_out is not None:
        return False
    return peer.pending_in is None or peer.pending_in.is_final


def _retry_s() -> str:
    return str(random.randint(0, 10))


class Relay:
    """One offer on its way from `leg` to `peer`, and the answer on its way back."""

    def __init__(
        self, leg: Leg, peer: Leg, transaction: ServerTransaction, request: Request, session: SessionTimer
    ) -> None:
        self._leg = leg
        self._peer = peer
        self._transaction = transaction
        self._request = request
        self._session = session
        self._sent: ClientTransaction | None = None
        self._unacknowledged: tuple[ClientTransaction, Response] | None = None
        self._accepted = False
        self._withdrawn = False
        """Whether it was taken back before it could be sent on."""
        self._parted = False
        """Whether the two sides are no longer connected: what comes of it concerns the side it went to alone."""

    def begin(self) -> None:
        """Send it on; once the other side has acknowledged our last answer, which may have been overtaken, or that of
        the call itself: who reads the two at once takes an offer before its ACK for a mistake (§14.1).
        """
        leg, peer, request = self._leg, self._peer, self._request
        if self._withdrawn:
            return
        self._transaction.context = self
        leg.pending_in = self._transaction
        if peer.closed:
            leg.pending_in = None
            leg.core.endpoint.reply(self._transaction, 480)
            return
        if peer.is_busy:
            peer.wait_with(self)
            return
        method = request.method if request.method == "INVITE" or peer.knows_update else "INVITE"
        content_type = SDP if request.body else ""
        try:
            self._sent = peer.request(method, self, content_type=content_type, body=peer.origin.pass_on(request.body))
        except LocalProtocolError:
            leg.pending_in = None
            leg.core.endpoint.reply(self._transaction, 500)
            return
        peer.pending_out = self._sent

    def give_way(self) -> None:
        """An offer of our own goes to the other side instead, or nothing more does: it may be made again (§14.1)."""
        if not self._withdrawn:
            self._leg.core.counters["offers_crossed"] += 1
            self._withdraw(PENDING.status)
            self._leg.ready()

    def _withdraw(self, status: int) -> None:
        """Answer it, as it was never sent on."""
        self._withdrawn, self._leg.pending_in = True, None
        self._leg.core.endpoint.reply(self._transaction, status)
        if self._peer.next_out is self:
            self._peer.next_out = None

    # --- from the side it went to

    def on_response(self, transaction: ClientTransaction, response: Response) -> None:
        """Pass the answer back."""
        if response.status < 200:
            return
        if response.status >= 300:
            self._fail(response.status, [(w, response.get(n)) for n, w in PASSED_HEADERS if n in response.fields])
            return
        leg, peer = self._leg, self._peer
        if self._accepted:
            return  # repeated until its ACK, which waits for that of the other side
        if self._parted:
            self._settle(transaction, response)
            return
        self._accepted = True
        peer.pending_out = None
        peer.renewed(response)
        try:
            peer._dialog().receive_response(response)
        except MalformedMessage:
            leg.core.counters["bad_answers"] += 1
        late = transaction.method == "INVITE" and not self._request.body
        if late:
            self._unacknowledged = (transaction, response)
        elif transaction.method == "INVITE":
            peer.acknowledge(transaction, response)
        leg.renewed(self._request)
        leg.session = self._session
        body = leg.origin.pass_on(response.body)
        leg.core.endpoint.reply(
            self._transaction,
            200,
            with_contact=True,
            headers=(ALLOW, *self._session.response_headers()),
            content_type=SDP if body else "",
            body=body,
        )
        if late:
            note_hold(peer, response.body)
        else:
            note_hold(leg, self._request.body, response.body)
        if not late:
            peer.ready()
        if self._request.method != "INVITE":
            leg.pending_in = None
            leg.ready()

    def on_failure(self, _transaction: ClientTransaction, status: int) -> None:
        """The other side did not answer."""
        self._fail(status, [])

    def _fail(self, status: int, headers: Headers) -> None:
        leg, peer = self._leg, self._peer
        peer.pending_out = None
        if not self._parted:
            leg.pending_in = None
            leg.core.endpoint.reply(self._transaction, 403 if status in (401, 407) else status, headers=headers)
        if status in GONE:
            if status == 481:
                peer.close()
            peer.call.release("network", CAUSE_GONE)
        else:
            peer.ready()
            leg.ready()

    def part(self) -> None:
        """The two sides are connected no more: answer the one, and take the offer back on the other."""
        self._parted = True
        if self._accepted:
            if self._unacknowledged is not None:
                self._acknowledge_late(with_direction(self._peer.origin.sent, "inactive"))
            return
        self._withdraw(PENDING.status)
        if self._sent is not None and self._sent.method == "INVITE":
            self._leg.core.endpoint.cancel(self._sent)

    def _settle(self, transaction: ClientTransaction, response: Response) -> None:
        """The answer crossed the end of the connection: it moves no media, and the other side never hears of it."""
        peer = self._peer
        peer.pending_out = None
        if transaction.method == "INVITE":
            body = b"" if self._request.body else with_direction(peer.origin.sent, "inactive")
            peer.acknowledge(transaction, response, body=body)
        peer.ready()

    # --- from the side it came from

    def on_cancel(self, _request: Request) -> None:
        """It is taken back: so it is on the other side; the answer there comes back here."""
        if self._sent is not None:
            self._leg.core.endpoint.cancel(self._sent)
        elif not self._withdrawn:
            self._withdraw(487)
            self._leg.ready()

    def on_ack(self, request: Request) -> None:
        """The answer has arrived; with it may come the answer to an offer of the other side."""
        self._leg.pending_in = None
        if self._unacknowledged is not None:
            self._leg.renewed(request)
            self._acknowledge_late(request.body)
        self._leg.ready()

    def on_ack_missing(self) -> None:
        """The 2xx was never acknowledged: that side is gone (§14.2)."""
        self._leg.pending_in = None
        self._leg.call.release("network", CAUSE_GONE)

    def _acknowledge_late(self, body: bytes) -> None:
        """Answer the offer that came with the other side's 2xx."""
        assert self._unacknowledged is not None, "checked"
        unacknowledged, self._unacknowledged = self._unacknowledged, None
        self._peer.acknowledge(*unacknowledged, body=self._peer.origin.pass_on(body))
        self._peer.ready()


def part(*legs: Leg) -> None:
    """End what is being passed on between legs that are no longer connected, lest it hold up or end what follows."""
    for leg in legs:
        context = leg.pending_in.context if leg.pending_in is not None else None
        if isinstance(context, Relay):
            context.part()


class PassedOn:
    """A request without an offer (INFO, MESSAGE), carried to the other side."""

    def __init__(self, core: Core, transaction: ServerTransaction) -> None:
        self._core = core
        self._transaction = transaction

    def on_response(self, _transaction: ClientTransaction, response: Response) -> None:
        """Pass the final response back."""
        if response.status >= 200:
            self._core.endpoint.reply(
                self._transaction, response.status, content_type=response.get("content-type"), body=response.body
            )

    def on_failure(self, _transaction: ClientTransaction, status: int) -> None:
        """The other side did not answer."""
        self._core.endpoint.reply(self._transaction, status)


def pass_on(leg: Leg, transaction: ServerTransaction, request: Request) -> None:
    """Carry an INFO or MESSAGE to the other side; without one there is nobody to hear it."""
    if not leg.take(request, transaction):
        return
    peer = leg.call.peer_of(leg)
    if peer is None or peer.closed:
        leg.core.endpoint.reply(transaction, 480)
        return
    headers = [("Info-Package", request.get("info-package"))] if "info-package" in request.fields else []
    try:
        peer.request(
            request.method,
            PassedOn(leg.core, transaction),
            headers=headers,
            content_type=request.get("content-type"),
            body=request.body,
        )
    except LocalProtocolError:
        leg.core.endpoint.reply(transaction, 500)
