"""A new INVITE: who calls, from where, whom; then it is a contact, or is refused with the reason."""

import ipaddress
from collections import OrderedDict
from typing import Final

from adapters.sip.calls.call import Call, Calls
from adapters.sip.legs.caller_leg import HOPS_MAX, HOPS_USUAL
from adapters.sip.protocol import (
    RELIABLE,
    Hop,
    Refusal,
    Request,
    ServerTransaction,
    answer_session_timer,
    requires_reliable,
)
from adapters.sip.settings import Network, parse_source
from adapters.sip.translate import CUSTOMER_MAX, FinalAnswer, customer_of, entry_of, is_protected, priority_of
from engine.errors import Overloaded
from engine.messages.fact import CALLED_BY, CONSULTATION_OF
from engine.messages.observed import ContactArrived
from engine.ports import Receipt

SOURCES_MAX: Final = 10_000
TEXT_MAX: Final = 1024
RETRY_S: Final = 5
EXPIRES_LIMIT_S: Final = 2**32 - 1
TOO_MANY_HOPS: Final = Refusal(483)
SIPS_NOT_ALLOWED: Final = Refusal(480, headers=(("Warning", '380 trunkline "SIPS Not Allowed"'),))
"""What `sips:` promises, TLS on every hop, is not kept here (RFC 5630 §4.4)."""
NO_OFFER: Final = Refusal(420, headers=(("Unsupported", RELIABLE),))
"""The first reliable provisional response to it would have to make an offer, and nobody is there yet to make one."""


