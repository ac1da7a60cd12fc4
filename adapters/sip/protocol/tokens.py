"""Branches, tags and Call-IDs: unguessable to others, reproducible from their seed."""

from hashlib import blake2b
from hmac import compare_digest
from typing import Final

from adapters.sip.protocol.via import MAGIC_COOKIE

TAG_SIZE: Final = 20


class TokenSource:
    """Gives a new token each time: part of a keyed hash of a counter.

    The seed must be secret and fresh for each start.
    """

    __slots__ = ("_count", "_ready", "_seed", "_signer")

    def __init__(self, seed: bytes, signer: bytes = b"") -> None:
        """`signer` is the key of signatures; it may be older than the seed, so that what was signed is known again."""
        self._seed = seed[:64]
        self._signer = (signer or seed)[:64]
        self._count = 0
        self._ready: list[str] = []

    def new_tag(self) -> str:
        """A tag or Call-ID: 80 bits, where §19.3 asks for 32."""
        if not self._ready:
            self._count += 1
            digits = blake2b(self._count.to_bytes(8, "big"), key=self._seed, digest_size=60).hexdigest()
            self._ready = [digits[start : start + TAG_SIZE] for start in range(0, 6 * TAG_SIZE, TAG_SIZE)]
        return self._ready.pop()

    def new_call_id(self) -> str:
        """A Call-ID that can be known again as ours, also after a restart."""
        token = self.new_tag()
        return token + self._signature(token)

    def is_own_call_id(self, call_id: str) -> bool:
        """Whether new_call_id() gave this one, to whoever has our key."""
        token, signature = call_id[:TAG_SIZE], call_id[TAG_SIZE:]
        return compare_digest(self._signature(token).encode(), signature.encode("utf-8", "surrogateescape"))

    def _signature(self, token: str) -> str:
        return blake2b(token.encode("utf-8", "surrogateescape"), key=self._signer, digest_size=8).hexdigest()

    def new_branch(self) -> str:
        """A branch with the cookie of §8.1.1.7."""
        return MAGIC_COOKIE + self.new_tag()
