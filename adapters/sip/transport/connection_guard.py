"""Who may connect, and for how long without saying anything whole: strangers must not take all connections."""

from collections import Counter
from collections.abc import Hashable
from ipaddress import IPv6Address, IPv6Network
from typing import Final

SITE_BITS: Final = 64
"""Of an IPv6 address: whoever has one has all that begin with these."""
SCARCE: Final = 0.75


class ConnectionGuard:
    """Bounds of the TCP connections that others make; `key` is a connection, times are of the event loop.

    A connection's first message, and each one that it has begun, must be whole within `message_limit_s`. Pings count
    for nothing, so a connection is kept only for who has something to say.
    """

    def __init__(self, most: int, most_of_address: int, message_limit_s: float) -> None:
        self.most = most
        """Connections that others make, and as many are made here."""
        self.message_limit_s = message_limit_s
        self._most_of_address = most_of_address
        self._sites: dict[Hashable, str] = {}
        self._taken: Counter[str] = Counter()
        self._awaited: dict[Hashable, float] = {}
        """Since when a connection owes the rest of a message; the longest first."""

    @property
    def taken(self) -> int:
        """The connections of others."""
        return len(self._sites)

    @property
    def are_scarce(self) -> bool:
        """Whether most connections of others are taken."""
        return self.taken > SCARCE * self.most

    def admit(self, key: Hashable, host: str, now_s: float) -> str:
        """Let a connection in that others have made; '', or under what its refusal is counted."""
        if self.taken >= self.most:
            return "connections_refused"
        site = site_of(host)
        if self._taken[site] >= self._most_of_address:
            return "connections_refused_of_address"
        self._sites[key] = site
        self._taken[site] += 1
        self._awaited[key] = now_s
        return ""

    def heard(self, key: Hashable, now_s: float, *, whole: bool, begun: bool) -> None:
        """Octets came; `whole`: they completed a message, `begun`: they left one unfinished."""
        if whole:
            self._awaited.pop(key, None)
        if begun:
            self._awaited.setdefault(key, now_s)

    def forget(self, key: Hashable) -> None:
        """A connection is gone, of whichever side."""
        self._awaited.pop(key, None)
        site = self._sites.pop(key, None)
        if site is not None:
            self._taken[site] -= 1
            if not self._taken[site]:
                del self._taken[site]

    def overdue(self, now_s: float) -> list[Hashable]:
        """The connections that have owed a message for too long."""
        late = []
        for key, since_s in self._awaited.items():
            if now_s - since_s < self.message_limit_s:
                break
            late.append(key)
        return late


def site_of(host: str) -> str:
    """What counts as one address: an IPv4 address, or the network of an IPv6 address."""
    if ":" not in host:
        return host
    address = IPv6Address(host.partition("%")[0])
    return str(address.ipv4_mapped or IPv6Network((address, SITE_BITS), strict=False))
