"""Each message of RFC 4475 by name: accepted, refused with the right status, or discarded."""

import pytest

from adapters.sip.protocol import (
    Authenticator,
    Capabilities,
    Hop,
    MalformedMessage,
    Request,
    Response,
    StreamFramer,
    TokenSource,
    TransactionLayer,
    check_request,
    check_response,
    parse_datagram,
)
from tests.sip.protocol.support import torture, torture_names

CAPABILITIES = Capabilities(
    methods=("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "REGISTER", "MESSAGE"),
    body_types=("application/sdp", "multipart/mixed"),
)

# What INDEX.tsv expects, where it leaves a choice the strict one: accept, discard, or the status of the refusal.
EXPECTED: dict[str, str | int] = {
    "wsinv": "accept", "intmeth": 501, "esc01": "accept", "escnull": "accept", "esc02": 501, "lwsdisp": "accept",
    "longreq": "accept", "dblreq": "accept", "semiuri": "accept", "transports": "accept", "mpart01": "accept",
    "unreason": "accept", "noreason": "accept", "badinv01": 400, "clerr": 400, "ncl": 400, "scalar02": 400,
    "scalarlg": "discard", "quotbal": 400, "ltgtruri": 400, "lwsruri": 400, "lwsstart": 400, "trws": 400,
    "escruri": 400, "baddate": "accept", "regbadct": 400, "badaspec": 400, "baddn": 400, "badvers": 505,
    "mismatch01": 400, "mismatch02": 400, "bigcode": "discard", "badbranch": "accept", "insuf": 400, "unkscm": 416,
    "novelsc": 416, "unksm2": 404, "bext01": 420, "invut": 415, "regaut01": "accept", "multi01": 400, "mcl01": 400,
    "bcast": "discard", "zeromf": "accept", "cparam01": "accept", "cparam02": "accept", "regescrt": "accept",
    "sdp01": 406, "inv2543": "accept",
}  # fmt: skip


def handling(octets: bytes, capabilities: Capabilities = CAPABILITIES) -> str | int:
    try:
        message = parse_datagram(octets)
    except MalformedMessage:
        return "discard"
    if isinstance(message, Response):
        return "discard" if check_response(message) else "accept"
    refusal = check_request(message, capabilities)
    return refusal.status if refusal else "accept"


def request(name: str) -> Request:
    message = parse_datagram(torture(name))
    assert isinstance(message, Request)
    return message


@pytest.mark.parametrize("name", EXPECTED)
def test_handling(name: str) -> None:
    assert handling(torture(name)) == EXPECTED[name]


def test_every_message_is_covered() -> None:
    names = torture_names()
    if not names:
        pytest.skip("the RFC 4475 messages are not in the shared data folder")
    assert sorted(names) == sorted(EXPECTED)
    assert len(names) == 49


@pytest.mark.parametrize("name", EXPECTED)
def test_the_layer_answers_as_checked(name: str) -> None:
    """Through the transaction layer: the refusal goes out, the accepted request comes up, the rest is dropped."""
    octets = torture(name)
    layer = TransactionLayer(CAPABILITIES, TokenSource(b"seed"), {"udp": "192.0.2.9"})
    try:
        message = parse_datagram(octets, Hop("udp", "192.0.2.200", 5060))
    except MalformedMessage:
        assert EXPECTED[name] == "discard"
        return
    events = layer.receive(message, 0)
    sent = [octets.split(b" ", 2)[1] for octets, _ in layer.take_outgoing()]
    if isinstance(message, Response):
        # The 2xx of an INVITE is for the user, whoever sent that.
        assert [type(event).__name__ for event in events] == (["StrayAnswer"] if name == "unreason" else [])
        assert not sent
    elif EXPECTED[name] == "accept":
        assert [type(event).__name__ for event in events] == ["RequestReceived"]
        assert sent == ([b"100"] if message.method == "INVITE" else [])
    else:
        assert not events
        # Nobody could match a response to badinv01, whose Via cannot be read.
        assert sent == ([] if name == "badinv01" else [str(EXPECTED[name]).encode()])


def test_wsinv_reads_through_the_white_space() -> None:
    message = request("wsinv")
    assert message.to_tag == "1918181833n"
    assert message.from_tag == "98asjd8"
    assert message.get_address("from").display_name == 'J Rosenberg \\"'
    assert message.cseq == (9, "INVITE")
    assert message.get_number("max-forwards", 255, 70) == 68
    assert message.get("subject", "absent") == ""
    assert [via.split(";")[0].split()[-1] for via in message.vias] == [
        "192.0.2.2",
        "spindle.example.com",
        "192.168.255.111",
    ]
    assert message.top_via.branch == "390skdjuw"
    assert not message.top_via.is_unique
    assert message.get("newfangledheader") == "newfangled value continued newfangled value"
    contact = message.contact
    assert contact is not None
    assert contact.params == {"newparam": "newvalue", "secondparam": "", "q": "0.33"}
    assert contact.display_name == 'Quoted string ""'
    assert len(message.body) == 150


def test_intmeth_keeps_unusual_characters() -> None:
    message = request("intmeth")
    assert message.method == "!interesting-Method0123456789_*+`.%indeed'~"
    assert message.get_address("to").display_name == "BEL:\x07 NUL:\x00 DEL:\x7f"
    assert message.from_tag == "_token~1'+`*%!-."
    assert message.uri.host == "example.com"


def test_esc01_does_not_unescape_before_routing() -> None:
    message = request("esc01")
    assert message.uri.scheme == "sip"
    assert message.uri.user == "sips%3Auser%40example.com"
    assert message.uri.decoded_user == "sips:user@example.com"
    assert message.uri.host == "example.net"


def test_escnull_holds_two_distinct_contacts() -> None:
    contacts = request("escnull").get_list("contact")
    assert contacts == ["<sip:%00@host5.example.com>", "<sip:%00%00@host5.example.com>"]


def test_esc02_has_two_contacts_and_an_unknown_header() -> None:
    message = request("esc02")
    assert len(message.get_list("contact")) == 2
    assert "c%6fntact" in message.fields


def test_longreq_has_34_vias() -> None:
    message = request("longreq")
    assert len(message.vias) == 34
    assert message.top_via.host == "sip33.example.com"
    assert len(message.body) == 150


def test_dblreq_ignores_the_second_message() -> None:
    message = request("dblreq")
    assert message.method == "REGISTER"
    assert message.body == b""


def test_dblreq_on_a_stream_is_two_messages() -> None:
    messages = StreamFramer().receive_data(torture("dblreq"))
    assert [message.cseq.method for message in messages] == ["REGISTER", "INVITE"]


def test_semiuri_has_the_semicolon_in_the_user() -> None:
    assert request("semiuri").uri.decoded_user == "user;par=u@example.net"


def test_mpart01_keeps_the_binary_body() -> None:
    message = request("mpart01")
    assert len(message.body) == 553
    assert b"\0" in message.body


def test_noreason_and_unreason() -> None:
    empty, odd = parse_datagram(torture("noreason")), parse_datagram(torture("unreason"))
    assert isinstance(empty, Response)
    assert isinstance(odd, Response)
    assert empty.reason == ""
    assert odd.reason.startswith("= 2**3 * 5**2 но сто девяносто девять")


def test_clerr_on_a_stream_waits_for_more() -> None:
    framer = StreamFramer()
    assert framer.receive_data(torture("clerr")) == []
    assert not framer.failure


@pytest.mark.parametrize("name", ["ncl", "mcl01"])
def test_bad_content_length_on_a_stream_closes_it(name: str) -> None:
    framer = StreamFramer()
    messages = framer.receive_data(torture(name) + torture(name))
    assert [handling_of.defect for handling_of in messages] == [framer.failure]
    assert framer.failure
    assert framer.receive_data(torture("dblreq")) == []


def test_baddn_is_refused_for_its_display_name_too() -> None:
    """The file as published lacks the empty line; the display name is wrong even with it."""
    assert handling(torture("baddn") + b"\r\n") == 400


def test_badbranch_is_matched_the_old_way() -> None:
    layer = TransactionLayer(CAPABILITIES, TokenSource(b"seed"), {"udp": "192.0.2.9"})
    source = Hop("udp", "192.0.2.1", 5060)
    octets = torture("badbranch")
    other = octets.replace(b"badbranch.sadon", b"another.sadon")
    assert len(layer.receive(parse_datagram(octets, source), 0)) == 1
    assert len(layer.receive(parse_datagram(octets, source), 0)) == 0
    assert len(layer.receive(parse_datagram(other, source), 0)) == 1


def test_refusals_say_what_would_do() -> None:
    def headers(name: str) -> dict[str, str]:
        refusal = check_request(request(name), CAPABILITIES)
        assert refusal is not None
        return dict(refusal.headers)

    assert headers("bext01") == {"Unsupported": "nothingSupportsThis, nothingSupportsThisEither"}
    assert headers("invut") == {"Accept": "application/sdp, multipart/mixed"}
    assert headers("intmeth") == {"Allow": "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, MESSAGE"}


def test_an_element_that_forwards_minds_hops_and_proxy_require() -> None:
    forwarding = Capabilities(methods=CAPABILITIES.methods, forwards=True)
    assert handling(torture("zeromf"), forwarding) == 483
    refusal = check_request(request("bext01"), forwarding)
    assert refusal is not None
    assert dict(refusal.headers)["Unsupported"].endswith("norDoAnyProxiesSupportThis")


def test_a_known_method_that_is_not_allowed_is_405() -> None:
    assert handling(torture("cparam01"), Capabilities()) == 405


def test_regaut01_counts_as_without_credentials() -> None:
    authenticator = Authenticator("example.com", b"secret")
    assert authenticator.verify(request("regaut01"), lambda user, algorithm: "0" * 32, 0).outcome == "missing"


def test_cparam01_and_cparam02_differ_in_whose_parameter_it_is() -> None:
    header, uri = request("cparam01").contact, request("cparam02").contact
    assert header is not None
    assert uri is not None
    assert header.params == {"unknownparam": ""}
    assert header.uri.params == {}
    assert uri.params == {}
    assert uri.uri.params == {"unknownparam": ""}


def test_regescrt_keeps_the_escaped_headers() -> None:
    contact = request("regescrt").contact
    assert contact is not None
    assert contact.uri_text == "sip:user@example.com?Route=%3Csip:sip.example.com%3E"


def test_inv2543_lacks_what_rfc_3261_added() -> None:
    message = request("inv2543")
    assert message.from_tag == ""
    assert message.top_via.branch == ""
    assert "max-forwards" not in message.fields
