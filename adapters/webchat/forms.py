"""What visitors fill in: which questions there are, and answers that can become attributes of a contact."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from adapters.webchat.frames import BadFrame
from adapters.webchat.settings import FormField, Inbox

EMAIL: Final = FormField(name="email", label={"en": "E-mail", "vi": "Email"}, kind="email", required=True)
"""Asked of who leaves a message, where the configuration asks for no address: somebody has to answer it."""
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029]")
_FORMS: Final = {
    "email": re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}"),
    "tel": re.compile(r"(?=(?:.*[0-9]){3})[+(0-9][0-9 ().-]{2,31}"),
    "text": re.compile(r"[^\n\t]*"),
}
FAULTS: Final = {
    "email": "is no e-mail address, as name@example.com",
    "tel": "is no telephone number, as +84 24 3825 1234",
    "text": "has more than one line",
}


def clean(text: str) -> str:
    """The text without control characters, in one form of Unicode; lines and tabs stay."""
    return unicodedata.normalize("NFC", _CONTROLS.sub("", text.replace("\r\n", "\n"))).strip()


def fields_of(inbox: Inbox, *, is_open: bool) -> list[FormField]:
    """The questions before a chat, or before a message out of hours."""
    fields = list(inbox.pre_chat)
    if not is_open and not any(field.kind in ("email", "tel") and field.required for field in fields):
        fields = [field for field in fields if field.name != EMAIL.name] + [EMAIL]
    return fields


def answers(fields: list[FormField], given: Mapping[str, str], client_id: str) -> dict[str, str]:
    """The answers, cleaned; those left empty are left out. Raises BadFrame for the first that cannot be."""
    unknown = given.keys() - {field.name for field in fields}
    if unknown:
        raise BadFrame("bad_field", f"there is no field '{min(unknown)}'", client_id, field=min(unknown))
    found: dict[str, str] = {}
    for field in fields:
        answer = clean(given.get(field.name, ""))
        if not answer:
            if field.required:
                raise _bad_field(field, "must be filled in", client_id)
        elif not _FORMS[field.kind].fullmatch(answer):
            raise _bad_field(field, FAULTS[field.kind], client_id)
        else:
            found[field.name] = answer
    return found


def _bad_field(field: FormField, fault: str, client_id: str) -> BadFrame:
    return BadFrame("bad_field", f"the field '{field.name}' {fault}", client_id, field=field.name)


def answered_at(fields: list[FormField], given: Mapping[str, str]) -> str:
    """Where somebody who left a message is answered: the address or number that they had to fill in."""
    named = [field for field in fields if field.kind in ("email", "tel") and given.get(field.name)]
    return given[min(named, key=lambda field: not field.required).name]


def number(given: str, client_id: str) -> str:
    """A telephone number, cleaned. Raises BadFrame for what is none."""
    found = clean(given)
    if not _FORMS["tel"].fullmatch(found):
        raise BadFrame("bad_number", f"'{found}' {FAULTS['tel']}", client_id, field="number")
    return found
