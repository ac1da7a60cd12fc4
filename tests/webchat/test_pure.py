"""The parts without sockets: wait ranges, signed tokens, forms, names of files, catalogues, rates."""

import math
import re
from typing import Any, get_args

import jwt
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.webchat import forms, frames, page_texts
from adapters.webchat import widget as script
from adapters.webchat.changes import frames_between
from adapters.webchat.frames import BadFrame
from adapters.webchat.settings import FormField, Inbox
from adapters.webchat.tokens import Download, Session, Signer, Upload, read_identity
from adapters.webchat.told import State
from adapters.webchat.wait_range import WaitRange, told_range
from engine import file_kinds
from engine.messages.observed import Attachment
from engine.model.rate_limit import RateLimit
from engine.signed import NotSigned

NOW_S = 1_800_000_000
SECRET = "0123456789abcdef0123456789abcdef"
SESSION = Session("ab" * 16, "web", NOW_S + 60)
ATTACHMENT = Attachment(name="a.png", media_type="image/png", size_bytes=1, sha256="0" * 64)


# --- wait ranges


@pytest.mark.parametrize(
    ("p50_s", "p90_s", "told", "expected"),
    [
        (None, None, None, None),
        (0.0, 5.0, None, (0, 1, False)),
        (190.0, 280.0, None, (3, 5, False)),
        (100.0, 200.0, WaitRange(3, 5), (1, 4, False)),
        (250.0, 290.0, WaitRange(3, 5), (3, 5, False)),  # it does not rise where it shrinks
        (190.0, 310.0, WaitRange(3, 5), (3, 5, False)),  # a minute more is not worth a word
        (400.0, 700.0, WaitRange(3, 5), (6, 12, True)),
        (60.0, 90.0, WaitRange(6, 12, longer=True), (1, 2, False)),
    ],
)
def test_a_range_shrinks_quietly_and_grows_with_words(p50_s: Any, p90_s: Any, told: Any, expected: Any) -> None:
    assert told_range(p50_s, p90_s, told) == expected


@given(st.lists(st.tuples(st.floats(0, 7200), st.floats(0, 7200)), min_size=2, max_size=30))
def test_no_range_ever_rises_without_words(quantiles: list[tuple[float, float]]) -> None:
    told: WaitRange | None = None
    for one, other in quantiles:
        before, told = told, told_range(min(one, other), max(one, other), told)
        assert told is not None
        assert 0 <= told.low_min <= told.high_min
        if before is not None and not told.longer:
            assert told.low_min <= before.low_min
            assert told.high_min <= before.high_min


# --- tokens


