"""A disk in memory that keeps only what was synced: any subset of unsynced sectors may be there after a power cut."""

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

from engine.log.file_ops import FileOps

SECTOR_BYTES = 512
ALL_SUBSETS_UP_TO = 5
"""Of this many unsynced sectors every subset is tried, of more a sample."""


class PowerCut(Exception):
    """The machine stopped at this system call."""


class Inode:
    """One file: what was synced, and what was written since, sector by sector."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.durable = b""
        self.dirty: dict[int, list[bytes]] = {}

    def write(self, data: bytes, offset: int) -> None:
        if len(self.data) < offset + len(data):
            self.data.extend(bytes(offset + len(data) - len(self.data)))
        self.data[offset : offset + len(data)] = data
        for sector in range(offset // SECTOR_BYTES, (offset + len(data) - 1) // SECTOR_BYTES + 1):
            self.note(sector)

    def note(self, sector: int) -> None:
        new = bytes(self.data[sector * SECTOR_BYTES : (sector + 1) * SECTOR_BYTES])
        old = self.durable[sector * SECTOR_BYTES : (sector + 1) * SECTOR_BYTES].ljust(len(new), b"\0")
        versions = self.dirty.setdefault(sector, [old])
        if new not in versions:
            versions.append(new)
        if len(versions) == 1:
            del self.dirty[sector]

    def sync(self) -> None:
        self.durable = bytes(self.data)
        self.dirty.clear()


class SimulatedDisk(FileOps):
    """Counts every call that can change the disk; stops or fails at the one it is told to."""

    def __init__(self, images: dict[Path, bytes] | None = None, seed: int = 1) -> None:
        self.names: dict[Path, Inode] = {}
        self.durable_names: dict[Path, Inode] = {}
        self.pending_names: list[dict[Path, Inode]] = []
        self.handles: dict[int, Inode] = {}
        self.descriptors = itertools.count(1000)
        self.calls: list[str] = []
        self.cut_at: int | None = None
        self.fail_at: dict[int, OSError] = {}
        self.fail_on: dict[str, OSError] = {}
        self.short_at: int | None = None
        self.random = random.Random(seed)
        for path, data in (images or {}).items():
            inode = Inode()
            inode.data[:] = data
            inode.sync()
            self.names[path] = inode
        self.durable_names = dict(self.names)

    def images(self) -> dict[Path, bytes]:
        return {path: bytes(inode.data) for path, inode in self.names.items()}

    def states_after_cut(self, sample: int, seed: int) -> Iterator[dict[Path, bytes]]:
        """What the disk may hold after the power is cut now."""
        chooser = random.Random(seed)
        for names in [self.durable_names, *self.pending_names]:
            inodes = list({id(inode): inode for inode in names.values()}.values())
            dirty = [(inode, sector, versions) for inode in inodes for sector, versions in inode.dirty.items()]
            choices: Iterator[tuple[bytes, ...]]
            if len(dirty) <= ALL_SUBSETS_UP_TO:
                choices = itertools.product(*(versions for _, _, versions in dirty))
            else:
                ends = [tuple(v[0] for *_, v in dirty), tuple(v[-1] for *_, v in dirty)]
                some = [tuple(chooser.choice(v) for *_, v in dirty) for _ in range(sample)]
                choices = iter(ends + some)
            for choice in choices:
                contents = {id(inode): bytearray(self._base(inode, chooser)) for inode in inodes}
                for (inode, sector, _), content in zip(dirty, choice, strict=True):
                    data = contents[id(inode)]
                    start = sector * SECTOR_BYTES
                    data[start : start + len(content)] = content[: max(0, len(data) - start)]
                yield {path: bytes(contents[id(inode)]) for path, inode in names.items()}

    def _base(self, inode: Inode, chooser: random.Random) -> bytes:
        size = chooser.choice([len(inode.durable), len(inode.data)])
        return inode.durable[:size].ljust(size, b"\0")

    def _call(self, name: str) -> None:
        number = len(self.calls)
        self.calls.append(name)
        if number in self.fail_at:
            raise self.fail_at[number]
        if name in self.fail_on:
            raise self.fail_on[name]

    def _done(self) -> None:
        if self.cut_at == len(self.calls) - 1:
            raise PowerCut(self.calls[-1])

    def _rename_pending(self) -> None:
        self.pending_names.append(dict(self.names))

    def make_folder(self, folder: Path) -> None:
        pass

    def create(self, path: Path) -> int:
        self._call("create")
        if path in self.names:
            raise FileExistsError(path)
        self.names[path] = Inode()
        self._rename_pending()
        self._done()
        return self._handle(self.names[path])

    def open(self, path: Path) -> int:
        return self._handle(self.names[path])

    def _handle(self, inode: Inode) -> int:
        fd = next(self.descriptors)
        self.handles[fd] = inode
        return fd

    def close(self, fd: int) -> None:
        self.handles.pop(fd, None)

    def write_durable(self, fd: int, data: memoryview, offset: int) -> int:
        self._call("write_durable")
        short = len(data) // 2 if self.short_at == len(self.calls) - 1 else len(data)
        self.handles[fd].write(bytes(data[:short]), offset)
        self._done()
        # A synced write makes its own bytes durable; other unsynced bytes of the file stay open, which is stricter.
        inode = self.handles[fd]
        end = offset + short
        durable = bytearray(inode.durable.ljust(len(inode.data), b"\0"))
        durable[offset:end] = inode.data[offset:end]
        inode.durable = bytes(durable)
        for sector in range(offset // SECTOR_BYTES, (end - 1) // SECTOR_BYTES + 1):
            inode.dirty.pop(sector, None)
            inode.note(sector)
        return short

    def write(self, fd: int, data: bytes | memoryview, offset: int) -> int:
        self._call("write")
        self.handles[fd].write(bytes(data), offset)
        self._done()
        return len(data)

    def allocate(self, fd: int, size: int) -> None:
        self._call("allocate")
        inode = self.handles[fd]
        inode.data.extend(bytes(max(0, size - len(inode.data))))
        self._done()

    def sync(self, fd: int) -> None:
        self._call("sync")
        self._done()
        self.handles[fd].sync()

    def sync_folder(self, folder: Path) -> None:
        self._call("sync_folder")
        self._done()
        self.durable_names = dict(self.names)
        self.pending_names.clear()

    def rename(self, source: Path, target: Path) -> None:
        self._call("rename")
        self.names[target] = self.names.pop(source)
        self._rename_pending()
        self._done()

    def unlink(self, path: Path) -> None:
        self._call("unlink")
        del self.names[path]
        self._rename_pending()
        self._done()

    def list_names(self, folder: Path) -> list[str]:
        return sorted(path.name for path in list(self.names) if path.parent == folder)

    def map(self, path: Path) -> memoryview:
        return memoryview(bytes(self.names[path].data))

    def lock(self, path: Path) -> int | str:
        return 999

    def random_bytes(self, count: int) -> bytes:
        return self.random.randbytes(count)

    def wall_ns(self) -> int:
        return 1_700_000_000_000_000_000
