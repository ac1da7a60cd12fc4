"""Sockets: one for UDP with a large buffer, and TCP and TLS connections, reused by whom they lead to, all bounded."""

import asyncio
import logging
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Collection
from functools import partial
from typing import Any, Final, NamedTuple

from adapters.sip.protocol import (
    Hop,
    StreamFramer,
)
from adapters.sip.transport.connection_guard import ConnectionGuard
from adapters.sip.transport.resolver import Resolver
from adapters.sip.transport.udp_socket import OnMessage, UdpSocket
from engine.model.tls import OfferedCertificate

logger = logging.getLogger(__name__)

CONNECT_LIMIT_S: Final = 8.0
IDLE_LIMIT_S: Final = 900.0
"""A connection that is silent for so long is closed, unless it is used again before."""
SCARCE_IDLE_LIMIT_S: Final = 30.0
"""The same while most connections are taken."""
WRITE_BUFFER_MAX: Final = 4 << 20
"""Octets that a slow reader may leave unsent before its connection is given up."""
SWEEP_S: Final = 1.0
ANY_PORT_TRIES: Final = 8
WAITING_MAX: Final = 4096
"""Messages that wait for one connection to be made, or for one name to be found."""
KEEP_ALIVE: Final = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 20),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
)
"""Peers may be silent for hours, and gone without a word. Phones ping for themselves (RFC 5626 §3.5.1)."""

OnFailure = Callable[[Hop], None]


class Secured(NamedTuple):
    """What connections over TLS need."""

    port: int
    """Where they are taken; 0: any free one."""
    certificate: OfferedCertificate
    """Shown to who connects, and by `client`."""
    client: ssl.SSLContext


