"""Keys that stand twice in one JSON object: found cheaply, as decoders take one of the two without a word."""

import json
import re
from typing import Any, Final

import msgspec

_ENCODER: Final = msgspec.json.Encoder()
_SPACED: Final = re.compile(rb'"[ \t\r\n]+:')


def may_repeat(body: bytes, value: Any) -> bool:
    """Tell whether the body of this (untyped) value seems to have more keys than the value has.

    Each key is a quote with a colon behind it. Texts may hold such a pair too, so True means: look closely.
    """
    return keys_written(body) != keys_of(value)


def keys_needed(value: Any) -> int:
    """Return the number of keys of a value that is written down with those alone that it needs.

    A body without escapes has each of them at least once, so if it has no more, none of them stands there twice.
    """
    return _ENCODER.encode(value).count(b'":')


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
