"""A scripted phone on the protocol layer and a real UDP socket: the test says each thing it says."""

import asyncio
import socket
import struct
import time
from collections.abc import Callable
from typing import Any, Self

from adapters.sip.protocol import (
    SDP,
    AckReceived,
    CancelReceived,
    Capabilities,
    ClientTransaction,
    Dialog,
    Event,
    Headers,
    Hop,
    Request,
    RequestReceived,
    Response,
    ResponseReceived,
    ServerTransaction,
    StreamFramer,
    TokenSource,
    TransactionLayer,
    build_request,
    minimal_sdp,
    parse_datagram,
)
from adapters.sip.protocol.sdp import Direction

DEADLINE_S = 20.0


class UserAgent(asyncio.DatagramProtocol):
    """One phone at a free port. What it hears waits in `heard` until a test asks for it."""

    transport = "udp"

    def __init__(self, name: str) -> None:
        self.name = name
        self.heard: list[Event] = []
        self.port = 0
        self._news = asyncio.Event()
        self._transport: Any = None
        self._sdp_version = 0
        self._alarm: asyncio.TimerHandle | None = None

    async def open(self, port: int = 0) -> Self:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", port))
        self.port = self._transport.get_extra_info("sockname")[1]
        self._begin()
        return self

    def _begin(self) -> None:
        self.layer = TransactionLayer(
            Capabilities(extensions=("timer",), body_types=("application/sdp", "message/sipfrag")),
            TokenSource(f"{self.name}{time.monotonic_ns()}".encode()),
            {self.transport: f"127.0.0.1:{self.port}"},
        )

    def close(self) -> None:
        """Be gone."""
        if self._alarm is not None:
            self._alarm.cancel()
        if self._transport is not None:
            self._transport.close()

    @property
    def uri(self) -> str:
        """Its address."""
        return f"sip:{self.name}@127.0.0.1:{self.port}"

    def sdp(self, direction: Direction = "sendrecv", port: int = 4000) -> bytes:
        """A session description, each time of a new version."""
        self._sdp_version += 1
        return minimal_sdp("127.0.0.1", port, session_id=self.port, version=self._sdp_version, direction=direction)

    # --- what it hears

    async def hear(self, fits: Callable[[Event], bool], what: str) -> Any:
        """Wait for the first event that fits, and take it."""
        try:
            async with asyncio.timeout(DEADLINE_S):
                while True:
                    for place, event in enumerate(self.heard):
                        if fits(event):
                            return self.heard.pop(place)
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"{self.name} waited for {what} but heard {self.heard}") from None

    async def request(self, method: str) -> RequestReceived:
        """Wait for a request."""
        heard: RequestReceived = await self.hear(
            lambda event: isinstance(event, RequestReceived) and event.request.method == method, method
        )
        return heard

    async def response(self, status: int, method: str = "") -> ResponseReceived:
        """Wait for a response."""
        heard: ResponseReceived = await self.hear(
            lambda event: (
                isinstance(event, ResponseReceived)
                and event.response.status == status
                and method in ("", event.response.cseq.method)
            ),
            f"{status} {method}",
        )
        return heard

    async def ack(self) -> Request:
        """Wait for the ACK of a 2xx."""
        heard: AckReceived = await self.hear(lambda event: isinstance(event, AckReceived), "ACK")
        return heard.request

    async def cancel(self) -> CancelReceived:
        """Wait for CANCEL."""
        heard: CancelReceived = await self.hear(lambda event: isinstance(event, CancelReceived), "CANCEL")
        return heard

    # --- what it says

    def reply(
        self, to: RequestReceived | CancelReceived, status: int, body: bytes = b"", headers: Headers = ()
    ) -> None:
        """Answer a request."""
        self.layer.reply(
            to.transaction,
            status,
            now_ns=time.monotonic_ns(),
            contact=f"<{self.uri}>",
            headers=headers,
            content_type=SDP if body else "",
            body=body,
        )
        self.flush()

    def invite(
        self, number: str, server_port: int, body: bytes = b"", headers: Headers = (), max_forwards: int = 70
    ) -> ClientTransaction:
        """Call."""
        hop = Hop(self.transport, "127.0.0.1", server_port)
        request = build_request(
            "INVITE",
            f"sip:{number}@127.0.0.1:{server_port}",
            via=self.layer.new_via(self.transport),
            from_=f'"{self.name.title()}" <sip:{self.name}@127.0.0.1>;tag={self.layer.tokens.new_tag()}',
            to=f"<sip:{number}@127.0.0.1:{server_port}>",
            call_id=self.layer.tokens.new_tag(),
            cseq=1,
            contact=f"<{self.uri}>",
            headers=headers,
            content_type=SDP if body else "",
            body=body,
            max_forwards=max_forwards,
        )
        return self.send(request, hop)

    def send(self, request: Request, hop: Hop) -> ClientTransaction:
        """Send any request."""
        transaction = self.layer.send_request(request, hop, time.monotonic_ns())
        self.flush()
        return transaction

    def take_back(self, transaction: ClientTransaction, headers: tuple[tuple[str, str], ...] = ()) -> None:
        """CANCEL an INVITE."""
        self.layer.cancel(transaction, time.monotonic_ns(), headers)
        self.flush()

    def within(self, dialog: Dialog, method: str, body: bytes = b"", headers: Headers = ()) -> ClientTransaction:
        """Send a request within a dialog."""
        request = dialog.build_request(
            method, self.layer.new_via(self.transport), headers=headers, content_type=SDP if body else "", body=body
        )
        return self.send(request, dialog.next_hop())

    def acknowledge(self, dialog: Dialog, answered: ResponseReceived, body: bytes = b"") -> None:
        """Send the ACK of a 2xx."""
        ack = dialog.build_ack(
            answered.response, self.layer.new_via(self.transport), content_type=SDP if body else "", body=body
        )
        self.layer.acknowledge(answered.transaction, ack, dialog.next_hop(), answered.response)
        self.flush()

    async def connected(self) -> Dialog:
        """Wait for the 200 of a call made here, acknowledge it, and return its dialog."""
        answered = await self.response(200, "INVITE")
        dialog = Dialog.from_response(answered.response, f"<{self.uri}>")
        self.acknowledge(dialog, answered)
        return dialog

    async def pick_up(self, body: bytes = b"", headers: Headers = ()) -> Dialog:
        """Wait for a call, ring, answer, wait for the ACK, and return the dialog."""
        call = await self.request("INVITE")
        self.reply(call, 180)
        self.reply(call, 200, body or self.sdp(), headers)
        await self.ack()
        return self.dialog_of(call.request, call.transaction)

    def dialog_of(self, request: Request, transaction: ServerTransaction) -> Dialog:
        """The dialog of a call answered here."""
        dialog = Dialog.from_request(request, transaction.local_tag, f"<{self.uri}>")
        dialog.state = "confirmed"
        return dialog

    # --- the socket

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Hear."""
        self._take(parse_datagram(data, Hop("udp", *addr)))

    def _take(self, message: Request | Response) -> None:
        self.heard += self.layer.receive(message, time.monotonic_ns())
        self._news.set()
        self.flush()

    def flush(self) -> None:
        """Send what is to be sent, and see to the timers."""
        for octets, hop in self.layer.take_outgoing():
            if not self._transport.is_closing():
                self._send(octets, hop)
        due_ns = self.layer.next_timer_ns()
        if self._alarm is None and due_ns is not None:
            delay_s = max(0.0, (due_ns - time.monotonic_ns()) / 1e9)
            self._alarm = asyncio.get_running_loop().call_later(delay_s, self._ring)

    def _send(self, octets: bytes, hop: Hop) -> None:
        self._transport.sendto(octets, (hop.host, hop.port))

    def _ring(self) -> None:
        self._alarm = None
        self.heard += self.layer.handle_timers(time.monotonic_ns())
        self._news.set()
        self.flush()


class TcpUserAgent(UserAgent):
    """A phone that says everything over the one connection that it has made; nobody can connect to it."""

    transport = "tcp"

    async def connect(self, server_port: int, contact_port: int = 0, own_port: int | None = None) -> Self:
        """Connect, or connect again by another port, which the system chooses unless told: calls of before go on."""
        loop = asyncio.get_running_loop()
        here = ("127.0.0.1", own_port) if own_port else None
        await loop.create_connection(lambda: _Stream(self), "127.0.0.1", server_port, local_addr=here)
        if not self.port:
            self.port = contact_port or self._transport.get_extra_info("sockname")[1]
            self._begin()
        return self

    async def listen(self) -> asyncio.Server:
        """Take connections where its Contact says; what is said goes over the latest."""
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: _Stream(self), "127.0.0.1", self.port)

    def taken(self, transport: asyncio.BaseTransport) -> Hop:
        """Somebody has connected."""
        self._transport = transport
        return Hop("tcp", *transport.get_extra_info("peername"))

    @property
    def uri(self) -> str:
        """The address of its first connection, unless it was told another."""
        return f"{super().uri};transport=tcp"

    def hang_up_connection(self) -> None:
        """Lose the connection: its port is free at once."""
        linger = struct.pack("ii", 1, 0)
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._transport.abort()

    def _send(self, octets: bytes, hop: Hop) -> None:
        self._transport.write(octets)


class _Stream(asyncio.Protocol):
    def __init__(self, phone: TcpUserAgent) -> None:
        self.framer = StreamFramer()
        self._phone = phone

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Speak by this connection from now on."""
        self.framer.source = self._phone.taken(transport)

    def data_received(self, data: bytes) -> None:
        """Hear."""
        for message in self.framer.receive_data(data):
            self._phone._take(message)
