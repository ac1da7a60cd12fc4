"""Requests and responses: framed and indexed at once, each header field parsed only when asked for, and then kept.

The head is held as text in which every octet survives (UTF-8 with surrogate escapes), so what is echoed is what came.
"""

from collections.abc import Mapping
from typing import NamedTuple

from adapters.sip.protocol.address import Address, tag_of
from adapters.sip.protocol.errors import MalformedMessage
from adapters.sip.protocol.grammar import is_token, parse_number, readable, split_list
from adapters.sip.protocol.header_names import KNOWN_NAMES, canonical_name
from adapters.sip.protocol.hop import Hop
from adapters.sip.protocol.uri import Uri
from adapters.sip.protocol.via import Via

MAX_MESSAGE_BYTES = 65536
"""The largest UDP datagram, and so the largest message that can arrive on every transport."""

MAX_HEADERS = 256
"""RFC 4475's longest message has 46; a call through ten proxies has under 60."""

MAX_LINE = 8192
"""Characters of one unfolded header line. RFC 4475's longest has 1028; an Identity header has about 2000."""

_METHODS = "ACK BYE CANCEL INFO INVITE MESSAGE NOTIFY OPTIONS PRACK PUBLISH REFER REGISTER SUBSCRIBE UPDATE"
REGISTERED_METHODS = frozenset(_METHODS.split())
"""Methods that are refused as not allowed (405) rather than as unknown (501)."""

CSEQ_LIMIT = 2**31 - 1
"""A sequence number is below 2**31 (§8.1.1.5)."""

Fields = Mapping[str, list[str]]


class CSeq(NamedTuple):
    """Sequence number and method of a request, echoed by its responses."""

    number: int
    method: str


