"""Between bytes and facts, purely: what a body says, or every place where it says nothing sensible."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from adapters.http.problems import Fault, Problem
from engine.messages.observed import Observed

JSON: Final = "application/json"
MSGPACK: Final = "application/msgpack"
MEDIA_TYPES: Final = {JSON: JSON, MSGPACK: MSGPACK, "application/x-msgpack": MSGPACK}
FAULTS_MAX: Final = 100
"""Faults that one answer lists."""
_PATH: Final = re.compile(r" - at `(?:key in )?\$(.*)`$")
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_MANY: Final[dict[str, Any]] = {
    JSON: msgspec.json.Decoder(list[Observed]),
    MSGPACK: msgspec.msgpack.Decoder(list[Observed]),
}
_ONE: Final[dict[str, Any]] = {JSON: msgspec.json.Decoder(Observed), MSGPACK: msgspec.msgpack.Decoder(Observed)}
_RAW: Final[dict[str, Any]] = {
    JSON: msgspec.json.Decoder(list[msgspec.Raw]),
    MSGPACK: msgspec.msgpack.Decoder(list[msgspec.Raw]),
}


def media_type(content_type: str) -> str:
    """Return the form of a body by its Content-Type. Raises Problem."""
    found = MEDIA_TYPES.get(content_type.lower())
    if found is None:
        raise Problem("unsupported-media-type", f"{content_type!r} is neither {JSON} nor {MSGPACK}")
    return found


def pointer_of(message: str, base: str = "") -> tuple[str, str]:
    """Split a decoder's message into a sentence and the JSON pointer of the place."""
    match = _PATH.search(message)
    if match is None:
        return message, base
    steps = (name or index for name, index in _STEP.findall(match[1]))
    place = "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)
    return message[: match.start()], base + place


def decode_facts(body: bytes, media: str, batch_limit: int) -> tuple[list[Observed], bool]:
    """Return the facts of a body, and whether it was an array. Raises Problem that points at every malformed item."""
    if not body:
        raise Problem("malformed", "the body is empty; send one fact or an array of them")
    if not _is_array(body, media):
        try:
            return [_ONE[media].decode(body)], False
        except msgspec.DecodeError as error:
            raise malformed([_fault(error)]) from None
    try:
        facts = _MANY[media].decode(body)
    except msgspec.ValidationError:
        raise malformed(_faults_of_items(body, media)) from None
    except msgspec.DecodeError as error:
        raise malformed([_fault(error)]) from None
    if not facts:
        raise Problem("malformed", "the array is empty; send at least one fact")
    if len(facts) > batch_limit:
        raise Problem("too-large", f"{len(facts)} facts in one request; at most {batch_limit} may be")
    return facts, True


def decode_body(body: bytes, media: str, shape: type[Any]) -> Any:
    """Return a command's body. Raises Problem."""
    try:
        if media == JSON:
            return msgspec.json.decode(body or b"{}", type=shape)
        return msgspec.msgpack.decode(body or b"\x80", type=shape)
    except msgspec.DecodeError as error:
        raise malformed([_fault(error)]) from None


def build_fact(fields: Mapping[str, Any]) -> Observed:
    """Return the fact of these fields, checked as one that came from outside. Raises Problem."""
    try:
        fact: Observed = msgspec.convert(dict(fields), Observed)
        return fact
    except msgspec.ValidationError as error:
        raise malformed([_fault(error)]) from None


def malformed(faults: list[Fault]) -> Problem:
    """Return the problem with all its faults."""
    first = faults[0]
    place = f" at {first.pointer}" if first.pointer else ""
    more = f", and {len(faults) - 1} more" if len(faults) > 1 else ""
    return Problem("malformed", f"{first.detail}{place}{more}; nothing was changed", faults)


def _is_array(body: bytes, media: str) -> bool:
    if media == JSON:
        return body.lstrip(b" \t\r\n")[:1] == b"["
    return body[0] & 0xF0 == 0x90 or body[0] in (0xDC, 0xDD)


def _fault(error: msgspec.DecodeError, base: str = "") -> Fault:
    detail, pointer = pointer_of(str(error), base)
    return Fault(detail, pointer=pointer)


def _faults_of_items(body: bytes, media: str) -> list[Fault]:
    faults: list[Fault] = []
    for place, item in enumerate(_RAW[media].decode(body)):
        try:
            _ONE[media].decode(item)
        except msgspec.DecodeError as error:
            faults.append(_fault(error, f"/{place}"))
            if len(faults) == FAULTS_MAX:
                break
    return faults or [Fault("the array cannot be read", pointer="")]
