"""What the log keeps of legs can be written and read whatever peers say."""

from adapters.sip.legs.records import DialogState, decode_leg
from adapters.sip.protocol import Dialog
from adapters.sip.protocol.offer_answer import Origin
from tests.sip.protocol.support import CALLER, received, received_response, request_octets


def test_routes_that_are_not_utf8_are_kept_readable() -> None:
    route = b"Record-Route: <sip:edge.example;lr;x=\xff\xfe>\r\n"
    octets = request_octets().replace(b"Call-ID:", route + b"Call-ID:")
    head, _, _ = octets.partition(b"\r\n")
    answer = octets.replace(head, b"SIP/2.0 200 OK").replace(b"To: ", b"To: ", 1)
    opened = [
        Dialog.from_request(received(octets), "b2", "<sip:q@h>"),
        Dialog.from_response(received_response(answer), "<sip:q@h>"),
    ]
    for dialog in opened:
        state = DialogState("", dialog, CALLER, Origin(), b"")
        again = decode_leg(state.encode())
        assert isinstance(again, DialogState)
        assert again.dialog.route_set == ["<sip:edge.example;lr;x=\ufffd\ufffd>"]
