"""Facts from bytes: JSON or MessagePack, one or an array of them, or a pointer to every place that is wrong."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec

from engine.errors import TrunklineError
from engine.messages.checked import WITHOUT_CONTROLS, checked, may_hold_controls
from engine.messages.json_keys import may_repeat, repeated_keys, surely_once
from engine.messages.json_texts import half_pairs
from engine.messages.observed import Observed

JSON: Final = "application/json"
MSGPACK: Final = "application/msgpack"
FORMS: Final = {JSON: JSON, MSGPACK: MSGPACK, "application/x-msgpack": MSGPACK}
"""The form of a body by its content type."""
FAULTS_MAX: Final = 100
"""Faults that are told of one body."""
POINTED_MAX: Final = 256
"""Characters of a key that a pointer repeats."""
_PLACE: Final = re.compile(r" - at `(?:key in )?\$(.*)`$")
_WORD: Final = re.compile(r"Invalid (?:enum )?value '([^']{0,64})")
_NO_CONTROLS: Final = f"matching regex {WITHOUT_CONTROLS!r}"
_UNTYPED: Final = "Object missing required field `type`"
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_ONE: Final[dict[str, Any]] = {JSON: msgspec.json.Decoder(Observed), MSGPACK: msgspec.msgpack.Decoder(Observed)}
_MANY: Final[dict[str, Any]] = {
    JSON: msgspec.json.Decoder(list[Observed]),
    MSGPACK: msgspec.msgpack.Decoder(list[Observed]),
}
_CHECKED: Final[Any] = checked(Observed)
"""Facts whose texts are looked through for control characters, too."""
_SHAPES: Final[dict[str, Any]] = {str(shape.__struct_config__.tag): shape for shape in get_args(_CHECKED)}


def _words_of_facts() -> dict[str, tuple[str, ...]]:
    """The words that a field of facts may hold, by the field's name; `type` among them."""
    words: dict[str, dict[str, None]] = {"type": {}}
    for shape in get_args(Observed):
        words["type"][str(shape.__struct_config__.tag)] = None
        for field, annotation in get_type_hints(shape).items():
            if get_origin(annotation) is Literal:
                words.setdefault(field, {}).update(dict.fromkeys(get_args(annotation)))
    return {field: tuple(found) for field, found in words.items()}