@pytest.mark.parametrize(
    "claim",
    [SESSION, Upload("v", NOW_S + 1, ATTACHMENT), Download(NOW_S + 1, ATTACHMENT)],
    ids=lambda c: type(c).__name__,
)
def test_a_token_is_read_by_its_key_alone_as_what_it_is_and_in_time(claim: Any) -> None:
    token = Signer(b"k" * 32).sign(claim)
    assert re.fullmatch(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", token)
    assert Signer(b"k" * 32).read(token, type(claim), NOW_S) == claim
    with pytest.raises(NotSigned, match="not made here"):
        Signer(b"x" * 32).read(token, type(claim), NOW_S)
    with pytest.raises(NotSigned, match="expired"):
        Signer(b"k" * 32).read(token, type(claim), claim.expires_s)
    other: Any = Download if not isinstance(claim, Download) else Upload
    with pytest.raises(NotSigned, match="not made here"):
        Signer(b"k" * 32).read(token, other, NOW_S)


@given(st.text(max_size=80))
def test_what_is_no_token_is_no_token(text: str) -> None:
    with pytest.raises(NotSigned):
        Signer(b"k" * 32).read(text, Session, NOW_S)


def test_every_changed_byte_is_noticed() -> None:
    token = Signer(b"k" * 32).sign(SESSION)
    for place in range(len(token)):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        try:
            assert Signer(b"k" * 32).read(changed, Session, NOW_S) == SESSION  # a bit of padding, which says nothing
        except NotSigned:
            continue
        assert place in (token.index(".") - 1, len(token) - 1)


def identity(secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    """A site's JWT."""
    payload = {"sub": "c-7", "aud": "web", "exp": NOW_S + 600, "name": "An", **claims}
    return jwt.encode({key: value for key, value in payload.items() if value is not None}, secret, algorithm)


def test_an_identity_says_who_it_is() -> None:
    found = read_identity(identity(), SECRET, "web", NOW_S)
    assert (found.customer, found.name) == ("c-7", "An")


@pytest.mark.parametrize(
    "claims",
    [{"exp": NOW_S + 599.5}, {"exp": NOW_S - 59.5}, {"nbf": NOW_S - 3600}, {"nbf": NOW_S + 60}, {"nbf": NOW_S + 0.5}],
    ids=str,
)
def test_an_identity_is_good_from_its_beginning_to_its_end(claims: dict[str, Any]) -> None:
    assert read_identity(identity(**claims), SECRET, "web", NOW_S).customer == "c-7"


@pytest.mark.parametrize(
    "claims",
    [
        {"secret": "another secret that is long enough"},
        {"algorithm": "HS512", "secret": SECRET * 2},
        {"aud": "other"},
        {"aud": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 129},
        {"sub": "a\nb"},
        {"exp": None},
        {"exp": NOW_S - 61},
        {"exp": NOW_S + 3661},
        {"exp": str(NOW_S + 60)},
        {"exp": True},
        {"exp": math.nan},
        {"exp": NOW_S + 3660.5},
        {"nbf": NOW_S + 61},
        {"nbf": NOW_S + 60.5},
        {"nbf": math.nan},
        {"nbf": str(NOW_S)},
        {"nbf": False},
    ],
    ids=str,
)
def test_an_identity_that_is_not_good_says_why(claims: dict[str, Any]) -> None:
    with pytest.raises(NotSigned):
        read_identity(identity(**claims), SECRET, "web", NOW_S)


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"exp": NOW_S + 7200.5}, "'exp' must lie within"),
        ({"exp": "soon"}, "'exp' must be a number of seconds"),
        ({"exp": 10**400}, "'exp' must lie within"),
        ({"nbf": 10**400}, "not good yet"),
        ({"nbf": NOW_S + 600}, "not good yet: its 'nbf'"),
        ({"nbf": "soon"}, "'nbf' must be a number of seconds"),
    ],
)
def test_why_an_identity_is_not_good_is_true(claims: dict[str, Any], why: str) -> None:
    with pytest.raises(NotSigned, match=why):
        read_identity(identity(**claims), SECRET, "web", NOW_S)


def test_an_identity_without_a_signature_is_none() -> None:
    for token in (jwt.encode({"sub": "c", "aud": "web", "exp": NOW_S + 60}, "", "none"), "", "a.b.c", "a" * 4096):
        with pytest.raises(NotSigned):
            read_identity(token, SECRET, "web", NOW_S)


# --- forms

FIELDS = [
    FormField(name="name", label="Name", required=True),
    FormField(name="email", label="E-mail", kind="email"),
    FormField(name="phone", label="Phone", kind="tel"),
]


def test_answers_are_cleaned_and_empty_ones_left_out() -> None:
    given_ = {"name": " Tiê\u0301n \x00", "email": "", "phone": "+84 24 3825"}
    assert forms.answers(FIELDS, given_, "c") == {"name": "Tiến", "phone": "+84 24 3825"}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "'name' must be filled in"),
        ({"name": "  "}, "'name' must be filled in"),
        ({"name": "a\nb"}, "'name' has more than one line"),
        ({"name": "a", "email": "nobody"}, "'email' is no e-mail address"),
        ({"name": "a", "phone": "call me"}, "'phone' is no telephone number"),
        ({"name": "a", "role": "admin"}, "no field 'role'"),
    ],
)
def test_an_answer_that_cannot_be_is_told(fields: dict[str, str], words: str) -> None:
    with pytest.raises(BadFrame, match=words) as told:
        forms.answers(FIELDS, fields, "c7")
    assert (told.value.code, told.value.client_id) == ("bad_field", "c7")
    assert f"'{told.value.field}'" in words, "for programs, too"


def test_out_of_hours_somebody_must_be_able_to_answer() -> None:
    assert [field.name for field in forms.fields_of(Inbox(queue="q"), is_open=True)] == []
    assert [field.name for field in forms.fields_of(Inbox(queue="q"), is_open=False)] == ["email"]
    asked = Inbox(queue="q", pre_chat=[FormField(name="tel", label="", kind="tel", required=True)])
    assert [field.name for field in forms.fields_of(asked, is_open=False)] == ["tel"]


