"""Keys that stand twice in one JSON object: found cheaply, as decoders take one of the two without a word."""

import json
import re
from typing import Any, Final

import msgspec

_DECODER: Final = msgspec.json.Decoder()
_SPACED: Final = re.compile(rb'"[ \t\r\n]+:')


def may_repeat(body: bytes, value: Any) -> bool:
    """Tell whether the body of this (untyped) value seems to have more keys than the value has.

    Each key is a quote with a colon behind it. Texts may hold such a pair too, so True means: look closely.
    """
    return keys_written(body) != keys_of(value)


def surely_once(body: bytes, objects: int) -> bool:
    """Tell whether no key can stand twice in a body of so many objects, where a quick look is enough to tell.

    Every key has a colon, so if there are no more colons than keys in the value, none of them was lost. False means
    no more than that it must be looked at closely.
    """
    if b"\\" in body or body.count(b"{") != objects:
        return False  # objects within objects have keys, too
    value = _DECODER.decode(body)
    keys = sum(map(len, value)) if value.__class__ is list else len(value)
    return body.count(b":") == keys or keys_written(body) == keys


def keys_written(body: bytes) -> int:
    """Return the number of keys that a body seems to have; texts may hold such a pair, too, behind an escape."""
    written = body.count(b'":')
    return written if body.count(b":") == written else written + len(_SPACED.findall(body))


def keys_of(value: Any) -> int:
    """Return the number of keys of all objects in a value, counted layer by layer."""
    keys, layer = 0, [value]
    while layer:
        objects = [found for found in layer if found.__class__ is dict]
        lists = [found for found in layer if found.__class__ is list]
        keys += sum(map(len, objects))
        layer = [
            inner for found in objects for inner in found.values() if inner.__class__ is dict or inner.__class__ is list
        ]
        for found in lists:
            layer += found
    return keys


class _Pairs(list[tuple[str, Any]]):
    """An object with all its keys."""


def repeated_keys(body: bytes) -> list[str]:
    """Return the JSON pointer of each key that stands in its object again; none of a body that cannot be read."""
    pointers: list[str] = []
    try:
        value = json.loads(body, object_pairs_hook=_Pairs)
    except ValueError:
        return pointers
    _walk(value, "", pointers)
    return pointers


def _walk(value: Any, base: str, pointers: list[str]) -> None:
    if isinstance(value, _Pairs):
        seen: set[str] = set()
        for key, inner in value:
            pointer = f"{base}/{key.replace('~', '~0').replace('/', '~1')}"
            if key in seen:
                pointers.append(pointer)
            seen.add(key)
            _walk(inner, pointer, pointers)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            _walk(inner, f"{base}/{place}", pointers)
