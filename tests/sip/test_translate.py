"""SIP's words and the engine's, value by value."""

import pytest

from adapters.sip.protocol import reasons_of
from adapters.sip.translate import (
    cancel_reason,
    cause_of,
    customer_of,
    decline_of,
    entry_of,
    exit_reason,
    final_answer,
    priority_of,
    release_cause,
)
from engine.messages.kinds import EXIT_NAMES, OFFER_END_NAMES
from tests.sip.protocol.support import received, request_octets


@pytest.mark.parametrize(
    ("status", "rang", "reason"),
    [
        (486, True, "busy"),
        (600, False, "busy"),
        (603, True, "declined"),
        (302, False, "declined"),
        (480, False, "declined"),
        (480, True, "no_answer"),
        (408, True, "no_answer"),
        (487, True, "no_answer"),
        (408, False, "unreachable"),
        (404, False, "unreachable"),
        (503, True, "unreachable"),
    ],
)
def test_why_a_phone_declined(status: int, rang: bool, reason: str) -> None:
    assert decline_of(status, rang) == reason


@pytest.mark.parametrize(
    ("exit_name", "given_s", "status", "retry_after"),
    [
        ("refused_full", 30, 486, "30"),
        ("refused_trunk", 10, 503, "10"),
        ("refused_closed", 0, 480, None),
        ("refused_empty", 0, 480, None),
        ("timed_out", 0, 480, "60"),
        ("withdrawn", 0, 480, None),
        ("callback", 0, 480, None),
        ("system_error", 0, 500, None),
    ],
)
def test_how_a_caller_is_told(exit_name: str, given_s: int, status: int, retry_after: str | None) -> None:
    answer = final_answer(exit_name, given_s)
    headers = dict(answer.headers)
    assert (answer.status, headers.get("Retry-After")) == (status, retry_after)
    assert headers["Reason"].startswith("Q.850;cause=")


def test_every_exit_and_every_end_of_an_offer_has_words() -> None:
    for name in EXIT_NAMES.values():
        assert 400 <= final_answer(name).status < 600
        assert exit_reason(name)
    for name in OFFER_END_NAMES.values():
        assert cancel_reason(name)[0][0] == "Reason"
    assert cause_of(486) == 17
    assert cause_of(499) == 31


@pytest.mark.parametrize(
    ("header", "cause"),
    [
        ("", 16),
        ("Reason: Q.850;cause=31;text=x\r\n", 31),
        ("Reason: q.850 ; cause = 19\r\n", 19),
        ("Reason: SIP;cause=200\r\n", 16),
        ("Reason: Q.850;cause=99999\r\n", 16),
    ],
)
def test_the_cause_that_a_bye_gives(header: str, cause: int) -> None:
    request = received(request_octets("BYE", extra=header))
    assert release_cause(request) == cause
    assert len(reasons_of(request)) == bool(header)


@pytest.mark.parametrize(
    ("header", "priority"),
    [
        ("", 0),
        ("Resource-Priority: ets.0\r\n", 7),
        ("Resource-Priority: wps.4, dsn.flash\r\n", 3),
        ("Resource-Priority: q735.0\r\n", 5),
        ("Resource-Priority: esnet.1\r\nResource-Priority: unknown.1\r\n", 1),
        ("Priority: emergency\r\n", 7),
        ("Priority: normal\r\n", 0),
    ],
)
def test_the_priority_that_is_asked_for(header: str, priority: int) -> None:
    assert priority_of(received(request_octets(extra=header))) == priority


def test_who_calls_whom() -> None:
    request = received(request_octets())
    assert (customer_of(request), entry_of(request)) == ("ann", "queue")
    anonymous = request_octets().replace(b"sip:ann@192.0.2.1>;tag", b"sip:anonymous@anonymous.invalid>;tag")
    assert customer_of(received(anonymous)) == ""
    escaped = request_octets().replace(b"sip:queue@192.0.2.2 ", b"sip:%2B49%2030@192.0.2.2 ")
    assert entry_of(received(escaped)) == "+49 30"
