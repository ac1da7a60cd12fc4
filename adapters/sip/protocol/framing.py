"""Finding messages in octets: one datagram, or a stream that comes in pieces (RFC 3261 §18.3, RFC 5626 §4.4.1)."""

from adapters.sip.protocol.errors import MalformedMessage
from adapters.sip.protocol.hop import Hop
from adapters.sip.protocol.message import MAX_MESSAGE_BYTES, Request, Response, parse_head

END_OF_HEAD = b"\r\n\r\n"
PONG = b"\r\n"


def is_keep_alive(datagram: bytes) -> bool:
    """Whether a datagram holds only line ends or NUL octets: it keeps a NAT binding open and says nothing."""
    return not datagram.strip(b"\r\n\0")


def parse_datagram(datagram: bytes, source: Hop | None = None) -> Request | Response:
    """Parse one UDP datagram; octets past Content-Length are ignored.

    Bad framing is noted in the message's `defect`, so that a request can be answered with 400.
    Raises MalformedMessage when it is neither request nor response, or larger than 64 KiB.
    """
    if len(datagram) > MAX_MESSAGE_BYTES:
        raise MalformedMessage(f"a message of {len(datagram)} octets is above {MAX_MESSAGE_BYTES}")
    # Line ends before the start line are ignored (§7.5).
    data = datagram.lstrip(b"\r\n") if datagram[:1] in (b"\r", b"\n") else datagram
    end = data.find(END_OF_HEAD)
    head = data if end < 0 else data[:end]
    message = parse_head(head.decode("utf-8", "surrogateescape").removesuffix("\r\n"), data, source)
    if end < 0:
        set_body(message, b"", "the empty line after the header fields is missing")
        return message
    body = data[end + 4 :]
    lengths = message.fields.get("content-length")
    if lengths is not None and lengths[0] == str(len(body)) and len(lengths) == 1:
        message.body = body
        return message
    try:
        length = content_length(message, len(body))
    except MalformedMessage as error:
        set_body(message, body, str(error))
        return message
    if length > len(body):
        set_body(message, body, f"Content-Length is {length} but only {len(body)} octets follow")
    else:
        set_body(message, body[:length], "")
    return message


def content_length(message: Request | Response, default: int) -> int:
    """Read Content-Length, the default when absent. Raises MalformedMessage."""
    values = message.fields.get("content-length")
    if values is None:
        return default
    if len(values) > 1:
        raise MalformedMessage("Content-Length occurs more than once")
    text = values[0]
    if not (text.isascii() and text.isdigit()) or len(text) > 12:
        raise MalformedMessage(f"Content-Length: {text[:40]!r} is not a number of octets")
    return int(text)


def set_body(message: Request | Response, body: bytes, defect: str) -> None:
    """Complete a message that parse_head made: its body, and what is wrong with its framing."""
    message.body = body
    message._defect = message._defect or defect


class StreamFramer:
    """Cuts a byte stream into messages. After a framing error it takes no more: the connection must be closed."""

    __slots__ = ("_buffer", "_head_size", "_line_ends", "_partial", "_scanned", "failure", "pings", "source")

    def __init__(self, source: Hop | None = None) -> None:
        self.source = source
        self.failure = ""
        """Why the connection must be closed; '' while the stream is sound."""
        self.pings = 0
        """Keep-alive pings received and not yet answered; see take_pongs()."""
        self._buffer = bytearray()
        self._scanned = 0
        self._line_ends = 0
        self._partial: Request | Response | None = None
        self._head_size = 0

    def receive_data(self, data: bytes) -> list[Request | Response]:
        """Take octets as they come; give the messages they complete.

        A request that breaks the framing is given too, with its `defect`, so that 400 can be sent before closing.
        """
        messages: list[Request | Response] = []
        if self.failure:
            return messages
        self._buffer += data
        while not self.failure:
            message = self._next()
            if message is None:
                break
            messages.append(message)
        return messages

    @property
    def is_within_message(self) -> bool:
        """Whether a message has begun whose end is not here yet."""
        return bool(self._buffer)

    def take_pongs(self) -> bytes:
        """The octets that answer the pings received since the last call."""
        pongs = PONG * self.pings
        self.pings = 0
        return pongs

    def _next(self) -> Request | Response | None:
        if self._partial is None and not self._read_head():
            return None
        message = self._partial
        assert message is not None, "the head has just been read"
        try:
            # Content-Length is mandatory on streams (§18.3); its absence can only mean that no body follows.
            length = content_length(message, 0)
            if self._head_size + length > MAX_MESSAGE_BYTES:
                raise MalformedMessage(f"a message of {self._head_size + length} octets is above {MAX_MESSAGE_BYTES}")
        except MalformedMessage as error:
            self._fail(str(error))
            set_body(message, b"", str(error))
            return message
        size = self._head_size + length
        if len(self._buffer) < size:
            return None
        message.raw = bytes(self._buffer[:size])
        set_body(message, message.raw[self._head_size :], "")
        del self._buffer[:size]
        self._partial = None
        return message

    def _read_head(self) -> bool:
        """Read the next head once it is there."""
        self._skip_line_ends()
        end = self._buffer.find(END_OF_HEAD, self._scanned)
        if end < 0:
            if len(self._buffer) > MAX_MESSAGE_BYTES:
                self._fail(f"a head is longer than {MAX_MESSAGE_BYTES} octets")
            # The end may straddle two pieces, so the last three octets are looked at again.
            self._scanned = max(0, len(self._buffer) - 3)
            return False
        self._scanned = 0
        head = self._buffer[:end].decode("utf-8", "surrogateescape")
        try:
            self._partial = parse_head(head, b"", self.source)
        except MalformedMessage as error:
            self._fail(str(error))
            return False
        self._head_size = end + 4
        return True

    def _skip_line_ends(self) -> None:
        """Drop line ends between messages; two in a row are a ping that wants an answer (RFC 5626 §3.5.1)."""
        while self._buffer[:2] == PONG:
            del self._buffer[:2]
            self._line_ends += 1
            if self._line_ends == 2:
                self._line_ends = 0
                self.pings += 1
        if self._buffer and self._buffer != b"\r":
            self._line_ends = 0

    def _fail(self, reason: str) -> None:
        self.failure = reason
        self._buffer.clear()
        self._partial = None
