"""Signed tokens: what a browser brings back is believed because the adapter's own key signed it. No state is kept."""

import math
from typing import Any, Final, TypeVar

import jwt
import msgspec

from engine.messages.observed import Attachment
from engine.signed import NotSigned, Signed

IDENTITY_LIFETIME_S: Final = 3600
"""A signed identity is good for an hour at most: a page is fetched anew by then."""
GOES_ON_S: Final = 12 * 3600
"""Who was let in by it goes on with it for so much longer: a page that is left open has no other."""
LEEWAY_S: Final = 60
"""By so much a site's clock may be ahead or behind."""
SUBJECT_MAX: Final = 128


class Session(msgspec.Struct, frozen=True, array_like=True):
    """Who a browser is, at one inbox."""

    visitor: str
    """128 bits of chance, hexadecimal."""
    inbox: str
    expires_s: int
    customer: str = ""
    """Whom the site has signed that it is; empty: nobody knows."""
    shown_name: str = ""

    @property
    def known_as(self) -> str:
        """The customer of this session's contacts."""
        return self.customer or f"visitor-{self.visitor}"


class Upload(msgspec.Struct, frozen=True, array_like=True):
    """A file that a visitor has brought, to be sent with a line."""

    visitor: str
    expires_s: int
    attachment: Attachment


class Download(msgspec.Struct, frozen=True, array_like=True):
    """A file that whoever has this may fetch."""

    expires_s: int
    attachment: Attachment


class Identity(msgspec.Struct, frozen=True):
    """Who a visitor is, as the site says."""

    customer: str
    name: str = ""


Claim = TypeVar("Claim", Session, Upload, Download)


class Signer:
    """Makes tokens of one key, and reads back those alone. Times are seconds since 1970."""

    def __init__(self, key: bytes) -> None:
        self._by_shape: dict[type, Signed[Any]] = {
            Session: Signed(key, "Session", Session),
            Upload: Signed(key, "Upload", Upload),
            Download: Signed(key, "Download", Download),
        }

    def sign(self, claim: Session | Upload | Download) -> str:
        """Return the token of a claim: fit for headers and addresses."""
        return self._by_shape[type(claim)].sign(claim)

    def read(self, token: str, shape: type[Claim], now_s: int) -> Claim:
        """Return what a token of this shape claims. Raises NotSigned."""
        claim: Claim = self._by_shape[shape].read(token)
        if claim.expires_s <= now_s:
            raise NotSigned("it has expired")
        return claim


def read_identity(token: str, secret: str, inbox: str, now_s: int, signed_in: str = "") -> Identity:
    """Return whom a site's JWT names (HS256, `sub`, `aud` the inbox, `exp` within an hour). Raises NotSigned.

    `signed_in` is who has a session of the site's making already: such an identity may be over since `GOES_ON_S`.
    """
    try:
        claims = jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            audience=inbox,
            options={"require": ["exp", "sub", "aud"], "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
    except (jwt.InvalidTokenError, ValueError) as error:
        raise NotSigned(f"the identity is not good: {error}") from None
    subject, name = claims["sub"], claims.get("name", "")
    late_s = LEEWAY_S + (GOES_ON_S if signed_in and subject == signed_in else 0)
    if not now_s - late_s < _date_s(claims, "exp") <= now_s + IDENTITY_LIFETIME_S + LEEWAY_S:
        bounds = f"within the next {IDENTITY_LIFETIME_S} seconds, {LEEWAY_S} more or less"
        raise NotSigned(f"the identity's 'exp' must lie {bounds}")
    if "nbf" in claims and _date_s(claims, "nbf") > now_s + LEEWAY_S:
        raise NotSigned(f"the identity is not good yet: its 'nbf' must not lie more than {LEEWAY_S} seconds ahead")
    if type(subject) is not str or not 0 < len(subject) <= SUBJECT_MAX or not subject.isprintable():
        raise NotSigned(f"the identity's 'sub' must be a text of 1 to {SUBJECT_MAX} characters")
    return Identity(subject, name[:SUBJECT_MAX] if isinstance(name, str) else "")


def _date_s(claims: dict[str, Any], name: str) -> float:
    """Return a NumericDate (RFC 7519, 2): seconds since 1970, whole or not. Raises NotSigned."""
    date_s: float = claims[name]
    if type(date_s) not in (int, float) or not abs(date_s) < math.inf:
        raise NotSigned(f"the identity's {name!r} must be a number of seconds since 1970")
    return date_s
