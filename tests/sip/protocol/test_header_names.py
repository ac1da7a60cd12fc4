"""Header field names: every spelling leads to one name, and back to the usual spelling."""

import pytest

from adapters.sip.protocol.header_names import _NAMES, COMPACT_FORMS, KNOWN_NAMES, canonical_name, written_name


def test_names_survive_both_ways() -> None:
    for name in _NAMES.split():
        assert not name.endswith("-")
        assert KNOWN_NAMES[name] == canonical_name(name) == name.lower()
        assert written_name(name.lower()) == name
    assert {"WWW-Authenticate", "Error-Info", "Session-ID", "Min-Expires"} <= set(_NAMES.split())


def test_compact_forms_are_known() -> None:
    for form, name in COMPACT_FORMS.items():
        assert KNOWN_NAMES[form] == KNOWN_NAMES[form.upper()] == canonical_name(form + " ") == name


@pytest.mark.parametrize(
    ("name", "canonical"),
    [("X-Queue", "x-queue"), ("cALL-iD \t", "call-id"), ("", ""), ("a b", ""), ("é", ""), (" From", "")],
)
def test_other_names(name: str, canonical: str) -> None:
    assert canonical_name(name) == canonical


def test_unknown_names_are_written_in_title_case() -> None:
    assert written_name("x-queue") == "X-Queue"
