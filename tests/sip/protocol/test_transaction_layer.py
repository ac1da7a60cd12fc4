"""The layer as a whole: matching, CANCEL, limits, and whole calls over a wire that loses messages."""

import pytest

from adapters.sip.protocol import (
    AckReceived,
    CancelReceived,
    Dialog,
    Request,
    RequestReceived,
    ResponseReceived,
    TransactionLimitReached,
    build_response,
    parse_datagram,
)
from tests.sip.protocol.support import (
    CALLER,
    SDP_BODY,
    SECOND,
    SERVER,
    Wire,
    layer,
    outgoing_request,
    received,
    request_octets,
)


def statuses(wire: Wire) -> list[int]:
    return [event.response.status for event in wire.caller_events if isinstance(event, ResponseReceived)]


def run_call(wire: Wire) -> tuple[Dialog, Dialog]:
    """INVITE, 182, 180, 200, ACK; the dialogs of caller and server."""
    invite = outgoing_request(wire.caller, body=SDP_BODY, transport=wire.to_server.transport)
    client = wire.caller.send_request(invite, wire.to_server, wire.now_ns)
    wire.deliver()
    wire.pass_time(SECOND)
    (offered,) = [event for event in wire.server_events if isinstance(event, RequestReceived)]
    for status in (182, 180):
        wire.server.reply(offered.transaction, status, now_ns=wire.now_ns, contact="<sip:queue@192.0.2.2>")
    wire.server.reply(
        offered.transaction, 200, now_ns=wire.now_ns, contact="<sip:queue@192.0.2.2>", content_type="application/sdp",
        body=SDP_BODY,
    )  # fmt: skip
    wire.deliver()
    wire.pass_time(SECOND)
    answer = next(
        event.response
        for event in wire.caller_events
        if isinstance(event, ResponseReceived) and event.response.status == 200
    )
    ours = Dialog.from_response(answer, "<sip:ann@192.0.2.1>")
    theirs = Dialog.from_request(offered.request, offered.transaction.local_tag, "<sip:queue@192.0.2.2>")
    ack = ours.build_ack(answer, wire.caller.new_via(wire.to_server.transport))
    wire.caller.acknowledge(client, ack, wire.to_server, answer)
    wire.deliver()
    return ours, theirs


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_call(transport: str) -> None:
    wire = Wire(transport)
    ours, theirs = run_call(wire)
    assert wire.sent == ["INVITE", "100", "182", "180", "200", "200", "ACK"]
    # 200 is there twice, for it is repeated until the ACK; the caller's user sees both, having acknowledged neither.
    assert statuses(wire) == [100, 182, 180, 200, 200]
    assert isinstance(wire.server_events[-1], AckReceived)
    assert ours.id == (theirs.call_id, theirs.remote_tag, theirs.local_tag)

    bye = ours.build_request("BYE", wire.caller.new_via(transport))
    wire.caller.send_request(bye, wire.to_server, wire.now_ns)
    wire.deliver()
    ended = wire.server_events[-1]
    assert isinstance(ended, RequestReceived)
    assert theirs.receive_request(ended.request) is None
    wire.server.reply(ended.transaction, 200, now_ns=wire.now_ns)
    wire.deliver()
    assert wire.sent[-2:] == ["BYE", "200"]
    wire.pass_time(64 * SECOND)
    assert (len(wire.caller), len(wire.server)) == (0, 0)
    assert wire.caller.next_timer_ns() is None


def test_a_lost_ack_is_sent_again() -> None:
    wire = Wire()
    wire.lose = {"ACK"}
    run_call(wire)
    assert not any(isinstance(event, AckReceived) for event in wire.server_events)
    wire.lose = set()
    wire.pass_time(4 * SECOND)
    assert sum(isinstance(event, AckReceived) for event in wire.server_events) == 1
    assert wire.sent.count("ACK") == 2


def test_a_lost_invite_is_sent_again_and_comes_up_once() -> None:
    wire = Wire()
    wire.lose = {"100"}
    wire.caller.send_request(outgoing_request(wire.caller), SERVER, 0)
    wire.deliver()
    wire.pass_time(2 * SECOND)
    assert wire.sent == ["INVITE", "100"] * 3
    assert len(wire.server_events) == 1
    assert wire.server.counters["retransmissions_received"] == 2


