"""The server state machines, against the figures of RFC 3261 §17.2 and RFC 6026 §8.5."""

import pytest

from adapters.sip.protocol import (
    AckMissing,
    AckReceived,
    Hop,
    PrackMissing,
    Request,
    RequestReceived,
    ResponseUnsent,
    ServerTransaction,
    State,
    TransactionLayer,
)
from adapters.sip.protocol.server_transaction import INVITE_SERVER, OTHER_SERVER
from adapters.sip.protocol.transaction import Table
from tests.sip.protocol.support import CALLER, SECOND, layer, received, request_octets

INVITE_FIGURE = {
    ("proceeding", "request"): "proceeding",
    ("proceeding", "1xx"): "proceeding",
    ("proceeding", "retransmit"): "proceeding",  # RFC 3262 §3
    ("proceeding", "expired"): "proceeding",
    ("proceeding", "2xx"): "accepted",
    ("proceeding", "3xx-6xx"): "completed",
    ("accepted", "request"): "accepted",
    ("accepted", "ack"): "accepted",
    ("accepted", "retransmit"): "accepted",
    ("accepted", "expired"): "terminated",
    ("completed", "request"): "completed",
    ("completed", "retransmit"): "completed",
    ("completed", "ack"): "confirmed",
    ("completed", "expired"): "terminated",
    ("confirmed", "request"): "confirmed",
    ("confirmed", "ack"): "confirmed",
    ("confirmed", "expired"): "terminated",
}
OTHER_FIGURE = {
    ("trying", "request"): "trying",
    ("completed", "request"): "completed",
    ("completed", "expired"): "terminated",
    ("proceeding", "request"): "proceeding",
} | {
    (state, signal): after
    for state in ("trying", "proceeding")
    for signal, after in {
        "1xx": "proceeding", "2xx": "completed", "3xx-6xx": "completed", "expired": "terminated",
    }.items()
}  # fmt: skip


@pytest.mark.parametrize(("table", "figure"), [(INVITE_SERVER, INVITE_FIGURE), (OTHER_SERVER, OTHER_FIGURE)])
def test_the_table_is_the_figure(table: Table, figure: dict[tuple[str, str], str]) -> None:
    assert {row: after for row, (after, _) in table.items()} == figure


def begin(method: str = "INVITE", source: Hop = CALLER) -> tuple[TransactionLayer, ServerTransaction, Request]:
    server = layer()
    (event,) = server.receive(received(request_octets(method), source), 0)
    assert isinstance(event, RequestReceived)
    return server, event.transaction, event.request


def sends(server: TransactionLayer) -> list[str]:
    return [octets.split(b"\r\n")[0].decode() for octets, _ in server.take_outgoing()]


def run_out(server: TransactionLayer) -> tuple[list[float], list[object]]:
    """Run all timers out: when something was sent, in seconds, and the events."""
    times: list[float] = []
    events: list[object] = []
    while (due := server.next_timer_ns()) is not None:
        events += server.handle_timers(due)
        times += [due / SECOND for _ in server.take_outgoing()]
    return times, events


def ack_of(transaction: ServerTransaction, branch: str = "z9hG4bK1", cseq: int = 1) -> Request:
    octets = request_octets("ACK", branch=branch)
    tagged = octets.replace(b"192.0.2.2>\r\n", f"192.0.2.2>;tag={transaction.local_tag}\r\n".encode())
    return received(tagged.replace(b"1 ACK", f"{cseq} ACK".encode()))


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_100_comes_before_every_other_response(transport: str) -> None:
    server, transaction, _ = begin("INVITE", CALLER._replace(transport=transport))
    server.reply(transaction, 182, now_ns=0)
    assert sends(server) == ["SIP/2.0 100 Trying", "SIP/2.0 182 Queued"]
    assert server.next_timer_ns() is None


def test_responses_go_where_the_via_says_once_the_connection_is_gone() -> None:
    source = Hop("tcp", "192.0.2.1", 40_000)
    server, transaction, request = begin("INVITE", source)
    server.reply(transaction, 182, now_ns=0)
    server.take_outgoing()
    assert server.transport_failed(source, 0) == []
    other = Hop("tcp", source.host, request.top_via.port or 5060)
    assert server.take_outgoing() == [(transaction.octets, other)]
    server.reply(transaction, 180, now_ns=0)
    assert [hop for _, hop in server.take_outgoing()] == [other]
    assert server.transport_failed(other, 0) == [ResponseUnsent(transaction)]
    server.reply(transaction, 487, now_ns=0)
    assert server.transport_failed(other, 0) == []


