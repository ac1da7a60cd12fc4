"""What a file from outside is, by its bytes alone, and what it may be called: for every adapter that takes files."""

import re
from typing import Final

import filetype

MEDIA_TYPES: Final = (
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "application/pdf",
    "text/plain",
)
"""What may be attached unless the configuration says otherwise."""
NAME_MAX: Final = 100
TEXT: Final = "text/plain"
_NOT_IN_NAMES: Final = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]')
"""Paths, what file systems and shells take for something else, and what turns the direction of writing."""
_NOT_IN_TEXT: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")


def media_type_of(content: bytes) -> str:
    """The media type by the bytes alone; empty for what is not known."""
    kind = filetype.guess(content)
    if kind is not None:
        return str(kind.mime)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return "" if _NOT_IN_TEXT.search(text) else TEXT


def safe_name(name: str) -> str:
    """A name that is no path and no trick: its last part, cleaned; the ending stays."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1].encode("utf-8", "ignore").decode()
    cleaned = _NOT_IN_NAMES.sub("", last).strip(". ")
    if len(cleaned) > NAME_MAX:
        stem, dot, ending = cleaned.rpartition(".")
        cleaned = f"{stem[: NAME_MAX - 12]}.{ending}" if dot and len(ending) <= 10 else cleaned[:NAME_MAX]
    return cleaned or "file"
