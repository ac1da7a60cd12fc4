"""The client state machines, against the figures of RFC 3261 §17.1 and RFC 6026 §8.4."""

import pytest

from adapters.sip.protocol import (
    ClientTransaction,
    LocalProtocolError,
    MalformedMessage,
    Response,
    ResponseReceived,
    State,
    StrayAnswer,
    TransactionLayer,
    TransactionTimedOut,
    TransportFailed,
    build_response,
    parse_datagram,
)
from adapters.sip.protocol.client_transaction import INVITE_CLIENT, OTHER_CLIENT
from adapters.sip.protocol.transaction import Signal, Table
from tests.sip.protocol.support import CALLER, SECOND, SERVER, layer, outgoing_request, received

TCP = SERVER._replace(transport="tcp")

# (state, signal) -> next state, as the figures draw them.
INVITE_FIGURE = {
    ("calling", "retransmit"): "calling",
    ("calling", "expired"): "terminated",
    ("calling", "transport error"): "terminated",
    ("calling", "1xx"): "proceeding",
    ("calling", "2xx"): "accepted",
    ("calling", "3xx-6xx"): "completed",
    ("proceeding", "1xx"): "proceeding",
    ("proceeding", "2xx"): "accepted",
    ("proceeding", "3xx-6xx"): "completed",
    ("proceeding", "expired"): "terminated",
    ("proceeding", "transport error"): "terminated",
    ("accepted", "2xx"): "accepted",
    ("accepted", "expired"): "terminated",
    ("completed", "3xx-6xx"): "completed",
    ("completed", "expired"): "terminated",
    ("completed", "transport error"): "terminated",
}
OTHER_FIGURE = {
    (state, signal): after
    for state in ("trying", "proceeding")
    for signal, after in {
        "retransmit": state,
        "expired": "terminated",
        "transport error": "terminated",
        "1xx": "proceeding",
        "2xx": "completed",
        "3xx-6xx": "completed",
    }.items()
} | {("completed", "2xx"): "completed", ("completed", "3xx-6xx"): "completed", ("completed", "expired"): "terminated"}


@pytest.mark.parametrize(("table", "figure"), [(INVITE_CLIENT, INVITE_FIGURE), (OTHER_CLIENT, OTHER_FIGURE)])
def test_the_table_is_the_figure(table: Table, figure: dict[tuple[str, str], str]) -> None:
    assert {row: after for row, (after, _) in table.items()} == figure


def begin(method: str = "INVITE", transport: str = "udp") -> tuple[TransactionLayer, ClientTransaction, bytes]:
    caller = layer(CALLER)
    hop = SERVER if transport == "udp" else TCP
    transaction = caller.send_request(outgoing_request(caller, method, transport), hop, 0, context="call 7")
    ((octets, to),) = caller.take_outgoing()
    assert to == hop
    return caller, transaction, octets


def reply(octets: bytes, status: int, tag: str = "s1") -> Response:
    response = parse_datagram(build_response(received(octets), status, to_tag=tag).raw, SERVER)
    assert isinstance(response, Response)
    return response


def times_of_sends(caller: TransactionLayer) -> list[float]:
    """Run all timers out; when something was sent, in seconds."""
    times = []
    while (due := caller.next_timer_ns()) is not None:
        caller.handle_timers(due)
        times += [due / SECOND for _ in caller.take_outgoing()]
    return times


def test_timer_a_doubles_until_timer_b() -> None:
    caller, transaction, octets = begin()
    sent = []
    events = []
    while (due := caller.next_timer_ns()) is not None:
        events = caller.handle_timers(due)
        sent += [(due / SECOND, again == octets) for again, _ in caller.take_outgoing()]
    assert sent == [(0.5, True), (1.5, True), (3.5, True), (7.5, True), (15.5, True), (31.5, True)]
    assert events == [TransactionTimedOut(transaction)]
    assert len(caller) == 0


def test_timer_e_doubles_up_to_t2_until_timer_f() -> None:
    caller, transaction, _ = begin("BYE")
    assert times_of_sends(caller) == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert transaction.state == State.TERMINATED
    assert len(caller) == 0


