"""The transactions a layer holds, their timers, and what the state machines may do with them (transaction.Context)."""

from collections import Counter

from adapters.sip.protocol.check import Refusal
from adapters.sip.protocol.client_transaction import INVITE_CLIENT, OTHER_CLIENT, build_cancel, start
from adapters.sip.protocol.errors import LocalProtocolError
from adapters.sip.protocol.events import (
    AckMissing,
    AckReceived,
    Event,
    PrackMissing,
    ResponseReceived,
    TransactionTimedOut,
    TransportFailed,
)
from adapters.sip.protocol.hop import Hop
from adapters.sip.protocol.matching import branch_of, cancel_key
from adapters.sip.protocol.message import Message, Request, Response
from adapters.sip.protocol.timers import Timers
from adapters.sip.protocol.transaction import (
    ClientTransaction,
    ServerTransaction,
    Signal,
    State,
    Timing,
    Transaction,
    advance,
    stop_timers,
)
from adapters.sip.protocol.via import MAGIC_COOKIE


class TransactionStore:
    """The ground the transaction layer stands on; only for its use."""

    def __init__(self, timing: Timing) -> None:
        self.timing = timing
        self.counters: Counter[str] = Counter()
        """How often what happened: received, sent, refused.<status>, discarded.<why>, ..."""
        self._servers: dict[tuple[str, ...], ServerTransaction] = {}
        self._clients: dict[tuple[str, ...], ClientTransaction] = {}
        self._callers_by_hop: dict[Hop, dict[tuple[str, ...], ServerTransaction]] = {}
        """INVITEs that began dialogs, and came over connections."""
        self._clients_by_hop: dict[Hop, dict[tuple[str, ...], ClientTransaction]] = {}
        self._awaiting_ack: dict[tuple[str, str, int], ServerTransaction] = {}
        self._merged: dict[tuple[str, str, str], ServerTransaction] = {}
        self._timers = Timers()
        self._events: list[Event] = []
        self._outgoing: list[tuple[bytes, Hop]] = []
        self._now_ns = 0

    def __len__(self) -> int:
        return len(self._servers) + len(self._clients)

    def send(self, octets: bytes, hop: Hop) -> None:
        """Put octets into the outbox."""
        self.counters["sent"] += 1
        self._outgoing.append((octets, hop))

    def emit_response(self, transaction: ClientTransaction, message: Message) -> None:
        """Tell the user of a response."""
        if not transaction.internal:
            assert isinstance(message, Response), "only responses come to client transactions"
            self._events.append(ResponseReceived(transaction, message))

    def emit_timeout(self, transaction: ClientTransaction) -> None:
        """Tell the user that no response came."""
        self.counters["timeouts"] += 1
        if not transaction.internal:
            self._events.append(TransactionTimedOut(transaction))

    def emit_transport_failure(self, transaction: ClientTransaction) -> None:
        """Tell the user that the request could not be sent."""
        if not transaction.internal:
            self._events.append(TransportFailed(transaction))

    def emit_ack(self, transaction: ServerTransaction, message: Message) -> None:
        """Tell the user that its 2xx was acknowledged."""
        assert isinstance(message, Request), "only an ACK acknowledges"
        self._events.append(AckReceived(transaction, message))

    def emit_provisional_missing(self, transaction: ServerTransaction) -> None:
        """Tell the user that its reliable provisional response was never acknowledged."""
        self.counters["pracks_missing"] += 1
        self._events.append(PrackMissing(transaction))

    def emit_ack_missing(self, transaction: ServerTransaction) -> None:
        """Tell the user that its 2xx was never acknowledged."""
        self.counters["acks_missing"] += 1
        self._events.append(AckMissing(transaction))

    def send_cancel(self, transaction: ClientTransaction) -> None:
        """Send the CANCEL in a transaction of its own; then the INVITE has 64*T1 to end (§9.1)."""
        headers, transaction.cancel_headers = transaction.cancel_headers or (), None
        assert transaction.request is not None, "the request is kept until the final response"
        cancel = self._start_client(build_cancel(transaction.request, headers), transaction.hop, None)
        cancel.internal = True
        self.start_expiry(transaction, self.timing.timeout_ns)

    def start_retransmit(self, transaction: Transaction, interval_ns: int) -> None:
        """(Re)start the retransmission timer."""
        self._timers.start_retransmit(transaction, interval_ns, self._now_ns)

    def start_expiry(self, transaction: Transaction, delay_ns: int) -> None:
        """(Re)start the expiry timer; a delay of 0 expires at once."""
        if delay_ns:
            self._timers.start_expiry(transaction, delay_ns, self._now_ns)
        else:
            advance(self, transaction, Signal.EXPIRED)

    def forget(self, transaction: Transaction) -> None:
        """Drop a terminated transaction, and what it holds: its stopped timers may keep it a little longer."""
        stop_timers(transaction)
        transaction.request = None
        transaction.octets = b""
        if isinstance(transaction, ServerTransaction):
            self._servers.pop(transaction.key, None)
            self._leave_connection(transaction)
            if transaction.ack_key is not None:
                self._awaiting_ack.pop(transaction.ack_key, None)
            if transaction.merge_key is not None:
                self._merged.pop(transaction.merge_key, None)
        elif isinstance(transaction, ClientTransaction):
            self._clients.pop(transaction.key, None)
            self._leave_hop(transaction)

    def _check_known(self, key: tuple[str, ...], request: Request) -> Refusal | None:
        """Refuse an INVITE that came before on a second way through the network (§8.2.2.2), or that is taken back.

        Its CANCEL may have overtaken it: who sent both has heard 481, and waits for nothing else. The transaction of
        the CANCEL remembers it, for 64*T1 over UDP; over a connection nothing is overtaken.
        """
        if request.method != "INVITE":
            return None
        if not request.to_tag and (request.call_id, request.from_tag, request.get("cseq")) in self._merged:
            return Refusal(482)
        if cancel_key(key) in self._servers:
            self.counters["invites_overtaken"] += 1
            return Refusal(487)
        return None

    def _start_client(self, request: Request, hop: Hop, context: object) -> ClientTransaction:
        invite = request.method == "INVITE"
        branch = branch_of(request)
        key = (branch, request.method)
        if not branch.startswith(MAGIC_COOKIE) or key in self._clients:
            raise LocalProtocolError("each request needs a Via of its own: make it with new_via()")
        state, table = (State.CALLING, INVITE_CLIENT) if invite else (State.TRYING, OTHER_CLIENT)
        transaction = ClientTransaction(key, request, hop, state, table)
        transaction.context = context
        self._enter(transaction)
        start(self, transaction)
        return transaction

    def _enter(self, transaction: ClientTransaction) -> None:
        """Hold a client transaction, by its name and by where its request goes."""
        self._clients[transaction.key] = transaction
        self._clients_by_hop.setdefault(transaction.hop, {})[transaction.key] = transaction

    def _leave_hop(self, transaction: ClientTransaction) -> None:
        there = self._clients_by_hop.get(transaction.hop)
        if there is not None and there.pop(transaction.key, None) is not None and not there:
            del self._clients_by_hop[transaction.hop]

    def _enter_connection(self, transaction: ServerTransaction) -> None:
        """Note by which connection the responses go."""
        if transaction.hop.reliable:
            self._callers_by_hop.setdefault(transaction.hop, {})[transaction.key] = transaction

    def _leave_connection(self, transaction: ServerTransaction) -> None:
        there = self._callers_by_hop.get(transaction.hop)
        if there is not None and there.pop(transaction.key, None) is not None and not there:
            del self._callers_by_hop[transaction.hop]

    def _take_events(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def _tick(self, now_ns: int) -> None:
        """Time never runs backwards here, whatever the caller's clock does: the timer queues rely on it."""
        self._now_ns = max(self._now_ns, now_ns)
