"""Digest authentication (RFC 7616, RFC 8760) with MD5 and SHA-256 and qop=auth; nonces need no memory to be issued.

A nonce is its time of issue, a count, and a keyed hash of both: whoever shows one shows that it came from here. What is
remembered is only which nonce counts were used, in a bounded table.
"""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from adapters.sip.protocol.errors import LocalProtocolError, MalformedMessage
from adapters.sip.protocol.grammar import quote, split_list, unquote
from adapters.sip.protocol.message import Request, Response
from adapters.sip.protocol.uri import Uri

_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
_NONCE_HEX = 16 + 8 + 32
_WINDOW = 64
_WINDOW_MASK = (1 << _WINDOW) - 1

Ha1Lookup = Callable[[str, str], str | None]
"""From user name and algorithm to H(user:realm:password) in lower-case hex, None for an unknown user."""


class Verdict(msgspec.Struct, frozen=True):
    """What the credentials of a request are worth."""

    outcome: Literal["accepted", "missing", "stale", "rejected"]
    """missing: none for this realm; stale: right, but the nonce is spent; rejected: wrong user or password."""
    username: str = ""


def ha1(username: str, realm: str, password: str, algorithm: str = "MD5") -> str:
    """H(username:realm:password): what to store instead of the password."""
    return _digest(algorithm, f"{username}:{realm}:{password}")


class Authenticator:
    """Challenges requests and verifies what comes back."""

    def __init__(
        self,
        realm: str,
        secret: bytes,
        *,
        algorithms: tuple[str, ...] = ("SHA-256", "MD5"),
        nonce_lifetime_ns: int = 300_000_000_000,
        max_nonces: int = 65_536,
    ) -> None:
        """`algorithms` are offered in this order. With a new secret, all nonces of before are stale.

        Raises LocalProtocolError for an unknown algorithm.
        """
        if unknown := set(algorithms) - _HASHES.keys():
            raise LocalProtocolError(f"unknown digest algorithms {sorted(unknown)}: use {sorted(_HASHES)}")
        self.realm = realm
        self.algorithms = algorithms
        self._secret = secret
        self._lifetime_ns = nonce_lifetime_ns
        self._max_nonces = max_nonces
        self._issued = 0
        self._used: OrderedDict[str, tuple[int, int]] = OrderedDict()
        # Nonces issued up to here may have been forgotten, so none of them is taken any more.
        self._forgotten_until_ns = -1

    def challenges(self, now_ns: int, *, stale: bool = False, proxy: bool = False) -> tuple[tuple[str, str], ...]:
        """The header fields of a 401 (or, for a proxy, 407): one for each algorithm."""
        name = "Proxy-Authenticate" if proxy else "WWW-Authenticate"
        nonce = self._new_nonce(now_ns)
        suffix = ", stale=true" if stale else ""
        return tuple(
            (
                name,
                f'Digest realm={quote(self.realm)}, nonce="{nonce}", qop="auth", algorithm={algorithm}{suffix}',
            )
            for algorithm in self.algorithms
        )

    def verify(self, request: Request, lookup: Ha1Lookup, now_ns: int, *, proxy: bool = False) -> Verdict:
        """Judge the credentials of a request. Anything but `accepted` is to be challenged (again) or refused."""
        fields = self._credentials(request, "proxy-authorization" if proxy else "authorization")
        if fields is None:
            return Verdict("missing")
        username = fields.get("username", "")
        algorithm = fields.get("algorithm", "MD5").upper()
        if fields.get("qop", "").lower() != "auth" or algorithm not in self.algorithms:
            return Verdict("missing", username)
        known = lookup(username, algorithm)
        # The work is the same for an unknown user, so that time does not tell who exists.
        expected = _response(fields, known or "unknown", request.method, algorithm)
        right = hmac.compare_digest(expected.encode(), fields.get("response", "").lower().encode("utf-8", "replace"))
        if known is None or not right or not _same_uri(fields.get("uri", ""), request):
            return Verdict("rejected", username)
        if not self._use_nonce(fields.get("nonce", ""), fields.get("nc", ""), now_ns):
            return Verdict("stale", username)
        return Verdict("accepted", username)

    def _credentials(self, request: Request, name: str) -> Mapping[str, str] | None:
        """The first Digest credentials for our realm; other schemes count as none."""
        for line in request.fields.get(name, ()):
            fields = parse_digest(line)
            if fields is not None and fields.get("realm") == self.realm:
                return fields
        return None

    def _new_nonce(self, now_ns: int) -> str:
        self._issued = (self._issued + 1) & 0xFFFFFFFF
        stamp = f"{now_ns & 0xFFFFFFFFFFFFFFFF:016x}{self._issued:08x}"
        return stamp + self._mac(stamp)

    def _mac(self, stamp: str) -> str:
        return hmac.new(self._secret, f"{stamp}:{self.realm}".encode(), hashlib.sha256).hexdigest()[:32]

    def _use_nonce(self, nonce: str, count_text: str, now_ns: int) -> bool:
        """Use a nonce count: False when the nonce is not ours, too old, or the count was used before."""
        stamp, mac = nonce[:24], nonce[24:]
        if len(nonce) != _NONCE_HEX or not nonce.isascii() or not hmac.compare_digest(self._mac(stamp), mac):
            return False
        issued_ns = int(stamp[:16], 16)
        if not 0 <= now_ns - issued_ns <= self._lifetime_ns or issued_ns <= self._forgotten_until_ns:
            return False
        try:
            count = int(count_text, 16)
        except ValueError:
            return False
        return len(count_text) == 8 and count > 0 and self._use_count(nonce, count)

    def _use_count(self, nonce: str, count: int) -> bool:
        """Mark a count as used, in a window below the highest one: requests may overtake each other on UDP."""
        highest, window = self._used.get(nonce, (0, 0))
        if count > highest:
            window = ((window << min(count - highest, _WINDOW)) | 1) & _WINDOW_MASK
            highest = count
        else:
            bit = 1 << (highest - count) if highest - count < _WINDOW else 0
            if not bit or window & bit:
                return False
            window |= bit
        self._used[nonce] = (highest, window)
        if len(self._used) > self._max_nonces:
            oldest, _ = self._used.popitem(last=False)
            self._forgotten_until_ns = max(self._forgotten_until_ns, int(oldest[:16], 16))
        return True


