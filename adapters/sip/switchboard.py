"""What the transaction layer reports, given to whom it concerns: a new call, a dialog, the registrar, a transaction."""

import logging
from typing import Any, Final

from adapters.sip.arrivals import Arrivals
from adapters.sip.calls.attended import transfer_attended
from adapters.sip.calls.call import Calls
from adapters.sip.calls.replace import replace
from adapters.sip.calls.transfer import refer
from adapters.sip.legs.leg import Leg
from adapters.sip.protocol import (
    AckMissing,
    AckReceived,
    CancelReceived,
    ClientTransaction,
    DialogId,
    Event,
    MalformedMessage,
    PrackMissing,
    Request,
    RequestReceived,
    Response,
    ResponseReceived,
    ResponseUnsent,
    ServerTransaction,
    StrayAnswer,
    TransactionTimedOut,
    dialog_id_of,
    replaces_of,
)
from adapters.sip.sessions.relay import pass_on, relay_offer
from adapters.sip.translate import reasons_given, release_cause
from adapters.sip.transport.endpoint import BODY_TYPES, METHODS

logger = logging.getLogger(__name__)

OPTIONS_HEADERS: Final = (
    ("Allow", ", ".join(METHODS)),
    ("Accept", ", ".join(BODY_TYPES)),
    ("Supported", "timer, path, replaces, 100rel"),
)
STRAYS_LIMIT_NS: Final = 180_000_000_000
"""A phone that rang at a restart answers within timer C, or not at all."""
ALLOW: Final = OPTIONS_HEADERS[:1]


class Switchboard:
    """Dispatches events. A transaction's context is who waits for it."""

    def __init__(self, calls: Calls, arrivals: Arrivals) -> None:
        self._calls = calls
        self._core = calls.core
        self._dialogs = calls.dialogs
        self._arrivals = arrivals

    def on_event(self, event: Event) -> None:
        """Take an event of the transaction layer."""
        if isinstance(event, ResponseReceived):
            self._take_response(event.transaction, event.response)
        elif isinstance(event, RequestReceived):
            self._take_request(event.transaction, event.request)
        elif isinstance(event, StrayAnswer):
            self._take_stray(event.response)
        elif isinstance(event, AckReceived):
            # An ACK that belongs to no transaction here is that of a 2xx sent before a restart.
            if event.transaction is not None:
                context = _take_context(event.transaction)
                if context is not None:
                    context.on_ack(event.request)
        elif isinstance(event, CancelReceived):
            if event.transaction.context is not None:
                event.transaction.context.on_cancel(event.request)
        elif isinstance(event, PrackMissing):
            if event.transaction.context is not None:
                event.transaction.context.on_prack_missing()
        elif isinstance(event, ResponseUnsent):
            if event.transaction.context is not None:
                event.transaction.context.on_unreachable()
        else:
            context = _take_context(event.transaction)
            if context is None:
                return
            if isinstance(event, AckMissing):
                context.on_ack_missing()
            else:
                context.on_failure(event.transaction, 408 if isinstance(event, TransactionTimedOut) else 503)

    def _take_response(self, transaction: ClientTransaction, response: Response) -> None:
        """Give a response to whom the transaction belongs; a final one ends that, but for the 2xx of an INVITE."""
        status = response.status
        if status >= 300 or (status >= 200 and transaction.method != "INVITE"):
            context = _take_context(transaction)
        else:
            context = transaction.context
        if context is not None:
            context.on_response(transaction, response)

    def _take_request(self, transaction: ServerTransaction, request: Request) -> None:
        try:
            if request.to_tag:
                self._take_within(transaction, request)
            else:
                self._take_outside(transaction, request)
        except MalformedMessage as error:
            logger.info("bad %s from %s: %s", request.method, request.source, error)
            self._core.counters["requests_bad"] += 1
            self._core.endpoint.reply(transaction, 400)

    def _take_outside(self, transaction: ServerTransaction, request: Request) -> None:
        core = self._core
        if request.method == "INVITE":
            replaces = replaces_of(request)
            if replaces is None:
                self._arrivals.arrive(transaction, request)
            elif self._arrivals.admits(transaction, request):
                replace(self._calls, self._arrivals.are_together, transaction, request, replaces)
        elif request.method == "REGISTER":
            core.registrar.register(transaction, request)
        elif request.method == "OPTIONS":
            core.endpoint.reply(transaction, 200, with_contact=True, headers=OPTIONS_HEADERS)
        elif request.method in ("BYE", "UPDATE", "INFO", "NOTIFY", "PRACK"):
            core.endpoint.reply(transaction, 481)
        else:
            core.endpoint.reply(transaction, 405, headers=ALLOW)

    def _take_stray(self, response: Response) -> None:
        """A phone repeats its 2xx to an INVITE of before a restart: acknowledge it again, or end what nobody wants.

        Only soon after the start, and only where the Call-ID is ours: others could have us send to whom they name.
        """
        core, endpoint = self._core, self._core.endpoint
        leg = self._dialogs.get(DialogId(response.call_id, response.from_tag, response.to_tag))
        if leg is not None and not leg.acknowledged:
            return  # it has its ACK as soon as the caller's is here
        via = response.top_via
        if not endpoint.is_own(via.host, via.port):
            return  # nobody here has called
        if endpoint.now_ns() - endpoint.opened_ns > STRAYS_LIMIT_NS or not endpoint.tokens.is_own_call_id(
            response.call_id
        ):
            core.counters["strays_ignored"] += 1
            return
        if response.source is None or not response.top_via.host:
            return
        if leg is None:
            core.unwanted_answers.answer(response, once=True)
        else:
            core.unwanted_answers.acknowledge(response)

    def _take_within(self, transaction: ServerTransaction, request: Request) -> None:
        core, method = self._core, request.method
        leg = self._dialogs.get(dialog_id_of(request))
        if leg is None or leg.dialog is None:
            core.counters["dialogs_unknown"] += 1
            core.farewells.spoken_to(dialog_id_of(request))
            core.endpoint.reply(transaction, 481)
        elif method == "BYE":
            self._hung_up(leg, transaction, request)
        elif method in ("INVITE", "UPDATE"):
            relay_offer(leg, transaction, request)
        elif method == "PRACK":
            leg.take_prack(request, transaction)
        elif method in ("INFO", "MESSAGE"):
            pass_on(leg, transaction, request)
        elif method == "REFER":
            if not transfer_attended(leg, transaction, request):
                refer(leg, transaction, request)
        elif leg.take(request, transaction):
            # OPTIONS; a NOTIFY belongs to no subscription of ours.
            known = method == "OPTIONS"
            core.endpoint.reply(transaction, 200 if known else 489, headers=OPTIONS_HEADERS if known else ())

    def _hung_up(self, leg: Leg, transaction: ServerTransaction, request: Request) -> None:
        """A side hangs up. It is told so once that is on record."""

        def confirm() -> None:
            self._core.endpoint.reply(transaction, 200)

        if leg.closed:
            confirm()  # both sides hung up at once
        elif leg.take(request, transaction):
            leg.reasons = reasons_given(request)
            leg.left(release_cause(request), confirm)


def _take_context(transaction: ClientTransaction | ServerTransaction) -> Any:
    """Who waits for the transaction, for the last time: it lives on for half a minute, the call need not."""
    context, transaction.context = transaction.context, None
    return context