class Arrivals:
    """The door for callers."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._core = calls.core
        self._rates: OrderedDict[str, tuple[float, int]] = OrderedDict()
        """Tokens left, and when that was, by source; who has called last is last."""
        self.follow()

    def follow(self) -> None:
        """Take over what the settings say now."""
        settings = self._core.settings
        self._trunks = [
            (network, port, trunk.group, trunk.trusted)
            for trunk in settings.trunks
            for network, port in map(parse_source, trunk.sources)
        ]
        self._allowed = [parse_source(text) for text in settings.callers_from]
        self._protected = frozenset(settings.protected)
        self._trunk_of: dict[tuple[str, int], tuple[str, bool]] = {}

    def admits(self, transaction: ServerTransaction, request: Request) -> bool:
        """Whether an INVITE of this source is taken at all; answers it when not."""
        refusal = self._obstacle(request)
        if refusal is not None:
            self._core.counters[f"refused.{refusal.status}"] += 1
            self._core.endpoint.reply(transaction, refusal.status, refusal.reason, headers=refusal.headers)
        return refusal is None

    def arrive(self, transaction: ServerTransaction, request: Request) -> None:
        """Take a call. Raises MalformedMessage."""
        core = self._core
        refusal = self._obstacle(request)
        colleague = ""
        agent = core.registrar.calling(request.get_address("from").uri.decoded_user, request.source)
        queue = "" if refusal is not None else core.queue_of(entry_of(request), by_default=not agent)
        if agent and refusal is None and not queue:
            if core.settings.agent_calls is not None:
                colleague = core.registrar.phones.agents_by_user.get(entry_of(request), "")
            queue = (core.settings.agent_calls if colleague else core.settings.default_queue) or ""
        if refusal is None and request.get_number("max-forwards", HOPS_MAX, HOPS_USUAL) == 0:
            refusal = TOO_MANY_HOPS
        if refusal is None and request.uri.scheme == "sips":
            refusal = SIPS_NOT_ALLOWED
        if refusal is None and not queue:
            refusal = Refusal(404)
        if refusal is None and not request.body and requires_reliable(request):
            refusal = NO_OFFER
        session = answer_session_timer(request, core.policy)
        if refusal is None and isinstance(session, Refusal):
            refusal = session
        if refusal is not None or isinstance(session, Refusal):
            assert refusal is not None
            core.counters[f"refused.{refusal.status}"] += 1
            core.endpoint.reply(transaction, refusal.status, refusal.reason, headers=refusal.headers)
            return
        good_for_s = expires_s(request)
        call = Call(self._calls, f"sip-{transaction.local_tag}", transaction)
        call.caller.receive(transaction, request)
        call.caller.session = session
        call.caller.expire_after(good_for_s)
        self._submit(call, request, queue, agent, colleague)

    def _submit(self, call: Call, request: Request, queue: str, agent: str, colleague: str) -> None:
        """Tell the engine. `agent`: whose phone calls; `colleague`: the agent who is called by name."""
        core, customer = self._core, customer_of(request)
        group, trusted = self.trunk_of(request.source)
        name = request.get_address("from").display_name
        attributes = {"call_id": request.call_id[:TEXT_MAX]}
        if agent:
            attributes[CALLED_BY] = agent
            asked_about = self._calls.of_agent(agent)
            if asked_about is not None:
                attributes[CONSULTATION_OF] = asked_about.name
                name = asked_about.caller.name_shown  # not the phone's own: the customer is the one who is asked about
                customer = asked_about.caller.number_shown or customer
        if name:
            attributes["display_name"] = name[:TEXT_MAX]
        fact = ContactArrived(
            contact=call.name,
            queue=queue,
            priority=priority_of(request) if trusted else 0,
            trunk_group=group,
            protected=trusted and is_protected(request, self._protected),
            customer=customer[:CUSTOMER_MAX],
            preferred_agent=colleague,
            entry=entry_of(request),
            callback=not core.ways_out.problem(customer[:CUSTOMER_MAX]),
            attributes=attributes,
        )

        def check(receipts: list[Receipt]) -> None:
            if receipts[0].error or receipts[0].refused:
                core.counters["arrivals_refused"] += 1
                self._turn_away(call, 503 if receipts[0].full else 500)

        try:
            core.facts.submit([fact, call.caller.recorded()], check)
        except Overloaded as full:
            core.counters["refused.503"] += 1
            self._turn_away(call, 503, full.retry_after_s)

    def _turn_away(self, call: Call, status: int, retry_after_s: int = RETRY_S) -> None:
        headers = (("Retry-After", str(retry_after_s)),)
        call.caller.finish(FinalAnswer(status, "", headers))
        call.finish()

    def _obstacle(self, request: Request) -> Refusal | None:
        """What bars every call from this source: no room, too many at once, not allowed."""
        core = self._core
        source = request.source
        assert source is not None, "received requests have a source"
        if core.stopping or len(self._calls.by_name) >= core.settings.calls:
            return Refusal(503, headers=(("Retry-After", str(RETRY_S)),))
        if not self._is_in_time(source.host):
            return Refusal(503, headers=(("Retry-After", "1"),))
        if (
            self._allowed
            and not self.trunk_of(source)[0]
            and not any(_holds(network, port, source.host, source.port) for network, port in self._allowed)
            and not core.registrar.is_phone(source)
        ):
            return Refusal(403)
        return None

    def _is_in_time(self, host: str) -> bool:
        """Whether a source stays below its rate: a bucket of tokens that fills with time."""
        most = 2.0 * self._core.settings.calls_per_second
        now_ns = self._core.endpoint.now_ns()
        tokens, at_ns = self._rates.get(host, (most, now_ns))
        tokens = min(most, tokens + (now_ns - at_ns) * 1e-9 * self._core.settings.calls_per_second)
        self._rates[host] = (tokens - 1 if tokens >= 1 else tokens, now_ns)
        self._rates.move_to_end(host)
        if len(self._rates) > SOURCES_MAX:
            self._rates.popitem(last=False)  # not all: a flood from made-up addresses must not lift anybody's limit
        return tokens >= 1

    def are_together(self, one: Hop | None, other: Hop | None) -> bool:
        """Whether two sources are one host, or belong to one trunk group."""
        if one is None or other is None:
            return False
        group = self.trunk_of(one)[0]
        return one.host == other.host or (group != "" and group == self.trunk_of(other)[0])

    def trunk_of(self, source: Hop | None) -> tuple[str, bool]:
        """The trunk group of the source, '' for none, and whether it is trusted."""
        if not self._trunks or source is None:
            return "", False
        key = (source.host, source.port)
        found = self._trunk_of.get(key)
        if found is None:
            matching = (
                (group, trusted) for network, port, group, trusted in self._trunks if _holds(network, port, *key)
            )
            found = next(matching, ("", False))
            if len(self._trunk_of) >= SOURCES_MAX:
                self._trunk_of.clear()
            self._trunk_of[key] = found
        return found


def expires_s(request: Request) -> int | None:
    """How long the caller's INVITE is good for, None for ever (§13.2.1). Raises MalformedMessage."""
    if "expires" not in request.fields:
        return None
    return request.get_number("expires", EXPIRES_LIMIT_S, 0)


def _holds(network: Network, port: int, host: str, source_port: int) -> bool:
    return port in (0, source_port) and ipaddress.ip_address(host) in network
