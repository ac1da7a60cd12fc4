"""Passwords of people, as the configuration holds them: salted scrypt, with its cost written beside it."""

import base64
import binascii
import hashlib
import hmac
from typing import Final

HASH: Final = r"scrypt:(1[0-9]|20):(8|16):([1-9]|1[0-6]):[A-Za-z0-9_-]{16,88}:[A-Za-z0-9_-]{43}"
"""Pattern of a hashed password: `scrypt:LOG2_N:R:P:SALT:DIGEST`, the last two in base64 without padding."""
LOG2_N: Final = 15
BLOCK: Final = 8
LANES: Final = 3
"""About a third of a second and 32 MiB, as OWASP advises for scrypt."""
DIGEST_BYTES: Final = 32
PASSWORD_MAX: Final = 1024
"""Characters of a password that are looked at."""


def hash_password(password: str, salt: bytes, log2_n: int = LOG2_N, block: int = BLOCK, lanes: int = LANES) -> str:
    """Return what the configuration holds of a password; `salt` is 16 bytes of chance. Takes a third of a second."""
    digest = _scrypt(password, salt, log2_n, block, lanes)
    return f"scrypt:{log2_n}:{block}:{lanes}:{_text(salt)}:{_text(digest)}"


def is_password(password: str, hashed: str) -> bool:
    """Whether `hashed`, which fits HASH, is this password's. Takes a third of a second: call it in a thread."""
    _, log2_n, block, lanes, salt, digest = hashed.split(":")
    try:
        known = _bytes(digest)
        found = _scrypt(password, _bytes(salt), int(log2_n), int(block), int(lanes))
    except (ValueError, binascii.Error):
        return False
    return hmac.compare_digest(found, known)


def _scrypt(password: str, salt: bytes, log2_n: int, block: int, lanes: int) -> bytes:
    secret = password.encode("utf-8", "surrogatepass")
    room = 2 * 128 * block * ((1 << log2_n) + lanes)
    return hashlib.scrypt(secret, salt=salt, n=1 << log2_n, r=block, p=lanes, maxmem=room, dklen=DIGEST_BYTES)


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
