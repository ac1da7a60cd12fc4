"""Sockets and transactions joined: messages in, events out, timers run, and what is to be sent leaves once a tick."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from adapters.sip.protocol import (
    RELIABLE,
    Capabilities,
    ClientTransaction,
    Event,
    Headers,
    Hop,
    Request,
    Response,
    ServerTransaction,
    Timing,
    TokenSource,
    TransactionLayer,
)
from adapters.sip.settings import SECOND_NS, Settings
from adapters.sip.transport.connection import Connections, Secured
from adapters.sip.transport.connection_guard import ConnectionGuard
from engine.model.tls import OfferedCertificate

logger = logging.getLogger(__name__)

USER: Final = "trunkline"
METHODS: Final = (
    "INVITE",
    "ACK",
    "CANCEL",
    "BYE",
    "OPTIONS",
    "REGISTER",
    "UPDATE",
    "INFO",
    "MESSAGE",
    "REFER",
    "NOTIFY",
    "PRACK",
)
BODY_TYPES: Final = (
    "application/sdp",
    "application/dtmf-relay",
    "application/dtmf",
    "application/media_control+xml",
    "message/sipfrag",
    "text/plain",
)
SEEK_LIMIT_S: Final = 8.0
"""How long a name is looked up."""
CAPABILITIES: Final = Capabilities(METHODS, ("timer", "path", "replaces", RELIABLE), BODY_TYPES)


class SipEndpoint:
    """One SIP address. `on_event` is called with each event of the transaction layer."""

    def __init__(
        self,
        settings: Settings,
        on_event: Callable[[Event], None],
        monotonic_ns: Callable[[], int],
        seed: bytes,
        timing: Timing | None = None,
        signer: bytes = b"",
    ) -> None:
        self._settings = settings
        self._on_event = on_event
        self.now_ns = monotonic_ns
        self.tokens = TokenSource(seed, signer)
        self._timing = timing
        self._layer: TransactionLayer | None = None
        self.socket_counters: Counter[str] = Counter()
        self.connections = Connections(
            self._receive,
            self._transport_failed,
            self.socket_counters,
            guard=ConnectionGuard(
                settings.connections, settings.connections_per_address, settings.message_limit_ns / SECOND_NS
            ),
            receive_buffer=settings.receive_buffer,
            secured=_secured(settings),
        )
        self._sought: dict[str, list[tuple[Hop, Callable[[list[Hop]], None]]]] = {}
        """Who waits for the addresses of a name."""
        self._seeking: set[asyncio.Task[None]] = set()
        self._flush_due = False
        self._alarm: asyncio.TimerHandle | None = None
        self._contacts: dict[str, str] = {}
        self.opened_ns = 0
        """Since when it listens."""
        self.on_transport_failed: Callable[[Hop], None] = _nobody
        """Told of each TCP connection that is gone or could not be made, before requests fail for it."""
        self.port = 0
        """The port it listens at."""

    async def open(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        settings = self._settings
        self.opened_ns = self.now_ns()
        self.port = await self.connections.open(settings.host, settings.port, udp=settings.udp, tcp=settings.tcp)
        host = f"[{settings.own_host}]" if ":" in settings.own_host else settings.own_host
        ports = {"udp": self.port * settings.udp, "tcp": self.port * settings.tcp, "tls": self.connections.tls_port}
        sent_by = {transport: f"{host}:{port}" for transport, port in ports.items() if port}
        self._contacts = {
            name: f"<sip:{USER}@{address}{'' if name == 'udp' else ';transport=' + name}>"
            for name, address in sent_by.items()
        }
        self._layer = TransactionLayer(
            CAPABILITIES, self.tokens, sent_by, timing=self._timing, max_transactions=settings.transactions
        )

    async def close(self) -> None:
        """Send what is left and close."""
        if self._layer is not None:
            self._flush()
        if self._alarm is not None:
            self._alarm.cancel()
        for task in self._seeking:
            task.cancel()
        await self.connections.close()

    @property
    def layer(self) -> TransactionLayer:
        """The transactions; there is one from `open` on."""
        assert self._layer is not None, "not open yet"
        return self._layer

    @property
    def address(self) -> str:
        """host:port, as peers are told."""
        return f"{self._settings.own_host}:{self.port}"

    @property
    def addresses(self) -> str:
        """Where it listens, in words: in the clear, and with TLS."""
        clear = f"sip:{self.address}" if self._settings.udp or self._settings.tcp else ""
        secured = f"sips:{self._settings.own_host}:{port}" if (port := self.connections.tls_port) else ""
        return " and ".join(filter(None, (clear, secured)))

    def contact(self, transport: str) -> str:
        """Our Contact value on a transport."""
        return self._contacts.get(transport) or next(iter(self._contacts.values()))

    def is_own(self, host: str, port: int) -> bool:
        """Whether an address is ours."""
        return port in (self.port, self.connections.tls_port) and host in (self._settings.own_host, self._settings.host)

    # --- out

    def reply(
        self,
        transaction: ServerTransaction,
        status: int,
        reason: str = "",
        *,
        with_contact: bool = False,
        headers: Headers = (),
        content_type: str = "",
        body: bytes = b"",
    ) -> bool:
        """Answer a request; False when it has its final answer already."""
        contact = self.contact(transaction.hop.transport) if with_contact else ""
        sent = self.layer.reply(
            transaction,
            status,
            reason,
            now_ns=self.now_ns(),
            contact=contact,
            headers=headers,
            content_type=content_type,
            body=body,
        )
        self.flush_soon()
        return sent

    def send(self, request: Request, hop: Hop, context: object = None) -> ClientTransaction:
        """Send a request in a transaction. Raises LocalProtocolError."""
        transaction = self.layer.send_request(request, hop, self.now_ns(), context)
        self.flush_soon()
        return transaction

    def acknowledge(self, transaction: ClientTransaction, ack: Request, hop: Hop, response: Response) -> None:
        """Send the ACK of a 2xx."""
        self.layer.acknowledge(transaction, ack, hop, response)
        self.flush_soon()

    def send_once(self, request: Request, hop: Hop) -> None:
        """Send a request outside any transaction: an ACK whose INVITE is forgotten, or what is not to be repeated."""
        self.layer.send(request.raw, hop)
        self.flush_soon()

    def locate(self, hop: Hop, then: Callable[[list[Hop]], None]) -> None:
        """Give `then` the addresses of a destination, at most four, those that failed lately last: at once if known.

        A name that is not found stands for itself, and so does one over TLS: its certificate must show it.
        """
        known = self.connections.resolver.all_known(hop.host)
        if known or not hop.host or hop.transport == "tls":
            then(_places(hop, known))
            return
        waiting = self._sought.setdefault(hop.host, [])
        waiting.append((hop, then))
        if len(waiting) == 1:
            task = asyncio.get_running_loop().create_task(self._seek(hop.host))
            self._seeking.add(task)
            task.add_done_callback(self._seeking.discard)

    def avoid(self, name: str, address: str) -> None:
        """Try an address of a name last for a while, as it has failed."""
        self.socket_counters["addresses_avoided"] += 1
        self.connections.resolver.avoid(name, address)

    def cancel(self, transaction: ClientTransaction, headers: tuple[tuple[str, str], ...] = ()) -> bool:
        """Take an INVITE back; False when it has its final response."""
        cancelled = self.layer.cancel(transaction, self.now_ns(), headers)
        self.flush_soon()
        return cancelled

    def give_up(self, transaction: ClientTransaction) -> None:
        """Want no answer to an INVITE any more."""
        self.layer.give_up(transaction, self.now_ns())
        self.flush_soon()

    def flush_soon(self) -> None:
        """Send what is to be sent when this tick of the loop is over."""
        if not self._flush_due:
            self._flush_due = True
            asyncio.get_running_loop().call_soon(self._flush)

    async def _seek(self, name: str) -> None:
        found: tuple[str, ...] = ()
        try:
            async with asyncio.timeout(SEEK_LIMIT_S):
                found = await self.connections.resolver.look_up(name)
        except (OSError, TimeoutError) as error:
            logger.info("no address of %s is found: %r", name, error)
        for hop, then in self._sought.pop(name):
            try:
                then(_places(hop, found))
            except Exception:
                self.socket_counters["events_failed"] += 1
                logger.exception("a call to %s could not begin", name)

    # --- in

    def _receive(self, message: Request | Response) -> None:
        self._handle(self.layer.receive(message, self.now_ns()))
        self.flush_soon()

    def _transport_failed(self, hop: Hop) -> None:
        self.on_transport_failed(hop)
        self._handle(self.layer.transport_failed(hop, self.now_ns()))
        self.flush_soon()

    def _handle(self, events: Iterable[Event]) -> None:
        for event in events:
            try:
                self._on_event(event)
            except Exception:
                self.socket_counters["events_failed"] += 1
                logger.exception("an event could not be handled: %r", event)

    def _flush(self) -> None:
        self._flush_due = False
        send = self.connections.send
        for octets, hop in self.layer.take_outgoing():
            send(octets, hop)
        if self._alarm is None and len(self.layer):
            self._set_alarm(self.layer.timing.t1_ns)

    def _set_alarm(self, delay_ns: int) -> None:
        self._alarm = asyncio.get_running_loop().call_later(delay_ns / 1e9, self._ring)

    def _ring(self) -> None:
        """Run timers. No timer is shorter than T1, so looking again after T1 at the latest misses none."""
        self._alarm = None
        layer = self.layer
        self._handle(layer.handle_timers(self.now_ns()))
        due_ns = layer.next_timer_ns()
        if due_ns is not None:
            self._set_alarm(min(max(due_ns - self.now_ns(), 0), layer.timing.t1_ns))
        self.flush_soon()


def _places(hop: Hop, addresses: tuple[str, ...]) -> list[Hop]:
    return [hop] if hop.transport == "tls" or not addresses else [hop._replace(host=host) for host in addresses]


def _nobody(_hop: Hop) -> None:
    """For endpoints of which nobody wants to hear."""


def _secured(settings: Settings) -> Secured | None:
    """What TLS needs, read from its files. Raises TlsFilesUnusable and OSError."""
    tls = settings.tls
    if tls is None:
        return None
    client = tls.client_context()
    return Secured(tls.port, OfferedCertificate(tls, client), client)
