"""Where an INVITE of ours goes: to one address of a name after the other, until one answers (RFC 3263 §4.3)."""

import asyncio
from collections.abc import Callable
from typing import Final

from adapters.sip.endings.unwanted_answers import UnwantedAnswers
from adapters.sip.protocol import ClientTransaction, Hop
from adapters.sip.settings import SECOND_NS
from adapters.sip.transport.endpoint import SipEndpoint

SILENCE_T1: Final = 8
"""Multiples of T1 for which an address may say nothing while there is another; the last one has all of 64."""
ELSEWHERE: Final = frozenset({408, 503})
"""What an address answers, or its silence and absence amount to, so that another is tried."""


class Places:
    """The addresses of one destination, each tried once. `call` sends the INVITE to one, in a new transaction."""

    def __init__(
        self, endpoint: SipEndpoint, unwanted_answers: UnwantedAnswers, hop: Hop, call: Callable[[Hop], None]
    ) -> None:
        self.hop = hop
        """The address that is being called; the destination itself until its addresses are found."""
        self._endpoint = endpoint
        self._unwanted_answers = unwanted_answers
        self._name = hop.host
        self._call = call
        self._others: list[Hop] = []
        self._transaction: ClientTransaction | None = None
        self._alarm: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Call at the first address, at once unless a name must be looked up."""
        self._endpoint.locate(self.hop, self._found)

    def take_up(self, hop: Hop) -> None:
        """Go on with an INVITE of before a restart, which went to `hop`: the others are for when that one fails.

        Its silence alone is no reason: it may ring there, and have said so before.
        """
        destination, self.hop = self.hop, hop

        def found(hops: list[Hop]) -> None:
            self._others = [other for other in hops if other not in (hop, destination)]

        self._endpoint.locate(destination, found)

    def called(self, transaction: ClientTransaction) -> None:
        """The INVITE is on its way to `hop`."""
        self.settle()
        self._transaction = transaction
        if self._others:
            delay_s = SILENCE_T1 * self._endpoint.layer.timing.t1_ns / SECOND_NS
            self._alarm = asyncio.get_running_loop().call_later(delay_s, self._silent)

    def settle(self) -> None:
        """Somebody has answered there, or nobody is to be called any more."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def go_on(self, status: int) -> bool:
        """Call at the next address if this one has failed by `status`; False when there is no other, or no reason."""
        if status not in ELSEWHERE or not self._others:
            return False
        self.settle()
        self._endpoint.avoid(self._name, self.hop.host)
        self.hop = self._others.pop(0)
        self._call(self.hop)
        return True

    def _found(self, hops: list[Hop]) -> None:
        self.hop, *self._others = hops
        self._call(self.hop)

    def _silent(self) -> None:
        """Nothing was said there, not even 100. What comes yet is taken back, or hung up."""
        self._alarm = None
        if self._transaction is not None:
            self._transaction.context = self._unwanted_answers
            self._endpoint.give_up(self._transaction)
            self.go_on(408)
