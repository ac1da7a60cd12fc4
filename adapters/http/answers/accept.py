"""Which form of an answer a request asks for: its Accept header, weighed as RFC 9110, 12.5.1 has it."""

from functools import lru_cache
from typing import Final, NamedTuple

REMEMBERED: Final = 64
"""Headers weighed before: programs send the same again and again."""


class Form(NamedTuple):
    """One form that an answer can have."""

    kind: str
    """Media type without parameters."""
    version: str = ""


class _Range(NamedTuple):
    """One entry of an Accept header."""

    kind: str
    version: str
    weight: float
    place: int


@lru_cache(maxsize=REMEMBERED)
def chosen_form(accept: str, offered: tuple[Form, ...]) -> Form | None:
    """Return the form that weighs most; of equals the one asked for first, then the one offered first.

    Where nothing is asked for it is the first one, and None where none of them is wanted.
    """
    if not accept.strip():
        return offered[0]
    ranges = [_range(text, place) for place, text in enumerate(accept.split(","))]
    found: list[tuple[float, int, int]] = []
    for number, form in enumerate(offered):
        # The entry that says most about the form counts, whatever others would let in.
        said = max((each for each in ranges if _speaks_of(each, form)), key=_precision, default=None)
        if said is not None and said.weight > 0.0:
            found.append((-said.weight, said.place, number))
    return offered[min(found)[2]] if found else None


def _range(text: str, place: int) -> _Range:
    kind, *parameters = (part.strip() for part in text.split(";"))
    named = dict(_parameter(parameter) for parameter in parameters)
    try:
        weight = float(named.get("q", "1"))
    except ValueError:
        weight = 1.0
    return _Range(kind.lower(), named.get("version", ""), weight if 0.0 <= weight <= 1.0 else 1.0, place)


def _parameter(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip().strip('"')


def _speaks_of(each: _Range, form: Form) -> bool:
    family = form.kind.partition("/")[0]
    return each.kind in (form.kind, f"{family}/*", "*/*") and each.version in ("", form.version)


def _precision(each: _Range) -> tuple[bool, bool, bool]:
    return not each.kind.startswith("*/"), not each.kind.endswith("/*"), each.version != ""
