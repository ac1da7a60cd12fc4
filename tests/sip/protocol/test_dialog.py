"""Dialogs: how they begin, what they send, what they refuse, and that they survive as a record."""

import msgspec
import pytest

from adapters.sip.protocol import (
    Dialog,
    Hop,
    Request,
    Response,
    build_response,
    dialog_id_of,
    parse_datagram,
)
from tests.sip.protocol.support import received, request_octets

VIA = "SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKours"
ROUTES = "Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\n"


def answered(status: int = 200, extra: str = "", contact: str = "<sip:agent@192.0.2.9:5070>") -> Response:
    response = build_response(received(request_octets(extra=extra)), status, to_tag="b2", contact=contact)
    parsed = parse_datagram(response.raw)
    assert isinstance(parsed, Response)
    return parsed


def server_dialog(extra: str = "") -> Dialog:
    return Dialog.from_request(received(request_octets(extra=extra)), "b2", "<sip:queue@192.0.2.2>")


def from_peer(dialog: Dialog, method: str, cseq: int, contact: str = "") -> Request:
    """A request of the peer within the dialog."""
    octets = request_octets(method).replace(b"192.0.2.2>\r\n", f"192.0.2.2>;tag={dialog.local_tag}\r\n".encode())
    octets = octets.replace(f"CSeq: 1 {method}".encode(), f"CSeq: {cseq} {method}".encode())
    return received(octets.replace(b"<sip:ann@192.0.2.1:5060>", (contact or "<sip:ann@192.0.2.1:5060>").encode()))


def test_both_sides_agree() -> None:
    server, caller = server_dialog(ROUTES), Dialog.from_response(answered(extra=ROUTES), "<sip:ann@192.0.2.1>")
    assert server.id == ("call-1@192.0.2.1", "b2", "a1")
    assert caller.id == ("call-1@192.0.2.1", "a1", "b2")
    assert server.route_set == ["<sip:p1;lr>", "<sip:p2;lr>"]
    assert caller.route_set == ["<sip:p2;lr>", "<sip:p1;lr>"]
    assert (server.remote_target, caller.remote_target) == ("sip:ann@192.0.2.1:5060", "sip:agent@192.0.2.9:5070")
    assert dialog_id_of(from_peer(server, "BYE", 2)) == server.id


def test_a_request_to_the_letter() -> None:
    dialog = server_dialog(ROUTES)
    assert dialog.build_request("BYE", VIA, headers=[("Reason", "SIP;cause=480")]).raw == (
        b"BYE sip:ann@192.0.2.1:5060 SIP/2.0\r\n"
        b"Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKours\r\n"
        b"Max-Forwards: 70\r\n"
        b"From: <sip:queue@192.0.2.2>;tag=b2\r\n"
        b'To: "Ann" <sip:ann@192.0.2.1>;tag=a1\r\n'
        b"Call-ID: call-1@192.0.2.1\r\n"
        b"CSeq: 1 BYE\r\n"
        b"Route: <sip:p1;lr>\r\n"
        b"Route: <sip:p2;lr>\r\n"
        b"Reason: SIP;cause=480\r\n"
        b"Content-Length: 0\r\n"
        b"\r\n"
    )
    assert dialog.state == "terminated"
    assert dialog.next_hop() == Hop("udp", "p1", 5060)


def test_our_requests_count_up_and_carry_our_contact_when_they_refresh() -> None:
    dialog = server_dialog()
    first, second = dialog.build_request("INVITE", VIA), dialog.build_request("INFO", VIA)
    assert (first.cseq.number, second.cseq.number) == (1, 2)
    assert first.get("contact") == "<sip:queue@192.0.2.2>"
    assert "contact" not in second.fields
    assert dialog.next_hop() == Hop("udp", "192.0.2.1", 5060)


def test_the_ack_has_the_number_of_its_invite() -> None:
    response = answered()
    dialog = Dialog.from_response(response, "<sip:ann@192.0.2.1>")
    dialog.build_request("UPDATE", VIA)
    ack = dialog.build_ack(response, VIA, content_type="application/sdp", body=b"v=0\r\n")
    assert (ack.method, ack.cseq.number, ack.target, ack.to_tag, ack.body) == (
        "ACK",
        1,
        "sip:agent@192.0.2.9:5070",
        "b2",
        b"v=0\r\n",
    )


