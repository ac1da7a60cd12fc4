"""Texts in JSON that are no Unicode, as they hold half of a surrogate pair: decoders do not say where."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

_HALF: Final = re.compile("[\ud800-\udfff]")


def half_pairs(body: bytes, step: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """Yield (JSON pointer, sentence) for each such text; none of a body that cannot be read otherwise either.

    `step` makes a key a step of a pointer. The text of a key is told of its object.
    """
    try:
        value = json.loads(body.decode())
    except ValueError:
        return
    yield from _walk(value, "", step)


def _walk(value: Any, base: str, step: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        if half := _HALF.search(value):
            yield base, _sentence("the text has", half[0])
    elif isinstance(value, dict):
        for key, inner in value.items():
            if half := _HALF.search(key):
                yield base, _sentence("a key of this object has", half[0])
            else:
                yield from _walk(inner, base + step(key), step)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _walk(inner, f"{base}/{place}", step)


def _sentence(what: str, half: str) -> str:
    return f"{what} half of a surrogate pair, \\u{ord(half):04x}: send the character as UTF-8, or both halves"