# --- frames


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "truncated"),
        (b"[]", "Expected `object`"),
        (b"{}", "missing required field `type`"),
        (b'{"type":"shout"}', "Invalid value 'shout'"),
        (b'{"type":"message","client_id":"a","text":1}', r"\$\.text"),
        (b'{"type":"message","client_id":"a b","text":""}', r"\$\.client_id"),
        (b'{"type":"message","client_id":"a","text":"x","contact":"other"}', "unknown field `contact`"),
        (b'{"type":"message","client_id":"a","text":"' + b"x" * 4097 + b'"}', r"length <= 4096.*\$\.text"),
        (b'{"type":"read","seq":0}', r"\$\.seq"),
        (b'{"type":"read","seq":9223372036854775808}', r"\$\.seq"),
        (b'{"type":"survey","score":11}', r"\$\.score"),
        (b'{"type":"leave_number","client_id":"a","number":1}', r"\$\.number"),
        (b'{"type":"message","client_id":"a","text":"\xff"}', "UTF-8|utf-8"),
        (b'{"type":"message","client_id":"a","text":"\\ud800 and more"}', "surrogate"),
        (b"[" * 50_000, "recursion|depth|truncated|Expected `object`"),
    ],
    ids=range(15),
)
def test_what_is_no_frame_is_told_with_its_place(data: bytes, words: str) -> None:
    with pytest.raises(BadFrame, match=f"(?i){words}") as told:
        frames.decode(data)
    assert told.value.code == "malformed"


def test_a_huge_frame_is_not_even_read() -> None:
    with pytest.raises(BadFrame, match="at most 65536") as told:
        frames.decode(b'"' + b"x" * 70_000)
    assert told.value.code == "too_large"


STATES = st.builds(
    State,
    phase=st.sampled_from(["none", "queued", "connected", "ended"]),
    agent=st.sampled_from(["", "Bob", "Eve"]),
    position=st.integers(0, 3),
    wait_high_min=st.none() | st.integers(1, 3),
    agent_typing=st.booleans(),
    agent_read_seq=st.integers(0, 3),
    reason=st.sampled_from(["", "agent"]),
    survey=st.sampled_from(["", "csat"]),
    contact_id=st.integers(0, 2),
    handed_on=st.booleans(),
    idle_ends_ms=st.integers(0, 2),
)


@given(STATES, STATES)
def test_nothing_is_told_twice_and_every_frame_is_one_that_clients_know(before: State, now: State) -> None:
    assert frames_between(7, now, now, 1) == []
    decoder = msgspec.json.Decoder(frames.AnyServerFrame)
    for frame in frames_between(7, before, now, 1):
        assert decoder.decode(frames.encode(frame)) == frame
        assert frame.seq == 7


# --- files


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("photo.png", "photo.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\x.pdf", "x.pdf"),
        ("a\r\nSet-Cookie: x", "aSet-Cookie x"),
        ("gpj.\u202eexe", "gpj.exe"),
        ("..", "file"),
        ("", "file"),
        ("\udcff", "file"),
        ("Hợp đồng.pdf", "Hợp đồng.pdf"),
        ("x" * 300 + ".pdf", "x" * 88 + ".pdf"),
    ],
)
def test_a_name_is_no_path(name: str, expected: str) -> None:
    assert file_kinds.safe_name(name) == expected


@pytest.mark.parametrize(
    ("name", "media_type", "expected"),
    [
        ("notes.md", "text/plain", "notes.md"),
        ("run.svg", "text/plain", "run.svg.txt"),
        ("run.bat", "text/plain", "run.bat.txt"),
        ("me.JPEG", "image/jpeg", "me.JPEG"),
        ("me.exe", "image/png", "me.exe.png"),
        ("", "application/pdf", "file.pdf"),
        ("x" * 300 + ".js", "text/plain", "x" * 88 + ".txt"),
        ("odd.odd", "application/x-odd", "odd.odd"),
    ],
)
def test_a_name_ends_as_what_the_file_is(name: str, media_type: str, expected: str) -> None:
    assert file_kinds.safe_name(name, media_type) == expected


@given(st.text())
def test_every_name_fits_the_log(name: str) -> None:
    made = file_kinds.safe_name(name)
    attachment = Attachment(name=made, media_type="text/plain", size_bytes=1, sha256="0" * 64)
    assert msgspec.convert(msgspec.to_builtins(attachment), Attachment) == attachment


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "image/png"),
        (b"\xff\xd8\xff\xe0" + bytes(20), "image/jpeg"),
        (b"%PDF-1.7\n", "application/pdf"),
        ("Xin chào\n".encode(), "text/plain"),
        (b"MZ\x90\x00" + bytes(60), "application/x-msdownload"),
        (b"\x7fELF" + bytes(60), "application/x-executable"),
        (b"\xef\xbb\xbf \n<!DOCTYPE html><p>", "text/html"),
        (b"<script>alert(1)</script>", "text/html"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "image/svg+xml"),
        (b"<?xml version='1.0'?><!DOCTYPE svg><svg/>", "image/svg+xml"),
        (b"<?xml version='1.0'?><order/>", "text/xml"),
        (b"#!/bin/sh\nrm -r /", ""),
        (b"5 < 7, I <3 you", "text/plain"),
        (b"\x00\x01\x02", ""),
        (b"\xfe\xff\xff", ""),
    ],
)
def test_files_are_known_by_their_bytes(content: bytes, expected: str) -> None:
    assert file_kinds.media_type_of(content) == expected


