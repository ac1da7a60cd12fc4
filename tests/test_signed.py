"""What was signed for users' machines: known again by every version, and nothing else taken for it."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.desk.sessions import Session as DeskSession
from adapters.http.desk.sessions import Sessions
from adapters.http.desk.uploads import Upload as DeskUpload
from adapters.http.desk.uploads import Uploads
from adapters.http.settings import DeskLimits
from adapters.http.wallboard.kiosks import KEY, LIST, Kiosk, Kiosks
from adapters.webchat.tokens import Download, Session, Signer, Upload
from engine.messages.observed import Attachment
from engine.signed import SIGNED_MAX, NotSigned, Signature, Signed

KEY_BYTES = b"k" * 32
FILE = Attachment(name="a.png", media_type="image/png", size_bytes=3, sha256="0" * 64)
# "a.png" of 3 bytes, as MessagePack has it, and in base64: as it lies in each ticket of a file below.
A_FILE = (
    "hKRuYW1lpWEucG5nqm1lZGlhX3R5cGWpaW1hZ2UvcG5nqnNpemVfYnl0ZXMDpnNoYTI1NtlA"
    "MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMA"
)


class Claim(msgspec.Struct, frozen=True, array_like=True):
    """Something to sign."""

    who: str
    until_s: int


class Longer(msgspec.Struct, frozen=True, array_like=True):
    """The same with what a later version would want to know."""

    who: str
    until_s: int
    whence: str


def test_the_texts_of_visitors_are_those_of_earlier_versions() -> None:
    signer = Signer(KEY_BYTES)
    session = "laR2dnZ2o3dlYs0H0KRhbm5hpEFubmE.BGiB7xI5Cq2OLt8PZApzX-zV5bL_PS6EgIcsRdFn5Cw"
    upload = f"k6F2zQfQ{A_FILE}.ZcQM5qrBU1O9K00Mzaacenobb1hEKNj2LQ6_Z3YdZD0"
    assert signer.sign(Session("vvvv", "web", 2000, "anna", "Anna")) == session
    assert signer.sign(Upload("v", 2000, FILE)) == upload
    assert signer.sign(Download(2000, FILE)).endswith(".gTTwrkrwHnxvq57w5zNGvLzwOMY3z5wpf-5iBN6Kr4w")
    assert signer.read(session, Session, 0).known_as == "anna"


def test_the_texts_of_agents_are_those_of_earlier_versions() -> None:
    cookie = "laJpZKJhbqRjcmVkAQE.J016Fx1Hg8EaaDjfF6k2GTKYMqTcozzLjnsw321frZA"
    sessions, session = Sessions(KEY_BYTES, 10**12, 10**12), DeskSession("id", "an", "cred", 1, 1)
    assert sessions.cookie(session) == cookie
    assert sessions.read(cookie, 2) == session
    tickets = Signed(KEY_BYTES, "desk upload", DeskUpload)
    ticket = tickets.sign(DeskUpload("an", 7, 2000, FILE))
    assert ticket.endswith(".f3F02Rgw4JRfZt60EDagl05cjbCMB031rULGY29P5o4")
    assert Uploads(KEY_BYTES, DeskLimits()).read(ticket, "an", 7, 1999) == FILE


def test_the_tickets_of_kiosks_are_those_of_earlier_versions(tmp_path: Path) -> None:
    (tmp_path / KEY).write_bytes(KEY_BYTES)
    (tmp_path / LIST).write_bytes(msgspec.json.encode([Kiosk("abc", "Hall", "main", "an", 1, 2)]))
    ticket = "kiosk_abc_RAA7jioOCP0euxZhna53Wk7MQcBxvtBSafvE7Sj0ReQ"
    assert Kiosks(tmp_path).caller(ticket, 2).kiosk_board == "main"


def test_a_text_is_good_for_its_purpose_and_key_alone() -> None:
    claim = Claim("an", 7)
    text = Signed(KEY_BYTES, "one thing", Claim).sign(claim)
    assert Signed(KEY_BYTES, "one thing", Claim).read(text) == claim
    for other in (Signed(KEY_BYTES, "another", Claim), Signed(KEY_BYTES, "", Claim), Signed(b"x", "one thing", Claim)):
        with pytest.raises(NotSigned, match="not made here"):
            other.read(text)


def test_what_an_earlier_version_signed_otherwise_is_not_guessed_at() -> None:
    text = Signed(KEY_BYTES, "claims", Claim).sign(Claim("an", 7))
    with pytest.raises(NotSigned, match="another version"):
        Signed(KEY_BYTES, "claims", Longer).read(text)


def test_nobody_is_made_to_read_without_end() -> None:
    long = Signed(KEY_BYTES, "claims", Claim).sign(Claim("a" * SIGNED_MAX, 7))
    with pytest.raises(NotSigned):
        Signed(KEY_BYTES, "claims", Claim).read(long)


@given(st.text(max_size=80), st.binary(max_size=80))
def test_nothing_but_what_was_signed_is_read(text: str, body: bytes) -> None:
    with pytest.raises(NotSigned):
        Signed(KEY_BYTES, "claims", Claim).read(text)
    signature = Signature(KEY_BYTES, "claims")
    assert signature.made(body, signature.of(body))
    assert not signature.made(body + b"\0", signature.of(body))
    assert not signature.made(body, text)
    assert not signature.made(body, "é\udcff")
