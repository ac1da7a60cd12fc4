"""Certificates of the configuration: what cannot be used is named, and nothing is asked at a terminal."""

import subprocess
from pathlib import Path

import pytest

from engine.errors import TlsFilesUnusable
from engine.model.tls import ServerTls
from tests.certificates import make_certificates


def section(folder: Path, **files: str) -> ServerTls:
    named = {"certificate_file": "server.pem", "key_file": "server.key"} | files
    return ServerTls(**{key: str(folder / name) for key, name in named.items()})


def test_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    make_certificates(tmp_path)
    section(tmp_path, client_ca_file="ca.pem").server_context()
    with pytest.raises(FileNotFoundError, match="absent"):
        section(tmp_path, key_file="absent.key").server_context()
    with pytest.raises(TlsFilesUnusable, match=r"server\.pem and .*ca\.key are no certificate with its key"):
        section(tmp_path, key_file="ca.key").server_context()
    with pytest.raises(TlsFilesUnusable, match=r"server\.key holds no certificates of authorities"):
        section(tmp_path, client_ca_file="server.key").server_context()


def test_a_key_with_a_passphrase_is_refused_without_a_question(tmp_path: Path) -> None:
    make_certificates(tmp_path)
    locked = ["openssl", "ec", "-in", "server.key", "-aes256", "-passout", "pass:secret", "-out", "locked.key"]
    subprocess.run(locked, check=True, cwd=tmp_path, capture_output=True)
    with pytest.raises(TlsFilesUnusable, match="without a passphrase"):
        section(tmp_path, key_file="locked.key").server_context()
