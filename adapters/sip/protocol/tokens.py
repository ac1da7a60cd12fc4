"""Branches, tags and Call-IDs: unguessable to others, reproducible from their seed."""

from hashlib import blake2b

from adapters.sip.protocol.via import MAGIC_COOKIE


class TokenSource:
    """Gives a new token each time: a keyed hash of a counter. The seed must be secret and fresh for each start."""

    __slots__ = ("_count", "_seed")

    def __init__(self, seed: bytes) -> None:
        self._seed = seed[:64]
        self._count = 0

    def new_tag(self) -> str:
        """A tag or Call-ID: 80 bits, where §19.3 asks for 32."""
        self._count += 1
        return blake2b(self._count.to_bytes(8, "big"), key=self._seed, digest_size=10).hexdigest()

    def new_branch(self) -> str:
        """A branch with the cookie of §8.1.1.7."""
        return MAGIC_COOKIE + self.new_tag()