def test_timer_e_goes_on_with_t2_after_a_provisional_response() -> None:
    caller, _, octets = begin("BYE")
    caller.receive(reply(octets, 100), 100_000_000)
    assert times_of_sends(caller) == [0.5, 4.5, 8.5, 12.5, 16.5, 20.5, 24.5, 28.5]


@pytest.mark.parametrize("method", ["INVITE", "BYE"])
def test_nothing_is_repeated_on_a_stream(method: str) -> None:
    caller, transaction, _ = begin(method, "tcp")
    assert times_of_sends(caller) == []
    assert transaction.state == State.TERMINATED


def test_a_provisional_response_to_invite_stops_the_timers() -> None:
    caller, transaction, octets = begin()
    events = caller.receive(reply(octets, 180), SECOND)
    assert [type(event) for event in events] == [ResponseReceived]
    assert caller.next_timer_ns() is None
    assert transaction.state == State.PROCEEDING
    assert transaction.context == "call 7"


@pytest.mark.parametrize(("transport", "kept_s"), [("udp", 32), ("tcp", 0)])
def test_a_failure_is_acknowledged_and_its_repetitions_too(transport: str, kept_s: int) -> None:
    caller, transaction, octets = begin("INVITE", transport)
    events = caller.receive(reply(octets, 486), SECOND)
    assert [event.response.status for event in events if isinstance(event, ResponseReceived)] == [486]
    ((ack, hop),) = caller.take_outgoing()
    sent = received(ack)
    assert (sent.method, sent.target, sent.cseq, sent.to_tag, hop) == (
        "ACK",
        "sip:queue@192.0.2.2",
        (1, "ACK"),
        "s1",
        transaction.hop,
    )
    assert sent.vias == received(octets).vias
    if kept_s:
        assert caller.receive(reply(octets, 486), 2 * SECOND) == []
        assert [again for again, _ in caller.take_outgoing()] == [ack]
        assert caller.next_timer_ns() == (1 + kept_s) * SECOND
        caller.handle_timers((1 + kept_s) * SECOND)
    assert len(caller) == 0


def test_a_repeated_2xx_gets_its_ack_again_and_a_fork_comes_up() -> None:
    caller, transaction, octets = begin()
    (event,) = caller.receive(reply(octets, 200), SECOND)
    assert isinstance(event, ResponseReceived)
    # Not acknowledged yet: the user sees it again.
    assert len(caller.receive(reply(octets, 200), SECOND)) == 1
    ack = outgoing_request(caller, "ACK")
    caller.acknowledge(transaction, ack, SERVER, event.response)
    assert caller.receive(reply(octets, 200), 2 * SECOND) == []
    assert [again for again, _ in caller.take_outgoing()] == [ack.raw, ack.raw]
    (fork,) = caller.receive(reply(octets, 200, tag="other"), 3 * SECOND)
    assert isinstance(fork, ResponseReceived)
    assert fork.response.to_tag == "other"
    assert caller.next_timer_ns() == 33 * SECOND
    caller.handle_timers(33 * SECOND)
    assert len(caller) == 0


def test_timer_k_absorbs_repeated_final_responses() -> None:
    caller, _, octets = begin("BYE")
    assert len(caller.receive(reply(octets, 200), 0)) == 1
    assert caller.receive(reply(octets, 200), SECOND) == []
    assert caller.next_timer_ns() == 5 * SECOND
    caller.handle_timers(5 * SECOND)
    assert len(caller) == 0


def test_a_transport_error_comes_up() -> None:
    caller, transaction, _ = begin("INVITE", "tcp")
    assert caller.transport_failed(SERVER, 0) == []
    assert caller.transport_failed(TCP, 0) == [TransportFailed(transaction)]
    assert len(caller) == 0


def test_cancel_waits_for_the_first_provisional_response() -> None:
    caller, transaction, octets = begin()
    assert caller.cancel(transaction, 0, (("Reason", "SIP;cause=200"),))
    assert caller.cancel(transaction, 0)
    assert caller.take_outgoing() == []
    caller.receive(reply(octets, 180), SECOND)
    ((cancel_octets, _),) = caller.take_outgoing()
    cancel = received(cancel_octets)
    invite = received(octets)
    assert (cancel.method, cancel.cseq, cancel.vias) == ("CANCEL", (1, "CANCEL"), invite.vias)
    assert (cancel.get("to"), cancel.get("reason")) == (invite.get("to"), "SIP;cause=200")
    # The answer to the CANCEL itself is nobody's concern; that to the INVITE is.
    assert caller.receive(reply(cancel_octets, 200), SECOND) == []
    assert len(caller.receive(reply(octets, 487), SECOND)) == 1
    assert not caller.cancel(transaction, SECOND)