_WORDS: Final = _words_of_facts()


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong with a body."""

    detail: str
    pointer: str = ""
    """JSON pointer into the body; empty: all of it."""


class Malformed(TrunklineError):
    """A body that cannot be read; nothing was changed. `faults` has at least one."""

    def __init__(self, faults: Sequence[Fault], items: Sequence[Any] = (), many: bool = False) -> None:
        super().__init__(faults[0].detail)
        self.faults = list(faults)
        self.items = list(items)
        """The facts as they were sent, where the body could be read that far: they may be wrong otherwise, too."""
        self.many = many
        """Whether they stood in an array."""


class TooMany(Malformed):
    """An array of more facts than are taken at once."""


@contextmanager
def reading() -> Iterator[None]:
    """Around decoding: what decoders raise of bodies that nobody sends in earnest is Malformed, too."""
    try:
        yield
    except RecursionError:
        raise Malformed([Fault("values stand within values too deeply")]) from None
    except UnicodeDecodeError as error:
        raise Malformed([Fault(f"a text is not UTF-8: {error.reason}")]) from None


@reading()
def decode_facts(body: bytes, form: str, batch_limit: int) -> tuple[list[Observed], bool]:
    """Return the facts of a body, and whether it was an array. Raises Malformed, pointing at every bad item."""
    if not body:
        raise Malformed([Fault("there is nothing in it; send one fact or an array of them")])
    many = _is_array(body, form)
    try:
        facts: list[Observed] = _MANY[form].decode(body) if many else [_ONE[form].decode(body)]
        if may_hold_controls(body, facts, is_json=form == JSON):
            _decode(body, form, list[_CHECKED] if many else _CHECKED)
    except msgspec.DecodeError as error:
        raise _malformed(body, form, many, error) from None
    if not facts:
        raise Malformed([Fault("the array is empty; send at least one fact")])
    if len(facts) > batch_limit:
        raise TooMany([Fault(f"the array has {len(facts)} facts; at most {batch_limit} are possible")])
    if form == JSON and not surely_once(body, len(facts)):
        _refuse_repeated(body)
    return facts, many


@reading()
def decode_as(body: bytes, form: str, shape: type[Any]) -> Any:
    """Return a body of one shape; an empty body is an object without fields. Raises Malformed."""
    given = body or (b"{}" if form == JSON else b"\x80")
    try:
        _decode(given, form, checked(shape))
        found = _decode(given, form, shape)
    except msgspec.DecodeError as error:
        raise Malformed(_faults_as(body, form, checked(shape), error)) from None
    if form == JSON:
        _refuse_repeated(body)
    return found


def _decode(body: bytes, form: str, shape: Any) -> Any:
    return msgspec.json.decode(body, type=shape) if form == JSON else msgspec.msgpack.decode(body, type=shape)


def _faults_as(body: bytes, form: str, shape: Any, error: msgspec.DecodeError) -> list[Fault]:
    """Return every fault of a body of one shape, where it can be read without one; else the one that `error` is."""
    if isinstance(error, msgspec.ValidationError) and isinstance(shape, type) and issubclass(shape, msgspec.Struct):
        try:
            read = msgspec.json.decode(body) if form == JSON else msgspec.msgpack.decode(body)
        except msgspec.DecodeError:
            read = None
        if isinstance(read, dict):
            return (_repeated(body, read) if form == JSON else []) + _faults_of_fields(read, shape, "") or [
                fault_of(error)
            ]
    return _unreadable(body, form, error)


def _unreadable(body: bytes, form: str, error: msgspec.DecodeError) -> list[Fault]:
    """Return what is wrong with a body that no decoder reads: the texts that are no Unicode, else what `error` says."""
    if form != JSON or isinstance(error, msgspec.ValidationError):
        return [fault_of(error)]
    found = islice(half_pairs(body, escaped), FAULTS_MAX)
    return [Fault(sentence, pointer) for pointer, sentence in found] or [fault_of(error)]


def _refuse_repeated(body: bytes) -> None:
    """Raise Malformed for JSON in which a key stands twice: decoders would take one of the two without a word."""
    faults = _repeated(body, msgspec.json.decode(body)) if body else []
    if faults:
        raise Malformed(faults[:FAULTS_MAX])


def _repeated(body: bytes, value: Any) -> list[Fault]:
    pointers = repeated_keys(body) if may_repeat(body, value) else []
    return [Fault("this key stands in its object twice; keep one of the two", pointer) for pointer in pointers]


def is_text(text: str) -> bool:
    """Whether a header or a path was Unicode: bytes that are not UTF-8 come as halves of surrogate pairs."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def build_fact(fields: Mapping[str, Any]) -> Observed:
    """Return the fact of these fields, checked as one that came from outside. Raises Malformed."""
    try:
        msgspec.convert(dict(fields), _CHECKED)
        fact: Observed = msgspec.convert(dict(fields), Observed)
        return fact
    except msgspec.ValidationError:
        raise Malformed(faults_of_fact(dict(fields), "")) from None


def fault_of(error: msgspec.DecodeError, base: str = "") -> Fault:
    """Return a decoder's message as a sentence and the JSON pointer of the place, below `base`."""
    text = str(error).replace(_NO_CONTROLS, "without control characters")
    match = _PLACE.search(text)
    if match is None:
        return Fault(text + (_advice(text, ["type"]) if text == _UNTYPED else ""), base)
    steps = [name or index for name, index in _STEP.findall(match[1])]
    place = "".join(escaped(step) for step in steps)
    text = text[: match.start()]
    return Fault(text + _advice(text, steps), base + place)


def escaped(step: str) -> str:
    """Return a key as a step of a JSON pointer, as RFC 6901 has it; a long one is cut."""
    return "/" + step[:POINTED_MAX].replace("~", "~0").replace("/", "~1")


