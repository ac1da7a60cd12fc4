"""Just enough of SDP (RFC 8866, RFC 3264): is the peer on hold, and an offer for a phone without sound."""

from typing import Literal

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]
_DIRECTIONS: dict[bytes, Direction] = {
    b"a=sendrecv": "sendrecv",
    b"a=sendonly": "sendonly",
    b"a=recvonly": "recvonly",
    b"a=inactive": "inactive",
}
_BLACK_HOLES = (b"c=IN IP4 0.0.0.0", b"c=IN IP6 ::")
SDP = "application/sdp"


def direction_of(body: bytes) -> Direction:
    """The direction of the first media stream, as its sender means it; sendrecv when nothing is said.

    An address of 0.0.0.0 is the old way to say hold (RFC 2543 §B.5): nothing may be sent there.
    """
    session: Direction = "sendrecv"
    media: Direction | None = None
    streams = 0
    black_hole = False
    for line in body.replace(b"\r\n", b"\n").split(b"\n"):
        text = line.rstrip(b" ")
        if text[:2] == b"m=":
            streams += 1
        if streams > 1:
            break
        if text in _DIRECTIONS and streams:
            media = _DIRECTIONS[text]
        elif text in _DIRECTIONS:
            session = _DIRECTIONS[text]
        elif text[:2] == b"c=":
            black_hole = text in _BLACK_HOLES
    direction = media or session
    if black_hole:
        return "inactive" if direction in ("inactive", "recvonly") else "sendonly"
    return direction


def is_on_hold(body: bytes) -> bool:
    """Whether this offer puts its receiver on hold: its sender does not want to hear."""
    return direction_of(body) in ("sendonly", "inactive")


def minimal_sdp(host: str, port: int, *, session_id: int, version: int = 1, direction: Direction = "sendrecv") -> bytes:
    """One PCMU stream at host and port, for phones in tests and demonstrations."""
    family = "IP6" if ":" in host else "IP4"
    lines = (
        "v=0",
        f"o=- {session_id} {version} IN {family} {host}",
        "s=-",
        f"c=IN {family} {host}",
        "t=0 0",
        f"m=audio {port} RTP/AVP 0",
        "a=rtpmap:0 PCMU/8000",
        f"a={direction}",
    )
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")
