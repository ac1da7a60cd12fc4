"""Where adapters listen: each place is that of one alone, as the second of two could not be started."""

import ipaddress
from collections.abc import Mapping
from itertools import combinations
from typing import Final, NamedTuple

from pydantic import BaseModel

from engine.config.document import Document, Location
from engine.ports import Listener

_IPV4: Final = ipaddress.ip_network("0.0.0.0/0")
_IPV6: Final = ipaddress.ip_network("::/0")
Networks = tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]


class _Placed(NamedTuple):
    """A listener, and where in the file its port is said."""

    location: Location
    listener: Listener


def check_listeners(document: Document, sections: Mapping[str, BaseModel]) -> None:
    """Note a fault where two listeners of the adapters' sections, by name, would be at one address and port.

    Of a section with faults of its own there is what is good; one that does not say where it listens is passed over.
    """
    for first, second in combinations(_placed(sections), 2):
        if not _collide(first.listener, second.listener):
            continue
        line, _ = document.place(first.location)
        who = ".".join(map(str, first.location[:-1]))
        text = (
            f"{second.listener.transport.upper()} port {second.listener.port} of "
            f"{second.listener.host or 'all addresses'} is that of {who} (line {line}) already; "
            "give one of the two another 'port'"
        )
        document.add(second.location, text)


def _placed(sections: Mapping[str, BaseModel]) -> list[_Placed]:
    placed: list[_Placed] = []
    for name, section in sections.items():
        # Where a faulty section lacks what it is asked for, it has no such attribute either.
        found: tuple[Listener, ...] = getattr(section, "listeners", ())
        placed += [_Placed(("adapters", name, *one.keys), one) for one in found]
    return placed


def _collide(one: Listener, other: Listener) -> bool:
    if one.port == 0 or (one.transport, one.port) != (other.transport, other.port):
        return False
    if one.host.casefold() == other.host.casefold():
        return True
    return any(
        mine.version == theirs.version and mine.overlaps(theirs)
        for mine in _networks(one.host)
        for theirs in _networks(other.host)
    )


def _networks(host: str) -> Networks:
    """Return which addresses a host to listen at surely stands for; other names than localhost have none.

    Whether localhost is ::1, too, is known at the start alone, as what any name is.
    """
    if not host:
        return _IPV4, _IPV6
    try:
        address = ipaddress.ip_address("127.0.0.1" if host.casefold() == "localhost" else host)
    except ValueError:
        return ()
    if address.is_unspecified:
        return (_IPV4,) if address.version == 4 else (_IPV6,)
    return (ipaddress.ip_network(address),)
