"""Bodies become facts, or a pointer to every place that is wrong."""

import json
from typing import Any

import msgpack
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.messages.decoding import (
    FAULTS_MAX,
    JSON,
    MSGPACK,
    Fault,
    Malformed,
    TooMany,
    build_fact,
    decode_as,
    decode_facts,
    fault_of,
    pointer_to,
)
from engine.messages.observed import ContactArrived, LegRecorded, QueueClosed

ARRIVAL = {"type": "contact_arrived", "id": "1", "contact": "c", "queue": "sales"}
FACT = ContactArrived(id="1", contact="c", queue="sales")


def packed(value: Any, form: str) -> bytes:
    """Return a value in one form, as other programs write it."""
    return json.dumps(value).encode() if form == JSON else bytes(msgpack.packb(value))


both_forms = pytest.mark.parametrize("form", [JSON, MSGPACK])


@both_forms
def test_one_and_many(form: str) -> None:
    assert decode_facts(packed(ARRIVAL, form), form, 10) == ([FACT], False)
    assert decode_facts(packed([ARRIVAL] * 20, form), form, 20) == ([FACT] * 20, True)
    assert decode_facts(packed([ARRIVAL] * 70_000, form), form, 70_000)[1]


@both_forms
def test_every_wrong_item_is_pointed_at(form: str) -> None:
    items = [ARRIVAL, {**ARRIVAL, "skills": {"x": 99}}, {**ARRIVAL, "queue": ""}, {**ARRIVAL, "more": 1}]
    with pytest.raises(Malformed) as caught:
        decode_facts(packed(items, form), form, 10)
    assert [fault.pointer for fault in caught.value.faults] == ["/1/skills/x", "/2/queue", "/3"]


@both_forms
def test_a_batch_has_a_bound(form: str) -> None:
    with pytest.raises(TooMany, match="the array has 11 facts; at most 10 are possible"):
        decode_facts(packed([ARRIVAL] * 11, form), form, 10)
    with pytest.raises(Malformed) as caught:
        decode_facts(packed([{"type": "x"}] * 500, form), form, 1000)
    assert len(caught.value.faults) == FAULTS_MAX


def test_bytes_travel_in_both_forms() -> None:
    leg = LegRecorded(contact="c1", leg="a", record=b"\x00\xff")
    assert decode_facts(msgspec.json.encode(leg), JSON, 1)[0] == [leg]
    assert decode_facts(msgspec.msgpack.encode(leg), MSGPACK, 1)[0] == [leg]


MALFORMED = [
    (b"", "nothing in it", [""]),
    (b"[]", "empty", [""]),
    (b"{", "truncated", [""]),
    (b"not json", "malformed", [""]),
    (b'{"type": "contact_arrived", "contact": "c1"}', "queue", [""]),
    (b'{"type": "contact_arived"}', "contact_arived", ["/type"]),
    (b"17", "object", [""]),
    (b'[{"type": "queue_closed", "queue": 4}]', "str", ["/0/queue"]),
    (
        b'[{"type": "queue_closed", "queue": "a"}, 3, {"type": "queue_closed", "quue": "a"}]',
        "object",
        ["/1", "/2", "/2"],
    ),
    (b'{"type": "contact_arrived", "contact": "a", "queue": "b", "priority": 8}', "7", ["/priority"]),
    (b'{"type": "contact_arrived", "contact": "a", "queue": "b", "skills": {"x": 11}}', "10", ["/skills/x"]),
    (
        b'{"type": "contact_arrived", "contact": "a", "queue": "b", "skills": {"a/b.c]": 11, "": 1, "d~": "x"}}',
        "10",
        ["/skills/a~1b.c]", "/skills/", "/skills/d~0"],
    ),
    (
        b'{"type": "contact_arrived", "contact": "a", "queue": "b", "skills": {"a":1,"b":1,"c":1,"d":1,"e":1}}',
        "length <= 4",
        ["/skills"],
    ),
    (b'{"type": "contact_arrived", "contact": "", "queue": "b"}', "length", ["/contact"]),
    (b'{"type": "contact_arrived", "contact": "a", "queue": "b", "extra": 1}', "extra", [""]),
    (b'{"type": "exit_key_pressed", "contact": "a", "key": "12"}', "length", ["/key"]),
    (b'{"type": "leg_recorded", "contact": "a", "leg": "b", "record": "!"}', "base64", ["/record"]),
    (b'[{"type": "queue_closed", "queue": "a"', "truncated", [""]),
    (b"\xff\xfe", "", [""]),
]


