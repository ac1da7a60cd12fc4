"""The transaction layer: messages and timers in, events and octets out (RFC 3261 §17). It has no socket and no clock.

    for event in layer.receive(message, now_ns): ...        octets that arrived
    for event in layer.handle_timers(now_ns): ...           when next_timer_ns() has come
    layer.respond(...), layer.send_request(...), ...        what the user wants said
    for octets, hop in layer.take_outgoing(): ...           send them, after any of the above

What can be decided without the user is: repetitions, 100 Trying, refusals (check.py), the response to CANCEL, the ACK
of a 3xx-6xx, the repeating of a 2xx until its ACK, 482 for a request that came twice on two ways, 487 for an INVITE
behind its CANCEL, 503 when full.
"""

from collections.abc import Mapping

from adapters.sip.protocol.build import Headers, build_response
from adapters.sip.protocol.check import Capabilities, Refusal, check_request, check_response
from adapters.sip.protocol.client_transaction import INVITE_CLIENT
from adapters.sip.protocol.errors import LocalProtocolError, MalformedMessage, TransactionLimitReached
from adapters.sip.protocol.events import (
    AckReceived,
    CancelReceived,
    Event,
    RequestReceived,
    ResponseUnsent,
    StrayAnswer,
)
from adapters.sip.protocol.hop import Hop, hop_for_response, hop_without_connection
from adapters.sip.protocol.matching import branch_of, invite_key, server_key
from adapters.sip.protocol.message import Request, Response
from adapters.sip.protocol.server_transaction import INVITE_SERVER, OTHER_SERVER
from adapters.sip.protocol.tokens import TokenSource
from adapters.sip.protocol.transaction import (
    ClientTransaction,
    ServerTransaction,
    Signal,
    State,
    Timing,
    advance,
    signal_of,
    stop_timers,
)
from adapters.sip.protocol.transaction_store import TransactionStore

RETRY_AFTER_FULL = (("Retry-After", "5"),)
"""What a sender is told when there is no room: transactions last 32 s, calls come and go all the time."""