class Message:
    """What requests and responses share. Treat as immutable."""

    __slots__ = (
        "_addresses",
        "_cseq",
        "_defect",
        "_fields",
        "_from_tag",
        "_head",
        "_repeats",
        "_to_tag",
        "_via",
        "body",
        "raw",
        "source",
    )

    def __init__(self, raw: bytes, head: str, body: bytes, source: Hop | None = None, defect: str = "") -> None:
        self.raw = raw
        """The octets of the whole message."""
        self.body = body
        """The octets after the head, by Content-Length."""
        self.source = source
        """Where it came from; None for messages made here."""
        self._head = head
        self._defect = defect
        self._fields: dict[str, list[str]] | None = None
        self._repeats = True
        self._cseq: CSeq | None = None
        self._via: Via | None = None
        self._from_tag: str | None = None
        self._to_tag: str | None = None
        self._addresses: dict[str, Address] | None = None

    @property
    def fields(self) -> Fields:
        """All header fields: canonical lower-case names (compact forms expanded), each with its lines in order."""
        if self._fields is None:
            self._fields = self._index()
        return self._fields

    @property
    def defect(self) -> str:
        """What is wrong with the framing or the shape of the lines; '' for a message that is whole."""
        if self._fields is None:
            self._fields = self._index()
        return self._defect

    @property
    def repeated(self) -> list[str]:
        """The names of the header fields that have more than one line."""
        fields = self.fields
        return [name for name, lines in fields.items() if len(lines) > 1] if self._repeats else []

    def get(self, name: str, default: str = "") -> str:
        """The first line of the header field (canonical lower-case name)."""
        lines = (self._fields or self.fields).get(name)
        return lines[0] if lines else default

    def get_list(self, name: str) -> list[str]:
        """All values of the header field, comma-separated or repeated. Raises MalformedMessage."""
        lines = self.fields.get(name)
        if lines is None:
            return []
        values = [value for line in lines for value in split_list(line)]
        return [] if values == [""] else values

    def get_tokens(self, name: str) -> frozenset[str]:
        """The values of a header field such as Supported or Require, in lower case. Raises MalformedMessage."""
        return frozenset(value.lower() for value in self.get_list(name))

    def get_number(self, name: str, limit: int, default: int) -> int:
        """The header field as a number from 0 to limit, the default when absent. Raises MalformedMessage."""
        value = self.get(name)
        return parse_number(value, limit) if value else default

    def get_address(self, name: str) -> Address:
        """The first value of the header field as an address. Raises MalformedMessage, also when absent."""
        if self._addresses is None:
            self._addresses = {}
        found = self._addresses.get(name)
        if found is None:
            lines = self.fields.get(name)
            if lines is None:
                raise MalformedMessage(f"there is no {name} header field")
            # Only these two may not hold a list, so a comma in them is never a separator.
            value = lines[0] if name in ("from", "to") else split_list(lines[0])[0]
            found = Address.parse(value)
            self._addresses[name] = found
        return found

    @property
    def vias(self) -> list[str]:
        """The text of every Via value, the topmost first. Raises MalformedMessage."""
        return self.get_list("via")

    @property
    def top_via(self) -> Via:
        """The topmost Via. Raises MalformedMessage, also when there is none."""
        if self._via is None:
            value = self.get("via")
            self._via = Via.parse(split_list(value)[0] if "," in value else value)
        return self._via

    @property
    def cseq(self) -> CSeq:
        """The CSeq header field. Raises MalformedMessage."""
        if self._cseq is None:
            value = self.get("cseq")
            number, _, method = value.partition(" ")
            if method not in REGISTERED_METHODS or not number.isascii() or not number.isdigit() or len(number) > 9:
                number, _, method = value.replace("\t", " ").partition(" ")
                method = method.strip(" ")
                if not is_token(method):
                    raise MalformedMessage(f"CSeq: {value[:80]!r} is not a number and a method")
                self._cseq = CSeq(parse_number(number, CSEQ_LIMIT), method)
            else:
                self._cseq = CSeq(int(number), method)
        return self._cseq

    @property
    def call_id(self) -> str:
        """The Call-ID, '' when absent."""
        return self.get("call-id")

    @property
    def from_tag(self) -> str:
        """The From tag, '' when absent. Raises MalformedMessage."""
        if self._from_tag is None:
            self._from_tag = tag_of(self.get("from"))
        return self._from_tag

    @property
    def to_tag(self) -> str:
        """The To tag, '' when absent. Raises MalformedMessage."""
        if self._to_tag is None:
            self._to_tag = tag_of(self.get("to"))
        return self._to_tag

    @property
    def contact(self) -> Address | None:
        """The first Contact, None when absent or `*`. Raises MalformedMessage."""
        if self.get("contact", "*") == "*":
            return None
        return self.get_address("contact")

    @property
    def content_type(self) -> str:
        """Type and subtype of the body in lower case, without parameters; '' when absent."""
        return self.get("content-type").partition(";")[0].strip(" \t").lower()

    def _index(self) -> dict[str, list[str]]:
        """Index the header lines by name; the first line that is out of shape becomes the defect."""
        head = self._head
        lines = head.split("\r\n")
        count = len(lines) - 1
        if head.count("\n") == count and head.count("\r") == count and count <= MAX_HEADERS and len(head) <= MAX_LINE:
            # Nearly all messages: known names, none of them twice. Whatever else there is leaves a line out.
            known = KNOWN_NAMES
            fields: dict[str, list[str]] = {}
            for line in lines[1:]:
                name, colon, value = line.partition(":")
                if colon and name in known:
                    fields[known[name]] = [value.strip(" \t")]
            if len(fields) == count:
                self._repeats = False
                return fields
        return self._index_any(lines)

    def _index_any(self, lines: list[str]) -> dict[str, list[str]]:
        """Index lines of any shape, folded ones too."""
        fields: dict[str, list[str]] = {}
        head, defect = self._head, ""
        if "\r\n " in head or "\r\n\t" in head:
            defect = "the start line is continued" if lines[1][:1] in (" ", "\t") else ""
            head = self._head = _unfold(head)
            lines = head.split("\r\n")
        if head.count("\n") != len(lines) - 1 or head.count("\r") != len(lines) - 1:
            defect = "a carriage return or line feed stands alone"
            # Taken out, or a value that is echoed could become two lines.
            lines = [line.replace("\r", " ").replace("\n", " ") for line in lines]
        if len(lines) > MAX_HEADERS + 1:
            defect = f"more than {MAX_HEADERS} header lines"
            del lines[MAX_HEADERS + 1 :]
        elif len(head) > MAX_LINE and max(map(len, lines)) > MAX_LINE:
            defect = f"a header line is longer than {MAX_LINE} characters"
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            key = KNOWN_NAMES.get(name) or canonical_name(name)
            if not colon or not key:
                defect = defect or f"{line[:40]!r} is not a header line"
            elif key in fields:
                fields[key].append(value.strip(" \t"))
            else:
                fields[key] = [value.strip(" \t")]
        self._defect = self._defect or defect
        return fields


