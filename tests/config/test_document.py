"""Reading YAML with places: values, keys, duplicates, variables, secrets in files."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from engine.config.document import Document, read_document


def read(tmp_path: Path, text: str, **environment: str) -> Document:
    file = tmp_path / "centre.yaml"
    file.write_text(text, encoding="utf-8")
    return read_document(file, environment)


def sentences(document: Document) -> list[str]:
    return [line.removeprefix(f"{document.path}:") for line in document.sentences()]


def test_values_are_those_of_yaml_1_2(tmp_path: Path) -> None:
    text = "{a: 8:30, b: yes, c: true, d: 1_000, e: 0x10, f: 1.5, g: ~, h: '7', i: 007, j: 2026-09-02, k: .inf, 7: x}"
    assert read(tmp_path, text).value == {
        "a": "8:30",
        "b": "yes",
        "c": True,
        "d": 1000,
        "e": 16,
        "f": 1.5,
        "g": None,
        "h": "7",
        "i": 7,
        "j": "2026-09-02",
        "k": float("inf"),
        "7": "x",
    }


def test_every_value_and_key_has_its_place(tmp_path: Path) -> None:
    document = read(tmp_path, "queues:\n  sales:\n    steps:\n      - {after: 60s, do: relax}\n")
    location = ("queues", "sales", "steps", 0, "do")
    assert document.place(location) == (4, 26)
    assert document.place(location, at_key=True) == (4, 22)
    assert document.place(("queues", "sales", "missing", "deeper")) == (3, 5)


def test_all_duplicate_keys_are_named_with_their_first_line(tmp_path: Path) -> None:
    document = read(tmp_path, "a: 1\nb: {c: 1, c: 2}\na: 3\n")
    assert document.value == {"a": 1, "b": {"c": 1}}
    assert sentences(document) == [
        "2:11: 'c' stands here a second time; the first is in line 2",
        "3:1: 'a' stands here a second time; the first is in line 1",
    ]


def test_aliases_and_merges_keep_the_place_of_what_they_repeat(tmp_path: Path) -> None:
    document = read(tmp_path, "base: &base {x: 1, y: 2}\nother:\n  <<: *base\n  y: 3\n")
    assert document.value["other"] == {"x": 1, "y": 3}
    assert document.place(("other", "x")) == (1, 17)
    assert document.place(("other", "y")) == (4, 6)


def test_a_file_is_known_by_the_digest_that_sha256sum_tells(tmp_path: Path) -> None:
    content = "a: [1,\r\n  2]\r\nb: 'Hà Nội'\r\n".encode()
    (tmp_path / "file.yaml").write_bytes(content)
    document = read_document(tmp_path / "file.yaml")
    assert document.value == {"a": [1, 2], "b": "Hà Nội"}
    assert document.digest == hashlib.sha256(content).hexdigest()
    assert read_document(tmp_path / "none.yaml").digest == ""


def test_certificates_are_looked_for_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "c.pem").touch()
    document = read(tmp_path, "tls: {certificate_file: c.pem, key_file: tls/k.pem, client_ca_file: ''}")
    tls = document.value["tls"]
    assert (tls["certificate_file"], tls["client_ca_file"]) == (str(tmp_path / "c.pem"), "")
    missing = f"1:42: {tmp_path / 'tls/k.pem'} cannot be read: No such file or directory"
    assert sentences(document) == [missing]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: [1, 2\nb: 3", "2:2: this is not YAML: while parsing a flow sequence, expected ',' or ']', but got ':'"),
        ("a: &x [*x]", "1:4: an alias stands inside its own anchor"),
        ("a: 1\nb: " + "[" * 3000, "2:3003: mappings and lists are nested too deeply here"),
        (
            "".join(" " * depth + "a:\n" for depth in range(2000)),
            "2000:1: mappings and lists are nested too deeply here",
        ),
        ("? [1, 2]\n: 3", "1:3: a key must be a single word"),
        ("a: !secret b", "1:4: the tag !secret is not supported; write the value plainly"),
        ("<<: 3", "1:5: '<<' takes a mapping, as an alias of one"),
        ("a: 1\nb: ${NOPE}", "2:4: the environment variable NOPE is not set"),
        ("a:\n  password_file: absent", "2:18: the file cannot be read: No such file or directory"),
        ("{password: x, password_file: y}", "1:15: 'password' is given too; give one of the two"),
    ],
)
def test_what_cannot_be_read_has_a_sentence_and_a_place(tmp_path: Path, text: str, sentence: str) -> None:
    assert sentences(read(tmp_path, text)) == [sentence]


def test_a_few_aliases_cannot_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.config.document.VALUES_MAX", 1000)
    levels = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    levels += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 10) + "]" for n in range(1, 5)]
    assert any("too many values" in line for line in sentences(read(tmp_path, "\n".join(levels))))


def test_a_file_that_is_absent_or_binary_has_a_fault(tmp_path: Path) -> None:
    assert sentences(read_document(tmp_path / "absent")) == ["1:1: cannot be read: No such file or directory"]
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    assert "it is not UTF-8 text" in sentences(read_document(tmp_path / "binary"))[0]


def test_variables_are_replaced_in_values_and_dollars_doubled(tmp_path: Path) -> None:
    document = read(tmp_path, 'a: ${HOST}:${PORT}\nb: "$$5"\nc: "{$x}"', HOST="::1", PORT="80")
    assert document.value == {"a": "::1:80", "b": "$5", "c": "{$x}"}
    assert document.faults == []


def test_secrets_come_from_files_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n", encoding="utf-8")
    value: Any = read(tmp_path, "{password_file: secret, auth_password_file: secret, tls_key_file: secret}").value
    assert value == {"password": "s3cret", "auth_password": "s3cret", "tls_key_file": "secret"}