# --- texts


def test_what_stands_behind_a_colon_begins_alike() -> None:
    for locale in ("en", "vi"):
        for word, text in page_texts.catalogue(locale).items():
            if word.startswith("refused_") or word == "too_late":
                assert text.split(": ", 1)[-1][0].isupper(), (locale, word)


def test_both_languages_say_everything() -> None:
    english, vietnamese = page_texts.catalogue("en"), page_texts.catalogue("vi")
    assert list(english) == list(vietnamese)
    assert all(english.values())
    assert all(vietnamese.values())
    for key, text in english.items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", vietnamese[key])), key


NOT_HERE = '["identity_required", "bad_identity", "no_inbox"]'
"""Refusals that no words of their own belong to: the chat is not for this visitor."""


def test_every_refusal_has_words_in_every_language() -> None:
    assert f"const NOT_HERE = {NOT_HERE};" in script.widget().plain.decode()
    words = {f"refused_{code}" for code in get_args(frames.Code) if f'"{code}"' not in NOT_HERE}
    for locale in page_texts.LOCALES:
        assert {word for word in page_texts.catalogue(locale) if word.startswith("refused_")} == words


def test_the_widget_uses_every_text_and_no_other() -> None:
    widget = script.widget().plain.decode()
    known = set(page_texts.catalogue("en"))
    used = set(re.findall(r'(?:say|button)\("(\w+)"', widget)) | {"csat", "nps", "ces"}
    used |= {f"{kind}_{end}" for kind in ("csat", "nps", "ces") for end in ("low", "high")}
    used |= {f"refused_{code}" for code in get_args(frames.Code) if f'"{code}"' not in NOT_HERE}
    assert used - known == set()
    assert {word for word in known - used if f'"{word}"' not in widget} <= {
        "locale",
        "title",
        "greeting",
        "try_page",
        "try_snippet",
    }


def test_the_widget_is_one_scope_of_small_modules() -> None:
    modules = {path.name: path.read_text(encoding="utf-8") for path in script.MODULES.glob("*.js")}
    widget = script.widget().plain.decode()
    assert "\nimport " not in widget
    assert "\nexport " not in widget
    names: list[str] = []
    for name, text in modules.items():
        assert text.startswith("// "), f"{name} does not say what it is for"
        assert text.count("\n") <= 150, name
        own = re.findall(r"^(?:export )?(?:async )?(?:const|let|function|class) (\w+)", text, re.MULTILINE)
        assert name == script.AROUND or own, name
        assert all(
            re.search(rf"^(?:async )?(?:const|let|function|class) {one}\b", widget, re.MULTILINE) for one in own
        ), name
        names += own
        for wanted, source in re.findall(r'import \{ ([^}]*) \} from "\./(\w+\.js)";', text):
            for one in wanted.split(", "):
                found = re.search(rf"^export (?:async )?(?:const|function) {one}\b", modules[source], re.MULTILINE)
                assert found, f"{name} wants {one} of {source}"
    assert sorted(names) == sorted(set(names)), "all modules share one scope"


def test_the_widget_is_small_and_sets_no_markup() -> None:
    widget = script.widget().plain.decode()
    assert len(script.widget().packed) < 18_000
    assert not re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", widget)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [("vi-VN,vi;q=0.9,en", "vi"), ("fr,EN-us", "en"), ("fr", "vi"), ("", "vi"), ("x" * 9999, "vi")],
)
def test_the_language_is_the_first_that_there_is(wanted: str, expected: str) -> None:
    assert page_texts.locale_of(wanted, "vi") == expected


# --- rates


def test_a_bucket_is_emptied_and_fills_again() -> None:
    limit = RateLimit(per_second=2, burst=3)
    assert [limit.take("a", 0) for _ in range(3)] == [0.0] * 3
    assert limit.take("a", 0) == pytest.approx(0.5)
    assert limit.take("b", 0) == 0.0
    assert limit.take("a", 500_000_000) == 0.0
    assert limit.refused == 1


def test_buckets_are_bounded() -> None:
    limit = RateLimit(per_second=1, burst=1, names_max=2)
    for name in ("a", "b", "c"):
        limit.take(name, 0)
    assert limit.take("a", 0) == 0.0
