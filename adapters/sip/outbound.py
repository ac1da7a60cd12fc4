"""Ways out: through which trunk a number is called, and whether that has a free channel."""

from collections import Counter
from fnmatch import fnmatchcase
from typing import Final

import msgspec

from adapters.sip.protocol import Hop, Uri, hop_for_uri
from adapters.sip.settings import NUMBER
from adapters.sip.settings import Outbound as OutboundSettings
from engine.ports import EngineLink

_PUNCTUATION: Final = str.maketrans("", "", " ()/")


class Route(msgspec.Struct, frozen=True):
    """One way out."""

    settings: OutboundSettings
    hop: Hop

    def target(self, number: str) -> str:
        """The Request-URI for a number."""
        proxy = Uri.parse(self.settings.proxy)
        port = f":{proxy.port}" if proxy.port else ""
        return f"sip:{number.replace('#', '%23')}@{proxy.host}{port}{proxy.params_text}"


class Seizure:
    """One channel of a route, taken until it is given back."""

    def __init__(self, outbound: "Outbound", route: Route) -> None:
        self._outbound = outbound
        self.route = route
        self._open = True
        outbound.taken[route.settings.group or ""] += 1

    def give_back(self) -> None:
        """Let others have the channel; once."""
        if self._open:
            self._open = False
            self._outbound.taken[self.route.settings.group or ""] -= 1


class Outbound:
    """All ways out, in the order of the settings.

    A group's free channels are its configured ones without its reserve, less those that the engine counts for
    callers, less those taken here.
    """

    def __init__(self, routes: list[OutboundSettings], engine: EngineLink) -> None:
        self._routes = [Route(settings, hop_for_uri(Uri.parse(settings.proxy))) for settings in routes]
        self._engine = engine
        self.taken: Counter[str] = Counter()
        """Channels taken for calls to customers, by group; '' where there is none."""

    def problem(self, number: str) -> str:
        """Why the number can never be called, '' when it can."""
        if not self._routes:
            return "the SIP adapter has no way out: say where calls go in its section 'outbound'"
        if NUMBER.fullmatch(dialled(number)) is None:
            return f"{number[:64]!r} is no number that can be dialled"
        return "" if self._fitting(number) else f"no way out of the SIP adapter takes the number {number}"

    def seize(self, number: str, *, anyway: bool = False) -> Seizure | None:
        """Take a channel on the first way that has a free one; None when none has. `anyway`: the call is up already."""
        routes = self._fitting(number)
        for route in routes:
            if self._has_room(route.settings.group):
                return Seizure(self, route)
        return Seizure(self, routes[0]) if anyway and routes else None

    def _fitting(self, number: str) -> list[Route]:
        called = dialled(number)
        return [
            route for route in self._routes if any(fnmatchcase(called, pattern) for pattern in route.settings.numbers)
        ]

    def _has_room(self, group: str | None) -> bool:
        if group is None:
            return True
        known = next((one for one in self._engine.views.trunk_groups().trunk_groups if one.trunk_group == group), None)
        return known is not None and known.channels - max(0, known.reserve) - known.busy > self.taken[group]


def dialled(number: str) -> str:
    """A number as it is dialled: without the blanks and brackets that people write."""
    return number.translate(_PUNCTUATION)
