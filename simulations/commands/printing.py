"""What a command prints: whoever stops reading, as `head` does, costs it neither its work nor its exit code."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TextIO

import typer
from rich.console import Console


class _Printer(Console):
    """A console that tells of a reader who is gone; rich's own ends the process then, with the code of findings."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def printer(width: int | None = None) -> Console:
    """Return the console of answers: on stdout, with nothing but titles set off; as wide as the terminal, or `width`
    columns.
    """
    return _Printer(highlight=False, width=width)


@contextlib.contextmanager
def printing() -> Iterator[None]:
    """Print an answer within: once its reader is gone the rest of it is left out, and the command goes on.

    Raises OSError, of standard output, where what it leads to takes no more, as a file on a full disk.
    """
    try:
        yield
        if sys.stdout is not None:  # None: the process was started without one
            sys.stdout.flush()
    except BrokenPipeError:
        _to_nowhere(sys.stdout)
    except OSError as error:
        if error.filename is None:
            _to_nowhere(sys.stdout)
            raise OSError(error.errno, error.strerror, "standard output") from error
        raise


def say(text: str) -> None:
    """Say a line on stderr, to whoever typed the command, if they still read it."""
    try:
        typer.echo(text, err=True)
    except BrokenPipeError:
        _to_nowhere(sys.stderr)


def _to_nowhere(stream: TextIO) -> None:
    """Let what is written from now on, and what the stream still holds, vanish: else Python complains as it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
