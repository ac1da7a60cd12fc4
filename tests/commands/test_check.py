"""What `trunkline check` says: faults of files beside the configuration, and what is doubtful."""

from pathlib import Path

import pytest

from engine.commands.check import check
from engine.commands.outcome import Exit
from tests.certificates import make_certificates


def test_certificates_that_would_keep_it_from_starting_are_faults(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_certificates(tmp_path)
    file = tmp_path / "centre.yaml"
    text = "queues: {q: {}}\nadapters: {http: {tls: {certificate_file: server.pem, key_file: KEY}}}\n"
    for key, found, said in (
        ("server.key", Exit.OK, "good"),
        ("ca.key", Exit.FINDINGS, "adapters.http.tls: "),
        ("gone.key", Exit.FINDINGS, "No such file"),
    ):
        file.write_text(text.replace("KEY", key), encoding="utf-8")
        assert check(file) is found
        assert said in capsys.readouterr().out


def test_what_is_doubtful_is_noted_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "centre.yaml"
    file.write_text("queues:\n  sales: {}\n", encoding="utf-8")
    assert check(file) is Exit.OK
    note = f"{file}:2:3: note: no agent can serve queue 'sales' as it is required at first"
    assert note in capsys.readouterr().out.splitlines()
