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
MARKUP_LOOK: Final = 4096
"""Characters from the beginning among which the root of markup is looked for."""
_NOT_IN_NAMES: Final = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]')
"""Paths, what file systems and shells take for something else, and what turns the direction of writing."""
_NOT_IN_TEXT: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")
_MARKUP: Final = re.compile(r"\ufeff?\s*<(?:!doctype|!--|\?xml|/?[a-z][a-z0-9:]*[\s/>])", re.IGNORECASE)
"""How what a browser would run begins: more than it itself takes for markup (https://mimesniff.spec.whatwg.org)."""
_SCRIPT: Final = re.compile(r"\ufeff?#!")
_ENDINGS: Final = {
    TEXT: ("txt", "text", "log", "csv", "tsv", "md"),
    "image/jpeg": ("jpg", "jpeg", "jpe", "jfif"),
    "image/svg+xml": ("svg",),
    "text/html": ("html", "htm"),
    "text/xml": ("xml",),
}
"""The first is given to a name that has none of them."""


def media_type_of(content: bytes) -> str:
    """The media type by the bytes alone; empty for what is not known.

    Text that a browser or a shell would run is never `text/plain`.
    """
    kind = filetype.guess(content)
    if kind is not None:
        return str(kind.mime)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    if _NOT_IN_TEXT.search(text) or _SCRIPT.match(text):
        return ""
    return _markup_of(text) if _MARKUP.match(text) else TEXT


def _markup_of(text: str) -> str:
    """Which markup a text is that begins as one: what stands first of the roots that are known."""
    found = re.search(r"<(?:!doctype\s+)?(svg|html)\b", text[:MARKUP_LOOK], re.IGNORECASE)
    if found is None:
        return "text/xml" if text.lstrip("\ufeff \t\r\n").lower().startswith("<?xml") else "text/html"
    return "image/svg+xml" if found[1].lower() == "svg" else "text/html"


def safe_name(name: str, media_type: str = "") -> str:
    """A name that is no path and no trick: its last part, cleaned, with an ending of its media type."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1].encode("utf-8", "ignore").decode()
    cleaned = _NOT_IN_NAMES.sub("", last).strip(". ")
    if len(cleaned) > NAME_MAX:
        stem, dot, ending = cleaned.rpartition(".")
        cleaned = f"{stem[: NAME_MAX - 12]}.{ending}" if dot and len(ending) <= 10 else cleaned[:NAME_MAX]
    return _with_ending(cleaned or "file", media_type)


def _with_ending(name: str, media_type: str) -> str:
    """The name as it is where its ending says what it is; else with one more, so that nothing else opens it."""
    known = filetype.get_type(mime=media_type) if media_type else None
    endings = _ENDINGS.get(media_type) or ((known.extension,) if known is not None else ())
    if not endings or name.rpartition(".")[2].lower() in endings:
        return name
    return f"{name[: NAME_MAX - 12]}.{endings[0]}"
