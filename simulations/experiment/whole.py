"""Files of results that are there wholly or as before, and errors that name the file that was to be."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

BESIDE: Final = ".writing-"
"""How the folder is called in which files are written until they take their places."""


@contextmanager
def whole(folder: Path, gone: Iterable[str] = ()) -> Iterator[Path]:
    """Yield a folder to write files into, which take their places in `folder` together when all are written.

    Until then, and where writing fails or is interrupted, those of an earlier time stay as they are: files that belong
    together are of one time. `gone` are the names of files that are taken away where they are not written anew. Of
    several files, those of JSON, by which results are known, go first and come last: where the process is killed in
    between, the folder holds no results, rather than tables of two times. Raises OSError, of `folder` or of what was to
    be in it.
    """
    with made(folder), _failing_in(folder), TemporaryDirectory(prefix=BESIDE, dir=folder) as name:
        fresh = Path(name)
        yield fresh
        written = sorted(fresh.iterdir(), key=lambda path: (path.suffix == ".json", path.name))
        for path in written:
            with path.open("rb") as file:
                os.fsync(file.fileno())
        for path in written:
            if path.suffix == ".json" and len(written) > 1:
                (folder / path.name).unlink(missing_ok=True)
        for place in gone:
            if not (fresh / place).exists():
                (folder / place).unlink(missing_ok=True)
        for path in written:
            path.replace(folder / path.name)


@contextmanager
def made(folder: Path) -> Iterator[None]:
    """Make a folder, with those that it is in, to write files into; where that fails, those that were made for it and
    hold nothing go again. Raises OSError.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        with suppress(OSError):  # what is in one by now stays, and what it is in
            for path in missing:
                path.rmdir()
        raise


def write_text(path: Path, text: str) -> None:
    """Write a file of text, which is there wholly or as before; a device or a pipe gets it as it is. Raises OSError."""
    target = path.resolve()  # what a link points to is written, and the link stays
    with failing_as(path):
        if target.exists() and not target.is_file():
            target.write_text(text, encoding="utf-8")
            return
        with whole(target.parent) as fresh:
            (fresh / target.name).write_text(text, encoding="utf-8")


@contextmanager
def failing_as(target: Path) -> Iterator[None]:
    """Let an error of the system name the file that was to be, not where it is copied from or through."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(target)) from error


@contextmanager
def _failing_in(folder: Path) -> Iterator[None]:
    """Let an error of the system name the folder, or what was to be in it; of another file it names that."""
    try:
        yield
    except OSError as error:
        # Writing and closing, other than opening, do not say of which file.
        path = Path(error.filename) if isinstance(error.filename, str) else folder / BESIDE
        if path.name.startswith(BESIDE):
            raise OSError(error.errno, error.strerror, str(folder)) from error
        if path.parent.name.startswith(BESIDE):
            raise OSError(error.errno, error.strerror, str(folder / path.name)) from error
        raise
