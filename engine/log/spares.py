"""Zero-filled segments made ahead of need, so that a full disk is met here and never at a commit."""

import errno
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from engine.errors import LogWriteFailed, SegmentNotMade
from engine.log.file_ops import FileOps
from engine.log.segment import SEGMENT_HEADER_BYTES

SPARE_PREFIX = "spare-"
DRAFT_SUFFIX = ".tmp"
NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
FIRST_RETRY_S = 0.05
LAST_RETRY_S = 2.0
FIRST_NUMBER = 1
"""Of the spare that becomes the first segment; all later ones are made when that is durable, and so bear witness."""


def later_spare(ops: FileOps, folder: Path) -> str:
    """Name of a spare that is made only where a segment is; empty where there is none."""
    for name in ops.list_names(folder):
        number = name.removeprefix(SPARE_PREFIX)
        if name.startswith(SPARE_PREFIX) and number.isdigit() and int(number) > FIRST_NUMBER:
            return name
    return ""


class Spares:
    """Keeps `wanted` spare segments ready. Without `start` they are made on demand by the one who takes them."""

    def __init__(self, ops: FileOps, folder: Path, segment_bytes: int, wanted: int) -> None:
        self._ops = ops
        self._folder = folder
        self._wanted = wanted
        self.segment_bytes = segment_bytes
        self._ready: deque[Path] = deque()
        self._changed = threading.Condition()
        self._made = 0
        self._stopping = False
        self._patient = True
        self._thread: threading.Thread | None = None
        self.full = False
        """The last attempt to make a spare met a full disk."""

    @property
    def count(self) -> int:
        """Spares ready to be taken."""
        return len(self._ready)

    def adopt(self, log_begun: bool = False) -> None:
        """Keep the spares of an earlier run where they are whole and unused; remove the rest."""
        self._made = FIRST_NUMBER if log_begun else 0
        for name in self._ops.list_names(self._folder):
            if not name.startswith(SPARE_PREFIX):
                continue
            path = self._folder / name
            number = name.removeprefix(SPARE_PREFIX)
            view = self._ops.map(path)
            whole = len(view) == self.segment_bytes and not any(view[:SEGMENT_HEADER_BYTES])
            if number.isdigit() and whole and len(self._ready) < self._wanted:
                self._ready.append(path)
                self._made = max(self._made, int(number))
            else:
                self._ops.unlink(path)

    def start(self, on_fatal: Callable[[str], None]) -> None:
        """Keep spares ready in the background; errors other than a full disk are fatal."""
        self._thread = threading.Thread(target=self._keep, args=(on_fatal,), name="log-spares", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop making spares; one who waits for one is refused from now on."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def give_up(self) -> None:
        """Let nobody wait for a full disk any longer."""
        with self._changed:
            self._patient = False
            self._changed.notify_all()

    def take(self) -> Path:
        """A spare, zero-filled and durable; waits for disk space. Raises LogWriteFailed when stopped meanwhile."""
        if self._thread is None and not self._ready:
            self._ready.append(self.make_one())
        with self._changed:
            while not self._ready:
                if self._stopping or (self.full and not self._patient):
                    raise LogWriteFailed(f"no disk space for another segment in {self._folder}: make room, then start")
                self._changed.wait()
            path = self._ready.popleft()
            self._changed.notify_all()
        return path

    def make_one(self) -> Path:
        """Make one; it gets its final name only when all its zeros are durable. Raises SegmentNotMade and OSError."""
        self._made += 1
        path = self._folder / f"{SPARE_PREFIX}{self._made}"
        draft = self._folder / (path.name + DRAFT_SUFFIX)
        fd = self._ops.create(draft)
        try:
            self._ops.allocate(fd, self.segment_bytes)
            self._ops.zero_fill(fd, 0, self.segment_bytes)
            self._ops.sync(fd)
        except OSError as error:
            self._ops.unlink(draft)
            # Calls with a descriptor do not say of which file.
            raise SegmentNotMade(error.errno, error.strerror, str(path)) from None
        finally:
            self._ops.close(fd)
        self._ops.rename(draft, path)
        return path

    def _keep(self, on_fatal: Callable[[str], None]) -> None:
        retry_s = FIRST_RETRY_S
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopping or len(self._ready) < self._wanted)
                if self._stopping:
                    return
            try:
                path = self.make_one()
            except OSError as error:
                if error.errno not in NO_SPACE:
                    with self._changed:
                        self._stopping = True
                        self._changed.notify_all()
                    on_fatal(f"cannot make a spare segment in {self._folder}: {error}")
                    return
                with self._changed:
                    self.full = True
                    self._changed.notify_all()
                    self._changed.wait_for(lambda: self._stopping, retry_s)
                retry_s = min(2 * retry_s, LAST_RETRY_S)
                continue
            retry_s = FIRST_RETRY_S
            with self._changed:
                self.full = False
                self._ready.append(path)
                self._changed.notify_all()
