"""The bytes of attachments, beside the log: each once, in a file named by its SHA-256, durable when it is named.

What is brought waits until a message is about to name it, and is thrown away after a day in which none did. While it
is not known whether the log has that message, a mark says so, and from where in the log on it is to be looked for: a
message that was refused gives the file back to those that wait, and after a crash the log decides.
"""

import hashlib
import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Final

import msgspec

WAITING_FOLDER: Final = "waiting"
IN_DOUBT_FOLDER: Final = "in-doubt"
"""Of marks, empty files `<sha256>-<seq>`: a line behind this position may name the file."""
WAITS_S: Final = 86_400.0
"""Whoever brought a file says the line that it goes with within the hour."""
SWEEP_EVERY_S: Final = 3_600.0
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_MARK: Final = re.compile(r"([0-9a-f]{64})-([0-9]{1,20})")


class _Mark(msgspec.Struct):
    """A file of which it is not known yet whether a line names it."""

    path: Path
    lines: int = 0
    """How many are under way that say they do."""


class AttachmentStore:
    """Files `<aa>/<sha256>` in one folder, and those that wait in another; see `ports.Attachments`.

    Methods may run in any thread.
    """

    def __init__(self, folder: Path, durable_seq: Callable[[], int] = int) -> None:
        """`durable_seq` tells how far the log is durable now, from any thread; without it, it is looked at whole."""
        self.folder = folder
        self._durable_seq = durable_seq
        self._waiting = folder / WAITING_FOLDER
        self._in_doubt = folder / IN_DOUBT_FOLDER
        self._marks: dict[str, _Mark] = {}
        """Of this process, by digest."""
        self._swept_s = 0.0
        self._lock = Lock()
        """Held while a file goes from one folder to another."""

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
            with self._lock:
                if self._path(digest).exists():  # a line that brought the same has named it meanwhile
                    fresh.unlink()
                    return digest
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
        """Keep the bytes of a digest for a line. Raises FileNotFoundError, ValueError for what is no digest, OSError.

        `settle` is to follow.
        """
        path = self._path_of(sha256)
        with self._lock:
            mark = self._marks.get(sha256)
            if mark is None:
                if path.exists():
                    return
                mark = self._marks[sha256] = self._take_from_waiting(sha256, path)
            mark.lines += 1

    def settle(self, sha256: str, *, named: bool) -> None:
        """Say whether the log has the line for which a file was kept; one that none names waits again. Raises OSError.

        What was kept for good before is let alone.
        """
        with self._lock:
            mark = self._marks.get(sha256)
            if mark is None:
                return
            mark.lines -= 1
            if named or not mark.lines:
                self._judge(sha256, mark.path, named=named)
                del self._marks[sha256]

    def in_doubt(self) -> dict[str, int]:
        """The files of which an earlier process left it open whether a line names them.

        By digest the position in the log behind which such a line stands, if there is one.
        """
        return {digest: min(self._seq_of(path) for path in paths) for digest, paths in self._left().items()}

    def judge(self, sha256: str, *, named: bool) -> None:
        """Settle one of `in_doubt`, before any is kept in this process. Raises OSError."""
        for path in self._left().get(sha256, []):
            self._judge(sha256, path, named=named)

    def sweep(self, now_s: float) -> int:
        """Throw away what has waited for too long; returns how many files. `now_s`: seconds since 1970."""
        waiting = self._waiting.iterdir() if self._waiting.is_dir() else ()
        old = [path for path in waiting if now_s - _mtime_s(path, now_s) > WAITS_S]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def open(self, sha256: str) -> BinaryIO:
        """The bytes of a digest. Raises FileNotFoundError, ValueError for what is no digest."""
        return self._path_of(sha256).open("rb")

    def _take_from_waiting(self, sha256: str, path: Path) -> _Mark:
        """Let a file stay, marked before: whatever stands under its name for no line is known by its mark."""
        waiting = self._waiting / sha256
        if not waiting.exists():
            raise FileNotFoundError(waiting)
        mark = self._in_doubt / f"{sha256}-{self._durable_seq()}"
        for folder in (self._in_doubt, path.parent):
            folder.mkdir(parents=True, exist_ok=True)
        try:
            mark.touch(mode=0o640)
            for folder in (self._in_doubt, self.folder):
                _sync_folder(folder)
            waiting.replace(path)
        except OSError:
            mark.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
        return _Mark(mark)

    def _judge(self, sha256: str, mark: Path, *, named: bool) -> None:
        """Take a mark away, and give the file back before where nothing names it: its day begins anew."""
        path = self._path(sha256)
        if not named and path.exists():
            self._waiting.mkdir(parents=True, exist_ok=True)
            os.utime(path)
            path.replace(self._waiting / sha256)
            for folder in (self._waiting, path.parent):
                _sync_folder(folder)
        mark.unlink(missing_ok=True)

    def _left(self) -> dict[str, list[Path]]:
        """Every mark in the folder, by the digest that it is about."""
        found: dict[str, list[Path]] = {}
        for path in self._in_doubt.iterdir() if self._in_doubt.is_dir() else ():
            if (name := _MARK.fullmatch(path.name)) is not None:
                found.setdefault(name[1], []).append(path)
        return found

    @staticmethod
    def _seq_of(mark: Path) -> int:
        return int(mark.name.partition("-")[2])

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