class TcpConnection(asyncio.Protocol):
    """One connection, made by either side, plain or over TLS. `hop` names the other end once it is there."""

    def __init__(self, connections: "Connections", accepted: bool = False, transport: str = "tcp") -> None:
        self._connections = connections
        self.accepted = accepted
        """Whether the other end made it."""
        self._framer = StreamFramer()
        self.hop = Hop(transport, "", 0)
        self.transport: Any = None
        self.used_at_s = 0.0

    @property
    def leads_to_itself(self) -> bool:
        """Whether both ends are this one: where nobody listens at a port of this machine, it may be given that port."""
        return bool(self.transport.get_extra_info("sockname") == self.transport.get_extra_info("peername"))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Enter the connection under its other end."""
        self.transport = transport
        peer = transport.get_extra_info("peername")
        if peer is None:  # gone before it was taken
            transport.close()
            return
        self.hop = Hop(self.hop.transport, peer[0], peer[1])
        self._framer.source = self.hop
        if not self._connections.opened(self):
            self.transport.abort()
            return
        self.transport.set_write_buffer_limits(high=WRITE_BUFFER_MAX)
        own_socket = transport.get_extra_info("socket")
        if own_socket is not None:
            own_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for level, option, value in KEEP_ALIVE:
                own_socket.setsockopt(level, option, value)

    def data_received(self, data: bytes) -> None:
        """Hand messages on; answer pings; close when the framing is lost."""
        framer = self._framer
        now_s = self.used_at_s = asyncio.get_running_loop().time()
        messages = framer.receive_data(data)
        self._connections.guard.heard(self, now_s, whole=bool(messages), begun=framer.is_within_message)
        for message in messages:
            self._connections.on_message(message)
        if framer.pings:
            self.transport.write(framer.take_pongs())
        if framer.failure:
            self._connections.counters["framing_lost"] += 1
            asyncio.get_running_loop().call_soon(self.transport.close)

    def pause_writing(self) -> None:
        """The peer reads too slowly: no more is kept for it."""
        self._connections.counters["slow_readers"] += 1
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._connections.lost(self)


class Connections:
    """All sockets of the adapter. `send` never blocks; what cannot be sent is reported to `on_failure` by its hop."""

    def __init__(
        self,
        on_message: OnMessage,
        on_failure: OnFailure,
        counters: Counter[str],
        *,
        guard: ConnectionGuard,
        receive_buffer: int,
        secured: Secured | None = None,
    ) -> None:
        self.on_message = on_message
        self.counters = counters
        self._on_failure = on_failure
        self.guard = guard
        self._receive_buffer = receive_buffer
        self._secured = secured
        self._udp: UdpSocket | None = None
        self._servers: list[asyncio.Server] = []
        self.tls_port = 0
        """The port of TLS; 0 where there is none."""
        self._open: dict[Hop, TcpConnection] = {}
        self._aliases: dict[Hop, Hop] = {}
        """The other ends of connections to names, by what they were called."""
        self._pending: dict[Hop, list[bytes]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.resolver = Resolver()
        self._sweeper: asyncio.TimerHandle | None = None
        self._idle_due_s = 0.0
        self._closing = False
        self.pinned: Callable[[], Collection[Hop]] = tuple
        """Gives the other ends of connections that are kept however silent: phones are reached by no other way."""
        self.granted_buffer = 0
        """Bytes of receive buffer that the system gave."""

    def renew_certificate(self) -> bool:
        """Show what the certificate's files hold now, from the next connection on. Raises OSError, TlsFilesUnusable."""
        return self._secured is not None and self._secured.certificate.renew()

    async def open(self, host: str, port: int, *, udp: bool, tcp: bool) -> int:
        """Listen; UDP and TCP at one port, which is returned. Raises OSError when it is taken."""
        if self._secured is not None:
            self.tls_port = await self._listen(host, self._secured.port, "tls", self._secured.certificate.context)
        for _ in range(0 if port else ANY_PORT_TRIES):
            try:
                return await self._open_at(host, 0, udp=udp, tcp=tcp)
            except OSError:
                # The port that UDP was given is another's for TCP.
                self._close_udp()
        return await self._open_at(host, port, udp=udp, tcp=tcp)

    async def _listen(self, host: str, port: int, transport: str, context: ssl.SSLContext | None = None) -> int:
        """Take connections; returns the port. Raises OSError."""
        loop = asyncio.get_running_loop()
        made = partial(TcpConnection, self, accepted=True, transport=transport)
        limit_s = self.guard.message_limit_s if context is not None else None
        server = await loop.create_server(made, host, port, backlog=1024, ssl=context, ssl_handshake_timeout=limit_s)
        self._servers.append(server)
        if self._sweeper is None:
            self._sweeper = loop.call_later(SWEEP_S, self._sweep)
        return int(server.sockets[0].getsockname()[1])

    async def _open_at(self, host: str, port: int, *, udp: bool, tcp: bool) -> int:
        loop = asyncio.get_running_loop()
        if udp:
            own = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
            try:
                own.setblocking(False)
                own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._receive_buffer)
                own.bind((host, port))
            except OSError:
                own.close()
                raise
            self.granted_buffer = own.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
            port = own.getsockname()[1]
            _, self._udp = await loop.create_datagram_endpoint(
                lambda: UdpSocket(self.on_message, self.counters), sock=own
            )
        if tcp:
            port = await self._listen(host, port, "tcp")
        return port

    async def close(self) -> None:
        """Close everything."""
        self._closing = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._close_udp()
        for connection in list(self._open.values()):
            connection.transport.close()
        servers, self._servers = self._servers, []
        for server in servers:
            server.close()
            await server.wait_closed()

    def send(self, octets: bytes, hop: Hop) -> None:
        """Send octets to a hop; over TCP on the connection that is there, or on a new one."""
        if hop.transport == "udp":
            self._send_datagram(octets, hop)
        elif hop.transport == "tcp" or (hop.transport == "tls" and self._secured is not None):
            connection = self._find(hop)
            if connection is not None:
                connection.used_at_s = asyncio.get_running_loop().time()
                connection.transport.write(octets)
            else:
                self._wait_for(octets, hop)
        else:
            self._fail(hop)

    def has(self, hop: Hop) -> bool:
        """Whether there is a connection to the hop now."""
        return self._find(hop) is not None

    @property
    def count(self) -> int:
        """Open TCP connections."""
        return len(self._open)

    def _close_udp(self) -> None:
        if self._udp is not None:
            self._udp.transport.close()
            self._udp = None

    # --- from the connections

    def opened(self, connection: TcpConnection) -> bool:
        """Take a new connection; False when there are too many, in all or of its address, or nobody is at its end."""
        now_s = asyncio.get_running_loop().time()
        if self._closing:
            return False
        if connection.accepted:
            refusal = self.guard.admit(connection, connection.hop.host, now_s)
        elif connection.leads_to_itself:
            refusal = "connections_to_itself"  # what is said there would be heard here, and answered
        else:
            refusal = "connections_refused" if len(self._open) - self.guard.taken >= self.guard.most else ""
        if refusal:
            self.counters[refusal] += 1
            return False
        self._open[connection.hop] = connection
        connection.used_at_s = now_s
        self.counters["connections"] += 1
        return True

    def lost(self, connection: TcpConnection) -> None:
        """Forget a connection; its requests without an answer fail."""
        self.guard.forget(connection)
        hop = connection.hop
        if self._open.get(hop) is connection:
            del self._open[hop]
            self._aliases = {alias: end for alias, end in self._aliases.items() if end != hop}
            if not self._closing:
                self._on_failure(hop)

    # --- sending

    def _find(self, hop: Hop) -> TcpConnection | None:
        return self._open.get(hop) or self._open.get(self._aliases.get(hop, hop))

    def _send_datagram(self, octets: bytes, hop: Hop) -> None:
        if self._udp is None:
            self._fail(hop)
            return
        address = self.resolver.known(hop.host)
        if address:
            self._udp.transport.sendto(octets, (address, hop.port))
        else:
            self._wait_for(octets, hop)

    def _wait_for(self, octets: bytes, hop: Hop) -> None:
        """Keep octets until the hop's connection is made or its name is found."""
        waiting = self._pending.get(hop)
        if waiting is not None:
            if len(waiting) < WAITING_MAX:
                waiting.append(octets)
            else:
                self.counters["unsent"] += 1
            return
        if len(self._pending) >= self.guard.most:
            self._fail(hop)
            return
        self._pending[hop] = [octets]
        task = asyncio.get_running_loop().create_task(self._reach(hop))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reach(self, hop: Hop) -> None:
        """Find or connect, then send what waits."""
        try:
            async with asyncio.timeout(CONNECT_LIMIT_S):
                addresses = await self.resolver.look_up(hop.host)
                connection = await self._connect_any(hop, addresses) if hop.reliable else None
            for octets in self._pending.pop(hop, []):
                if connection is not None:
                    connection.transport.write(octets)
                elif self._udp is not None:
                    self._udp.transport.sendto(octets, (addresses[0], hop.port))
        except Exception as error:
            # Peers choose the names, and may choose what nobody thought of: none of it may stay among the pending.
            logger.info("cannot reach %s:%d over %s: %r", hop.host, hop.port, hop.transport, error)
            self._pending.pop(hop, None)
            self._fail(hop)

    async def _connect_any(self, hop: Hop, addresses: tuple[str, ...]) -> TcpConnection:
        """Connect to the first address of a name that takes connections. Raises OSError and TimeoutError."""
        *others, last = addresses
        for address in others:
            try:
                async with asyncio.timeout(CONNECT_LIMIT_S / len(addresses)):
                    return await self._connect(hop, address)
            except (OSError, TimeoutError) as error:
                logger.info("%s is not there as %s: %r", hop.host, address, error)
        return await self._connect(hop, last)

    async def _connect(self, hop: Hop, address: str) -> TcpConnection:
        loop = asyncio.get_running_loop()
        context = self._secured.client if self._secured is not None and hop.transport == "tls" else None
        _, connection = await loop.create_connection(
            partial(TcpConnection, self, transport=hop.transport),
            address,
            hop.port,
            ssl=context,
            server_hostname=hop.host if context is not None else None,
        )
        if self._find(connection.hop) is not connection:
            raise ConnectionRefusedError("there are too many connections, or it leads to itself")
        if connection.hop != hop:
            self._aliases[hop] = connection.hop
        return connection

    def _fail(self, hop: Hop) -> None:
        self.counters["unreachable"] += 1
        if not self._closing:
            # Not at once: the sender is still in the middle of what it does.
            asyncio.get_running_loop().call_soon(self._on_failure, hop)

    def close_idle(self, before_s: float) -> None:
        """Close connections that nobody has used since then, except those that are pinned."""
        idle = [connection for connection in self._open.values() if connection.used_at_s < before_s]
        pinned = self.pinned() if idle else ()
        for connection in idle:
            if connection.hop not in pinned:
                self.counters["connections_idle"] += 1
                connection.transport.close()

    def close_overdue(self, now_s: float) -> None:
        """Close connections that began a message and did not finish it in time, or never said anything whole."""
        for connection in self.guard.overdue(now_s):
            assert isinstance(connection, TcpConnection), "only connections are guarded"
            self.counters["connections_overdue"] += 1
            self.guard.forget(connection)
            connection.transport.abort()

    def _sweep(self) -> None:
        """Close connections that nobody uses."""
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        self.close_overdue(now_s)
        if self.guard.are_scarce:
            self.close_idle(now_s - SCARCE_IDLE_LIMIT_S)
        elif now_s >= self._idle_due_s:
            self._idle_due_s = now_s + IDLE_LIMIT_S / 4
            self.close_idle(now_s - IDLE_LIMIT_S)
        self._sweeper = loop.call_later(SWEEP_S, self._sweep)
