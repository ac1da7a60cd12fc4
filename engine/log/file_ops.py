"""Every system call the log makes, behind one object, so that tests can cut the power at each of them."""

import errno
import fcntl
import mmap
import os
import time
from pathlib import Path
from stat import S_ISDIR

ZERO_CHUNK = bytes(1 << 20)
LOCK_OWNER_BYTES = 32


class FileOps:
    """The real file system. A simulated disk overrides all of it; see the crash tests."""

    def make_folder(self, folder: Path) -> None:
        """Create the folder and its parents where absent."""
        folder.mkdir(parents=True, exist_ok=True)

    def create(self, path: Path) -> int:
        """Create a new file for reading and writing; raises FileExistsError where it is there already."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)

    def open(self, path: Path) -> int:
        """Open an existing file for reading and writing."""
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def close(self, fd: int) -> None:
        """Close a descriptor made by `create`, `open` or `lock`."""
        os.close(fd)

    def write_durable(self, fd: int, data: memoryview, offset: int) -> int:
        """Write and sync in one system call; returns the bytes written, which the caller must compare."""
        return os.pwritev(fd, [data], offset, os.RWF_DSYNC)

    def write(self, fd: int, data: bytes | memoryview, offset: int) -> int:
        """Write without syncing; returns the bytes written."""
        return os.pwrite(fd, data, offset)

    def allocate(self, fd: int, size: int) -> None:
        """Reserve disk space for the whole file, so that a full disk is met here."""
        os.posix_fallocate(fd, 0, size)

    def zero_fill(self, fd: int, start: int, end: int) -> None:
        """Overwrite [start, end) with zeros; not synced."""
        offset = start
        while offset < end:
            offset += self.write(fd, memoryview(ZERO_CHUNK)[: end - offset], offset)

    def sync(self, fd: int) -> None:
        """Make the file's bytes and size durable. A failure is final: the kernel may have dropped the dirty pages."""
        os.fsync(fd)

    def sync_folder(self, folder: Path) -> None:
        """Make the names in the folder durable."""
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def rename(self, source: Path, target: Path) -> None:
        """Give the file another name, replacing what had it."""
        os.rename(source, target)

    def unlink(self, path: Path) -> None:
        """Remove a name."""
        os.unlink(path)

    def list_names(self, folder: Path) -> list[str]:
        """Names in the folder, sorted; empty where the folder is absent."""
        try:
            return sorted(os.listdir(folder))
        except FileNotFoundError:
            return []

    def map(self, path: Path) -> memoryview:
        """The whole file as read-only bytes, without copying; it lives as long as a view of it does."""
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            found = os.fstat(fd)
            if S_ISDIR(found.st_mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
            if found.st_size == 0:
                return memoryview(b"")
            mapped = mmap.mmap(fd, 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(path)) from None  # mmap does not say of which file
        finally:
            os.close(fd)
        mapped.madvise(mmap.MADV_SEQUENTIAL)
        return memoryview(mapped)

    def lock(self, path: Path) -> int | str:
        """Take the exclusive lock: a descriptor to hold, or who has it (a process id as text)."""
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(fd, LOCK_OWNER_BYTES, 0).decode("ascii", "replace").strip()
            os.close(fd)
            return owner
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        return fd

    def random_bytes(self, count: int) -> bytes:
        """Unpredictable bytes for seeds and identities."""
        return os.urandom(count)

    def wall_ns(self) -> int:
        """Nanoseconds since 1970, for the creation time in segment headers only."""
        return time.time_ns()