def test_invite_gets_100_and_repetitions_the_last_response() -> None:
    server, transaction, request = begin()
    assert sends(server) == ["SIP/2.0 100 Trying"]
    assert server.next_timer_ns() is None
    assert server.receive(request, SECOND) == []
    assert sends(server) == ["SIP/2.0 100 Trying"]
    server.reply(transaction, 182, "Queued; you are next", now_ns=SECOND)
    server.receive(request, 2 * SECOND)
    assert sends(server) == ["SIP/2.0 182 Queued; you are next"] * 2
    assert server.next_timer_ns() is None


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_reliable_provisional_response_is_repeated_until_64_t1(transport: str) -> None:
    server, transaction, _ = begin("INVITE", CALLER._replace(transport=transport))
    server.reply(transaction, 182, now_ns=0)
    server.repeat_until_acknowledged(transaction, 0)
    server.take_outgoing()
    times, events = run_out(server)
    assert times == [0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert events == [PrackMissing(transaction)]
    assert not transaction.is_final


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("end", ["acknowledged", "200", "486"])
def test_what_ends_the_repeating_of_a_provisional_response(transport: str, end: str) -> None:
    server, transaction, _ = begin("INVITE", CALLER._replace(transport=transport))
    server.reply(transaction, 182, now_ns=0)
    server.repeat_until_acknowledged(transaction, 0)
    if end == "acknowledged":
        server.provisional_acknowledged(transaction)
    else:
        server.reply(transaction, int(end), now_ns=0)
        server.receive(ack_of(transaction), 0)
    sends(server)
    assert run_out(server) == ([], [])


def test_timer_g_doubles_up_to_t2_until_timer_h() -> None:
    server, transaction, _ = begin()
    server.take_outgoing()
    assert server.reply(transaction, 486, now_ns=0)
    assert sends(server) == ["SIP/2.0 486 Busy Here"]
    times, events = run_out(server)
    assert times == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert events == []
    assert len(server) == 0


@pytest.mark.parametrize(("transport", "kept_s"), [("udp", 5), ("tcp", 0)])
def test_the_ack_of_a_failure_stops_timer_g(transport: str, kept_s: int) -> None:
    server, transaction, request = begin("INVITE", CALLER._replace(transport=transport))
    server.reply(transaction, 486, now_ns=0)
    server.take_outgoing()
    if transport == "udp":
        server.receive(request, 0)
        assert sends(server) == ["SIP/2.0 486 Busy Here"]
    assert server.receive(ack_of(transaction), SECOND) == []
    assert server.next_timer_ns() == ((1 + kept_s) * SECOND if kept_s else None)
    if kept_s:
        server.receive(ack_of(transaction), SECOND)
        server.receive(request, SECOND)
        assert sends(server) == []
        server.handle_timers((1 + kept_s) * SECOND)
    assert len(server) == 0


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_2xx_is_repeated_until_64_t1_and_its_missing_ack_reported(transport: str) -> None:
    server, transaction, request = begin("INVITE", CALLER._replace(transport=transport))
    server.reply(transaction, 200, now_ns=0)
    server.receive(request, 0)
    assert sends(server) == ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"]
    times, events = run_out(server)
    assert times == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert events == [AckMissing(transaction)]
    assert len(server) == 0


def test_the_ack_of_a_2xx_comes_up_once_and_stops_the_repeating() -> None:
    server, transaction, _ = begin()
    server.reply(transaction, 200, now_ns=0)
    server.take_outgoing()
    ack = ack_of(transaction, branch="z9hG4bKack")
    assert server.receive(ack, SECOND) == [AckReceived(transaction, ack)]
    assert server.receive(ack, SECOND) == []
    times, events = run_out(server)
    assert (times, events) == ([], [])
    assert len(server) == 0


def test_the_ack_of_something_unknown_comes_up_without_a_transaction() -> None:
    server, transaction, _ = begin()
    server.reply(transaction, 200, now_ns=0)
    other = ack_of(transaction, branch="z9hG4bKack", cseq=2)
    assert server.receive(other, 0) == [AckReceived(None, other)]


@pytest.mark.parametrize(("transport", "kept_s"), [("udp", 32), ("tcp", 0)])
def test_timer_j_answers_repetitions(transport: str, kept_s: int) -> None:
    server, transaction, request = begin("BYE", CALLER._replace(transport=transport))
    assert server.receive(request, 0) == []
    assert sends(server) == []
    assert server.reply(transaction, 200, now_ns=SECOND)
    assert sends(server) == ["SIP/2.0 200 OK"]
    if kept_s:
        server.receive(request, 2 * SECOND)
        assert sends(server) == ["SIP/2.0 200 OK"]
        assert server.next_timer_ns() == (1 + kept_s) * SECOND
        server.handle_timers((1 + kept_s) * SECOND)
    assert len(server) == 0


def test_a_provisional_response_is_repeated_for_other_methods() -> None:
    server, transaction, request = begin("BYE")
    server.reply(transaction, 100, now_ns=0)
    server.receive(request, 0)
    assert sends(server) == ["SIP/2.0 100 Trying"] * 2
    assert transaction.state == State.PROCEEDING


def test_a_request_nobody_answers_is_forgotten_when_its_sender_gives_up() -> None:
    server, transaction, _ = begin("BYE")
    assert server.next_timer_ns() == 32 * SECOND
    server.handle_timers(32 * SECOND)
    assert len(server) == 0
    assert not server.reply(transaction, 200, now_ns=33 * SECOND)


def test_there_is_one_final_response() -> None:
    server, transaction, request = begin()
    assert server.reply(transaction, 487, now_ns=0)
    server.take_outgoing()
    assert not server.reply(transaction, 200, now_ns=0)
    assert not server.reply(transaction, 180, now_ns=0)
    assert server.take_outgoing() == []
    assert server.counters["late_responses"] == 2
    assert request.method == "INVITE"
