"""Session timers: the negotiation table of RFC 4028."""

import pytest

from adapters.sip.protocol import (
    MalformedMessage,
    Refusal,
    SessionPolicy,
    SessionTimer,
    agreed_session_timer,
    answer_session_timer,
    build_response,
    session_timer_headers,
    wanted_min_se_s,
)
from tests.sip.protocol.support import SECOND, received, request_octets

POLICY = SessionPolicy(interval_s=1800, min_se_s=120)


def answer(extra: str) -> SessionTimer | Refusal:
    return answer_session_timer(received(request_octets(extra=extra)), POLICY)


@pytest.mark.parametrize(
    ("extra", "interval_s", "refresher"),
    [
        ("Supported: timer\r\nSession-Expires: 600\r\n", 600, "uac"),
        ("Supported: timer\r\nx: 600;refresher=uas\r\n", 600, "uas"),
        ("Supported: timer\r\nSession-Expires: 7200;refresher=uac\r\n", 1800, "uac"),
        ("Supported: timer\r\nSession-Expires: 7200\r\nMin-SE: 3600\r\n", 3600, "uac"),
        ("Require: timer\r\nSupported: timer\r\n", 1800, "uac"),
        ("", 1800, "uas"),
        ("Session-Expires: 60;refresher=uac\r\n", 120, "uas"),
    ],
)
def test_agreement(extra: str, interval_s: int, refresher: str) -> None:
    timer = answer(extra)
    assert isinstance(timer, SessionTimer)
    assert (timer.interval_s, timer.refresher, timer.we_refresh) == (interval_s, refresher, refresher == "uas")
    assert ("Require", "timer") in timer.response_headers() or refresher == "uas"


def test_too_short_is_422() -> None:
    assert answer("Supported: timer\r\nSession-Expires: 100\r\n") == Refusal(422, headers=(("Min-SE", "120"),))


def test_what_we_offer_and_what_comes_back() -> None:
    assert session_timer_headers(POLICY) == (("Supported", "timer"), ("Session-Expires", "1800"), ("Min-SE", "120"))
    assert session_timer_headers(POLICY, 3600)[1:] == (("Session-Expires", "3600"), ("Min-SE", "3600"))
    invite = received(request_octets())
    for value, expected in (("900;refresher=uac", True), ("900;refresher=uas", False), ("900", True)):
        timer = agreed_session_timer(build_response(invite, 200, headers=[("Session-Expires", value)]))
        assert timer is not None
        assert (timer.interval_s, timer.we_refresh) == (900, expected)
    assert agreed_session_timer(build_response(invite, 200)) is None
    assert wanted_min_se_s(build_response(invite, 422, headers=[("Min-SE", "3600")])) == 3600


def test_when_to_refresh_and_when_to_give_up() -> None:
    timer = SessionTimer(1800, True, "uac")
    assert timer.refresh_at_ns(SECOND) == 901 * SECOND
    assert timer.expires_at_ns(SECOND) == 1769 * SECOND
    assert SessionTimer(90, True, "uac").expires_at_ns(0) == 60 * SECOND


def test_in_a_refresh_the_roles_turn() -> None:
    assert SessionTimer(900, True, "uas").refresh_headers()[1] == ("Session-Expires", "900;refresher=uac")
    assert SessionTimer(900, False, "uac").refresh_headers()[1] == ("Session-Expires", "900;refresher=uas")


@pytest.mark.parametrize(
    "extra",
    ["Session-Expires: x\r\n", "Session-Expires: 0\r\n", "Session-Expires: 99999999999999\r\n", "Min-SE: -1\r\n"],
)
def test_malformed(extra: str) -> None:
    with pytest.raises(MalformedMessage):
        answer(extra)
