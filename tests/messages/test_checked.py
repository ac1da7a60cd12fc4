"""Twins of shapes that enforce what the shapes describe, and bodies that need no twin."""

from typing import Annotated, Any, get_args

import msgspec
import pytest

from engine.messages.checked import WITHOUT_CONTROLS, checked, line_of_text, may_hold_controls
from engine.messages.decoding import JSON, MSGPACK, Malformed, decode_facts
from engine.messages.json_keys import surely_once
from engine.messages.observed import ContactArrived, Observed

ENCODE = {JSON: msgspec.json.encode, MSGPACK: msgspec.msgpack.encode}


class Plain(msgspec.Struct):
    """Nothing of it has a pattern."""

    text: str


class Inner(msgspec.Struct, kw_only=True):
    """A shape within a shape."""

    name: Annotated[str, line_of_text(1, 4)] = "a"


class Outer(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Patterns at every depth."""

    inner: Inner | None = None
    many: list[Annotated[str, line_of_text(1, 4)]] = msgspec.field(default_factory=list)
    keyed: dict[Annotated[str, line_of_text(1, 4)], int | None] = msgspec.field(default_factory=dict)


def test_what_describes_no_pattern_is_its_own_twin() -> None:
    assert checked(Plain) is Plain
    assert checked(int | None) == int | None


@pytest.mark.parametrize("value", [{"inner": {"name": "a\n"}}, {"many": ["b", "a\x7f"]}, {"keyed": {"\x00": None}}])
def test_a_twin_refuses_control_characters_at_every_depth(value: dict[str, Any]) -> None:
    msgspec.convert(value, Outer)
    with pytest.raises(msgspec.ValidationError, match="matching regex"):
        msgspec.convert(value, checked(Outer))


def test_a_twin_keeps_the_other_bounds() -> None:
    with pytest.raises(msgspec.ValidationError, match="length <= 4"):
        msgspec.convert({"many": ["abcde"]}, checked(Outer))
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert({"other": 1}, checked(Outer))
    assert msgspec.to_builtins(msgspec.convert({}, checked(Outer))) == msgspec.to_builtins(Outer())


def test_every_name_of_every_fact_is_enforced_and_described_alike() -> None:
    def patterns(shape: Any) -> str:
        (components,) = msgspec.json.schema_components([shape], ref_template="{name}")[1:]
        return msgspec.json.encode(components, order="deterministic").decode()

    for shape in get_args(Observed):
        twin = checked(shape)
        described = patterns(shape).count(msgspec.json.encode(WITHOUT_CONTROLS).decode())
        assert described == patterns(twin).count(msgspec.json.encode(WITHOUT_CONTROLS).decode())
        assert (twin is shape) == (described == 0)


@pytest.mark.parametrize("form", [JSON, MSGPACK])
@pytest.mark.parametrize("name", ["a\n", "\x00", "b\x7f", "\x1f"])
def test_names_with_control_characters_are_refused_where_they_stand(form: str, name: str) -> None:
    facts = [{"type": "contact_arrived", "contact": each, "queue": "q"} for each in ("good", name)]
    with pytest.raises(Malformed) as raised:
        decode_facts(ENCODE[form](facts), form, 10)
    (fault,) = raised.value.faults
    assert (fault.pointer, fault.detail) == ("/1/contact", "Expected `str` without control characters")


@pytest.mark.parametrize("form", [JSON, MSGPACK])
@pytest.mark.parametrize("name", ["số 1", 'a "b" \\ c', "x\x80"])
def test_other_names_are_taken(form: str, name: str) -> None:
    fact = {"type": "contact_arrived", "contact": name, "queue": "q"}
    assert decode_facts(ENCODE[form]([fact]), form, 10)[0] == [ContactArrived(contact=name, queue="q")]


def test_free_text_may_hold_line_breaks() -> None:
    fact = {"type": "contact_arrived", "contact": "c", "queue": "q", "attributes": {"note": "a\nb"}}
    assert decode_facts(msgspec.json.encode(fact), JSON, 1)[0][0] == ContactArrived(
        contact="c", queue="q", attributes={"note": "a\nb"}
    )


def test_escapes_alone_hold_no_control_character() -> None:
    assert not may_hold_controls(b'["\\u1ed1"]', ["số"[1:]], is_json=True)
    assert may_hold_controls(b'["\\n"]', ["\n"], is_json=True)
    assert may_hold_controls(b'["\x7f"]', ["\x7f"], is_json=True)


@pytest.mark.parametrize(
    ("body", "objects", "sure"),
    [
        (b'[{"a":1,"b":"x"},{"a":2}]', 2, True),
        (b'{"a" : 1, "b":"10:30"}', 1, True),
        (b'{"a":1,"a":2}', 1, False),
        (b'{"a" :1,"a" :2}', 1, False),
        (b'[{"a":1,"b":1,"b":1},{"a":2}]', 2, False),
        (b'{"a":{"b":1,"b":2}}', 1, False),
        (b'{"a":"{"}', 1, False),
        (b'{"a":"\\n"}', 1, False),
    ],
)
def test_a_quick_look_is_sure_of_nothing_that_is_repeated(body: bytes, objects: int, sure: bool) -> None:
    assert surely_once(body, objects) is sure