def _advice(text: str, steps: list[str]) -> str:
    """Return the end of a sentence on a wrong word: the nearest right one, and all that may stand there."""
    said = _WORD.match(text)
    field = "type" if text == _UNTYPED else steps[-1] if steps else ""
    # Below the first level of a fact (or of an array's item) a field is not one of the fact's own.
    own = text == _UNTYPED or len(steps) == 1 or (len(steps) == 2 and not steps[0].isalpha())
    words = _WORDS.get(field, ()) if own else ()
    if not words or not (said or text == _UNTYPED):
        return ""
    close = difflib.get_close_matches(said[1].casefold(), words, n=1) if said else []
    what = "types" if field == "type" else "words"
    return (f"; did you mean '{close[0]}'? {what} are " if close else f"; {what} are ") + ", ".join(words)


def pointer_to(field: str, place: int | None, key: str = "") -> str:
    """Return the JSON pointer of a fact's field; `place` is that of the fact in an array, None for one alone.

    `key` names the entry of a field that has several.
    """
    return ("" if place is None else f"/{place}") + (f"/{field}" if field else "") + (escaped(key) if key else "")


def _is_array(body: bytes, form: str) -> bool:
    if form == JSON:
        return body.lstrip(b" \t\r\n")[:1] == b"["
    return body[0] & 0xF0 == 0x90 or body[0] in (0xDC, 0xDD)


def _malformed(body: bytes, form: str, many: bool, error: msgspec.DecodeError) -> Malformed:
    """Return every fault of a body that `error` is one of."""
    if not isinstance(error, msgspec.ValidationError):
        return Malformed(_unreadable(body, form, error))
    try:
        read = msgspec.json.decode(body) if form == JSON else msgspec.msgpack.decode(body)
    except msgspec.ValidationError:  # a number too long for any decoder: where it stands only the shape can tell
        return Malformed([fault_of(error)])
    except msgspec.DecodeError as broken:  # a wrong item stood before the place where the body breaks off
        return Malformed(_unreadable(body, form, broken))
    items = read if many else [read]
    faults = _repeated(body, read) if form == JSON else []
    for place, item in enumerate(items):
        if len(faults) >= FAULTS_MAX:
            break
        faults += faults_of_fact(item, f"/{place}" if many else "")
    return Malformed(faults[:FAULTS_MAX] or [fault_of(error)], items, many)


def faults_of_fact(item: Any, base: str) -> list[Fault]:
    """Return everything that is wrong with the fields of one fact, read without a shape; none if it is good."""
    try:
        msgspec.convert(item, _CHECKED)
    except msgspec.ValidationError as error:
        first = fault_of(error, base)
    else:
        return []
    shape = _SHAPES.get(str(item.get("type"))) if isinstance(item, dict) else None
    if shape is None:
        return [first]
    return _faults_of_fields(item, shape, base) or [first]


def _faults_of_fields(item: dict[Any, Any], shape: type[msgspec.Struct], base: str) -> list[Fault]:
    """Return what is wrong with each field of an object of a shape."""
    faults: list[Fault] = []
    fields = {field.encode_name: field for field in msgspec.structs.fields(shape)}
    for name, field in fields.items():
        if name not in item:
            if field.required:
                faults.append(Fault(f"Object missing required field `{name}`", base))
            continue
        try:
            msgspec.convert(item[name], field.type)
        except msgspec.ValidationError as error:
            text, at, place = str(error).partition(" - at `")
            place = place.replace("$", f"$.{name}", 1) if at else f"$.{name}`"
            one = fault_of(msgspec.ValidationError(f"{text} - at `{place}"), base)
            faults += _faults_of_entries(item[name], field.type, f"{base}/{name}") or [one]
    for name in item:
        if name not in fields and name != shape.__struct_config__.tag_field:
            close = difflib.get_close_matches(str(name), fields, n=1)
            advice = f"; did you mean `{close[0]}`?" if close else ""
            faults.append(Fault(f"Object contains unknown field `{str(name)[:64]}`{advice}", base))
    return faults


def _faults_of_entries(value: Any, kind: Any, base: str) -> list[Fault]:
    """Return what is wrong with each entry of a mapping by itself: decoders do not say which one it is."""
    faults: list[Fault] = []
    for key, inner in value.items() if isinstance(value, dict) else ():
        try:
            msgspec.convert({key: inner}, kind)
        except msgspec.ValidationError as error:
            faults.append(Fault(fault_of(error).detail, base + escaped(str(key))))
    return faults
