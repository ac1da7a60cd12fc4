"""What the SIP protocol tests share: sample messages, the torture set, and two layers joined by a perfect wire."""

import re
from pathlib import Path

import pytest

from adapters.sip.protocol import (
    Capabilities,
    Event,
    Hop,
    Request,
    Response,
    TokenSource,
    TransactionLayer,
    build_request,
    parse_datagram,
)

SHARED = Path(__file__).parents[3] / ".." / "shared" / "data"
TORTURE = SHARED / "rfc4475"
SIPP = SHARED / "sip"

CALLER = Hop("udp", "192.0.2.1", 5060)
SERVER = Hop("udp", "192.0.2.2", 5060)
SECOND = 1_000_000_000
SDP_BODY = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"


def torture(name: str) -> bytes:
    """One message of RFC 4475; the test skips where the set is absent."""
    path = TORTURE / f"{name}.dat"
    if not path.exists():
        pytest.skip("the RFC 4475 messages are not in the shared data folder")
    return path.read_bytes()


def torture_names() -> list[str]:
    """The names in the order of the index; empty where the set is absent."""
    index = TORTURE / "INDEX.tsv"
    if not index.exists():
        return []
    return [line.split("\t")[0].removesuffix(".dat") for line in index.read_text().splitlines()[1:]]


def sipp_messages() -> list[bytes]:
    """Every message of the recorded sipp calls; empty where they are absent."""
    messages = []
    for path in sorted(SIPP.glob("sipp_*_msgs.txt")):
        for part in re.split(r"^-{20,}.*\n", path.read_text(), flags=re.MULTILINE)[1:]:
            head, _, body = part.split("\n\n", 1)[1].partition("\n\n")
            text = f"{head}\n\n{body.rstrip()}\n" if body.strip() else f"{head}\n\n"
            messages.append(text.replace("\n", "\r\n").encode())
    return messages


def request_octets(method: str = "INVITE", *, branch: str = "z9hG4bK1", body: bytes = b"", extra: str = "") -> bytes:
    """A plain request from the caller; `extra` holds whole header lines."""
    content = "Content-Type: application/sdp\r\n" if body else ""
    head = (
        f"{method} sip:queue@192.0.2.2 SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 192.0.2.1:5060;branch={branch};rport\r\n"
        'From: "Ann" <sip:ann@192.0.2.1>;tag=a1\r\n'
        "To: <sip:queue@192.0.2.2>\r\n"
        "Call-ID: call-1@192.0.2.1\r\n"
        f"CSeq: 1 {'INVITE' if method == 'ACK' else method}\r\n".replace("1 INVITE", f"1 {method}")
        + "Contact: <sip:ann@192.0.2.1:5060>\r\n"
        f"Max-Forwards: 70\r\n{extra}{content}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def received(octets: bytes, source: Hop = CALLER) -> Request:
    """Parse a request."""
    message = parse_datagram(octets, source)
    assert isinstance(message, Request)
    return message


def received_response(octets: bytes, source: Hop = SERVER) -> Response:
    """Parse a response."""
    message = parse_datagram(octets, source)
    assert isinstance(message, Response)
    return message


def layer(
    hop: Hop = SERVER, *, capabilities: Capabilities | None = None, max_transactions: int = 1000
) -> TransactionLayer:
    """A layer at an address, with tokens that are the same in every run."""
    sent_by = dict.fromkeys(("udp", "tcp"), f"{hop.host}:{hop.port}")
    return TransactionLayer(
        capabilities or Capabilities(), TokenSource(hop.host.encode()), sent_by, max_transactions=max_transactions
    )


def outgoing_request(
    sender: TransactionLayer, method: str = "INVITE", transport: str = "udp", body: bytes = b"", cseq: int = 1
) -> Request:
    """A request from the caller's layer to the server."""
    return build_request(
        method,
        "sip:queue@192.0.2.2",
        via=sender.new_via(transport),
        from_="<sip:ann@192.0.2.1>;tag=a1",
        to="<sip:queue@192.0.2.2>",
        call_id="call-1@192.0.2.1",
        cseq=cseq,
        contact="<sip:ann@192.0.2.1>",
        content_type="application/sdp" if body else "",
        body=body,
    )


class Wire:
    """Two layers, caller and server, on a network that loses what it is told to lose."""

    def __init__(self, transport: str = "udp") -> None:
        self.caller = layer(CALLER)
        self.server = layer(SERVER)
        self.now_ns = 0
        self.sent: list[str] = []
        self.lose: set[str] = set()
        self._transport = transport
        self.caller_events: list[Event] = []
        self.server_events: list[Event] = []

    @property
    def to_server(self) -> Hop:
        """The server, over the wire's transport."""
        return SERVER._replace(transport=self._transport)

    def deliver(self) -> None:
        """Carry octets both ways until nothing moves."""
        moved = True
        while moved:
            moved = False
            for octets, _ in self.caller.take_outgoing():
                moved = self._carry(octets, self.server, CALLER, self.server_events) or moved
            for octets, _ in self.server.take_outgoing():
                moved = self._carry(octets, self.caller, SERVER, self.caller_events) or moved

    def pass_time(self, duration_ns: int) -> None:
        """Run every timer that is due within the duration, at its own time."""
        end_ns = self.now_ns + duration_ns
        while True:
            due = [at for at in (self.caller.next_timer_ns(), self.server.next_timer_ns()) if at is not None]
            if not due or min(due) > end_ns:
                break
            self.now_ns = max(self.now_ns, min(due))
            self.caller_events += self.caller.handle_timers(self.now_ns)
            self.server_events += self.server.handle_timers(self.now_ns)
            self.deliver()
        self.now_ns = end_ns

    def _carry(self, octets: bytes, to: TransactionLayer, source: Hop, events: list[Event]) -> bool:
        message = parse_datagram(octets, source._replace(transport=self._transport))
        name = message.method if isinstance(message, Request) else str(message.status)
        self.sent.append(name)
        if name not in self.lose:
            events += to.receive(message, self.now_ns)
        return True
