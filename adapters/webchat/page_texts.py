"""What the widget shows in words: catalogues in every language, the configuration's texts, the form's questions."""

import json
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from adapters.webchat.forms import fields_of
from adapters.webchat.settings import Inbox, in_locale
from adapters.webchat.told import Notice

PAGES: Final = Path(__file__).parent / "pages"
LOCALES: Final = ("en", "vi")


class ShownField(msgspec.Struct, frozen=True):
    """One question of a form."""

    name: str
    label: str
    kind: str
    required: bool


class ShownInbox(msgspec.Struct, frozen=True):
    """What the widget must know before anybody says hello."""

    locale: str
    texts: dict[str, str]
    title: str
    greeting: str
    open: bool
    fields: list[ShownField]
    """Before a chat, or before a message where it is closed: what holds now of the two that follow."""
    chat_fields: list[ShownField]
    message_fields: list[ShownField]
    can_leave_message: bool
    can_leave_number: bool
    """While it is closed."""
    files: list[str]
    """Media types that may be attached; none: no files."""
    file_bytes_max: int
    notices: list[Notice]


@cache
def catalogue(locale: str) -> dict[str, str]:
    """All texts of one language."""
    found: dict[str, str] = json.loads((PAGES / f"catalogue.{locale}.json").read_text(encoding="utf-8"))
    return found


def locale_of(wanted: str, default: str) -> str:
    """The first language asked for that there is, as an Accept-Language header or a tag has it."""
    for part in wanted[:200].split(","):
        language = part.split(";")[0].strip().split("-")[0].lower()
        if language in LOCALES:
            return language
    return default


def texts(inbox: Inbox, wanted: str) -> dict[str, str]:
    """The catalogue that fits what a browser asks for."""
    return catalogue(locale_of(wanted, inbox.locale))


def described(inbox: Inbox, wanted: str, *, is_open: bool, has_files: bool, notices: list[Notice]) -> ShownInbox:
    """An inbox in words."""
    locale = locale_of(wanted, inbox.locale)
    words = catalogue(locale)
    takes_files = inbox.files.allowed and has_files
    chat_fields, message_fields = (
        [
            ShownField(field.name, in_locale(field.label, locale), field.kind, field.required)
            for field in fields_of(inbox, is_open=whether)
        ]
        for whether in (True, False)
    )
    return ShownInbox(
        locale=locale,
        texts=words,
        title=in_locale(inbox.title, locale) or words["title"],
        greeting=in_locale(inbox.greeting, locale) or words["greeting"],
        open=is_open,
        fields=chat_fields if is_open else message_fields,
        chat_fields=chat_fields,
        message_fields=message_fields,
        can_leave_message=inbox.message_queue is not None,
        can_leave_number=inbox.callback_queue is not None,
        files=inbox.files.media_types if takes_files else [],
        file_bytes_max=inbox.files.bytes_max,
        notices=notices,
    )
