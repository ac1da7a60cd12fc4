"""Reason, and what a queued caller is told."""

import pytest

from adapters.sip.protocol import COMPLETED_ELSEWHERE, Reason, queued_phrase, reasons_of
from tests.sip.protocol.support import received, request_octets


def test_reasons() -> None:
    message = received(
        request_octets("BYE", extra='Reason: SIP ;cause=486 ;text="Busy, here", Q.850;cause=17\r\nReason: X\r\n')
    )
    assert reasons_of(message) == [Reason("SIP", 486, "Busy, here"), Reason("Q.850", 17), Reason("X", 0)]


@pytest.mark.parametrize("value", ['SIP;text="unclosed', "SIP;cause=1;cause=2", ""])
def test_what_cannot_be_read_is_left_out(value: str) -> None:
    assert reasons_of(received(request_octets("BYE", extra=f"Reason: {value}\r\n"))) == []


def test_written() -> None:
    assert str(COMPLETED_ELSEWHERE) == 'SIP;cause=200;text="Call completed elsewhere"'
    assert str(Reason("Q.850", 16)) == "Q.850;cause=16"


def test_queued_phrase() -> None:
    assert queued_phrase(1, None) == "Queued; you are next"
    assert queued_phrase(2, 45) == "Queued; 1 call ahead; expected waiting time is 45 seconds"
    assert queued_phrase(6, 900) == "Queued; 5 calls ahead; expected waiting time is 15 minutes"
