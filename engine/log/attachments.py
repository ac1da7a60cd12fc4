"""The bytes of attachments, beside the log: each once, in a file named by its SHA-256, durable when it is named.

What is brought waits until a message is about to name it, and is thrown away after a day in which none did.
"""

import hashlib
import os
import re
import secrets
from pathlib import Path
from typing import BinaryIO, Final

WAITING_FOLDER: Final = "waiting"
WAITS_S: Final = 86_400.0
"""Whoever brought a file says the line that it goes with within the hour."""
SWEEP_EVERY_S: Final = 3_600.0
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class AttachmentStore:
    """Files `<aa>/<sha256>` in one folder, and those that wait in another; see `ports.Attachments`.

    Methods may run in any thread.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._waiting = folder / WAITING_FOLDER
        self._swept_s = 0.0

    def store(self, content: bytes) -> str:
        """Take the bytes in and return their digest. They are whole under their name, or not there at all."""
        digest = hashlib.sha256(content).hexdigest()
        if self._path(digest).exists():
            return digest
        self._waiting.mkdir(parents=True, exist_ok=True)
        fresh = self._waiting / f"{digest}.{secrets.token_hex(8)}.new"
        try:
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            now_s = fresh.stat().st_mtime
            fresh.replace(self._waiting / digest)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise
        for folder in (self._waiting, self.folder, self.folder.parent):
            _sync_folder(folder)
        if now_s - self._swept_s >= SWEEP_EVERY_S:
            self._swept_s = now_s
            self.sweep(now_s)
        return digest

    def keep(self, sha256: str) -> None:
        """Keep the bytes of a digest for good. Raises FileNotFoundError, ValueError for what is no digest."""
        path = self._path_of(sha256)
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            (self._waiting / sha256).replace(path)
        except FileNotFoundError:
            if not path.exists():  # another message may have named it meanwhile
                raise
        for folder in (path.parent, self.folder):
            _sync_folder(folder)

    def sweep(self, now_s: float) -> int:
        """Throw away what has waited for too long; returns how many files. `now_s`: seconds since 1970."""
        old = [path for path in self._waiting.iterdir() if now_s - _mtime_s(path, now_s) > WAITS_S]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def open(self, sha256: str) -> BinaryIO:
        """The bytes of a digest. Raises FileNotFoundError, ValueError for what is no digest."""
        return self._path_of(sha256).open("rb")

    def _path_of(self, sha256: str) -> Path:
        if not _DIGEST.fullmatch(sha256):
            raise ValueError("a digest has 64 hexadecimal digits")
        return self._path(sha256)

    def _path(self, digest: str) -> Path:
        return self.folder / digest[:2] / digest


def _mtime_s(path: Path, otherwise_s: float) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # kept meanwhile
        return otherwise_s


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