def test_a_strict_router_finds_itself_in_the_request_uri() -> None:
    dialog = server_dialog("Record-Route: <sip:strict@p1>, <sip:p2;lr>\r\n")
    request = dialog.build_request("INFO", VIA)
    assert request.target == "sip:strict@p1"
    assert request.get_list("route") == ["<sip:p2;lr>", "<sip:ann@192.0.2.1:5060>"]
    assert dialog.next_hop().host == "p1"


def test_a_dialog_is_confirmed_by_the_2xx_and_goes_by_its_routes() -> None:
    assert Dialog.from_response(answered(180), "<sip:ann@192.0.2.1>").state == "early"
    dialog = Dialog.from_response(answered(200, ROUTES, "<sip:other@192.0.2.9>"), "<sip:ann@192.0.2.1>")
    assert dialog.state == "confirmed"
    assert dialog.route_set == ["<sip:p2;lr>", "<sip:p1;lr>"]
    assert dialog.remote_target == "sip:other@192.0.2.9"


def test_a_request_out_of_order_is_500() -> None:
    dialog = server_dialog()
    assert dialog.receive_request(from_peer(dialog, "INFO", 5)) is None
    refusal = dialog.receive_request(from_peer(dialog, "INFO", 4))
    assert refusal is not None
    assert refusal.status == 500
    assert dialog.receive_request(from_peer(dialog, "INFO", 6)) is None


def test_targets_are_refreshed_by_target_refresh_requests_only() -> None:
    dialog = server_dialog()
    dialog.receive_request(from_peer(dialog, "INFO", 2, "<sip:wrong@192.0.2.1>"))
    assert dialog.remote_target == "sip:ann@192.0.2.1:5060"
    dialog.receive_request(from_peer(dialog, "UPDATE", 3, "<sip:ann@192.0.2.77>"))
    assert dialog.remote_target == "sip:ann@192.0.2.77"
    dialog.receive_response(answered(200, contact="<sip:ann@192.0.2.78>"))
    assert dialog.remote_target == "sip:ann@192.0.2.78"


@pytest.mark.parametrize("status", [408, 481])
def test_responses_that_end_a_dialog(status: int) -> None:
    dialog = server_dialog()
    dialog.receive_response(answered(status))
    assert dialog.state == "terminated"


def test_after_bye_there_is_no_dialog() -> None:
    dialog = server_dialog()
    assert dialog.receive_request(from_peer(dialog, "BYE", 2)) is None
    refusal = dialog.receive_request(from_peer(dialog, "INFO", 3))
    assert refusal is not None
    assert refusal.status == 481


def test_a_record_survives_json_and_goes_on_where_it_was() -> None:
    dialog = server_dialog(ROUTES)
    dialog.build_request("INFO", VIA)
    again = msgspec.json.decode(msgspec.json.encode(dialog), type=Dialog)
    assert again == dialog
    assert again.build_request("INFO", VIA).raw == dialog.build_request("INFO", VIA).raw


def test_octets_that_are_not_utf8_do_not_reach_the_record() -> None:
    request = received(request_octets().replace(b'"Ann"', b'"\xff"'))
    assert msgspec.json.encode(Dialog.from_request(request, "t", "<sip:q@h>"))


def test_peers_of_rfc_2543() -> None:
    octets = request_octets().replace(b";tag=a1", b"").replace(b"Contact: <sip:ann@192.0.2.1:5060>\r\n", b"")
    dialog = Dialog.from_request(received(octets), "b2", "<sip:q@h>")
    assert dialog.remote_tag == ""
    assert dialog.remote_target == "sip:ann@192.0.2.1"


def test_secure() -> None:
    dialog = server_dialog()
    assert not dialog.secure
    dialog.remote_target = "sips:a@b"
    assert dialog.secure
    assert dialog.next_hop().transport == "tls"