def test_cancel_is_answered_and_comes_up_once() -> None:
    wire = Wire()
    client = wire.caller.send_request(outgoing_request(wire.caller), SERVER, 0)
    wire.deliver()
    assert wire.caller.cancel(client, 0, (("Reason", 'SIP;cause=200;text="Call completed elsewhere"'),))
    wire.deliver()
    offered, cancelled = wire.server_events
    assert isinstance(offered, RequestReceived)
    assert isinstance(cancelled, CancelReceived)
    assert cancelled.transaction is offered.transaction
    assert cancelled.request.get("reason").startswith("SIP")
    wire.server.reply(offered.transaction, 487, now_ns=0)
    wire.deliver()
    assert statuses(wire) == [100, 487]
    assert wire.sent == ["INVITE", "100", "CANCEL", "200", "487", "ACK"]
    wire.pass_time(64 * SECOND)
    assert (len(wire.caller), len(wire.server)) == (0, 0)


def test_cancel_after_the_final_response_changes_nothing() -> None:
    server = layer()
    (event,) = server.receive(received(request_octets()), 0)
    assert isinstance(event, RequestReceived)
    server.reply(event.transaction, 200, now_ns=0)
    server.take_outgoing()
    assert server.receive(received(request_octets("CANCEL")), 0) == []
    ((octets, _),) = server.take_outgoing()
    assert octets.startswith(b"SIP/2.0 200")
    assert parse_datagram(octets).to_tag == event.transaction.local_tag


def test_cancel_of_nothing_is_481() -> None:
    server = layer()
    assert server.receive(received(request_octets("CANCEL")), 0) == []
    assert server.take_outgoing()[0][0].startswith(b"SIP/2.0 481")


def test_an_invite_that_its_cancel_has_overtaken_is_over() -> None:
    server = layer()
    assert server.receive(received(request_octets("CANCEL")), 0) == []
    for again in range(2):
        assert server.receive(received(request_octets(body=SDP_BODY)), (10 + again) * SECOND) == []
    assert server.receive(received(request_octets("ACK")), 12 * SECOND) == []
    assert [octets[8:11] for octets, _ in server.take_outgoing()] == [b"481", b"487", b"487"]
    assert server.counters["invites_overtaken"] == 1
    other = request_octets(body=SDP_BODY, branch="z9hG4bKother").replace(b"call-1", b"call-2")
    assert len(server.receive(received(other), 12 * SECOND)) == 1, "nobody takes that back"


def test_a_cancel_is_remembered_for_as_long_as_its_invite_may_come() -> None:
    server = layer()
    server.receive(received(request_octets("CANCEL")), 0)
    server.handle_timers(32 * SECOND)
    assert len(server) == 0
    assert len(server.receive(received(request_octets(body=SDP_BODY)), 33 * SECOND)) == 1


def test_the_old_way_of_matching() -> None:
    """RFC 2543 senders have no branch: an INVITE, its repetition, CANCEL and ACK still belong together."""
    server = layer()
    (event,) = server.receive(received(request_octets(branch="1")), 0)
    assert isinstance(event, RequestReceived)
    assert server.receive(received(request_octets(branch="1")), 0) == []
    (cancelled,) = server.receive(received(request_octets("CANCEL", branch="1")), 0)
    assert isinstance(cancelled, CancelReceived)
    server.reply(event.transaction, 487, now_ns=0)
    tag = event.transaction.local_tag.encode()
    ack = request_octets("ACK", branch="1").replace(b"192.0.2.2>\r\n", b"192.0.2.2>;tag=" + tag + b"\r\n")
    assert server.receive(received(ack), 0) == []
    assert event.transaction.state == "confirmed"


def test_the_same_branch_from_another_host_is_another_transaction() -> None:
    server = layer()
    other = request_octets().replace(b"UDP 192.0.2.1:5060", b"UDP 192.0.2.3:5060").replace(b"call-1", b"call-2")
    assert len(server.receive(received(request_octets()), 0)) == 1
    assert len(server.receive(received(other), 0)) == 1


def test_an_invite_that_came_twice_on_two_ways_is_482() -> None:
    server = layer()
    (event,) = server.receive(received(request_octets()), 0)
    assert isinstance(event, RequestReceived)
    server.take_outgoing()
    assert server.receive(received(request_octets(branch="z9hG4bKfork")), 0) == []
    assert server.take_outgoing()[0][0].startswith(b"SIP/2.0 482")
    server.reply(event.transaction, 200, now_ns=0)
    later = request_octets(branch="z9hG4bKlater").replace(b"1 INVITE", b"2 INVITE")
    assert len(server.receive(received(later), 0)) == 1