@pytest.mark.parametrize(("body", "word", "pointers"), MALFORMED)
def test_malformed_bodies_are_pointed_at(body: bytes, word: str, pointers: list[str]) -> None:
    with pytest.raises(Malformed) as caught:
        decode_facts(body, JSON, 10)
    assert word in str(caught.value)
    assert [fault.pointer for fault in caught.value.faults] == pointers


@pytest.mark.parametrize(("form", "body"), [(JSON, b"[3, {"), (MSGPACK, b"\x92\x01")])
def test_a_wrong_item_before_a_broken_end(form: str, body: bytes) -> None:
    with pytest.raises(Malformed, match="truncated") as caught:
        decode_facts(body, form, 10)
    assert [fault.pointer for fault in caught.value.faults] == [""]


@pytest.mark.parametrize("body", [b"\x90", b"\x81", b"\xc1", b"\xdd\xff\xff\xff\xff", b"\x91\x01", b"\x01"])
def test_malformed_messagepack_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        decode_facts(body, MSGPACK, 10)


@given(st.binary(max_size=200), st.sampled_from([JSON, MSGPACK]))
def test_any_bytes_are_facts_or_a_fault(body: bytes, form: str) -> None:
    faults: list[Fault] = []
    try:
        facts, _ = decode_facts(body, form, 10)
    except Malformed as bad:
        facts, faults = [], bad.faults
    assert bool(facts) != bool(faults)
    assert all(fault.detail for fault in faults)


@both_forms
def test_an_empty_body_is_an_object_without_fields(form: str) -> None:
    assert decode_as(b"", form, dict[str, str]) == {}
    with pytest.raises(Malformed) as caught:
        decode_as(packed({"a": 1}, form), form, dict[str, str])
    assert [fault.pointer for fault in caught.value.faults] == ["/..."]


@both_forms
def test_a_body_of_another_shape_is_told_all_its_faults_too(form: str) -> None:
    class Shape(msgspec.Struct, forbid_unknown_fields=True):
        number: int
        levels: dict[str, int] = {}
        type: str = ""

    with pytest.raises(Malformed) as caught:
        decode_as(packed({"levels": {"a": 1, "b": "2"}, "type": 1, "numbr": 1}, form), form, Shape)
    assert [(fault.pointer, fault.detail) for fault in caught.value.faults] == [
        ("", "Object missing required field `number`"),
        ("/levels/b", "Expected `int`, got `str`"),
        ("/type", "Expected `str`, got `int`"),
        ("", "Object contains unknown field `numbr`; did you mean `number`?"),
    ]


def test_facts_are_built_of_fields() -> None:
    assert build_fact({"type": "queue_closed", "queue": "sales"}) == QueueClosed(queue="sales")
    with pytest.raises(Malformed) as caught:
        build_fact({"type": "queue_closed", "queue": ""})
    assert caught.value.faults[0].pointer == "/queue"


def test_pointers_follow_the_path_of_the_message() -> None:
    error = msgspec.ValidationError("Expected `int`, got `str` - at `$[3].a.b[0]`")
    assert fault_of(error) == Fault("Expected `int`, got `str`", "/3/a/b/0")
    assert fault_of(msgspec.ValidationError("Expected `int`"), "/7") == Fault("Expected `int`", "/7")
    assert [pointer_to("queue", 3), pointer_to("queue", None), pointer_to("", 3), pointer_to("", None)] == [
        "/3/queue",
        "/queue",
        "/3",
        "",
    ]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'[{"type": "contact_arrived", "attributes": ' + b"[" * 100_000, "too deeply"),
        (b'{"type": "contact_arrived", "contact": "\xff\xfe"}', "UTF-8"),
    ],
)
def test_bodies_that_nobody_sends_in_earnest_are_malformed(body: bytes, said: str) -> None:
    with pytest.raises(Malformed, match=said):
        decode_facts(body, JSON, 10)


