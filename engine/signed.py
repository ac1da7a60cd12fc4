"""Texts that users' machines keep for us: believed when they come back, because our own key signed them.

What was signed outlives many versions: a purpose, or the order of a claim's fields, is never changed, or nobody's
session, ticket or file of yesterday is known today.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Final, Generic, TypeVar

import msgspec

from engine.errors import TrunklineError

SIGNED_MAX: Final = 4096
"""Characters of a signed text: what a browser keeps in one cookie."""


class NotSigned(TrunklineError):
    """A text that was not signed here, or is not good any more; says which."""


class Signature:
    """Signs for one purpose, so that what a key signed for one is never taken for what it signed for another."""

    def __init__(self, key: bytes, purpose: str = "") -> None:
        """Without a purpose the key signs nothing else."""
        self._key = key
        self._purpose = purpose.encode() + b"\0" if purpose else b""

    def of(self, body: bytes) -> str:
        """Return the signature of what is signed: fit for headers and addresses."""
        return _text(hmac.digest(self._key, self._purpose + body, hashlib.sha256))

    def made(self, body: bytes, signature: str) -> bool:
        """Whether this was signed here, with this very signature. Takes as long for what was nearly right."""
        return signature.isascii() and hmac.compare_digest(signature, self.of(body))


Claim = TypeVar("Claim", bound=msgspec.Struct)


class Signed(Generic[Claim]):
    """Texts that carry a claim of one shape and its signature."""

    def __init__(self, key: bytes, purpose: str, shape: type[Claim]) -> None:
        self._signature = Signature(key, purpose)
        self._shape = shape

    def sign(self, claim: Claim) -> str:
        """Return the text of a claim: fit for headers and addresses."""
        body = msgspec.msgpack.encode(claim)
        return f"{_text(body)}.{self._signature.of(body)}"

    def read(self, text: str) -> Claim:
        """Return what a text claims. Raises NotSigned."""
        first, _, signature = text.partition(".")
        if len(text) > SIGNED_MAX:
            raise NotSigned("it was not made here")
        try:
            body = _bytes(first)
        except (ValueError, binascii.Error):
            raise NotSigned("it is nothing that was signed") from None
        if not self._signature.made(body, signature):
            raise NotSigned("it was not made here")
        try:
            return msgspec.msgpack.decode(body, type=self._shape)
        except msgspec.DecodeError:
            raise NotSigned("it was made by another version") from None


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