def authorization_for(
    response: Response, request: Request, username: str, password: str, cnonce: str, count: int = 1
) -> tuple[str, str] | None:
    """Answer a 401 or 407: the header field to add to the repeated request, None when we cannot.

    The first challenge that we understand is taken, as its sender prefers (RFC 8760 §2.4).
    """
    proxy = response.status == 407
    for line in response.fields.get("proxy-authenticate" if proxy else "www-authenticate", ()):
        fields = parse_digest(line)
        if fields is None or "nonce" not in fields or "realm" not in fields:
            continue
        algorithm = fields.get("algorithm", "MD5").upper()
        if algorithm not in _HASHES or "auth" not in fields.get("qop", "").replace(" ", "").split(","):
            continue
        answer = {"nonce": fields["nonce"], "nc": f"{count:08x}", "cnonce": cnonce, "uri": request.target}
        secret = ha1(username, fields["realm"], password, algorithm)
        proof = _response(answer, secret, request.method, algorithm)
        quoted = {"username": username, "realm": fields["realm"], **answer, "response": proof}
        nc = quoted.pop("nc")
        if "opaque" in fields:
            quoted["opaque"] = fields["opaque"]
        pairs = ", ".join(f"{name}={quote(value)}" for name, value in quoted.items())
        value = f"Digest {pairs}, qop=auth, nc={nc}, algorithm={algorithm}"
        return ("Proxy-Authorization" if proxy else "Authorization", value)
    return None


def parse_digest(value: str) -> dict[str, str] | None:
    """Parse a challenge or credentials of scheme Digest: names in lower case; None for anything else."""
    scheme, _, rest = value.partition(" ")
    if scheme.lower() != "digest":
        return None
    fields: dict[str, str] = {}
    try:
        items = split_list(rest)
    except MalformedMessage:
        return None
    for item in items:
        name, equals, text = item.partition("=")
        key = name.strip(" \t").lower()
        if not equals or key in fields:
            return None
        fields[key] = unquote(text.strip(" \t"))
    return fields


def _response(fields: Mapping[str, str], secret: str, method: str, algorithm: str) -> str:
    """The `response` value with qop=auth (RFC 7616 §3.4.1)."""
    ha2 = _digest(algorithm, f"{method}:{fields.get('uri', '')}")
    parts = (secret, fields.get("nonce", ""), fields.get("nc", ""), fields.get("cnonce", ""), "auth", ha2)
    return _digest(algorithm, ":".join(parts))


def _digest(algorithm: str, text: str) -> str:
    return _HASHES[algorithm](text.encode("utf-8", "surrogateescape")).hexdigest()


def _same_uri(text: str, request: Request) -> bool:
    """Whether the credentials were made for this request's URI; proxies may have written it differently."""
    try:
        return text == request.target or Uri.parse(text).same_as(request.uri)
    except MalformedMessage:
        return False
