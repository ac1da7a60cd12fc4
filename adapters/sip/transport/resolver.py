"""Host names of peers: looked up without blocking, remembered for a while."""

import asyncio
import ipaddress
import socket
from collections import OrderedDict
from typing import Final

REMEMBERED_S: Final = 60.0
NAMES_MAX: Final = 1024
ADDRESSES_MAX: Final = 4
"""Of one name, as many as are tried."""


class Resolver:
    """Addresses by name. An address stands for itself and costs nothing."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[float, tuple[str, ...]]] = OrderedDict()
        self._literals: set[str] = set()

    def known(self, host: str) -> str:
        """The first address of the host, '' when it must be looked up."""
        if host in self._literals:
            return host
        try:
            ipaddress.ip_address(host)
        except ValueError:
            found = self._known.get(host)
            return found[1][0] if found is not None and found[0] > asyncio.get_running_loop().time() else ""
        if len(self._literals) >= NAMES_MAX:
            self._literals.clear()
        self._literals.add(host)
        return host

    def all_known(self, host: str) -> tuple[str, ...]:
        """The addresses of the host, those that failed last; empty when it must be looked up."""
        first = self.known(host)
        return self._known[host][1] if first and host in self._known else (first,) if first else ()

    def avoid(self, host: str, address: str) -> None:
        """Put an address that has failed behind the others of its name, for as long as these are remembered."""
        until_s, addresses = self._known.get(host, (0.0, ()))
        if address in addresses:
            self._known[host] = until_s, (*(other for other in addresses if other != address), address)

    async def look_up(self, host: str) -> tuple[str, ...]:
        """The addresses of the host, at least one. Raises OSError."""
        if known := self.all_known(host):
            return known
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
        except UnicodeError as error:
            raise OSError(f"{host[:80]!r} is no name: {error}") from error
        # Addresses of the family that sockets here mostly have come first.
        found.sort(key=lambda info: info[0] != socket.AF_INET)
        addresses = tuple(dict.fromkeys(str(info[4][0]) for info in found))[:ADDRESSES_MAX]
        self._known[host] = (loop.time() + REMEMBERED_S, addresses)
        self._known.move_to_end(host)
        while len(self._known) > NAMES_MAX:
            self._known.popitem(last=False)
        return addresses