def test_a_cancelled_invite_that_never_ends_times_out() -> None:
    caller, transaction, octets = begin()
    caller.receive(reply(octets, 180), SECOND)
    caller.cancel(transaction, 2 * SECOND)
    events = []
    while (due := caller.next_timer_ns()) is not None:
        events += caller.handle_timers(due)
    assert events == [TransactionTimedOut(transaction)]
    assert len(caller) == 0


def test_a_success_that_crosses_the_cancel_comes_up() -> None:
    caller, transaction, octets = begin()
    caller.cancel(transaction, 0)
    (event,) = caller.receive(reply(octets, 200), 0)
    assert isinstance(event, ResponseReceived)
    assert transaction.cancelled
    assert caller.take_outgoing() == []


def test_stray_bad_and_late_responses_are_counted() -> None:
    caller, _, octets = begin()
    stray = parse_datagram(reply(octets, 200).raw.replace(b"z9hG4bK", b"z9hG4bKx"), SERVER)
    two_vias = parse_datagram(reply(octets, 200).raw.replace(b"From:", b"Via: SIP/2.0/UDP h\r\nFrom:"), SERVER)
    no_via = parse_datagram(reply(octets, 200).raw.replace(b"Via:", b"Vja:"), SERVER)
    for message in (stray, two_vias, no_via):
        events = caller.receive(message, 0)
        assert events == ([StrayAnswer(stray)] if message is stray and isinstance(stray, Response) else [])
    caller.receive(reply(octets, 486), 0)
    caller.receive(reply(octets, 180), 0)
    assert {name: count for name, count in caller.counters.items() if name.startswith("discarded")} == {
        "discarded.bad_response": 1,
        "discarded.unreadable": 1,
        "discarded.late_response": 1,
    }


def test_what_may_not_be_sent() -> None:
    caller, transaction, _ = begin("BYE")
    with pytest.raises(LocalProtocolError, match="acknowledge"):
        caller.send_request(outgoing_request(caller, "ACK"), SERVER, 0)
    with pytest.raises(LocalProtocolError, match="only an INVITE"):
        caller.cancel(transaction, 0)
    with pytest.raises(LocalProtocolError, match="transport 'sctp'"):
        caller.new_via("sctp")
    request = outgoing_request(caller)
    caller.send_request(request, SERVER, 0)
    with pytest.raises(LocalProtocolError, match="Via of its own"):
        caller.send_request(request, SERVER, 0)


def test_signals_of_a_status() -> None:
    with pytest.raises(MalformedMessage):
        parse_datagram(b"SIP/2.0 099 x\r\n\r\n")
    assert Signal.PROVISIONAL == "1xx"


def test_only_what_goes_to_a_lost_hop_fails_and_nothing_is_kept_of_what_is_over() -> None:
    ours = layer()
    other = TCP._replace(port=5090)
    lost, kept = (ours.send_request(outgoing_request(ours), hop, 0) for hop in (TCP, other))
    ours.take_outgoing()
    events = ours.transport_failed(TCP, SECOND)
    assert [type(event) for event in events] == [TransportFailed]
    assert [getattr(event, "transaction", None) for event in events] == [lost]
    assert ours.transport_failed(TCP, SECOND) == []
    ours.forget(kept)
    assert (len(ours), ours._clients_by_hop) == (0, {})


def test_what_is_given_up_is_not_repeated() -> None:
    ours = layer()
    given_up = ours.send_request(outgoing_request(ours), SERVER, 0)
    ours.take_outgoing()
    ours.give_up(given_up, 0)
    ours.handle_timers(20 * SECOND)
    assert ours.take_outgoing() == []
    assert [type(event) for event in ours.handle_timers(40 * SECOND)] == [TransactionTimedOut]
