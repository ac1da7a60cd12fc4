"""Provisional responses that are acknowledged (RFC 3262): their numbers, one response at a time."""

from typing import Final

from adapters.sip.protocol.build import Headers
from adapters.sip.protocol.errors import MalformedMessage
from adapters.sip.protocol.grammar import parse_number
from adapters.sip.protocol.message import CSEQ_LIMIT, Request

RELIABLE: Final = "100rel"
"""The option tag."""
RSEQ_LIMIT: Final = 2**32 - 1


def requires_reliable(request: Request) -> bool:
    """Whether an INVITE asks for reliable provisional responses and takes no others. Raises MalformedMessage."""
    return "require" in request.fields and RELIABLE in request.get_tokens("require")


class ReliableResponses:
    """Those of one INVITE. The next is sent once the peer has acknowledged the last (§3)."""

    def __init__(self, cseq: int, chance: int) -> None:
        """`cseq` is that of the INVITE; `chance` is any number, of which the first RSeq is made."""
        self._cseq = cseq
        self.rseq = chance % CSEQ_LIMIT
        """The number of the last one, or what comes before the first."""
        self.is_awaiting = False
        """Whether the last one has no PRACK yet."""

    def next_headers(self) -> Headers:
        """The header fields of the next response."""
        self.rseq += 1
        self.is_awaiting = True
        return (("Require", RELIABLE), ("RSeq", str(self.rseq)))

    def acknowledge(self, prack: Request) -> bool:
        """Take a PRACK; whether it is that of the last response. Raises MalformedMessage."""
        parts = prack.get("rack").split()
        if len(parts) != 3:
            raise MalformedMessage(f"RAck: {prack.get('rack')[:80]!r} is not two numbers and a method")
        named = (parse_number(parts[0], RSEQ_LIMIT), parse_number(parts[1], CSEQ_LIMIT), parts[2])
        if not self.is_awaiting or named != (self.rseq, self._cseq, "INVITE"):
            return False
        self.is_awaiting = False
        return True