class TransactionLayer(TransactionStore):
    """All transactions of one SIP element."""

    def __init__(
        self,
        capabilities: Capabilities,
        tokens: TokenSource,
        sent_by: Mapping[str, str],
        *,
        timing: Timing | None = None,
        max_transactions: int = 200_000,
    ) -> None:
        """`sent_by` gives, for each transport (udp, tcp, tls), the host:port that our Via names.

        The limit bounds memory: a finished UDP transaction is kept for 32 s with about one kilobyte.
        """
        super().__init__(timing or Timing())
        self.capabilities = capabilities
        self.tokens = tokens
        self._sent_by = dict(sent_by)
        self._max_transactions = max_transactions

    # --- in -------------------------------------------------------------------------------------------------------

    def receive(self, message: Request | Response, now_ns: int) -> list[Event]:
        """Take a message from the network. Never raises for what a peer can send: what is bad is refused or counted."""
        self._tick(now_ns)
        self.counters["received"] += 1
        try:
            if isinstance(message, Request):
                self._receive_request(message)
            else:
                self._receive_response(message)
        except MalformedMessage:
            # Not even answerable: without a readable Via nobody could match the answer.
            self.counters["discarded.unreadable"] += 1
        return self._take_events()

    def handle_timers(self, now_ns: int) -> list[Event]:
        """Run the timers that are due."""
        self._tick(now_ns)
        for transaction, retransmit in self._timers.take_due(self._now_ns):
            self.counters["retransmissions_sent" if retransmit else "expired"] += 1
            advance(self, transaction, Signal.RETRANSMIT if retransmit else Signal.EXPIRED)
        self._timers.compact(len(self))
        return self._take_events()

    def transport_failed(self, hop: Hop, now_ns: int) -> list[Event]:
        """Learn that nothing can be sent to the hop: its requests that have no answer yet fail (§18.4).

        What INVITEs from there were told last is sent again to where their Via says, or cannot be told (§18.2.2).
        """
        self._tick(now_ns)
        for invite in list(self._callers_by_hop.get(hop, {}).values()):
            self._leave_connection(invite)
            if invite.other_hop is not None:
                self.counters["connections_replaced"] += 1
                invite.hop, invite.other_hop = invite.other_hop, None
                self._enter_connection(invite)
                if invite.octets:
                    self.send(invite.octets, invite.hop)
            elif not invite.is_final:
                self._events.append(ResponseUnsent(invite))
        for transaction in list(self._clients_by_hop.get(hop, {}).values()):
            advance(self, transaction, Signal.TRANSPORT_ERROR)
        return self._take_events()

    def next_timer_ns(self) -> int | None:
        """When handle_timers() should be called, None when no timer is running."""
        return self._timers.next_due_ns()

    # --- out ------------------------------------------------------------------------------------------------------

    def take_outgoing(self) -> list[tuple[bytes, Hop]]:
        """Take the octets to be sent, in order."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def new_via(self, transport: str) -> str:
        """A Via value with a fresh branch, for a request of ours over this transport.

        Raises LocalProtocolError when we have no address there.
        """
        sent_by = self._sent_by.get(transport)
        if sent_by is None:
            raise LocalProtocolError(f"no own address for transport {transport!r}: add it to sent_by")
        return f"SIP/2.0/{transport.upper()} {sent_by};rport;branch={self.tokens.new_branch()}"

    def send_request(self, request: Request, hop: Hop, now_ns: int, context: object = None) -> ClientTransaction:
        """Send a request, made with a fresh new_via(), in a new client transaction. Not for ACK and CANCEL.

        Raises LocalProtocolError, and TransactionLimitReached when there is no room.
        """
        self._tick(now_ns)
        if request.method in ("ACK", "CANCEL"):
            raise LocalProtocolError(f"{request.method} has no transaction: use acknowledge() or cancel()")
        if len(self) >= self._max_transactions:
            raise TransactionLimitReached(f"{len(self)} transactions are open, no more are allowed")
        return self._start_client(request, hop, context)

    def reply(
        self,
        transaction: ServerTransaction,
        status: int,
        reason: str = "",
        *,
        now_ns: int,
        contact: str = "",
        headers: Headers = (),
        content_type: str = "",
        body: bytes = b"",
    ) -> bool:
        """Write a response with the transaction's own tag, and send it; see respond() and build_response()."""
        if transaction.request is None:
            self.counters["late_responses"] += 1
            return False
        response = build_response(
            transaction.request,
            status,
            reason,
            to_tag=transaction.local_tag,
            contact=contact,
            headers=headers,
            content_type=content_type,
            body=body,
        )
        return self.respond(transaction, response, now_ns)

    def respond(self, transaction: ServerTransaction, response: Response, now_ns: int) -> bool:
        """Send a response; False, and nothing sent, when the final response has already gone out."""
        self._tick(now_ns)
        signal = signal_of(response.status)
        if transaction.is_final:
            self.counters["late_responses"] += 1
            return False
        if signal == Signal.SUCCESS and transaction.method == "INVITE":
            assert transaction.request is not None, "the request is kept until the final response"
            key = (transaction.request.call_id, transaction.local_tag, transaction.request.cseq.number)
            transaction.ack_key = key
            self._awaiting_ack[key] = transaction
        advance(self, transaction, signal, response)
        if response.status >= 200 and transaction.merge_key is not None:
            self._merged.pop(transaction.merge_key, None)
        return True

    def repeat_until_acknowledged(self, transaction: ServerTransaction, now_ns: int) -> None:
        """Repeat the provisional response that was sent last until `provisional_acknowledged`, or PrackMissing."""
        self._tick(now_ns)
        transaction.interval_ns = self.timing.t1_ns
        self.start_retransmit(transaction, transaction.interval_ns)
        self.start_expiry(transaction, self.timing.timeout_ns)

    def provisional_acknowledged(self, transaction: ServerTransaction) -> None:
        """Repeat it no more: its PRACK is here."""
        if not transaction.is_final:
            stop_timers(transaction)

    def acknowledge(self, transaction: ClientTransaction, ack: Request, hop: Hop, response: Response) -> None:
        """Send the ACK of a 2xx (made by Dialog.build_ack); it is sent again by itself if that 2xx is repeated."""
        transaction.octets = ack.raw
        if transaction.hop != hop:
            self._leave_hop(transaction)
            transaction.hop = hop
            if transaction.key in self._clients:
                self._enter(transaction)
        transaction.acknowledged_tag = response.to_tag
        self.send(ack.raw, hop)

    def cancel(self, transaction: ClientTransaction, now_ns: int, headers: tuple[tuple[str, str], ...] = ()) -> bool:
        """Take an INVITE back: at once, or after its first provisional response (§9.1). False when it is too late.

        The INVITE's outcome still comes as an event: usually 487, but a 2xx that crossed must be ended with BYE.
        """
        self._tick(now_ns)
        if transaction.method != "INVITE":
            raise LocalProtocolError(f"only an INVITE can be cancelled, not {transaction.method}")
        if transaction.is_final:
            return False
        if not transaction.cancelled:
            transaction.cancelled = True
            transaction.cancel_headers = headers
            if transaction.state == State.PROCEEDING:
                self.send_cancel(transaction)
        return True

    def give_up(self, transaction: ClientTransaction, now_ns: int) -> None:
        """Want no answer to an INVITE any more, as its dialog ends: do not repeat it, and take it back."""
        if transaction.method == "INVITE" and not transaction.is_final:
            transaction.retransmit_at_ns = 0
            self.cancel(transaction, now_ns)

    def stop_repeating(self, transaction: ServerTransaction) -> None:
        """Treat a 2xx as acknowledged whose ACK does not come, because something else shows that it has arrived."""
        transaction.octets = b""
        transaction.retransmit_at_ns = 0

    def presume_answered(self, transaction: ServerTransaction, now_ns: int) -> None:
        """Treat an INVITE of before a restart as one whose 2xx has arrived; repeats of it are absorbed for a while."""
        self._tick(now_ns)
        transaction.state = State.ACCEPTED
        transaction.octets = b""
        self.start_expiry(transaction, self.timing.timeout_ns)

    def send_stateless(self, request: Request, status: int, headers: Headers = ()) -> None:
        """Answer without a transaction; an ACK is never answered."""
        if request.method != "ACK" and request.source is not None:
            response = build_response(request, status, to_tag=self.tokens.new_tag(), headers=headers)
            self.send(response.raw, hop_for_response(request.top_via, request.source))

    # --- after a restart ------------------------------------------------------------------------------------------

    def resume_server(self, invite: Request, local_tag: str, now_ns: int) -> ServerTransaction:
        """Go on with an INVITE received before a restart, which had no final response: it may be answered now."""
        self._tick(now_ns)
        if invite.source is None:
            raise LocalProtocolError("a received request needs its source, or nothing can answer it")
        key = server_key(invite)
        hop = hop_for_response(invite.top_via, invite.source)
        transaction = ServerTransaction(key, invite, hop, State.PROCEEDING, INVITE_SERVER, local_tag)
        transaction.merge_key = (invite.call_id, invite.from_tag, invite.get("cseq"))
        self._servers[key] = transaction
        self._merged[transaction.merge_key] = transaction
        transaction.other_hop = hop_without_connection(invite.top_via, invite.source)
        self._enter_connection(transaction)
        return transaction

    def resume_client(self, invite: Request, hop: Hop, context: object, now_ns: int) -> ClientTransaction:
        """Go on with an INVITE sent before a restart, which had a provisional response: its answer may come now."""
        self._tick(now_ns)
        key = (branch_of(invite), invite.method)
        transaction = ClientTransaction(key, invite, hop, State.PROCEEDING, INVITE_CLIENT)
        transaction.context = context
        self._enter(transaction)
        return transaction

    # --- requests -------------------------------------------------------------------------------------------------

    def _receive_request(self, request: Request) -> None:
        key = server_key(request)
        transaction = self._servers.get(key)
        if transaction is not None:
            self.counters["retransmissions_received"] += 1
            self._follow(transaction, request)
            advance(self, transaction, Signal.ACK if request.method == "ACK" else Signal.REQUEST, request)
        elif request.method == "ACK":
            self._receive_ack(request)
        elif len(self) >= self._max_transactions:
            self.counters["refused.503"] += 1
            self.send_stateless(request, 503, RETRY_AFTER_FULL)
        else:
            self._start_server(key, request)

    def _receive_ack(self, request: Request) -> None:
        """An ACK outside any INVITE transaction acknowledges a 2xx, or nothing we know of."""
        if check_request(request, self.capabilities) is not None:
            self.counters["discarded.ack"] += 1
            return
        transaction = self._awaiting_ack.get((request.call_id, request.to_tag, request.cseq.number))
        if transaction is None:
            self._events.append(AckReceived(None, request))
        else:
            advance(self, transaction, Signal.ACK, request)

    def _start_server(self, key: tuple[str, ...], request: Request) -> None:
        if request.source is None:
            raise LocalProtocolError("a received request needs its source, or nothing can answer it")
        refusal = check_request(request, self.capabilities) or self._check_known(key, request)
        invite = request.method == "INVITE"
        tag = self.tokens.new_tag() if refusal is not None else request.to_tag or self.tokens.new_tag()
        transaction = ServerTransaction(
            key,
            request,
            hop_for_response(request.top_via, request.source),
            State.PROCEEDING if invite else State.TRYING,
            INVITE_SERVER if invite else OTHER_SERVER,
            tag,
        )
        self._servers[key] = transaction
        if refusal is not None:
            self._refuse(transaction, request, refusal)
        elif request.method == "CANCEL":
            self._receive_cancel(transaction, request)
        else:
            self._pass_on(transaction, request)

    def _pass_on(self, transaction: ServerTransaction, request: Request) -> None:
        if transaction.method == "INVITE":
            if not request.to_tag:
                transaction.merge_key = (request.call_id, request.from_tag, request.get("cseq"))
                self._merged[transaction.merge_key] = transaction
                if request.source is not None:
                    transaction.other_hop = hop_without_connection(request.top_via, request.source)
                self._enter_connection(transaction)
            # At once, before anything else: it stops the repetitions, and peers' scenarios wait for it (§17.2.1).
            advance(self, transaction, Signal.PROVISIONAL, build_response(request, 100))
        else:
            self.start_expiry(transaction, self.timing.timeout_ns)
        self._events.append(RequestReceived(transaction, request))

    def _refuse(self, transaction: ServerTransaction, request: Request, refusal: Refusal) -> None:
        self.counters[f"refused.{refusal.status}"] += 1
        response = build_response(
            request, refusal.status, refusal.reason, to_tag=transaction.local_tag, headers=refusal.headers
        )
        advance(self, transaction, Signal.FAILURE, response)

    def _receive_cancel(self, transaction: ServerTransaction, request: Request) -> None:
        invite = self._servers.get(invite_key(transaction.key))
        if invite is None:
            self._refuse(transaction, request, Refusal(481))
            return
        self._follow(invite, request)
        advance(self, transaction, Signal.SUCCESS, build_response(request, 200, to_tag=invite.local_tag))
        if not invite.is_final:
            self._events.append(CancelReceived(invite, request))

    def _follow(self, invite: ServerTransaction, request: Request) -> None:
        """Who repeats an INVITE, or takes it back, by another connection is answered there: the first may be gone."""
        source = request.source
        if source is None or source == invite.hop or not (source.reliable and invite.hop.reliable):
            return
        if invite.method == "INVITE" and not invite.is_final:
            self._leave_connection(invite)
            invite.hop, invite.other_hop = source, hop_without_connection(request.top_via, source)
            self._enter_connection(invite)
            self.counters["connections_replaced"] += 1

    # --- responses ------------------------------------------------------------------------------------------------

    def _receive_response(self, response: Response) -> None:
        transaction = self._clients.get((response.top_via.branch, response.cseq.method))
        if transaction is None:
            self._receive_stray(response)
        elif check_response(response):
            self.counters["discarded.bad_response"] += 1
        elif not advance(self, transaction, signal_of(response.status), response):
            self.counters["discarded.late_response"] += 1

    def _receive_stray(self, response: Response) -> None:
        """A 2xx to INVITE is for the user (§13.2.2.4), whoever sent the INVITE; anything else is too late."""
        if 200 <= response.status < 300 and response.cseq.method == "INVITE" and not check_response(response):
            self._events.append(StrayAnswer(response))
        else:
            self.counters["discarded.stray_response"] += 1
