"""The form of a payload, and what is told of its facts."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mqtt import translate
from adapters.mqtt.translate import form_of, result_of, stated, unread
from engine.messages.decoding import JSON, MSGPACK, Fault, Malformed
from engine.messages.observed import ContactReleased
from engine.ports import OpenContact, Receipt


@given(
    st.recursive(
        st.none() | st.integers(-(2**63), 2**63) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_value_in_either_form_is_told_apart(value: Any) -> None:
    text = json.dumps(value).encode()
    assert form_of(text) == JSON
    if isinstance(value, list | dict):
        assert form_of(msgspec.msgpack.encode(value)) == MSGPACK


def test_the_content_type_decides() -> None:
    assert form_of(b"{}", "Application/JSON; charset=utf-8") == JSON
    assert form_of(b"{}", "application/x-msgpack") == MSGPACK
    assert form_of(b"") == JSON
    with pytest.raises(Malformed, match="the content type 'text/plain' is none of application/json"):
        form_of(b"{}", "text/plain")


def test_results_count_and_point() -> None:
    facts = [ContactReleased(id=str(number), contact="c") for number in range(4)]
    receipts = [
        Receipt(7),
        Receipt(3, duplicate=True),
        Receipt(0, error="there is no open contact 'c'", field="contact"),
        Receipt(8, refused="wrong_state"),
    ]
    result = result_of("pbx", facts, receipts, many=True)
    assert (result.accepted, result.duplicates, result.rejected, result.refused, result.seq) == (2, 1, 1, 1, 8)
    assert [fault.pointer for fault in result.errors] == ["/2/contact"]
    assert [found.id for found in result.results] == ["0", "1", "2", "3"]
    assert (
        result_of("", facts[:1], [Receipt(0, error="no", field="contact")], many=False).errors[0].pointer == "/contact"
    )
    assert unread("", [Fault("no")]).rejected == 1


def test_a_state_says_when_it_is_true() -> None:
    assert json.loads(stated(b'{"queue":"x"}', 5, 9)) == {"as_of": 5, "at_ns": 9, "queue": "x"}


def test_a_restored_contact() -> None:
    payload = translate.restored_payload(OpenContact("c", "sales", "offered", ("alice",), {"leg": b"secret"}))
    assert json.loads(payload) == {
        "type": "contact_restored",
        "contact": "c",
        "queue": "sales",
        "state": "offered",
        "agents": ["alice"],
    }
