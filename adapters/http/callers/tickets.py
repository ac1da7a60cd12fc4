"""One-use tickets for streams: browsers' EventSource cannot send a token, and a token in an address leaks."""

import hashlib
import secrets
from collections import OrderedDict
from typing import Final

from adapters.http.callers.tokens import Caller
from adapters.http.problems import Problem

LIVES_NS: Final = 30_000_000_000
TICKETS_MAX: Final = 1000
"""Tickets not used yet; beyond, the oldest is void."""


class Tickets:
    """Who may open one stream. Only digests are kept, so that looking one up tells nothing by its time."""

    def __init__(self) -> None:
        self._callers: OrderedDict[bytes, tuple[int, Caller]] = OrderedDict()

    def issue(self, caller: Caller, now_ns: int) -> str:
        """Return a ticket with the caller's scopes."""
        ticket = secrets.token_urlsafe(32)
        self._callers[_digest(ticket)] = now_ns + LIVES_NS, caller
        if len(self._callers) > TICKETS_MAX:
            self._callers.popitem(last=False)
        return ticket

    def use(self, ticket: str, now_ns: int) -> Caller:
        """Return who got this ticket; it is void from now on. Raises Problem."""
        until_ns, caller = self._callers.pop(_digest(ticket), (0, None))
        if caller is None or now_ns > until_ns:
            raise Problem("unauthorised", "the ticket was used, is too old, or never was; ask for another one")
        return caller


def _digest(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode("utf-8", "surrogateescape")).digest()