@pytest.mark.parametrize(
    ("fields", "pointer", "told"),
    [
        ({"type": "contact_relased"}, "/type", "did you mean 'contact_released'? types are contact_arrived, "),
        ({"type": "zzz"}, "/type", "'zzz'; types are contact_arrived, contact_released, "),
        ({"contact": "c"}, "", "`type`; types are contact_arrived, "),
        (ARRIVAL | {"channel": "mail"}, "/channel", "did you mean 'email'? words are voice, chat, email, task"),
        ({"type": "x" * 100_000}, "/type", "types are contact_arrived, "),
    ],
)
@both_forms
def test_a_wrong_word_is_answered_with_the_right_ones(
    fields: dict[str, Any], pointer: str, told: str, form: str
) -> None:
    for body, base in ((fields, ""), ([ARRIVAL, fields], "/1")):
        with pytest.raises(Malformed) as caught:
            decode_facts(packed(body, form), form, 10)
        (fault,) = caught.value.faults
        assert (fault.pointer, told in fault.detail) == (base + pointer, True), fault.detail[-200:]


def test_a_fault_that_is_not_of_a_word_has_no_advice() -> None:
    with pytest.raises(Malformed) as caught:
        decode_facts(packed(ARRIVAL | {"attributes": {"channel": 7}}, JSON), JSON, 10)
    assert "words are" not in caught.value.faults[0].detail


@both_forms
def test_every_fault_of_every_item_is_told_at_once(form: str) -> None:
    items = [
        {
            "type": "contact_arrived",
            "contact": "",
            "priority": 9,
            "channel": "mail",
            "quue": "sales",
            "skills": {"a": 11},
        },
        ARRIVAL,
        {"type": "offer_answered", "contact": 5, "agent": "an"},
    ]
    with pytest.raises(Malformed) as caught:
        decode_facts(packed(items, form), form, 10)
    assert {(fault.pointer, fault.detail[:46]) for fault in caught.value.faults} == {
        ("/0/contact", "Expected `str` of length >= 1"),
        ("/0/channel", "Invalid enum value 'mail'; did you mean 'email"),
        ("/0/priority", "Expected `int` <= 7"),
        ("/0/skills/a", "Expected `int` <= 10"),
        ("/0", "Object missing required field `queue`"),
        ("/0", "Object contains unknown field `quue`; did you "),
        ("/2/contact", "Expected `str`, got `int`"),
    }
    assert (caught.value.items, caught.value.many) == (items, True)


REPEATED = [
    (b'{"type": "queue_closed", "queue": "a", "queue": "b"}', ["/queue"]),
    (b'{"type": "queue_closed", "queue" : "a", "queue":"b"}', ["/queue"]),
    (b'{"type": "queue_closed", "type": "queue_opened", "queue": "a"}', ["/type"]),
    (b'[{"type":"queue_closed","queue":"a"},{"type":"queue_closed","queue":"a","queue":"a"}]', ["/1/queue"]),
    (
        b'{"type":"contact_arrived","contact":"c","queue":"a","attributes":{"x/y":"1","z":"2","x/y":"3"}}',
        ["/attributes/x~1y"],
    ),
    (rb'{"type":"queue_closed","queue":"a","by":"\u0022:","by":"\u0022:"}', ["/by"]),
    (b'{"type":"queue_closed","queue":"a","queue":"a"}', ["/queue"]),
    (b'[{"type":"queue_closed","queue":"a","queue":"b"},{"type":"queue_closed","queue":7}]', ["/0/queue", "/1/queue"]),
]


@pytest.mark.parametrize(("body", "pointers"), REPEATED)
def test_a_key_that_stands_twice_is_refused(body: bytes, pointers: list[str]) -> None:
    with pytest.raises(Malformed) as caught:
        decode_facts(body, JSON, 10)
    assert [fault.pointer for fault in caught.value.faults] == pointers
    assert "keep one of the two" in str(caught.value)


@pytest.mark.parametrize("text", ['a": b', "a:b", '\\": ', ' " : "', "\u00e4\u003a", '{"a": 1, "a": 2}'])
def test_texts_that_look_like_keys_are_texts(text: str) -> None:
    attributes = {text: text, "other": text}
    fact = {**ARRIVAL, "attributes": attributes}
    for body in (json.dumps(fact), json.dumps([fact, fact], indent=1), msgspec.json.encode(fact).decode()):
        facts, _ = decode_facts(body.encode(), JSON, 10)
        assert facts[0] == ContactArrived(id="1", contact="c", queue="sales", attributes=attributes)


def test_commands_refuse_repeated_keys_too() -> None:
    with pytest.raises(Malformed) as caught:
        decode_as(b'{"a": 1, "b": {"c": 1, "c": 2}}', JSON, dict[str, Any])
    assert [fault.pointer for fault in caught.value.faults] == ["/b/c"]
