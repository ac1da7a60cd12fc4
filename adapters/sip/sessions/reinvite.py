"""Offers of our own within a dialog: park a caller, connect one with the next agent, show that a session lives."""

import asyncio
import random
from collections.abc import Callable
from typing import Final

from adapters.sip.legs.leg import Leg
from adapters.sip.protocol import (
    SDP,
    ClientTransaction,
    LocalProtocolError,
    MalformedMessage,
    Response,
    agreed_session_timer,
)
from adapters.sip.protocol.offer_answer import with_direction
from adapters.sip.translate import CAUSE_GONE, GONE

RETRIES_MAX: Final = 8
GAVE_WAY: Final = 491
BUSY_MAX_S: Final = 10
"""Who has an offer open is busy no longer (§14.2): other reasons are behind a longer Retry-After."""


def park(caller: Leg) -> None:
    """Put a caller on hold who waits for another agent."""
    caller.origin.replaced = True  # other words are another version (RFC 3264 §8)
    OwnOffer(caller, with_direction(caller.origin.sent, "inactive"), _nothing).begin()


def reconnect(caller: Leg, agent: Leg) -> None:
    """Let a caller and the agent who just answered hear each other."""
    heard = media_of(caller.sdp)

    def compare(answer: bytes) -> None:
        """The agent was told of the caller's media before; they may have changed."""
        if answer and media_of(answer) != heard and not agent.closed:
            OwnOffer(agent, answer, _nothing).begin()
        caller.core.facts.mention([side.recorded() for side in (caller, agent) if side.acknowledged])

    OwnOffer(caller, agent.sdp, compare, vital=True).begin()


def refresh(leg: Leg) -> None:
    """Show that a session is alive (RFC 4028 §10): by UPDATE where the peer knows it, else by the same offer."""
    if not leg.is_busy and leg.next_out is None:
        body = b"" if leg.knows_update else leg.origin.sent
        OwnOffer(leg, body, _nothing, method="UPDATE" if leg.knows_update else "INVITE").begin()


class OwnOffer:
    """One offer; a leg has one at a time, and a later one replaces what waits.

    `vital`: without an answer the call makes no sense. `otherwise` gets the status by which it was refused, 491 where
    a later one took its place.
    """

    def __init__(
        self,
        leg: Leg,
        body: bytes,
        then: Callable[[bytes], None],
        *,
        otherwise: Callable[[int], None] = lambda _status: None,
        vital: bool = False,
        method: str = "INVITE",
    ) -> None:
        self.leg = leg
        self._body = body
        self._then = then
        self._otherwise = otherwise
        self._vital = vital
        self._method = method
        self._tries = 0
        self._busy_s: float | None = None
        """In how many seconds the peer wants to be asked again, where it said so last."""

    def begin(self) -> None:
        """Send it, or let it wait until the one before is done."""
        leg = self.leg
        if leg.closed:
            self.give_way()
            return
        if leg.is_busy:
            leg.wait_with(self)
            return
        leg.wait_with(None)
        self._tries += 1
        headers = leg.session.refresh_headers() if leg.session is not None else ()
        body = leg.origin.pass_on(self._body)
        try:
            leg.pending_out = leg.request(
                self._method, self, headers=headers, content_type=SDP if body else "", body=body
            )
        except LocalProtocolError:
            self._fail(503)

    def give_way(self) -> None:
        """What was offered later counts."""
        self._otherwise(GAVE_WAY)

    def on_response(self, transaction: ClientTransaction, response: Response) -> None:
        """Take the answer."""
        leg = self.leg
        if response.status < 200:
            return
        if response.status >= 300:
            self._busy_s = _busy_s(response)
            self._fail(response.status)
            return
        leg.pending_out = None
        if transaction.method == "INVITE":
            leg.acknowledge(transaction, response)
        leg.renewed(response)
        try:
            leg._dialog().receive_response(response)
            leg.session = agreed_session_timer(response) or leg.session
        except MalformedMessage:
            leg.core.counters["bad_answers"] += 1
        self._then(response.body)
        leg.ready()

    def on_failure(self, _transaction: ClientTransaction, status: int) -> None:
        """No answer came."""
        self._fail(status)

    def _fail(self, status: int) -> None:
        leg = self.leg
        leg.pending_out = None
        if leg.closed:
            return
        wait_s, self._busy_s = self._busy_s, None
        if status == GAVE_WAY:  # whoever did not choose the Call-ID tries again first (§14.1)
            wait_s = random.uniform(2.1, 4) if leg.chose_call_id else random.uniform(0, 2)
        if wait_s is not None and self._try_again(wait_s):
            return
        if status in GONE or self._vital:
            if status == 481:
                leg.close()  # after silence it is told all the same (§12.2.1.2): it may be back, by another connection
            leg.call.release("network", CAUSE_GONE if status in GONE else 88)
        else:
            leg.core.counters["offers_refused"] += 1
            leg.ready()
            self._otherwise(status)

    def _try_again(self, wait_s: float) -> bool:
        """Offer it once more after a while, unless something else was offered since; False after too many tries."""
        leg = self.leg
        if leg.next_out is not None:
            leg.ready()  # what was offered later counts
            self._otherwise(GAVE_WAY)
            return True
        if self._tries >= RETRIES_MAX:
            return False
        leg.wait_with(self)
        asyncio.get_running_loop().call_later(wait_s, self._again)
        return True

    def _again(self) -> None:
        if self.leg.next_out is self:
            self.leg.ready()


def _busy_s(response: Response) -> int | None:
    """In how many seconds a peer that has an offer open takes another (§14.2); None where it refuses for good."""
    after = response.get("retry-after").split(";")[0].split("(")[0].strip()
    is_busy = response.status == 500 and after.isascii() and after.isdigit() and len(after) <= 2
    return int(after) if is_busy and int(after) <= BUSY_MAX_S else None


def media_of(body: bytes) -> tuple[bytes, ...]:
    """Where a session description wants its media sent: an answer may narrow the codecs, but that is no move."""
    lines = (line.split() for line in body.split(b"\n") if line[:2] in (b"c=", b"m="))
    return tuple(b" ".join(words[:2] if words[0][:2] == b"m=" else words) for words in lines)


def _nothing(_answer: bytes) -> None:
    """For offers whose answer changes nothing."""
