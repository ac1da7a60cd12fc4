"""The bytes of attachments, beside the log: each once, in a file named by its SHA-256, durable when it is named."""

import hashlib
import os
import re
import secrets
from pathlib import Path
from typing import BinaryIO, Final

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class AttachmentStore:
    """Files `<aa>/<sha256>` in one folder; see `ports.Attachments`. Methods may run in any thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def store(self, content: bytes) -> str:
        """Keep the bytes and return their digest. They are whole under their name, or not there at all."""
        digest = hashlib.sha256(content).hexdigest()
        path = self._path(digest)
        if path.exists():
            return digest
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{digest}.{secrets.token_hex(8)}.new")
        try:
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise
        for folder in (path.parent, self.folder, self.folder.parent):
            _sync_folder(folder)
        return digest

    def open(self, sha256: str) -> BinaryIO:
        """The bytes of a digest. Raises FileNotFoundError, ValueError for what is no digest."""
        if not _DIGEST.fullmatch(sha256):
            raise ValueError("a digest has 64 hexadecimal digits")
        return self._path(sha256).open("rb")

    def _path(self, digest: str) -> Path:
        return self.folder / digest[:2] / digest


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
