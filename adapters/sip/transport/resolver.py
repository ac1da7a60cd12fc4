"""Host names of peers: looked up without blocking, remembered for a while."""

import asyncio
import ipaddress
import socket
from collections import OrderedDict
from typing import Final

REMEMBERED_S: Final = 60.0
NAMES_MAX: Final = 1024


class Resolver:
    """Addresses by name. An address stands for itself and costs nothing."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._literals: set[str] = set()

    def known(self, host: str) -> str:
        """The address of the host, '' when it must be looked up."""
        if host in self._literals:
            return host
        try:
            ipaddress.ip_address(host)
        except ValueError:
            found = self._known.get(host)
            return found[1] if found is not None and found[0] > asyncio.get_running_loop().time() else ""
        if len(self._literals) >= NAMES_MAX:
            self._literals.clear()
        self._literals.add(host)
        return host

    async def look_up(self, host: str) -> str:
        """The address of the host. Raises OSError."""
        known = self.known(host)
        if known:
            return known
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
        # Addresses of the family that sockets here mostly have come first.
        addresses = sorted(found, key=lambda info: info[0] != socket.AF_INET)
        address = str(addresses[0][4][0])
        self._known[host] = (loop.time() + REMEMBERED_S, address)
        while len(self._known) > NAMES_MAX:
            self._known.popitem(last=False)
        return address