def test_a_refusal_goes_through_a_transaction() -> None:
    server = layer()
    invite = received(request_octets(extra="Require: 100rel\r\n"))
    assert server.receive(invite, 0) == []
    assert server.receive(invite, 0) == []
    sent = [octets for octets, _ in server.take_outgoing()]
    assert len(sent) == 2
    assert sent[0] == sent[1]
    assert b"\r\nUnsupported: 100rel\r\n" in sent[0]
    assert server.counters["refused.420"] == 1


def test_an_ack_is_never_answered() -> None:
    server = layer()
    bad = received(request_octets("ACK").replace(b"CSeq: 1 ACK", b"CSeq: x"))
    assert server.receive(bad, 0) == []
    assert server.take_outgoing() == []
    assert server.counters["discarded.ack"] == 1


def test_a_full_layer_says_503_and_refuses_to_send() -> None:
    server = layer(max_transactions=1)
    assert len(server.receive(received(request_octets()), 0)) == 1
    server.take_outgoing()
    assert server.receive(received(request_octets("BYE", branch="z9hG4bK2")), 0) == []
    ((octets, hop),) = server.take_outgoing()
    assert octets.startswith(b"SIP/2.0 503")
    assert b"\r\nRetry-After: 5\r\n" in octets
    assert hop == CALLER
    with pytest.raises(TransactionLimitReached):
        server.send_request(outgoing_request(server, "OPTIONS"), CALLER, 0)
    assert len(server) == 1


def test_stopped_timers_do_not_pile_up() -> None:
    server = layer(max_transactions=10**6)
    for number in range(8_000):
        (event,) = server.receive(
            received(request_octets("BYE", branch=f"z9hG4bK{number}"), CALLER._replace(transport="tcp")), number
        )
        assert isinstance(event, RequestReceived)
        server.reply(event.transaction, 200, now_ns=number)
        if number % 1000 == 0:
            server.handle_timers(number)
            server.take_outgoing()
    assert len(server) == 0
    server.handle_timers(8_000)
    assert server._timers.size <= 4096


def test_time_never_runs_backwards() -> None:
    caller = layer(CALLER)
    caller.handle_timers(10 * SECOND)
    caller.send_request(outgoing_request(caller), SERVER, 3 * SECOND)
    assert caller.next_timer_ns() == 10 * SECOND + SECOND // 2


def test_equal_seeds_give_equal_octets() -> None:
    def run() -> list[bytes]:
        server = layer()
        server.receive(received(request_octets()), 0)
        server.receive(received(request_octets(extra="Require: x\r\n", branch="z9hG4bK2")), 0)
        return [octets for octets, _ in server.take_outgoing()]

    assert run() == run()


def test_an_invite_of_before_a_restart_is_answered_and_acknowledged() -> None:
    before, after = layer(), layer()
    invite = received(request_octets())
    heard = before.receive(invite, 0)[0]
    assert isinstance(heard, RequestReceived)
    resumed = after.resume_server(received(invite.raw), heard.transaction.local_tag, 0)
    assert after.receive(received(invite.raw), 0) == []
    assert after.reply(resumed, 200, now_ns=0)
    (octets, hop) = after.take_outgoing()[-1]
    assert hop == CALLER
    assert f";tag={heard.transaction.local_tag}".encode() in octets


def test_a_call_of_before_a_restart_is_taken_back_and_its_end_heard() -> None:
    before, after = layer(CALLER), layer(CALLER)
    invite = outgoing_request(before)
    before.send_request(invite, SERVER, 0)
    sent = parse_datagram(before.take_outgoing()[0][0])
    assert isinstance(sent, Request)
    resumed = after.resume_client(sent, SERVER, "leg", 0)
    assert after.cancel(resumed, 0)
    assert after.take_outgoing()[0][0].startswith(
        b"CANCEL sip:queue@192.0.2.2 SIP/2.0\r\nVia: " + sent.vias[0].encode()
    )
    ended = build_response(received(invite.raw), 487, to_tag="t")
    heard = after.receive(parse_datagram(ended.raw, SERVER), 0)[0]
    assert isinstance(heard, ResponseReceived)
    assert heard.transaction.context == "leg"
    assert after.take_outgoing()[0][0].startswith(b"ACK ")


def test_a_2xx_that_is_known_to_have_arrived_is_not_repeated() -> None:
    server = layer()
    heard = server.receive(received(request_octets()), 0)[0]
    assert isinstance(heard, RequestReceived)
    server.reply(heard.transaction, 200, now_ns=0)
    server.stop_repeating(heard.transaction)
    server.take_outgoing()
    assert server.handle_timers(40 * SECOND) == []
    assert server.take_outgoing() == []
