"""Branches, tags and Call-IDs: unguessable to others, reproducible from their seed."""

from hashlib import blake2b

from adapters.sip.protocol.via import MAGIC_COOKIE


class TokenSource:
    """Gives a new token each time: part of a keyed hash of a counter.

    The seed must be secret and fresh for each start.
    """

    __slots__ = ("_count", "_ready", "_seed")

    def __init__(self, seed: bytes) -> None:
        self._seed = seed[:64]
        self._count = 0
        self._ready: list[str] = []

    def new_tag(self) -> str:
        """A tag or Call-ID: 80 bits, where §19.3 asks for 32."""
        if not self._ready:
            self._count += 1
            digits = blake2b(self._count.to_bytes(8, "big"), key=self._seed, digest_size=60).hexdigest()
            self._ready = [digits[start : start + 20] for start in range(0, 120, 20)]
        return self._ready.pop()

    def new_branch(self) -> str:
        """A branch with the cookie of §8.1.1.7."""
        return MAGIC_COOKIE + self.new_tag()
