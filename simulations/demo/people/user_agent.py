"""One SIP user agent on a wire of its own: moves octets and time between the network and the protocol layer."""

import asyncio
import os
import time
from collections.abc import Callable
from typing import Any, Final

from adapters.sip.protocol import (
    Capabilities,
    ClientTransaction,
    Dialog,
    Event,
    Hop,
    Request,
    Response,
    ServerTransaction,
    TokenSource,
    TransactionLayer,
    Uri,
    build_request,
    hop_for_uri,
    minimal_sdp,
)
from simulations.demo.people.wires import Wire, connection, datagrams

MEDIA_PORT: Final = 40_000
"""Named in session descriptions; nobody listens there: the demo's phones have no sound."""
METHODS: Final = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "UPDATE", "INFO", "NOTIFY")


class UserAgent:
    """Open it, then send; `handle` gets every event of the protocol layer."""

    def __init__(self, handle: Callable[[Event], None], methods: tuple[str, ...] = METHODS) -> None:
        self._handle = handle
        self._methods = methods
        self._wire: Wire | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._closing = False
        self.host = ""
        self.port = 0
        self.tokens = TokenSource(os.urandom(32))
        self._layer: TransactionLayer | None = None

    @property
    def layer(self) -> TransactionLayer:
        """The protocol layer; there is one once the socket is open."""
        assert self._layer is not None, "not open"
        return self._layer

    async def open(self, switch: Hop) -> None:
        """Take any free port of the switch's address, or connect to it where it is to be reached by TCP.

        Raises OSError.
        """
        wire = await (connection(switch, self._hear) if switch.reliable else datagrams(switch.host, self._hear))
        self._wire, (self.host, self.port) = wire, wire.address
        addresses = {wire.name: f"{self.host}:{self.port}"}
        self._layer = TransactionLayer(Capabilities(methods=self._methods), self.tokens, addresses)

    def close(self) -> None:
        """Send and hear nothing more."""
        self._closing = True
        if self._alarm is not None:
            self._alarm.cancel()
        if self._wire is not None:
            self._wire.close()

    # --- what is said

    def contact(self, user: str) -> str:
        """Where a user can be reached at this agent: a Contact value."""
        by_tcp = ";transport=tcp" if self._transport == "tcp" else ""
        return f"<sip:{user}@{self.host}:{self.port}{by_tcp}>"

    def session(self) -> bytes:
        """A session description, as a phone would send."""
        return minimal_sdp(self.host, MEDIA_PORT, session_id=self.port)

    def request(self, method: str, target: str, from_: str, to: str, **more: Any) -> Request:
        """Write a request outside a dialog; `more` is as in build_request()."""
        more.setdefault("call_id", self.tokens.new_tag())
        more.setdefault("cseq", 1)
        return build_request(method, target, via=self.layer.new_via(self._transport), from_=from_, to=to, **more)

    def send(self, request: Request, hop: Hop | None = None, context: Any = None) -> ClientTransaction:
        """Send a request, to where its Request-URI points unless said otherwise."""
        hop = hop or hop_for_uri(Uri.parse(request.target))
        transaction = self.layer.send_request(request, hop, time.monotonic_ns(), context)
        self._flush()
        return transaction

    def say(self, dialog: Dialog, method: str, context: Any = None, **more: Any) -> None:
        """Send a request within a dialog."""
        request = dialog.build_request(method, self.layer.new_via(self._transport), **more)
        self.send(request, dialog.next_hop(), context)

    def acknowledge(self, transaction: ClientTransaction, dialog: Dialog, response: Response) -> None:
        """Send the ACK of a 2xx."""
        ack = dialog.build_ack(response, self.layer.new_via(self._transport))
        self.layer.acknowledge(transaction, ack, dialog.next_hop(), response)
        self._flush()

    def cancel(self, transaction: ClientTransaction) -> None:
        """Take an INVITE back."""
        self.layer.cancel(transaction, time.monotonic_ns())
        self._flush()

    def reply(self, transaction: ServerTransaction, status: int, **more: Any) -> None:
        """Answer a request."""
        self.layer.reply(transaction, status, now_ns=time.monotonic_ns(), **more)
        self._flush()

    @property
    def _transport(self) -> str:
        assert self._wire is not None, "not open"
        return self._wire.name

    # --- what is heard

    def _hear(self, message: Request | Response) -> None:
        self._take(self.layer.receive(message, time.monotonic_ns()))

    def _take(self, events: list[Event]) -> None:
        for event in events:
            self._handle(event)
        self._flush()

    def _flush(self) -> None:
        """Send what is to be sent, and come back when the next timer is due."""
        if self._wire is None or self._closing:
            return
        for octets, hop in self.layer.take_outgoing():
            self._wire.send(octets, hop)
        due_ns = self.layer.next_timer_ns()
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if due_ns is not None:
            delay_s = max(0.0, (due_ns - time.monotonic_ns()) / 1e9)
            self._alarm = asyncio.get_running_loop().call_later(delay_s, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._take(self.layer.handle_timers(time.monotonic_ns()))
