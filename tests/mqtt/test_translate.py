"""Payloads to facts, and what is wrong with those that are none."""

import json
from typing import Any

import msgpack
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mqtt import translate
from adapters.mqtt.translate import Malformed, decode_facts, form_of, result_of, stated, unread
from engine.messages.observed import ContactArrived, ContactReleased
from engine.ports import OpenContact, Receipt

ARRIVAL = {"type": "contact_arrived", "id": "1", "contact": "c", "queue": "sales"}


@pytest.mark.parametrize("encode", [lambda value: json.dumps(value).encode(), msgpack.packb])
def test_one_and_many(encode: Any) -> None:
    fact = ContactArrived(id="1", contact="c", queue="sales")
    assert decode_facts(encode(ARRIVAL), 10) == ([fact], False)
    assert decode_facts(encode([ARRIVAL] * 20), 20) == ([fact] * 20, True)
    assert decode_facts(encode([ARRIVAL] * 70_000), 70_000)[1]


@pytest.mark.parametrize("encode", [lambda value: json.dumps(value).encode(), msgpack.packb])
def test_every_wrong_item_is_pointed_at(encode: Any) -> None:
    body = encode([ARRIVAL, {**ARRIVAL, "skills": {"x": 99}}, {**ARRIVAL, "queue": ""}, {**ARRIVAL, "more": 1}])
    with pytest.raises(Malformed) as caught:
        decode_facts(body, 10)
    assert [fault.pointer for fault in caught.value.faults] == ["/1/skills/...", "/2/queue", "/3"]


def test_a_batch_has_a_bound() -> None:
    with pytest.raises(Malformed, match="the array has 11 facts; 1 to 10 are possible"):
        decode_facts(json.dumps([ARRIVAL] * 11).encode(), 10)
    many = [{"type": "x"}] * 500
    with pytest.raises(Malformed) as caught:
        decode_facts(json.dumps(many).encode(), 1000)
    assert len(caught.value.faults) == translate.FAULTS_MAX


@given(st.binary(max_size=200))
def test_any_bytes_are_facts_or_a_fault(payload: bytes) -> None:
    faults: list[translate.Fault] = []
    try:
        facts, _ = decode_facts(payload, 10)
    except Malformed as bad:
        facts, faults = [], bad.faults
    assert bool(facts) != bool(faults)
    assert all(fault.detail for fault in faults)


@given(
    st.recursive(
        st.none() | st.integers(-(2**63), 2**63) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_value_in_either_form_is_told_apart(value: Any) -> None:
    text = json.dumps(value).encode()
    assert form_of(text) == "json"
    if isinstance(value, list | dict):
        assert form_of(msgspec.msgpack.encode(value)) == "msgpack"


def test_the_content_type_decides() -> None:
    body = json.dumps(ARRIVAL).encode()
    assert decode_facts(body, 1, "Application/JSON; charset=utf-8")[0]
    with pytest.raises(Malformed):
        decode_facts(body, 1, "application/msgpack")
    with pytest.raises(Malformed, match="the content type 'text/plain' is none of application/json"):
        decode_facts(body, 1, "text/plain")


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
    assert unread("", [translate.Fault("no")]).rejected == 1


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
