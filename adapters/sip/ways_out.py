"""Ways out: through which trunk groups a number may be called, and where its INVITE goes then."""

from fnmatch import fnmatchcase
from itertools import takewhile
from typing import Final

import msgspec

from adapters.sip.protocol import Hop, Uri, hop_for_uri
from adapters.sip.settings import NUMBER, Outbound
from engine.messages.rows import TRUNKS_MAX

_PUNCTUATION: Final = str.maketrans("", "", " ()/")


class Route(msgspec.Struct, frozen=True):
    """One way out."""

    settings: Outbound
    hop: Hop

    def target(self, number: str) -> str:
        """The Request-URI for a number."""
        proxy = Uri.parse(self.settings.proxy)
        port = f":{proxy.port}" if proxy.port else ""
        return f"sip:{number.replace('#', '%23')}@{proxy.host}{port}{proxy.params_text}"


class WaysOut:
    """All ways out, in the order of the settings. Channels are the engine's to give: `groups` is what to ask for."""

    def __init__(self, routes: list[Outbound]) -> None:
        self._routes = [Route(settings, hop_for_uri(Uri.parse(settings.proxy))) for settings in routes]

    def problem(self, number: str) -> str:
        """Why the number can never be called, '' when it can."""
        if not self._routes:
            return "the SIP adapter has no way out: say where calls go in its section 'outbound'"
        if NUMBER.fullmatch(dialled(number)) is None:
            return f"{number[:64]!r} is no number that can be dialled"
        return "" if self.routes(number) else f"no way out of the SIP adapter takes the number {number}"

    def routes(self, number: str) -> list[Route]:
        """The ways that take the number."""
        called = dialled(number)
        return [
            route for route in self._routes if any(fnmatchcase(called, pattern) for pattern in route.settings.numbers)
        ]

    def groups(self, number: str) -> list[str]:
        """The trunk groups by which the number may go, in order, as many as one request may name.

        A way whose channels nobody counts always has room: those behind it are never needed.
        """
        before = takewhile(lambda route: route.settings.group is not None, self.routes(number))
        return list(dict.fromkeys(route.settings.group or "" for route in before))[:TRUNKS_MAX]

    def by_group(self, number: str, group: str | None) -> Route | None:
        """The first way for the number by a trunk group; by None: the first whose channels nobody counts."""
        return next((route for route in self.routes(number) if route.settings.group == group), None)


def dialled(number: str) -> str:
    """A number as it is dialled: without the blanks and brackets that people write."""
    return number.translate(_PUNCTUATION)
