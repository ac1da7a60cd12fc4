"""Whatever arrives: only MalformedMessage leaves the parser, and nothing at all leaves the layer or the framer."""

import contextlib
import random
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sip.protocol import (
    Authenticator,
    Capabilities,
    Dialog,
    Hop,
    MalformedMessage,
    Request,
    RequestReceived,
    Response,
    SessionPolicy,
    StreamFramer,
    TokenSource,
    TransactionLayer,
    agreed_session_timer,
    answer_session_timer,
    build_response,
    check_request,
    check_response,
    dialog_id_of,
    direction_of,
    parse_datagram,
    reasons_of,
    refer_to_of,
    replaces_of,
)
from tests.sip.protocol.support import SDP_BODY, outgoing_request, request_octets, sipp_messages, torture, torture_names

SOURCE = Hop("udp", "192.0.2.1", 5060)
CAPABILITIES = Capabilities(methods=("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "REGISTER", "REFER", "MESSAGE"))
SPLICES = [
    b"\r\n", b"\n", b"\r", b" ", b"\t", b";", b",", b'"', b"<", b">", b"\\", b":", b"=",
    b"\0", b"\xff", b"%", b"@", b"?",
    b"z9hG4bK", b"SIP/2.0", b";tag=", b";branch=", b"Via: ", b"Content-Length: 5\r\n",
    b"9" * 30, b"[::1]", b"\xe2\x80\xa8", b"\xc2\xb2",
]  # fmt: skip


def corpus() -> list[bytes]:
    own = [request_octets(method, body=SDP_BODY) for method in ("INVITE", "ACK", "BYE", "CANCEL", "REFER")]
    own.append(
        request_octets(
            "REFER", extra="Refer-To: <sip:a@b?Replaces=c%3Bto-tag%3D1%3Bfrom-tag%3D2>\r\nSession-Expires: 90\r\n"
        )
    )
    own.append(
        request_octets(extra='Authorization: Digest realm="r", qop=auth, nonce="n", uri="sip:a", nc=00000001\r\n')
    )
    return own + [torture(name) for name in torture_names()] + sipp_messages()[:20]


CORPUS = corpus()


def mutate(octets: bytes, choice: random.Random) -> bytes:
    """Cut, double, overwrite or splice in a few places."""
    data = bytearray(octets)
    for _ in range(choice.randint(1, 6)):
        at = choice.randint(0, len(data))
        length = choice.choice((1, 1, 2, 8, 40))
        match choice.randint(0, 3):
            case 0:
                del data[at : at + length]
            case 1:
                data[at:at] = data[at : at + length]
            case 2:
                data[at : at + 1] = choice.choice(SPLICES)
            case _:
                data[at:at] = choice.choice(SPLICES)
    return bytes(data)


def touch_everything(message: Request | Response) -> None:
    """Ask for everything that can be asked; each answer may be MalformedMessage and nothing else."""
    checks: list[Callable[[], object]] = [
        lambda: message.top_via.sent_by,
        lambda: message.cseq,
        lambda: message.from_tag,
        lambda: message.to_tag,
        lambda: message.contact,
        lambda: [message.get_list(name) for name in message.fields],
        lambda: [message.get_address(name).uri for name in ("from", "to", "contact", "refer-to")],
        lambda: message.get_tokens("supported"),
        lambda: message.get_number("expires", 2**32 - 1, 0),
        lambda: (reasons_of(message), direction_of(message.body), message.content_type),
        lambda: replaces_of(message),
    ]
    if isinstance(message, Request):
        authenticator = Authenticator("r", b"secret")
        checks += [
            lambda: check_request(message, CAPABILITIES),
            lambda: message.uri,
            lambda: dialog_id_of(message),
            lambda: refer_to_of(message),
            lambda: answer_session_timer(message, SessionPolicy()),
            lambda: authenticator.verify(message, lambda user, algorithm: "0" * 32, 0),
            lambda: parse_datagram(build_response(message, 400, to_tag="t").raw),
            lambda: exercise_dialog(Dialog.from_request(message, "t", "<sip:q@h>"), message),
        ]
    else:
        checks += [
            lambda: agreed_session_timer(message),
            # What the grammar refuses opens no dialog.
            lambda: check_response(message) or msgspec.msgpack.encode(Dialog.from_response(message, "<sip:q@h>")),
        ]
    for check in checks:
        with contextlib.suppress(MalformedMessage):
            check()


def exercise_dialog(dialog: Dialog, request: Request) -> None:
    if check_request(request, CAPABILITIES) is None:
        dialog.receive_request(request)
        dialog.build_request("BYE", "SIP/2.0/UDP h;branch=z9hG4bKx")
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(dialog), type=Dialog) == dialog


def feed(octets: bytes, layer: TransactionLayer, now_ns: int) -> None:
    """One datagram through everything; what the layer sends must itself be readable."""
    try:
        message = parse_datagram(octets, SOURCE)
    except MalformedMessage:
        return
    touch_everything(message)
    for event in layer.receive(message, now_ns):
        if isinstance(event, RequestReceived):
            assert layer.reply(event.transaction, 200 + 286 * (now_ns % 2), now_ns=now_ns)
    for sent, _ in layer.take_outgoing():
        answer = parse_datagram(sent)
        assert not answer.defect


def new_layer() -> TransactionLayer:
    return TransactionLayer(CAPABILITIES, TokenSource(b"seed"), {"udp": "192.0.2.2:5060"}, max_transactions=500)


@pytest.mark.parametrize("seed", range(8))
def test_mutations_of_real_messages(seed: int) -> None:
    choice = random.Random(seed)
    layer = new_layer()
    for turn in range(400):
        feed(mutate(choice.choice(CORPUS), choice), layer, turn * 50_000_000)
        layer.handle_timers(turn * 50_000_000)
    assert len(layer) <= 500


@pytest.mark.parametrize("seed", range(4))
def test_mutations_of_responses_to_our_own_requests(seed: int) -> None:
    choice = random.Random(seed)
    layer = new_layer()
    for turn in range(300):
        now_ns = turn * 50_000_000
        request = outgoing_request(layer, choice.choice(("INVITE", "BYE")))
        transaction = layer.send_request(request, SOURCE, now_ns)
        if choice.random() < 0.3 and request.method == "INVITE":
            layer.cancel(transaction, now_ns)
        heard = parse_datagram(request.raw, SOURCE)
        assert isinstance(heard, Request)
        answer = build_response(heard, choice.choice((100, 180, 200, 302, 486, 503)), to_tag="x", body=SDP_BODY)
        for _ in range(2):
            octets = mutate(answer.raw, choice) if choice.random() < 0.8 else answer.raw
            try:
                message = parse_datagram(octets, SOURCE)
            except MalformedMessage:
                continue
            layer.receive(message, now_ns)
        layer.handle_timers(now_ns)
        layer.take_outgoing()


@given(st.binary(max_size=300))
def test_arbitrary_octets(octets: bytes) -> None:
    feed(octets, new_layer(), 0)
    feed(b"INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n" + octets, new_layer(), 0)


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.lists(st.integers(1, 700), max_size=12))
def test_streams_of_mutations(seed: int, sizes: list[int]) -> None:
    choice = random.Random(seed)
    stream = b"".join(
        mutate(choice.choice(CORPUS), choice) if choice.random() < 0.5 else choice.choice(CORPUS) for _ in range(4)
    )
    framer = StreamFramer(SOURCE._replace(transport="tcp"))
    layer = new_layer()
    position = 0
    for size in [*sizes, len(stream)]:
        for message in framer.receive_data(stream[position : position + size]):
            touch_everything(message)
            layer.receive(message, 0)
        position += size
    assert len(framer._buffer) <= 65536


@pytest.mark.parametrize(
    "evil",
    [
        b'"' * 60000,
        b";a" * 30000,
        b"<" * 60000,
        b"," * 60000,
        b"\\" * 60000,
        b" " * 60000,
        b"a " * 30000,
        b"%41" * 20000,
        b";a=" * 20000,
        b"\r\n " * 20000,
    ],
)
def test_no_value_makes_parsing_slow(evil: bytes) -> None:
    """Quadratic matching over 60 000 octets would take minutes and hit the test's time limit."""
    for name in (
        b"Via",
        b"From",
        b"To",
        b"Contact",
        b"Route",
        b"Record-Route",
        b"Reason",
        b"Authorization",
        b"Call-ID",
    ):
        octets = request_octets().replace(b"Max-Forwards: 70", name + b": x" + evil)
        feed(octets, new_layer(), 0)
        feed(octets.replace(b"INVITE sip:queue@192.0.2.2 ", b"INVITE sip:" + evil[:4000] + b" "), new_layer(), 0)
