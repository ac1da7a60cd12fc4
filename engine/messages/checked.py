"""The same shapes, with the patterns of their texts: what a body is held against that may hold control characters.

A pattern costs more than all else that decoding a fact does, and most bodies tell by one look at their bytes that none
of their texts can break it. So the shapes themselves only describe it, and their twins here enforce it.
"""

from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any, Final, Union, get_args, get_origin

import msgspec

WITHOUT_CONTROLS: Final = r"^[^\x00-\x1f\x7f]*(?![\s\S])"
"""No control characters, to the very end: names stand in headers, in topics and in lines of text."""
_ENCODE: Final = msgspec.json.Encoder().encode


def line_of_text(min_length: int, max_length: int) -> msgspec.Meta:
    """Describe a text of so many characters without control characters; only `checked` shapes refuse those."""
    return msgspec.Meta(min_length=min_length, max_length=max_length, extra_json_schema={"pattern": WITHOUT_CONTROLS})


def may_hold_controls(body: bytes, values: Any, *, is_json: bool) -> bool:
    """Tell whether a text of `values`, read from a body, may hold a control character.

    In JSON they stand behind a backslash, all but DEL: without one of the two there are none.
    """
    text = body if is_json and b"\\" not in body else _ENCODE(values)
    return b"\\" in text or b"\x7f" in text


def checked(kind: Any) -> Any:
    """Return a type, all patterns of which are enforced: `kind` itself where it describes none."""
    return _checked(kind)


@cache
def _checked(kind: Any) -> Any:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _twin(kind)
    parts = get_args(kind)
    origin = get_origin(kind)
    if origin is Annotated:
        metas = [_enforced(meta) for meta in kind.__metadata__]
        return Annotated[(checked(parts[0]), *metas)]
    found = tuple(checked(part) if _is_kind(part) else part for part in parts)
    if found == parts:
        return kind
    return origin[found] if isinstance(origin, type) and origin in (list, dict, tuple) else Union[found]  # noqa: UP007


def _is_kind(part: Any) -> bool:
    return part is not None and not isinstance(part, str | int)


def _enforced(meta: Any) -> Any:
    said = meta.extra_json_schema if isinstance(meta, msgspec.Meta) else None
    if not said or "pattern" not in said:
        return meta
    return msgspec.Meta(min_length=meta.min_length, max_length=meta.max_length, pattern=said["pattern"])


def _twin(shape: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """Return a shape that reads what `shape` does, and refuses what its patterns forbid."""
    fields = msgspec.structs.fields(shape)
    kinds = [checked(field.type) for field in fields]
    if all(kind == field.type for kind, field in zip(kinds, fields, strict=True)):
        return shape
    config = shape.__struct_config__
    return msgspec.defstruct(
        shape.__name__,
        _definitions(fields, kinds),
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=config.forbid_unknown_fields,
        tag_field=config.tag_field,
        tag=config.tag,
        rename={field.name: field.encode_name for field in fields},
    )


def _definitions(fields: Sequence[msgspec.structs.FieldInfo], kinds: Sequence[Any]) -> list[tuple[str, Any, Any]]:
    new: Any = msgspec.field  # either of the two is NODEFAULT
    return [
        (field.name, kind, new(default=field.default, default_factory=field.default_factory))
        for field, kind in zip(fields, kinds, strict=True)
    ]