class Request(Message):
    """A SIP request."""

    __slots__ = ("_reply_head", "_uri", "method", "target", "version")

    def __init__(
        self,
        raw: bytes,
        head: str,
        body: bytes,
        method: str,
        target: str,
        version: str = "SIP/2.0",
        source: Hop | None = None,
        defect: str = "",
    ) -> None:
        super().__init__(raw, head, body, source, defect)
        self.method = method
        self.target = target
        """The Request-URI as sent."""
        self.version = version
        self._uri: Uri | None = None
        self._reply_head: tuple[str, str] | None = None

    @property
    def uri(self) -> Uri:
        """The parsed Request-URI. Raises MalformedMessage."""
        if self._uri is None:
            self._uri = Uri.parse(self.target)
        return self._uri

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.target} {self.call_id}>"


class Response(Message):
    """A SIP response."""

    __slots__ = ("reason", "status")

    def __init__(
        self, raw: bytes, head: str, body: bytes, status: int, reason: str, source: Hop | None = None, defect: str = ""
    ) -> None:
        super().__init__(raw, head, body, source, defect)
        self.status = status
        """100 to 699."""
        self.reason = reason
        """The reason phrase, readable."""

    def __repr__(self) -> str:
        return f"<Response {self.status} {self.reason} {self.call_id}>"


def parse_head(head: str, raw: bytes, source: Hop | None = None) -> Request | Response:
    """Make a message of a head without its empty line; the body is still empty.

    A request whose start line is wrong still becomes a request (with a defect), so that it can be answered with 400.
    Raises MalformedMessage when it is neither a request nor a usable response.
    """
    start = head.partition("\r\n")[0]
    parts = start.split(" ")
    if len(parts) == 3 and parts[2] == "SIP/2.0" and parts[0][:4] != "SIP/":
        return Request(
            raw, head, b"", parts[0], parts[1], "SIP/2.0", source, "" if is_token(parts[0]) else "bad method"
        )
    if start[:4].upper() == "SIP/" and len(parts) >= 2:
        return _response(head, raw, parts, source)
    version = start.rstrip(" ").rpartition(" ")[2].upper()
    method = parts[0]
    if not version.startswith("SIP/") or not is_token(method) or len(parts) < 3:
        raise MalformedMessage(f"{readable(start[:80])!r} is neither a request line nor a status line")
    defect = "" if len(parts) == 3 else "the request line has more than two spaces"
    return Request(raw, head, b"", method, " ".join(parts[1:-1]), version, source, defect)


def _response(head: str, raw: bytes, parts: list[str], source: Hop | None) -> Response:
    status = parts[1]
    if parts[0].upper() != "SIP/2.0":
        raise MalformedMessage(f"{parts[0][:20]!r} is not a version this element speaks")
    if len(status) != 3 or not status.isascii() or not status.isdigit() or not "100" <= status <= "699":
        raise MalformedMessage(f"{status[:20]!r} is not a status code from 100 to 699")
    return Response(raw, head, b"", int(status), readable(" ".join(parts[2:])), source)


def _unfold(head: str) -> str:
    """Join continuation lines with one space (§7.3.1)."""
    lines: list[str] = []
    for line in head.split("\r\n"):
        if line[:1] in (" ", "\t") and lines:
            lines[-1] = f"{lines[-1].rstrip(' 	')} {line.lstrip(' 	')}"
        else:
            lines.append(line)
    return "\r\n".join(lines)
