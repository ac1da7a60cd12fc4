"""Session descriptions on their way through: the origin a leg once saw stays its origin, and hold can be lifted."""

from typing import Final

import msgspec

_DIRECTIONS: Final = frozenset({b"a=sendrecv", b"a=sendonly", b"a=recvonly", b"a=inactive"})


_PLAIN_RTP: Final = (b"RTP/AVP ", b"RTP/AVPF ")
DISCARD_PORT: Final = 9


class Origin(msgspec.Struct):
    """The o= line that one peer sees (RFC 8866 §5.2): its session may never change its name, only its version.

    Bodies pass unchanged while they are of the session that the peer saw first. After that session was exchanged for
    another (a transfer), what follows gets the first one's name and a version of our own.
    """

    head: bytes = b""
    """User, session id; of the first body."""
    tail: bytes = b""
    """Network, address type and address; of the first body."""
    version: int = 0
    replaced: bool = False
    sent: bytes = b""
    """The body sent last."""

    def pass_on(self, body: bytes) -> bytes:
        """Return the body as this peer must get it; '' stays ''."""
        if not body:
            return body
        start, end, fields = _origin_of(body)
        if fields is None:
            self.sent = body
            return body
        head, tail, version = b" ".join(fields[:2]), b" ".join(fields[3:]), _number(fields[2])
        if not self.head:
            self.head, self.tail, self.version = head, tail, version
        elif self.replaced or head != self.head:
            self.replaced = True
            same = _without_origin(self.sent) == body[:start] + body[end:]
            self.version += not same
            body = body[:start] + b"o=%b %d %b" % (self.head, self.version, self.tail) + body[end:]
        else:
            self.version = version
        self.sent = body
        return body


def with_direction(body: bytes, direction: str) -> bytes:
    """Return the body with every stream in this direction: sendrecv lifts a hold, inactive parks."""
    if not body:
        return body
    line_end = b"\r\n" if b"\r\n" in body else b"\n"
    lines = [line for line in body.split(line_end) if line.rstrip(b" ") not in _DIRECTIONS]
    if direction == "sendrecv":
        return line_end.join(lines)
    directed: list[bytes] = []
    open_stream = False
    for line in lines:
        if (line[:2] == b"m=" or not line) and open_stream:
            directed.append(b"a=" + direction.encode())
            open_stream = False
        open_stream = open_stream or line[:2] == b"m="
        directed.append(line)
    if open_stream:
        directed.append(b"a=" + direction.encode())
    return line_end.join(directed)


def inactive_answer(offer: bytes, sent: bytes) -> bytes:
    """Return an answer that goes on with the streams of what was sent last, inactive; b"" where none of them goes on.

    Streams that are new in the offer, or of another kind or no common format, are declined (RFC 3264 §6).
    """
    line_end = b"\r\n" if b"\r\n" in sent else b"\n"
    session, *streams = _sections(with_direction(sent, "inactive").rstrip().split(line_end))
    answer, goes_on = list(session), False
    for place, (wanted, *_) in enumerate(_sections(offer.splitlines())[1:]):
        stream = streams[place] if place < len(streams) else [b"m="]
        if _is_same_stream(wanted, stream[0]):
            answer += stream
            goes_on = True
        else:
            kind, _, *rest = [*wanted.split(), b""]
            answer.append(b" ".join((kind, b"0", *rest)).rstrip())
    return b"".join(line + line_end for line in answer) if goes_on else b""


def _sections(lines: list[bytes]) -> list[list[bytes]]:
    """The lines of the session, then those of each stream."""
    sections: list[list[bytes]] = [[]]
    for line in lines:
        if line[:2] == b"m=":
            sections.append([])
        sections[-1].append(line)
    return sections


def _is_same_stream(wanted: bytes, sent: bytes) -> bool:
    """Whether an m= line asks for the stream of another one: of its kind, not ended, with a format in common."""
    one, other = wanted.split(), sent.split()
    if len(one) < 4 or len(other) < 4 or b"0" in (one[1], other[1]):
        return False
    return (one[0], one[2]) == (other[0], other[2]) and not set(one[3:]).isdisjoint(other[3:])


def held_answer(offer: bytes, host: str) -> bytes:
    """Return an answer that accepts every stream of plain RTP and moves no media yet: a call's other side comes later.

    Streams that need keys or another kind of transport are declined: nobody here has keys.
    """
    family = b"IP6" if ":" in host else b"IP4"
    address = host.encode("ascii", "replace")
    lines = [
        b"v=0",
        b"o=- 1 1 IN %b %b" % (family, address),
        b"s=-",
        b"c=IN %b %b" % (family, b"::" if family == b"IP6" else b"0.0.0.0"),
        b"t=0 0",
    ]
    taken = False
    for line in offer.replace(b"\r\n", b"\n").split(b"\n"):
        if line[:2] == b"m=":
            kind, _, rest = line[2:].partition(b" ")
            _, _, rest = rest.partition(b" ")
            taken = rest.startswith(_PLAIN_RTP)
            lines.append(b"m=%b %d %b" % (kind, DISCARD_PORT if taken else 0, rest))
            if taken:
                lines.append(b"a=inactive")
        elif taken and line.startswith((b"a=rtpmap:", b"a=fmtp:")):
            lines.insert(-1, line)
    return b"".join(line + b"\r\n" for line in lines)


def _origin_of(body: bytes) -> tuple[int, int, list[bytes] | None]:
    """Where the o= line begins and ends, and its six fields."""
    start = 0 if body[:2] == b"o=" else body.find(b"\no=") + 1
    if start == 0 and body[:2] != b"o=":
        return 0, 0, None
    end = body.find(b"\n", start)
    end = len(body) if end < 0 else end
    if end > start and body[end - 1 : end] == b"\r":
        end -= 1
    fields = body[start + 2 : end].split()
    return start, end, fields if len(fields) == 6 else None


def _without_origin(body: bytes) -> bytes:
    start, end, _ = _origin_of(body)
    return body[:start] + body[end:]


def _number(text: bytes) -> int:
    return int(text) if text.isdigit() and len(text) < 19 else 0
