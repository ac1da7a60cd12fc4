"""SIP and SIPS URIs (RFC 3261 §19.1); every other scheme is kept as opaque text."""

import re
from functools import cached_property, lru_cache
from urllib.parse import unquote_to_bytes

import msgspec

from adapters.sip.protocol.errors import MalformedMessage
from adapters.sip.protocol.grammar import HOST

_UNRESERVED = r"A-Za-z0-9\-_.!~*'()"
_ESCAPED = "%[0-9A-Fa-f]{2}"
_SIP = re.compile(
    rf"(?:(?P<user>(?:[{_UNRESERVED}&=+$,;?/]|{_ESCAPED})++(?::(?:[{_UNRESERVED}&=+$,]|{_ESCAPED})*+)?)@)?"
    rf"(?P<host>{HOST})(?::(?P<port>[0-9]{{1,5}}))?"
    rf"(?P<params>(?:;(?:[{_UNRESERVED}\[\]/:&+$]|{_ESCAPED})++(?:=(?:[{_UNRESERVED}\[\]/:&+$]|{_ESCAPED})++)?)*+)"
    rf"(?P<headers>(?:\?(?:[{_UNRESERVED}\[\]/?:+$=&]|{_ESCAPED})++)?)"
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*+")
# Parameters that make two URIs different even when only one of them has it (§19.1.4).
_SIGNIFICANT = ("user", "ttl", "method", "maddr", "transport")

# Longer texts are not kept: the cache's memory is bounded by its 1024 entries times this.
CACHED_LENGTH = 256


class Uri(msgspec.Struct, frozen=True, dict=True):
    """One URI. Escapes are left alone: `%41lice` and `alice` are compared, never rewritten."""

    scheme: str
    """Lower case: sip, sips, tel, ..."""
    user: str
    """The user part with its escapes, and `:password` when one was sent; '' when absent."""
    host: str
    """As sent; an IPv6 address keeps its brackets. '' for other schemes."""
    port: int
    """0 when absent."""
    params_text: str
    """`;name=value...` as sent."""
    headers_text: str
    """`?name=value&...` as sent."""
    opaque: str = ""
    """What follows the colon, for schemes other than sip and sips."""

    @classmethod
    def parse(cls, text: str) -> "Uri":
        """Parse one URI without brackets. Raises MalformedMessage."""
        return _parse_cached(text) if len(text) <= CACHED_LENGTH else cls._parse(text)

    @classmethod
    def _parse(cls, text: str) -> "Uri":
        scheme, colon, rest = text.partition(":")
        lowered = scheme.lower()
        if lowered not in ("sip", "sips"):
            if not colon or not rest or _SCHEME.fullmatch(scheme) is None or not rest.isprintable() or " " in rest:
                raise MalformedMessage(f"{text[:80]!r} is not a URI")
            return cls(lowered, "", "", 0, "", "", rest)
        match = _SIP.fullmatch(rest)
        if match is None:
            raise MalformedMessage(f"{text[:80]!r} is not a SIP URI")
        user, host, port, params, headers = match.groups()
        number = int(port) if port else 0
        if number > 65535:
            raise MalformedMessage(f"port {port} in {text[:80]!r} is above 65535")
        return cls(lowered, user or "", host, number, params, headers)

    @cached_property
    def params(self) -> dict[str, str]:
        """The URI parameters: names in lower case, values as sent, a flag as ''."""
        if not self.params_text:
            return {}
        pairs = (item.partition("=") for item in self.params_text[1:].split(";"))
        return {name.lower(): value for name, _, value in pairs}

    @property
    def is_sip(self) -> bool:
        """Whether the scheme is sip or sips."""
        return bool(self.host)

    @property
    def secure(self) -> bool:
        """Whether the scheme is sips."""
        return self.scheme == "sips"

    @property
    def loose(self) -> bool:
        """Whether it names a loose router (`lr`, §16.12)."""
        return "lr" in self.params

    @property
    def transport(self) -> str:
        """The transport to use, in lower case: the parameter, tls for sips, else udp (RFC 3263 §4.1)."""
        named = self.params.get("transport", "").lower()
        if self.secure:
            return "tls"
        return named or "udp"

    @property
    def decoded_user(self) -> str:
        """The user part without password and escapes, for look-ups and people."""
        return unquote_to_bytes(self.user.partition(":")[0]).decode("utf-8", "replace")

    def same_as(self, other: "Uri") -> bool:
        """Compare by the rules of §19.1.4 (case, escapes, parameters in any order)."""
        if not self.is_sip or not other.is_sip:
            return self == other
        if self._identity != other._identity:
            return False
        mine, theirs = self.params, other.params
        if any((name in mine) != (name in theirs) for name in _SIGNIFICANT):
            return False
        return all(mine[name].lower() == theirs[name].lower() for name in mine.keys() & theirs.keys())

    @property
    def _identity(self) -> tuple[str, bytes, str, int, list[str]]:
        headers = sorted(self.headers_text[1:].lower().split("&"))
        return self.scheme, unquote_to_bytes(self.user), self.host.lower(), self.port, headers

    def __str__(self) -> str:
        if not self.is_sip:
            return f"{self.scheme}:{self.opaque}"
        user = f"{self.user}@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}:{user}{self.host}{port}{self.params_text}{self.headers_text}"


@lru_cache(maxsize=1024)
def _parse_cached(text: str) -> Uri:
    """Few URIs make up most of the traffic: our own contact, the queues, the agents' phones."""
    return Uri._parse(text)
