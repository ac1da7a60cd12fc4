"""Bodies become facts, or a pointer to every place that is wrong."""

import msgspec
import pytest

from adapters.http.problems import Problem
from adapters.http.translate import JSON, MSGPACK, decode_facts, media_type, pointer_of
from engine.messages.observed import ContactArrived, LegRecorded


def both(value: object) -> list[tuple[str, bytes]]:
    """Return a value in each form of a body."""
    return [(JSON, msgspec.json.encode(value)), (MSGPACK, msgspec.msgpack.encode(value))]


ARRIVAL = {"type": "contact_arrived", "contact": "c1", "queue": "sales"}


@pytest.mark.parametrize(("media", "body"), both(ARRIVAL))
def test_one_fact(media: str, body: bytes) -> None:
    assert decode_facts(body, media, 10) == ([ContactArrived(contact="c1", queue="sales")], False)


@pytest.mark.parametrize(("media", "body"), both([ARRIVAL] * 20))
def test_many_facts(media: str, body: bytes) -> None:
    facts, many = decode_facts(body, media, 20)
    assert (len(facts), many) == (20, True)
    with pytest.raises(Problem, match="at most 19"):
        decode_facts(body, media, 19)


def test_bytes_travel_in_both_forms() -> None:
    leg = LegRecorded(contact="c1", leg="a", record=b"\x00\xff")
    for media, body in both(leg):
        assert decode_facts(body, media, 1)[0] == [leg]


MALFORMED = [
    (b"", "", []),
    (b"[]", "empty", []),
    (b"{", "truncated", [""]),
    (b"not json", "malformed", [""]),
    (b'{"type": "contact_arrived", "contact": "c1"}', "queue", [""]),
    (b'{"type": "contact_arived"}', "contact_arived", ["/type"]),
    (b"17", "object", [""]),
    (b'[{"type": "queue_closed", "queue": 4}]', "str", ["/0/queue"]),
    (b'[{"type": "queue_closed", "queue": "a"}, 3, {"type": "queue_closed", "quue": "a"}]', "object", ["/1", "/2"]),
    (b'{"type": "contact_arrived", "contact": "a", "queue": "b", "priority": 8}', "7", ["/priority"]),
    (b'{"type": "contact_arrived", "contact": "a", "queue": "b", "skills": {"x": 11}}', "10", ["/skills/..."]),
    (b'{"type": "contact_arrived", "contact": "", "queue": "b"}', "length", ["/contact"]),
    (b'{"type": "contact_arrived", "contact": "a", "queue": "b", "extra": 1}', "extra", [""]),
    (b'{"type": "exit_key_pressed", "contact": "a", "key": "12"}', "length", ["/key"]),
    (b'{"type": "leg_recorded", "contact": "a", "leg": "b", "record": "!"}', "base64", ["/record"]),
    (b'[{"type": "queue_closed", "queue": "a"', "truncated", [""]),
    (b"\xff\xfe", "", [""]),
]


@pytest.mark.parametrize(("body", "word", "pointers"), MALFORMED)
def test_malformed_bodies_are_pointed_at(body: bytes, word: str, pointers: list[str]) -> None:
    with pytest.raises(Problem) as caught:
        decode_facts(body, JSON, 10)
    assert caught.value.kind.status == 400
    assert word in caught.value.detail
    assert [fault.pointer for fault in caught.value.errors] == pointers


@pytest.mark.parametrize("body", [b"\x90", b"\x81", b"\xc1", b"\xdd\xff\xff\xff\xff", b"\x91\x01", b"\x01"])
def test_malformed_messagepack_is_a_problem(body: bytes) -> None:
    with pytest.raises(Problem) as caught:
        decode_facts(body, MSGPACK, 10)
    assert caught.value.kind.status == 400


def test_pointers_follow_the_path_of_the_message() -> None:
    assert pointer_of("Expected `int`, got `str` - at `$[3].a.b[0]`") == ("Expected `int`, got `str`", "/3/a/b/0")
    assert pointer_of("Expected `int`", "/7") == ("Expected `int`", "/7")


def test_unknown_media_types_are_named() -> None:
    assert media_type("Application/JSON") == JSON
    with pytest.raises(Problem) as caught:
        media_type("text/plain")
    assert caught.value.kind.status == 415
